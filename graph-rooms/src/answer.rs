//! Reading answers: from status and body to a value or a [`Fault`].

use std::time::{Duration, SystemTime};

use connector_http::{Error, ErrorKind, decode, retry_after};
use http::response::Parts;
use serde_json::Value;

use crate::fault::{Fault, FaultKind, SignInProblem};

/// Passes a success; any other status is its fault.
pub(crate) fn check(parts: &Parts, body: &[u8]) -> Result<(), Error> {
    if parts.status.is_success() { Ok(()) } else { Err(refused(parts, body)) }
}

/// The body of a success as JSON.
pub(crate) fn json(parts: &Parts, body: &[u8]) -> Result<Value, Error> {
    check(parts, body)?;
    decode(parts, body)
}

/// The fault of an answer that is no success. The body may be anything; it never hides the status.
pub(crate) fn refused(parts: &Parts, body: &[u8]) -> Error {
    let told = Told::read(body);
    let status = parts.status.as_u16();
    let kind = meaning(status, &told.codes);
    let wait = retry_after(&parts.headers, SystemTime::now());
    let fault = Fault { kind, code: told.code(), aadsts: None };
    let text = match &fault.code {
        Some(code) => format!("{}: {code}", words(kind, status)),
        None => words(kind, status).to_owned(),
    };
    let mut error = Error::new(error_kind(kind, wait), text).with_status(parts.status).with_source(fault);
    if let Some(id) = told.request_id {
        error = error.with_request_id(id);
    }
    error
}

/// A throttled call that everybody shall wait for closes the road for all; a long wait is that one mailbox's affair, and
/// [`crate::GraphClient`] gives it its right kind in the end.
fn error_kind(kind: FaultKind, wait: Option<Duration>) -> ErrorKind {
    match kind {
        FaultKind::SignIn(_) => ErrorKind::Auth,
        FaultKind::Forbidden => ErrorKind::Permission,
        FaultKind::NotFound | FaultKind::MailboxUnavailable => ErrorKind::NotFound,
        FaultKind::Throttled if wait.is_none_or(|wait| wait <= SHARED_WAIT) => ErrorKind::RateLimited,
        FaultKind::Throttled | FaultKind::Transient => ErrorKind::Unavailable,
        FaultKind::Resync => ErrorKind::Conflict,
        FaultKind::Duplicate => ErrorKind::Duplicate,
        FaultKind::Config => ErrorKind::Config,
        FaultKind::Protocol => ErrorKind::Protocol,
        FaultKind::InDoubt => ErrorKind::OutcomeUnknown,
    }
}

const SHARED_WAIT: Duration = Duration::from_mins(1);

fn meaning(status: u16, codes: &[String]) -> FaultKind {
    let says = |known: &[&str]| codes.iter().any(|code| known.contains(&code.as_str()));
    let client_error = (400..500).contains(&status);
    match status {
        _ if client_error && says(&["syncstatenotfound", "resyncrequired", "syncstateinvalid"]) => FaultKind::Resync,
        401 => FaultKind::SignIn(SignInProblem::TokenRefused),
        403 => FaultKind::Forbidden,
        404 if says(&["mailboxnotenabledforrestapi"]) => FaultKind::MailboxUnavailable,
        404 => FaultKind::NotFound,
        409 => FaultKind::Duplicate,
        410 => FaultKind::Resync,
        429 | 509 => FaultKind::Throttled,
        408 | 424 | 500..=599 => FaultKind::Transient,
        400..=499 => FaultKind::Config,
        _ => FaultKind::Protocol,
    }
}

fn words(kind: FaultKind, status: u16) -> &'static str {
    match kind {
        FaultKind::SignIn(_) => "Graph does not accept the token",
        FaultKind::Forbidden => "the application may not do this",
        FaultKind::NotFound => "Graph knows no such thing",
        FaultKind::MailboxUnavailable => "the mailbox cannot be read through Graph",
        FaultKind::Throttled => "Graph asks for fewer calls",
        FaultKind::Resync => "Graph has forgotten what was followed",
        FaultKind::Duplicate => "there is one already",
        FaultKind::Transient if status == 424 => "another call of the batch failed",
        FaultKind::Transient => "Graph is not available at the moment",
        FaultKind::Config => "Graph does not accept the request",
        FaultKind::Protocol => "the answer makes no sense",
        FaultKind::InDoubt => "nobody knows what became of it",
    }
}

