//! One process writes.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::journal::{JournalError, JournalErrorKind};

/// Held by the one process that writes; given back when dropped, also by a crash.
#[derive(Debug)]
pub struct WriterLock {
    _file: Option<File>,
}

impl WriterLock {
    /// A journal in memory has no second writer.
    pub(super) fn of_memory() -> Self {
        Self { _file: None }
    }

    /// Locks `<journal>.lock`.
    pub(super) fn beside(journal: &Path) -> Result<Self, JournalError> {
        let path = lock_path(journal);
        let storage = |error: std::io::Error| {
            let message = format!("the lock file {} cannot be used: {error}", path.display());
            JournalError::new(JournalErrorKind::Storage, message)
        };
        let file = File::options().write(true).create(true).truncate(false).open(&path).map_err(storage)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(JournalError::new(
                JournalErrorKind::Locked,
                format!("another process is writing this journal: it holds {}", path.display()),
            )),
            Err(TryLockError::Error(error)) => Err(storage(error)),
        }
    }
}

fn lock_path(journal: &Path) -> PathBuf {
    let mut path = journal.as_os_str().to_owned();
    path.push(".lock");
    PathBuf::from(path)
}
