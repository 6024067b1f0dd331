//! Times as Graph writes them: a local time, and the name of a zone beside it.

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A local time with the name of its zone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GraphTime {
    /// The time on the clocks of that zone.
    pub local: NaiveDateTime,
    /// The zone.
    pub zone: Zone,
}

/// A zone by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Zone {
    /// Universal time, or one whose rules are known.
    Known(Tz),
    /// A name without rules that are known; with such a time nothing can be done.
    Unknown(String),
}

/// A zone whose rules are not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time zone {0:?} is not known")]
pub struct UnknownZone(pub String);

impl GraphTime {
    /// The instant; `at` says which one where the clocks were set meanwhile.
    pub(super) fn instant(&self, at: Border) -> Result<DateTime<Utc>, UnknownZone> {
        match &self.zone {
            Zone::Known(zone) => Ok(to_utc(self.local, *zone, at)),
            Zone::Unknown(name) => Err(UnknownZone(name.clone())),
        }
    }

    /// Its day, if it is midnight.
    pub(super) fn whole_day(&self) -> Option<NaiveDate> {
        (self.local.time() == NaiveTime::MIN).then(|| self.local.date())
    }
}

impl Zone {
    /// The zone of a name: universal time in its spellings, IANA, or Windows. Nothing is guessed.
    pub fn of(name: &str) -> Self {
        let name = name.trim();
        if UTC.iter().any(|utc| utc.eq_ignore_ascii_case(name)) {
            return Self::Known(Tz::UTC);
        }
        let known = || windows_zones::iana_of(name)?.parse().ok();
        name.parse().ok().or_else(known).map_or_else(|| Self::Unknown(shortened(name)), Self::Known)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(zone) => f.write_str(zone.name()),
            Self::Unknown(name) => f.write_str(name),
        }
    }
}

fn shortened(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(80).collect()
}

const UTC: [&str; 4] = ["UTC", "Etc/UTC", "tzone://Microsoft/Utc", "Z"];

/// Which end of a booking a time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Border {
    Start,
    End,
}

/// The instant of a local time. Where clocks show it twice: the first for a start, the last for an end. Where they skip it:
/// the instant at which they skip.
pub(super) fn to_utc(local: NaiveDateTime, zone: Tz, at: Border) -> DateTime<Utc> {
    let found = zone.from_local_datetime(&local);
    let instant = match at {
        Border::Start => found.earliest(),
        Border::End => found.latest(),
    };
    if let Some(instant) = instant {
        return instant.with_timezone(&Utc);
    }
    let later = (1..=LONGEST_GAP).find_map(|minutes| {
        let local = local.checked_add_signed(TimeDelta::minutes(minutes))?;
        zone.from_local_datetime(&local).earliest()
    });
    later.map_or_else(|| local.and_utc(), |instant| instant.with_timezone(&Utc))
}

/// In minutes; islands have skipped a whole day.
const LONGEST_GAP: i64 = 25 * 60;

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    date_time: String,
    #[serde(default)]
    time_zone: Option<String>,
}

impl<'de> Deserialize<'de> for GraphTime {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(from)?;
        let text = wire.date_time.trim();
        let (text, utc) = match text.strip_suffix(['Z', 'z']) {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let local = local(text).ok_or_else(|| D::Error::custom("is no time"))?;
        let zone = match wire.time_zone.as_deref().map(str::trim) {
            _ if utc => Zone::Known(Tz::UTC),
            None | Some("") => Zone::Unknown(String::new()),
            Some(name) => Zone::of(name),
        };
        Ok(Self { local, zone })
    }
}

impl Serialize for GraphTime {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let date_time = self.local.format("%Y-%m-%dT%H:%M:%S%.f").to_string();
        Wire { date_time, time_zone: Some(self.zone.to_string()) }.serialize(to)
    }
}

/// `2026-03-03T09:30:00` with up to nine digits of a fraction.
fn local(text: &str) -> Option<NaiveDateTime> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, fraction),
        None => (text, ""),
    };
    if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) || whole.len() != 19 {
        return None;
    }
    let seconds = NaiveDateTime::parse_from_str(whole, "%Y-%m-%dT%H:%M:%S").ok()?;
    let nanos: i64 = format!("{fraction:0<9}").parse().ok()?;
    seconds.checked_add_signed(TimeDelta::nanoseconds(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(zone: Tz, text: &str, border: Border) -> String {
        to_utc(local(text).unwrap(), zone, border).format("%m-%dT%H:%M").to_string()
    }

    #[test]
    fn fractions_of_any_length_are_read() {
        for text in ["2026-03-03T09:30:00", "2026-03-03T09:30:00.", "2026-03-03T09:30:00.0000000"] {
            assert_eq!(local(text).unwrap().to_string(), "2026-03-03 09:30:00", "{text}");
        }
        assert_eq!(local("2026-03-03T09:30:00.123456789").unwrap().and_utc().timestamp_subsec_nanos(), 123_456_789);
        for bad in ["", "2026-03-03", "2026-03-03T09:30", "2026-02-30T00:00:00", "2026-03-03T09:30:00.1234567890", "é"]
        {
            assert_eq!(local(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_time_shown_twice_is_the_first_for_a_start_and_the_last_for_an_end() {
        let berlin = chrono_tz::Europe::Berlin;
        assert_eq!(at(berlin, "2026-10-25T02:30:00", Border::Start), "10-25T00:30");
        assert_eq!(at(berlin, "2026-10-25T02:30:00", Border::End), "10-25T01:30");
    }

    #[test]
    fn a_time_that_is_skipped_is_the_instant_of_skipping() {
        // Midnight itself does not exist on that day in Beirut.
        for border in [Border::Start, Border::End] {
            assert_eq!(at(chrono_tz::Asia::Beirut, "2026-03-29T00:00:00", border), "03-28T22:00");
        }
    }

    #[test]
    fn names_are_known_in_all_their_spellings_and_none_is_guessed() {
        for (name, zone) in [
            ("UTC", Some(Tz::UTC)),
            ("utc", Some(Tz::UTC)),
            ("tzone://Microsoft/Utc", Some(Tz::UTC)),
            ("Europe/London", Some(Tz::Europe__London)),
            ("W. Europe Standard Time", Some(Tz::Europe__Berlin)),
            ("tzone://Microsoft/Custom", None),
            ("Customized Time Zone", None),
            ("", None),
        ] {
            assert_eq!(Zone::of(name), zone.map_or_else(|| Zone::Unknown(name.to_owned()), Zone::Known), "{name}");
        }
    }
}
