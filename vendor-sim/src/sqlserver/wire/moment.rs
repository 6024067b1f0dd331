//! Dates and times: as text, as stored, as bytes.
//!
//! Stored are `YYYY-MM-DD HH:MM:SS` with as many digits of a second as are not nought, so that the same moment has the
//! same text whatever its type was, and order by text is order by time.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use crate::sqlserver::sql::types::SqlType;

/// Days from the first of January of year 1 to that of 1900.
const DAYS_TO_1900: i64 = 693_595;
const NANOS: i64 = 1_000_000_000;

/// Reads a moment from text; a date alone is midnight.
pub(crate) fn parse(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim();
    let text = text.strip_suffix('Z').unwrap_or(text);
    for format in ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y%m%d %H:%M:%S%.f"] {
        if let Ok(moment) = NaiveDateTime::parse_from_str(text, format) {
            return Some(moment);
        }
    }
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").or_else(|_| NaiveDate::parse_from_str(text, "%Y%m%d"));
    if let Ok(date) = date {
        return Some(date.and_time(NaiveTime::MIN));
    }
    let time = NaiveTime::parse_from_str(text, "%H:%M:%S%.f").ok()?;
    Some(NaiveDate::from_ymd_opt(1900, 1, 1)?.and_time(time))
}

/// The stored text of a moment in a column of this type; `None` if the type cannot hold it.
pub(crate) fn stored(moment: NaiveDateTime, kind: SqlType) -> Option<String> {
    let moment = rounded(moment, kind)?;
    Some(match kind {
        SqlType::Date => moment.format("%Y-%m-%d").to_string(),
        SqlType::Time(_) => fraction(moment, moment.format("%H:%M:%S").to_string()),
        _ => fraction(moment, moment.format("%Y-%m-%d %H:%M:%S").to_string()),
    })
}

fn fraction(moment: NaiveDateTime, text: String) -> String {
    match moment.nanosecond() % 1_000_000_000 {
        0 => text,
        nanos => format!("{text}.{}", format!("{nanos:09}").trim_end_matches('0')),
    }
}

/// The moment as precise as the type is.
fn rounded(moment: NaiveDateTime, kind: SqlType) -> Option<NaiveDateTime> {
    match kind {
        SqlType::Date => Some(moment.date().and_time(NaiveTime::MIN)),
        SqlType::SmallDateTime => to_nanos(moment, 60 * NANOS),
        SqlType::DateTime => {
            if moment.year() < 1753 {
                return None;
            }
            let (days, ticks) = ticks(moment);
            from_ticks(days, ticks)
        }
        SqlType::DateTime2(scale) | SqlType::Time(scale) => to_nanos(moment, 10_i64.pow(9 - u32::from(scale.min(7)))),
        _ => Some(moment),
    }
}

fn to_nanos(moment: NaiveDateTime, step: i64) -> Option<NaiveDateTime> {
    let nanos = nanos_of_day(moment);
    let nanos = (nanos + step / 2) / step * step;
    moment.date().and_time(NaiveTime::MIN).checked_add_signed(chrono::Duration::nanoseconds(nanos))
}

fn nanos_of_day(moment: NaiveDateTime) -> i64 {
    i64::from(moment.num_seconds_from_midnight()) * NANOS + i64::from(moment.nanosecond() % 1_000_000_000)
}

fn days_from_year_one(date: NaiveDate) -> i64 {
    i64::from(date.num_days_from_ce()) - 1
}

/// Days since 1900 and three-hundredths of a second since midnight.
fn ticks(moment: NaiveDateTime) -> (i64, i64) {
    let days = days_from_year_one(moment.date()) - DAYS_TO_1900;
    let ticks = (nanos_of_day(moment) * 3 + 5_000_000) / 10_000_000;
    if ticks >= 24 * 3600 * 300 { (days + 1, 0) } else { (days, ticks) }
}

fn from_ticks(days: i64, ticks: i64) -> Option<NaiveDateTime> {
    let millis = (ticks * 10 + 1) / 3;
    date_from_days(days + DAYS_TO_1900)?
        .and_time(NaiveTime::MIN)
        .checked_add_signed(chrono::Duration::milliseconds(millis))
}

fn date_from_days(days: i64) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(1, 1, 1)?.checked_add_days(Days::new(u64::try_from(days).ok()?))
}

/// The bytes of a moment in an answer, without their length.
pub(crate) fn encode(moment: NaiveDateTime, kind: SqlType, out: &mut Vec<u8>) {
    let days = days_from_year_one(moment.date());
    let since_1900 = days - DAYS_TO_1900;
    match kind {
        SqlType::DateTime => {
            let (days, ticks) = ticks(moment);
            out.extend_from_slice(&low_bytes(days, 4));
            out.extend_from_slice(&low_bytes(ticks, 4));
        }
        SqlType::SmallDateTime => {
            out.extend_from_slice(&low_bytes(since_1900, 2));
            out.extend_from_slice(&low_bytes(nanos_of_day(moment) / (60 * NANOS), 2));
        }
        SqlType::Date => out.extend_from_slice(&low_bytes(days, 3)),
        SqlType::Time(scale) => out.extend_from_slice(&clock(moment, scale)),
        SqlType::DateTime2(scale) => {
            out.extend_from_slice(&clock(moment, scale));
            out.extend_from_slice(&low_bytes(days, 3));
        }
        _ => {}
    }
}

