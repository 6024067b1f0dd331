//! Following a rule on the wall clock.
//!
//! The rule is entered near the wanted stretch of time, not at its start, unless it counts its instances; it is left at the
//! end of that stretch or of its budget. The `rrule` crate cannot be stopped between two instances, and a hostile rule makes it
//! look at millions of moments for each; so it serves the tests as second opinion only.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};

use super::rule::{Every, Rule};

/// What following rules may still cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    given: usize,
    left: usize,
    cut: bool,
}

impl Budget {
    /// That many steps.
    pub(crate) fn new(steps: usize) -> Self {
        Self { given: steps, left: steps, cut: false }
    }

    /// Whether something was left out since it was used up.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut
    }

    /// Steps taken.
    pub(crate) fn spent(&self) -> usize {
        self.given - self.left
    }

    /// Takes steps; false when there are none left.
    pub(super) fn spend(&mut self, steps: usize) -> bool {
        self.cut |= steps > self.left;
        self.left = self.left.saturating_sub(steps);
        !self.cut
    }
}

impl Rule {
    /// Visits the starts in `[from, to)` that the rule gives for a first start, in order, until a visit returns false.
    ///
    /// The first start itself is visited only if the rule matches it. `UNTIL` is left to the visitor.
    pub(crate) fn each(
        &self,
        start: NaiveDateTime,
        from: NaiveDateTime,
        to: NaiveDateTime,
        budget: &mut Budget,
        visit: impl FnMut(NaiveDateTime) -> bool,
    ) {
        let filter = Filter::new(self, start);
        let places_in_week = filter.places_in_week();
        let mut walk = Walk { rule: self, filter, start, base: 0, places_in_week };
        walk.base = walk.period(start.date());
        let mut out = Out { from, to, left: self.count, first: true, budget, visit };
        // The visitor ends the walk; whether it did or the rule is of no interest here.
        let _ = if self.every < Every::Day { walk.by_ticks(&mut out) } else { walk.by_days(&mut out) };
    }
}

struct Walk<'a> {
    rule: &'a Rule,
    filter: Filter<'a>,
    start: NaiveDateTime,
    /// The number of the period that holds the start.
    base: i64,
    /// Which days of a week count, bit 0 its first one, if the rule goes by week and asks for nothing else.
    places_in_week: Option<u8>,
}

/// Where starts go.
struct Out<'a, F> {
    from: NaiveDateTime,
    to: NaiveDateTime,
    /// What `COUNT` leaves.
    left: Option<u64>,
    first: bool,
    budget: &'a mut Budget,
    visit: F,
}

/// The times of a day.
#[derive(Clone, Copy)]
struct Times<'a> {
    hours: &'a [u8],
    minutes: &'a [u8],
    seconds: &'a [u8],
}

/// None ends the walk.
type Going = Option<()>;

