//! Reading answers: the error table of the vendor, empty bodies, lists with items that do not fit.

use connector_http::{Error, ErrorKind};
use http::StatusCode;
use http::response::Parts;
use serde_json::Value;

use crate::json::{FromJson, Object, Shape, items};

/// A list in which items that do not fit are set aside, so that one of them does not hide the others.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Listing<T> {
    /// What could be read.
    pub items: Vec<T>,
    /// What could not.
    pub invalid: Vec<InvalidItem>,
}

/// An item of a list that does not have the shape it should have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidItem {
    /// Its id, if at least that could be read.
    pub id: Option<i64>,
    /// Its place in the answer, from 0.
    pub position: usize,
    /// The field, empty if it is the item itself.
    pub field: String,
    /// What is wrong with it; never its value.
    pub reason: String,
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self { items: Vec::new(), invalid: Vec::new() }
    }
}

/// Any 2xx; the body does not matter.
pub(crate) fn nothing(parts: &Parts, body: &[u8]) -> Result<(), Error> {
    check(parts, body)
}

/// One record.
pub(crate) fn record<T: FromJson>(parts: &Parts, body: &[u8]) -> Result<T, Error> {
    check(parts, body)?;
    let value = json(parts, body)?;
    // Some calls answer with a list of one.
    let value = match value {
        Value::Array(mut list) if list.len() == 1 => list.pop().unwrap_or_default(),
        other => other,
    };
    T::from_json(value).map_err(|shape| misfit(parts, shape))
}

/// One record if the answer has a body, none otherwise.
pub(crate) fn maybe<T: FromJson>(parts: &Parts, body: &[u8]) -> Result<Option<T>, Error> {
    check(parts, body)?;
    if is_empty(body) { Ok(None) } else { record(parts, body).map(Some) }
}

/// A whole list; an empty body is an empty list.
pub(crate) fn list<T: FromJson>(parts: &Parts, body: &[u8]) -> Result<Vec<T>, Error> {
    check(parts, body)?;
    if is_empty(body) {
        return Ok(Vec::new());
    }
    Vec::from_json(json(parts, body)?).map_err(|shape| misfit(parts, shape))
}

/// A list whose misfits are set aside.
pub(crate) fn listing<T: FromJson>(parts: &Parts, body: &[u8]) -> Result<Listing<T>, Error> {
    check(parts, body)?;
    if is_empty(body) {
        return Ok(Listing::default());
    }
    let values = items(json(parts, body)?).map_err(|shape| misfit(parts, shape))?;
    let mut listing = Listing { items: Vec::with_capacity(values.len()), invalid: Vec::new() };
    for (position, value) in values.into_iter().enumerate() {
        let id = readable_id(&value);
        match T::from_json(value) {
            Ok(item) => listing.items.push(item),
            Err(shape) => listing.invalid.push(InvalidItem {
                id,
                position,
                field: shape.path().to_owned(),
                reason: shape.to_string(),
            }),
        }
    }
    Ok(listing)
}

/// Turns every status but 2xx into an error of the right kind, with what the server said about it.
pub(crate) fn check(parts: &Parts, body: &[u8]) -> Result<(), Error> {
    let Err(general) = connector_http::expect_success(parts, body) else { return Ok(()) };
    let text = match parts.status {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => "the server refused the values",
        StatusCode::FORBIDDEN => "the operator lacks the right for this call",
        StatusCode::NOT_FOUND => "the server has no such record or call",
        _ => return Err(with_said(general, body)),
    };
    Err(with_said(Error::new(general.kind(), text).with_status(parts.status).with_excerpt(body), body))
}

/// Adds the server's words as the cause.
pub(crate) fn with_said(error: Error, body: &[u8]) -> Error {
    match message(body) {
        Some(text) => error.with_source(ServerSaid(text)),
        None => error,
    }
}

/// The words of the server, numbers masked; in its language, so for people only.
#[derive(Debug, thiserror::Error)]
#[error("the server says: {0}")]
struct ServerSaid(String);

