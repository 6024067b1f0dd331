//! What the server says about a refusal, and what that means.

use std::fmt;
use std::time::Duration;

use connector_http::{ConnectFailure, Error, ErrorKind, classify};
use http::response::Parts;
use serde_json::Value;

use crate::model::{AstrowError, AstrowErrorKind, Employee, Licence, PersNo};

/// A problem document of the interface; its free texts are left where they are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problem {
    /// Its name, behind `urn:pac-bridge:`.
    name: Option<String>,
    field: Option<String>,
    licence: Option<Licence>,
    holder: Option<PersNo>,
    current: Option<Box<Employee>>,
}

impl Problem {
    /// The problem with a name that the client found out by itself.
    pub(crate) fn named(name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..Self::default() }
    }

    fn read(body: &Value) -> Self {
        let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| is_plain(text));
        let current = body.get("current").and_then(|current| serde_json::from_value(current.clone()).ok());
        Self {
            name: text("type").and_then(|name| name.strip_prefix(PREFIX)).map(str::to_owned),
            field: text("field").map(str::to_owned),
            licence: text("licence").or_else(|| text("field")).map(Licence::from),
            holder: body.get("persNo").and_then(Value::as_u64).and_then(|no| u32::try_from(no).ok()).map(PersNo::new),
            current: current.map(Box::new),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server calls it {PREFIX}{}", self.name.as_deref().unwrap_or("?"))
    }
}

impl std::error::Error for Problem {}

/// Passes a success, and turns any other answer into its error.
pub(crate) fn expect_success(parts: &Parts, body: &[u8]) -> Result<(), Error> {
    if parts.status.is_success() {
        return Ok(());
    }
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return Err(classify(parts, body)) };
    // The texts of a problem may say who has a badge; its name and field say enough.
    let error = classify(parts, b"");
    let error = match value.get("retryAfterMs").and_then(Value::as_u64) {
        Some(wait) if error.is_transient() => error.with_retry_after(Duration::from_millis(wait)),
        _ => error,
    };
    Err(error.with_source(Problem::read(&value)))
}

impl From<Error> for AstrowError {
    fn from(error: Error) -> Self {
        let problem = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<Problem>()).cloned();
        let problem = problem.unwrap_or_default();
        let kind = kind(&error, &problem);
        let licence = (kind == AstrowErrorKind::LicenceMissing)
            .then(|| problem.licence.clone().or_else(|| licence_for(error.operation())))
            .flatten();
        let mut astrow = Self::new(kind, message(kind, &error, licence.as_ref()))
            .with_may_have_been_applied(error.may_have_been_applied());
        if let Some(name) = error.operation() {
            astrow = astrow.with_operation(name);
        }
        if let Some(field) = problem.field.filter(|_| kind != AstrowErrorKind::LicenceMissing) {
            astrow = astrow.with_field(field);
        }
        if let Some(licence) = licence {
            astrow = astrow.with_licence(licence);
        }
        if let Some(holder) = problem.holder.filter(|_| kind == AstrowErrorKind::BadgeInUse) {
            astrow = astrow.with_holder(holder);
        }
        if let Some(current) = problem.current {
            astrow = astrow.with_current(*current);
        }
        if let Some(wait) = error.retry_after() {
            astrow = astrow.with_retry_after(wait);
        }
        match remedy(&error, problem.name.as_deref()) {
            Some(remedy) => astrow.with_remedy(remedy).with_source(error),
            None => astrow.with_source(error),
        }
    }
}

/// A name counts only with a status that it may have: a page in the way must not pass for a refusal of Astrow.
fn kind(error: &Error, problem: &Problem) -> AstrowErrorKind {
    use AstrowErrorKind as Kind;
    let status = error.status().map_or(0, |status| status.as_u16());
    match (problem.name.as_deref(), status) {
        (Some("bad-credentials"), 401) => Kind::SignInRefused,
        (Some("permission-missing"), _) => Kind::PermissionMissing,
        (Some("licence-missing"), 403) => Kind::LicenceMissing,
        (Some("badge-in-use"), 409) => Kind::BadgeInUse,
        (Some("idempotency-mismatch"), 409) => Kind::IdempotencyMismatch,
        (Some("no-roll-call"), 409) => Kind::NoRollCall,
        (Some("cursor-expired"), 410) => Kind::CursorExpired,
        (Some("expired"), 410) => Kind::CommandExpired,
        (Some("unknown-code"), 422) => Kind::UnknownCode,
        (_, 410) if error.operation() == Some(COMMAND_RESULT) => Kind::CommandExpired,
        (_, 410) => Kind::CursorExpired,
        (_, 412) => Kind::Changed,
        _ => by_transport(error),
    }
}

fn by_transport(error: &Error) -> AstrowErrorKind {
    use AstrowErrorKind as Kind;
    if matches!(error.failure(), Some(ConnectFailure::Tls(_))) {
        return Kind::Tls;
    }
    match error.kind() {
        ErrorKind::Config => Kind::Config,
        ErrorKind::Auth | ErrorKind::MfaRequired => Kind::SignInRefused,
        ErrorKind::Permission => Kind::PermissionMissing,
        ErrorKind::NotFound => Kind::NotFound,
        ErrorKind::Rejected => Kind::Rejected,
        ErrorKind::Duplicate | ErrorKind::Conflict => Kind::Conflict,
        ErrorKind::TooLarge => Kind::TooLarge,
        ErrorKind::RateLimited => Kind::Throttled,
        ErrorKind::Unavailable => Kind::Unreachable,
        ErrorKind::OutcomeUnknown => Kind::OutcomeUnknown,
        _ => Kind::Protocol,
    }
}