impl Walk<'_> {
    /// Years, months, weeks and days.
    fn by_days<F: FnMut(NaiveDateTime) -> bool>(&self, out: &mut Out<'_, F>) -> Going {
        let mut index = self.first_period(self.period(out.from.date()) - self.base);
        let mut days = Vec::new();
        let times = self.filter.times();
        loop {
            days.clear();
            let (first, length) = self.span(index)?;
            if first > out.to.date() {
                return None;
            }
            // Looking at a day is cheap: eight of them make a step, or fewer if long lists are looked through.
            out.spend(1 + usize::from(length) * (1 + self.rule.listed() / 8) / 8)?;
            self.matching_days(first, length, &mut days);
            if self.rule.positions.is_empty() {
                for day in &days {
                    self.all_times(*day, times, out)?;
                }
            } else {
                self.positions(&days, times, out)?;
            }
            index = index.checked_add(self.rule.interval)?;
        }
    }

    /// Hours, minutes and seconds.
    fn by_ticks<F: FnMut(NaiveDateTime) -> bool>(&self, out: &mut Out<'_, F>) -> Going {
        let base = self.start.date().and_hms_opt(
            self.start.hour(),
            if self.rule.every <= Every::Minute { self.start.minute() } else { 0 },
            if self.rule.every == Every::Second { self.start.second() } else { 0 },
        )?;
        let step = self.rule.interval * self.tick();
        let at_or_after = |time: NaiveDateTime| ceiling((time - base).num_seconds(), step);
        let mut index =
            if self.rule.count.is_some() { 0 } else { (out.from - base).num_seconds().div_euclid(step).max(0) };
        loop {
            out.spend(1)?;
            let time = base.checked_add_signed(TimeDelta::try_seconds(index.checked_mul(step)?)?)?;
            if time >= out.to {
                return None;
            }
            if let Some(later) = self.next_possible(time)? {
                index = at_or_after(later).max(index + 1);
                continue;
            }
            let [hour, minute, second] =
                [time.hour(), time.minute(), time.second()].map(|part| [u8::try_from(part).unwrap_or(0)]);
            let mut times = self.filter.times();
            times.hours = &hour;
            if self.rule.every <= Every::Minute {
                times.minutes = &minute;
            }
            if self.rule.every == Every::Second {
                times.seconds = &second;
            }
            if self.rule.positions.is_empty() {
                self.all_times(time.date(), times, out)?;
            } else {
                self.positions(&[time.date()], times, out)?;
            }
            index += 1;
        }
    }

    /// Where to go on if a tick is ruled out by its day, hour, minute or second.
    #[expect(clippy::option_option, reason = "the outer one ends the walk, the inner one is the answer")]
    fn next_possible(&self, time: NaiveDateTime) -> Option<Option<NaiveDateTime>> {
        if !self.filter.matches(time.date()) {
            return Some(Some(time.date().succ_opt()?.into()));
        }
        let part =
            |allowed: &[u8], value: u32| allowed.is_empty() || allowed.iter().any(|part| u32::from(*part) == value);
        let into_hour = i64::from(time.minute() * 60 + time.second());
        if !part(&self.rule.hours, time.hour()) {
            return Some(Some(time.checked_add_signed(TimeDelta::seconds(3600 - into_hour))?));
        }
        if self.rule.every <= Every::Minute && !part(&self.rule.minutes, time.minute()) {
            return Some(Some(time.checked_add_signed(TimeDelta::seconds(60 - i64::from(time.second())))?));
        }
        if self.rule.every == Every::Second && !part(&self.rule.seconds, time.second()) {
            return Some(Some(time.checked_add_signed(TimeDelta::seconds(1))?));
        }
        Some(None)
    }

    /// The first period to look at: the start's, or one at or before the wanted time that the interval meets.
    fn first_period(&self, wanted: i64) -> i64 {
        if self.rule.count.is_some() { 0 } else { (wanted.div_euclid(self.rule.interval) * self.rule.interval).max(0) }
    }

    /// The number of the period that holds a day.
    fn period(&self, day: NaiveDate) -> i64 {
        let number = i64::from(day.num_days_from_ce());
        match self.rule.every {
            Every::Year => day.year().into(),
            Every::Month => i64::from(day.year()) * 12 + i64::from(day.month0()),
            // Day 1 of the common era is a Monday.
            Every::Week => (number - 1 - i64::from(self.rule.week_start)).div_euclid(7),
            _ => number,
        }
    }

    /// First day and number of days of a period, counted from the start's.
    fn span(&self, index: i64) -> Option<(NaiveDate, u16)> {
        let number = self.base.checked_add(index)?;
        let first = match self.rule.every {
            Every::Year => NaiveDate::from_yo_opt(number.try_into().ok()?, 1)?,
            Every::Month => {
                let month = u32::try_from(number.rem_euclid(12)).ok()? + 1;
                NaiveDate::from_ymd_opt(number.div_euclid(12).try_into().ok()?, month, 1)?
            }
            Every::Week => day_of(number.checked_mul(7)? + 1 + i64::from(self.rule.week_start))?,
            _ => day_of(number)?,
        };
        let length = match self.rule.every {
            Every::Year => days_of_year(first),
            Every::Month => days_of_month(first),
            Every::Week => 7,
            _ => 1,
        };
        Some((first, length))
    }

    fn matching_days(&self, first: NaiveDate, length: u16, days: &mut Vec<NaiveDate>) {
        let later = |days: u16| first.checked_add_days(Days::new(days.into()));
        if let Some(places) = self.places_in_week {
            days.extend((0..7).filter(|at| places & (1 << at) != 0).map_while(later));
            return;
        }
        let first_weekday = first.weekday().num_days_from_monday();
        let mut at = 0;
        while at < length {
            let number = u32::from(at);
            if length <= 31 && !self.filter.may_have((first_weekday + number) % 7, number) {
                at += 1;
                continue;
            }
            let Some(date) = later(at) else { return };
            // Whole months at once: a rule by year mostly wants one.
            if length > 31 && date.day() == 1 && !self.filter.has_month(date) {
                at += days_of_month(date);
                continue;
            }
            if self.filter.matches(date) {
                days.push(date);
            }
            at += 1;
        }
    }

    fn all_times<F: FnMut(NaiveDateTime) -> bool>(
        &self,
        day: NaiveDate,
        times: Times<'_>,
        out: &mut Out<'_, F>,
    ) -> Going {
        for hour in times.hours {
            for minute in times.minutes {
                for second in times.seconds {
                    let time = NaiveTime::from_hms_opt((*hour).into(), (*minute).into(), (*second).into())?;
                    out.give(self.start, day.and_time(time))?;
                }
            }
        }
        Some(())
    }

    /// `BYSETPOS`: the how manieth of all starts of a period.
    fn positions<F: FnMut(NaiveDateTime) -> bool>(
        &self,
        days: &[NaiveDate],
        times: Times<'_>,
        out: &mut Out<'_, F>,
    ) -> Going {
        out.spend(self.rule.positions.len() / 8)?;
        let each_day = times.len();
        let all = i64::try_from(days.len() * each_day).ok()?;
        let mut wanted: Vec<i64> = self
            .rule
            .positions
            .iter()
            .map(|position| i64::from(*position))
            .map(|position| if position > 0 { position - 1 } else { all + position })
            .filter(|at| (0..all).contains(at))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        for at in wanted {
            let at = usize::try_from(at).ok()?;
            let day = days.get(at / each_day)?;
            out.give(self.start, day.and_time(times.nth(at % each_day)?))?;
        }
        Some(())
    }

    fn tick(&self) -> i64 {
        match self.rule.every {
            Every::Second => 1,
            Every::Minute => 60,
            _ => 3600,
        }
    }
}

