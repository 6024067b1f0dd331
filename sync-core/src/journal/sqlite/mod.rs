//! The journal on SQLite.
//!
//! What every run compares is narrow and ordered, so that agreeing records are merged in the store at the speed of a
//! scan; what a person may want to read lies beside it and is touched for records that differ.

mod audit;
mod batch;
mod candidates;
mod codec;
mod documents;
mod events;
mod fault;
mod intents;
mod links;
mod lock;
mod names;
mod open;
mod seen;
mod snapshot;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rusqlite::Connection;

use self::fault::{Fault, Found};
use self::names::Names;
use self::snapshot::Sessions;
use super::{
    Absence, AuditRow, Candidate, CandidateQuery, Committed, Durability, EventFilter, EventState, Intent, Journal,
    JournalError, LedgerEvent, Link, LinkState, Seen, Side, SnapshotCounts, SnapshotId, Stream, Write,
};
use crate::model::{EndpointName, EventKey, ExternalId, Fingerprint, HashKey, Pair, SyncKey};

pub use lock::WriterLock;

/// The journal on SQLite: one file, embedded.
///
/// Calls block their thread for as long as SQLite takes: microseconds for a look-up, one disk flush for a D1 batch,
/// about a second for the candidates of a million links.
///
/// Several processes may read; the one that writes holds a [`WriterLock`].
pub struct SqliteJournal {
    store: Mutex<Store>,
    path: Option<PathBuf>,
}

struct Store {
    connection: Connection,
    hash_key: HashKey,
    /// The class that the connection is set to.
    durability: Durability,
    names: Names,
    sessions: Sessions,
}

impl SqliteJournal {
    /// Opens a journal, makes it if there is none, and brings an older one up to date.
    ///
    /// # Errors
    /// `Storage` if the file cannot be opened, `Corrupt` if it is no journal, `NewerSchema` if a newer program made it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        let path = path.as_ref();
        let store = open::file(path).map_err(|fault| fault.at(path))?;
        Ok(Self { store: Mutex::new(store), path: Some(path.to_owned()) })
    }

    /// Opens a journal that exists, to look at it while another process may write it.
    ///
    /// # Errors
    /// As [`SqliteJournal::open`]; every batch on it fails with `Storage`.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        let path = path.as_ref();
        let store = open::read_only(path).map_err(|fault| fault.at(path))?;
        Ok(Self { store: Mutex::new(store), path: Some(path.to_owned()) })
    }

    /// A journal that is gone when it is dropped.
    ///
    /// # Errors
    /// `Storage` if there is no memory for it.
    pub fn open_in_memory() -> Result<Self, JournalError> {
        let store = open::memory().map_err(JournalError::from)?;
        Ok(Self { store: Mutex::new(store), path: None })
    }

    /// Claims the journal for the writes of this process, until the lock is dropped.
    ///
    /// # Errors
    /// `Locked` if another process holds it, `Storage` if the lock file cannot be made.
    pub fn lock_writer(&self) -> Result<WriterLock, JournalError> {
        self.path.as_deref().map_or_else(|| Ok(WriterLock::of_memory()), WriterLock::beside)
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Store) -> Found<T>) -> Result<T, JournalError> {
        work(&mut self.lock()).map_err(Fault::into)
    }
}

