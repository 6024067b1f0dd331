//! Times as people type them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use sync_service::Failure;

/// `now`, a day (its begin), a time of today, a day with a time, all in the site's zone; or an instant with an offset.
pub(super) fn instant(text: &str, zone: Tz, now: DateTime<Utc>) -> Result<DateTime<Utc>, Failure> {
    let text = text.trim();
    if text == "now" {
        return Ok(now);
    }
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Ok(instant.to_utc());
    }
    let today = now.with_timezone(&zone).date_naive();
    let local = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .or_else(|| NaiveTime::parse_from_str(text, "%H:%M").ok().map(|time| today.and_time(time)))
        .or_else(|| text.parse::<NaiveDate>().ok().map(|day| day.and_time(NaiveTime::MIN)));
    let Some(local) = local else {
        return Err(Failure::new(format!("{text:?} is no time"))
            .with_remedy("Write `now`, `14:30`, `2026-03-02`, `2026-03-02 14:30`, or an instant with its offset"));
    };
    zone.from_local_datetime(&local).earliest().map(|instant| instant.to_utc()).ok_or_else(|| {
        Failure::new(format!("{text:?} does not exist in {zone}: clocks were put forward over it"))
            .with_remedy("Write a time before or after it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_of_the_site_unless_they_say_otherwise() {
        let now = "2026-07-01T10:00:00Z".parse().unwrap();
        let zone = chrono_tz::Europe::Amsterdam;
        for (text, expected) in [
            ("now", "2026-07-01T10:00:00Z"),
            ("14:30", "2026-07-01T12:30:00Z"),
            ("2026-07-02", "2026-07-01T22:00:00Z"),
            ("2026-01-02 14:30", "2026-01-02T13:30:00Z"),
            ("2026-07-02T14:30:00+01:00", "2026-07-02T13:30:00Z"),
        ] {
            assert_eq!(instant(text, zone, now).unwrap(), expected.parse::<DateTime<Utc>>().unwrap(), "{text}");
        }
        assert!(instant("noon", zone, now).is_err());
        assert!(instant("2026-03-29 02:30", zone, now).unwrap_err().message().contains("does not exist"));
    }
}
