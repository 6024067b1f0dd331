//! The program's own sections of the configuration file.

use std::collections::BTreeSet;
use std::time::Duration;

use astrow_client::sync::{AstrowConfig, AstrowDriver, Readers};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use pac_oem::sync::PacConfig;
use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::events::{EventSettings, RepeatScope};
use sync_core::reconcile::{RemovalPolicy, Removals};
use sync_service::ConfigFault;

/// Everything but the shared sections.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The PAC Access Central server.
    pub pac: PacConfig,
    /// The Astrow server, or its folders.
    pub astrow: AstrowConfig,
    /// People of both, and which side leads.
    #[serde(default)]
    pub people: People,
    /// Events of PAC, which become bookings.
    #[serde(default)]
    pub bookings: Bookings,
    /// Opening doors from Astrow.
    #[serde(default)]
    pub door: Door,
}

/// The section `[people]`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "switches of the vendors' own settings page")]
pub struct People {
    /// Whether people are synchronised at all; bookings go without.
    pub enabled: bool,
    /// Which side leads.
    pub master: Master,
    /// Whether the other side deletes people whom the master does not have any more. Their badges go in any case.
    pub delete_employees: bool,
    /// Days between the day on which the badges go and the day on which the person is deleted.
    pub delete_after_days: u32,
    /// Whether people are deleted too whom this program has not made, only matched; only in Astrow.
    pub delete_adopted: bool,
    /// Whether a deletion in Astrow, which takes all history with it, is accepted.
    pub delete_astrow_history_ok: bool,
    /// Whether inactive people go to PAC as well; only where Astrow leads.
    pub inactive_employees: bool,
    /// Whether somebody who was removed by hand at the other side is made again.
    pub recreate_removed: bool,
}

/// Which side leads for people. Access groups and readers come from PAC in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "there are two sides")]
pub enum Master {
    /// PAC leads, Astrow follows.
    #[default]
    Pac,
    /// Astrow leads, PAC follows.
    Astrow,
}

/// The section `[bookings]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bookings {
    /// Whether events become bookings.
    pub enabled: bool,
    /// Whether PAC tells of events as they happen; they are read at the interval in any case.
    pub live: bool,
    /// Events before this day never count, in the site's zone, such as `2026-03-02`.
    #[schemars(with = "Option<String>")]
    pub from: Option<NaiveDate>,
    /// Readers at which people clock, by PAC's id. Events of all others are shown, and book nothing.
    pub readers: Readers,
    /// Swipes of a person in one direction within this many seconds count once; 0 = each counts.
    pub repeat_seconds: u64,
    /// Older events wait for a decision, in days; 0 = none do.
    pub max_age_days: u64,
    /// Minutes after which a swipe of somebody whom nobody has linked goes into Astrow's booking queue.
    pub queue_after_minutes: u64,
    /// Whether bookings made in Astrow go to PAC; only where Astrow leads.
    pub to_pac: bool,
}

/// The section `[door]`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Door {
    /// Whether doors may be opened from Astrow: `false`, `true`, or a list of readers by PAC's id.
    pub allow: Allowed,
}

/// Which doors may be opened.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "none, all or some")]
pub enum Allowed {
    /// All or none.
    All(bool),
    /// These.
    Readers(BTreeSet<u32>),
}

impl Config {
    /// What deserializing cannot find.
    pub(super) fn faults(&self) -> Vec<ConfigFault> {
        let mut faults = Vec::new();
        let mut fault = |setting: &str, what: &str, remedy: &str| {
            faults.push(ConfigFault::new(setting, what.to_owned(), remedy.to_owned()));
        };
        let leads = self.people.master == Master::Astrow;
        if self.people.inactive_employees && !leads {
            let what = "inactive people go to PAC only where Astrow leads";
            fault("people.inactive_employees", what, "Take it out, or write master = \"astrow\"");
        }
        if self.bookings.to_pac && !leads {
            let what = "bookings go from Astrow to PAC only where Astrow leads";
            fault("bookings.to_pac", what, "Take it out, or write master = \"astrow\"");
        }
        if self.people.delete_adopted && leads {
            let what = "PAC deletes only people whom this program has made";
            fault("people.delete_adopted", what, "Take it out: whoever else is to go is deleted at PAC by hand");
        }
        if self.astrow.driver == AstrowDriver::Files {
            let way = "this goes by Astrow's interface only, not with driver = \"files\"";
            if self.bookings.to_pac {
                fault("bookings.to_pac", way, "Take it out");
            }
            if self.door.allow.any() {
                fault("door.allow", way, "Take it out");
            }
        }
        if self.bookings.to_pac && self.bookings.from.is_none() {
            let what = "the day from which on bookings go to PAC is missing";
            fault("bookings.from", what, "Write the day of the change-over, such as 2026-03-02");
        } else if self.bookings.enabled && !self.bookings.readers.is_empty() && self.bookings.from.is_none() {
            let what = "the day from which on events count is missing, and PAC remembers a month or more";
            fault("bookings.from", what, "Write the day of the change-over, such as 2026-03-02");
        }
        faults
    }
}

