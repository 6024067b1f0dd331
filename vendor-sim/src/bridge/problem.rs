//! Errors as `application/problem+json`.

use serde_json::{Map, Value};

use super::profile::Profile;
use crate::host::Reply;

/// A call refused.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    status: u16,
    name: &'static str,
    title: &'static str,
    detail: String,
    members: Map<String, Value>,
    headers: Vec<(&'static str, String)>,
}

impl Problem {
    fn new(status: u16, name: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, name, title, detail: detail.into(), members: Map::new(), headers: Vec::new() }
    }

    pub(crate) fn unauthorised(detail: &str, scheme: &str) -> Self {
        let mut problem = Self::new(401, "unauthorised", "Sign-in is missing or wrong", detail);
        problem.headers.push(("WWW-Authenticate", format!("{scheme} realm=\"bridge\"")));
        problem
    }

    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(403, "forbidden", "The key lacks a right", detail)
    }

    pub(crate) fn licence_missing(detail: impl Into<String>) -> Self {
        Self::new(403, "licence-missing", "The interface is not licensed", detail)
    }

    pub(crate) fn version_unsupported(version: &str) -> Self {
        let detail = format!("Interface needs 4.11.0 or later, server is {version}");
        Self::new(403, "version-unsupported", "Version not supported", detail)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(404, "not-found", "There is no such thing", detail)
    }

    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(409, "conflict", "Conflict with another record", detail)
    }

    pub(crate) fn duplicate_credential(detail: impl Into<String>) -> Self {
        Self::new(409, "duplicate-credential", "Credential already in use", detail)
    }

    pub(crate) fn record_locked(held_by: &str) -> Self {
        Self::new(409, "record-locked", "Record is being edited", "Open at a workstation")
            .with("heldBy", held_by)
            .with("retryAfterMs", 30_000)
    }

    pub(crate) fn idempotency_mismatch() -> Self {
        Self::new(409, "idempotency-mismatch", "Key used before", "The same Idempotency-Key came with another body")
    }

    pub(crate) fn cursor_expired(detail: impl Into<String>) -> Self {
        Self::new(410, "cursor-expired", "Position is older than what is kept", detail)
    }

    pub(crate) fn precondition_failed(current: Value) -> Self {
        Self::new(412, "precondition-failed", "Record was changed meanwhile", "If-Match is not the current version")
            .with("current", current)
    }

    pub(crate) fn validation(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(422, "validation", "A value does not fit", detail).with("field", field.into())
    }

    pub(crate) fn too_many_requests(retry_after: String) -> Self {
        let mut problem = Self::new(429, "too-many-requests", "Too many requests", "More than allowed in this second");
        problem.headers.push(("Retry-After", retry_after));
        problem
    }

    pub(crate) fn unavailable() -> Self {
        Self::new(503, "unavailable", "Not available now", "The service is busy")
    }

    /// The problem that goes with a status.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            401 => Self::unauthorised("Sign in.", "Bearer"),
            403 => Self::forbidden("Not allowed."),
            404 => Self::not_found("Not found."),
            409 => Self::conflict("Conflict."),
            410 => Self::cursor_expired("Expired."),
            422 => Self::validation("", "Not valid."),
            429 => Self::too_many_requests("1".to_owned()),
            503 => Self::unavailable(),
            status => Self::new(status, "internal", "Something went wrong", "The server failed"),
        }
    }

    /// With one more member.
    pub(crate) fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    pub(crate) fn reply(self, bridge: &str, profile: &Profile) -> Reply {
        let mut body = Map::new();
        body.insert("type".to_owned(), format!("urn:{bridge}-bridge:{}", self.name).into());
        body.insert("title".to_owned(), self.title.into());
        body.insert("status".to_owned(), self.status.into());
        body.insert("detail".to_owned(), self.detail.into());
        body.extend(self.members);
        let shown = profile.show_problem(self.name, Value::Object(body));
        let reply = Reply::bytes(self.status, "application/problem+json", shown.to_string());
        self.headers.iter().fold(reply, |reply, (name, value)| reply.header(name, value))
    }
}
