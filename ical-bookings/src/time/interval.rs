//! From the start of a booking to its end.

use chrono::{DateTime, Days, Duration, NaiveDate, NaiveTime, Utc};

use super::{Moment, Notes, Span, Zone, Zones};
use crate::{Options, ProblemKind};

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

impl Interval {
    /// Bounds a booking by its end, else by its duration, else by being a day.
    ///
    /// # Errors
    ///
    /// `NoEnd`, `ZeroLength`, `EndBeforeStart`, `TooLong`, `BadTime`.
    pub(super) fn of(
        zones: &Zones,
        start: Moment,
        end: Option<Moment>,
        duration: Option<&str>,
        rules: &DayRules,
    ) -> Result<Self, ProblemKind> {
        let mut notes = start.notes.with(end.map(|end| end.notes).unwrap_or_default());
        let length = match (end, duration) {
            (Some(end), duration) => {
                if duration.is_some() {
                    notes = notes.with(Notes::END_AND_DURATION);
                }
                if end.date != start.date {
                    notes = notes.with(Notes::MIXED);
                }
                Length::between(&start, &end)
            }
            (None, Some(duration)) => Length::lasting(Span::parse(duration)?, start.date),
            (None, None) if start.date => Length::Days(1),
            (None, None) => return Err(ProblemKind::NoEnd),
        };
        if start.date && matches!(length, Length::Nominal(..)) {
            notes = notes.with(Notes::MIXED);
        }
        length.check(rules.longest)?;
        let from = length.start(zones, &start, rules);
        let to = length.end(zones, &start, rules).ok_or(ProblemKind::TooLong)?;
        if to <= from {
            return Err(if to == from { ProblemKind::ZeroLength } else { ProblemKind::EndBeforeStart });
        }
        Ok(Self { start, from, to, all_day: matches!(length, Length::Days(_)), length, notes })
    }
}

impl Length {
    pub(crate) fn between(start: &Moment, end: &Moment) -> Self {
        if start.date && end.date {
            Self::Days((end.local - start.local).num_days())
        } else {
            Self::Exact(end.utc - start.utc)
        }
    }

    pub(crate) fn lasting(span: Span, date: bool) -> Self {
        match (span.days, span.exact.is_zero()) {
            (days, true) if date => Self::Days(days),
            (0, _) if !date => Self::Exact(span.exact),
            (days, _) => Self::Nominal(days, span.exact),
        }
    }

    /// Refuses what is no length, before anything is added to a date.
    pub(crate) fn check(self, longest: Duration) -> Result<(), ProblemKind> {
        let days = |days: i64| Duration::try_days(days).unwrap_or(Duration::MAX);
        let whole = match self {
            Self::Exact(exact) => Some(exact),
            Self::Nominal(count, exact) => days(count).checked_add(&exact),
            Self::Days(count) => Some(days(count)),
        };
        match whole {
            Some(whole) if whole < Duration::zero() => Err(ProblemKind::EndBeforeStart),
            Some(whole) if whole.is_zero() => Err(ProblemKind::ZeroLength),
            Some(whole) if whole <= longest => Ok(()),
            _ => Err(ProblemKind::TooLong),
        }
    }

    /// No instance of this length lasts longer.
    pub(crate) fn at_most(self) -> Duration {
        let (days, exact) = match self {
            Self::Exact(exact) => (0, exact),
            Self::Nominal(days, exact) => (days + 1, exact),
            Self::Days(days) => (days + 2, Duration::zero()),
        };
        Duration::try_days(days).and_then(|days| days.checked_add(&exact)).unwrap_or(Duration::MAX)
    }

    /// The instant at which a booking of this length begins.
    pub(crate) fn start(self, zones: &Zones, start: &Moment, rules: &DayRules) -> DateTime<Utc> {
        match self {
            Self::Days(_) if rules.check_in != NaiveTime::MIN => {
                zones.instant(start.zone, start.local.date().and_time(rules.check_in))
            }
            _ => start.utc,
        }
    }

    /// The instant at which it ends; none beyond all calendars.
    pub(crate) fn end(self, zones: &Zones, start: &Moment, rules: &DayRules) -> Option<DateTime<Utc>> {
        let later = |count: i64| start.local.date().checked_add_days(Days::new(u64::try_from(count).ok()?));
        let at = |zone: Zone, day: NaiveDate, time| zones.instant(zone, day.and_time(time));
        match self {
            Self::Exact(exact) => start.utc.checked_add_signed(exact),
            Self::Nominal(days, exact) => at(start.zone, later(days)?, start.local.time()).checked_add_signed(exact),
            Self::Days(days) => Some(at(start.zone, later(days)?, rules.check_out)),
        }
    }
}
