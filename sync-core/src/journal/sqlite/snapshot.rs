//! Whole lists that are being read: which records they hold so far, kept as one bit per known record.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::Store;
use super::batch::Noted;
use super::codec::{from_json, instant_at, json};
use super::fault::{Fault, Found};
use crate::journal::{Absence, Durability, SnapshotCounts, SnapshotId, Stream};
use crate::model::{ExternalId, Fingerprint};

const SCAN: &str = "SELECT id, n, fingerprint FROM seen WHERE stream = ?1 AND id >= ?2 ORDER BY id";
const COUNT: &str = "SELECT count(*) FROM seen WHERE stream = ?1";
const PRESENT: &str = "SELECT n FROM seen WHERE stream = ?1 AND missing = 0";
const MISSING: &str = "SELECT id, n FROM seen INDEXED BY seen_missing WHERE stream = ?1 AND missing > 0";
const ALL: &str = "SELECT id, n, missing_at FROM seen WHERE stream = ?1";
const RETURNED: &str = "UPDATE seen SET missing = 0, missing_at = NULL WHERE stream = ?1 AND id = ?2";
const LACKED: &str =
    "UPDATE seen SET missing = min(missing + 1, 4294967295), missing_at = ?3 WHERE stream = ?1 AND id = ?2";
const HISTORY: &str = "SELECT history FROM stream WHERE n = ?1";
const SET_HISTORY: &str = "UPDATE stream SET history = ?2 WHERE n = ?1";

/// Counts kept of complete snapshots.
const HISTORY_LENGTH: usize = 5;
/// Rows stepped over before looking the next id up by its key instead.
const MOST_SKIPS: u32 = 4;

/// The snapshots that are being read.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    open: HashMap<SnapshotId, Session>,
    last: u64,
}

/// One snapshot that is being read.
#[derive(Debug, Default)]
pub(super) struct Session {
    stream: i64,
    known: Bits,
    /// Present, but not stored yet.
    fresh: HashSet<ExternalId>,
}

/// A set of small numbers.
#[derive(Debug, Default)]
struct Bits {
    words: Vec<u64>,
    count: u64,
}

impl Store {
    pub(super) fn begin_snapshot(&mut self, stream: &Stream) -> Found<SnapshotId> {
        let stream = self.names.make_stream(&self.connection, stream)?;
        Ok(self.sessions.begin(stream))
    }

    pub(super) fn end_snapshot(&mut self, id: SnapshotId, at: DateTime<Utc>, absence: Absence) -> Found<()> {
        let session = self.sessions.open.remove(&id).ok_or_else(no_snapshot)?;
        self.set_durability(Durability::D2)?;
        end(&self.connection, &session, at, absence)
    }
}

impl Sessions {
    fn begin(&mut self, stream: i64) -> SnapshotId {
        self.last += 1;
        let id = SnapshotId(self.last);
        self.open.insert(id, Session { stream, ..Session::default() });
        id
    }

    pub(super) fn get(&mut self, id: SnapshotId) -> Found<&mut Session> {
        self.open.get_mut(&id).ok_or_else(no_snapshot)
    }

    pub(super) fn any(&self) -> bool {
        !self.open.is_empty()
    }

    /// Records that were stored while snapshots are being read are there.
    pub(super) fn note(&mut self, noted: Vec<Noted>) {
        for Noted { stream, n, id } in noted {
            for session in self.open.values_mut().filter(|session| session.stream == stream) {
                session.fresh.remove(&id);
                session.known.insert(n);
            }
        }
    }
}

impl Session {
    fn present(&self) -> u64 {
        self.known.count + self.fresh.len() as u64
    }
}

/// Merges the page, in order of ids, with the records seen. Neighbours are reached by stepping, others by key.
pub(super) fn compare(
    connection: &Connection,
    session: &mut Session,
    page: &[(ExternalId, Fingerprint)],
) -> Found<Vec<usize>> {
    let mut order: Vec<usize> = (0..page.len()).collect();
    if !page.is_sorted_by(|(a, _), (b, _)| a <= b) {
        order.sort_by(|&a, &b| page.get(a).map(|(id, _)| id).cmp(&page.get(b).map(|(id, _)| id)));
    }
    let mut wanted = order.into_iter().filter_map(|at| page.get(at).map(|(id, fp)| (at, id, fp))).peekable();
    let mut scan = connection.prepare_cached(SCAN)?;
    let mut changed = Vec::new();
    while let Some((_, from, _)) = wanted.peek() {
        let mut rows = scan.query(params![session.stream, from.as_str()])?;
        let mut skips = 0;
        while skips <= MOST_SKIPS {
            let row = rows.next()?;
            let known = row.map(|row| row.get_ref(0)).transpose()?.map(|id| id.as_bytes()).transpose();
            let known = known.map_err(|_| Fault::corrupt("the id of a record"))?;
            skips += 1;
            while let Some((at, id, fingerprint)) = wanted.peek().copied() {
                match known.map_or(Ordering::Less, |known| id.as_str().as_bytes().cmp(known)) {
                    Ordering::Greater => break,
                    Ordering::Less => {
                        session.fresh.insert(id.clone());
                        changed.push(at);
                    }
                    Ordering::Equal => {
                        let Some(row) = row else { break };
                        session.known.insert(row.get(1)?);
                        let stored = row.get_ref(2)?.as_blob().map_err(|_| Fault::corrupt("a fingerprint"))?;
                        if stored != fingerprint.to_bytes() {
                            changed.push(at);
                        }
                        skips = 0;
                    }
                }
                wanted.next();
            }
            if wanted.peek().is_none() {
                break;
            }
        }
    }
    changed.sort_unstable();
    Ok(changed)
}

