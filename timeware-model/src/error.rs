//! The one error of this crate.

use std::error::Error as StdError;
use std::fmt;

/// What went wrong, as a caller can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting, a mapping or the set-up of the database is wrong; nothing was started.
    Config,
    /// The database cannot be reached or is busy; the same call may work later.
    Unavailable,
    /// Another program holds the writer's place.
    Locked,
    /// This store may only be read.
    ReadOnly,
    /// A value does not fit its field; see [`Error::field`].
    Rejected,
    /// The record exists already; see [`Error::existing`].
    Duplicate,
    /// The record named does not exist.
    NotFound,
    /// Another record stands in the way; see [`Error::existing`].
    Conflict,
    /// The database answered something that the contract rules out.
    Protocol,
}

/// An error of the timeware side: one kind, one line of text, the cause behind it.
///
/// The text never holds a name, a card number or a code.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    field: Option<String>,
    remedy: Option<String>,
    existing: Option<i64>,
    in_doubt: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            field: None,
            remedy: None,
            existing: None,
            in_doubt: false,
            source: None,
        }))
    }

    pub(crate) fn config(field: impl Into<String>, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        let mut error = Self::new(ErrorKind::Config, reason);
        error.0.field = Some(field.into());
        error.0.remedy = Some(remedy.into());
        error
    }

    pub(crate) fn rejected(field: impl Into<String>, reason: impl Into<String>) -> Self {
        let mut error = Self::new(ErrorKind::Rejected, reason);
        error.0.field = Some(field.into());
        error
    }

    pub(crate) fn not_found(what: &str, id: i64) -> Self {
        Self::new(ErrorKind::NotFound, format!("there is no {what} {id}"))
    }

    pub(crate) fn conflict(field: impl Into<String>, reason: impl Into<String>, existing: Option<i64>) -> Self {
        let mut error = Self::new(ErrorKind::Conflict, reason);
        error.0.field = Some(field.into());
        error.0.existing = existing;
        error
    }

    pub(crate) fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.0.remedy = Some(remedy.into());
        self
    }

    pub(crate) fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    /// Says that the write may have been applied although it failed.
    #[cfg(feature = "sqlserver")]
    pub(crate) fn in_doubt(mut self) -> Self {
        self.0.in_doubt = true;
        self
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The setting or field at fault, where there is one.
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// What was wrong, without field and remedy.
    pub fn reason(&self) -> &str {
        &self.0.message
    }

    /// What to do about it, where this crate knows.
    pub fn remedy(&self) -> Option<&str> {
        self.0.remedy.as_deref()
    }

    /// The id of the record in the way (kinds `Duplicate` and `Conflict`).
    pub fn existing(&self) -> Option<i64> {
        self.0.existing
    }

    /// Whether the same call may succeed later without anybody doing anything.
    ///
    /// The write cannot have been applied, unless [`Error::may_have_been_applied`] says so.
    ///
    /// **Troubleshooting**: another program keeps the database busy, or the disk is full or gone.
    pub fn is_transient(&self) -> bool {
        self.0.kind == ErrorKind::Unavailable
    }

    /// Whether the write may have been applied although it failed.
    ///
    /// Every write is one transaction, so the embedded store always answers `false`; a store behind a network
    /// answers `true` when the connection was lost during the commit.
    ///
    /// **Troubleshooting**: repeat the call with the same receipt key; it answers with the existing record.
    pub fn may_have_been_applied(&self) -> bool {
        self.0.in_doubt
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(field) = &self.0.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.0.message)?;
        if let Some(remedy) = &self.0.remedy {
            write!(f, "; {remedy}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("field", &self.0.field)
            .field("existing", &self.0.existing)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}
