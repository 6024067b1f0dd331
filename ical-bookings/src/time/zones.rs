//! The zones of one calendar.

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;

use super::{DayRules, Interval, Moment, RawTime, Zone, ZoneBlock};
use crate::{Limits, ProblemKind};

/// The zones of one `VCALENDAR`: its own definitions, the known names, and the zone of times without any.
#[derive(Debug)]
pub(crate) struct Zones {}

impl Zones {
    /// Collects them before the first event is read, so that a definition may follow its use.
    ///
    /// `calendar_zone` is `X-WR-TIMEZONE`, `link_zone` the configured one. Faults of definitions are added to `problems` with
    /// a text for the operator.
    pub(crate) fn new(
        blocks: &[ZoneBlock],
        calendar_zone: Option<&str>,
        link_zone: Option<Tz>,
        limits: &Limits,
        problems: &mut Vec<(ProblemKind, String)>,
    ) -> Self {
        let _ = (blocks, calendar_zone, link_zone, limits, problems);
        Self {}
    }

    /// Reads one date or time.
    ///
    /// # Errors
    ///
    /// `BadTime`, `YearOutOfRange`, `UnknownZone`, or `NoZone` for a time without zone when none is configured.
    pub(crate) fn moment(&mut self, raw: RawTime<'_>) -> Result<Moment, ProblemKind> {
        let _ = raw;
        Err(ProblemKind::BadTime)
    }

    /// Reads `DTSTART`, `DTEND` and `DURATION` of one event.
    ///
    /// # Errors
    ///
    /// As [`moment`](Self::moment), and `NoEnd`, `ZeroLength`, `EndBeforeStart`, `TooLong`.
    pub(crate) fn interval(
        &mut self,
        start: RawTime<'_>,
        end: Option<RawTime<'_>>,
        duration: Option<&str>,
        rules: &DayRules,
    ) -> Result<Interval, ProblemKind> {
        let _ = (start, end, duration, rules);
        Err(ProblemKind::BadTime)
    }

    /// The instant at which the clock of a zone shows a time. In a gap the offset before it counts; of two, the first.
    pub(crate) fn instant(&self, zone: Zone, local: NaiveDateTime) -> DateTime<Utc> {
        let _ = zone;
        local.and_utc()
    }

    /// What the clock of a zone shows at an instant.
    pub(crate) fn local(&self, zone: Zone, utc: DateTime<Utc>) -> NaiveDateTime {
        let _ = zone;
        utc.naive_utc()
    }
}
