//! The file format of recorded exchanges.

use crate::{Error, ErrorKind};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path};

/// One request and its answer, as they stand in a file.
///
/// ```json
/// {
///   "operation": "net2.list_doors",
///   "request": { "method": "GET", "path": "/api/v1/doors", "query": [["page", "1"]], "headers": {} },
///   "response": { "status": 200, "headers": { "content-type": "application/json" }, "json": [{ "id": 0 }] }
/// }
/// ```
///
/// A body stands under `json`, `form` (a list of pairs), `text` or `base64`; without any there was none.
/// `operation`, `query`, `headers` and bodies may be left out in files written by hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// Name of the operation, for the reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// What was sent.
    pub request: RecordedRequest,
    /// What came back.
    pub response: RecordedResponse,
}

/// What was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedRequest {
    /// Method, in upper case.
    pub method: String,
    /// Path from the root of the server, as sent.
    pub path: String,
    /// Names and values of the query, decoded, in the order sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<(String, String)>,
    /// The few headers that mean something.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedResponse {
    /// Status code.
    pub status: u16,
    /// The few headers that mean something.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
}

/// A body in its most readable form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Body {
    /// JSON, whatever the content type said.
    Json(Value),
    /// Form fields, in the order sent.
    Form(Vec<(String, String)>),
    /// Other text.
    Text(String),
    /// Anything else.
    Base64(String),
}

impl Exchange {
    /// Reads a file.
    ///
    /// # Errors
    /// `Config` when the file cannot be read or is not in this format.
    pub fn read(file: &Path) -> Result<Self, Error> {
        let unreadable = || format!("the recorded exchange {} cannot be read", file.display());
        let text = fs::read(file).map_err(|e| Error::new(ErrorKind::Config, unreadable()).with_source(e))?;
        serde_json::from_slice(&text).map_err(|e| Error::new(ErrorKind::Config, unreadable()).with_source(e))
    }

    /// Reads every `.json` file of a folder, in the order of the names.
    ///
    /// # Errors
    /// `Config` when the folder or one of the files cannot be read, or there is none.
    pub fn read_folder(folder: &Path) -> Result<Vec<Self>, Error> {
        let about = |what: &str| Error::new(ErrorKind::Config, format!("the folder {} {what}", folder.display()));
        let entries = fs::read_dir(folder).map_err(|e| about("cannot be read").with_source(e))?;
        let mut files: Vec<_> = entries
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .collect();
        files.sort();
        if files.is_empty() {
            return Err(about("holds no recorded exchange"));
        }
        files.iter().map(|file| Self::read(file)).collect()
    }
}

impl RecordedRequest {
    /// Takes down a request; its headers by an allow list.
    pub fn of(request: &Request<Vec<u8>>) -> Self {
        let query = request.uri().query().unwrap_or_default().as_bytes();
        Self {
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            query: url::form_urlencoded::parse(query).into_owned().collect(),
            headers: allowed(request.headers(), &REQUEST_HEADERS),
            body: Body::of(request.body(), request.headers()),
        }
    }
}

impl RecordedResponse {
    /// Takes down an answer; its headers by an allow list.
    pub fn of(response: &Response<Vec<u8>>) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: allowed(response.headers(), &RESPONSE_HEADERS),
            body: Body::of(response.body(), response.headers()),
        }
    }

    /// The answer as it came, but for what was left out or scrubbed.
    ///
    /// # Errors
    /// `Config` for a status, header or body that cannot be one.
    pub fn to_response(&self) -> Result<Response<Vec<u8>>, Error> {
        let wrong = |what| Error::new(ErrorKind::Config, what);
        let body = self.body.as_ref().map_or_else(|| Ok(Vec::new()), Body::to_bytes)?;
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).map_err(|_| wrong("the recorded status is no status"))?;
        for (name, value) in &self.headers {
            let name: HeaderName = name.parse().map_err(|_| wrong("a recorded header has no good name"))?;
            let value: HeaderValue = value.parse().map_err(|_| wrong("a recorded header has no good value"))?;
            response.headers_mut().append(name, value);
        }
        Ok(response)
    }
}

impl Body {
    fn of(bytes: &[u8], headers: &HeaderMap) -> Option<Self> {
        if bytes.is_empty() {
            return None;
        }
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if kind.starts_with("application/x-www-form-urlencoded") {
            return Some(Self::Form(url::form_urlencoded::parse(bytes).into_owned().collect()));
        }
        if let Ok(json) = serde_json::from_slice(bytes) {
            return Some(Self::Json(json));
        }
        Some(match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64(BASE64_STANDARD.encode(bytes)),
        })
    }

    /// The bytes that stood on the wire, in our own spelling of JSON.
    ///
    /// # Errors
    /// `Config` for base64 that is none.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        Ok(match self {
            Self::Json(json) => json.to_string().into_bytes(),
            Self::Form(fields) => {
                url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes()
            }
            Self::Text(text) => text.clone().into_bytes(),
            Self::Base64(text) => BASE64_STANDARD
                .decode(text)
                .map_err(|e| Error::new(ErrorKind::Config, "a recorded body is not base64").with_source(e))?,
        })
    }
}

fn allowed(headers: &HeaderMap, names: &[HeaderName]) -> BTreeMap<String, String> {
    let shown = |name: &HeaderName| {
        let value = headers.get(name)?.to_str().ok()?;
        Some((name.to_string(), value.to_owned()))
    };
    names.iter().filter_map(shown).collect()
}

const REQUEST_HEADERS: [HeaderName; 4] =
    [header::ACCEPT, header::CONTENT_TYPE, header::IF_MATCH, header::IF_NONE_MATCH];
const RESPONSE_HEADERS: [HeaderName; 5] =
    [header::CONTENT_TYPE, header::DATE, header::ETAG, header::LAST_MODIFIED, header::RETRY_AFTER];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_body_survives_the_file(bytes: Vec<u8>, status in 100_u16..1000) {
            let mut response = Response::new(bytes.clone());
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            let recorded = RecordedResponse::of(&response);
            let text = serde_json::to_string(&recorded).unwrap();
            let read: RecordedResponse = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&read, &recorded);
            let again = read.to_response().unwrap();
            let same_json = serde_json::from_slice::<Value>(&bytes).is_ok();
            prop_assert!(same_json || again.body() == &bytes);
        }

        #[test]
        fn any_file_is_read_without_panic(text in ".{0,200}") {
            let _ = serde_json::from_str::<Exchange>(&text);
        }
    }

    #[test]
    fn a_file_by_hand_may_be_short() {
        let text = r#"{"request":{"method":"GET","path":"/a"},"response":{"status":200,"json":null}}"#;
        let exchange: Exchange = serde_json::from_str(text).unwrap();
        assert_eq!(exchange.request.body, None);
        assert_eq!(exchange.response.to_response().unwrap().body(), b"null");
    }

    #[test]
    fn only_harmless_headers_are_taken_down() {
        let request = Request::get("http://h/a?b=c%20d")
            .header("authorization", "Bearer x")
            .header("cookie", "s=1")
            .header("accept", "application/json")
            .body(Vec::new())
            .unwrap();
        let recorded = RecordedRequest::of(&request);
        assert_eq!(recorded.headers.into_keys().collect::<Vec<_>>(), ["accept"]);
        assert_eq!(recorded.query, [("b".to_owned(), "c d".to_owned())]);
    }
}
