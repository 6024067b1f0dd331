//! Refused PINs and tokens by door: too many in a short time, and when it is quiet again.
//!
//! The clock of the door system may be another than ours: how close together they were tells its clock alone, and for how
//! long they are kept ours alone.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::{DoorEvent, DoorEventKind, WatchConfig};

/// More of one door are not counted one by one.
const MOST: usize = 1_000;

/// What was refused lately, by door.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Guesses {
    doors: BTreeMap<String, Door>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Door {
    /// What was refused, in order.
    #[serde(default)]
    refused: Vec<Refused>,
    /// The alarm that is not over yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alarm: Option<Alarm>,
}

/// Something was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Refused {
    /// When, by the door system's clock.
    at: DateTime<Utc>,
    /// When it was read, by ours.
    read: DateTime<Utc>,
}

/// Too many were refused at one door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Alarm {
    /// The first of those that were too many.
    pub(super) since: DateTime<Utc>,
    /// The last one.
    pub(super) last: DateTime<Utc>,
    /// How many there were in all while the alarm lasts.
    pub(super) count: usize,
}

/// What became of one door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Too many, some of them just now.
    Raised(String, Alarm),
    /// Quiet again.
    Healed(String),
}

impl Guesses {
    /// Counts what is new. `now` is the time up to which all events are known, so that nothing heals while none can be read.
    pub(super) fn count(&mut self, fresh: &[&DoorEvent], config: &WatchConfig, now: DateTime<Utc>) -> Vec<Change> {
        let mut news: BTreeMap<&str, Vec<DateTime<Utc>>> = BTreeMap::new();
        for event in fresh.iter().filter(|event| event.kind == DoorEventKind::Guess) {
            if let Some(door) = &event.door {
                news.entry(door).or_default().push(event.at);
            }
        }
        for door in news.keys() {
            self.doors.entry((*door).to_owned()).or_default();
        }
        let mut changes = Vec::new();
        for (name, door) in &mut self.doors {
            let more = news.get(name.as_str()).map_or(&[][..], Vec::as_slice);
            changes.extend(door.count(name, more, config, now));
        }
        self.doors.retain(|_, door| !door.refused.is_empty() || door.alarm.is_some());
        changes
    }

    /// The doors with an alarm that is not over.
    pub(super) fn alarms(&self) -> impl Iterator<Item = (&str, Alarm)> {
        self.doors.iter().filter_map(|(name, door)| Some((name.as_str(), door.alarm?)))
    }
}

impl Door {
    fn count(
        &mut self,
        name: &str,
        more: &[DateTime<Utc>],
        config: &WatchConfig,
        now: DateTime<Utc>,
    ) -> Option<Change> {
        self.refused.extend(more.iter().map(|at| Refused { at: *at, read: now }));
        self.refused.sort_unstable();
        let (limit, within) = (config.refused as usize, config.refused_within());
        let since = self.too_many(limit, within);
        let change = match (self.alarm, since) {
            (None, Some(since)) => {
                let count = self.refused.iter().filter(|refused| refused.at >= since).count();
                Some(Alarm { since, last: self.last(since), count })
            }
            (Some(alarm), Some(_)) if !more.is_empty() => {
                Some(Alarm { last: self.last(alarm.last), count: alarm.count + more.len(), ..alarm })
            }
            _ => None,
        };
        // Twice as long: what came close together is not read close together.
        self.refused.retain(|refused| refused.read > now - within * 2);
        let skip = self.refused.len().saturating_sub(limit.saturating_add(1).max(MOST));
        self.refused.drain(..skip);
        if let Some(alarm) = change {
            self.alarm = Some(alarm);
            return Some(Change::Raised(name.to_owned(), alarm));
        }
        // Half as many as would be too many is quiet: no alarm that comes and goes at the limit.
        let is_late = |refused: &Refused| refused.read > now - within;
        if self.alarm.is_some() && self.refused.iter().filter(|refused| is_late(refused)).count() <= limit / 2 {
            self.alarm = None;
            // What made up this alarm makes no second one.
            self.refused.retain(is_late);
            return Some(Change::Healed(name.to_owned()));
        }
        None
    }

    /// More than the limit within the time: some time and the one `limit` places before it. The first of them.
    fn too_many(&self, limit: usize, within: Duration) -> Option<DateTime<Utc>> {
        let pairs = self.refused.iter().zip(self.refused.iter().skip(limit));
        pairs.map(|(first, last)| (first.at, last.at)).find(|(first, last)| *last - *first <= within).map(|pair| pair.0)
    }

