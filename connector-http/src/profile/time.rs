//! Times as a vendor writes them.

use chrono::{
    DateTime, FixedOffset, NaiveDate, NaiveDateTime, Offset as _, SecondsFormat, TimeDelta, TimeZone as _, Utc,
    format::{Item, StrftimeItems},
};
use chrono_tz::Tz;
use serde_json::Value;

/// How a vendor writes times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeRules {
    pub(super) format: TimeFormat,
    pub(super) zone_if_missing: Option<Tz>,
    pub(super) date_format: String,
}

/// The form of an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeFormat {
    /// `2026-03-02T08:00:00Z`; the offset may be missing.
    Rfc3339,
    /// Seconds since 1970.
    UnixSeconds,
    /// Milliseconds since 1970.
    UnixMillis,
    /// A strftime pattern.
    Pattern(String),
}

impl TimeRules {
    /// The form of instants.
    pub fn format(&self) -> &TimeFormat {
        &self.format
    }

    /// The zone of texts without an offset, where the profile names one.
    pub fn zone_if_missing(&self) -> Option<Tz> {
        self.zone_if_missing
    }

    /// Reads an instant; `zone` is for texts without an offset, unless the profile names one.
    ///
    /// A local time that a clock change made ambiguous is the earlier of the two; one that it skipped is an hour later.
    ///
    /// # Errors
    /// What was expected instead.
    pub fn read(&self, value: &Value, zone: Option<Tz>) -> Result<DateTime<FixedOffset>, &'static str> {
        let zone = self.zone_if_missing.or(zone);
        match &self.format {
            TimeFormat::Rfc3339 => {
                let text = value.as_str().ok_or(INSTANT)?.trim();
                match DateTime::parse_from_rfc3339(text) {
                    Ok(at) => Ok(at),
                    Err(_) => local(naive(text).ok_or(INSTANT)?, zone),
                }
            }
            TimeFormat::UnixSeconds => unix(value, 1000).ok_or("seconds since 1970"),
            TimeFormat::UnixMillis => unix(value, 1).ok_or("milliseconds since 1970"),
            TimeFormat::Pattern(pattern) => {
                let text = value.as_str().ok_or(PATTERN)?.trim();
                match DateTime::parse_from_str(text, pattern) {
                    Ok(at) => Ok(at),
                    Err(_) => local(NaiveDateTime::parse_from_str(text, pattern).map_err(|_| PATTERN)?, zone),
                }
            }
        }
    }

    /// Writes an instant.
    pub fn write(&self, at: DateTime<Utc>) -> Value {
        match &self.format {
            TimeFormat::Rfc3339 => at.to_rfc3339_opts(SecondsFormat::AutoSi, true).into(),
            TimeFormat::UnixSeconds => at.timestamp().into(),
            TimeFormat::UnixMillis => at.timestamp_millis().into(),
            TimeFormat::Pattern(pattern) => {
                at.with_timezone(&self.zone_if_missing.unwrap_or(Tz::UTC)).format(pattern).to_string().into()
            }
        }
    }

    /// Reads a day; a time is taken as its day.
    ///
    /// # Errors
    /// What was expected instead.
    pub fn read_date(&self, value: &Value) -> Result<NaiveDate, &'static str> {
        let text = value.as_str().ok_or(DATE)?.trim();
        NaiveDate::parse_from_str(text, &self.date_format)
            .or_else(|_| NaiveDate::parse_from_str(text.get(..10).unwrap_or_default(), "%Y-%m-%d"))
            .map_err(|_| DATE)
    }

    /// Writes a day.
    pub fn write_date(&self, date: NaiveDate) -> Value {
        date.format(&self.date_format).to_string().into()
    }
}

impl TimeFormat {
    /// Reads `[time] format`.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "rfc3339" => Ok(Self::Rfc3339),
            "unix-s" => Ok(Self::UnixSeconds),
            "unix-ms" => Ok(Self::UnixMillis),
            pattern if is_pattern(pattern) && has_time(pattern) => Ok(Self::Pattern(pattern.to_owned())),
            _ => Err("is no form of a time"),
        }
    }
}

pub(super) fn is_pattern(text: &str) -> bool {
    text.contains('%') && !StrftimeItems::new(text).any(|item| matches!(item, Item::Error))
}

/// Whether what the pattern writes can be read back to the minute.
fn has_time(pattern: &str) -> bool {
    let sample = Utc.timestamp_opt(1_772_445_660, 0).single().unwrap_or_default();
    let text = sample.format(pattern).to_string();
    let naive = NaiveDateTime::parse_from_str(&text, pattern).ok();
    let read = DateTime::parse_from_str(&text, pattern).ok().map(|at| at.naive_utc()).or(naive);
    read.is_some_and(|read| (read - sample.naive_utc()).abs() < TimeDelta::minutes(1))
}

fn naive(text: &str) -> Option<NaiveDateTime> {
    let forms = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"];
    forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
}

