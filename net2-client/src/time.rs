//! Times as Net2 writes them: local to the server, with or without an offset.

use std::fmt;

use chrono::{DateTime, Datelike as _, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::json::{FromJson, Object, Shape, readable};

/// A date and time as the server writes it: its local time, with the offset where one was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ServerTime {
    local: NaiveDateTime,
    offset: Option<FixedOffset>,
}

impl ServerTime {
    /// Server-local time without an offset.
    pub const fn local(local: NaiveDateTime) -> Self {
        Self { local, offset: None }
    }

    /// The beginning of a day at the server.
    pub const fn day(day: NaiveDate) -> Self {
        Self { local: NaiveDateTime::new(day, NaiveTime::MIN), offset: None }
    }

    /// The day as written, which is the one Net2 shows.
    pub fn date(self) -> NaiveDate {
        self.local.date()
    }

    /// Date and time as written, which is the server's local time.
    pub const fn naive(self) -> NaiveDateTime {
        self.local
    }

    /// The offset, where the server gave one.
    pub const fn offset(self) -> Option<FixedOffset> {
        self.offset
    }

    /// The instant; without an offset the time is read in the given zone of the server.
    ///
    /// A local time that occurs twice is taken as its first occurrence, one that the clock skipped as the
    /// same time before the change.
    pub fn instant(self, zone: Tz) -> DateTime<Utc> {
        match self.offset {
            Some(offset) => DateTime::from_naive_utc_and_offset(self.local - offset, Utc),
            None => local_instant(self.local, zone),
        }
    }

    /// Reads a vendor date; `None` is what the vendor means by a date before 1900.
    fn parse(text: &str) -> Result<Option<Self>, Shape> {
        let text = text.trim();
        let parsed = match DateTime::parse_from_rfc3339(text) {
            Ok(time) => Self { local: time.naive_local(), offset: Some(*time.offset()) },
            Err(_) => Self::local(without_offset(text).ok_or_else(|| Shape::malformed("a date"))?),
        };
        Ok((parsed.local.year() >= 1900).then_some(parsed))
    }
}

impl fmt::Display for ServerTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.local.format("%Y-%m-%dT%H:%M:%S%.f"))?;
        match self.offset {
            Some(offset) => write!(f, "{offset}"),
            None => Ok(()),
        }
    }
}

impl Serialize for ServerTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromJson for ServerTime {
    fn from_json(value: Value) -> Result<Self, Shape> {
        Maybe::from_json(value)?.0.ok_or_else(|| Shape::malformed("a date after 1900"))
    }
}

readable!(ServerTime);

/// Takes an optional date: missing, null, empty and everything before 1900 are none.
pub(crate) fn optional(object: &mut Object, key: &'static str) -> Result<Option<ServerTime>, Shape> {
    Ok(object.optional::<Maybe>(key)?.and_then(|maybe| maybe.0))
}

struct Maybe(Option<ServerTime>);

impl FromJson for Maybe {
    fn from_json(value: Value) -> Result<Self, Shape> {
        match value {
            Value::String(text) if text.trim().is_empty() => Ok(Self(None)),
            Value::String(text) => ServerTime::parse(&text).map(Self),
            other => Err(Shape::new("a date", &other)),
        }
    }
}

fn without_offset(text: &str) -> Option<NaiveDateTime> {
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .or_else(|| Some(NaiveDateTime::new(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?, NaiveTime::MIN)))
}

fn local_instant(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    match local.and_local_timezone(zone) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => time.to_utc(),
        LocalResult::None => match (local - TimeDelta::hours(1)).and_local_timezone(zone) {
            LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => time.to_utc() + TimeDelta::hours(1),
            LocalResult::None => local.and_utc(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(text: &str) -> Option<ServerTime> {
        Maybe::from_json(json!(text)).unwrap().0
    }

    #[test]
    fn an_offset_decides_and_without_one_the_zone_of_the_server() {
        let with = read("2027-07-01T12:00:00+01:00").unwrap();
        let without = read("2027-07-01T12:00:00").unwrap();
        assert_eq!(with.instant(Tz::UTC).to_rfc3339(), "2027-07-01T11:00:00+00:00");
        assert_eq!(without.instant(Tz::Europe__London), with.instant(Tz::UTC));
    }

    #[test]
    fn dates_before_1900_are_none() {
        for text in ["0001-01-01T00:00:00", "1753-01-01T00:00:00+00:00", "1899-12-30T09:00:00", ""] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn the_hour_that_occurs_twice_is_its_first_and_the_skipped_hour_moves_on() {
        let twice = read("2027-10-31T01:30:00").unwrap().instant(Tz::Europe__London);
        assert_eq!(twice.to_rfc3339(), "2027-10-31T00:30:00+00:00");
        let skipped = read("2027-03-28T01:30:00").unwrap().instant(Tz::Europe__London);
        assert_eq!(skipped.to_rfc3339(), "2027-03-28T01:30:00+00:00");
    }

    #[test]
    fn a_time_is_written_back_as_it_came() {
        for text in ["2027-03-31T00:00:00+01:00", "2027-03-01T09:00:00.250", "2027-03-01T00:00:00"] {
            assert_eq!(read(text).unwrap().to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn any_text_reads_without_panic(text in ".{0,40}") {
            if let Ok(Some(time)) = ServerTime::parse(&text) {
                let _ = time.instant(Tz::Europe__Berlin);
            }
        }
    }
}
