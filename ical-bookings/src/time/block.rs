//! A `VTIMEZONE` of a calendar.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::text::{Suffix, Written, offset};
use crate::ProblemKind;
use crate::series::{Budget, Rule, Until};

/// A `VTIMEZONE` as it stands in the body: raw values, nothing checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ZoneBlock {
    /// `TZID`.
    pub(crate) tzid: String,
    /// `X-LIC-LOCATION`.
    pub(crate) location: Option<String>,
    /// `STANDARD` and `DAYLIGHT` alike.
    pub(crate) observances: Vec<Observance>,
}

/// A `STANDARD` or `DAYLIGHT` component.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Observance {
    /// `DTSTART`.
    pub(crate) dtstart: String,
    /// `TZOFFSETFROM`.
    pub(crate) offset_from: String,
    /// `TZOFFSETTO`.
    pub(crate) offset_to: String,
    /// `RRULE`s.
    pub(crate) rrules: Vec<String>,
    /// Values of `RDATE`, whole property values.
    pub(crate) rdates: Vec<String>,
}

/// A definition, ready to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Definition {
    /// One offset for all times.
    Fixed(i32),
    /// Changes of the offset.
    Changing(Onsets),
}

/// When which offset begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Onsets {
    /// By the instant at which they begin.
    list: Vec<Onset>,
    /// Whether what the clock shows at them is in order, too.
    in_order: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Onset {
    /// What the clock shows at that moment before it is changed.
    local: NaiveDateTime,
    utc: NaiveDateTime,
    /// Seconds east of UTC before and after.
    from: i32,
    to: i32,
}

impl Definition {
    /// Works out a block.
    ///
    /// # Errors
    ///
    /// `BadZone` for what cannot be used as a whole, `ZoneLimit` when it changes more often than `limit`.
    pub(super) fn of(block: &ZoneBlock, limit: usize) -> Result<Self, ProblemKind> {
        if let [only] = block.observances.as_slice()
            && only.rrules.is_empty()
            && only.rdates.is_empty()
        {
            return offset(&only.offset_to).map(Self::Fixed).ok_or(ProblemKind::BadZone);
        }
        let mut list = Vec::new();
        for observance in &block.observances {
            onsets_of(observance, limit, &mut list)?;
        }
        list.sort_by_key(|onset| (onset.utc, onset.to));
        let in_order = list.is_sorted_by_key(|onset| onset.local);
        if list.is_empty() { Err(ProblemKind::BadZone) } else { Ok(Self::Changing(Onsets { list, in_order })) }
    }
}

impl Onsets {
    /// Seconds east of UTC when the clock shows a time: in a gap the offset before it, of two the first.
    pub(super) fn offset_at_local(&self, local: NaiveDateTime) -> i32 {
        let after = self.list.partition_point(|onset| onset.local <= local);
        let Some(onset) = after.checked_sub(1).and_then(|at| self.list.get(at)) else {
            return self.before();
        };
        let gap = TimeDelta::seconds(i64::from(onset.to) - i64::from(onset.from));
        if local - onset.local < gap { onset.from } else { onset.to }
    }

    /// The offset at a time on the clock, with a begin and an end between which the clock shows no time of another one.
    pub(super) fn stretch_at_local(&self, local: NaiveDateTime) -> (i32, NaiveDateTime, NaiveDateTime) {
        let offset = self.offset_at_local(local);
        let after = self.list.partition_point(|onset| onset.local <= local);
        let last = after.checked_sub(1).and_then(|at| self.list.get(at));
        let next = self.list.get(after).map_or(NaiveDateTime::MAX, |onset| onset.local);
        let settled = last.map_or(Some(NaiveDateTime::MIN), |onset| {
            let gap = i64::from(onset.to) - i64::from(onset.from);
            onset.local.checked_add_signed(TimeDelta::seconds(gap.max(0)))
        });
        match settled {
            Some(settled) if self.in_order && settled <= local => (offset, settled, next),
            _ => (offset, local, local),
        }
    }

    /// Seconds east of UTC at an instant.
    pub(super) fn offset_at_utc(&self, utc: NaiveDateTime) -> i32 {
        let after = self.list.partition_point(|onset| onset.utc <= utc);
        after.checked_sub(1).and_then(|at| self.list.get(at)).map_or_else(|| self.before(), |onset| onset.to)
    }

    fn before(&self) -> i32 {
        self.list.first().map_or(0, |onset| onset.from)
    }
}

/// Adds the onsets of a component that can matter for the years that are believed.
fn onsets_of(observance: &Observance, limit: usize, list: &mut Vec<Onset>) -> Result<(), ProblemKind> {
    let from = offset(&observance.offset_from).ok_or(ProblemKind::BadZone)?;
    let to = offset(&observance.offset_to).ok_or(ProblemKind::BadZone)?;
    let start = local_of(&observance.dtstart, from)?;
    let mut add = |local: NaiveDateTime| {
        let utc = local.checked_sub_signed(TimeDelta::seconds(from.into())).ok_or(ProblemKind::BadZone)?;
        list.push(Onset { local, utc, from, to });
        if list.len() > limit { Err(ProblemKind::ZoneLimit) } else { Ok(()) }
    };
    add(start)?;
    for value in observance.rdates.iter().flat_map(|value| value.split(',')) {
        if !value.trim().is_empty() {
            add(local_of(value.split('/').next().unwrap_or(value), from)?)?;
        }
    }
    for rule in &observance.rrules {
        for local in ruled(&Rule::parse(rule).map_err(|_| ProblemKind::BadZone)?, start, from, limit)? {
            if local != start {
                add(local)?;
            }
        }
    }
    Ok(())
}

/// Onsets of a rule. One from the year 1 or 1601 is entered where it begins to matter.
fn ruled(rule: &Rule, start: NaiveDateTime, from: i32, limit: usize) -> Result<Vec<NaiveDateTime>, ProblemKind> {
    let until = match rule.until() {
        Some(Until::Instant(utc)) => utc.naive_utc().checked_add_signed(TimeDelta::seconds(from.into())),
        Some(Until::Local(local)) => Some(local),
        Some(Until::Day(day)) => day.and_hms_opt(23, 59, 59),
        None => None,
    };
    let last = until.map_or_else(last_year, |until| until.min(last_year()));
    let first = start.max(first_year().min(last.checked_sub_days(chrono::Days::new(4000)).unwrap_or(last)));
    let end = last.checked_add_signed(TimeDelta::seconds(1)).unwrap_or(last);
    let mut budget = Budget::new(limit.saturating_mul(STEPS_PER_ONSET));
    let mut found = Vec::new();
    rule.each(start, first, end, &mut budget, |local| {
        found.push(local);
        found.len() <= limit
    });
    if budget.is_cut() || found.len() > limit { Err(ProblemKind::ZoneLimit) } else { Ok(found) }
}

/// A rule by year and month looks at some thirty days for each.
const STEPS_PER_ONSET: usize = 40;

/// The wall clock of an onset, which stands before the change.
fn local_of(text: &str, from: i32) -> Result<NaiveDateTime, ProblemKind> {
    let written = Written::parse(text).map_err(|_| ProblemKind::BadZone)?;
    let shift = match written.suffix {
        Suffix::None => 0,
        Suffix::Utc => from,
        Suffix::Offset(offset) => from - offset,
    };
    written.local().checked_add_signed(TimeDelta::seconds(shift.into())).ok_or(ProblemKind::BadZone)
}

fn first_year() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(1960, 1, 1).unwrap_or_default().into()
}

fn last_year() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2202, 1, 1).unwrap_or_default().into()
}