impl fmt::Debug for SqliteJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteJournal").field("path", &self.path).finish_non_exhaustive()
    }
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn hash_key(&self) -> Result<HashKey, JournalError> {
        Ok(self.lock().hash_key)
    }

    async fn commit(&self, durability: Durability, writes: Vec<Write>) -> Result<Committed, JournalError> {
        self.with(|store| store.commit(durability, &writes))
    }

    async fn begin_snapshot(&self, stream: &Stream) -> Result<SnapshotId, JournalError> {
        self.with(|store| store.begin_snapshot(stream))
    }

    async fn compare(
        &self,
        snapshot: SnapshotId,
        page: &[(ExternalId, Fingerprint)],
    ) -> Result<Vec<usize>, JournalError> {
        self.with(|store| snapshot::compare(&store.connection, store.sessions.get(snapshot)?, page))
    }

    async fn snapshot_counts(&self, snapshot: SnapshotId) -> Result<SnapshotCounts, JournalError> {
        self.with(|store| snapshot::counts(&store.connection, store.sessions.get(snapshot)?))
    }

    async fn end_snapshot(
        &self,
        snapshot: SnapshotId,
        at: DateTime<Utc>,
        absence: Absence,
    ) -> Result<(), JournalError> {
        self.with(|store| store.end_snapshot(snapshot, at, absence))
    }

    async fn seen(&self, stream: &Stream, id: &ExternalId) -> Result<Option<Seen>, JournalError> {
        self.with(|Store { connection, names, .. }| match names.find_stream(connection, stream)? {
            Some(stream) => seen::one(connection, stream, id),
            None => Ok(None),
        })
    }

    async fn all_seen(&self, stream: &Stream) -> Result<Vec<Seen>, JournalError> {
        self.with(|Store { connection, names, .. }| match names.find_stream(connection, stream)? {
            Some(stream) => seen::all(connection, stream),
            None => Ok(Vec::new()),
        })
    }

    async fn candidates(&self, query: &CandidateQuery) -> Result<Vec<Candidate>, JournalError> {
        self.with(|Store { connection, names, .. }| candidates::candidates(connection, names, query))
    }

    async fn candidates_of(&self, pair: &Pair, ids: &[ExternalId]) -> Result<Vec<Candidate>, JournalError> {
        self.with(|Store { connection, names, .. }| candidates::of(connection, names, pair, ids))
    }

    async fn unlinked(&self, pair: &Pair, side: Side) -> Result<Vec<Seen>, JournalError> {
        self.with(|Store { connection, names, .. }| candidates::unlinked(connection, names, pair, side))
    }

    async fn link(&self, key: SyncKey) -> Result<Option<Link>, JournalError> {
        self.with(|store| links::by_key(&store.connection, key))
    }

    async fn link_of(&self, pair: &Pair, side: Side, id: &ExternalId) -> Result<Option<Link>, JournalError> {
        self.with(|Store { connection, names, .. }| links::of_record(connection, names, pair, side, id))
    }

    async fn links(&self, pair: &Pair) -> Result<Vec<Link>, JournalError> {
        self.with(|Store { connection, names, .. }| links::all(connection, names, pair))
    }

    async fn link_counts(&self, pair: &Pair) -> Result<BTreeMap<LinkState, u64>, JournalError> {
        self.with(|Store { connection, names, .. }| links::counts(connection, names, pair))
    }

    async fn open_intents(&self, pair: &Pair) -> Result<Vec<Intent>, JournalError> {
        self.with(|Store { connection, names, .. }| intents::open(connection, names, pair))
    }

    async fn outcomes_since(&self, pair: &Pair, class: &str, since: DateTime<Utc>) -> Result<u64, JournalError> {
        self.with(|Store { connection, names, .. }| intents::outcomes_since(connection, names, pair, class, since))
    }

    async fn audit(&self, record: Option<&ExternalId>, limit: usize) -> Result<Vec<AuditRow>, JournalError> {
        self.with(|store| audit::newest(&store.connection, record, limit))
    }

    async fn document(&self, kind: &str, key: &str) -> Result<Option<serde_json::Value>, JournalError> {
        self.with(|store| documents::one(&store.connection, kind, key))
    }

    async fn documents(&self, kind: &str, prefix: &str) -> Result<Vec<(String, serde_json::Value)>, JournalError> {
        self.with(|store| documents::with_prefix(&store.connection, kind, prefix))
    }

    async fn event(&self, key: &EventKey) -> Result<Option<LedgerEvent>, JournalError> {
        self.with(|Store { connection, names, .. }| events::one(connection, names, key))
    }

    async fn events(&self, filter: &EventFilter) -> Result<Vec<LedgerEvent>, JournalError> {
        self.with(|Store { connection, names, .. }| events::matching(connection, names, filter))
    }

    async fn event_contents(
        &self,
        endpoint: &EndpointName,
        epoch: u32,
        from: i64,
        to: i64,
    ) -> Result<Vec<(i64, u64)>, JournalError> {
        self.with(|Store { connection, names, .. }| events::contents(connection, names, endpoint, epoch, from..=to))
    }

    async fn delivered_of(
        &self,
        endpoint: &EndpointName,
        person: &ExternalId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<LedgerEvent>, JournalError> {
        self.with(|Store { connection, names, .. }| events::delivered(connection, names, endpoint, person, from..=to))
    }

    async fn revisions(
        &self,
        endpoint: &EndpointName,
        identities: &[String],
    ) -> Result<Vec<LedgerEvent>, JournalError> {
        self.with(|Store { connection, names, .. }| events::revisions(connection, names, endpoint, identities))
    }

    async fn event_counts(&self, endpoint: &EndpointName) -> Result<BTreeMap<EventState, u64>, JournalError> {
        self.with(|Store { connection, names, .. }| events::counts(connection, names, endpoint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::JournalErrorKind;

    fn put(length: usize) -> Vec<Write> {
        vec![Write::Put { kind: "plan", key: length.to_string(), value: "x".repeat(length).into() }]
    }

    fn pragma(journal: &SqliteJournal, name: &str) -> i64 {
        journal.lock().connection.pragma_query_value(None, name, |row| row.get(0)).unwrap()
    }

    #[tokio::test]
    async fn only_d1_batches_wait_for_the_disk() {
        let journal = SqliteJournal::open_in_memory().unwrap();
        for (durability, setting) in
            [(Durability::D2, 1), (Durability::D2, 1), (Durability::D1, 2), (Durability::D2, 1)]
        {
            journal.commit(durability, put(1)).await.unwrap();
            assert_eq!(pragma(&journal, "synchronous"), setting);
        }
    }

    #[tokio::test]
    async fn a_full_disk_is_named_and_leaves_the_journal_as_it_was() {
        let journal = SqliteJournal::open_in_memory().unwrap();
        journal.commit(Durability::D1, put(1)).await.unwrap();
        let pages = pragma(&journal, "page_count");
        journal.lock().connection.pragma_update(None, "max_page_count", pages + 2).unwrap();
        let refused = journal.commit(Durability::D1, put(100_000)).await.unwrap_err();
        assert_eq!(refused.kind(), JournalErrorKind::Storage);
        assert!(refused.to_string().contains("disk is full"), "{refused}");
        assert_eq!(journal.documents("plan", "").await.unwrap().len(), 1);
        journal.commit(Durability::D1, put(2)).await.unwrap();
    }
}
