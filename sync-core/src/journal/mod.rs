//! The engine's memory: what was seen, what is linked, what was sent, what came of it.
//!
//! Nothing influences a plan unless it is in the journal first. The trait offers no open transactions: one step is one
//! batch of [`Write`]s, which is stored whole or not at all, and no batch is under way while an outside call is.
//!
//! Two durability classes: **D1** is on disk before the next outside effect; **D2** is consistent after a power loss
//! but may lose the last moments, since it can be read again. A D2 batch before a D1 batch becomes durable with it.

mod batch;
mod error;
mod event;
mod intent;
mod link;
mod memory;
mod observation;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(test, feature = "test-kit"))]
pub mod suite;

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;

use crate::model::{EndpointName, EventKey, ExternalId, Fingerprint, HashKey, Pair, SyncKey};

pub use batch::{AuditEntry, AuditRow, Committed, Durability, OutcomeRow, Write};
pub use error::{JournalError, JournalErrorKind};
pub use event::{EventFilter, EventState, EventUpdate, LedgerEvent};
pub use intent::{Intent, IntentId, IntentKind, IntentState};
pub use link::{Baseline, BaselineField, Link, LinkState, Ownership, RemovalStep, Side};
pub use memory::MemoryJournal;
pub use observation::{Absence, Candidate, CandidateQuery, Invalid, Seen, SnapshotCounts, SnapshotId, Stream};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteJournal, WriterLock};

/// The store of one installation.
///
/// # Errors
/// Every method fails with [`JournalError`] when the store cannot be read or written; the engine then stops the run,
/// since nothing may happen that is not recorded.
#[async_trait]
pub trait Journal: Send + Sync + fmt::Debug {
    /// The installation's key for fingerprints and seals; made at the first opening.
    async fn hash_key(&self) -> Result<HashKey, JournalError>;

    /// Stores a batch whole or not at all.
    async fn commit(&self, durability: Durability, writes: Vec<Write>) -> Result<Committed, JournalError>;

    // Observations

    /// Starts to read a whole list. Half-read snapshots leave presence as it was.
    async fn begin_snapshot(&self, stream: &Stream) -> Result<SnapshotId, JournalError>;

    /// Notes the records of a page as present and tells which of them (by position) are new or differ from what was
    /// last seen. Only those need a [`Write::See`].
    async fn compare(
        &self,
        snapshot: SnapshotId,
        page: &[(ExternalId, Fingerprint)],
    ) -> Result<Vec<usize>, JournalError>;

    /// How the snapshot compares with earlier ones, for the guards.
    async fn snapshot_counts(&self, snapshot: SnapshotId) -> Result<SnapshotCounts, JournalError>;

    /// Ends a snapshot. With [`Absence::Derive`] every record of the stream that it lacked counts as missing once
    /// more, and the others as present; with [`Absence::Keep`] only presence is noted.
    async fn end_snapshot(&self, snapshot: SnapshotId, at: DateTime<Utc>, absence: Absence)
    -> Result<(), JournalError>;

    /// What was last seen under an id.
    async fn seen(&self, stream: &Stream, id: &ExternalId) -> Result<Option<Seen>, JournalError>;

    /// Everything last seen in a stream, present or missing, in order of ids. For small streams and tests.
    async fn all_seen(&self, stream: &Stream) -> Result<Vec<Seen>, JournalError>;

    /// Links that may differ and primary records without a link, in order of primary ids: fingerprints are joined in
    /// the store, so that agreeing records cost no memory.
    async fn candidates(&self, query: &CandidateQuery) -> Result<Vec<Candidate>, JournalError>;

    /// The same for these primary records alone, in order of their ids: whatever is linked, agreeing or not, and what
    /// is present without a link. Costs as much as the records that are named, however many there are.
    async fn candidates_of(&self, pair: &Pair, ids: &[ExternalId]) -> Result<Vec<Candidate>, JournalError>;

    /// Present records of one side without a pending, live or held link, in order of ids.
    async fn unlinked(&self, pair: &Pair, side: Side) -> Result<Vec<Seen>, JournalError>;

    // Links

    /// A link by its key.
    async fn link(&self, key: SyncKey) -> Result<Option<Link>, JournalError>;

    /// The pending, live or held link of a record.
    async fn link_of(&self, pair: &Pair, side: Side, id: &ExternalId) -> Result<Option<Link>, JournalError>;

    /// All links of a pair that are not dead, in order of primary ids.
    async fn links(&self, pair: &Pair) -> Result<Vec<Link>, JournalError>;

    /// Number of links of a pair by state.
    async fn link_counts(&self, pair: &Pair) -> Result<BTreeMap<LinkState, u64>, JournalError>;

    // Intents, outcomes, audit

    /// Intents of a pair that are `Prepared` or `InDoubt`, oldest first.
    async fn open_intents(&self, pair: &Pair) -> Result<Vec<Intent>, JournalError>;

    /// How many actions of a class were done unapproved since an instant.
    async fn outcomes_since(&self, pair: &Pair, class: &str, since: DateTime<Utc>) -> Result<u64, JournalError>;

    /// Audit rows of one record, or of everything, newest first.
    async fn audit(&self, record: Option<&ExternalId>, limit: usize) -> Result<Vec<AuditRow>, JournalError>;

    // Small documents: identities, cursors, plans, holds, decisions, gaps, runs

    /// A document.
    async fn document(&self, kind: &str, key: &str) -> Result<Option<serde_json::Value>, JournalError>;

    /// All documents of a kind whose key begins with `prefix`, in order of keys.
    async fn documents(&self, kind: &str, prefix: &str) -> Result<Vec<(String, serde_json::Value)>, JournalError>;

    // Event ledger

    /// An event.
    async fn event(&self, key: &EventKey) -> Result<Option<LedgerEvent>, JournalError>;

    /// Events in some states, in order of their keys, after `after`.
    async fn events(&self, filter: &EventFilter) -> Result<Vec<LedgerEvent>, JournalError>;

    /// Number and content hash of the stored events of a span of numbers (both ends included), in order.
    async fn event_contents(
        &self,
        endpoint: &EndpointName,
        epoch: u32,
        from: i64,
        to: i64,
    ) -> Result<Vec<(i64, u64)>, JournalError>;

    /// Delivered events of a person that happened in a span (both ends included).
    async fn delivered_of(
        &self,
        endpoint: &EndpointName,
        person: &ExternalId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<LedgerEvent>, JournalError>;

    /// Events that have one of these identities, in order of their keys.
    async fn revisions(&self, endpoint: &EndpointName, identities: &[String])
    -> Result<Vec<LedgerEvent>, JournalError>;

    /// Number of events by state.
    async fn event_counts(&self, endpoint: &EndpointName) -> Result<BTreeMap<EventState, u64>, JournalError>;
}

impl dyn Journal + '_ {
    /// A document as the type that was stored in it; nothing where it does not read as one, as if it were not there.
    ///
    /// # Errors
    /// As [`Journal::document`].
    pub async fn stored<T: DeserializeOwned>(&self, kind: &str, key: &str) -> Result<Option<T>, JournalError> {
        let value = self.document(kind, key).await?;
        Ok(value.and_then(|value| serde_json::from_value(value).ok()))
    }
}
