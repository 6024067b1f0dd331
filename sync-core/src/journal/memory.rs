//! The journal in memory: for tests, for embedders without a disk, and to study power losses.

mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use self::tables::Tables;
use super::{
    Absence, AuditRow, Candidate, CandidateQuery, Committed, Durability, EventFilter, EventState, Intent, Journal,
    JournalError, JournalErrorKind, LedgerEvent, Link, LinkState, Seen, Side, SnapshotCounts, SnapshotId, Stream,
    Write,
};
use crate::model::{EndpointName, EventKey, ExternalId, Fingerprint, HashKey, Pair, SyncKey};

/// A journal in memory.
///
/// It keeps what is durable apart from what is merely stored, so that [`MemoryJournal::power_loss`] can drop
/// everything since the last D1 batch.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    stored: Tables,
    snapshots: BTreeMap<SnapshotId, Snapshot>,
    next_snapshot: u64,
}

#[derive(Debug)]
struct Snapshot {
    stream: Stream,
    present: BTreeSet<ExternalId>,
}

impl MemoryJournal {
    /// An empty journal.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets everything since the last D1 batch, and all snapshots that are being read.
    pub fn power_loss(&self) {
        let mut state = self.lock();
        state.stored.take_back(0);
        state.snapshots.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn hash_key(&self) -> Result<HashKey, JournalError> {
        Ok(HashKey::from_bytes([0x5a; 16]))
    }

    async fn commit(&self, durability: Durability, writes: Vec<Write>) -> Result<Committed, JournalError> {
        let mut state = self.lock();
        let noted: Vec<_> = writes.iter().filter_map(seen_in).collect();
        let committed = state.stored.commit(writes)?;
        if durability == Durability::D1 {
            state.stored.settle();
        }
        // Records that were stored while a snapshot is being read are there.
        for (stream, ids) in noted {
            for snapshot in state.snapshots.values_mut().filter(|snapshot| snapshot.stream == stream) {
                snapshot.present.extend(ids.iter().cloned());
            }
        }
        Ok(committed)
    }

    async fn begin_snapshot(&self, stream: &Stream) -> Result<SnapshotId, JournalError> {
        let mut state = self.lock();
        state.next_snapshot += 1;
        let id = SnapshotId(state.next_snapshot);
        state.snapshots.insert(id, Snapshot { stream: stream.clone(), present: BTreeSet::new() });
        Ok(id)
    }

    async fn compare(
        &self,
        snapshot: SnapshotId,
        page: &[(ExternalId, Fingerprint)],
    ) -> Result<Vec<usize>, JournalError> {
        let mut state = self.lock();
        let State { stored, snapshots, .. } = &mut *state;
        let snapshot = snapshots.get_mut(&snapshot).ok_or_else(no_snapshot)?;
        let seen = stored.seen.get(&snapshot.stream);
        let mut changed = Vec::new();
        for (position, (id, fingerprint)) in page.iter().enumerate() {
            snapshot.present.insert(id.clone());
            let known = seen.and_then(|seen| seen.get(id));
            if known.is_none_or(|known| known.fingerprint != *fingerprint) {
                changed.push(position);
            }
        }
        Ok(changed)
    }

    async fn snapshot_counts(&self, snapshot: SnapshotId) -> Result<SnapshotCounts, JournalError> {
        let state = self.lock();
        let snapshot = state.snapshots.get(&snapshot).ok_or_else(no_snapshot)?;
        let lacking = state.stored.stream(&snapshot.stream).filter(|seen| seen.missing == 0);
        Ok(SnapshotCounts {
            present: snapshot.present.len() as u64,
            lacking: lacking.filter(|seen| !snapshot.present.contains(&seen.id)).count() as u64,
            history: state.stored.history.get(&snapshot.stream).cloned().unwrap_or_default(),
        })
    }

    async fn end_snapshot(
        &self,
        snapshot: SnapshotId,
        at: DateTime<Utc>,
        absence: Absence,
    ) -> Result<(), JournalError> {
        let mut state = self.lock();
        let snapshot = state.snapshots.remove(&snapshot).ok_or_else(no_snapshot)?;
        let known: Vec<Seen> = state.stored.stream(&snapshot.stream).cloned().collect();
        for seen in known {
            let (missing, missing_at) = if snapshot.present.contains(&seen.id) {
                (0, None)
            } else if let Absence::Derive { min_absence } = absence
                && seen.missing_at.is_none_or(|last| at - last >= min_absence)
            {
                (seen.missing.saturating_add(1), Some(at))
            } else {
                continue;
            };
            if (missing, missing_at) != (seen.missing, seen.missing_at) {
                state.stored.put_seen(&snapshot.stream, Seen { missing, missing_at, ..seen });
            }
        }
        if matches!(absence, Absence::Derive { .. }) {
            state.stored.count(&snapshot.stream, snapshot.present.len() as u64);
        }
        Ok(())
    }

    async fn seen(&self, stream: &Stream, id: &ExternalId) -> Result<Option<Seen>, JournalError> {
        Ok(self.lock().stored.seen.get(stream).and_then(|seen| seen.get(id)).cloned())
    }

    async fn all_seen(&self, stream: &Stream) -> Result<Vec<Seen>, JournalError> {
        Ok(self.lock().stored.stream(stream).cloned().collect())
    }

    async fn candidates(&self, query: &CandidateQuery) -> Result<Vec<Candidate>, JournalError> {
        let state = self.lock();
        let tables = &state.stored;
        let (primary, secondary) = (Stream::of(&query.pair, Side::Primary), Stream::of(&query.pair, Side::Secondary));
        let look = |stream: &Stream, id: Option<&ExternalId>| {
            id.and_then(|id| tables.seen.get(stream).and_then(|seen| seen.get(id))).cloned()
        };
        let mut found = Vec::new();
        for link in tables.links_of(&query.pair).filter(|link| link.state != LinkState::Dead) {
            let candidate = Candidate {
                primary: look(&primary, link.primary.as_ref()),
                secondary: look(&secondary, link.secondary.as_ref()),
                link: Some(link.clone()),
            };
            if may_differ(&candidate, link, query) {
                found.push(candidate);
            }
        }
        for seen in tables.unlinked(&query.pair, Side::Primary) {
            let dead = tables.links_of(&query.pair).filter(|link| link.primary.as_ref() == Some(&seen.id));
            let link = dead.max_by_key(|link| link.generation).cloned();
            let partner = link.as_ref().and_then(|link| look(&secondary, link.secondary.as_ref()));
            found.push(Candidate { link, primary: Some(seen.clone()), secondary: partner });
        }
        found.sort_by(|a, b| order_key(a).cmp(&order_key(b)));
        Ok(found)
    }

    async fn candidates_of(&self, pair: &Pair, ids: &[ExternalId]) -> Result<Vec<Candidate>, JournalError> {
        let state = self.lock();
        let tables = &state.stored;
        let look = |side: Side, id: Option<&ExternalId>| {
            id.and_then(|id| tables.seen.get(&Stream::of(pair, side)).and_then(|seen| seen.get(id))).cloned()
        };
        let wanted: BTreeSet<&ExternalId> = ids.iter().collect();
        let mut links: BTreeMap<&ExternalId, &Link> = BTreeMap::new();
        for link in tables.links_of(pair) {
            let Some(id) = link.primary.as_ref().filter(|id| wanted.contains(id)) else { continue };
            let rank = |link: &Link| (link.state != LinkState::Dead, link.generation, link.key);
            if links.get(id).is_none_or(|known| rank(known) < rank(link)) {
                links.insert(id, link);
            }
        }
        let candidates = wanted.into_iter().filter_map(|id| {
            let link = links.get(id).copied();
            let primary = look(Side::Primary, Some(id));
            let linked = link.is_some_and(|link| link.state != LinkState::Dead);
            (linked || primary.as_ref().is_some_and(|seen| seen.missing == 0)).then(|| Candidate {
                secondary: look(Side::Secondary, link.and_then(|link| link.secondary.as_ref())),
                link: link.cloned(),
                primary,
            })
        });
        Ok(candidates.collect())
    }

    async fn unlinked(&self, pair: &Pair, side: Side) -> Result<Vec<Seen>, JournalError> {
        Ok(self.lock().stored.unlinked(pair, side).into_iter().cloned().collect())
    }

    async fn link(&self, key: SyncKey) -> Result<Option<Link>, JournalError> {
        Ok(self.lock().stored.links.get(&key).cloned())
    }

    async fn link_of(&self, pair: &Pair, side: Side, id: &ExternalId) -> Result<Option<Link>, JournalError> {
        let state = self.lock();
        Ok(state.stored.link_of(pair, side, id).cloned())
    }

    async fn links(&self, pair: &Pair) -> Result<Vec<Link>, JournalError> {
        let state = self.lock();
        let mut links: Vec<_> =
            state.stored.links_of(pair).filter(|link| link.state != LinkState::Dead).cloned().collect();
        links.sort_by(|a, b| (&a.primary, a.key).cmp(&(&b.primary, b.key)));
        Ok(links)
    }

    async fn link_counts(&self, pair: &Pair) -> Result<BTreeMap<LinkState, u64>, JournalError> {
        let mut counts = BTreeMap::new();
        for link in self.lock().stored.links_of(pair) {
            *counts.entry(link.state).or_default() += 1;
        }
        Ok(counts)
    }

    async fn open_intents(&self, pair: &Pair) -> Result<Vec<Intent>, JournalError> {
        let state = self.lock();
        let mut open: Vec<_> =
            state.stored.intents.values().filter(|i| i.state.is_open() && i.pair == *pair).cloned().collect();
        open.sort_by_key(|intent| (intent.prepared_at, intent.key, intent.attempt));
        Ok(open)
    }

    async fn outcomes_since(&self, pair: &Pair, class: &str, since: DateTime<Utc>) -> Result<u64, JournalError> {
        let state = self.lock();
        let counted = state.stored.outcomes.iter();
        Ok(counted.filter(|o| o.pair == *pair && o.class == class && o.at >= since && !o.approved).count() as u64)
    }

    async fn audit(&self, record: Option<&ExternalId>, limit: usize) -> Result<Vec<AuditRow>, JournalError> {
        let state = self.lock();
        let rows = state.stored.audit.iter().rev();
        Ok(rows.filter(|row| record.is_none_or(|id| row.entry.record == *id)).take(limit).cloned().collect())
    }

    async fn document(&self, kind: &str, key: &str) -> Result<Option<serde_json::Value>, JournalError> {
        Ok(self.lock().stored.documents.get(&(kind.to_owned(), key.to_owned())).cloned())
    }

    async fn documents(&self, kind: &str, prefix: &str) -> Result<Vec<(String, serde_json::Value)>, JournalError> {
        let state = self.lock();
        let of_kind = state.stored.documents.iter().filter(|((k, key), _)| k == kind && key.starts_with(prefix));
        Ok(of_kind.map(|((_, key), value)| (key.clone(), value.clone())).collect())
    }

    async fn event(&self, key: &EventKey) -> Result<Option<LedgerEvent>, JournalError> {
        Ok(self.lock().stored.events.get(key).cloned())
    }

    async fn events(&self, filter: &EventFilter) -> Result<Vec<LedgerEvent>, JournalError> {
        let state = self.lock();
        let matching = state.stored.events.values().filter(|event| matches_filter(event, filter));
        Ok(matching.take(filter.limit).cloned().collect())
    }

    async fn event_contents(
        &self,
        endpoint: &EndpointName,
        epoch: u32,
        from: i64,
        to: i64,
    ) -> Result<Vec<(i64, u64)>, JournalError> {
        let key = |number| EventKey { endpoint: endpoint.clone(), epoch, number };
        let state = self.lock();
        Ok(state.stored.events.range(key(from)..=key(to)).map(|(key, event)| (key.number, event.content)).collect())
    }

    async fn delivered_of(
        &self,
        endpoint: &EndpointName,
        person: &ExternalId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<LedgerEvent>, JournalError> {
        let state = self.lock();
        let delivered = state.stored.events.values().filter(|event| {
            event.key.endpoint == *endpoint
                && event.state == EventState::Delivered
                && event.person.as_ref() == Some(person)
                && (from..=to).contains(&event.occurred.to_utc())
        });
        Ok(delivered.cloned().collect())
    }

    async fn revisions(
        &self,
        endpoint: &EndpointName,
        identities: &[String],
    ) -> Result<Vec<LedgerEvent>, JournalError> {
        let wanted: BTreeSet<&str> = identities.iter().map(String::as_str).collect();
        let state = self.lock();
        let found = state.stored.events.values().filter(|event| {
            event.key.endpoint == *endpoint && event.identity.as_deref().is_some_and(|it| wanted.contains(it))
        });
        Ok(found.cloned().collect())
    }

    async fn event_counts(&self, endpoint: &EndpointName) -> Result<BTreeMap<EventState, u64>, JournalError> {
        let mut counts = BTreeMap::new();
        for event in self.lock().stored.events.values().filter(|event| event.key.endpoint == *endpoint) {
            *counts.entry(event.state).or_default() += 1;
        }
        Ok(counts)
    }
}

/// The records that a write sees, and where.
fn seen_in(write: &Write) -> Option<(Stream, Vec<ExternalId>)> {
    match write {
        Write::See(stream, rows) => Some((stream.clone(), rows.iter().map(|row| row.id.clone()).collect())),
        _ => None,
    }
}

fn may_differ(candidate: &Candidate, link: &Link, query: &CandidateQuery) -> bool {
    let changed = |seen: Option<&Seen>, agreed: Fingerprint| {
        seen.is_none_or(|seen| seen.missing > 0 || seen.fingerprint != agreed)
    };
    link.due
        || link.state != LinkState::Live
        || link.revision != query.revision
        || link.removed.is_some()
        || link.retry_at.is_some_and(|at| at <= query.now)
        || changed(candidate.primary.as_ref(), link.primary_seen)
        || changed(candidate.secondary.as_ref(), link.secondary_seen)
}

fn order_key(candidate: &Candidate) -> (Option<&ExternalId>, Option<SyncKey>) {
    let link = candidate.link.as_ref();
    let primary = candidate.primary.as_ref().map(|seen| &seen.id);
    (primary.or_else(|| link.and_then(|link| link.primary.as_ref())), link.map(|link| link.key))
}

fn matches_filter(event: &LedgerEvent, filter: &EventFilter) -> bool {
    event.key.endpoint == filter.endpoint
        && filter.states.contains(&event.state)
        && filter.after.as_ref().is_none_or(|after| event.key > *after)
        && filter.reason.as_ref().is_none_or(|reason| event.reason.as_ref() == Some(reason))
        && filter.device.as_ref().is_none_or(|device| event.device.as_ref() == Some(device))
        && filter.person.as_ref().is_none_or(|person| event.person.as_ref() == Some(person))
        && filter.since.is_none_or(|since| event.occurred.to_utc() >= since)
}

fn no_snapshot() -> JournalError {
    JournalError::new(JournalErrorKind::Invariant, "no snapshot is being read under this id")
}
