//! How instants are written.

use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset, SecondsFormat, Utc};
use serde_json::Value;

use crate::clock::Zone;

/// A form of instants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum TimeForm {
    /// RFC 3339 in UTC.
    #[default]
    Rfc3339,
    /// RFC 3339 with the offset of a zone.
    Offset(Zone),
    /// Wall clock time of a zone, without offset.
    Local(Zone),
    UnixSeconds,
    UnixMillis,
    /// A strftime pattern; without an offset in it, wall clock time of the zone.
    Pattern(String, Zone),
}

impl TimeForm {
    /// The form of a profile file.
    pub(crate) fn named(format: &str, zone: Zone) -> anyhow::Result<Self> {
        match format {
            "rfc3339" => Ok(Self::Rfc3339),
            "unix-s" => Ok(Self::UnixSeconds),
            "unix-ms" => Ok(Self::UnixMillis),
            pattern if !pattern.contains('%') => anyhow::bail!("time.format: '{pattern}' is no pattern"),
            pattern if StrftimeItems::new(pattern).any(|item| matches!(item, Item::Error)) => {
                anyhow::bail!("time.format: '{pattern}' has a piece that is not known")
            }
            pattern => Ok(Self::Pattern(pattern.to_owned(), zone)),
        }
    }

    pub(crate) fn write(&self, at: DateTime<Utc>) -> Value {
        match self {
            Self::Rfc3339 => instant_text(at).into(),
            Self::Offset(zone) => zone.record_text(zone.local(at)).into(),
            Self::Local(zone) => zone.local(at).format("%Y-%m-%dT%H:%M:%S").to_string().into(),
            Self::UnixSeconds => at.timestamp().into(),
            Self::UnixMillis => at.timestamp_millis().into(),
            Self::Pattern(pattern, zone) => patterned(*zone, at, pattern).into(),
        }
    }

    /// Reads what a caller sent; RFC 3339 always will do.
    pub(crate) fn read(&self, value: &Value) -> Option<DateTime<Utc>> {
        let number = value.as_i64().or_else(|| value.as_str()?.parse().ok());
        match (self, number) {
            (Self::UnixSeconds, Some(number)) => return DateTime::from_timestamp(number, 0),
            (Self::UnixMillis, Some(number)) => return DateTime::from_timestamp_millis(number),
            _ => {}
        }
        let text = value.as_str()?;
        let zone = match self {
            Self::Local(zone) | Self::Offset(zone) | Self::Pattern(_, zone) => *zone,
            _ => Zone::default(),
        };
        instant(text, zone).or_else(|| match self {
            Self::Pattern(pattern, zone) => DateTime::parse_from_str(text, pattern)
                .map(|at| at.to_utc())
                .ok()
                .or_else(|| NaiveDateTime::parse_from_str(text, pattern).ok().map(|local| zone.instant(local)))
                .or_else(|| {
                    NaiveDate::parse_from_str(text, pattern).ok().map(|day| zone.instant(day.and_time(NaiveTime::MIN)))
                }),
            _ => None,
        })
    }
}

/// A pattern with its offset, where it has one, from the zone.
fn patterned(zone: Zone, at: DateTime<Utc>, pattern: &str) -> String {
    let local = zone.local(at);
    let offset = (local.and_utc() - at).num_seconds();
    let offset = i32::try_from(offset).ok().and_then(FixedOffset::east_opt).unwrap_or_else(|| Utc.fix());
    at.with_timezone(&offset).format(pattern).to_string()
}

/// An instant as the contracts write it.
pub(crate) fn instant_text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Reads RFC 3339, also without offset: wall clock time of the zone.
pub(crate) fn instant(text: &str, zone: Zone) -> Option<DateTime<Utc>> {
    let with_offset = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).ok();
    with_offset
        .or_else(|| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok().map(|local| zone.instant(local)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_back() {
        let zone = Zone::default();
        let at: DateTime<Utc> = "2026-07-01T08:00:00Z".parse().unwrap();
        for (form, text) in [
            (TimeForm::Rfc3339, "\"2026-07-01T08:00:00Z\""),
            (TimeForm::Offset(zone), "\"2026-07-01T09:00:00+01:00\""),
            (TimeForm::Local(zone), "\"2026-07-01T09:00:00\""),
            (TimeForm::UnixSeconds, "1782892800"),
            (TimeForm::UnixMillis, "1782892800000"),
            (TimeForm::named("%d/%m/%Y %H:%M:%S", zone).unwrap(), "\"01/07/2026 09:00:00\""),
        ] {
            assert_eq!(form.write(at).to_string(), text);
            assert_eq!(form.read(&form.write(at)), Some(at), "{form:?}");
        }
        assert!(TimeForm::named("iso", zone).is_err() && TimeForm::named("%Q!", zone).is_err());
    }
}