/// Bytes of the time of day in a type of this scale.
pub(crate) fn clock_bytes(scale: u8) -> u8 {
    match scale {
        0..=2 => 3,
        3..=4 => 4,
        _ => 5,
    }
}

fn clock(moment: NaiveDateTime, scale: u8) -> Vec<u8> {
    let steps = nanos_of_day(moment) / 10_i64.pow(9 - u32::from(scale.min(7)));
    low_bytes(steps, usize::from(clock_bytes(scale)))
}

fn low_bytes(number: i64, count: usize) -> Vec<u8> {
    number.to_le_bytes().into_iter().take(count).collect()
}

/// Reads a moment that a client sent.
pub(crate) fn decode(bytes: &[u8], kind: SqlType) -> Option<NaiveDateTime> {
    match (kind, bytes) {
        (SqlType::DateTime, [d0, d1, d2, d3, ticks @ ..]) if ticks.len() == 4 => {
            let days = i32::from_le_bytes([*d0, *d1, *d2, *d3]);
            from_ticks(i64::from(days), number(ticks))
        }
        (SqlType::SmallDateTime, [d0, d1, minutes @ ..]) if minutes.len() == 2 => {
            let days = i64::from(u16::from_le_bytes([*d0, *d1]));
            at(days + DAYS_TO_1900, number(minutes) * 60 * NANOS)
        }
        (SqlType::Date, days) => at(number(days), 0),
        (SqlType::Time(scale), steps) => at(DAYS_TO_1900, nanos(number(steps), scale)?),
        (SqlType::DateTime2(scale), bytes) => {
            let (steps, days) = bytes.split_at_checked(usize::from(clock_bytes(scale)))?;
            at(number(days), nanos(number(steps), scale)?)
        }
        _ => None,
    }
}

fn nanos(steps: i64, scale: u8) -> Option<i64> {
    steps.checked_mul(10_i64.checked_pow(9_u32.checked_sub(u32::from(scale))?)?)
}

fn at(days: i64, nanos: i64) -> Option<NaiveDateTime> {
    date_from_days(days)?.and_time(NaiveTime::MIN).checked_add_signed(chrono::Duration::nanoseconds(nanos))
}

fn number(bytes: &[u8]) -> i64 {
    bytes.iter().take(7).rev().fold(0, |number, byte| number << 8 | i64::from(*byte))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop")]
mod tests {
    use super::*;

    fn moment(text: &str) -> NaiveDateTime {
        parse(text).unwrap()
    }

    #[test]
    fn every_type_reads_what_it_wrote() {
        let written = moment("2026-06-01 08:58:41.123");
        for kind in [SqlType::DateTime2(7), SqlType::DateTime2(3)] {
            let mut bytes = Vec::new();
            encode(written, kind, &mut bytes);
            assert_eq!(decode(&bytes, kind).unwrap(), written, "{kind:?}");
        }
        let mut bytes = Vec::new();
        encode(written, SqlType::DateTime, &mut bytes);
        assert_eq!(decode(&bytes, SqlType::DateTime).unwrap(), written);
        bytes.clear();
        encode(written, SqlType::Date, &mut bytes);
        assert_eq!(decode(&bytes, SqlType::Date).unwrap(), moment("2026-06-01"));
    }

    #[test]
    fn datetime_holds_three_hundredths_of_a_second() {
        let stored = |text| super::stored(moment(text), SqlType::DateTime).unwrap();
        assert_eq!(stored("2026-06-01 08:58:41.001"), "2026-06-01 08:58:41");
        assert_eq!(stored("2026-06-01 08:58:41.002"), "2026-06-01 08:58:41.003");
        assert_eq!(stored("2026-06-01 08:58:41.005"), "2026-06-01 08:58:41.007");
        assert_eq!(stored("2026-06-01 23:59:59.999"), "2026-06-02 00:00:00");
    }

    #[test]
    fn a_date_too_early_for_datetime_is_refused() {
        assert_eq!(stored(moment("1700-01-01"), SqlType::DateTime), None);
        assert!(stored(moment("1700-01-01"), SqlType::DateTime2(0)).is_some());
    }

    #[test]
    fn any_bytes_are_read_without_harm() {
        for kind in [SqlType::DateTime, SqlType::SmallDateTime, SqlType::Date, SqlType::Time(7), SqlType::DateTime2(7)]
        {
            for length in 0..12 {
                let _ = decode(&vec![0xff; length], kind);
            }
        }
    }
}
