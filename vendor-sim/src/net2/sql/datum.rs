//! One value of a row, and how two values compare.

use std::borrow::Cow;
use std::cmp::Ordering;

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::Value;

use super::{SqlError, SqlResult};

/// What a column holds; literals are brought to it when a condition is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    /// Yes or no; 1 or 0 in statements.
    Bit,
    Text,
    Time,
}

/// A column of one of the joined tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ColumnRef {
    pub(crate) table: usize,
    pub(crate) column: usize,
    pub(crate) kind: Kind,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Datum<'a> {
    Null,
    Int(i64),
    Text(Cow<'a, str>),
    Time(NaiveDateTime),
}

impl<'a> Datum<'a> {
    pub(crate) fn text(value: &'a str) -> Self {
        Self::Text(Cow::Borrowed(value))
    }

    pub(crate) fn owned(value: String) -> Self {
        Self::Text(Cow::Owned(value))
    }

    pub(crate) fn maybe_text(value: Option<&'a str>) -> Self {
        value.map_or(Self::Null, Self::text)
    }

    pub(crate) fn maybe_int(value: Option<i64>) -> Self {
        value.map_or(Self::Null, Self::Int)
    }

    pub(crate) fn maybe_time(value: Option<NaiveDateTime>) -> Self {
        value.map_or(Self::Null, Self::Time)
    }

    /// Order of two values; `None` where one is missing or they cannot be compared.
    pub(crate) fn compare(&self, other: &Datum<'_>) -> Option<Ordering> {
        match (self, other) {
            (Datum::Int(a), Datum::Int(b)) => Some(a.cmp(b)),
            (Datum::Time(a), Datum::Time(b)) => Some(a.cmp(b)),
            (Datum::Text(a), Datum::Text(b)) => Some(fold(a).cmp(&fold(b))),
            (Datum::Int(a), Datum::Text(b)) => b.trim().parse().ok().map(|b| a.cmp(&b)),
            (Datum::Text(a), Datum::Int(b)) => a.trim().parse().ok().map(|a: i64| a.cmp(b)),
            _ => None,
        }
    }

    /// Order for sorting: missing values first, as the database does.
    pub(crate) fn sort(&self, other: &Datum<'_>) -> Ordering {
        match (self, other) {
            (Datum::Null, Datum::Null) => Ordering::Equal,
            (Datum::Null, _) => Ordering::Less,
            (_, Datum::Null) => Ordering::Greater,
            _ => self.compare(other).unwrap_or(Ordering::Equal),
        }
    }

    /// A text equal for equal values, for joining; `None` for a missing value.
    pub(crate) fn key(&self) -> Option<String> {
        match self {
            Datum::Null => None,
            Datum::Int(value) => Some(value.to_string()),
            Datum::Text(value) => Some(fold(value)),
            Datum::Time(value) => Some(time_text(*value)),
        }
    }

    pub(crate) fn into_owned(self) -> Datum<'static> {
        match self {
            Datum::Null => Datum::Null,
            Datum::Int(value) => Datum::Int(value),
            Datum::Text(value) => Datum::Text(Cow::Owned(value.into_owned())),
            Datum::Time(value) => Datum::Time(value),
        }
    }

    /// As `querydb` writes it: dates without offset.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Datum::Null => Value::Null,
            Datum::Int(value) => Value::from(*value),
            Datum::Text(value) => Value::from(value.as_ref()),
            Datum::Time(value) => Value::from(time_text(*value)),
        }
    }

    /// Brings a literal to the kind of the column it meets.
    pub(crate) fn coerce(self, kind: Kind) -> SqlResult<Datum<'static>> {
        match (kind, self) {
            (Kind::Int | Kind::Bit, Datum::Text(text)) => text
                .trim()
                .parse()
                .map(Datum::Int)
                .map_err(|_| SqlError::new("conversion failed when converting text to a number")),
            (Kind::Time, Datum::Text(text)) => parse_time(&text).map(Datum::Time),
            (Kind::Time, Datum::Int(_)) => Err(SqlError::new("a number is not a date")),
            (Kind::Text, Datum::Int(number)) => Ok(Datum::owned(number.to_string())),
            (_, other) => Ok(other.into_owned()),
        }
    }
}

/// Text as the server's collation sees it: without case, without trailing blanks.
pub(crate) fn fold(text: &str) -> String {
    text.trim_end().to_lowercase()
}

fn time_text(value: NaiveDateTime) -> String {
    value.format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// A date literal: local, without offset, at most three fraction digits.
fn parse_time(text: &str) -> SqlResult<NaiveDateTime> {
    let refused = || SqlError::new("conversion failed when converting date and/or time from character string");
    let text = text.trim();
    if let Some((_, fraction)) = text.split_once('.')
        && fraction.len() > 3
    {
        return Err(refused());
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
            return Ok(time);
        }
    }
    for format in ["%Y-%m-%d", "%Y%m%d"] {
        if let Ok(day) = NaiveDate::parse_from_str(text, format) {
            return Ok(day.and_time(chrono::NaiveTime::MIN));
        }
    }
    Err(refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_literals_take_at_most_three_fraction_digits() {
        assert!(parse_time("2027-03-01T09:00:00.123").is_ok());
        assert!(parse_time("2027-03-01T09:00:00.1234").is_err());
        assert!(parse_time("2027-03-01T09:00:00Z").is_err());
        assert!(parse_time("2027-03-01").is_ok());
    }

    #[test]
    fn text_compares_without_case_and_trailing_blanks() {
        assert_eq!(Datum::text("Ann ").compare(&Datum::text("aNN")), Some(Ordering::Equal));
        assert_eq!(Datum::text("x").compare(&Datum::Null), None);
    }
}
