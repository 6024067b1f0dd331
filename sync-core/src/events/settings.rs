//! What an administrator can set.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::model::EventClass;

/// Settings of one event link. The defaults are those of the engine's documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a line of its own in a configuration")]
pub struct EventSettings {
    /// Least numbers that are read again behind the position; a source that declares more lateness gets more.
    pub overlap: i64,
    /// How long a hole in the numbering is watched before it counts as never filled.
    pub gap_ttl: Duration,
    /// Distance between two sweeps.
    pub sweep_every: Duration,
    /// How far back a sweep reads again; zero switches sweeps off.
    pub sweep_range: Duration,
    /// How far back a new numbering is compared with the old one.
    pub epoch_overlap: Duration,
    /// An event that enters the ledger this long after it happened is reported as late.
    pub late_after: Duration,
    /// How long an event waits for its person or device before it is rejected.
    pub waiting_max: Duration,
    /// After this long a clocking whose person is not linked is delivered under the source's id, for attendance systems
    /// that keep such clockings for a clerk; never without it.
    pub strangers_after: Option<Duration>,
    /// Attendance swipes within this time count once; zero switches the rule off.
    pub repeat_window: Duration,
    /// What has to be the same for a swipe to be a repeat.
    pub repeat_scope: RepeatScope,
    /// How far in the future an event may be before its clock is doubted.
    pub future_tolerance: Duration,
    /// Events before this instant never count, whatever their device says.
    pub not_before: Option<DateTime<Utc>>,
    /// Older events are held for a person's decision; zero switches the rule off.
    pub max_age: Duration,
    /// What counts as attendance at an attendance device.
    pub attendance: BTreeSet<EventClass>,
    /// What becomes an access record at an access device.
    pub access: BTreeSet<EventClass>,
    /// What the source's system made up, such as signing everybody out at night, counts like anything else.
    pub automatic: bool,
    /// What somebody entered on behalf of a person counts like anything else.
    pub by_hand: bool,
    /// What was booked is replaced when its event is changed afterwards, as long as the attendance side has not used it.
    /// Without this, and whenever it cannot be, the change is held for a person to decide.
    pub follow_corrections: bool,
    /// The source forgets what was read: position and rows are on disk before it is asked again.
    pub source_discards: bool,
    /// Longest time in which a delivery without an answer may still take effect, with margin.
    pub settle: Duration,
    /// Rows in one commit, and events looked at together during delivery.
    pub rows_per_commit: usize,
    /// Waiting events looked at in one delivery run.
    pub recheck: usize,
    /// First distance between two attempts at one event; doubles with each.
    pub retry_first: Duration,
    /// Longest distance between two attempts.
    pub retry_most: Duration,
}

/// What has to be the same for a swipe to be a repeat; the person always is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RepeatScope {
    /// The same device.
    #[default]
    Device,
    /// The same direction, at whichever device.
    Direction,
}

impl Default for EventSettings {
    fn default() -> Self {
        use EventClass::{AntiPassback, Denied, ExitButton, Granted, SignIn, SignOut};
        Self {
            overlap: 1_000,
            gap_ttl: Duration::from_hours(24),
            sweep_every: Duration::from_hours(24),
            sweep_range: days(7),
            epoch_overlap: days(40),
            late_after: Duration::from_mins(15),
            waiting_max: days(30),
            strangers_after: None,
            repeat_window: Duration::from_mins(1),
            repeat_scope: RepeatScope::Device,
            future_tolerance: Duration::from_mins(5),
            not_before: None,
            max_age: days(31),
            attendance: [Granted, SignIn, SignOut].into(),
            access: [Granted, Denied, AntiPassback, ExitButton].into(),
            automatic: false,
            by_hand: true,
            follow_corrections: false,
            source_discards: false,
            settle: Duration::from_secs(70),
            rows_per_commit: 5_000,
            recheck: 5_000,
            retry_first: Duration::from_secs(30),
            retry_most: Duration::from_mins(15),
        }
    }
}

impl EventSettings {
    /// Whether events of this class can become anything at all.
    pub fn counts_anywhere(&self, class: EventClass) -> bool {
        self.attendance.contains(&class) || self.access.contains(&class)
    }

    /// Distance to the next attempt after so many failures in a row.
    pub(super) fn backoff(&self, attempts: u32) -> Duration {
        self.retry_first.saturating_mul(1 << attempts.min(16)).min(self.retry_most)
    }
}

const fn days(n: u64) -> Duration {
    Duration::from_hours(24 * n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_move_apart_up_to_a_limit() {
        let settings = EventSettings::default();
        assert_eq!(settings.backoff(0), Duration::from_secs(30));
        assert_eq!(settings.backoff(2), Duration::from_mins(2));
        assert_eq!(settings.backoff(u32::MAX), settings.retry_most);
    }
}
