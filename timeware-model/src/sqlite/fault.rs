//! SQLite's errors in the words of this crate.

use rusqlite::{ErrorCode, ffi};

use crate::error::{Error, ErrorKind};
use crate::sql::{Fault, Nature};

pub(super) fn fault(error: rusqlite::Error) -> Fault {
    let (nature, kind, message) = match error.sqlite_error() {
        Some(code) => classify(*code),
        None => (Nature::Final, ErrorKind::Protocol, "the database answered with something unexpected"),
    };
    Fault::new(nature, Error::new(kind, message).with_source(error))
}

fn classify(error: ffi::Error) -> (Nature, ErrorKind, &'static str) {
    match error.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
            return (Nature::Duplicate, ErrorKind::Duplicate, "a record with this key exists already");
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => {
            return (Nature::Refused, ErrorKind::NotFound, "a record named does not exist");
        }
        _ => {}
    }
    let (kind, message) = match error.code {
        ErrorCode::ConstraintViolation => {
            return (Nature::Refused, ErrorKind::Rejected, "the database refused a value");
        }
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => (ErrorKind::Unavailable, "the database is busy"),
        ErrorCode::CannotOpen => (ErrorKind::Unavailable, "the database cannot be opened"),
        ErrorCode::DiskFull => (ErrorKind::Unavailable, "the disk is full"),
        ErrorCode::SystemIoFailure => (ErrorKind::Unavailable, "the disk cannot be read or written"),
        ErrorCode::ReadOnly => (ErrorKind::ReadOnly, "the database may only be read"),
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => {
            (ErrorKind::Protocol, "the file is not a sound database")
        }
        _ => (ErrorKind::Protocol, "the database refused a statement"),
    };
    (Nature::Final, kind, message)
}