/// What an error body says, if it is one.
#[derive(Default)]
struct Told {
    /// From the outermost to the innermost, in lower case.
    codes: Vec<String>,
    /// The same as they came.
    shown: Vec<String>,
    request_id: Option<String>,
}

impl Told {
    fn read(body: &[u8]) -> Self {
        let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        let mut told = Self::default();
        let Ok(Value::Object(mut outer)) = serde_json::from_slice::<Value>(body) else { return told };
        let mut level = outer.remove("error");
        for _ in 0..DEEPEST {
            let Some(Value::Object(mut object)) = level.take() else { break };
            if let Some(code) = object.get("code").and_then(Value::as_str).filter(|code| is_code(code)) {
                told.codes.push(code.to_ascii_lowercase());
                told.shown.push(code.to_owned());
            }
            let id = object.get("request-id").or_else(|| object.get("requestId")).and_then(Value::as_str);
            told.request_id = id.filter(|id| id.len() <= 128).map(str::to_owned).or(told.request_id);
            level = object.remove("innerError").or_else(|| object.remove("innererror"));
        }
        told
    }

    /// The most specific one that is known, else the outermost.
    fn code(&self) -> Option<String> {
        let known = self.codes.iter().rposition(|code| KNOWN.contains(&code.as_str())).unwrap_or(0);
        self.shown.get(known).cloned()
    }
}

/// A word that may be repeated in logs.
fn is_code(text: &str) -> bool {
    !text.is_empty() && text.len() <= 80 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

const DEEPEST: usize = 16;

const KNOWN: [&str; 26] = [
    "badrequest",
    "errorinvalidparameter",
    "timezonenotsupportedexception",
    "syncstatenotfound",
    "resyncrequired",
    "syncstateinvalid",
    "invalidauthenticationtoken",
    "unauthenticated",
    "erroraccessdenied",
    "accessdenied",
    "authorization_requestdenied",
    "erroritemnotfound",
    "errorinvaliduser",
    "resourcenotfound",
    "request_resourcenotfound",
    "mailboxnotenabledforrestapi",
    "applicationthrottled",
    "toomanyrequests",
    "activitylimitreached",
    "errorcalendarviewrangetoobig",
    "errorsendasdenied",
    "errorexceededmessagelimit",
    "errormessagesizeexceeded",
    "servicenotavailable",
    "mailboxconcurrency",
    "internalservererror",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> Fault {
        let (parts, ()) = http::Response::builder().status(status).body(()).unwrap().into_parts();
        Fault::of(&refused(&parts, body.as_bytes()))
    }

    #[test]
    fn the_innermost_known_code_is_shown_whatever_its_case() {
        let body =
            r#"{"error":{"code":"UnknownError","innererror":{"code":"errorAccessDenied","innerError":{"code":"X1"}}}}"#;
        assert_eq!(of(403, body).code.as_deref(), Some("errorAccessDenied"));
        assert_eq!(of(504, r#"{"error":{"code":"UnknownError","message":""}}"#).kind, FaultKind::Transient);
        assert_eq!(of(400, r#"{"error":{"code":"SYNCSTATENOTFOUND"}}"#).kind, FaultKind::Resync);
    }

    #[test]
    fn no_body_hides_the_status() {
        for body in ["", "<html>", "{\"error\":", "null", "{\"error\":\"x\"}", "[]", "{\"error\":{\"code\":7}}"] {
            assert_eq!(of(403, body).kind, FaultKind::Forbidden, "{body}");
            assert_eq!(of(503, body).kind, FaultKind::Transient, "{body}");
        }
    }

    #[test]
    fn words_that_are_no_codes_are_not_repeated() {
        assert_eq!(of(400, r#"{"error":{"code":"ada@example.org said <b>"}}"#).code, None);
    }
}
