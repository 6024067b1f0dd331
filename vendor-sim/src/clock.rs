//! The simulator's clock and its time zone.

use std::time::Instant;

use chrono::{DateTime, LocalResult, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A clock that can be set, moved and stopped.
#[derive(Debug, Clone)]
pub struct Clock {
    shown: DateTime<Utc>,
    since: Option<Instant>,
}

impl Default for Clock {
    fn default() -> Self {
        Self::starting_at(Utc::now())
    }
}

impl Clock {
    /// A clock that shows `time` now and runs on from there.
    pub fn starting_at(time: DateTime<Utc>) -> Self {
        Self { shown: time, since: Some(Instant::now()) }
    }

    /// A clock that stands still at `time`.
    pub fn standing_at(time: DateTime<Utc>) -> Self {
        Self { shown: time, since: None }
    }

    /// What the clock shows.
    pub fn now(&self) -> DateTime<Utc> {
        let passed = self.since.map_or(TimeDelta::zero(), |since| {
            TimeDelta::from_std(since.elapsed()).unwrap_or_else(|_| TimeDelta::zero())
        });
        self.shown.checked_add_signed(passed).unwrap_or(self.shown)
    }

    /// Sets the clock; it runs on or stands still as before.
    pub fn set(&mut self, time: DateTime<Utc>) {
        self.shown = time;
        self.since = self.since.map(|_| Instant::now());
    }

    /// Moves the clock by `step`, which may be negative.
    pub fn advance(&mut self, step: TimeDelta) {
        if let Some(time) = self.now().checked_add_signed(step) {
            self.set(time);
        }
    }

    /// Lets the clock stand still at what it shows.
    pub fn freeze(&mut self) {
        self.shown = self.now();
        self.since = None;
    }

    /// Lets the clock run again.
    pub fn run(&mut self) {
        self.set(self.now());
        self.since = Some(Instant::now());
    }

    /// Whether the clock stands still.
    pub fn is_frozen(&self) -> bool {
        self.since.is_none()
    }
}

/// The time zone of the simulated server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(Tz);

impl Default for Zone {
    fn default() -> Self {
        Self(chrono_tz::Europe::London)
    }
}

impl Zone {
    /// The zone with this IANA name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        name.parse().ok().map(Self)
    }

    /// Its IANA name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Wall clock time of an instant.
    pub fn local(self, instant: DateTime<Utc>) -> NaiveDateTime {
        instant.with_timezone(&self.0).naive_local()
    }

    /// Instant of a wall clock time: the first of two, and one hour on in a gap.
    pub fn instant(self, local: NaiveDateTime) -> DateTime<Utc> {
        match self.0.from_local_datetime(&local) {
            LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => time.with_timezone(&Utc),
            LocalResult::None => local
                .checked_add_signed(TimeDelta::hours(1))
                .and_then(|moved| self.0.from_local_datetime(&moved).earliest())
                .map_or_else(|| Utc.from_utc_datetime(&local), |time| time.with_timezone(&Utc)),
        }
    }

    /// An instant as the server writes it in events: with milliseconds and offset.
    pub fn event_text(self, instant: DateTime<Utc>) -> String {
        instant.with_timezone(&self.0).format("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
    }

    /// A local time as the server writes it in records: with offset, without fractions.
    pub fn record_text(self, local: NaiveDateTime) -> String {
        self.instant(local).with_timezone(&self.0).format("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| serde::de::Error::custom("unknown time zone"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_moves_only_when_told() {
        let mut clock = Clock::starting_at(Utc.with_ymd_and_hms(2027, 3, 1, 9, 0, 0).unwrap());
        clock.freeze();
        let before = clock.now();
        assert_eq!(clock.now(), before);
        clock.advance(TimeDelta::minutes(31));
        assert_eq!(clock.now() - before, TimeDelta::minutes(31));
    }

    #[test]
    fn local_times_around_a_clock_change_have_an_instant() {
        let zone = Zone::default();
        let gap = chrono::NaiveDate::from_ymd_opt(2027, 3, 28).unwrap().and_hms_opt(1, 30, 0).unwrap();
        assert_eq!(zone.record_text(gap), "2027-03-28T02:30:00+01:00");
        let twice = chrono::NaiveDate::from_ymd_opt(2027, 10, 31).unwrap().and_hms_opt(1, 30, 0).unwrap();
        assert_eq!(zone.record_text(twice), "2027-10-31T01:30:00+01:00");
    }
}
