//! Errors as RFC 9457 has them.

use serde_json::{Map, Value, json};

use crate::host::Reply;

/// A call refused.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    status: u16,
    name: &'static str,
    detail: String,
    field: Option<String>,
    retry_after_ms: Option<u64>,
    more: Map<String, Value>,
}

impl Problem {
    pub(crate) fn new(status: u16, name: &'static str, detail: impl Into<String>) -> Self {
        Self { status, name, detail: detail.into(), field: None, retry_after_ms: None, more: Map::new() }
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, "not-found", "There is no such thing")
    }

    pub(crate) fn unauthorised() -> Self {
        Self::new(401, "session-ended", "There is no such session, or it has ended")
    }

    pub(crate) fn permission() -> Self {
        Self::new(403, "permission-missing", "The user lacks the permission that allows API access").field("user")
    }

    pub(crate) fn licence(name: &str) -> Self {
        Self::new(403, "licence-missing", format!("The licence {name} is missing")).field(name)
    }

    pub(crate) fn malformed(detail: &str) -> Self {
        Self::new(400, "malformed", detail)
    }

    /// A value that cannot be taken.
    pub(crate) fn value(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(422, "bad-value", detail).field(field)
    }

    pub(crate) fn unknown_code(field: impl Into<String>, code: &str) -> Self {
        Self::new(422, "unknown-code", format!("There is no '{code}'")).field(field)
    }

    pub(crate) fn too_many_requests() -> Self {
        Self { retry_after_ms: Some(1000), ..Self::new(429, "too-many-requests", "At most 20 requests in a second") }
    }

    /// The problem behind a status that somebody asked for.
    pub(crate) fn of_status(status: u16) -> Self {
        let name = match status {
            401 => return Self::unauthorised(),
            403 => return Self::permission(),
            404 => return Self::not_found(),
            429 => return Self::too_many_requests(),
            410 => "cursor-expired",
            502..=504 => "unavailable",
            _ => "internal-error",
        };
        Self::new(status, name, "Something went wrong")
    }

    pub(crate) fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// With one more member.
    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    /// What went wrong, in words.
    pub(crate) fn text(self) -> String {
        match self.field {
            Some(field) => format!("{field}: {}", self.detail),
            None => self.detail,
        }
    }

    pub(crate) fn reply(self) -> Reply {
        let mut body = self.more;
        body.insert("type".to_owned(), json!(format!("urn:pac-bridge:{}", self.name)));
        body.insert("title".to_owned(), json!(title(self.name)));
        body.insert("status".to_owned(), json!(self.status));
        body.insert("detail".to_owned(), json!(self.detail));
        if let Some(field) = self.field {
            body.insert("field".to_owned(), json!(field));
        }
        if let Some(wait) = self.retry_after_ms {
            body.insert("retryAfterMs".to_owned(), json!(wait));
        }
        let reply = Reply::bytes(self.status, "application/problem+json", Value::Object(body).to_string());
        match (self.status, self.retry_after_ms) {
            (401, _) => reply.header("WWW-Authenticate", "Bearer"),
            (_, Some(wait)) => reply.header("Retry-After", &wait.div_ceil(1000).to_string()),
            _ => reply,
        }
    }
}

/// `permission-missing` as `Permission missing`.
fn title(name: &str) -> String {
    let words = name.replace('-', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
