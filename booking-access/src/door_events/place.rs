//! How far events were read, and which of the last numbers were seen.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::{DoorEvent, DoorReading};

/// Numbers are given several at a time and become visible in any order: so many before the last are read again. No round number,
/// since a server's limit is one: an answer that ends with the last number was not cut then.
const OVERLAP: u32 = 199;

/// How far the events of a door system were read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Where to go on, as the reader wrote it.
    pub(super) cursor: String,
    /// The largest number seen.
    pub(super) last: i64,
    /// The number behind which the watch began; nothing up to it counts.
    began: i64,
    /// Which of the last numbers were seen.
    seen: BTreeSet<i64>,
    /// Everything that the door system had by then was seen.
    pub(super) read_to: DateTime<Utc>,
    /// Of what happened before not everything was seen.
    pub(super) since: DateTime<Utc>,
    /// The newest of the last events that came was so many seconds old: the door system's clock is behind by no more.
    #[serde(default)]
    lag_seconds: u32,
}

impl Place {
    /// How many numbers before the cursor are to be read again.
    pub const OVERLAP: u32 = OVERLAP;

    /// Where to go on, as the reader wrote it.
    pub fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The largest number seen.
    pub const fn last(&self) -> i64 {
        self.last
    }

    /// A log that is read from its end on.
    pub(super) fn begin(reading: &DoorReading) -> Self {
        let (last, asked) = (reading.newest, reading.asked);
        let cursor = reading.cursor.clone();
        Self { cursor, last, began: last, seen: BTreeSet::new(), read_to: asked, since: asked, lag_seconds: 0 }
    }

    /// Whether the numbering began anew: with the overlap the last number would have come again.
    pub(super) fn is_lost(&self, reading: &DoorReading) -> bool {
        reading.newest < self.last
    }

    /// How far the door system's clock may be behind ours.
    pub(super) fn lag(&self) -> Duration {
        Duration::seconds(self.lag_seconds.into())
    }

    /// Goes on behind an answer; the events of it that were not seen before.
    pub(super) fn advance<'a>(&mut self, reading: &'a DoorReading) -> Vec<&'a DoorEvent> {
        let floor = self.began.max(self.last - i64::from(OVERLAP));
        let is_fresh = |event: &&DoorEvent| event.number > floor && !self.seen.contains(&event.number);
        let fresh: Vec<&DoorEvent> = reading.events.iter().filter(is_fresh).collect();
        let read_to = match fresh.last() {
            None => reading.asked,
            // There may be more: an answer need not hold all that was asked for.
            Some(newest) => newest.at.min(reading.asked),
        };
        self.read_to = self.read_to.max(read_to);
        if let Some(latest) = fresh.iter().map(|event| event.at).max() {
            // Rounded up, so that nobody's coming falls into the rest of a second.
            let lag = (reading.asked - latest).num_milliseconds().max(0).unsigned_abs().div_ceil(1000);
            self.lag_seconds = u32::try_from(lag).unwrap_or(u32::MAX);
        }
        self.last = self.last.max(reading.newest);
        self.seen.extend(reading.events.iter().map(|event| event.number));
        let floor = self.last - i64::from(OVERLAP);
        self.seen.retain(|number| *number > floor);
        self.cursor.clone_from(&reading.cursor);
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door_events::DoorEventKind;
    use crate::testing::at;

    fn event(number: i64, minute: u32) -> DoorEvent {
        DoorEvent { number, at: at(9, minute), door: None, user: None, kind: DoorEventKind::Other }
    }

    fn reading(asked: u32, numbers: &[(i64, u32)]) -> DoorReading {
        let events: Vec<DoorEvent> = numbers.iter().map(|(number, minute)| event(*number, *minute)).collect();
        let newest = events.last().map_or(0, |event| event.number);
        DoorReading { asked: at(9, asked), events, newest, cursor: newest.to_string() }
    }

    fn numbers(events: &[&DoorEvent]) -> Vec<i64> {
        events.iter().map(|event| event.number).collect()
    }

    #[test]
    fn nothing_is_seen_twice_and_a_number_that_shows_up_late_is_seen() {
        let mut place = Place::begin(&reading(0, &[(1000, 0)]));
        let first = reading(10, &[(999, 0), (1000, 0), (1001, 5), (1003, 6)]);
        assert_eq!(numbers(&place.advance(&first)), [1001, 1003], "the watch began behind 1000");
        let again: Place = serde_json::from_str(&serde_json::to_string(&place).unwrap()).unwrap();
        let mut place = again;
        let second = reading(11, &[(1000, 0), (1001, 5), (1002, 5), (1003, 6)]);
        assert_eq!(numbers(&place.advance(&second)), [1002]);
        assert!(place.advance(&second).is_empty());
        place.advance(&reading(12, &[(1003, 6), (1500, 11)]));
        assert!(place.advance(&reading(13, &[(1301, 9), (1500, 11)])).is_empty(), "below the overlap all was seen");
        assert_eq!(numbers(&place.advance(&reading(13, &[(1302, 9), (1500, 11)]))), [1302]);
    }

    #[test]
    fn everything_is_known_up_to_the_look_that_shows_nothing_new() {
        let mut place = Place::begin(&reading(0, &[(10, 0)]));
        place.advance(&reading(30, &[(10, 0), (11, 7), (12, 8)]));
        assert_eq!(place.read_to, at(9, 8), "there may be more behind them");
        place.advance(&reading(31, &[(11, 7), (12, 8)]));
        assert_eq!(place.read_to, at(9, 31));
        place.advance(&reading(32, &[(12, 8), (13, 2)]));
        assert_eq!(place.read_to, at(9, 31), "a late event takes nothing back");
        place.advance(&reading(33, &[(13, 2), (14, 59)]));
        assert_eq!(place.read_to, at(9, 33), "a clock that is ahead proves nothing");
    }

    #[test]
    fn the_clock_is_behind_by_no_more_than_the_newest_event_is_old() {
        let mut place = Place::begin(&reading(0, &[(10, 0)]));
        let mut lag = |asked, numbers: &[(i64, u32)]| {
            place.advance(&reading(asked, numbers));
            place.lag().num_minutes()
        };
        assert_eq!(lag(10, &[(11, 2), (12, 1)]), 8);
        assert_eq!(lag(20, &[(11, 2), (12, 1)]), 8, "a look that shows nothing tells nothing");
        assert_eq!(lag(30, &[(12, 1), (13, 29)]), 1);
        assert_eq!(lag(31, &[(13, 29), (14, 40)]), 0, "a clock that is ahead");
    }

    #[test]
    fn a_log_without_the_last_number_began_anew() {
        let place = Place::begin(&reading(0, &[(1000, 0)]));
        assert!(place.is_lost(&reading(1, &[])) && place.is_lost(&reading(1, &[(40, 1)])));
        assert!(!place.is_lost(&reading(1, &[(1000, 0)])) && !place.is_lost(&reading(1, &[(1002, 0)])));
        assert!(!Place::begin(&reading(0, &[])).is_lost(&reading(1, &[])), "a log without events");
    }
}
