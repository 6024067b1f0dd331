//! The journal on SQLite.

/// The journal on SQLite.
#[derive(Debug)]
pub struct SqliteJournal;

/// Held by the one process that writes.
#[derive(Debug)]
pub struct WriterLock;
