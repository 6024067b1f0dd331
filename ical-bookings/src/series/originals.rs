//! The starts of a series before overrides.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc};

use super::choice::{Override, mark};
use super::{Budget, Entry, Rule};
use crate::time::{Interval, Length, Moment, RawTime, Span, Zone, Zones};
use crate::{Limits, ProblemKind};

/// What repeats: first start, rules and dates, less those that are taken out.
pub(super) struct Originals {
    start: Moment,
    rules: Vec<Rule>,
    dates: Vec<Original>,
    without: Places,
    deleted: bool,
}

/// Instants and whole days at which a start may stand. Mostly there are none or a few.
#[derive(Debug, Default)]
pub(super) struct Places {
    instants: Vec<DateTime<Utc>>,
    days: Vec<NaiveDate>,
}

/// One start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Original {
    pub(super) utc: DateTime<Utc>,
    pub(super) local: NaiveDateTime,
    pub(super) zone: Zone,
    /// Of a period.
    pub(super) length: Option<Length>,
}

impl Originals {
    /// Reads the recurrence properties of a master.
    ///
    /// # Errors
    ///
    /// `BadRule` for a rule that cannot be followed or a removed date that cannot be read: the rest would grant too much.
    pub(super) fn of(
        master: &Entry<'_>,
        when: Interval,
        zones: &mut Zones,
        (longest, limits): (TimeDelta, &Limits),
        problems: &mut Vec<(ProblemKind, usize)>,
    ) -> Result<Self, ProblemKind> {
        let start = when.start;
        let rules = master.rrules.iter().map(|rule| Rule::parse(rule)).collect::<Result<Vec<_>, _>>()?;
        let ends_before_start = |rule: &Rule| rule.until().is_some_and(|until| until.is_before(start.utc, start.local));
        let deleted = !rules.is_empty() && rules.iter().all(ends_before_start);
        let mut series = Self {
            start,
            rules,
            dates: vec![Original { utc: start.utc, local: start.local, zone: start.zone, length: None }],
            without: Places::default(),
            deleted,
        };
        series.take_out(&master.exdates, zones, limits)?;
        series.put_in(master, zones, (longest, limits), problems);
        Ok(series)
    }

    /// Whether it ended before it began, as deleted series do.
    pub(super) fn is_deleted(&self) -> bool {
        self.deleted
    }

    /// Whether an `EXDATE` removes the instance that an override replaces.
    pub(super) fn excludes(&self, one: &Override<'_, '_>, zones: &Zones) -> bool {
        let day = one.day.unwrap_or_else(|| zones.local(self.start.zone, one.original).date());
        self.without.has(one.original, day)
    }

    /// The longest of the lengths that dates bring along.
    pub(super) fn longest(&self) -> TimeDelta {
        self.dates.iter().filter_map(|date| date.length).map(Length::at_most).max().unwrap_or_default()
    }

    /// Visits all added dates, then the starts of each rule around a stretch of time, until a visit returns false.
    ///
    /// One start may come twice.
    pub(super) fn each(
        &self,
        zones: &Zones,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        budget: &mut Budget,
        mut visit: impl FnMut(Original) -> bool,
    ) {
        let mut give = |original: Original| self.without.has(original.utc, original.local.date()) || visit(original);
        for original in &self.dates {
            if !budget.spend(1) || !give(*original) {
                return;
            }
        }
        let zone = self.start.zone;
        // No clock is changed by more than a day.
        let margin = Days::new(u64::from(!matches!(zone, Zone::Fixed(_))));
        let from = zones.local(zone, from).checked_sub_days(margin).unwrap_or(NaiveDateTime::MIN);
        let to = zones.local(zone, to).checked_add_days(margin).unwrap_or(NaiveDateTime::MAX);
        let mut clock = zones.clock(zone);
        for rule in &self.rules {
            let mut going = true;
            rule.each(self.start.local, from, to, budget, |local| {
                let utc = clock.instant(local);
                if rule.until().is_some_and(|until| until.is_before(utc, local)) {
                    return false;
                }
                going = give(Original { utc, local, zone, length: None });
                going
            });
            if !going {
                return;
            }
        }
    }

    fn take_out(&mut self, exdates: &[RawTime<'_>], zones: &mut Zones, limits: &Limits) -> Result<(), ProblemKind> {
        let mut left = limits.steps_per_series;
        for raw in values(exdates) {
            left = left.checked_sub(1).ok_or(ProblemKind::BadRule)?;
            match mark(raw, Some(&self.start), zones) {
                Ok((_, Some(day))) => self.without.days.push(day),
                Ok((utc, None)) => self.without.instants.push(utc),
                // No instance is there.
                Err(ProblemKind::YearOutOfRange) => {}
                Err(_) => return Err(ProblemKind::BadRule),
            }
        }
        self.without.sort();
        Ok(())
    }

    /// `RDATE`. One that cannot be read adds nothing and is reported.
    fn put_in(
        &mut self,
        master: &Entry<'_>,
        zones: &mut Zones,
        (longest, limits): (TimeDelta, &Limits),
        problems: &mut Vec<(ProblemKind, usize)>,
    ) {
        for (at, raw) in values(&master.rdates).enumerate() {
            if at >= limits.steps_per_series {
                problems.push((ProblemKind::RuleLimit, master.payload));
                return;
            }
            match self.added(raw, zones, longest) {
                Ok(original) => self.dates.push(original),
                Err(kind) => problems.push((kind, master.payload)),
            }
        }
    }

    fn added(&self, raw: RawTime<'_>, zones: &mut Zones, longest: TimeDelta) -> Result<Original, ProblemKind> {
        let (value, end) = match raw.value.split_once('/') {
            Some((value, end)) => (value, Some(end.trim())),
            None => (raw.value, None),
        };
        let floating = Some(self.start.zone);
        let moment = zones.moment_in(RawTime { value, ..raw }, floating)?;
        if moment.date != self.start.date {
            return Err(ProblemKind::BadRule);
        }
        let length = match end {
            None => None,
            Some(end) if end.contains(['P', 'p']) => Some(Length::lasting(Span::parse(end)?, moment.date)),
            Some(end) => Some(Length::between(&moment, &zones.moment_in(RawTime { value: end, ..raw }, floating)?)),
        };
        length.map_or(Ok(()), |length| length.check(longest))?;
        Ok(Original { utc: moment.utc, local: moment.local, zone: moment.zone, length })
    }
}

impl Places {
    /// Those that overrides take.
    pub(super) fn of(overrides: &[&Override<'_, '_>]) -> Self {
        let mut places = Self {
            instants: overrides.iter().map(|one| one.original).collect(),
            days: overrides.iter().filter_map(|one| one.day).collect(),
        };
        places.sort();
        places
    }

    fn sort(&mut self) {
        self.instants.sort_unstable();
        self.days.sort_unstable();
    }

    /// Whether a start is at one of them.
    pub(super) fn has(&self, utc: DateTime<Utc>, day: NaiveDate) -> bool {
        let among = !self.instants.is_empty() && self.instants.binary_search(&utc).is_ok();
        among || (!self.days.is_empty() && self.days.binary_search(&day).is_ok())
    }
}

/// The values of properties that may hold several.
fn values<'a>(properties: &'a [RawTime<'a>]) -> impl Iterator<Item = RawTime<'a>> {
    properties
        .iter()
        .flat_map(|raw| raw.value.split(',').map(|value| RawTime { value: value.trim(), ..*raw }))
        .filter(|raw| !raw.value.is_empty())
}
