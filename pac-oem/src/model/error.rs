//! One error for everything that can go wrong with a PAC system.

use super::{Epoch, PacErrorKind, RetryClass, Rev};
use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

/// Why a call to a PAC system failed.
///
/// Programs decide on [`kind`](Self::kind) and [`retry`](Self::retry); people read its text.
#[derive(Clone)]
pub struct PacError(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: PacErrorKind,
    code: Option<u16>,
    retry: RetryClass,
    message: String,
    path: Option<String>,
    holder: Option<String>,
    rev: Option<Rev>,
    first: Option<u64>,
    epoch: Option<Epoch>,
    retry_after: Option<Duration>,
    answered: bool,
    applied: bool,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl PacError {
    /// An error of this kind, with a text for people; the text must carry no secret and no personal data.
    pub fn new(kind: PacErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            code: kind.code(),
            retry: kind.retry(),
            message: message.into(),
            path: None,
            holder: None,
            rev: None,
            first: None,
            epoch: None,
            retry_after: None,
            answered: false,
            applied: false,
            source: None,
        }))
    }

    /// An error that the server answered with; a number that is not known keeps the server's own retry class.
    pub fn answered(code: u16, retry: RetryClass, message: impl Into<String>) -> Self {
        let kind = PacErrorKind::from_code(code);
        let mut error = Self::new(kind, message);
        error.0.code = Some(code);
        error.0.answered = true;
        if kind == PacErrorKind::Other {
            error.0.retry = retry;
        }
        error
    }

    /// What went wrong.
    pub fn kind(&self) -> PacErrorKind {
        self.0.kind
    }

    /// What can be done about it. A door command is never repeated, whatever stands here.
    pub fn retry(&self) -> RetryClass {
        self.0.retry
    }

    /// The server's error number.
    pub fn code(&self) -> Option<u16> {
        self.0.code
    }

    /// The text for people, without kind and path.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Which value is meant, such as `PersonPut/Person/@ext`.
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// Who holds the record or the credential (`person:102`, or a name of the server's); may be personal data.
    pub fn holder(&self) -> Option<&str> {
        self.0.holder.as_deref()
    }

    /// The present revision of the record.
    pub fn rev(&self) -> Option<Rev> {
        self.0.rev
    }

    /// The oldest record that the log still keeps.
    pub fn first(&self) -> Option<u64> {
        self.0.first
    }

    /// The present epoch of the log.
    pub fn epoch(&self) -> Option<Epoch> {
        self.0.epoch
    }

    /// How long the server wants to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The server itself said so; otherwise it was found on our side.
    pub fn is_answer(&self) -> bool {
        self.0.answered
    }

    /// The request may have been applied although no answer says so.
    ///
    /// **Troubleshooting**: repeat a write with the same idempotency key, or look whether it is there; never repeat a
    /// door command.
    pub fn may_have_been_applied(&self) -> bool {
        self.0.applied
    }

    /// The connection is of no use any more.
    pub fn ends_session(&self) -> bool {
        self.0.retry == RetryClass::Reconnect
    }

    /// Says which value is meant.
    pub fn with_path(mut self, path: impl Into<String>) -> Self {
        self.0.path = Some(path.into());
        self
    }

    /// Says who holds the record.
    pub fn with_holder(mut self, holder: impl Into<String>) -> Self {
        self.0.holder = Some(holder.into());
        self
    }

    /// Gives the present revision.
    pub fn with_rev(mut self, rev: Rev) -> Self {
        self.0.rev = Some(rev);
        self
    }

    /// Gives what the log still keeps.
    pub fn with_log(mut self, epoch: Option<Epoch>, first: Option<u64>) -> Self {
        self.0.epoch = epoch;
        self.0.first = first;
        self
    }

    /// Says how long to wait.
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Says that the request may have been applied.
    pub fn possibly_applied(mut self, applied: bool) -> Self {
        self.0.applied = applied;
        self
    }

    /// Keeps the cause.
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }
}

impl fmt::Display for PacError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        match inner.code {
            Some(code) => write!(f, "{code} {}: {}", inner.kind.name(), inner.message)?,
            None => write!(f, "{}: {}", inner.kind.name(), inner.message)?,
        }
        match &inner.path {
            Some(path) => write!(f, " (at {path})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for PacError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        f.debug_struct("PacError")
            .field("kind", &inner.kind)
            .field("code", &inner.code)
            .field("retry", &inner.retry)
            .field("message", &inner.message)
            .field("path", &inner.path)
            .field("rev", &inner.rev)
            .field("first", &inner.first)
            .field("epoch", &inner.epoch)
            .field("retry_after", &inner.retry_after)
            .field("answered", &inner.answered)
            .field("applied", &inner.applied)
            .field("source", &inner.source)
            .finish_non_exhaustive()
    }
}

impl StdError for PacError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
