//! Failures of outside systems, in the classes that decide what happens next.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// What kind of failure it is, and so what the engine does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The endpoint is busy, slow or away. Tried again with growing distance.
    Transient,
    /// The endpoint asked for a pause.
    RateLimited,
    /// Wrong password, key or certificate. No retry storm: a person has to act.
    Auth,
    /// Missing right, licence or setting. That part stops until the configuration changes.
    Config,
    /// The endpoint refuses this record. It is held, the others go on.
    Invalid,
    /// The record changed meanwhile or is locked by an operator. Read and plan again.
    Conflict,
    /// Another record has this key already.
    Duplicate,
    /// No such record.
    NotFound,
    /// No reply to a write: it may or may not have been applied.
    InDoubt,
    /// An answer that cannot be. The entity stops.
    Protocol,
    /// Part of a stream is gone for good: a pruned log or an expired token.
    Lost,
    /// An invariant of our own is broken. The pair stops, nothing is guessed.
    Bug,
}

/// A failure of an outside system: class, words for a person, and what is known about the write.
///
/// `Display` is one line without secrets and without its source; print the chain once, at the edge.
pub struct SyncError(Box<Inner>);

struct Inner {
    class: ErrorClass,
    message: Cow<'static, str>,
    remedy: Option<Cow<'static, str>>,
    retry_after: Option<Duration>,
    clashing_key: Option<String>,
    field: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl SyncError {
    /// A failure of a class.
    pub fn new(class: ErrorClass, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            class,
            message: message.into(),
            remedy: None,
            retry_after: None,
            clashing_key: None,
            field: None,
            source: None,
        }))
    }

    /// What a person can do about it.
    pub fn with_remedy(mut self, remedy: impl Into<Cow<'static, str>>) -> Self {
        self.0.remedy = Some(remedy.into());
        self
    }

    /// How long the endpoint asked to be left alone.
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// For `Duplicate`: which key clashed, such as `name` or `badge`; never the value of a credential.
    pub fn with_clashing_key(mut self, key: impl Into<String>) -> Self {
        self.0.clashing_key = Some(key.into());
        self
    }

    /// For `Invalid`: the field that was refused.
    pub fn with_field(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// The cause.
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Its class.
    pub fn class(&self) -> ErrorClass {
        self.0.class
    }

    /// The words, without the source.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What a person can do about it, if there is advice.
    pub fn remedy(&self) -> Option<&str> {
        self.0.remedy.as_deref()
    }

    /// How long the endpoint asked to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// For `Duplicate`: which key clashed.
    pub fn clashing_key(&self) -> Option<&str> {
        self.0.clashing_key.as_deref()
    }

    /// For `Invalid`: the field that was refused.
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// Whether a write that failed with this may have been applied all the same.
    ///
    /// `InDoubt`, and every class that a connector cannot have learned from a clear refusal.
    pub fn may_have_been_applied(&self) -> bool {
        matches!(self.0.class, ErrorClass::InDoubt | ErrorClass::Protocol | ErrorClass::Bug | ErrorClass::Lost)
    }

    /// Whether it is about the whole endpoint rather than one record.
    pub fn stops_endpoint(&self) -> bool {
        matches!(
            self.0.class,
            ErrorClass::Transient
                | ErrorClass::RateLimited
                | ErrorClass::Auth
                | ErrorClass::Config
                | ErrorClass::Protocol
                | ErrorClass::Bug
        )
    }

    /// The message with all its causes, for the log or the edge of a program.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        text
    }
}

impl ErrorClass {
    /// Its name in journals, metrics and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::RateLimited => "rate_limited",
            Self::Auth => "auth",
            Self::Config => "config",
            Self::Invalid => "invalid",
            Self::Conflict => "conflict",
            Self::Duplicate => "duplicate",
            Self::NotFound => "not_found",
            Self::InDoubt => "in_doubt",
            Self::Protocol => "protocol",
            Self::Lost => "lost",
            Self::Bug => "bug",
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for SyncError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for SyncError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncError")
            .field("class", &self.0.class)
            .field("message", &self.0.message)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for SyncError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}
