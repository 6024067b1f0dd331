//! The shared sections.

use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{ConfigFault, Interval};
use crate::Limits;

/// The shared sections of a configuration file.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Shared {
    /// Folders, log, time zone.
    pub(crate) service: Service,
    /// When people are synchronised.
    pub(crate) people: Seldom,
    /// When departments, policies, doors and groups are synchronised.
    pub(crate) definitions: Seldom,
    /// When events are read.
    pub(crate) events: Often,
    /// Limits on what may happen without a person's word.
    pub(crate) guards: Limits,
}

/// The section `[service]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Service {
    /// Folder for everything that is kept; relative to this file.
    pub(crate) data: PathBuf,
    /// Folder of the log; `logs` in the data folder by default.
    pub(crate) log_folder: Option<PathBuf>,
    /// How much is logged.
    pub(crate) log_level: LogLevel,
    /// Zone of the site, such as `Europe/London`; leaver dates and days follow it.
    pub(crate) time_zone: String,
    /// What the service is called in the audit trail.
    pub(crate) actor: String,
    /// How long a stop may take; what is then still under way is found out about at the next start.
    pub(crate) stop_within: Interval,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    /// Failures only.
    Error,
    /// Failures and what somebody should look at.
    Warn,
    /// What was done.
    #[default]
    Info,
    /// Single steps.
    Debug,
    /// Everything.
    Trace,
}

/// A section of which only the interval is shared.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Seldom {
    /// How often, such as `15m`, or `off`.
    #[schemars(with = "Interval")]
    pub(crate) interval: Option<Interval>,
}

/// A section of which only the interval is shared.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Often {
    /// How often, such as `30s`, or `off`.
    #[schemars(with = "Interval")]
    pub(crate) interval: Option<Interval>,
}

/// When what is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Schedule {
    /// Departments, policies, devices, groups.
    pub definitions: Interval,
    /// People.
    pub people: Interval,
    /// Events.
    pub events: Interval,
}

impl Shared {
    /// Sections that are shared as a whole.
    pub(crate) const SECTIONS: [&'static str; 5] = ["service", "people", "definitions", "events", "guards"];
    /// Sections of which only `interval` is shared.
    pub(crate) const SPLIT: [&'static str; 3] = ["people", "definitions", "events"];

    /// The schedule: what the file says, and the program's own where it says nothing.
    pub(crate) fn schedule(&self, default: Schedule) -> Schedule {
        Schedule {
            definitions: self.definitions.interval.unwrap_or(default.definitions),
            people: self.people.interval.unwrap_or(default.people),
            events: self.events.interval.unwrap_or(default.events),
        }
    }

    /// The zone; UTC only where [`Shared::faults`] finds it unknown.
    pub(crate) fn time_zone(&self) -> Tz {
        self.service.time_zone.parse().unwrap_or(Tz::UTC)
    }

    /// What deserializing cannot find.
    pub(crate) fn faults(&self) -> Vec<ConfigFault> {
        let mut faults = Vec::new();
        if self.service.time_zone.parse::<Tz>().is_err() {
            let what = format!("\"{}\" is no time zone", self.service.time_zone);
            faults.push(ConfigFault::new("service.time_zone", what, "Write it like \"Europe/London\""));
        }
        if self.service.stop_within == Interval::OFF {
            let what = "a stop cannot be without limit";
            faults.push(ConfigFault::new("service.stop_within", what, "Write it like \"60s\""));
        }
        if self.guards.removal_confirmations == 0 {
            let what = "nothing may be removed without one confirmation at least";
            faults.push(ConfigFault::new("guards.removal_confirmations", what, "Write 2, or 1 for tests"));
        }
        faults
    }
}

impl Default for Service {
    fn default() -> Self {
        Self {
            data: PathBuf::from("data"),
            log_folder: None,
            log_level: LogLevel::default(),
            time_zone: "Europe/London".to_owned(),
            actor: "schedule".to_owned(),
            stop_within: Interval::every(Duration::from_mins(1)),
        }
    }
}

impl Default for Schedule {
    fn default() -> Self {
        let seldom = Interval::every(Duration::from_mins(15));
        Self { definitions: seldom, people: seldom, events: Interval::every(Duration::from_secs(30)) }
    }
}
