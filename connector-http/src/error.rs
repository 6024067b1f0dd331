//! The one error of this crate and of every client on it.

use crate::{ConnectFailure, redact};
use http::StatusCode;
use std::{borrow::Cow, error::Error as StdError, fmt, sync::Arc, time::Duration};

/// What went wrong with a call, and what is known about its effect.
///
/// One pointer wide and cheap to clone. `Display` is one line in our own words without secrets; causes are in
/// [`source`](StdError::source), to be printed once at the edge of the program.
#[derive(Clone)]
pub struct Error(Box<Inner>);

/// Coarse kind of an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting is wrong; a person has to change it.
    Config,
    /// Sign-in, key or certificate not accepted.
    Auth,
    /// The server asks for a second factor, which a program cannot give.
    MfaRequired,
    /// Signed in, but the right or the licence for this is missing.
    Permission,
    /// There is no such thing on the server.
    NotFound,
    /// The server refused these values.
    Rejected,
    /// A value that must be unique is in use already.
    Duplicate,
    /// The thing changed meanwhile, or somebody holds it.
    Conflict,
    /// Request or answer larger than allowed.
    TooLarge,
    /// Too many calls; see [`Error::retry_after`].
    RateLimited,
    /// Not reachable, too slow, or out of order at the moment.
    Unavailable,
    /// A write was sent and nobody knows what became of it.
    OutcomeUnknown,
    /// The answer makes no sense.
    Protocol,
}

/// How far a request had come when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Phase {
    /// Nothing left this machine.
    NotSent,
    /// Something was sent, no complete answer came.
    Sent,
    /// The server answered.
    Answered,
}

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    operation: Option<&'static str>,
    status: Option<StatusCode>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    phase: Phase,
    may_have_been_applied: bool,
    failure: Option<ConnectFailure>,
    excerpt: Option<String>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error in own words; the message never holds a secret or personal data.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            operation: None,
            status: None,
            request_id: None,
            retry_after: None,
            phase: Phase::NotSent,
            may_have_been_applied: kind == ErrorKind::OutcomeUnknown,
            failure: None,
            excerpt: None,
            source: None,
        }))
    }

    /// Adds the cause.
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// Adds the status of the answer; there was an answer, then.
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = Some(status);
        self.0.phase = Phase::Answered;
        self
    }

    /// Adds how long the server wants to be left alone.
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Adds the beginning of the body: masked, at most 200 bytes.
    pub fn with_excerpt(mut self, body: &[u8]) -> Self {
        self.0.excerpt = Some(redact::excerpt(body)).filter(|text| !text.is_empty());
        self
    }

    /// Sets how far the request had come.
    pub fn with_phase(mut self, phase: Phase) -> Self {
        self.0.phase = phase;
        self
    }

    /// Adds why no connection came about.
    pub fn with_failure(mut self, failure: ConnectFailure) -> Self {
        self.0.failure = Some(failure);
        self
    }

    /// Adds the server's id of the request.
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into());
        self
    }

    /// Names the operation, unless an inner one is named already.
    pub fn with_operation(mut self, name: &'static str) -> Self {
        self.0.operation.get_or_insert(name);
        self
    }

    /// Replaces the kind, for a client that knows more than the status says.
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self.0.may_have_been_applied |= kind == ErrorKind::OutcomeUnknown;
        self
    }

    /// States whether the write may be in effect.
    pub fn with_may_have_been_applied(mut self, applied: bool) -> Self {
        self.0.may_have_been_applied = applied;
        self
    }

    /// Coarse kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Status of the answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// How long the server wants to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Name of the operation that failed; the sign-in's name when that failed.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The server's own id of the request, to be quoted to its support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How far the request had come.
    pub fn phase(&self) -> Phase {
        self.0.phase
    }

    /// Beginning of the body, masked.
    pub fn excerpt(&self) -> Option<&str> {
        self.0.excerpt.as_deref()
    }

    /// Why no connection came about, if that was it.
    pub fn failure(&self) -> Option<ConnectFailure> {
        self.0.failure.clone()
    }

    #[cfg(feature = "sync")]
    pub(crate) fn shared_source(&self) -> Option<Arc<dyn StdError + Send + Sync>> {
        self.0.source.clone()
    }

    /// The message alone, without operation and status.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The same call may succeed later without anybody doing anything. The request cannot have been applied.
    ///
    /// **Troubleshooting**: see [`failure`](Self::failure) for an endpoint that cannot be reached and
    /// [`retry_after`](Self::retry_after) for one that is busy. If it stays, look at the server.
    pub fn is_transient(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Unavailable | ErrorKind::RateLimited)
    }

    /// Somebody must repair sign-in, right or trust. The request cannot have been applied.
    ///
    /// **Troubleshooting**: check operator, password and licence; for a certificate see [`failure`](Self::failure).
    /// Repeating without a change may lock the account.
    pub fn is_auth(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Auth | ErrorKind::MfaRequired)
    }

    /// True when the request may have been applied although the call failed; false when it cannot have been.
    ///
    /// **Troubleshooting**: read the thing back before writing again; a creation repeated blindly makes a second one.
    pub fn may_have_been_applied(&self) -> bool {
        self.0.may_have_been_applied
    }
}

impl ErrorKind {
    /// Stable word for logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Auth => "auth",
            Self::MfaRequired => "mfa_required",
            Self::Permission => "permission",
            Self::NotFound => "not_found",
            Self::Rejected => "rejected",
            Self::Duplicate => "duplicate",
            Self::Conflict => "conflict",
            Self::TooLarge => "too_large",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Protocol => "protocol",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.0.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&self.0.message)?;
        match self.0.status {
            Some(status) => write!(f, " (status {})", status.as_u16()),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("operation", &self.0.operation)
            .field("status", &self.0.status)
            .field("phase", &self.0.phase)
            .field("may_have_been_applied", &self.0.may_have_been_applied)
            .field("retry_after", &self.0.retry_after)
            .field("request_id", &self.0.request_id)
            .field("failure", &self.0.failure)
            .field("excerpt", &self.0.excerpt)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_is_one_line_without_the_source() {
        let error = Error::new(ErrorKind::Auth, "the sign-in was refused")
            .with_operation("net2.sign_in")
            .with_status(StatusCode::UNAUTHORIZED)
            .with_source(std::io::Error::other("inner"));
        assert_eq!(error.to_string(), "net2.sign_in: the sign-in was refused (status 401)");
        assert_eq!(error.source().unwrap().to_string(), "inner");
        assert_eq!(error.phase(), Phase::Answered);
    }

    #[test]
    fn the_inner_operation_keeps_its_name() {
        let error = Error::new(ErrorKind::Auth, "x").with_operation("net2.sign_in").with_operation("net2.list_users");
        assert_eq!(error.operation(), Some("net2.sign_in"));
    }

    #[test]
    fn an_unknown_outcome_may_have_been_applied() {
        assert!(Error::new(ErrorKind::OutcomeUnknown, "x").may_have_been_applied());
        assert!(Error::new(ErrorKind::Unavailable, "x").with_kind(ErrorKind::OutcomeUnknown).may_have_been_applied());
        assert!(!Error::new(ErrorKind::Unavailable, "x").may_have_been_applied());
    }

    #[test]
    fn an_error_is_one_pointer() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }
}
