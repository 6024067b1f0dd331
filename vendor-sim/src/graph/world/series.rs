//! Series written out: which meeting takes place when.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc, Weekday};
use serde::{Deserialize, Serialize};

use super::record::{Exception, Meeting};
use crate::clock::Zone;

/// Most occurrences looked at of one series.
const MOST: usize = 50_000;

/// On which days a series is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rhythm {
    /// Every so many days.
    Daily,
    /// On these days of the week, every so many weeks; weeks begin on Monday. None: the day it begins on.
    Weekly(Vec<Weekday>),
    /// On the day of the month it begins on, or the last one of a shorter month.
    Monthly,
    /// On the first to fourth (1 to 4) or last (5) such weekday of the month.
    MonthlyOn(u32, Weekday),
}

/// When a series ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ending {
    /// After so many.
    After(usize),
    /// With the last one on or before this day.
    On(NaiveDate),
    /// Never.
    Never,
}

/// How a meeting repeats, on the wall clock of its zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recurrence {
    /// On which days.
    pub rhythm: Rhythm,
    /// Every so many days, weeks, months; 0 counts as 1.
    pub interval: u32,
    /// When it ends.
    pub ending: Ending,
}

impl Recurrence {
    /// Every day.
    pub fn daily(ending: Ending) -> Self {
        Self { rhythm: Rhythm::Daily, interval: 1, ending }
    }

    /// On these days of every week.
    pub fn weekly(days: &[Weekday], ending: Ending) -> Self {
        Self { rhythm: Rhythm::Weekly(days.to_vec()), interval: 1, ending }
    }

    /// On the same day of every month.
    pub fn monthly(ending: Ending) -> Self {
        Self { rhythm: Rhythm::Monthly, interval: 1, ending }
    }

    /// Every so many days, weeks, months.
    pub fn every(mut self, interval: u32) -> Self {
        self.interval = interval;
        self
    }

    /// The days of a series that begins on `first`, up to `last`.
    fn days(&self, first: NaiveDate, last: NaiveDate) -> Vec<NaiveDate> {
        let (most, last) = match self.ending {
            Ending::After(count) => (count.min(MOST), last),
            Ending::On(day) => (MOST, last.min(day)),
            Ending::Never => (MOST, last),
        };
        let steps = (0_u32..).map_while(|step| self.step(first, step.checked_mul(self.interval.max(1))?));
        let in_time = |days: &Vec<NaiveDate>| days.first().is_none_or(|day| *day <= last);
        let all = steps.take_while(in_time).flatten();
        all.filter(|day| *day >= first).take(most).take_while(|day| *day <= last).collect()
    }

    /// The days of the step that lies so many days, weeks or months after the first.
    fn step(&self, first: NaiveDate, far: u32) -> Option<Vec<NaiveDate>> {
        let month = || first.with_day(1)?.checked_add_months(Months::new(far));
        Some(match &self.rhythm {
            Rhythm::Daily => vec![first.checked_add_days(Days::new(u64::from(far)))?],
            Rhythm::Weekly(days) => {
                let monday = first.checked_sub_days(Days::new(u64::from(first.weekday().num_days_from_monday())))?;
                let monday = monday.checked_add_days(Days::new(7 * u64::from(far)))?;
                let mut days: Vec<u32> = if days.is_empty() {
                    vec![first.weekday().num_days_from_monday()]
                } else {
                    days.iter().map(Weekday::num_days_from_monday).collect()
                };
                days.sort_unstable();
                days.dedup();
                days.into_iter().filter_map(|day| monday.checked_add_days(Days::new(u64::from(day)))).collect()
            }
            // chrono takes the last day of a shorter month.
            Rhythm::Monthly => vec![first.checked_add_months(Months::new(far))?],
            Rhythm::MonthlyOn(number, weekday) => {
                let month = month()?;
                let wanted = u8::try_from(*number).ok().filter(|number| (1..=4).contains(number));
                let day = match wanted {
                    Some(number) => NaiveDate::from_weekday_of_month_opt(month.year(), month.month(), *weekday, number),
                    None => [5, 4].iter().find_map(|number| {
                        NaiveDate::from_weekday_of_month_opt(month.year(), month.month(), *weekday, *number)
                    }),
                };
                vec![day?]
            }
        })
    }
}

/// Which event of which meeting; `day` is the one it would be on, for those of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::graph) struct Key {
    pub(in crate::graph) meeting: u64,
    pub(in crate::graph) day: Option<NaiveDate>,
}

/// One time a meeting takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::graph) struct Instance {
    pub(in crate::graph) key: Key,
    pub(in crate::graph) start: DateTime<Utc>,
    pub(in crate::graph) end: DateTime<Utc>,
    pub(in crate::graph) kind: &'static str,
    pub(in crate::graph) cancelled: bool,
}

