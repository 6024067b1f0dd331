//! Failures of the store.

use std::borrow::Cow;

/// The store could not be read or written. Nothing of the batch is in it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct JournalError {
    message: Cow<'static, str>,
    kind: JournalErrorKind,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What kind of failure of the store it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JournalErrorKind {
    /// The medium: disk full, read-only, damaged.
    Storage,
    /// Somebody else is writing.
    Locked,
    /// A newer program made this store.
    NewerSchema,
    /// The batch would break an invariant, such as a second link of one record.
    Invariant,
    /// What is stored cannot be read back.
    Corrupt,
    /// The fault shim pulled the plug; tests only.
    Crashed,
}

impl JournalError {
    /// A failure of a kind.
    pub fn new(kind: JournalErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), kind, source: None }
    }

    /// The cause.
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Its kind.
    pub fn kind(&self) -> JournalErrorKind {
        self.kind
    }
}