pub(super) fn counts(connection: &Connection, session: &mut Session) -> Found<SnapshotCounts> {
    Ok(SnapshotCounts {
        present: session.present(),
        lacking: lacking(connection, session)?,
        history: history(connection, session.stream)?,
    })
}

fn lacking(connection: &Connection, session: &Session) -> Found<u64> {
    if is_complete(connection, session)? {
        return Ok(0);
    }
    let mut present = connection.prepare_cached(PRESENT)?;
    let mut rows = present.query([session.stream])?;
    let mut lacking = 0;
    while let Some(row) = rows.next()? {
        lacking += u64::from(!session.known.contains(row.get(0)?));
    }
    Ok(lacking)
}

/// Whether the snapshot holds every known record; spares the look at each of them.
fn is_complete(connection: &Connection, session: &Session) -> Found<bool> {
    let known: i64 = connection.prepare_cached(COUNT)?.query_row([session.stream], |row| row.get(0))?;
    Ok(known.cast_unsigned() == session.known.count)
}

fn history(connection: &Connection, stream: i64) -> Found<Vec<u64>> {
    let text: String = connection.prepare_cached(HISTORY)?.query_row([stream], |row| row.get(0))?;
    from_json(&text, "the counts of snapshots")
}

fn end(connection: &Connection, session: &Session, at: DateTime<Utc>, absence: Absence) -> Found<()> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let returned = returned(&transaction, session)?;
    let mut update = transaction.prepare_cached(RETURNED)?;
    for id in &returned {
        update.execute(params![session.stream, id])?;
    }
    drop(update);
    if let Absence::Derive { min_absence } = absence {
        let mut update = transaction.prepare_cached(LACKED)?;
        for id in lacked(&transaction, session, |last| at - last >= min_absence)? {
            update.execute(params![session.stream, id, at.timestamp_micros()])?;
        }
        let mut history = history(&transaction, session.stream)?;
        history.push(session.present());
        history.drain(..history.len().saturating_sub(HISTORY_LENGTH));
        transaction.prepare_cached(SET_HISTORY)?.execute(params![session.stream, json(&history)?])?;
    }
    transaction.commit()?;
    Ok(())
}

/// Records that counted as missing and are in the snapshot.
fn returned(connection: &Connection, session: &Session) -> Found<Vec<String>> {
    let mut missing = connection.prepare_cached(MISSING)?;
    let mut rows = missing.query([session.stream])?;
    let mut returned = Vec::new();
    while let Some(row) = rows.next()? {
        if session.known.contains(row.get(1)?) {
            returned.push(row.get(0)?);
        }
    }
    Ok(returned)
}

/// Known records that the snapshot lacked and that may be counted again.
fn lacked(connection: &Connection, session: &Session, again: impl Fn(DateTime<Utc>) -> bool) -> Found<Vec<String>> {
    let mut lacked = Vec::new();
    if is_complete(connection, session)? {
        return Ok(lacked);
    }
    let mut all = connection.prepare_cached(ALL)?;
    let mut rows = all.query([session.stream])?;
    while let Some(row) = rows.next()? {
        if !session.known.contains(row.get(1)?) && instant_at(row, 2)?.is_none_or(&again) {
            lacked.push(row.get(0)?);
        }
    }
    Ok(lacked)
}

fn no_snapshot() -> Fault {
    Fault::invariant("no snapshot is being read under this id")
}

impl Bits {
    fn insert(&mut self, n: i64) {
        let (word, bit) = Self::place(n);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        if let Some(word) = self.words.get_mut(word) {
            self.count += u64::from(*word & bit == 0);
            *word |= bit;
        }
    }

    fn contains(&self, n: i64) -> bool {
        let (word, bit) = Self::place(n);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Row numbers count from 1; a damaged one falls on 0 instead of asking for all memory.
    fn place(n: i64) -> (usize, u64) {
        let n = u32::try_from(n).unwrap_or(0);
        ((n / 64) as usize, 1 << (n % 64))
    }
}
