//! The tables of the journal in memory. Every change notes what was there before, so that a batch that fails and a power
//! loss are taken back at the price of what they changed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::journal::{
    AuditRow, Committed, EventUpdate, Intent, IntentId, JournalError, JournalErrorKind, LedgerEvent, Link, LinkState,
    OutcomeRow, Seen, Side, Stream, Write,
};
use crate::model::{EventKey, ExternalId, Pair, SyncKey};

/// Counts of snapshots that are kept.
const HISTORY: usize = 5;

type DocumentKey = (String, String);
type End = (Pair, Side, ExternalId);

#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) seen: BTreeMap<Stream, BTreeMap<ExternalId, Seen>>,
    pub(super) history: BTreeMap<Stream, Vec<u64>>,
    pub(super) links: BTreeMap<SyncKey, Link>,
    pub(super) intents: BTreeMap<IntentId, Intent>,
    pub(super) outcomes: Vec<OutcomeRow>,
    pub(super) audit: Vec<AuditRow>,
    pub(super) documents: BTreeMap<DocumentKey, Value>,
    pub(super) events: BTreeMap<EventKey, LedgerEvent>,
    /// Which links that are not dead hold a record.
    ends: BTreeMap<End, BTreeSet<SyncKey>>,
    /// What was there before each change since the last D1 batch, oldest first.
    before: Vec<Before>,
}

/// What was there before a change.
#[derive(Debug)]
enum Before {
    Seen(Stream, ExternalId, Option<Seen>),
    History(Stream, Option<Vec<u64>>),
    Link(SyncKey, Option<Link>),
    Intent(IntentId, Option<Intent>),
    Outcomes(usize),
    Audit(usize),
    Document(DocumentKey, Option<Value>),
    Event(EventKey, Option<LedgerEvent>),
}

impl Tables {
    /// Stores a batch whole or not at all.
    pub(super) fn commit(&mut self, writes: Vec<Write>) -> Result<Committed, JournalError> {
        let mark = self.before.len();
        let mut committed = Committed::default();
        let done = writes.into_iter().try_for_each(|write| self.apply(write, &mut committed));
        match done.and_then(|()| self.check_bijection(mark)) {
            Ok(()) => Ok(committed),
            Err(error) => {
                self.take_back(mark);
                Err(error)
            }
        }
    }

    /// What is stored now is durable.
    pub(super) fn settle(&mut self) {
        self.before.clear();
    }

    /// Takes back all but so many of the changes since the last D1 batch.
    pub(super) fn take_back(&mut self, kept: usize) {
        while self.before.len() > kept {
            match self.before.pop() {
                Some(Before::Seen(stream, id, old)) => {
                    put(self.seen.entry(stream).or_default(), id, old);
                }
                Some(Before::History(stream, old)) => _ = put(&mut self.history, stream, old),
                Some(Before::Link(key, old)) => _ = self.replace_link(key, old),
                Some(Before::Intent(id, old)) => _ = put(&mut self.intents, id, old),
                Some(Before::Outcomes(length)) => self.outcomes.truncate(length),
                Some(Before::Audit(length)) => self.audit.truncate(length),
                Some(Before::Document(key, old)) => _ = put(&mut self.documents, key, old),
                Some(Before::Event(key, old)) => _ = put(&mut self.events, key, old),
                None => return,
            }
        }
    }

    /// A record as seen.
    pub(super) fn put_seen(&mut self, stream: &Stream, row: Seen) {
        let id = row.id.clone();
        let old = put(self.seen.entry(stream.clone()).or_default(), id.clone(), Some(row));
        self.before.push(Before::Seen(stream.clone(), id, old));
    }

    /// The number of records of a complete snapshot.
    pub(super) fn count(&mut self, stream: &Stream, records: u64) {
        let mut history = self.history.get(stream).cloned().unwrap_or_default();
        history.push(records);
        let surplus = history.len().saturating_sub(HISTORY);
        history.drain(..surplus);
        let old = put(&mut self.history, stream.clone(), Some(history));
        self.before.push(Before::History(stream.clone(), old));
    }

    pub(super) fn stream(&self, stream: &Stream) -> impl Iterator<Item = &Seen> {
        self.seen.get(stream).into_iter().flat_map(BTreeMap::values)
    }

    pub(super) fn links_of(&self, pair: &Pair) -> impl Iterator<Item = &Link> {
        self.links.values().filter(move |link| link.pair == *pair)
    }

    /// The link of a record that is not dead.
    pub(super) fn link_of(&self, pair: &Pair, side: Side, id: &ExternalId) -> Option<&Link> {
        let key = self.ends.get(&(pair.clone(), side, id.clone()))?.first()?;
        self.links.get(key)
    }

    pub(super) fn unlinked(&self, pair: &Pair, side: Side) -> Vec<&Seen> {
        let linked: BTreeSet<_> = self
            .links_of(pair)
            .filter(|link| link.state != LinkState::Dead)
            .filter_map(|link| link.record(side))
            .collect();
        let stream = Stream::of(pair, side);
        let records = self.stream(&stream);
        records.filter(|seen| seen.missing == 0 && !linked.contains(&seen.id)).collect()
    }

