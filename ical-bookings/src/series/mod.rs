//! Series: from the `VEVENT`s of one uid to the instances in a window.
//!
//! Rules run on the wall clock of the start's zone and each start is turned into an instant by itself, so nine o'clock
//! stays nine o'clock over a change of the clock. A rule costs at most its limits, whatever it says.

use chrono::{DateTime, Utc};

use crate::time::{DayRules, Interval, RawTime, Zones};
use crate::{Limits, ProblemKind, Window};

/// What a series needs of one `VEVENT`. The entries of a uid are given in the order of the body.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    /// The caller's number of this event, returned with its instances.
    pub(crate) payload: usize,
    /// [`Zones::interval`] of it. The caller reports an error; a broken override still removes the instance it replaces.
    pub(crate) when: Result<Interval, ProblemKind>,
    /// `SEQUENCE`, raw.
    pub(crate) sequence: Option<&'a str>,
    /// `LAST-MODIFIED`, raw.
    pub(crate) last_modified: Option<&'a str>,
    /// `DTSTAMP`, raw.
    pub(crate) dtstamp: Option<&'a str>,
    /// `RRULE`s, raw.
    pub(crate) rrules: Vec<&'a str>,
    /// `RDATE`s; a value may hold several, separated by commas, and periods.
    pub(crate) rdates: Vec<RawTime<'a>>,
    /// `EXDATE`s; a value may hold several, separated by commas.
    pub(crate) exdates: Vec<RawTime<'a>>,
    /// Whether there is an `EXRULE`.
    pub(crate) exrule: bool,
    /// `RECURRENCE-ID`.
    pub(crate) recurrence_id: Option<RawTime<'a>>,
    /// Its `RANGE`.
    pub(crate) range: Option<&'a str>,
    /// Whether `STATUS` says cancelled.
    pub(crate) cancelled: bool,
}

/// One booking of a series, or the only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    /// Start before it was moved; none for an event that does not repeat.
    pub(crate) original: Option<DateTime<Utc>>,
    /// Start.
    pub(crate) start: DateTime<Utc>,
    /// End, later than the start.
    pub(crate) end: DateTime<Utc>,
    /// Number of the event whose people, resources and text it has.
    pub(crate) payload: usize,
    /// Whether it was called off.
    pub(crate) cancelled: bool,
}

/// What came of a series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expansion {
    /// Those that overlap the window, by start.
    pub(crate) instances: Vec<Instance>,
    /// What was wrong, with the number of the event.
    pub(crate) problems: Vec<(ProblemKind, usize)>,
}

/// The instances of one uid of one calendar that overlap a window.
///
/// Events whose [`Entry::when`] is an error are reported by the caller and only suppress what they replace.
pub(crate) fn expand(
    entries: &[Entry<'_>],
    zones: &mut Zones,
    window: Window,
    rules: &DayRules,
    limits: &Limits,
) -> Expansion {
    let _ = (entries, zones, window, rules, limits);
    Expansion::default()
}
