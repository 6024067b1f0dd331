//! A call as the simulator sees it, and what it answers.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime};
use http::request::Parts;
use http::{HeaderMap, Method, header};
use serde_json::{Map, Value, json};

use crate::clock::Zone;

/// One request, read whole.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// Path pieces in small letters.
    pub(crate) segments: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) bearer: Option<String>,
    content_type: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    pub(crate) fn new(parts: &Parts, body: Bytes) -> Self {
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let path = parts.uri.path().to_owned();
        let query = parts.uri.query().unwrap_or_default();
        Self {
            method: parts.method.clone(),
            segments: path.split('/').filter(|piece| !piece.is_empty()).map(str::to_lowercase).collect(),
            path,
            query: pairs(query.as_bytes()),
            bearer: bearer(text(header::AUTHORIZATION)),
            content_type: text(header::CONTENT_TYPE).to_lowercase(),
            headers: parts.headers.clone(),
            body,
        }
    }

    /// A query parameter, by name without case.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as named values; JSON or form.
    pub(crate) fn fields(&self) -> Result<Fields, Refusal> {
        if self.content_type.starts_with("application/x-www-form-urlencoded") {
            let named = pairs(&self.body).into_iter().map(|(key, value)| (key.to_lowercase(), Value::from(value)));
            return Ok(Fields(named.collect()));
        }
        Fields::from_json(&self.json()?)
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<Value, Refusal> {
        serde_json::from_slice(&self.body).map_err(|_| Refusal::invalid("The request is invalid."))
    }

    /// `GET /api/v1/users/{id}`: method and path with numbers left out.
    pub(crate) fn shape(&self) -> String {
        let mut shape = format!("{} ", self.method);
        for segment in &self.segments {
            shape.push('/');
            shape.push_str(if segment.bytes().all(|byte| byte.is_ascii_digit()) { "{id}" } else { segment });
        }
        shape
    }
}

/// Decodes `a=b&c=d`.
fn pairs(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).into_owned().collect()
}

fn bearer(header: &str) -> Option<String> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// The named values of a body; names without case.
#[derive(Debug, Clone)]
pub(crate) struct Fields(BTreeMap<String, Value>);

impl Fields {
    pub(crate) fn from_json(value: &Value) -> Result<Self, Refusal> {
        let object = value.as_object().ok_or_else(|| Refusal::invalid("An object is expected."))?;
        Ok(Self(object.iter().map(|(key, value)| (key.to_lowercase(), value.clone())).collect()))
    }

    /// A value that is there and not null.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(&name.to_lowercase()).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(wrong(name)),
        }
    }

    pub(crate) fn int(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.value(name).map(|value| int(value).ok_or_else(|| wrong(name))).transpose()
    }

    pub(crate) fn need_int(&self, name: &str) -> Result<i64, Refusal> {
        self.int(name)?.ok_or_else(|| Refusal::invalid(format!("{name} is required.")))
    }

    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) => text.to_lowercase().parse().map(Some).map_err(|_| wrong(name)),
            Some(_) => Err(wrong(name)),
        }
    }

    /// A local time; before 1900 means none.
    pub(crate) fn date(&self, name: &str, zone: Zone) -> Result<Option<NaiveDateTime>, Refusal> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let time = parse_date(&text, zone).ok_or_else(|| wrong(name))?;
        Ok((time.year() >= 1900).then_some(time))
    }

    pub(crate) fn list(&self, name: &str) -> Result<Option<&Vec<Value>>, Refusal> {
        self.value(name).map(|value| value.as_array().ok_or_else(|| wrong(name))).transpose()
    }
}

/// A number, also when sent as text.
pub(crate) fn int(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn wrong(name: &str) -> Refusal {
    Refusal::invalid(format!("The value of {name} is not valid."))
}

fn parse_date(text: &str, zone: Zone) -> Option<NaiveDateTime> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        // The year 1 has no offset that matters.
        return Some(if time.year() < 1900 { time.naive_local() } else { zone.local(time.to_utc()) });
    }
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|day| day.and_time(NaiveTime::MIN)))
}

/// What is sent back.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Body,
}

/// The body of a reply.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Empty,
    /// JSON whose keys follow the switch for their case.
    Json(Value),
    /// JSON as it is.
    Plain(Value),
    Html(String),
    Bytes(&'static str, Vec<u8>),
}

/// A call refused with a message.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) message: String,
}

pub(crate) type Answer = Result<Reply, Refusal>;

impl Reply {
    pub(crate) fn json(value: Value) -> Self {
        Self { status: 200, body: Body::Json(value) }
    }

    pub(crate) fn list(items: impl IntoIterator<Item = Value>) -> Self {
        Self::json(Value::Array(items.into_iter().collect()))
    }

    pub(crate) fn plain(status: u16, value: Value) -> Self {
        Self { status, body: Body::Plain(value) }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, body: Body::Empty }
    }

    pub(crate) fn html(status: u16, title: &str) -> Self {
        let page = format!(
            "<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n<center><h1>{status} {title}</h1></center>\r\n\
             <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        Self { status, body: Body::Html(page) }
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Content type and bytes.
    pub(crate) fn render(self, pascal_case: bool) -> (&'static str, Vec<u8>) {
        const JSON: &str = "application/json; charset=utf-8";
        match self.body {
            Body::Empty => ("", Vec::new()),
            Body::Json(value) if pascal_case => (JSON, capitalised(value).to_string().into_bytes()),
            Body::Json(value) | Body::Plain(value) => (JSON, value.to_string().into_bytes()),
            Body::Html(page) => ("text/html", page.into_bytes()),
            Body::Bytes(kind, bytes) => (kind, bytes),
        }
    }
}

impl Refusal {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    pub(crate) fn missing() -> Self {
        Self::new(404, "The item was not found.")
    }

    pub(crate) fn into_reply(self) -> Reply {
        // The platform writes this one with a capital, whatever the case of everything else.
        let key = if self.status == 401 { "Message" } else { "message" };
        Reply { status: self.status, body: Body::Json(json!({ key: self.message })) }
    }
}

/// Keys with a leading capital, at every depth.
fn capitalised(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.into_iter().map(|(key, value)| (capital(&key), capitalised(value))).collect::<Map<_, _>>(),
        ),
        Value::Array(items) => items.into_iter().map(capitalised).collect(),
        other => other,
    }
}

/// The text with a leading capital.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_come_with_or_without_offset() {
        let zone = Zone::default();
        let at = |text| parse_date(text, zone).map(|time| time.to_string());
        assert_eq!(at("2027-07-01T00:00:00Z").as_deref(), Some("2027-07-01 01:00:00"));
        assert_eq!(at("2027-07-01T00:00:00").as_deref(), Some("2027-07-01 00:00:00"));
        assert_eq!(at("2027-07-01").as_deref(), Some("2027-07-01 00:00:00"));
        assert_eq!(at("01/07/2027"), None);
        let fields = Fields::from_json(&json!({ "ExpiryDate": "0001-01-01T00:00:00" })).unwrap();
        assert_eq!(fields.date("expiryDate", zone).unwrap(), None);
    }
}
