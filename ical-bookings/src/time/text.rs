//! The text of dates, times and offsets.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime};

use crate::ProblemKind;

/// How a time says its zone in its own text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suffix {
    /// Not at all.
    None,
    /// `Z`.
    Utc,
    /// Seconds east of UTC.
    Offset(i32),
}

/// A date or time as written, not yet in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// The day.
    pub(crate) date: NaiveDate,
    /// The time, unless it is a day.
    pub(crate) time: Option<NaiveTime>,
    /// What follows the time.
    pub(crate) suffix: Suffix,
    /// Whether the form is not the standard's.
    pub(crate) repaired: bool,
}

impl Written {
    /// Reads a date or time. Any year of four digits is read here.
    ///
    /// # Errors
    ///
    /// `BadTime` for what is no date or time, or no such one exists.
    pub(crate) fn parse(text: &str) -> Result<Self, ProblemKind> {
        read(text).ok_or(ProblemKind::BadTime)
    }

    /// Refuses years that no booking can mean.
    ///
    /// # Errors
    ///
    /// `YearOutOfRange`.
    pub(crate) fn in_believed_years(self) -> Result<Self, ProblemKind> {
        if (FIRST_YEAR..=LAST_YEAR).contains(&self.date.year()) { Ok(self) } else { Err(ProblemKind::YearOutOfRange) }
    }

    /// What a wall clock shows: the time, or midnight of a day.
    pub(crate) fn local(self) -> NaiveDateTime {
        self.date.and_time(self.time.unwrap_or_default())
    }
}

/// Years that are believed.
pub(crate) const FIRST_YEAR: i32 = 1970;
/// Years that are believed.
pub(crate) const LAST_YEAR: i32 = 2200;

fn read(text: &str) -> Option<Written> {
    standard(text).or_else(|| any(text))
}

/// `20260601T100000` or the same with `Z`, as nearly all times are written.
fn standard(text: &str) -> Option<Written> {
    let (digits, rest) = text.as_bytes().split_first_chunk::<15>()?;
    let suffix = match rest {
        [] => Suffix::None,
        b"Z" => Suffix::Utc,
        _ => return None,
    };
    let digit = |at: usize| digits.get(at).map_or(u32::MAX, |digit| u32::from(digit.wrapping_sub(b'0')));
    let digits_alone = (0..15).all(|at| at == 8 || digit(at) < 10);
    if !digits_alone || digits.get(8) != Some(&b'T') {
        return None;
    }
    let two = |at: usize| digit(at) * 10 + digit(at + 1);
    let year = i32::try_from(two(0) * 100 + two(2)).ok()?;
    let date = NaiveDate::from_ymd_opt(year, two(4), two(6))?;
    let time = NaiveTime::from_hms_opt(two(9), two(11), two(13))?;
    Some(Written { date, time: Some(time), suffix, repaired: false })
}

fn any(text: &str) -> Option<Written> {
    let mut cursor = Cursor { rest: text.trim().as_bytes(), repaired: false };
    let date = read_date(&mut cursor)?;
    if cursor.rest.is_empty() {
        return Some(Written { date, time: None, suffix: Suffix::None, repaired: cursor.repaired });
    }
    if !cursor.take(b'T') {
        cursor.repair(cursor.rest.starts_with(b"t") || cursor.rest.starts_with(b" "))?;
        cursor.rest = cursor.rest.get(1..)?;
    }
    let time = read_time(&mut cursor)?;
    let suffix = read_suffix(&mut cursor)?;
    Some(Written { date, time: Some(time), suffix, repaired: cursor.repaired })
}

fn read_date(cursor: &mut Cursor<'_>) -> Option<NaiveDate> {
    let year = cursor.number(4)?;
    cursor.separator(b'-');
    let month = cursor.number(2)?;
    cursor.separator(b'-');
    let day = cursor.number(2)?;
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

fn read_time(cursor: &mut Cursor<'_>) -> Option<NaiveTime> {
    let hour = cursor.number(2)?;
    cursor.separator(b':');
    let minute = cursor.number(2)?;
    cursor.separator(b':');
    let second = if cursor.rest.first().is_some_and(u8::is_ascii_digit) {
        cursor.number(2)?
    } else {
        cursor.repaired = true;
        0
    };
    cursor.fraction()?;
    // A leap second, which clocks of door systems do not have.
    let second = if second == 60 { 59 } else { second };
    NaiveTime::from_hms_opt(hour, minute, second)
}

fn read_suffix(cursor: &mut Cursor<'_>) -> Option<Suffix> {
    match cursor.rest {
        [] => Some(Suffix::None),
        b"Z" => Some(Suffix::Utc),
        b"z" => {
            cursor.repaired = true;
            Some(Suffix::Utc)
        }
        rest => {
            cursor.repaired = true;
            read_offset(rest).map(Suffix::Offset)
        }
    }
}

/// Reads `+0100`, `-05:00`, `+013000` or `+02` as seconds east of UTC.
pub(crate) fn offset(text: &str) -> Option<i32> {
    read_offset(text.trim().as_bytes())
}

fn read_offset(text: &[u8]) -> Option<i32> {
    let (sign, rest) = match text.split_first()? {
        (b'+', rest) => (1, rest),
        (b'-', rest) => (-1, rest),
        _ => return None,
    };
    let mut cursor = Cursor { rest, repaired: false };
    let hours = cursor.number(2)?;
    let minutes = cursor.sixty()?;
    let seconds = cursor.sixty()?;
    let total = i32::try_from(hours * 3600 + minutes * 60 + seconds).ok()?;
    (cursor.rest.is_empty() && hours < 24).then_some(sign * total)
}

/// What is still to be read.
struct Cursor<'a> {
    rest: &'a [u8],
    repaired: bool,
}

impl Cursor<'_> {
    fn take(&mut self, byte: u8) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Exactly that many digits.
    fn number(&mut self, digits: usize) -> Option<u32> {
        let (head, rest) = self.rest.split_at_checked(digits)?;
        let mut value = 0;
        for byte in head {
            value = value * 10 + u32::from(byte.is_ascii_digit().then(|| byte - b'0')?);
        }
        self.rest = rest;
        Some(value)
    }

    /// A mark that the standard does not have there.
    fn separator(&mut self, byte: u8) {
        if self.take(byte) {
            self.repaired = true;
        }
    }

    fn repair(&mut self, possible: bool) -> Option<()> {
        self.repaired = true;
        possible.then_some(())
    }

    /// Skips a fraction of a second.
    fn fraction(&mut self) -> Option<()> {
        if self.take(b'.') || self.take(b',') {
            let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            self.repair(digits > 0)?;
            self.rest = self.rest.get(digits..)?;
        }
        Some(())
    }

    /// Two digits below sixty after an optional colon, or nothing more at all.
    fn sixty(&mut self) -> Option<u32> {
        if self.rest.is_empty() {
            return Some(0);
        }
        self.take(b':');
        self.number(2).filter(|value| *value < 60)
    }
}
