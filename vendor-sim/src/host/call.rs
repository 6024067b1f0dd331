//! A call as it came in.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::request::Parts;
use http::{HeaderMap, Method};
use serde_json::Value;

/// One request, read whole.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Call {
    /// Number of the call, from 1.
    pub id: u64,
    /// Method.
    pub method: Method,
    /// Path as it was sent.
    pub path: String,
    /// Pieces of the path, percent-decoded one by one; case kept, empty ones left out.
    pub segments: Vec<String>,
    /// What follows the question mark, as it was sent.
    pub raw_query: String,
    /// Parameters, decoded, in their order.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// What the simulator's clock showed when it came.
    pub arrived: DateTime<Utc>,
}

impl Call {
    pub(super) fn new(id: u64, parts: &Parts, body: Bytes, arrived: DateTime<Utc>) -> Self {
        let raw_query = parts.uri.query().unwrap_or_default().to_owned();
        Self::made(id, parts.method.clone(), parts.uri.path(), raw_query, parts.headers.clone(), body, arrived)
    }

    /// A call that came inside this one, as an item of a batch does; its url is a path with or without a query.
    pub fn inner(&self, method: Method, url: &str, headers: HeaderMap, body: Bytes) -> Self {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        Self::made(self.id, method, path, query.to_owned(), headers, body, self.arrived)
    }

    fn made(
        id: u64,
        method: Method,
        path: &str,
        raw_query: String,
        headers: HeaderMap,
        body: Bytes,
        arrived: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            method,
            path: path.to_owned(),
            segments: path.split('/').filter(|piece| !piece.is_empty()).map(decoded).collect(),
            query: pairs(raw_query.as_bytes()),
            raw_query,
            headers,
            body,
            arrived,
        }
    }

    /// The pieces of the path, to match on.
    pub fn pieces(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }

    /// A query parameter, by name without case.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// A header, if it is there and readable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The token of `Authorization: Bearer …`.
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// It is none.
    pub fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// The body as a form.
    pub fn form(&self) -> Vec<(String, String)> {
        pairs(&self.body)
    }

    /// `GET /users/{id}`: method and path with numbers left out.
    pub fn shape(&self) -> String {
        let mut shape = format!("{} ", self.method);
        for segment in &self.segments {
            shape.push('/');
            shape.push_str(if segment.bytes().all(|byte| byte.is_ascii_digit()) { "{id}" } else { segment });
        }
        shape
    }

    /// The path with its pieces decoded.
    pub(super) fn plain_path(&self) -> String {
        self.segments.iter().fold(String::new(), |path, piece| path + "/" + piece)
    }
}

/// Decodes `a=b&c=d`.
fn pairs(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).into_owned().collect()
}

/// Decodes `%41`; what cannot be decoded stays as it is.
fn decoded(piece: &str) -> String {
    let mut bytes = Vec::with_capacity(piece.len());
    let mut rest = piece.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escape = (*first == b'%').then(|| tail.get(..2)).flatten();
        if let Some(byte) = escape.and_then(|digits| hex::decode(digits).ok()) {
            bytes.extend(byte);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_a_path_keep_their_case_and_their_encoded_slashes() {
        let request =
            http::Request::get("/v1/Users/o%27neil%2B1%40Example.org/a%2Fb+c//%zz?$top=5&q=a%2Bb").body(()).unwrap();
        let (parts, ()) = request.into_parts();
        let call = Call::new(1, &parts, Bytes::new(), DateTime::UNIX_EPOCH);
        assert_eq!(call.pieces(), ["v1", "Users", "o'neil+1@Example.org", "a/b+c", "%zz"]);
        assert_eq!((call.param("$TOP"), call.param("q")), (Some("5"), Some("a+b")));
    }
}
