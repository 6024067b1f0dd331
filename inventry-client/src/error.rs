//! What the errors of this interface mean beyond their kind.

use connector_http::Error;
use connector_http::profile::Problem;

/// Whether the server no longer reaches back to the place to read from.
pub fn is_cursor_expired(error: &Error) -> bool {
    is_problem(error, "cursor-expired") || error.status().is_some_and(|status| status.as_u16() == 410)
}

/// Whether the server says that the licence of its interface is missing.
pub fn is_licence_missing(error: &Error) -> bool {
    is_problem(error, "licence-missing")
}

/// Whether the server says itself that its version is too old.
pub fn is_version_unsupported(error: &Error) -> bool {
    is_problem(error, "version-unsupported")
}

fn is_problem(error: &Error, name: &str) -> bool {
    Problem::of(error).is_some_and(|problem| problem.is(name))
}

/// For the engine: a log that was cut is its own class.
#[cfg(feature = "sync")]
pub(crate) fn sync(error: Error) -> sync_core::connector::SyncError {
    use sync_core::connector::{ErrorClass, SyncError};

    if is_cursor_expired(&error) {
        let text = error.to_string();
        return SyncError::new(ErrorClass::Lost, text).with_source(error);
    }
    let remedy = if is_licence_missing(&error) {
        Some("ask the vendor for a licence of the interface; nothing else has to be changed here")
    } else if is_version_unsupported(&error) {
        Some("update InVentry to 4.11.0 or later")
    } else {
        None
    };
    let failure = SyncError::from(error);
    match remedy {
        Some(remedy) => failure.with_remedy(remedy),
        None => failure,
    }
}