    fn last(&self, or: DateTime<Utc>) -> DateTime<Utc> {
        self.refused.last().map_or(or, |refused| refused.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    fn guess(door: &str, second: i64) -> DoorEvent {
        let at = at(9, 0) + Duration::seconds(second);
        DoorEvent { number: 0, at, door: Some(door.to_owned()), user: None, kind: DoorEventKind::Guess }
    }

    fn config(refused: u32, refused_minutes: u32) -> WatchConfig {
        WatchConfig { refused, refused_minutes, ..WatchConfig::default() }
    }

    fn count(guesses: &mut Guesses, config: &WatchConfig, door: &str, seconds: &[i64], now: i64) -> Vec<Change> {
        let events: Vec<DoorEvent> = seconds.iter().map(|second| guess(door, *second)).collect();
        guesses.count(&events.iter().collect::<Vec<_>>(), config, at(9, 0) + Duration::seconds(now))
    }

    #[test]
    fn more_than_the_limit_within_the_time_is_an_alarm_and_the_limit_itself_is_none() {
        let (mut guesses, three) = (Guesses::default(), config(3, 1));
        assert!(count(&mut guesses, &three, "1", &[0, 10, 20], 25).is_empty());
        let changes = count(&mut guesses, &three, "1", &[60], 60);
        let alarm = Alarm { since: at(9, 0), last: at(9, 1), count: 4 };
        assert_eq!(changes, [Change::Raised("1".to_owned(), alarm)]);
        let (mut slow, three) = (Guesses::default(), config(3, 1));
        assert!(count(&mut slow, &three, "1", &[0, 20, 40, 61, 81, 101], 101).is_empty(), "never four in a minute");
    }

    #[test]
    fn doors_are_counted_each_for_itself_and_other_events_not_at_all() {
        let (mut guesses, two) = (Guesses::default(), config(2, 5));
        assert!(count(&mut guesses, &two, "1", &[0, 1], 2).is_empty());
        assert!(count(&mut guesses, &two, "2", &[1, 2], 2).is_empty());
        let admitted = DoorEvent { kind: DoorEventKind::Admitted, ..guess("1", 3) };
        let nowhere = DoorEvent { door: None, ..guess("1", 3) };
        assert!(guesses.count(&[&admitted, &nowhere], &two, at(9, 1)).is_empty());
        assert_eq!(count(&mut guesses, &two, "2", &[3], 3).len(), 1);
    }

    #[test]
    fn an_alarm_goes_on_with_its_count_and_ends_when_it_is_quiet() {
        let (mut guesses, two) = (Guesses::default(), config(2, 1));
        assert_eq!(count(&mut guesses, &two, "1", &[0, 1, 2], 2).len(), 1);
        assert!(count(&mut guesses, &two, "1", &[], 10).is_empty(), "nothing new is no further alarm");
        let changes = count(&mut guesses, &two, "1", &[20, 21], 21);
        assert!(matches!(&changes[..], [Change::Raised(_, alarm)] if alarm.count == 5 && alarm.since == at(9, 0)));
        assert_eq!(guesses.alarms().count(), 1);
        assert!(count(&mut guesses, &two, "1", &[], 80).is_empty(), "two within the last minute");
        assert_eq!(count(&mut guesses, &two, "1", &[], 81), [Change::Healed("1".to_owned())]);
        assert!(count(&mut guesses, &two, "1", &[], 82).is_empty());
        assert_eq!(guesses, Guesses::default(), "nothing is kept of a quiet door");
    }

    #[test]
    fn what_a_controller_delivers_late_is_an_alarm_too() {
        let (mut guesses, two) = (Guesses::default(), config(2, 1));
        assert_eq!(count(&mut guesses, &two, "1", &[0, 1, 2], 7_200).len(), 1);
        assert!(count(&mut guesses, &two, "1", &[], 7_259).is_empty());
        assert_eq!(count(&mut guesses, &two, "1", &[], 7_260), [Change::Healed("1".to_owned())]);
        assert!(count(&mut guesses, &two, "1", &[3], 7_270).is_empty(), "what is over makes no second alarm");
    }

    #[test]
    fn the_clock_of_the_door_system_may_be_behind_or_ahead() {
        for wrong in [-3_600, -400, -7, 400] {
            let (mut guesses, three) = (Guesses::default(), config(3, 1));
            let mut changes = Vec::new();
            for second in [0, 15, 30, 45, 59] {
                changes.extend(count(&mut guesses, &three, "1", &[second + wrong], second + 10));
                // Another look, which shows nothing new.
                changes.extend(count(&mut guesses, &three, "1", &[], second + 12));
            }
            assert_eq!(changes.len(), 2, "the fourth and the fifth, {wrong} seconds");
            let (mut slow, three) = (Guesses::default(), config(3, 1));
            let times = (0..12).map(|n| n * 21);
            assert!(
                times.map(|at| count(&mut slow, &three, "1", &[at + wrong], at + 10)).all(|found| found.is_empty())
            );
        }
    }

    #[test]
    fn what_is_kept_stays_small() {
        let (mut guesses, ten) = (Guesses::default(), config(10, 5));
        for round in 0..5 {
            count(&mut guesses, &ten, "1", &(0..900).map(|n| round * 10 + n % 10).collect::<Vec<_>>(), 60);
        }
        assert!(guesses.doors["1"].refused.len() <= MOST);
        assert_eq!(guesses.alarms().next().unwrap().1.count, 4_500);
    }
}