fn message(kind: AstrowErrorKind, error: &Error, licence: Option<&Licence>) -> String {
    use AstrowErrorKind as Kind;
    let own = match kind {
        Kind::SignInRefused => "Astrow does not accept user and password",
        Kind::PermissionMissing => "the user of Astrow lacks the permission to connect by the interface",
        Kind::LicenceMissing => {
            return licence.map_or_else(
                || "Astrow is not licensed for this".to_owned(),
                |licence| format!("Astrow lacks the licence `{licence}`"),
            );
        }
        Kind::NotFound => "Astrow has no such thing",
        Kind::Changed => "somebody changed the employee in Astrow meanwhile",
        Kind::BadgeInUse => "another employee of Astrow has the badge number",
        Kind::UnknownCode => "Astrow does not know a code",
        Kind::IdempotencyMismatch => "the key of this attempt was used for something else already",
        Kind::CursorExpired => "Astrow no longer knows this place in the list",
        Kind::NoRollCall => "no roll call is running",
        Kind::CommandExpired => "the command is too old",
        Kind::Rejected if error.status().is_some() => "Astrow refused these values",
        _ => return error.message().to_owned(),
    };
    own.to_owned()
}

fn remedy(error: &Error, name: Option<&str>) -> Option<&'static str> {
    if error.kind() == ErrorKind::Permission && name.is_none() {
        return Some("Astrow does not say why: look at the user's permission first, then at the licences");
    }
    error.failure().map(|failure| failure.remedy())
}

/// Which licence a call needs, for a server that does not say.
fn licence_for(operation: Option<&str>) -> Option<Licence> {
    match operation? {
        "astrow.create_employee" | "astrow.patch_employee" | "astrow.set_pac" | "astrow.delete_employee" => {
            Some(Licence::EmployeesImport)
        }
        "astrow.write_bookings" | "astrow.bookings" => Some(Licence::FileTerminal),
        "astrow.roll_call" | "astrow.confirm_safe" => Some(Licence::RollCall),
        _ => None,
    }
}

/// Names only: no text that a person wrote.
fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".:_-[]/".contains(&byte);
    (1..=80).contains(&text.len()) && text.bytes().all(plain)
}

const PREFIX: &str = "urn:pac-bridge:";
pub(crate) const COMMAND_RESULT: &str = "astrow.command_result";

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, body: &str, operation: &'static str) -> AstrowError {
        let parts = http::Response::builder().status(status).body(()).unwrap().into_parts().0;
        expect_success(&parts, body.as_bytes()).unwrap_err().with_operation(operation).into()
    }

    #[test]
    fn a_refusal_without_a_document_is_judged_by_its_status_and_call() {
        use AstrowErrorKind as Kind;
        for (status, operation, kind) in [
            (401, "astrow.info", Kind::SignInRefused),
            (403, "astrow.info", Kind::PermissionMissing),
            (404, "astrow.employee", Kind::NotFound),
            (409, "astrow.create_employee", Kind::Conflict),
            (410, "astrow.changes", Kind::CursorExpired),
            (410, COMMAND_RESULT, Kind::CommandExpired),
            (412, "astrow.patch_employee", Kind::Changed),
            (413, "astrow.put_definitions", Kind::TooLarge),
            (422, "astrow.create_employee", Kind::Rejected),
            (429, "astrow.info", Kind::Throttled),
            (503, "astrow.info", Kind::Unreachable),
            (302, "astrow.info", Kind::Protocol),
        ] {
            assert_eq!(refusal(status, "<html>", operation).kind(), kind, "{status} {operation}");
        }
        assert!(refusal(403, "", "astrow.info").remedy().contains("permission first"));
    }

    #[test]
    fn the_missing_licence_is_the_one_that_the_server_names_or_the_call_needs() {
        let body = r#"{"type":"urn:pac-bridge:licence-missing","field":"roll-call"}"#;
        assert_eq!(refusal(403, body, "astrow.create_employee").licence(), Some(&Licence::RollCall));
        let body = r#"{"type":"urn:pac-bridge:licence-missing"}"#;
        let error = refusal(403, body, "astrow.create_employee");
        assert_eq!(error.licence(), Some(&Licence::EmployeesImport));
        assert_eq!(error.to_string(), "astrow.create_employee: Astrow lacks the licence `employees-import`");
    }

    #[test]
    fn texts_of_the_server_are_not_repeated() {
        let body = r#"{"type":"urn:pac-bridge:badge-in-use","detail":"213 belongs to Teo","field":"of Teo"}"#;
        let error = refusal(409, body, "astrow.create_employee");
        assert_eq!((error.kind(), error.field()), (AstrowErrorKind::BadgeInUse, None));
        assert!(!error.to_string().contains("Teo"));
    }
}
