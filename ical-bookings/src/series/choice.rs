//! Which of the events of a uid count.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::Entry;
use crate::ProblemKind;
use crate::time::{Moment, RawTime, Suffix, Written, Zones};

/// The events of a uid that count: of each recurrence id the newest.
pub(super) struct Chosen<'e, 'a> {
    pub(super) master: Option<&'e Entry<'a>>,
    pub(super) overrides: Vec<Override<'e, 'a>>,
}

/// An event that replaces one instance.
pub(super) struct Override<'e, 'a> {
    /// Start of the instance that it replaces.
    pub(super) original: DateTime<Utc>,
    pub(super) day: Day,
    pub(super) entry: &'e Entry<'a>,
    /// Whether it changes all later ones too.
    pub(super) and_future: bool,
}

/// A whole day that an `EXDATE` or `RECURRENCE-ID` means, besides the instant.
pub(super) type Day = Option<NaiveDate>;

impl<'e, 'a> Chosen<'e, 'a> {
    pub(super) fn of(entries: &'e [Entry<'a>], zones: &mut Zones, problems: &mut Vec<(ProblemKind, usize)>) -> Self {
        let newest = |one: &Entry<'_>, other: &Entry<'_>| rank(one).cmp(&rank(other));
        // Of equal ones the last, which stands later in the body.
        let master =
            entries.iter().filter(|entry| entry.recurrence_id.is_none()).max_by(|one, other| newest(one, other));
        let start = master.and_then(|master| master.when.ok()).map(|when| when.start);
        let mut overrides: BTreeMap<DateTime<Utc>, Override<'e, 'a>> = BTreeMap::new();
        for entry in entries {
            let Some(id) = entry.recurrence_id else { continue };
            match mark(id, start.as_ref(), zones) {
                Ok((original, day)) => {
                    let new = Override { original, day, entry, and_future: is_range(entry, "THISANDFUTURE") };
                    if is_range(entry, "THISANDPRIOR") {
                        problems.push((ProblemKind::RuleIgnored, entry.payload));
                    }
                    match overrides.get(&original) {
                        Some(known) if newest(known.entry, entry).is_gt() => {}
                        _ => drop(overrides.insert(original, new)),
                    }
                }
                Err(kind) => problems.push((kind, entry.payload)),
            }
        }
        Self { master, overrides: overrides.into_values().collect() }
    }
}

/// `SEQUENCE`; what does not fit is the largest, below zero is zero.
pub(super) fn sequence(entry: &Entry<'_>) -> u64 {
    let text = entry.sequence.unwrap_or_default().trim();
    let digits = text.strip_prefix('+').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        digits.parse().unwrap_or(u64::MAX)
    } else {
        0
    }
}

fn rank(entry: &Entry<'_>) -> (u64, Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    (sequence(entry), stamp(entry.last_modified), stamp(entry.dtstamp))
}

/// A time stamp, which is always UTC.
fn stamp(text: Option<&str>) -> Option<DateTime<Utc>> {
    let written = Written::parse(text?).ok()?;
    let shift = match written.suffix {
        Suffix::Offset(offset) => offset,
        Suffix::None | Suffix::Utc => 0,
    };
    Some(written.local().checked_sub_signed(TimeDelta::seconds(shift.into()))?.and_utc())
}

fn is_range(entry: &Entry<'_>, range: &str) -> bool {
    entry.range.is_some_and(|written| written.trim().trim_matches('"').eq_ignore_ascii_case(range))
}

/// The instance that an `EXDATE` or `RECURRENCE-ID` means: its start, and a day if any start on that day is meant.
///
/// # Errors
///
/// Those of [`Zones::moment`].
pub(super) fn mark(
    raw: RawTime<'_>,
    start: Option<&Moment>,
    zones: &mut Zones,
) -> Result<(DateTime<Utc>, Day), ProblemKind> {
    let Some(start) = start else {
        return zones.moment(raw).map(|moment| (moment.utc, None));
    };
    let written = Written::parse(raw.value)?.in_believed_years()?;
    let time = if start.date { NaiveTime::MIN } else { start.local.time() };
    if written.time.is_none() {
        return Ok((zones.instant(start.zone, written.date.and_time(time)), Some(written.date)));
    }
    let moment = zones.moment_in(raw, Some(start.zone))?;
    if start.date && moment.local.time() == NaiveTime::MIN {
        // A day that was written as its midnight.
        let day = moment.local.date();
        return Ok((zones.instant(start.zone, day.and_time(NaiveTime::MIN)), Some(day)));
    }
    Ok((moment.utc, None))
}
