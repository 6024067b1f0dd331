//! A journal whose commits can fail.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Fault, Faults};
use crate::journal::{
    Absence, AuditRow, Candidate, CandidateQuery, Committed, Durability, EventFilter, EventState, Intent, Journal,
    JournalError, JournalErrorKind, LedgerEvent, Link, LinkState, MemoryJournal, Seen, Side, SnapshotCounts,
    SnapshotId, Stream, Write,
};
use crate::model::{EndpointName, EventKey, ExternalId, Fingerprint, HashKey, Pair, SyncKey};

/// A journal in memory behind the shim: every commit is a step, and nothing works in a dead process.
#[derive(Clone, Debug)]
pub struct FaultyJournal {
    inner: Arc<MemoryJournal>,
    faults: Faults,
}

impl FaultyJournal {
    /// Puts the shim around a journal.
    pub fn new(inner: Arc<MemoryJournal>, faults: Faults) -> Self {
        Self { inner, faults }
    }

    fn alive(&self) -> Result<&MemoryJournal, JournalError> {
        if self.faults.is_dead() { Err(crashed()) } else { Ok(&self.inner) }
    }
}

fn crashed() -> JournalError {
    JournalError::new(JournalErrorKind::Crashed, "the process is dead")
}

#[async_trait]
impl Journal for FaultyJournal {
    async fn hash_key(&self) -> Result<HashKey, JournalError> {
        self.alive()?.hash_key().await
    }

    async fn commit(&self, durability: Durability, writes: Vec<Write>) -> Result<Committed, JournalError> {
        match self.faults.step().map_err(|_| crashed())? {
            None => self.inner.commit(durability, writes).await,
            Some(Fault::PowerLoss) => {
                self.inner.power_loss();
                Err(crashed())
            }
            Some(Fault::CrashBefore) => Err(crashed()),
            Some(Fault::FailBefore | Fault::DeliverLate) => {
                Err(JournalError::new(JournalErrorKind::Storage, "the disk refused the write"))
            }
            Some(Fault::LoseReply | Fault::CrashAfter) => {
                // Nobody survives not knowing whether the own disk took a write.
                self.inner.commit(durability, writes).await?;
                self.faults.die();
                Err(crashed())
            }
        }
    }

    async fn begin_snapshot(&self, stream: &Stream) -> Result<SnapshotId, JournalError> {
        self.alive()?.begin_snapshot(stream).await
    }

    async fn compare(
        &self,
        snapshot: SnapshotId,
        page: &[(ExternalId, Fingerprint)],
    ) -> Result<Vec<usize>, JournalError> {
        self.alive()?.compare(snapshot, page).await
    }

    async fn snapshot_counts(&self, snapshot: SnapshotId) -> Result<SnapshotCounts, JournalError> {
        self.alive()?.snapshot_counts(snapshot).await
    }

    async fn end_snapshot(
        &self,
        snapshot: SnapshotId,
        at: DateTime<Utc>,
        absence: Absence,
    ) -> Result<(), JournalError> {
        self.alive()?.end_snapshot(snapshot, at, absence).await
    }

    async fn seen(&self, stream: &Stream, id: &ExternalId) -> Result<Option<Seen>, JournalError> {
        self.alive()?.seen(stream, id).await
    }

    async fn all_seen(&self, stream: &Stream) -> Result<Vec<Seen>, JournalError> {
        self.alive()?.all_seen(stream).await
    }

    async fn candidates(&self, query: &CandidateQuery) -> Result<Vec<Candidate>, JournalError> {
        self.alive()?.candidates(query).await
    }

    async fn candidates_of(&self, pair: &Pair, ids: &[ExternalId]) -> Result<Vec<Candidate>, JournalError> {
        self.alive()?.candidates_of(pair, ids).await
    }

    async fn unlinked(&self, pair: &Pair, side: Side) -> Result<Vec<Seen>, JournalError> {
        self.alive()?.unlinked(pair, side).await
    }

    async fn link(&self, key: SyncKey) -> Result<Option<Link>, JournalError> {
        self.alive()?.link(key).await
    }

    async fn link_of(&self, pair: &Pair, side: Side, id: &ExternalId) -> Result<Option<Link>, JournalError> {
        self.alive()?.link_of(pair, side, id).await
    }

    async fn links(&self, pair: &Pair) -> Result<Vec<Link>, JournalError> {
        self.alive()?.links(pair).await
    }

    async fn link_counts(&self, pair: &Pair) -> Result<BTreeMap<LinkState, u64>, JournalError> {
        self.alive()?.link_counts(pair).await
    }

    async fn open_intents(&self, pair: &Pair) -> Result<Vec<Intent>, JournalError> {
        self.alive()?.open_intents(pair).await
    }

    async fn outcomes_since(&self, pair: &Pair, class: &str, since: DateTime<Utc>) -> Result<u64, JournalError> {
        self.alive()?.outcomes_since(pair, class, since).await
    }

    async fn audit(&self, record: Option<&ExternalId>, limit: usize) -> Result<Vec<AuditRow>, JournalError> {
        self.alive()?.audit(record, limit).await
    }

    async fn document(&self, kind: &str, key: &str) -> Result<Option<serde_json::Value>, JournalError> {
        self.alive()?.document(kind, key).await
    }

    async fn documents(&self, kind: &str, prefix: &str) -> Result<Vec<(String, serde_json::Value)>, JournalError> {
        self.alive()?.documents(kind, prefix).await
    }

    async fn event(&self, key: &EventKey) -> Result<Option<LedgerEvent>, JournalError> {
        self.alive()?.event(key).await
    }

    async fn events(&self, filter: &EventFilter) -> Result<Vec<LedgerEvent>, JournalError> {
        self.alive()?.events(filter).await
    }

    async fn event_contents(
        &self,
        endpoint: &EndpointName,
        epoch: u32,
        from: i64,
        to: i64,
    ) -> Result<Vec<(i64, u64)>, JournalError> {
        self.alive()?.event_contents(endpoint, epoch, from, to).await
    }

    async fn delivered_of(
        &self,
        endpoint: &EndpointName,
        person: &ExternalId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<LedgerEvent>, JournalError> {
        self.alive()?.delivered_of(endpoint, person, from, to).await
    }

    async fn revisions(
        &self,
        endpoint: &EndpointName,
        identities: &[String],
    ) -> Result<Vec<LedgerEvent>, JournalError> {
        self.alive()?.revisions(endpoint, identities).await
    }

    async fn event_counts(&self, endpoint: &EndpointName) -> Result<BTreeMap<EventState, u64>, JournalError> {
        self.alive()?.event_counts(endpoint).await
    }
}