impl Instance {
    /// The meeting itself: a single one, or the master of a series.
    pub(in crate::graph) fn whole(meeting: &Meeting) -> Self {
        Self {
            key: Key { meeting: meeting.id, day: None },
            start: meeting.start,
            end: meeting.end,
            kind: if meeting.recurrence.is_some() { "seriesMaster" } else { "singleInstance" },
            cancelled: meeting.cancelled,
        }
    }

    fn overlaps(&self, from: DateTime<Utc>, to: DateTime<Utc>, touching: bool) -> bool {
        if touching {
            return self.start <= to && self.end >= from;
        }
        // What ends before it begins still stands somewhere.
        self.start < to && (self.end > from || (self.end <= self.start && self.start >= from))
    }
}

/// The times a meeting takes place in a range; never the master of a series.
pub(in crate::graph) fn instances(
    meeting: &Meeting,
    zone: Zone,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    touching: bool,
) -> Vec<Instance> {
    let zone = meeting.zone.unwrap_or(zone);
    let Some(recurrence) = &meeting.recurrence else {
        return Some(Instance::whole(meeting)).filter(|one| one.overlaps(from, to, touching)).into_iter().collect();
    };
    let first = zone.local(meeting.start).date();
    let last = zone.local(to).date();
    let days = recurrence.days(first, last);
    let regular = days.into_iter().filter(|day| !meeting.exceptions.contains_key(day));
    let mut all: Vec<Instance> = regular.filter_map(|day| occurrence(meeting, zone, day)).collect();
    all.extend(meeting.exceptions.keys().filter_map(|day| occurrence(meeting, zone, *day)));
    all.retain(|one| one.overlaps(from, to, touching));
    all
}

/// One occurrence of a series, if it is (still) there.
pub(in crate::graph) fn occurrence(meeting: &Meeting, zone: Zone, day: NaiveDate) -> Option<Instance> {
    let zone = meeting.zone.unwrap_or(zone);
    let (start, end) = (zone.local(meeting.start), zone.local(meeting.end));
    let begin = day.and_time(start.time());
    let one = Instance {
        key: Key { meeting: meeting.id, day: Some(day) },
        start: zone.instant(begin),
        end: zone.instant(begin.checked_add_signed(end - start)?),
        kind: "occurrence",
        cancelled: meeting.cancelled,
    };
    match meeting.exceptions.get(&day) {
        None => Some(one),
        Some(Exception::Moved { start, end }) => Some(Instance { start: *start, end: *end, kind: "exception", ..one }),
        Some(Exception::Cancelled) => Some(Instance { kind: "exception", cancelled: true, ..one }),
        Some(Exception::Removed) => None,
    }
}

/// Whether a series is held on that day, exceptions apart.
pub(in crate::graph) fn held_on(meeting: &Meeting, zone: Zone, day: NaiveDate) -> bool {
    let first = meeting.zone.unwrap_or(zone).local(meeting.start).date();
    meeting.recurrence.as_ref().is_some_and(|recurrence| recurrence.days(first, day).last() == Some(&day))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn texts(recurrence: &Recurrence, first: &str, last: &str) -> Vec<String> {
        recurrence.days(day(first), day(last)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn weeks_begin_on_monday_and_the_first_one_may_be_cut() {
        let two = Recurrence::weekly(&[Weekday::Thu, Weekday::Mon], Ending::After(4)).every(2);
        assert_eq!(texts(&two, "2027-03-03", "2027-12-31"), ["2027-03-04", "2027-03-15", "2027-03-18", "2027-03-29"]);
    }

    #[test]
    fn months_without_the_day_take_their_last_one() {
        let monthly = Recurrence::monthly(Ending::On(day("2027-05-30")));
        assert_eq!(
            texts(&monthly, "2027-01-31", "2027-12-31"),
            ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]
        );
        let last = Recurrence { rhythm: Rhythm::MonthlyOn(5, Weekday::Fri), interval: 1, ending: Ending::After(2) };
        assert_eq!(texts(&last, "2027-03-01", "2027-12-31"), ["2027-03-26", "2027-04-30"]);
    }

    #[test]
    fn a_series_keeps_its_wall_clock_over_a_clock_change() {
        let start: DateTime<Utc> = "2027-03-27T09:00:00Z".parse().unwrap();
        let meeting = Meeting::new("r@x", ("A", "a@x"), start, start + TimeDelta::hours(1))
            .repeated(Recurrence::daily(Ending::Never));
        let found = instances(&meeting, Zone::default(), (start, start + TimeDelta::days(2)), false);
        let begins: Vec<String> = found.iter().map(|one| one.start.to_rfc3339()).collect();
        assert_eq!(begins, ["2027-03-27T09:00:00+00:00", "2027-03-28T08:00:00+00:00", "2027-03-29T08:00:00+00:00"]);
    }
}
