//! The journal in memory: for tests, for embedders without a disk, and to study power losses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{
    Absence, AuditRow, Candidate, CandidateQuery, Committed, Durability, EventFilter, EventState, EventUpdate, Intent,
    IntentId, Journal, JournalError, JournalErrorKind, LedgerEvent, Link, LinkState, OutcomeRow, Seen, Side,
    SnapshotCounts, SnapshotId, Stream, Write,
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
    durable: Tables,
    snapshots: BTreeMap<SnapshotId, Snapshot>,
    next_snapshot: u64,
}

#[derive(Clone, Debug, Default)]
struct Tables {
    seen: BTreeMap<Stream, BTreeMap<ExternalId, Seen>>,
    history: BTreeMap<Stream, Vec<u64>>,
    links: BTreeMap<SyncKey, Link>,
    intents: BTreeMap<IntentId, Intent>,
    outcomes: Vec<OutcomeRow>,
    audit: Vec<AuditRow>,
    documents: BTreeMap<(String, String), serde_json::Value>,
    events: BTreeMap<EventKey, LedgerEvent>,
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
        state.stored = state.durable.clone();
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
        let mut next = state.stored.clone();
        let mut committed = Committed::default();
        let noted: Vec<_> = writes.iter().filter_map(seen_in).collect();
        for write in writes {
            next.apply(write, &mut committed)?;
        }
        next.check_bijection()?;
        if durability == Durability::D1 {
            state.durable = next.clone();
        }
        state.stored = next;
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
        for seen in state.stored.seen.entry(snapshot.stream.clone()).or_default().values_mut() {
            if snapshot.present.contains(&seen.id) {
                seen.missing = 0;
                seen.missing_at = None;
            } else if let Absence::Derive { min_absence } = absence
                && seen.missing_at.is_none_or(|last| at - last >= min_absence)
            {
                seen.missing = seen.missing.saturating_add(1);
                seen.missing_at = Some(at);
            }
        }
        if matches!(absence, Absence::Derive { .. }) {
            let history = state.stored.history.entry(snapshot.stream).or_default();
            history.push(snapshot.present.len() as u64);
            if history.len() > 5 {
                history.remove(0);
            }
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
        let mut links = state.stored.links_of(pair).filter(|link| link.state != LinkState::Dead);
        Ok(links.find(|link| link.record(side) == Some(id)).cloned())
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

    async fn event_counts(&self, endpoint: &EndpointName) -> Result<BTreeMap<EventState, u64>, JournalError> {
        let mut counts = BTreeMap::new();
        for event in self.lock().stored.events.values().filter(|event| event.key.endpoint == *endpoint) {
            *counts.entry(event.state).or_default() += 1;
        }
        Ok(counts)
    }
}

impl Tables {
    fn apply(&mut self, write: Write, committed: &mut Committed) -> Result<(), JournalError> {
        match write {
            Write::See(stream, rows) => {
                let seen = self.seen.entry(stream).or_default();
                seen.extend(rows.into_iter().map(|row| (row.id.clone(), row)));
            }
            Write::Gone(stream, id, at) => {
                if let Some(seen) = self.seen.get_mut(&stream).and_then(|seen| seen.get_mut(&id)) {
                    seen.missing = u32::MAX;
                    seen.missing_at = Some(at);
                }
            }
            Write::Link(link) => {
                self.links.insert(link.key, *link);
            }
            Write::Unlink(key) => {
                self.links.remove(&key);
            }
            Write::Due(key) => {
                if let Some(link) = self.links.get_mut(&key) {
                    link.due = true;
                }
            }
            Write::Intent(intent) => {
                self.intents.insert(intent.id, *intent);
            }
            Write::Outcome(row) => self.outcomes.push(row),
            Write::Audit(entry) => {
                let hash = entry.chained(self.audit.last().map_or("", |row| row.hash.as_str()));
                self.audit.push(AuditRow { number: self.audit.len() as u64 + 1, entry, hash });
            }
            Write::Put { kind, key, value } => {
                self.documents.insert((kind.to_owned(), key), value);
            }
            Write::Delete { kind, key } => {
                self.documents.remove(&(kind.to_owned(), key));
            }
            Write::Events(events) => {
                for event in events {
                    if !self.events.contains_key(&event.key) {
                        committed.new_events += 1;
                        self.events.insert(event.key.clone(), event);
                    }
                }
            }
            Write::EventStates(updates) => {
                for update in updates {
                    self.update_event(update)?;
                }
            }
        }
        Ok(())
    }

    fn update_event(&mut self, update: EventUpdate) -> Result<(), JournalError> {
        let event = self.events.get_mut(&update.key).ok_or_else(|| {
            JournalError::new(JournalErrorKind::Invariant, format!("event {} is not in the ledger", update.key))
        })?;
        event.state = update.state;
        event.reason = update.reason;
        event.target = update.target;
        event.retry_at = update.retry_at;
        event.attempts = update.attempts;
        Ok(())
    }

    fn check_bijection(&self) -> Result<(), JournalError> {
        let mut taken = BTreeSet::new();
        for link in self.links.values().filter(|link| link.state != LinkState::Dead) {
            for side in [Side::Primary, Side::Secondary] {
                if let Some(id) = link.record(side)
                    && !taken.insert((&link.pair, side, id))
                {
                    let message = format!("{} {id} would be in two links of {}", side.as_str(), link.pair);
                    return Err(JournalError::new(JournalErrorKind::Invariant, message));
                }
            }
        }
        Ok(())
    }

    fn stream(&self, stream: &Stream) -> impl Iterator<Item = &Seen> {
        self.seen.get(stream).into_iter().flat_map(BTreeMap::values)
    }

    fn links_of(&self, pair: &Pair) -> impl Iterator<Item = &Link> {
        self.links.values().filter(move |link| link.pair == *pair)
    }

    fn unlinked(&self, pair: &Pair, side: Side) -> Vec<&Seen> {
        let linked: BTreeSet<_> = self
            .links_of(pair)
            .filter(|link| link.state != LinkState::Dead)
            .filter_map(|link| link.record(side))
            .collect();
        let stream = Stream::of(pair, side);
        let records = self.seen.get(&stream).into_iter().flat_map(BTreeMap::values);
        records.filter(|seen| seen.missing == 0 && !linked.contains(&seen.id)).collect()
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
