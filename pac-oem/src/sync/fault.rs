//! Failures in the engine's classes.

use sync_core::connector::{ErrorClass, SyncError};

use crate::model::{PacError, PacErrorKind as Kind, RetryClass};

impl From<PacError> for SyncError {
    fn from(error: PacError) -> Self {
        let class = class(&error);
        let mut sync = Self::new(class, error.to_string());
        if let Some(wait) = error.retry_after() {
            sync = sync.with_retry_after(wait);
        }
        match class {
            ErrorClass::Duplicate => sync = sync.with_clashing_key(clash(error.kind())),
            ErrorClass::Invalid => {
                if let Some(field) = error.path().and_then(field_of) {
                    sync = sync.with_field(field);
                }
            }
            _ => {}
        }
        if let Some(remedy) = remedy(&error) {
            sync = sync.with_remedy(remedy);
        }
        sync.with_source(error)
    }
}

fn class(error: &PacError) -> ErrorClass {
    // Whatever it ended with: a write of which nobody knows is read back.
    if error.may_have_been_applied() {
        return ErrorClass::InDoubt;
    }
    match error.kind() {
        Kind::ClientUnknown | Kind::ClientRevoked | Kind::ClientExpired | Kind::KeyExpired | Kind::ServerUntrusted => {
            ErrorClass::Auth
        }
        Kind::NotFound => ErrorClass::NotFound,
        Kind::AlreadyExists | Kind::CredentialInUse => ErrorClass::Duplicate,
        Kind::RevisionConflict | Kind::RecordLocked => ErrorClass::Conflict,
        Kind::CommandRefused => ErrorClass::Invalid,
        Kind::CursorExpired | Kind::EpochChanged | Kind::CursorAhead => ErrorClass::Lost,
        // The list is begun again.
        Kind::PageExpired => ErrorClass::Transient,
        Kind::RateLimited => ErrorClass::RateLimited,
        Kind::KeyReused => ErrorClass::Bug,
        Kind::BadHeader
        | Kind::FrameTooLarge
        | Kind::XmlMalformed
        | Kind::XmlForbidden
        | Kind::BadRequestId
        | Kind::HelloRequired
        | Kind::AlreadySubscribed
        | Kind::NotSubscribed
        | Kind::LogGap
        | Kind::Protocol => ErrorClass::Protocol,
        _ => match error.retry() {
            RetryClass::Never => ErrorClass::Config,
            RetryClass::AfterFix => ErrorClass::Invalid,
            RetryClass::ReRead => ErrorClass::Conflict,
            RetryClass::Backoff | RetryClass::Reconnect => ErrorClass::Transient,
        },
    }
}

fn clash(kind: Kind) -> &'static str {
    if kind == Kind::CredentialInUse { "credentials" } else { "attendance_id" }
}

fn remedy(error: &PacError) -> Option<String> {
    let holder = error.holder();
    match error.kind() {
        Kind::CredentialInUse => Some(match holder.and_then(|holder| holder.strip_prefix("person:")) {
            Some(person) => format!("person {person} at PAC has the card: take it away there, or give another one"),
            None => "find out at PAC who has the card, or give another one".to_owned(),
        }),
        Kind::RecordLocked => Some(match holder {
            Some(who) => format!("it is open at {who}: it is tried again, and goes through once it is closed there"),
            None => "it is open at a workstation: it is tried again, and goes through once it is closed".to_owned(),
        }),
        kind => Some(kind.remedy().to_owned()).filter(|remedy| !remedy.is_empty()),
    }
}

/// The engine's name of a value that the server blames, such as `PersonPut/Person/@employeeNo`.
fn field_of(path: &str) -> Option<&'static str> {
    let names = [
        ("Group", "policies"),
        ("Credential", "credentials"),
        ("@first", "first_name"),
        ("@middle", "middle_name"),
        ("@last", "last_name"),
        ("@employeeNo", "personnel_number"),
        ("@department", "department"),
        ("@email", "email"),
        ("@ext", "attendance_id"),
        ("@active", "active"),
        ("@from", "valid_from"),
        ("@until", "valid_until"),
    ];
    let parts = || path.split('/').map(|part| part.split('[').next().unwrap_or(part));
    names.into_iter().find(|(part, _)| parts().any(|named| named.starts_with(part))).map(|(_, field)| field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn class_of(kind: Kind) -> ErrorClass {
        SyncError::from(PacError::new(kind, "x")).class()
    }

    #[test]
    fn each_kind_that_decides_something_has_its_class() {
        for (kind, class) in [
            (Kind::ClientRevoked, ErrorClass::Auth),
            (Kind::ServerUntrusted, ErrorClass::Auth),
            (Kind::LicenceMissing, ErrorClass::Config),
            (Kind::OrgForbidden, ErrorClass::Config),
            (Kind::KeyNotPem, ErrorClass::Config),
            (Kind::NotSupported, ErrorClass::Config),
            (Kind::TlsIncompatible, ErrorClass::Config),
            (Kind::NotFound, ErrorClass::NotFound),
            (Kind::ReferenceMissing, ErrorClass::Invalid),
            (Kind::Validation, ErrorClass::Invalid),
            (Kind::LimitExceeded, ErrorClass::Invalid),
            (Kind::RevisionConflict, ErrorClass::Conflict),
            (Kind::RecordLocked, ErrorClass::Conflict),
            (Kind::EpochChanged, ErrorClass::Lost),
            (Kind::Busy, ErrorClass::Transient),
            (Kind::ConnectionLost, ErrorClass::Transient),
            (Kind::Unreachable, ErrorClass::Transient),
            (Kind::RateLimited, ErrorClass::RateLimited),
            (Kind::KeyReused, ErrorClass::Bug),
            (Kind::Protocol, ErrorClass::Protocol),
        ] {
            assert_eq!(class_of(kind), class, "{}", kind.name());
        }
    }

    #[test]
    fn only_failures_that_leave_doubt_say_so() {
        let lost = PacError::new(Kind::ConnectionLost, "x").possibly_applied(true);
        assert_eq!(SyncError::from(lost).class(), ErrorClass::InDoubt);
        let refused = PacError::answered(306, RetryClass::AfterFix, "x");
        assert!(!SyncError::from(refused).may_have_been_applied());
    }

    #[test]
    fn holder_wait_and_field_come_along() {
        let error = SyncError::from(PacError::new(Kind::CredentialInUse, "x").with_holder("person:102"));
        assert_eq!((error.class(), error.clashing_key()), (ErrorClass::Duplicate, Some("credentials")));
        assert!(error.remedy().unwrap().contains("102"));
        let locked =
            PacError::new(Kind::RecordLocked, "x").with_retry_after(Duration::from_secs(30)).with_holder("Desk");
        let locked = SyncError::from(locked);
        assert_eq!(locked.retry_after(), Some(Duration::from_secs(30)));
        assert!(locked.remedy().unwrap().contains("Desk"));
        for (path, field) in [
            ("PersonPut/Person/@employeeNo", "personnel_number"),
            ("Person/Group/@until", "policies"),
            ("GroupsSet/Group[2]/@id", "policies"),
            ("CredentialSet/Credential", "credentials"),
            ("Person/@until", "valid_until"),
        ] {
            let error = SyncError::from(PacError::new(Kind::Validation, "x").with_path(path));
            assert_eq!(error.field(), Some(field), "{path}");
        }
    }
}
