//! Opening, settings, migrations.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Transaction, TransactionBehavior};

use super::Store;
use super::fault::{Fault, Found};
use super::names::Names;
use super::snapshot::Sessions;
use crate::journal::{Durability, JournalError, JournalErrorKind};
use crate::model::HashKey;

/// One script per schema version, in order.
const MIGRATIONS: [&str; 2] = [include_str!("schema.sql"), include_str!("revisions.sql")];
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) fn file(path: &Path) -> Found<Store> {
    make_private(path).map_err(|error| {
        let message = format!("the journal {} cannot be opened for writing: {error}", path.display());
        JournalError::new(JournalErrorKind::Storage, message)
    })?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    refuse_foreign(&connection, path)?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    store(connection)
}

pub(super) fn read_only(path: &Path) -> Found<Store> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    refuse_foreign(&connection, path)?;
    if version(&connection)? < MIGRATIONS.len() {
        let message =
            format!("the journal {} has not been brought up to date yet by a process that writes", path.display());
        return Err(JournalError::new(JournalErrorKind::Storage, message).into());
    }
    store(connection)
}

pub(super) fn memory() -> Found<Store> {
    store(Connection::open_in_memory()?)
}

/// Only the account that runs the service reads people's data; SQLite gives its side files the same rights.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn store(connection: Connection) -> Found<Store> {
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = OFF;
         PRAGMA cache_size = -32768;
         PRAGMA wal_autocheckpoint = 4000;
         PRAGMA journal_size_limit = 67108864;",
    )?;
    migrate(&connection)?;
    let hash_key = stored_hash_key(&connection)?.ok_or_else(|| Fault::corrupt("the key of fingerprints"))?;
    Ok(Store {
        connection,
        hash_key,
        durability: Durability::D1,
        names: Names::default(),
        sessions: Sessions::default(),
    })
}

/// Neither a newer journal nor somebody else's database is touched.
fn refuse_foreign(connection: &Connection, path: &Path) -> Found<()> {
    let (version, known) = (version(connection)?, MIGRATIONS.len());
    if version > known {
        let message = format!(
            "the journal {} was made by a newer program: it has schema {version}, this program knows {known}",
            path.display()
        );
        return Err(JournalError::new(JournalErrorKind::NewerSchema, message).into());
    }
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema WHERE type = 'table'", [], |row| row.get(0))?;
    let own: i64 = connection.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('meta', 'seen', 'link_end', 'event')",
        [],
        |row| row.get(0),
    )?;
    if (version == 0 && tables > 0) || (version > 0 && own < 4) {
        let message = format!("{} is a database of something else, not a journal", path.display());
        return Err(JournalError::new(JournalErrorKind::Corrupt, message).into());
    }
    Ok(())
}

fn version(connection: &Connection) -> Found<usize> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

/// Old schema or new schema, never half of it.
fn migrate(connection: &Connection) -> Found<()> {
    if version(connection)? >= MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    let done = version(&transaction)?;
    for (number, script) in (1_i64..).zip(MIGRATIONS).skip(done) {
        transaction.execute_batch(script)?;
        transaction.pragma_update(None, "user_version", number)?;
    }
    if stored_hash_key(&transaction)?.is_none() {
        let mut key = [0_u8; 16];
        getrandom::fill(&mut key).map_err(|error| {
            JournalError::new(JournalErrorKind::Storage, format!("the system gives no random numbers: {error}"))
        })?;
        transaction.execute("INSERT INTO meta (name, value) VALUES ('hash_key', ?1)", [key])?;
    }
    transaction.commit()?;
    Ok(())
}

fn stored_hash_key(connection: &Connection) -> Found<Option<HashKey>> {
    let bytes: Option<[u8; 16]> =
        connection.query_row("SELECT value FROM meta WHERE name = 'hash_key'", [], |row| row.get(0)).optional()?;
    Ok(bytes.map(HashKey::from_bytes))
}
