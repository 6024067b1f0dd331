//! Dates and times as a screen of Astrow is set to write them.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _};

/// A date format such as `dd/MM/yyyy`, of the parts `d`, `dd`, `M`, `MM` and `yyyy`; the time behind it is `HH:mm`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateFormat {
    parts: Vec<Part>,
    text: String,
}

/// A text that is no usable date format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no date format: {why}")]
pub struct InvalidDateFormat {
    text: String,
    why: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Day { padded: bool },
    Month { padded: bool },
    Year,
    Between(char),
}

impl DateFormat {
    /// The date of a local time, as text.
    pub fn date(&self, date: NaiveDate) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Day { padded: true } => format!("{:02}", date.day()),
            Part::Day { padded: false } => date.day().to_string(),
            Part::Month { padded: true } => format!("{:02}", date.month()),
            Part::Month { padded: false } => date.month().to_string(),
            Part::Year => format!("{:04}", date.year()),
            Part::Between(c) => c.to_string(),
        });
        parts.collect()
    }

    /// Date, one blank, and the minute; seconds are cut.
    pub fn minute(&self, at: NaiveDateTime) -> String {
        format!("{} {:02}:{:02}", self.date(at.date()), at.hour(), at.minute())
    }

    /// Reads a date.
    pub fn read_date(&self, text: &str) -> Option<NaiveDate> {
        let (mut day, mut month, mut year) = (None, None, None);
        let mut rest = text.trim();
        for part in &self.parts {
            let (value, left) = match part {
                Part::Between(c) => {
                    rest = rest.strip_prefix(*c)?;
                    continue;
                }
                Part::Day { padded } | Part::Month { padded } => digits(rest, if *padded { 2 } else { 1 }, 2)?,
                Part::Year => digits(rest, 4, 4)?,
            };
            rest = left;
            match part {
                Part::Day { .. } => day = Some(value),
                Part::Month { .. } => month = Some(value),
                _ => year = Some(value),
            }
        }
        let date = NaiveDate::from_ymd_opt(i32::try_from(year?).ok()?, month?, day?)?;
        rest.is_empty().then_some(date)
    }

    /// Reads a date and a time, with or without seconds.
    pub fn read(&self, text: &str) -> Option<NaiveDateTime> {
        let (date, time) = text.trim().rsplit_once(' ')?;
        Some(self.read_date(date)?.and_time(read_time(time)?))
    }
}

/// Reads `HH:mm` or `HH:mm:ss`.
pub(super) fn read_time(text: &str) -> Option<NaiveTime> {
    let mut parts = text.trim().split(':');
    let mut next =
        || parts.next().map(|part| digits(part, 2, 2).filter(|(_, rest)| rest.is_empty()).map(|(value, _)| value));
    let (hour, minute, second) = (next()??, next()??, next().unwrap_or(Some(0))?);
    if parts.next().is_some() {
        return None;
    }
    NaiveTime::from_hms_opt(hour, minute, second)
}

fn digits(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let found = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(found)?;
    (found >= least).then(|| number.parse().ok().map(|value| (value, rest)))?
}

impl FromStr for DateFormat {
    type Err = InvalidDateFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = |why| InvalidDateFormat { text: text.to_owned(), why };
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let run = rest.chars().take_while(|c| *c == first).count();
            let part = match (first, run) {
                ('d', 1 | 2) => Part::Day { padded: run == 2 },
                ('M', 1 | 2) => Part::Month { padded: run == 2 },
                ('y', 4) => Part::Year,
                ('y', _) => return Err(invalid("the year needs four digits, yyyy")),
                ('m', _) => return Err(invalid("mm are minutes; months are MM")),
                ('/' | '.' | '-' | ' ', 1) => Part::Between(first),
                _ => return Err(invalid("write it of dd, MM, yyyy and / . -")),
            };
            rest = rest.get(run * first.len_utf8()..).unwrap_or_default();
            parts.push(part);
        }
        let count = |wanted: fn(&Part) -> bool| parts.iter().filter(|part| wanted(part)).count();
        let once = count(|part| matches!(part, Part::Day { .. })) == 1
            && count(|part| matches!(part, Part::Month { .. })) == 1
            && count(|part| matches!(part, Part::Year)) == 1;
        if !once {
            return Err(invalid("day, month and year must be there once each"));
        }
        let loose = parts.windows(2).any(|pair| {
            matches!(pair, [Part::Day { padded: false } | Part::Month { padded: false }, next] if !matches!(next, Part::Between(_)))
        });
        if loose {
            return Err(invalid("d and M need a sign behind them"));
        }
        Ok(Self { parts, text: text.to_owned() })
    }
}

impl fmt::Display for DateFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_the_screen_is_set_and_come_back() {
        let at: NaiveDateTime = "2026-03-02T08:01:59".parse().unwrap();
        for (format, text) in [
            ("dd/MM/yyyy", "02/03/2026 08:01"),
            ("d.M.yyyy", "2.3.2026 08:01"),
            ("yyyy-MM-dd", "2026-03-02 08:01"),
            ("yyyyMMdd", "20260302 08:01"),
            ("MM/dd/yyyy", "03/02/2026 08:01"),
        ] {
            let format: DateFormat = format.parse().unwrap();
            assert_eq!(format.minute(at), text);
            assert_eq!(format.read(text).unwrap(), "2026-03-02T08:01:00".parse().unwrap());
            assert_eq!(format.read(&format!("{text}:59")).unwrap(), at);
        }
    }

    #[test]
    fn formats_that_lose_something_are_refused() {
        for format in
            ["", "dd/MM", "dd/MM/yy", "dd/mm/yyyy", "dd/MM/yyyy dd", "dMyyyy", "dd,MM,yyyy", "ddd/MM/yyyy", "ü"]
        {
            assert!(format.parse::<DateFormat>().is_err(), "{format}");
        }
    }

    #[test]
    fn texts_that_are_no_dates_are_none() {
        let format: DateFormat = "dd/MM/yyyy".parse().unwrap();
        for text in [
            "",
            "2/3/2026 08:01",
            "31/02/2026 08:01",
            "02/03/2026",
            "02/03/2026 8:1",
            "02/03/2026 24:00",
            "ü/ä/ö x",
            "02/03/2026x 08:01",
        ] {
            assert_eq!(format.read(text), None, "{text}");
        }
    }
}