fn local(naive: NaiveDateTime, zone: Option<Tz>) -> Result<DateTime<FixedOffset>, &'static str> {
    let zone = zone.ok_or("a time with its offset, or a zone under [time] zone_if_missing")?;
    let hour = TimeDelta::hours(1);
    let at = zone.from_local_datetime(&naive).earliest().or_else(|| {
        let before = zone.from_local_datetime(&naive.checked_sub_signed(hour)?).earliest()?;
        before.checked_add_signed(hour)
    });
    let at = at.ok_or(INSTANT)?;
    Ok(at.with_timezone(&at.offset().fix()))
}

fn unix(value: &Value, factor: i64) -> Option<DateTime<FixedOffset>> {
    let millis = match value {
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.checked_mul(factor)?,
            None => fraction(number.as_f64()?, factor)?,
        },
        Value::String(text) => text.trim().parse::<i64>().ok()?.checked_mul(factor)?,
        _ => return None,
    };
    DateTime::from_timestamp_millis(millis).map(|at| at.fixed_offset())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "the range is checked")]
fn fraction(number: f64, factor: i64) -> Option<i64> {
    let millis = number * factor as f64;
    (millis.abs() < 1e15).then(|| millis.round() as i64)
}

const INSTANT: &str = "a time like 2026-03-02T08:00:00Z";
const PATTERN: &str = "a time of the form under [time] format";
const DATE: &str = "a day of the form under [time] date_format";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn rules(format: &str, zone: Option<Tz>) -> TimeRules {
        let format = TimeFormat::parse(format).unwrap();
        TimeRules { format, zone_if_missing: zone, date_format: "%Y-%m-%d".to_owned() }
    }

    fn utc(rules: &TimeRules, value: &Value, zone: Option<Tz>) -> String {
        rules.read(value, zone).unwrap().to_utc().to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    #[test]
    fn each_form_says_the_same_instant() {
        let at = "2026-03-02T08:01:00.000Z";
        assert_eq!(utc(&rules("rfc3339", None), &json!("2026-03-02T09:01:00+01:00"), None), at);
        assert_eq!(utc(&rules("rfc3339", None), &json!("2026-03-02 09:01:00"), Some(Tz::Europe__Paris)), at);
        assert_eq!(utc(&rules("unix-s", None), &json!(1_772_438_460), None), at);
        assert_eq!(utc(&rules("unix-s", None), &json!("1772438460"), None), at);
        assert_eq!(utc(&rules("unix-ms", None), &json!(1_772_438_460_000_i64), None), at);
        assert_eq!(utc(&rules("%d.%m.%Y %H:%M:%S", Some(Tz::Europe__Paris)), &json!("02.03.2026 09:01:00"), None), at);
        assert_eq!(utc(&rules("%Y%m%d%H%M%S%z", None), &json!("20260302090100+0100"), None), at);
    }

    #[test]
    fn the_zone_of_the_profile_wins_over_the_one_of_the_server() {
        let paris = rules("rfc3339", Some(Tz::Europe__Paris));
        assert_eq!(utc(&paris, &json!("2026-07-01T09:00:00"), Some(Tz::UTC)), "2026-07-01T07:00:00.000Z");
    }

    #[test]
    fn both_clock_changes_have_one_meaning() {
        let paris = rules("rfc3339", Some(Tz::Europe__Paris));
        assert_eq!(utc(&paris, &json!("2026-10-25T02:30:00"), None), "2026-10-25T00:30:00.000Z");
        assert_eq!(utc(&paris, &json!("2026-03-29T02:30:00"), None), "2026-03-29T01:30:00.000Z");
    }

    #[test]
    fn a_time_without_any_zone_is_refused() {
        let error = rules("rfc3339", None).read(&json!("2026-03-02T08:00:00"), None).unwrap_err();
        assert!(error.contains("zone_if_missing"), "{error}");
        assert!(rules("rfc3339", None).read(&json!(12), None).is_err());
    }

    #[test]
    fn forms_that_lose_the_time_are_none() {
        for text in ["", "iso", "%Y-%m-%d", "%Q", "%H:%M"] {
            assert!(TimeFormat::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn days_are_read_with_or_without_a_time() {
        let mut rules = rules("rfc3339", None);
        let day = NaiveDate::from_ymd_opt(1990, 2, 1).unwrap();
        assert_eq!(rules.read_date(&json!("1990-02-01T00:00:00Z")), Ok(day));
        rules.date_format = "%d/%m/%Y".to_owned();
        assert_eq!(rules.read_date(&json!("01/02/1990")), Ok(day));
        assert_eq!(rules.write_date(day), json!("01/02/1990"));
        assert!(rules.read_date(&json!("soon")).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(seconds in 0_i64..4_000_000_000) {
            let at = DateTime::from_timestamp(seconds, 0).unwrap();
            for format in ["rfc3339", "unix-s", "unix-ms", "%Y-%m-%d %H:%M:%S%z"] {
                let rules = rules(format, None);
                prop_assert_eq!(rules.read(&rules.write(at), None).unwrap().to_utc(), at);
            }
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".{0,40}") {
            for format in ["rfc3339", "unix-s", "unix-ms", "%d.%m.%Y %H:%M:%S"] {
                let _ = rules(format, Some(Tz::Europe__London)).read(&json!(text), None);
            }
        }
    }
}
