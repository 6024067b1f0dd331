//! What is known of bookings and people, on disk: one file, sealed where it holds codes.

mod audit;
mod bookings;
mod documents;
mod people;
mod problems;
mod timeline;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeZone as _, Utc};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

pub use audit::{AuditRow, append_audit, verify_audit};
pub use bookings::{BookingRow, BookingState, HistoryRow};
pub(crate) use bookings::{
    booking_by_id, booking_history, bookings_of_source, delete_bookings_before, insert_booking, live_bookings,
    note_history, update_booking,
};
pub use documents::{document, put_document};
pub(crate) use documents::{documents, drop_document};
pub use people::{PersonRow, Told};
pub(crate) use people::{
    all_people, delete_person, insert_person, person_by_door_user, person_by_id, person_by_key, update_person,
};
pub use problems::{Problem, problems};
pub(crate) use problems::{drop_problem, replace_problems, set_problem};
pub use timeline::TimelineRow;
pub(crate) use timeline::{
    close_all, delete_timeline_before, open_rights, set_doors, timeline_between, timeline_counts, timeline_of,
};

use crate::AccessError;

/// Schemas in order; the number of a schema is its place, from one. Never change one that was released.
const MIGRATIONS: [&[&str]; 2] =
    [&[include_str!("schema.sql"), crate::codes::SCHEMA, crate::mail::SCHEMA], &[crate::codes::SCHEMA_OF_STAYS]];

/// The store of bookings, people, codes and letters: one SQLite file.
///
/// One process keeps it; others may look beside it with [`Store::open_read_only`], or give an order, which the one that keeps
/// it notices by [`Access::look_again`](crate::Access::look_again).
#[derive(Clone)]
pub struct Store {
    connection: Arc<Mutex<Connection>>,
}

impl Store {
    /// Opens the store, makes it if there is none, and brings an older one up to date. The file is for its owner alone.
    ///
    /// # Errors
    /// The file cannot be opened or protected, or a newer program made it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, AccessError> {
        let path = path.as_ref();
        protect(path)?;
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "secure_delete", "ON")?;
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        migrate(connection)
    }

    /// Opens a store that exists, to look at it while another process writes it.
    ///
    /// # Errors
    /// There is none, or a newer program made it.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, AccessError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        check_version(&connection)?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    /// A store in memory, for tests and demonstrations.
    ///
    /// # Errors
    /// Hardly any: no memory is left.
    pub fn in_memory() -> Result<Self, AccessError> {
        migrate(Connection::open_in_memory()?)
    }

    /// Works with the connection. Blocks whoever else wants it.
    ///
    /// # Errors
    /// What the work fails with.
    pub fn with<T, E>(&self, work: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        work(&self.connection.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Works in one transaction: all of it is on disk afterwards, or nothing.
    ///
    /// # Errors
    /// What the work fails with, or the commit.
    pub fn transaction<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

fn migrate(mut connection: Connection) -> Result<Store, AccessError> {
    let found = check_version(&connection)?;
    for (schema, number) in MIGRATIONS.iter().zip(1_i64..).filter(|(_, number)| *number > found) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have opened the store at the same time and been first.
        if check_version(&transaction)? >= number {
            continue;
        }
        for part in *schema {
            transaction.execute_batch(part)?;
        }
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(Store { connection: Arc::new(Mutex::new(connection)) })
}

fn check_version(connection: &Connection) -> Result<i64, AccessError> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known { Err(AccessError::NewerSchema { found, known }) } else { Ok(found) }
}

/// Makes the file for its owner alone before SQLite writes into it; its companions inherit the mode.
fn protect(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    drop(file);
    Ok(())
}

/// A number that becomes another whenever another connection has changed the store.
pub(crate) fn changes_of_others(connection: &Connection) -> Result<i64, AccessError> {
    Ok(connection.pragma_query_value(None, "data_version", |row| row.get(0))?)
}

/// An instant as it is stored.
pub(crate) fn millis(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis()
}

/// Back from storage.
pub(crate) fn instant(millis: i64) -> DateTime<Utc> {
    Utc.timestamp_millis_opt(millis).single().unwrap_or(DateTime::<Utc>::MIN_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_for_its_owner_and_survives_reopening() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bookings.db");
        let store = Store::open(&path).unwrap();
        store.with(|connection| put_document(connection, "feed", "a", &1)).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            for file in std::fs::read_dir(folder.path()).unwrap() {
                assert_eq!(file.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
            }
        }
        let beside = Store::open_read_only(&path).unwrap();
        assert_eq!(beside.with(|connection| document::<i32>(connection, "feed", "a")).unwrap(), Some(1));
        assert!(beside.with(|connection| put_document(connection, "feed", "a", &2)).is_err());
        drop(store);
        let again = Store::open(&path).unwrap();
        assert_eq!(again.with(|connection| document::<i32>(connection, "feed", "a")).unwrap(), Some(1));
    }

    #[test]
    fn a_file_of_a_newer_program_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bookings.db");
        drop(Store::open(&path).unwrap());
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(Store::open(&path), Err(AccessError::NewerSchema { found: 99, .. })));
        assert!(matches!(Store::open_read_only(&path), Err(AccessError::NewerSchema { .. })));
    }

    #[test]
    fn an_older_file_is_brought_up_to_date_with_its_codes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bookings.db");
        drop(Store::open(&path).unwrap());
        let before = Connection::open(&path).unwrap();
        let insert = "INSERT INTO code (kind, hash, sealed, person, state, since) VALUES ('pin', x'01', x'02', 'a', 'active', 0)";
        let first = format!("ALTER TABLE code DROP COLUMN stay; PRAGMA user_version = 1; {insert}");
        before.execute_batch(&first).unwrap();
        drop(before);
        let store = Store::open(&path).unwrap();
        let found = store.with(crate::codes::all_bound).unwrap();
        assert_eq!(crate::codes::turn(crate::codes::Bound::held(found.get("a")), None), crate::codes::Turn::Keep);
        assert_eq!(store.with(check_version).unwrap(), 2);
    }

    #[test]
    fn what_fails_half_way_leaves_nothing() {
        let store = Store::in_memory().unwrap();
        let failed: Result<(), AccessError> = store.transaction(|transaction| {
            put_document(transaction, "feed", "a", &1)?;
            Err(AccessError::Nobody)
        });
        assert!(failed.is_err());
        assert_eq!(store.with(|connection| document::<i32>(connection, "feed", "a")).unwrap(), None);
    }
}
