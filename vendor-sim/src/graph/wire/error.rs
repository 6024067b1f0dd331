//! Refusals in the form of Graph, and what a planned fault says.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::token;
use crate::graph::ids::guid;
use crate::graph::switches::RetryAfter;
use crate::graph::world::World;
use crate::host::{Call, Reply};

/// A call refused.
#[derive(Debug, Clone)]
pub(super) struct Fail {
    pub(super) status: u16,
    pub(super) code: String,
    message: String,
    pub(super) headers: Vec<(String, String)>,
}

pub(super) type Outcome<T = Reply> = Result<T, Fail>;

impl Fail {
    pub(super) fn new(status: u16, code: &str, message: &str) -> Self {
        Self { status, code: code.to_owned(), message: message.to_owned(), headers: Vec::new() }
    }

    pub(super) fn bad(message: &str) -> Self {
        Self::new(400, "ErrorInvalidParameter", message)
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The answer, with what the switches do to errors.
    pub(super) fn reply(&self, world: &World, call: &Call) -> Reply {
        let switches = &world.switches;
        let reply = if switches.html_errors {
            Reply::error_page(self.status, "Error")
        } else if switches.empty_errors {
            Reply::empty(self.status)
        } else {
            Reply::json(self.status, &body(world, call, &self.code, &self.message))
        };
        self.headers.iter().fold(reply, |reply, (name, value)| reply.header(name, value))
    }
}

fn body(world: &World, call: &Call, code: &str, message: &str) -> Value {
    let (inner, id) =
        if world.switches.lower_inner_error { ("innererror", "requestId") } else { ("innerError", "request-id") };
    json!({ "error": { "code": code, "message": message, inner: {
        "date": world.now().format("%Y-%m-%dT%H:%M:%S").to_string(),
        id: request_id(call),
        "client-request-id": client_request_id(call),
    } } })
}

/// The server's id of a call.
pub(super) fn request_id(call: &Call) -> String {
    guid(&format!("call {}", call.id))
}

/// The caller's id of a call; the server's if it gave none.
pub(super) fn client_request_id(call: &Call) -> String {
    call.header("client-request-id").map_or_else(|| request_id(call), ToOwned::to_owned)
}

/// 429 in the form the switches say.
pub(super) fn throttled(world: &World, message: &str) -> Fail {
    let fail = Fail::new(429, "ApplicationThrottled", message);
    match retry_after(world) {
        Some(wait) => fail.header("Retry-After", &wait),
        None => fail,
    }
}

fn retry_after(world: &World) -> Option<String> {
    match world.switches.retry_after {
        RetryAfter::Fraction => Some("2.128".to_owned()),
        RetryAfter::Seconds => Some("3".to_owned()),
        RetryAfter::Date => Some((world.now() + TimeDelta::seconds(3)).format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
        RetryAfter::Missing => None,
    }
}

/// What a planned fault answers if it has no body of its own.
pub(in crate::graph) fn failure(world: &World, call: &Call, status: u16) -> Reply {
    if token::is_token_call(call) {
        let number = if status == 429 { 90055 } else { 90033 };
        return token::refused(
            world,
            call,
            status,
            "temporarily_unavailable",
            number,
            "A transient error has occurred.",
        );
    }
    let (code, message) = usual(status);
    super::with_ids(Fail::new(status, code, message).reply(world, call), call)
}

/// The code that usually comes with a status.
pub(super) fn usual(status: u16) -> (&'static str, &'static str) {
    match status {
        400 => ("BadRequest", "The request is malformed."),
        401 => ("InvalidAuthenticationToken", "Access token validation failure."),
        403 => ("ErrorAccessDenied", "Access is denied. Check credentials and try again."),
        404 => ("ErrorItemNotFound", "The specified object was not found in the store."),
        410 => ("SyncStateNotFound", "The sync state generation is not found."),
        424 => ("FailedDependency", "A request this one depends on failed."),
        429 => ("ApplicationThrottled", "Application is over its MailboxConcurrency limit."),
        500 => ("InternalServerError", "An internal server error occurred."),
        503 => ("serviceNotAvailable", "The service is not available. Try again later."),
        509 => ("bandwidthLimitExceeded", "The bandwidth limit is exceeded."),
        _ => ("UnknownError", ""),
    }
}
