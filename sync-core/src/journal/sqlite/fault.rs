//! Failures inside the store, and what they are called outside.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::journal::{JournalError, JournalErrorKind};

/// Result of a step inside the store.
pub(super) type Found<T> = Result<T, Fault>;

/// A failure inside the store.
#[derive(Debug)]
pub(super) enum Fault {
    Sql(rusqlite::Error),
    Journal(JournalError),
}

impl Fault {
    /// What is stored under this name cannot be read back. Never with the value: it may be personal.
    pub(super) fn corrupt(what: &'static str) -> Self {
        Self::Journal(JournalError::new(
            JournalErrorKind::Corrupt,
            format!("the journal is damaged: {what} cannot be read back"),
        ))
    }

    pub(super) fn invariant(message: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self::Journal(JournalError::new(JournalErrorKind::Invariant, message))
    }

    /// The failure of opening this file.
    pub(super) fn at(self, path: &Path) -> JournalError {
        match self {
            Self::Sql(error) => {
                let message = format!("the journal {} cannot be opened: {}", path.display(), phrase(&error));
                JournalError::new(kind(&error), message).with_source(error)
            }
            Self::Journal(error) => error,
        }
    }

    /// Whether the store refused a row because of a unique key.
    pub(super) fn is_duplicate(&self) -> bool {
        matches!(self, Self::Sql(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation))
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<JournalError> for Fault {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl From<Fault> for JournalError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Sql(error) => {
                Self::new(kind(&error), format!("the journal failed: {}", phrase(&error))).with_source(error)
            }
            Fault::Journal(error) => error,
        }
    }
}

fn kind(error: &rusqlite::Error) -> JournalErrorKind {
    use rusqlite::Error;
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => JournalErrorKind::Locked,
        Some(ErrorCode::ConstraintViolation) => JournalErrorKind::Invariant,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => JournalErrorKind::Corrupt,
        Some(_) => JournalErrorKind::Storage,
        None => match error {
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..) => JournalErrorKind::Corrupt,
            _ => JournalErrorKind::Storage,
        },
    }
}

fn phrase(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "another process is writing it",
        Some(ErrorCode::ConstraintViolation) => "the batch would store something twice",
        Some(ErrorCode::DatabaseCorrupt) => "the file is damaged",
        Some(ErrorCode::NotADatabase) => "the file is no journal",
        Some(ErrorCode::DiskFull) => "the disk is full",
        Some(ErrorCode::ReadOnly) => "it can only be read",
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => "the file or its folder is not accessible",
        Some(ErrorCode::SystemIoFailure) => "the disk reports an error",
        Some(_) => "SQLite reports an error",
        None if kind(error) == JournalErrorKind::Corrupt => "a value in it is of the wrong type",
        None => "SQLite cannot be used",
    }
}
