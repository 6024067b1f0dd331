//! Holes in the numbering: watched for a while, since what is missing may only be late.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::instant::{after, between};
use super::stream::unreadable;
use crate::journal::{Journal, JournalError, Write};

const KIND: &str = "event_gap";
/// A numbering with more holes than this is not meant to be without holes.
const MOST: usize = 10_000;
/// Holes this close to each other are read with one request.
const NEAR: i64 = 1_000;
const FIRST_TRY: Duration = Duration::from_mins(1);

/// Numbers that were not there when higher ones were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Gap {
    pub from: i64,
    pub to: i64,
    pub since: DateTime<Utc>,
    pub next: DateTime<Utc>,
}

/// The open gaps of one log, and which of them have changed since they were stored.
#[derive(Debug)]
pub(super) struct Gaps {
    prefix: String,
    open: BTreeMap<i64, Gap>,
    changed: BTreeSet<i64>,
    /// Gaps that nobody watches, since there are too many.
    pub unwatched: u64,
    /// Gaps that were given up or lost.
    pub closed: u64,
}

impl Gaps {
    pub(super) async fn load(journal: &dyn Journal, stream: &str) -> Result<Self, JournalError> {
        let prefix = format!("{stream}/");
        let mut open = BTreeMap::new();
        for (_, value) in journal.documents(KIND, &prefix).await? {
            let gap: Gap = serde_json::from_value(value).map_err(unreadable)?;
            open.insert(gap.from, gap);
        }
        Ok(Self::new(prefix, open))
    }

    fn new(prefix: String, open: BTreeMap<i64, Gap>) -> Self {
        Self { prefix, open, changed: BTreeSet::new(), unwatched: 0, closed: 0 }
    }

    pub(super) fn len(&self) -> u64 {
        self.open.len() as u64
    }

    /// Notes that the numbers from `from` to `to` are missing.
    pub(super) fn open(&mut self, from: i64, to: i64, now: DateTime<Utc>) {
        if self.open.len() >= MOST {
            self.unwatched += 1;
        } else {
            self.put(Gap { from, to, since: now, next: after(now, FIRST_TRY) });
        }
    }

    /// Whether a number is missing.
    pub(super) fn contains(&self, number: i64) -> bool {
        self.around(number).is_some()
    }

    /// Notes that a number has appeared.
    pub(super) fn fill(&mut self, number: i64) {
        let Some(gap) = self.around(number).cloned() else { return };
        self.remove(gap.from);
        if gap.from < number {
            self.put(Gap { to: number - 1, ..gap.clone() });
        }
        if number < gap.to {
            self.put(Gap { from: number + 1, ..gap });
        }
    }

    /// Spans to be read again, gaps near each other together; only gaps that start at or below `below`.
    pub(super) fn due(&self, below: i64, now: DateTime<Utc>) -> Vec<(i64, i64)> {
        let mut spans: Vec<(i64, i64)> = Vec::new();
        for gap in self.open.range(..=below).map(|(_, gap)| gap).filter(|gap| gap.next <= now) {
            match spans.last_mut() {
                Some((from, to)) if gap.to.saturating_sub(*from) <= NEAR => *to = gap.to,
                _ => spans.push((gap.from, gap.to)),
            }
        }
        spans
    }

    /// Notes that a span has just been read; gaps in it that were watched long enough are closed.
    pub(super) fn tried(&mut self, from: i64, to: i64, now: DateTime<Utc>, ttl: Duration) {
        let inside = self.open.range(from..).map(|(_, gap)| gap).take_while(|gap| gap.from <= to);
        let due: Vec<Gap> = inside.filter(|gap| gap.next <= now).cloned().collect();
        for mut gap in due {
            let age = between(gap.since, now);
            if age >= ttl {
                self.closed += 1;
                self.remove(gap.from);
            } else {
                gap.next = after(now, age.max(FIRST_TRY)).min(after(gap.since, ttl));
                self.put(gap);
            }
        }
    }

    /// Gives up all gaps that begin below a number, since the log no longer reaches back there.
    pub(super) fn close_below(&mut self, number: i64) {
        let gone: Vec<i64> = self.open.range(..number).map(|(from, _)| *from).collect();
        self.closed += gone.len() as u64;
        for from in gone {
            self.remove(from);
        }
    }

    /// What has to be stored.
    pub(super) fn writes(&mut self) -> Result<Vec<Write>, JournalError> {
        let changed = std::mem::take(&mut self.changed);
        let write = |from: i64| {
            let key = format!("{}{from}", self.prefix);
            match self.open.get(&from) {
                None => Ok(Write::Delete { kind: KIND, key }),
                Some(gap) => Ok(Write::Put { kind: KIND, key, value: serde_json::to_value(gap).map_err(unreadable)? }),
            }
        };
        changed.into_iter().map(write).collect()
    }

    fn around(&self, number: i64) -> Option<&Gap> {
        self.open.range(..=number).next_back().map(|(_, gap)| gap).filter(|gap| number <= gap.to)
    }

    fn put(&mut self, gap: Gap) {
        self.changed.insert(gap.from);
        self.open.insert(gap.from, gap);
    }

    fn remove(&mut self, from: i64) {
        self.changed.insert(from);
        self.open.remove(&from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps() -> Gaps {
        Gaps::new("net2/events/".to_owned(), BTreeMap::new())
    }

    fn at(minutes: u64) -> DateTime<Utc> {
        after("2026-11-02T08:00:00Z".parse().unwrap(), Duration::from_mins(minutes))
    }

    #[test]
    fn a_late_number_splits_its_gap() {
        let mut gaps = gaps();
        gaps.open(10, 20, at(0));
        gaps.fill(15);
        assert!(gaps.contains(14) && !gaps.contains(15) && gaps.contains(16));
        gaps.fill(10);
        assert!(!gaps.contains(10) && gaps.contains(11));
        assert_eq!(gaps.len(), 2);
        assert_eq!(gaps.writes().unwrap().len(), 3, "11, 16, and 10 gone");
        assert!(gaps.writes().unwrap().is_empty());
    }

    #[test]
    fn gaps_are_tried_less_and_less_and_given_up_at_their_age_limit() {
        let mut gaps = gaps();
        let ttl = Duration::from_hours(24);
        gaps.open(10, 10, at(0));
        gaps.open(12, 12, at(0));
        let mut tries = 0;
        for minute in 0..=24 * 60 {
            for (from, to) in gaps.due(100, at(minute)) {
                assert_eq!((from, to), (10, 12), "near gaps share a request");
                tries += 1;
                gaps.tried(from, to, at(minute), ttl);
            }
        }
        assert_eq!(gaps.len(), 0);
        assert_eq!(gaps.closed, 2);
        assert!((8..=14).contains(&tries), "{tries} requests in a day");
    }

    #[test]
    fn a_numbering_made_of_holes_is_not_watched_without_end() {
        let mut gaps = gaps();
        for n in 0..20_000 {
            gaps.open(2 * n, 2 * n, at(0));
        }
        assert_eq!(gaps.len(), 10_000);
        assert_eq!(gaps.unwatched, 10_000);
    }
}
