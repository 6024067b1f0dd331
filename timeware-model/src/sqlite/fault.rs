//! SQLite's errors in the words of this crate.

use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::error::{Error, ErrorKind};

/// What a step inside a transaction may fail with; becomes an [`Error`] at the edge of the store.
#[derive(Debug)]
pub(crate) enum Fault {
    Sql(rusqlite::Error),
    Own(Error),
}

pub(crate) type Step<T> = Result<T, Fault>;

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Own(error)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Own(error) => error,
            Fault::Sql(error) => describe(error),
        }
    }
}

impl Fault {
    /// The row itself was refused: another one would go through.
    pub(crate) fn is_refused_row(&self) -> bool {
        matches!(self, Self::Sql(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation))
    }
}

fn describe(error: rusqlite::Error) -> Error {
    let (kind, message) = match error.sqlite_error() {
        Some(code) => classify(*code),
        None => (ErrorKind::Protocol, "the database answered with something unexpected"),
    };
    Error::new(kind, message).with_source(error)
}

fn classify(error: ffi::Error) -> (ErrorKind, &'static str) {
    match error.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
            return (ErrorKind::Duplicate, "a record with this key exists already");
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => return (ErrorKind::NotFound, "a record named does not exist"),
        _ => {}
    }
    match error.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => (ErrorKind::Unavailable, "the database is busy"),
        ErrorCode::CannotOpen => (ErrorKind::Unavailable, "the database cannot be opened"),
        ErrorCode::DiskFull => (ErrorKind::Unavailable, "the disk is full"),
        ErrorCode::SystemIoFailure => (ErrorKind::Unavailable, "the disk cannot be read or written"),
        ErrorCode::ReadOnly => (ErrorKind::ReadOnly, "the database may only be read"),
        ErrorCode::ConstraintViolation => (ErrorKind::Rejected, "the database refused a value"),
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => {
            (ErrorKind::Protocol, "the file is not a sound database")
        }
        _ => (ErrorKind::Protocol, "the database refused a statement"),
    }
}
