//! What is watched for in the events of the doors.

use chrono::Duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Fault;

/// Longer ones are typing errors.
const LONGEST_MINUTES: u32 = 24 * 60;
const LONGEST_SECONDS: u32 = 60 * 60;

/// What is watched for in the events of the doors. Nothing of it does anything to a door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WatchConfig {
    /// Seconds between two looks at the events; no look at all where nothing is watched for.
    pub interval_seconds: u32,
    /// More refused PINs or tokens than this at one door alarm the operator; 0 = not watched for.
    pub refused: u32,
    /// Within so many minutes.
    pub refused_minutes: u32,
    /// A booking none of whose doors was opened by its people so many minutes after its begin is told; 0 = not watched for.
    pub no_show_minutes: u32,
}

impl Default for WatchConfig {
    fn default() -> Self {
        Self { interval_seconds: 30, refused: 10, refused_minutes: 5, no_show_minutes: 0 }
    }
}

impl WatchConfig {
    /// Everything that cannot work.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut add =
            |at: &str, why: &str| faults.push(Fault { at: at.to_owned(), why: why.to_owned(), warning: false });
        if !(1..=LONGEST_SECONDS).contains(&self.interval_seconds) {
            add("interval_seconds", "is 1 to 3600 seconds");
        }
        if self.refused > 0 && !(1..=LONGEST_MINUTES).contains(&self.refused_minutes) {
            add("refused_minutes", "is 1 to 1440 minutes");
        }
        if self.no_show_minutes > LONGEST_MINUTES {
            add("no_show_minutes", "is longer than a day");
        }
        faults
    }

    /// Whether anything is watched for.
    pub const fn is_on(&self) -> bool {
        self.refused > 0 || self.no_show_minutes > 0
    }

    pub(super) fn refused_within(&self) -> Duration {
        Duration::minutes(self.refused_minutes.into())
    }

    pub(super) fn no_show_after(&self) -> Option<Duration> {
        (self.no_show_minutes > 0).then(|| Duration::minutes(self.no_show_minutes.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_section_watches_for_guesses_alone() {
        let config: WatchConfig = serde_json::from_str("{}").unwrap();
        assert_eq!((config.refused, config.refused_minutes, config.interval_seconds), (10, 5, 30));
        assert!(config.is_on() && config.no_show_after().is_none() && config.faults().is_empty());
        assert!(!WatchConfig { refused: 0, ..config }.is_on());
        assert!(serde_json::from_str::<WatchConfig>(r#"{"guesses":1}"#).is_err());
    }

    #[test]
    fn faults_name_their_place() {
        let at = |config: WatchConfig| config.faults().into_iter().map(|fault| fault.at).collect::<Vec<_>>();
        let good = WatchConfig::default;
        assert_eq!(at(WatchConfig { interval_seconds: 0, ..good() }), ["interval_seconds"]);
        assert_eq!(at(WatchConfig { refused_minutes: 0, ..good() }), ["refused_minutes"]);
        assert_eq!(at(WatchConfig { refused: 0, refused_minutes: 0, ..good() }), [""; 0]);
        assert_eq!(at(WatchConfig { no_show_minutes: 1441, ..good() }), ["no_show_minutes"]);
    }
}