impl People {
    /// What happens to people who go.
    pub(super) fn removals(self) -> Removals {
        let gone = if self.delete_employees {
            RemovalPolicy::UnlinkThenDelete { after_days: self.delete_after_days }
        } else {
            RemovalPolicy::UnlinkCredentials
        };
        let inactive = match self.master {
            Master::Pac => RemovalPolicy::UnlinkCredentials,
            Master::Astrow if self.inactive_employees => RemovalPolicy::Disable,
            Master::Astrow => gone,
        };
        Removals { absence: gone, inactive, leaver_date: inactive, scope_exit: gone }
    }
}

impl Master {
    /// Its name in configuration and journal.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Pac => "pac",
            Self::Astrow => "astrow",
        }
    }
}

impl Bookings {
    /// The instant from which on anything counts.
    pub(super) fn begin(&self, zone: Tz) -> Option<DateTime<Utc>> {
        let begin = self.from.and_then(|day| day.and_time(NaiveTime::MIN).and_local_timezone(zone).earliest());
        begin.map(|at| at.to_utc())
    }

    /// What the engine is told. Without links of people everybody's number goes to Astrow at once.
    pub(super) fn settings(&self, linked: bool, zone: Tz) -> EventSettings {
        let minutes = if linked { self.queue_after_minutes } else { 0 };
        EventSettings {
            repeat_window: Duration::from_secs(self.repeat_seconds),
            repeat_scope: RepeatScope::Direction,
            not_before: self.begin(zone),
            max_age: Duration::from_secs(self.max_age_days.saturating_mul(24 * 60 * 60)),
            strangers_after: Some(Duration::from_secs(minutes.saturating_mul(60))),
            ..EventSettings::default()
        }
    }
}

impl Allowed {
    /// Whether there is any door.
    fn any(&self) -> bool {
        match self {
            Self::All(all) => *all,
            Self::Readers(readers) => !readers.is_empty(),
        }
    }

    pub(super) fn allows(&self, reader: u32) -> bool {
        match self {
            Self::All(all) => *all,
            Self::Readers(readers) => readers.contains(&reader),
        }
    }
}

impl Default for Allowed {
    fn default() -> Self {
        Self::All(false)
    }
}

impl Default for People {
    fn default() -> Self {
        Self {
            enabled: true,
            master: Master::default(),
            delete_employees: false,
            delete_after_days: 7,
            delete_adopted: false,
            delete_astrow_history_ok: false,
            inactive_employees: false,
            recreate_removed: false,
        }
    }
}

impl Default for Bookings {
    fn default() -> Self {
        Self {
            enabled: true,
            live: true,
            from: None,
            readers: Readers::new(),
            repeat_seconds: 60,
            max_age_days: 31,
            queue_after_minutes: 10,
            to_pac: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(astrow: &str, more: &str) -> Vec<String> {
        let pac = r#"{"server_address":"10.0.0.5","server_port":18443,"key_path":"x.oemkey"}"#;
        let text = format!(r#"{{"pac":{pac},"astrow":{astrow},{more}}}"#);
        let config: Config = serde_json::from_str(&text).unwrap();
        config.faults().into_iter().map(|fault| fault.setting).collect()
    }

    #[test]
    fn what_goes_by_the_interface_only_is_a_fault_with_files() {
        let (files, rest) = (r#"{"driver":"files"}"#, r#"{"driver":"rest"}"#);
        let both =
            r#""people":{"master":"astrow"},"bookings":{"to_pac":true,"from":"2026-03-02"},"door":{"allow":[11]}"#;
        assert_eq!(settings(files, both), ["bookings.to_pac", "door.allow"]);
        assert!(settings(rest, both).is_empty());
        assert!(settings(files, r#""door":{"allow":false}"#).is_empty());
    }

    #[test]
    fn only_astrow_deletes_people_whom_this_program_has_not_made() {
        let adopted = |master| format!(r#""people":{{"master":"{master}","delete_adopted":true}}"#);
        assert_eq!(settings(r#"{"driver":"rest"}"#, &adopted("astrow")), ["people.delete_adopted"]);
        assert!(settings(r#"{"driver":"rest"}"#, &adopted("pac")).is_empty());
    }

    #[test]
    fn bookings_for_pac_need_the_day_of_the_change_over() {
        let without = r#""people":{"master":"astrow"},"bookings":{"to_pac":true,"enabled":false}"#;
        assert_eq!(settings(r#"{"driver":"rest"}"#, without), ["bookings.from"]);
        assert_eq!(
            settings(r#"{"driver":"rest"}"#, r#""bookings":{"to_pac":true,"from":"2026-03-02"}"#),
            ["bookings.to_pac"]
        );
    }
}