impl Times<'_> {
    fn len(&self) -> usize {
        self.hours.len() * self.minutes.len() * self.seconds.len()
    }

    fn nth(&self, at: usize) -> Option<NaiveTime> {
        let (at, second) = (at / self.seconds.len(), self.seconds.get(at % self.seconds.len())?);
        let (hour, minute) = (self.hours.get(at / self.minutes.len())?, self.minutes.get(at % self.minutes.len())?);
        NaiveTime::from_hms_opt((*hour).into(), (*minute).into(), (*second).into())
    }
}

impl<F: FnMut(NaiveDateTime) -> bool> Out<'_, F> {
    fn spend(&mut self, steps: usize) -> Going {
        self.budget.spend(steps).then_some(())
    }

    fn give(&mut self, start: NaiveDateTime, time: NaiveDateTime) -> Going {
        if time < start {
            return Some(());
        }
        self.spend(1)?;
        if let Some(left) = &mut self.left {
            // The first start counts, whether the rule gives it or not.
            if self.first && time != start {
                *left = left.saturating_sub(1);
            }
            self.first = false;
            *left = left.checked_sub(1)?;
        }
        if time >= self.to || (time >= self.from && !(self.visit)(time)) {
            return None;
        }
        Some(())
    }
}

/// What a day must be, with what the first start adds to the rule.
struct Filter<'a> {
    rule: &'a Rule,
    months: u16,
    month_days: u32,
    weekdays: u8,
    hours: Vec<u8>,
    minutes: Vec<u8>,
    seconds: Vec<u8>,
}

impl<'a> Filter<'a> {
    fn new(rule: &'a Rule, start: NaiveDateTime) -> Self {
        let by_weekday = rule.weekdays != 0 || !rule.nth_weekdays.is_empty();
        let by_day = by_weekday || rule.month_days | rule.month_days_from_end != 0 || !rule.year_days.is_empty();
        let part = |given: &[u8], of_start: u32, fixed: bool| match given {
            [] if fixed => vec![u8::try_from(of_start).unwrap_or(0)],
            given => given.to_vec(),
        };
        let mut filter = Self {
            rule,
            months: rule.months,
            month_days: rule.month_days,
            weekdays: rule.weekdays,
            hours: part(&rule.hours, start.hour(), rule.every > Every::Hour),
            minutes: part(&rule.minutes, start.minute(), rule.every > Every::Minute),
            seconds: part(&rule.seconds, start.second(), rule.every > Every::Second),
        };
        match rule.every {
            _ if by_day => {}
            Every::Week => filter.weekdays = 1 << start.weekday().num_days_from_monday(),
            Every::Year if !rule.weeks.is_empty() => filter.weekdays = 1 << start.weekday().num_days_from_monday(),
            Every::Month => filter.month_days = 1 << start.day(),
            Every::Year => {
                filter.month_days = 1 << start.day();
                if filter.months == 0 {
                    filter.months = 1 << start.month();
                }
            }
            _ => {}
        }
        filter
    }

    fn places_in_week(&self) -> Option<u8> {
        let rule = self.rule;
        let others = self.months != 0
            || self.month_days | rule.month_days_from_end != 0
            || !rule.year_days.is_empty()
            || !rule.weeks.is_empty()
            || !rule.nth_weekdays.is_empty();
        let alone = rule.every == Every::Week && !others && self.weekdays != 0;
        let wanted = |at: &u8| self.weekdays & (1 << ((at + rule.week_start) % 7)) != 0;
        alone.then(|| (0..7_u8).filter(wanted).fold(0, |places, at| places | 1 << at))
    }