/// What the server says in its own words (and language): for people, never for decisions.
///
/// Digits that may be a card number or a PIN are masked.
pub(crate) fn message(body: &[u8]) -> Option<String> {
    let Ok(Value::Object(map)) = serde_json::from_slice(trimmed(body)) else { return None };
    let mut object = Object::from_json(Value::Object(map)).ok()?;
    let text = |object: &mut Object, key| object.optional::<String>(key).ok().flatten();
    let said = ["message", "exceptionMessage"].into_iter().find_map(|key| text(&mut object, key)).or_else(|| {
        let error = text(&mut object, "error")?;
        Some(match text(&mut object, "error_description") {
            Some(more) => format!("{error}: {more}"),
            None => error,
        })
    })?;
    Some(masked(said.trim_start_matches([':', ' '])))
}

/// Whether there is anything to read.
pub(crate) fn is_empty(body: &[u8]) -> bool {
    trimmed(body).is_empty()
}

/// The body as JSON.
pub(crate) fn json(parts: &Parts, body: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(trimmed(body)).map_err(|error| {
        let text = format!("the answer is not JSON (line {}, column {})", error.line(), error.column());
        Error::new(ErrorKind::Protocol, text).with_status(parts.status)
    })
}

pub(crate) fn misfit(parts: &Parts, shape: Shape) -> Error {
    Error::new(ErrorKind::Protocol, "the answer does not have the expected shape")
        .with_status(parts.status)
        .with_source(shape)
}

fn trimmed(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii()
}

fn readable_id(value: &Value) -> Option<i64> {
    let (_, id) = value.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case("id"))?;
    i64::from_json(id.clone()).ok()
}

/// At most 200 characters, every run of four or more digits hidden.
fn masked(text: &str) -> String {
    let mut shown = String::new();
    let mut digits = String::new();
    for character in text.chars().take(200).chain(std::iter::once('\0')) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        shown.push_str(if digits.len() < 4 { &digits } else { "****" });
        digits.clear();
        if !character.is_control() {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doors::Door;

    fn parts(status: u16) -> Parts {
        http::Response::builder().status(status).body(()).unwrap().into_parts().0
    }

    #[test]
    fn an_empty_body_is_an_empty_list() {
        for body in ["", " \r\n", "null", "[]", "\u{feff}[]"] {
            assert!(list::<Door>(&parts(200), body.as_bytes()).unwrap().is_empty(), "{body:?}");
        }
    }

    #[test]
    fn one_item_that_does_not_fit_is_set_aside() {
        let body = br#"[{"id":1,"name":"A"},{"id":2,"name":{}},{"name":"no id"}]"#;
        let read = listing::<Door>(&parts(200), body).unwrap();
        assert_eq!(read.items.len(), 1);
        assert_eq!(read.invalid.iter().map(|item| item.id).collect::<Vec<_>>(), [Some(2), None]);
        assert_eq!(read.invalid[0].reason, "`name`: an object instead of a text");
    }

    #[test]
    fn the_words_of_the_server_lose_their_numbers_and_stray_colon() {
        let body = br#"{"Message":": Card 12345678 has already been issued."}"#;
        assert_eq!(message(body).unwrap(), "Card **** has already been issued.");
        assert_eq!(message(br#"{"error":"a","error_description":"b"}"#).unwrap(), "a: b");
        assert_eq!(message(b"<html>"), None);
    }

    #[test]
    fn each_status_has_its_kind() {
        let kind = |status| check(&parts(status), b"").unwrap_err().kind();
        assert_eq!(kind(400), ErrorKind::Rejected);
        assert_eq!(kind(403), ErrorKind::Permission);
        assert_eq!(kind(404), ErrorKind::NotFound);
        assert_eq!(kind(413), ErrorKind::TooLarge);
        assert_eq!(kind(429), ErrorKind::RateLimited);
        assert_eq!(kind(502), ErrorKind::Unavailable);
    }
}
