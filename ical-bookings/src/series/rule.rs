//! A recurrence rule, read and checked.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use crate::ProblemKind;
use crate::time::{Suffix, Written};

/// An `RRULE` that can be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(super) every: Every,
    pub(super) interval: i64,
    pub(super) count: Option<u64>,
    until: Option<Until>,
    /// Days from Monday.
    pub(super) week_start: u8,
    /// Bit 1 is January.
    pub(super) months: u16,
    /// Bit 1 is the first, and the last.
    pub(super) month_days: u32,
    pub(super) month_days_from_end: u32,
    pub(super) year_days: Vec<i16>,
    pub(super) weeks: Vec<i16>,
    /// Bit 0 is Monday.
    pub(super) weekdays: u8,
    /// The how manieth, and days from Monday.
    pub(super) nth_weekdays: Vec<(i16, u8)>,
    pub(super) hours: Vec<u8>,
    pub(super) minutes: Vec<u8>,
    pub(super) seconds: Vec<u8>,
    pub(super) positions: Vec<i16>,
}

/// `FREQ`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Every {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// `UNTIL`, which is part of the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// An instant.
    Instant(DateTime<Utc>),
    /// What the clock of the start's zone shows.
    Local(NaiveDateTime),
    /// The whole day on that clock.
    Day(NaiveDate),
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    ///
    /// `BadRule` for everything that the standard does not allow, and for calendars other than ours.
    pub(crate) fn parse(text: &str) -> Result<Self, ProblemKind> {
        let text = text.trim().to_ascii_uppercase();
        let mut parts: Vec<(&str, &str)> = Vec::new();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or(ProblemKind::BadRule)?;
            if parts.len() >= MOST_PARTS || parts.iter().any(|(known, _)| *known == name) {
                return Err(ProblemKind::BadRule);
            }
            parts.push((name.trim(), value.trim()));
        }
        let (_, every) = parts.iter().find(|(name, _)| *name == "FREQ").ok_or(ProblemKind::BadRule)?;
        let mut rule = Self::plain(Every::read(every).ok_or(ProblemKind::BadRule)?);
        for (name, value) in parts {
            rule.set(name, value).ok_or(ProblemKind::BadRule)?;
        }
        if rule.is_allowed() { Ok(rule) } else { Err(ProblemKind::BadRule) }
    }

    /// The end of the rule. [`each`](Self::each) does not stop there: whether an instance is before it depends on its zone.
    pub(crate) fn until(&self) -> Option<Until> {
        self.until
    }

    /// How many entries the lists have that are looked through for each day.
    pub(super) fn listed(&self) -> usize {
        self.year_days.len() + self.weeks.len() + self.nth_weekdays.len()
    }

    fn plain(every: Every) -> Self {
        Self {
            every,
            interval: 1,
            count: None,
            until: None,
            week_start: 0,
            months: 0,
            month_days: 0,
            month_days_from_end: 0,
            year_days: Vec::new(),
            weeks: Vec::new(),
            weekdays: 0,
            nth_weekdays: Vec::new(),
            hours: Vec::new(),
            minutes: Vec::new(),
            seconds: Vec::new(),
            positions: Vec::new(),
        }
    }

    fn set(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "FREQ" => {}
            "INTERVAL" => self.interval = i64::from(u32::try_from(positive(value)?).unwrap_or(u32::MAX)),
            "COUNT" => self.count = Some(positive(value)?),
            "UNTIL" => self.until = Some(Until::read(value)?),
            "WKST" => self.week_start = weekday(value)?,
            "BYMONTH" => self.months = list(value, 1, 12)?.iter().fold(0, |months, month| months | 1 << month),
            "BYMONTHDAY" => {
                for day in list(value, -31, 31)?.into_iter().filter(|day| *day != 0) {
                    let days = if day > 0 { &mut self.month_days } else { &mut self.month_days_from_end };
                    *days |= 1 << day.unsigned_abs();
                }
                (self.month_days | self.month_days_from_end != 0).then_some(())?;
            }
            "BYYEARDAY" => self.year_days = signed(value, 366)?,
            "BYWEEKNO" => self.weeks = signed(value, 53)?,
            "BYSETPOS" => self.positions = signed(value, 366)?,
            "BYDAY" => self.set_weekdays(value)?,
            "BYHOUR" => self.hours = clock(value, 23)?,
            "BYMINUTE" => self.minutes = clock(value, 59)?,
            // A leap second, as in times.
            "BYSECOND" => self.seconds = clock(value, 60)?,
            "RSCALE" => (value == "GREGORIAN").then_some(())?,
            "SKIP" => (value == "OMIT").then_some(())?,
            _ => return None,
        }
        Some(())
    }

    fn set_weekdays(&mut self, value: &str) -> Option<()> {
        for day in value.split(',').map(str::trim) {
            let (number, name) = day.split_at_checked(day.len().checked_sub(2)?)?;
            let weekday = weekday(name)?;
            if number.is_empty() {
                self.weekdays |= 1 << weekday;
            } else {
                let number: i16 = number.parse().ok().filter(|number| *number != 0)?;
                let most = if self.every == Every::Year { 53 } else { 5 };
                (number.abs() <= most).then_some(())?;
                if !self.nth_weekdays.contains(&(number, weekday)) {
                    self.nth_weekdays.push((number, weekday));
                }
            }
        }
        Some(())
    }

    /// The combinations that the standard forbids; a guess at their meaning might open a door.
    fn is_allowed(&self) -> bool {
        let monthly = self.month_days | self.month_days_from_end != 0;
        let nth = self.every == Every::Month || (self.every == Every::Year && self.weeks.is_empty());
        let positions = self.months != 0
            || monthly
            || !self.year_days.is_empty()
            || !self.weeks.is_empty()
            || self.weekdays != 0
            || !self.nth_weekdays.is_empty()
            || !self.hours.is_empty()
            || !self.minutes.is_empty()
            || !self.seconds.is_empty();
        (self.nth_weekdays.is_empty() || nth)
            && (self.weeks.is_empty() || self.every == Every::Year)
            && (self.year_days.is_empty() || !matches!(self.every, Every::Day | Every::Week | Every::Month))
            && (!monthly || self.every != Every::Week)
            && (self.positions.is_empty() || positions)
    }
}

