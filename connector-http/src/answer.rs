//! Helpers for [`Operation::response`](crate::Operation::response): status to error, body to value.

use crate::{Error, ErrorKind, retry_after};
use http::{StatusCode, response::Parts};
use serde::de::DeserializeOwned;
use std::time::SystemTime;

/// Passes a success (2xx) and turns any other status into its error.
///
/// # Errors
/// The kind that [`classify`] gives, with status, `Retry-After` and a masked excerpt of the body.
pub fn expect_success(parts: &Parts, body: &[u8]) -> Result<(), Error> {
    if parts.status.is_success() { Ok(()) } else { Err(classify(parts, body)) }
}

/// The error that a status stands for when nothing more is known about the server.
pub fn classify(parts: &Parts, body: &[u8]) -> Error {
    let (kind, message) = meaning(parts.status);
    let error = Error::new(kind, message).with_status(parts.status).with_excerpt(body);
    match retry_after(&parts.headers, SystemTime::now()) {
        Some(wait) if error.is_transient() => error.with_retry_after(wait),
        _ => error,
    }
}

/// Reads a JSON body.
///
/// # Errors
/// `Protocol`, naming the field that was not understood, with a masked excerpt. After a write with a good status the
/// request has been applied.
pub fn decode<T: DeserializeOwned>(parts: &Parts, body: &[u8]) -> Result<T, Error> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).and_then(|value| match reader.end() {
        Ok(()) => Ok(value),
        Err(error) => Err(trailing(error)),
    });
    value.map_err(|error| {
        let message = explain(body, &error.path().to_string(), &error.inner().to_string());
        Error::new(ErrorKind::Protocol, message).with_status(parts.status).with_excerpt(body)
    })
}

fn meaning(status: StatusCode) -> (ErrorKind, &'static str) {
    match status.as_u16() {
        401 => (ErrorKind::Auth, "the server does not accept the sign-in"),
        403 => (ErrorKind::Permission, "the right or the licence for this is missing"),
        404 | 410 => (ErrorKind::NotFound, "the server has no such thing"),
        409 => (ErrorKind::Conflict, "the server reports a conflict"),
        412 => (ErrorKind::Conflict, "the thing changed on the server meanwhile"),
        413 => (ErrorKind::TooLarge, "the request is too large for the server"),
        423 => (ErrorKind::Conflict, "the thing is locked on the server"),
        429 => (ErrorKind::RateLimited, "the server asks for fewer calls"),
        408 | 502 | 503 | 504 => (ErrorKind::Unavailable, "the server is not available at the moment"),
        300..=399 => (ErrorKind::Protocol, "the server points to another address, which is not followed"),
        400..=499 => (ErrorKind::Rejected, "the server refused these values"),
        501 | 505 => (ErrorKind::Protocol, "the server does not offer this call"),
        500..=599 => (ErrorKind::Unavailable, "the server failed inside"),
        _ => (ErrorKind::Protocol, "the server answered with a status that makes no sense"),
    }
}

fn trailing(error: serde_json::Error) -> serde_path_to_error::Error<serde_json::Error> {
    let path = serde_path_to_error::Track::new().path();
    serde_path_to_error::Error::new(path, error)
}

fn explain(body: &[u8], path: &str, cause: &str) -> String {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let place = if path == "." || path.is_empty() { "the answer".to_owned() } else { format!("field `{path}`") };
    match first {
        None => "the answer is empty where JSON was expected".to_owned(),
        Some(b'<') => "the answer is a page instead of JSON; is this the right address?".to_owned(),
        Some(_) => format!("{place} was not understood: {}", without_values(cause)),
    }
}

/// Keeps of serde's sentence what it says about shapes, and drops every value of the server.
fn without_values(cause: &str) -> String {
    let (sentence, position) = match cause.rfind(" at line ") {
        Some(at) => cause.split_at(at),
        None => (cause, ""),
    };
    let kept = if HARMLESS.iter().any(|start| sentence.starts_with(start)) {
        sentence.to_owned()
    } else if let Some(shapes) = wrong_shape(sentence) {
        shapes
    } else {
        "the value is not one we know".to_owned()
    };
    kept + position
}

