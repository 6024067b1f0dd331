//! Values on the wire (rules S7, S8).

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use tiberius::time::{Date, DateTime, DateTime2, Time};
use tiberius::{ColumnData, FromSql, ToSql};

use crate::sql::value::Value;

/// The first year of the type `datetime`.
const FIRST_YEAR: i32 = 1753;

impl ToSql for Value {
    fn to_sql(&self) -> ColumnData<'_> {
        match self {
            Value::Null | Value::Other => ColumnData::String(None),
            Value::Integer(number) => ColumnData::I64(Some(*number)),
            Value::Text(text) => ColumnData::String(Some(Cow::Borrowed(text))),
            // As `datetime`, so that it is compared in the type of its column, exactly and by index.
            Value::Time(time) if time.year() >= FIRST_YEAR => ColumnData::DateTime(Some(datetime(*time))),
            Value::Time(time) | Value::OwnTime(time) => ColumnData::DateTime2(Some(datetime2(*time, 0))),
            Value::Instant(at) => ColumnData::DateTime2(Some(datetime2(at.naive_utc(), 3))),
        }
    }
}

pub(super) fn read(cell: &ColumnData<'static>) -> Value {
    let whole = |number: Option<i64>| number.map_or(Value::Null, Value::Integer);
    match cell {
        ColumnData::U8(number) => whole(number.map(i64::from)),
        ColumnData::I16(number) => whole(number.map(i64::from)),
        ColumnData::I32(number) => whole(number.map(i64::from)),
        ColumnData::I64(number) => whole(*number),
        ColumnData::Bit(bit) => whole(bit.map(i64::from)),
        ColumnData::Numeric(None) => Value::Null,
        ColumnData::Numeric(Some(number)) if number.dec_part() == 0 => {
            i64::try_from(number.int_part()).map_or(Value::Other, Value::Integer)
        }
        ColumnData::String(text) => text.as_deref().map_or(Value::Null, Value::from),
        ColumnData::Guid(id) => id.map_or(Value::Null, |id| Value::Text(id.to_string())),
        ColumnData::Date(_) => match NaiveDate::from_sql(cell) {
            Ok(date) => date.map_or(Value::Null, |date| Value::Time(date.and_time(NaiveTime::MIN))),
            Err(_) => Value::Other,
        },
        ColumnData::DateTime(_) | ColumnData::SmallDateTime(_) | ColumnData::DateTime2(_) => {
            match NaiveDateTime::from_sql(cell) {
                Ok(time) => time.map_or(Value::Null, Value::Time),
                Err(_) => Value::Other,
            }
        }
        _ => Value::Other,
    }
}

/// Whole seconds are exact in the 300ths of a second that `datetime` counts.
fn datetime(time: NaiveDateTime) -> DateTime {
    let days = time.date().signed_duration_since(first_day(1900)).num_days();
    DateTime::new(i32::try_from(days).unwrap_or_default(), time.num_seconds_from_midnight() * 300)
}

fn datetime2(time: NaiveDateTime, scale: u8) -> DateTime2 {
    let days = time.date().signed_duration_since(first_day(1)).num_days();
    let seconds = u64::from(time.num_seconds_from_midnight());
    let increments =
        if scale == 0 { seconds } else { seconds * 1_000 + u64::from(time.nanosecond() / 1_000_000).min(999) };
    DateTime2::new(Date::new(u32::try_from(days).unwrap_or_default()), Time::new(increments, scale))
}

fn first_day(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back(value: &Value) -> Value {
        read(&match value.to_sql() {
            ColumnData::DateTime(time) => ColumnData::DateTime(time),
            ColumnData::DateTime2(time) => ColumnData::DateTime2(time),
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn times_arrive_as_they_were_sent() {
        let time = |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.3f").unwrap();
        for text in ["1753-01-01 00:00:00.000", "1899-12-31 23:59:59.000", "2026-06-01 08:58:41.000"] {
            assert_eq!(back(&Value::Time(time(text))), Value::Time(time(text)), "{text}");
            assert_eq!(back(&Value::OwnTime(time(text))), Value::Time(time(text)), "{text}");
        }
        let instant = time("2026-06-01 07:58:41.123");
        assert_eq!(back(&Value::Instant(instant.and_utc())), Value::Time(instant));
    }

    #[test]
    fn a_date_before_the_first_of_datetime_goes_out_as_datetime2_for_the_server_to_refuse() {
        let time = first_day(987).and_time(NaiveTime::MIN);
        assert!(matches!(Value::Time(time).to_sql(), ColumnData::DateTime2(Some(_))));
    }
}