impl Every {
    fn read(text: &str) -> Option<Self> {
        Some(match text {
            "SECONDLY" => Self::Second,
            "MINUTELY" => Self::Minute,
            "HOURLY" => Self::Hour,
            "DAILY" => Self::Day,
            "WEEKLY" => Self::Week,
            "MONTHLY" => Self::Month,
            "YEARLY" => Self::Year,
            _ => return None,
        })
    }
}

impl Until {
    fn read(text: &str) -> Option<Self> {
        let written = Written::parse(text).ok()?;
        Some(match (written.time, written.suffix) {
            (None, _) => Self::Day(written.date),
            (Some(_), Suffix::None) => Self::Local(written.local()),
            (Some(_), Suffix::Utc) => Self::Instant(written.local().and_utc()),
            (Some(_), Suffix::Offset(offset)) => {
                Self::Instant(written.local().checked_sub_signed(chrono::TimeDelta::seconds(offset.into()))?.and_utc())
            }
        })
    }

    /// Whether an instance, given as instant and on the clock, is later.
    pub(super) fn is_before(self, utc: DateTime<Utc>, local: NaiveDateTime) -> bool {
        match self {
            Self::Instant(until) => until < utc,
            Self::Local(until) => until < local,
            Self::Day(until) => until < local.date(),
        }
    }
}

/// The standard knows fewer.
const MOST_PARTS: usize = 20;

/// A number above zero; what does not fit is the largest.
fn positive(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let valid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    valid.then(|| digits.parse().unwrap_or(u64::MAX)).filter(|number| *number > 0)
}

fn weekday(text: &str) -> Option<u8> {
    ["MO", "TU", "WE", "TH", "FR", "SA", "SU"].iter().position(|name| *name == text)?.try_into().ok()
}

fn list(text: &str, least: i16, most: i16) -> Option<Vec<i16>> {
    let mut numbers = Vec::new();
    for number in text.split(',') {
        numbers.push(number.trim().parse().ok().filter(|number| (least..=most).contains(number))?);
    }
    numbers.sort_unstable();
    numbers.dedup();
    Some(numbers)
}

/// Numbers of either sign, none of them zero.
fn signed(text: &str, most: i16) -> Option<Vec<i16>> {
    list(text, -most, most).filter(|numbers| !numbers.contains(&0))
}

fn clock(text: &str, most: i16) -> Option<Vec<u8>> {
    let mut numbers: Vec<u8> =
        list(text, 0, most)?.into_iter().filter_map(|number| number.min(59).try_into().ok()).collect();
    numbers.dedup();
    Some(numbers)
}
