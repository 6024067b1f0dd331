//! Times as feeds write them, and the instants they mean.
//!
//! [`Zones`] knows the zones of one `VCALENDAR`. It turns a [`RawTime`] into a [`Moment`] and the three properties that
//! bound a booking into an [`Interval`]. Nothing is guessed: what cannot be resolved is a [`ProblemKind`].

mod block;
mod duration;
mod interval;
mod name;
mod text;
mod zone;
mod zones;

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::ProblemKind;

pub(crate) use block::{Observance, ZoneBlock};
pub(crate) use duration::Span;
pub(crate) use interval::{DayRules, Interval, Length};
pub(crate) use text::{Suffix, Written};
pub(crate) use zone::Zone;
pub(crate) use zones::Zones;

/// A date or time property as it stands in the body: its value and the two parameters that matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RawTime<'a> {
    /// The value; blanks around it do not count.
    pub(crate) value: &'a str,
    /// `TZID`, quoted or not.
    pub(crate) tzid: Option<&'a str>,
    /// Whether `VALUE=DATE` was given. Eight digits are a date without it.
    pub(crate) date: bool,
}

/// A resolved point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// The instant.
    pub(crate) utc: DateTime<Utc>,
    /// What the wall clock of the zone shows; midnight for a day.
    pub(crate) local: NaiveDateTime,
    /// The zone of that clock.
    pub(crate) zone: Zone,
    /// Whether it was a day, not a time.
    pub(crate) date: bool,
    /// What was repaired or ignored.
    pub(crate) notes: Notes,
}

/// What was repaired or ignored while reading times; each kind at most once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notes(u8);

impl Notes {
    /// Written in another form than the standard's.
    pub(crate) const REPAIRED: Self = Self(1);
    /// A zone beside a UTC time was ignored, or a definition differs from the zone whose name it has.
    pub(crate) const ZONE_CONFLICT: Self = Self(2);
    /// Both an end and a duration.
    pub(crate) const END_AND_DURATION: Self = Self(4);
    /// One of start and end is a day, the other a time.
    pub(crate) const MIXED: Self = Self(8);

    /// Both sets together.
    #[must_use]
    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The kinds under which they are reported.
    pub(crate) fn kinds(self) -> impl Iterator<Item = ProblemKind> {
        [
            (Self::REPAIRED, ProblemKind::RepairedTime),
            (Self::ZONE_CONFLICT, ProblemKind::ZoneConflict),
            (Self::END_AND_DURATION, ProblemKind::EndAndDuration),
            (Self::MIXED, ProblemKind::MixedDateAndTime),
        ]
        .into_iter()
        .filter(move |(note, _)| self.0 & note.0 != 0)
        .map(|(_, kind)| kind)
    }
}

#[cfg(test)]
mod tests;