    fn apply(&mut self, write: Write, committed: &mut Committed) -> Result<(), JournalError> {
        match write {
            Write::See(stream, rows) => rows.into_iter().for_each(|row| self.put_seen(&stream, row)),
            Write::Gone(stream, id, at) => {
                if let Some(seen) = self.seen.get(&stream).and_then(|seen| seen.get(&id)).cloned() {
                    self.put_seen(&stream, Seen { missing: u32::MAX, missing_at: Some(at), ..seen });
                }
            }
            Write::Link(link) => self.put_link(link.key, Some(*link)),
            Write::Unlink(key) => self.put_link(key, None),
            Write::Due(key) => {
                if let Some(link) = self.links.get(&key).filter(|link| !link.due).cloned() {
                    self.put_link(key, Some(Link { due: true, ..link }));
                }
            }
            Write::Intent(intent) => {
                let id = intent.id;
                let old = put(&mut self.intents, id, Some(*intent));
                self.before.push(Before::Intent(id, old));
            }
            Write::Outcome(row) => {
                self.before.push(Before::Outcomes(self.outcomes.len()));
                self.outcomes.push(row);
            }
            Write::Audit(entry) => {
                self.before.push(Before::Audit(self.audit.len()));
                let hash = entry.chained(self.audit.last().map_or("", |row| row.hash.as_str()));
                self.audit.push(AuditRow { number: self.audit.len() as u64 + 1, entry, hash });
            }
            Write::Put { kind, key, value } => self.put_document((kind.to_owned(), key), Some(value)),
            Write::Delete { kind, key } => self.put_document((kind.to_owned(), key), None),
            Write::Events(events) => {
                for event in events {
                    if !self.events.contains_key(&event.key) {
                        committed.new_events += 1;
                        self.put_event(event);
                    }
                }
            }
            Write::EventStates(updates) => {
                return updates.into_iter().try_for_each(|update| self.update_event(update));
            }
        }
        Ok(())
    }

    fn put_link(&mut self, key: SyncKey, link: Option<Link>) {
        let old = self.replace_link(key, link);
        self.before.push(Before::Link(key, old));
    }

    fn replace_link(&mut self, key: SyncKey, link: Option<Link>) -> Option<Link> {
        if let Some(link) = &link {
            for end in ends(link) {
                self.ends.entry(end).or_default().insert(key);
            }
        }
        let kept: Vec<End> = link.iter().flat_map(ends).collect();
        let old = put(&mut self.links, key, link);
        for end in old.iter().flat_map(ends).filter(|end| !kept.contains(end)) {
            if let Some(links) = self.ends.get_mut(&end) {
                links.remove(&key);
            }
        }
        old
    }

    fn put_document(&mut self, key: DocumentKey, value: Option<Value>) {
        let old = put(&mut self.documents, key.clone(), value);
        self.before.push(Before::Document(key, old));
    }

    fn put_event(&mut self, event: LedgerEvent) {
        let key = event.key.clone();
        let old = put(&mut self.events, key.clone(), Some(event));
        self.before.push(Before::Event(key, old));
    }

    fn update_event(&mut self, update: EventUpdate) -> Result<(), JournalError> {
        let event = self.events.get(&update.key).cloned().ok_or_else(|| {
            JournalError::new(JournalErrorKind::Invariant, format!("event {} is not in the ledger", update.key))
        })?;
        self.put_event(LedgerEvent {
            state: update.state,
            reason: update.reason,
            target: update.target,
            retry_at: update.retry_at,
            attempts: update.attempts,
            ..event
        });
        Ok(())
    }

    /// Looks at the links that the changes since `mark` are about; the others were in order before.
    fn check_bijection(&self, mark: usize) -> Result<(), JournalError> {
        for change in self.before.iter().skip(mark) {
            let Before::Link(key, _) = change else { continue };
            for end in self.links.get(key).into_iter().flat_map(ends) {
                if self.ends.get(&end).is_some_and(|links| links.len() > 1) {
                    let (pair, side, id) = end;
                    let message = format!("{} {id} would be in two links of {pair}", side.as_str());
                    return Err(JournalError::new(JournalErrorKind::Invariant, message));
                }
            }
        }
        Ok(())
    }
}

/// The records that a link holds.
fn ends(link: &Link) -> impl Iterator<Item = End> {
    let sides = [Side::Primary, Side::Secondary].into_iter().filter(|_| link.state != LinkState::Dead);
    sides.filter_map(|side| Some((link.pair.clone(), side, link.record(side)?.clone())))
}

/// Puts a value in or takes it out, and returns what was there.
fn put<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: Option<V>) -> Option<V> {
    match value {
        Some(value) => map.insert(key, value),
        None => map.remove(&key),
    }
}