    /// A quick no to most days: by the weekday, and by the number of the day in a period that is a month, from 0.
    fn may_have(&self, weekday: u32, number: u32) -> bool {
        let rule = self.rule;
        let any = self.weekdays == 0 && rule.nth_weekdays.is_empty();
        let by_weekday = any
            || self.weekdays & (1 << weekday) != 0
            || rule.nth_weekdays.iter().any(|(_, of)| u32::from(*of) == weekday);
        let by_number = rule.every != Every::Month
            || self.month_days == 0
            || rule.month_days_from_end != 0
            || self.month_days & (2 << number) != 0;
        by_weekday && by_number
    }

    fn times(&self) -> Times<'_> {
        Times { hours: &self.hours, minutes: &self.minutes, seconds: &self.seconds }
    }

    fn has_month(&self, date: NaiveDate) -> bool {
        self.months == 0 || self.months & (1 << date.month()) != 0
    }

    fn matches(&self, date: NaiveDate) -> bool {
        self.has_month(date)
            && self.has_weekday(date)
            && self.has_month_day(date)
            && self.has_year_day(date)
            && self.has_week(date)
    }

    fn has_weekday(&self, date: NaiveDate) -> bool {
        let weekday = date.weekday().num_days_from_monday();
        if self.weekdays == 0 && self.rule.nth_weekdays.is_empty() {
            return true;
        }
        self.weekdays & (1 << weekday) != 0
            || self.rule.nth_weekdays.iter().any(|(nth, of)| u32::from(*of) == weekday && self.is_nth(date, *nth))
    }

    /// Whether it is the how manieth of its weekday in the month, or in the year of a yearly rule without months.
    fn is_nth(&self, date: NaiveDate, nth: i16) -> bool {
        let (at, length) = if self.rule.every == Every::Month || self.rule.months != 0 {
            (date.day0(), days_of_month(date))
        } else {
            (date.ordinal0(), days_of_year(date))
        };
        let (Ok(at), Ok(length)) = (i16::try_from(at), i16::try_from(length)) else { return false };
        if nth > 0 { at / 7 + 1 == nth } else { -((length - 1 - at) / 7 + 1) == nth }
    }

    fn has_month_day(&self, date: NaiveDate) -> bool {
        let from_end = self.rule.month_days_from_end;
        if self.month_days | from_end == 0 {
            return true;
        }
        self.month_days & (1 << date.day()) != 0
            || (from_end != 0 && from_end & (1 << (u32::from(days_of_month(date)) + 1 - date.day())) != 0)
    }

    fn has_year_day(&self, date: NaiveDate) -> bool {
        self.rule.year_days.is_empty() || is_among(&self.rule.year_days, date.ordinal(), days_of_year(date).into())
    }

    /// Weeks belong to the year that has most of their days, as in ISO 8601 but from any weekday on.
    fn has_week(&self, date: NaiveDate) -> bool {
        if self.rule.weeks.is_empty() {
            return true;
        }
        let middle = |date: NaiveDate| {
            let into_week = (date.weekday().num_days_from_monday() + 7 - u32::from(self.rule.week_start)) % 7;
            day_of(i64::from(date.num_days_from_ce()) - i64::from(into_week) + 3)
        };
        let Some(of_date) = middle(date) else { return false };
        // The 28th of December is always in the last week of its year.
        let Some(of_last) = NaiveDate::from_ymd_opt(of_date.year(), 12, 28).and_then(middle) else { return false };
        is_among(&self.rule.weeks, of_date.ordinal0() / 7 + 1, of_last.ordinal0() / 7 + 1)
    }
}

/// Whether a number from 1 is listed, from the front or from the end.
fn is_among(wanted: &[i16], number: u32, of: u32) -> bool {
    let (front, end) = (i64::from(number), i64::from(number) - i64::from(of) - 1);
    wanted.iter().map(|wanted| i64::from(*wanted)).any(|wanted| wanted == front || wanted == end)
}

fn day_of(number: i64) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(number.try_into().ok()?)
}

fn days_of_month(date: NaiveDate) -> u16 {
    match date.month() {
        2 if date.leap_year() => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_of_year(date: NaiveDate) -> u16 {
    if date.leap_year() { 366 } else { 365 }
}

fn ceiling(number: i64, divisor: i64) -> i64 {
    number.div_euclid(divisor) + i64::from(number.rem_euclid(divisor) != 0)
}
