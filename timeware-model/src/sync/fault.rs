//! Errors of a store in the classes of the engine.

use sync_core::connector::{ErrorClass, SyncError};

use crate::error::{Error, ErrorKind};

pub(super) fn sync_error(error: Error) -> SyncError {
    let class = if error.may_have_been_applied() { ErrorClass::InDoubt } else { class(error.kind()) };
    let field = error.field().map(field_name);
    let message = match (class, error.existing()) {
        (ErrorClass::Duplicate, Some(id)) => format!("{} (record {id})", error.reason()),
        _ => error.reason().to_owned(),
    };
    let mut answer = SyncError::new(class, message);
    if let Some(remedy) = error.remedy() {
        answer = answer.with_remedy(remedy.to_owned());
    }
    if let Some(field) = field {
        answer = match class {
            ErrorClass::Duplicate => answer.with_clashing_key(field),
            _ => answer.with_field(field),
        };
    }
    answer.with_source(error)
}

fn class(kind: ErrorKind) -> ErrorClass {
    match kind {
        ErrorKind::Config | ErrorKind::Locked | ErrorKind::ReadOnly => ErrorClass::Config,
        ErrorKind::Unavailable => ErrorClass::Transient,
        ErrorKind::Rejected => ErrorClass::Invalid,
        ErrorKind::Duplicate | ErrorKind::Conflict => ErrorClass::Duplicate,
        ErrorKind::NotFound => ErrorClass::NotFound,
        ErrorKind::Protocol => ErrorClass::Protocol,
    }
}

/// The engine's name of a field.
pub(super) fn field_name(logical: &str) -> &str {
    match logical {
        "email_address" => "email",
        "mobile_number" => "mobile",
        "paylink" => "personnel_number",
        "badge" => "credentials",
        "badge_activation" => "valid_from",
        "badge_expiry" => "valid_until",
        "security_pin" => "pin",
        "date_started" => "start_date",
        "date_left" => "leave_date",
        "policy" => "policies",
        "status" => "active",
        "terminal_group.terminal" => "devices",
        text if text.starts_with("grouping_") && !text.contains('.') => "department",
        text if text.ends_with(".description") => "name",
        text => text,
    }
}