/// `invalid type: string "secret", expected i64` → `string instead of i64`.
fn wrong_shape(sentence: &str) -> Option<String> {
    let rest = sentence.strip_prefix("invalid type: ").or_else(|| sentence.strip_prefix("invalid value: "))?;
    let (found, expected) = rest.rsplit_once(", expected ")?;
    let found = found.split(['"', '`']).next().unwrap_or_default().trim();
    let plain = |text: &str| text.len() < 80 && !text.contains(['"', '`']);
    (plain(found) && plain(expected)).then(|| format!("{found} instead of {expected}"))
}

const HARMLESS: [&str; 6] =
    ["missing field", "duplicate field", "EOF while", "trailing characters", "expected ", "control character"];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;

    fn parts(status: u16) -> Parts {
        http::Response::builder().status(status).body(()).unwrap().into_parts().0
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read by serde")]
    struct Door {
        id: i64,
    }

    #[test]
    fn each_status_has_its_kind() {
        use ErrorKind::{Auth, Conflict, NotFound, Permission, Protocol, RateLimited, Rejected, TooLarge, Unavailable};
        for (status, kind) in [
            (302, Protocol),
            (400, Rejected),
            (401, Auth),
            (403, Permission),
            (404, NotFound),
            (409, Conflict),
            (412, Conflict),
            (413, TooLarge),
            (418, Rejected),
            (422, Rejected),
            (429, RateLimited),
            (500, Unavailable),
            (502, Unavailable),
            (503, Unavailable),
            (504, Unavailable),
        ] {
            let error = expect_success(&parts(status), b"").unwrap_err();
            assert_eq!((error.kind(), error.status().unwrap().as_u16()), (kind, status));
        }
        assert!(expect_success(&parts(204), b"").is_ok());
    }

    #[test]
    fn retry_after_comes_along() {
        let mut parts = parts(429);
        parts.headers.insert("retry-after", "1.5".parse().unwrap());
        let error = expect_success(&parts, b"").unwrap_err();
        assert_eq!(error.retry_after(), Some(std::time::Duration::from_millis(1500)));
    }

    #[test]
    fn a_wrong_field_is_named_without_its_value() {
        let error = decode::<Vec<Door>>(&parts(200), br#"[{"id":1},{"id":"Jane Roe"}]"#).unwrap_err();
        assert_eq!(error.message(), "field `[1].id` was not understood: string instead of i64 at line 1 column 26");
        assert!(!format!("{error:?}").contains("Jane"), "{error:?}");
    }

    #[test]
    fn a_missing_field_is_named() {
        let error = decode::<Door>(&parts(200), b"{}").unwrap_err();
        assert!(error.message().contains("missing field `id`"), "{error}");
    }

    #[test]
    fn pages_and_empty_answers_are_told() {
        assert!(decode::<Door>(&parts(200), b" <html>").unwrap_err().message().contains("page instead of JSON"));
        assert!(decode::<Door>(&parts(200), b"\xEF\xBB\xBF ").unwrap_err().message().contains("empty"));
    }

    #[test]
    fn something_behind_the_value_is_an_error_and_a_byte_order_mark_is_not() {
        assert!(decode::<Door>(&parts(200), b"{\"id\":1} x").is_err());
        assert!(decode::<Door>(&parts(200), b"\xEF\xBB\xBF{\"id\":1}\r\n").is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(body: Vec<u8>) {
            let _ = decode::<Vec<Door>>(&parts(200), &body);
            let _ = classify(&parts(500), &body);
        }

        #[test]
        fn no_text_of_the_server_reaches_the_message(value in "[A-Z]{3}[a-z\", `]{6,20}") {
            let body = serde_json::json!([{ "id": value }]).to_string();
            let error = decode::<Vec<Door>>(&parts(200), body.as_bytes()).unwrap_err();
            prop_assert!(!error.to_string().contains(&value));
            prop_assert!(!error.to_string().contains(&value[..3]), "{}", error);
        }
    }
}
