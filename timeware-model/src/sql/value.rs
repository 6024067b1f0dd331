//! Values on their way into a statement and out of a row, the same for every engine.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Utc};

use super::fault::Step;
use crate::error::{Error, ErrorKind};

const LOCAL_FORMAT: &str = "%Y-%m-%d %H:%M:%S";

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Integer(i64),
    Text(String),
    /// A local time in a column of timeware.
    Time(NaiveDateTime),
    /// A local time in a table of ours.
    OwnTime(NaiveDateTime),
    /// An instant in a table of ours.
    Instant(DateTime<Utc>),
    /// Something that this crate does not read.
    Other,
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<DateTime<Utc>> for Value {
    fn from(at: DateTime<Utc>) -> Self {
        Self::Instant(at)
    }
}

/// Values of different types in a row of parameters.
macro_rules! values {
    ($($value:expr),* $(,)?) => { [$($crate::sql::value::Value::from($value)),*] };
}
pub(crate) use values;

/// A date as a column of timeware stores it, at midnight.
pub(crate) fn day(date: NaiveDate) -> Value {
    Value::Time(date.and_time(NaiveTime::MIN))
}

/// One row of an answer, read by position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row(Vec<Value>);

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values)
    }

    pub(crate) fn value(&self, at: usize) -> &Value {
        self.0.get(at).unwrap_or(&Value::Null)
    }

    pub(crate) fn integer(&self, at: usize) -> Step<i64> {
        self.maybe_integer(at)?.ok_or_else(|| unexpected("a number is not there"))
    }

    pub(crate) fn maybe_integer(&self, at: usize) -> Step<Option<i64>> {
        match self.value(at) {
            Value::Null => Ok(None),
            Value::Integer(number) => Ok(Some(*number)),
            _ => Err(unexpected("a number cannot be read")),
        }
    }

    pub(crate) fn text(&self, at: usize) -> Step<String> {
        self.maybe_text(at)?.ok_or_else(|| unexpected("a text is not there"))
    }

    pub(crate) fn maybe_text(&self, at: usize) -> Step<Option<String>> {
        match self.value(at) {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text.clone())),
            _ => Err(unexpected("a text cannot be read")),
        }
    }

    pub(crate) fn time(&self, at: usize) -> Step<NaiveDateTime> {
        self.maybe_time(at)?.ok_or_else(|| unexpected("a date is not there"))
    }

    pub(crate) fn maybe_time(&self, at: usize) -> Step<Option<NaiveDateTime>> {
        match self.value(at) {
            Value::Null => Ok(None),
            Value::Text(text) if text.is_empty() => Ok(None),
            Value::Text(text) => Ok(Some(read_local(text)?)),
            Value::Time(time) | Value::OwnTime(time) => Ok(Some(crate::local_time::cut_to_seconds(*time))),
            _ => Err(unexpected("a date cannot be read")),
        }
    }

    pub(crate) fn instant(&self, at: usize) -> Step<DateTime<Utc>> {
        self.maybe_instant(at)?.ok_or_else(|| unexpected("an instant is not there"))
    }

    pub(crate) fn maybe_instant(&self, at: usize) -> Step<Option<DateTime<Utc>>> {
        match self.value(at) {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(read_utc(text)?)),
            Value::Time(time) | Value::OwnTime(time) => Ok(Some(time.and_utc())),
            Value::Instant(at) => Ok(Some(*at)),
            _ => Err(unexpected("an instant cannot be read")),
        }
    }
}

fn unexpected(what: &str) -> super::fault::Fault {
    Error::new(ErrorKind::Protocol, format!("the database answered with something unexpected: {what}")).into()
}

/// A local time as a text column holds it.
pub(crate) fn local_text(time: NaiveDateTime) -> String {
    time.format(LOCAL_FORMAT).to_string()
}

/// An instant as a text column holds it.
pub(crate) fn utc_text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Reads a local time; a fraction that another writer left is cut (rule S7).
fn read_local(text: &str) -> Result<NaiveDateTime, Error> {
    let whole = text.get(..19).unwrap_or(text).replace('T', " ");
    NaiveDateTime::parse_from_str(&whole, LOCAL_FORMAT)
        .map_err(|cause| Error::new(ErrorKind::Protocol, "a date in the database cannot be read").with_source(cause))
}

/// Reads an instant.
fn read_utc(text: &str) -> Result<DateTime<Utc>, Error> {
    text.parse().map_err(|cause| {
        Error::new(ErrorKind::Protocol, "an instant in the database cannot be read").with_source(cause)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_written_and_fractions_cut() {
        let time = read_local("2026-06-01 08:58:41").unwrap();
        assert_eq!(local_text(time), "2026-06-01 08:58:41");
        assert_eq!(read_local("2026-06-01T08:58:41.997").unwrap(), time);
        assert!(read_local("01/06/2026").is_err() && read_local("ä".repeat(12).as_str()).is_err());
        let at = read_utc("2026-06-01T07:58:41.123Z").unwrap();
        assert_eq!(utc_text(at), "2026-06-01T07:58:41.123Z");
        let row = Row::new(vec![Value::Time(time + chrono::Duration::milliseconds(997)), Value::Integer(1)]);
        assert_eq!(row.time(0).unwrap(), time);
        assert!(row.time(1).is_err() && row.time(2).is_err() && row.maybe_time(2).unwrap().is_none());
    }
}
