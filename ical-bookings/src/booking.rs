//! From an event to a booking.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::event::{Event, raw_time};
use crate::people::People;
use crate::problem::Problems;
use crate::property::Property;
use crate::resources::Resources;
use crate::text::{first_chars, fold_case, trimmed, unescape};
use crate::time::{DayRules, Interval, Zones};
use crate::{Booking, Dialect, Options, ProblemKind, Status};

/// Makes bookings of the events of one body.
#[derive(Debug)]
pub(crate) struct Maker<'o> {
    pub(crate) options: &'o Options,
    pub(crate) dialect: Dialect,
    pub(crate) days: DayRules,
    people: People,
    pub(crate) resources: Resources<'o>,
    /// Folded summaries to be left out; true if only their beginning is given.
    skip: Vec<(String, bool)>,
}

/// What an event came to.
#[derive(Debug)]
pub(crate) enum Made {
    /// A booking.
    Good(Booking),
    /// Left out by configuration.
    Skipped,
    /// Refused for a reason that was reported.
    Refused(ProblemKind),
}

impl<'o> Maker<'o> {
    pub(crate) fn new(options: &'o Options, dialect: Dialect) -> Self {
        let skip = options.skip_summaries.iter().map(|summary| match summary.strip_suffix('*') {
            Some(beginning) => (fold_case(beginning), true),
            None => (fold_case(summary.trim()), false),
        });
        let skip = skip.collect();
        let (people, resources) = (People::new(options, dialect), Resources::new(options, dialect));
        Self { options, dialect, days: DayRules::new(options), people, resources, skip }
    }

    /// Turns an event into a booking and reports what was wrong with it.
    pub(crate) fn make(
        &mut self,
        event: &mut Event<'_>,
        zones: &mut Zones,
        cancelled: bool,
        problems: &mut Problems,
    ) -> Made {
        let mut notes = std::mem::take(&mut event.notes);
        let made = self.try_make(event, zones, cancelled, &mut notes);
        let uid = event.uid();
        for (kind, line) in notes {
            problems.add(kind, uid, line, kind.explanation());
        }
        match made {
            Ok(Some(booking)) => Made::Good(booking),
            Ok(None) => Made::Skipped,
            Err((kind, line)) => {
                problems.add(kind, uid, line, kind.explanation());
                Made::Refused(kind)
            }
        }
    }

    fn try_make(
        &mut self,
        event: &Event<'_>,
        zones: &mut Zones,
        cancelled: bool,
        notes: &mut Vec<(ProblemKind, u32)>,
    ) -> Result<Option<Booking>, (ProblemKind, u32)> {
        if let Some(fault) = event.fault {
            return Err(fault);
        }
        let summary = self.summary(event);
        if self.is_skipped(event, summary.as_deref()) {
            return Ok(None);
        }
        let uid = event.uid().ok_or((ProblemKind::NoUid, event.line))?;
        let line = event.start.as_ref().map_or(event.line, |start| start.line);
        let when = interval(event, zones, &self.days).map_err(|kind| (kind, line))?;
        notes.extend(when.notes.kinds().map(|kind| (kind, line)));
        self.check(uid, event, &when).map_err(|kind| (kind, line))?;
        Ok(Some(Booking {
            uid: uid.into(),
            instance: None,
            start: when.from,
            end: when.to,
            people: self.people.of(event, notes),
            resources: self.resources.of(event, notes),
            status: if cancelled { Status::Cancelled } else { event.status() },
            all_day: when.all_day,
            summary,
            held: false,
        }))
    }

    fn check(&self, uid: &str, event: &Event<'_>, when: &Interval) -> Result<(), ProblemKind> {
        if self.dialect == Dialect::Type1
            && event.recurrence_id.is_none()
            && start_in_uid(uid).is_some_and(|start| start != when.start.utc)
        {
            return Err(ProblemKind::StartDisagreesWithUid);
        }
        let horizon = self.options.now.and_then(|now| now.checked_add_signed(self.options.horizon));
        if horizon.is_some_and(|horizon| when.from > horizon) {
            return Err(ProblemKind::BeyondHorizon);
        }
        Ok(())
    }

    fn summary(&self, event: &Event<'_>) -> Option<Arc<str>> {
        let template = self.dialect == Dialect::Type2Template;
        let glued = if template { event.glued_summary() } else { None };
        let value = event.summary.as_ref().map(Property::value).or(glued)?;
        let text = unescape(value, template);
        let text = first_chars(trimmed(&text), LONGEST_SUMMARY);
        (!text.is_empty()).then(|| text.into())
    }

    fn is_skipped(&self, event: &Event<'_>, summary: Option<&str>) -> bool {
        if self.options.skip_transparent && event.is_transparent() {
            return true;
        }
        if self.skip.is_empty() {
            return false;
        }
        let summary = fold_case(summary.unwrap_or_default());
        self.skip.iter().any(
            |(text, beginning)| {
                if *beginning { summary.starts_with(text.as_str()) } else { summary == *text }
            },
        )
    }
}

/// When an event takes place.
///
/// # Errors
///
/// The problem that it has none.
pub(crate) fn interval(event: &Event<'_>, zones: &mut Zones, days: &DayRules) -> Result<Interval, ProblemKind> {
    let start = event.start.as_ref().ok_or(ProblemKind::NoStart)?;
    let end = event.end.as_ref().map(raw_time);
    let duration = event.duration.as_ref().map(Property::value);
    zones.interval(raw_time(start), end, duration, days)
}

/// The start that a type-1 uid tells: digits, an underscore, and ticks of 100 ns since the year 1.
fn start_in_uid(uid: &str) -> Option<DateTime<Utc>> {
    let (series, ticks) = uid.split_once('_')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(series) || ticks.len() != TICKS_DIGITS || !digits(ticks) {
        return None;
    }
    let ticks: i64 = ticks.parse().ok()?;
    let nanos = u32::try_from(ticks % TICKS_PER_SECOND * 100).ok()?;
    DateTime::from_timestamp(ticks / TICKS_PER_SECOND - YEAR_1_TO_1970, nanos)
}

const TICKS_DIGITS: usize = 18;
const TICKS_PER_SECOND: i64 = 10_000_000;
const YEAR_1_TO_1970: i64 = 62_135_596_800;

/// Characters of a title that are kept; it is for display only.
const LONGEST_SUMMARY: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn a_type_1_uid_tells_its_start() {
        let start = Utc.with_ymd_and_hms(2021, 4, 14, 10, 30, 0).unwrap();
        assert_eq!(start_in_uid("24600000_637539930000000000"), Some(start));
        for other in
            ["24600000", "a_637539930000000000", "1_63753993000000000", "1_63753993000000000x", "_637539930000000000"]
        {
            assert_eq!(start_in_uid(other), None, "{other}");
        }
    }
}
