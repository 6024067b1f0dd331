//! A log: numbered records, of which the oldest go.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// So many records are kept at least.
const KEPT: u64 = 100_000;

/// And for so long.
const DAYS: i64 = 30;

/// Records by number. Those before the held ones are not stored but made when they are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log<T> {
    /// The oldest that can be read.
    first: u64,
    /// The oldest that is stored.
    start: u64,
    rows: VecDeque<T>,
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self::after_made(1)
    }
}

impl<T> Log<T> {
    /// Numbers 1 up to this one are made when they are read.
    pub(super) fn after_made(start: u64) -> Self {
        Self { first: 1, start, rows: VecDeque::new() }
    }

    /// The oldest number that can be read.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The number of the record to come.
    pub fn next(&self) -> u64 {
        self.start + u64::try_from(self.rows.len()).unwrap_or(0)
    }

    /// How many can be read.
    pub fn len(&self) -> u64 {
        self.next() - self.first
    }

    /// Whether none can be read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The stored record with this number.
    pub fn get(&self, seq: u64) -> Option<&T> {
        self.rows.get(usize::try_from(seq.checked_sub(self.start)?).ok()?)
    }

    /// The stored records with their numbers, oldest first.
    pub fn stored(&self) -> impl Iterator<Item = (u64, &T)> {
        (self.start..).zip(self.rows.iter())
    }

    /// Whether this number is made, not stored.
    pub(super) fn is_made(&self, seq: u64) -> bool {
        (self.first..self.start).contains(&seq)
    }

    /// Appends; what is old enough goes.
    pub(super) fn push(
        &mut self,
        row: T,
        now: DateTime<Utc>,
        stored_at: impl Fn(u64, Option<&T>) -> DateTime<Utc>,
    ) -> u64 {
        self.rows.push_back(row);
        for _ in 0..2 {
            let old = now - stored_at(self.first, self.get(self.first)) > TimeDelta::days(DAYS);
            if self.len() > KEPT && old {
                self.drop_before(self.first + 1);
            }
        }
        self.next() - 1
    }

    /// Keeps the newest.
    pub(super) fn trim(&mut self, keep: u64) {
        self.drop_before(self.next().saturating_sub(keep).max(self.first));
    }

    /// Loses the newest, as after the restore of an older copy.
    pub(super) fn lose(&mut self, count: u64) {
        let stored = u64::try_from(self.rows.len()).unwrap_or(0).saturating_sub(count);
        self.rows.truncate(usize::try_from(stored).unwrap_or(0));
        self.first = self.first.min(self.next());
    }

    /// Numbers the stored ones from 1 again; what was made is gone.
    pub(super) fn renumber(&mut self) {
        self.first = 1;
        self.start = 1;
    }

    fn drop_before(&mut self, first: u64) {
        let gone = usize::try_from(first.saturating_sub(self.start)).unwrap_or(usize::MAX).min(self.rows.len());
        self.rows.drain(..gone);
        self.start = self.start.max(first);
        self.first = first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trimming_goes_through_made_and_stored_records() {
        let mut log = Log::after_made(11);
        let now = DateTime::UNIX_EPOCH;
        for row in 11..=15_u64 {
            assert_eq!(log.push(row, now, |_, _| now), row);
        }
        assert_eq!((log.first(), log.next()), (1, 16));
        log.trim(7);
        assert_eq!((log.first(), log.next(), log.is_made(9), log.is_made(8)), (9, 16, true, false));
        log.trim(2);
        assert_eq!((log.first(), log.get(13), log.get(14)), (14, None, Some(&14)));
        log.trim(0);
        assert_eq!((log.first(), log.next(), log.len()), (16, 16, 0));
    }

    #[test]
    fn a_record_goes_when_it_is_old_and_enough_are_left() {
        let mut log = Log::after_made(100_001);
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(100);
        log.push(0, now, |_, _| now - TimeDelta::days(29));
        assert_eq!(log.first(), 1);
        log.push(0, now, |_, _| now - TimeDelta::days(31));
        assert_eq!(log.first(), 3);
    }
}
