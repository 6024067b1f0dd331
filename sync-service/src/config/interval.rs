//! Distances in time as people write them: `30s`, `15m`, `24h`, or `off`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// How often something is done: `30s`, `15m`, `24h`, or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval(Option<Duration>);

impl Interval {
    /// Not at all.
    pub const OFF: Self = Self(None);

    /// Every so often.
    pub const fn every(distance: Duration) -> Self {
        Self(Some(distance))
    }

    /// The distance; nothing if it is off.
    pub fn get(self) -> Option<Duration> {
        self.0
    }
}

/// The text is no interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoInterval;

impl fmt::Display for NoInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is no interval; write a whole number and s, m or h, such as \"15m\", or \"off\"")
    }
}

impl std::error::Error for NoInterval {}

impl FromStr for Interval {
    type Err = NoInterval;

    fn from_str(text: &str) -> Result<Self, NoInterval> {
        if text == "off" {
            return Ok(Self::OFF);
        }
        let unit = text.chars().last().ok_or(NoInterval)?;
        let number = text.strip_suffix(unit).unwrap_or_default();
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return Err(NoInterval),
        };
        let number: u32 = number.trim_end().parse().map_err(|_| NoInterval)?;
        if number == 0 {
            return Err(NoInterval);
        }
        Ok(Self::every(Duration::from_secs(u64::from(number) * seconds)))
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(seconds) = self.0.map(|distance| distance.as_secs()) else { return f.write_str("off") };
        match seconds {
            s if s % 3_600 == 0 => write!(f, "{}h", s / 3_600),
            s if s % 60 == 0 => write!(f, "{}m", s / 60),
            s => write!(f, "{s}s"),
        }
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error| serde::de::Error::custom(format!("\"{text}\" {error}")))
    }
}

impl schemars::JsonSchema for Interval {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Interval".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "How often: a whole number and s, m, h or d, or off.",
            "pattern": "^(off|[1-9][0-9]*[smhd])$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_read_as_people_write_them() {
        for (text, seconds) in [("30s", 30), ("15m", 900), ("24h", 86_400), ("2d", 172_800)] {
            assert_eq!(text.parse::<Interval>().unwrap().get(), Some(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!("off".parse(), Ok(Interval::OFF));
    }

    #[test]
    fn what_is_no_interval_is_refused() {
        for text in ["", "15", "m", "0s", "-1m", "1.5h", "15 min", "ü", "99999999999s"] {
            assert_eq!(text.parse::<Interval>(), Err(NoInterval), "{text}");
        }
    }
}
