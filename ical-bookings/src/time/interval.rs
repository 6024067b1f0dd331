//! From the start of a booking to its end.

use chrono::{DateTime, Duration, NaiveTime, Utc};

use super::{Moment, Notes};
use crate::Options;

/// How bookings in whole days are bounded, and how long a booking may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DayRules {
    /// Local time at which the first day begins.
    pub(crate) check_in: NaiveTime,
    /// Local time of the (excluded) last day at which the booking ends.
    pub(crate) check_out: NaiveTime,
    /// Longer ones are refused.
    pub(crate) longest: Duration,
}

impl DayRules {
    /// Those of a feed.
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            check_in: options.check_in.unwrap_or_default(),
            check_out: options.check_out.unwrap_or_default(),
            longest: options.longest_booking,
        }
    }
}

/// A booking's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    /// `DTSTART`; for whole days local midnight, not the check-in.
    pub(crate) start: Moment,
    /// The instant at which the booking begins.
    pub(crate) from: DateTime<Utc>,
    /// The instant at which it ends; later than `from`.
    pub(crate) to: DateTime<Utc>,
    /// Whether it was given in whole days.
    pub(crate) all_day: bool,
    /// How its repetitions are bounded.
    pub(crate) length: Length,
    /// What was repaired or ignored, of start and end.
    pub(crate) notes: Notes,
}

/// The length that each instance of a series has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// That much time, whatever clocks do.
    Exact(Duration),
    /// Calendar days on the clock of the start's zone, then that much time.
    Nominal(i64, Duration),
    /// Whole days, from check-in to check-out.
    Days(i64),
}
