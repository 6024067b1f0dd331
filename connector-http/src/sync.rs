//! Our errors in the engine's classes, and the first steps of every connection test, once for all clients.

#[cfg(feature = "client")]
mod reach;

use crate::{ConnectFailure, Error, ErrorKind};
use sync_core::connector::{ErrorClass, SyncError};

#[cfg(feature = "client")]
pub use reach::Reach;

/// What was asked for by its id; that there is no such thing is an answer too.
///
/// # Errors
/// Every other failure.
pub fn found<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl From<Error> for SyncError {
    fn from(error: Error) -> Self {
        let mut sync = Self::new(class(&error), error.to_string());
        if let Some(wait) = error.retry_after() {
            sync = sync.with_retry_after(wait);
        }
        if let Some(remedy) = error.failure().as_ref().map(ConnectFailure::remedy) {
            sync = sync.with_remedy(remedy);
        }
        match error.shared_source() {
            Some(source) => sync.with_source(source),
            None => sync,
        }
    }
}

fn class(error: &Error) -> ErrorClass {
    match error.kind() {
        // Whatever the last attempt ended with: a write of which an earlier one may be in effect is read back.
        kind if error.may_have_been_applied() && kind != ErrorKind::Protocol => ErrorClass::InDoubt,
        ErrorKind::Config | ErrorKind::Permission => ErrorClass::Config,
        ErrorKind::Auth | ErrorKind::MfaRequired => ErrorClass::Auth,
        ErrorKind::NotFound => ErrorClass::NotFound,
        ErrorKind::Rejected => ErrorClass::Invalid,
        ErrorKind::Duplicate => ErrorClass::Duplicate,
        ErrorKind::Conflict => ErrorClass::Conflict,
        ErrorKind::RateLimited => ErrorClass::RateLimited,
        ErrorKind::Unavailable => ErrorClass::Transient,
        ErrorKind::OutcomeUnknown => ErrorClass::InDoubt,
        // A request the server finds too large is that record's fault; an answer we find too large is nobody's.
        ErrorKind::TooLarge if error.status().is_some_and(|status| status.is_client_error()) => ErrorClass::Invalid,
        ErrorKind::TooLarge | ErrorKind::Protocol => ErrorClass::Protocol,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Phase, TlsFailure};
    use http::StatusCode;
    use std::{error::Error as _, time::Duration};

    #[test]
    fn each_kind_has_its_class() {
        for (kind, class) in [
            (ErrorKind::Config, ErrorClass::Config),
            (ErrorKind::Auth, ErrorClass::Auth),
            (ErrorKind::MfaRequired, ErrorClass::Auth),
            (ErrorKind::Permission, ErrorClass::Config),
            (ErrorKind::NotFound, ErrorClass::NotFound),
            (ErrorKind::Rejected, ErrorClass::Invalid),
            (ErrorKind::Duplicate, ErrorClass::Duplicate),
            (ErrorKind::Conflict, ErrorClass::Conflict),
            (ErrorKind::RateLimited, ErrorClass::RateLimited),
            (ErrorKind::Unavailable, ErrorClass::Transient),
            (ErrorKind::OutcomeUnknown, ErrorClass::InDoubt),
            (ErrorKind::Protocol, ErrorClass::Protocol),
        ] {
            assert_eq!(SyncError::from(Error::new(kind, "x")).class(), class, "{kind}");
        }
    }

    #[test]
    fn a_doubtful_write_is_in_doubt_whatever_came_last() {
        let error = Error::new(ErrorKind::NotFound, "x").with_may_have_been_applied(true);
        assert_eq!(SyncError::from(error).class(), ErrorClass::InDoubt);
    }

    #[test]
    fn too_large_depends_on_who_said_so() {
        let error = || Error::new(ErrorKind::TooLarge, "x");
        let class = |error| SyncError::from(error).class();
        assert_eq!(class(error().with_status(StatusCode::PAYLOAD_TOO_LARGE)), ErrorClass::Invalid);
        assert_eq!(class(error().with_status(StatusCode::OK)), ErrorClass::Protocol);
        let write = error().with_status(StatusCode::OK).with_may_have_been_applied(true);
        assert_eq!(class(write), ErrorClass::InDoubt);
    }

    #[test]
    fn words_wait_remedy_and_cause_come_along() {
        let error = Error::new(ErrorKind::Auth, "no connection")
            .with_operation("net2.sign_in")
            .with_phase(Phase::NotSent)
            .with_retry_after(Duration::from_secs(3))
            .with_failure(TlsFailure::Expired.into())
            .with_source(std::io::Error::other("inner"));
        let sync = SyncError::from(error);
        assert_eq!(sync.to_string(), "net2.sign_in: no connection");
        assert_eq!(sync.retry_after(), Some(Duration::from_secs(3)));
        assert_eq!(sync.remedy(), Some(TlsFailure::Expired.remedy()));
        assert_eq!(sync.source().unwrap().to_string(), "inner");
    }
}
