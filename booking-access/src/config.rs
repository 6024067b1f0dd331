//! What the operator decides about rooms, doors, times and privacy.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::resource_name;

/// Longest grace that makes sense; longer ones are typing errors.
const LONGEST_GRACE_MINUTES: u32 = 24 * 60;

/// Longest time before a booking at which anything about it is worth a look.
const LONGEST_LEAD_MINUTES: u32 = 7 * 24 * 60;

/// Which doors a booking opens, how long around it, and what is kept of the people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AccessConfig {
    /// Name of a resource as the booking system writes it = ids of the doors that lead to it.
    pub resources: BTreeMap<String, BTreeSet<DoorId>>,
    /// Doors open this many minutes before a booking begins.
    pub grace_before_minutes: u32,
    /// Doors close this many minutes after a booking ends.
    pub grace_after_minutes: u32,
    /// Grace does not reach into somebody else's booking of the same resource.
    pub neighbour_rule: bool,
    /// Everybody who is invited gets an own code and mail, people who never booked included.
    pub attendees: bool,
    /// Mail domains of attendees that count; all of them if empty.
    pub attendee_domains: BTreeSet<String>,
    /// Bookings that wait for approval open doors.
    pub tentative: bool,
    /// Days past the end of validity until a booker is removed from the door system; -1 = never.
    pub remove_after_days: i32,
    /// What happens if somebody without the marker has the same mail address at the door system.
    pub conflict: Conflict,
    /// Hours without an accepted answer of a source until it is reported; what is known stays in force.
    pub stale_hours: u32,
    /// New bookers in 24 hours without anybody's approval, or half of all if that is more.
    pub new_bookers: u32,
    /// Minutes before the begin of a booking at which everything it needs is looked at; empty = never.
    pub preflight_minutes: BTreeSet<u32>,
    /// What is kept, and for how long.
    pub privacy: Privacy,
}

/// What happens if somebody without the marker has the same mail address at the door system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Conflict {
    /// A separate booker is made, and the pair is reported.
    #[default]
    Separate,
    /// No booker is made, and the pair is reported.
    Refuse,
}

/// What is kept, and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Privacy {
    /// The door system gets a number for a name, and no mail address.
    pub pseudonyms: bool,
    /// Days that bookings are kept past their end.
    pub bookings_days: u32,
    /// Days that people are kept past their removal from the door system.
    pub people_days: u32,
    /// Days that the timeline of doors and the results of mails are kept.
    pub logs_days: u32,
    /// Days that the audit log is kept.
    pub audit_days: u32,
}

/// The id of a door at the door system; a number or text in the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct DoorId(String);

/// Something in the configuration that cannot work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a path of keys.
    pub at: String,
    /// What is wrong, or worth a second look.
    pub why: String,
    /// It works, but somebody should know.
    pub warning: bool,
}

impl Default for AccessConfig {
    fn default() -> Self {
        Self {
            resources: BTreeMap::new(),
            grace_before_minutes: 5,
            grace_after_minutes: 10,
            neighbour_rule: false,
            attendees: false,
            attendee_domains: BTreeSet::new(),
            tentative: false,
            remove_after_days: 7,
            conflict: Conflict::default(),
            stale_hours: 24,
            new_bookers: 200,
            preflight_minutes: BTreeSet::from([24 * 60, 60, 15]),
            privacy: Privacy::default(),
        }
    }
}

impl Default for Privacy {
    fn default() -> Self {
        Self { pseudonyms: false, bookings_days: 30, people_days: 30, logs_days: 30, audit_days: 365 }
    }
}

impl AccessConfig {
    /// A configuration with these resources, everything else by default.
    pub fn with_resources<N, D>(resources: impl IntoIterator<Item = (N, D)>) -> Self
    where
        N: Into<String>,
        D: IntoIterator,
        D::Item: Into<DoorId>,
    {
        let resources = resources.into_iter();
        let resources = resources.map(|(name, doors)| (name.into(), doors.into_iter().map(Into::into).collect()));
        Self { resources: resources.collect(), ..Self::default() }
    }

    /// Everything that cannot work or deserves a second look; `manual` if the bookers use a card of their own.
    pub fn faults(&self, manual: bool) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut add = |at: String, why: &str, warning| faults.push(Fault { at, why: why.to_owned(), warning });
        for (name, grace) in
            [("grace_before_minutes", self.grace_before_minutes), ("grace_after_minutes", self.grace_after_minutes)]
        {
            if grace > LONGEST_GRACE_MINUTES {
                add(name.to_owned(), "is longer than a day", false);
            }
        }
        if self.remove_after_days < -1 {
            add("remove_after_days".to_owned(), "is -1 for never, or a number of days", false);
        }
        if manual && self.remove_after_days >= 0 {
            let why = "people with a card of their own are better never removed: -1";
            add("remove_after_days".to_owned(), why, true);
        }
        if self.resources.is_empty() {
            add("resources".to_owned(), "names no resource, so that no booking opens a door", true);
        }
        if self.attendees {
            add("attendees".to_owned(), "gives codes and mails to people who never booked anything themselves", true);
        }
        let mut names = BTreeMap::new();
        for (name, doors) in &self.resources {
            let at = format!("resources.{name:?}");
            if resource_name(name).is_empty() {
                add(at.clone(), "has no name", false);
            }
            if names.insert(resource_name(name), name).is_some() {
                add(at.clone(), "is named twice, but for spaces", false);
            }
            if doors.is_empty() {
                add(at.clone(), "has no door, so that its bookings open nothing", true);
            }
            if doors.iter().any(|door| door.as_str().is_empty()) {
                add(at, "has a door without id", false);
            }
        }
        if self.preflight_minutes.iter().any(|minutes| *minutes == 0 || *minutes > LONGEST_LEAD_MINUTES) {
            add("preflight_minutes".to_owned(), "are between a minute and a week before the begin", false);
        }
        for domain in self.attendee_domains.iter().filter(|domain| domain.is_empty() || domain.contains(['@', ' '])) {
            add(format!("attendee_domains.{domain:?}"), "is no mail domain", false);
        }
        faults
    }

    /// How much earlier doors open.
    pub fn before(&self) -> Duration {
        Duration::minutes(self.grace_before_minutes.into())
    }

    /// How much later doors close.
    pub fn after(&self) -> Duration {
        Duration::minutes(self.grace_after_minutes.into())
    }

    /// How long before the begin of a booking everything it needs is looked at.
    pub fn preflight(&self) -> Vec<Duration> {
        self.preflight_minutes.iter().map(|minutes| Duration::minutes((*minutes).into())).collect()
    }

    /// How long bookers stay past the end of their validity; `None` = for ever.
    pub fn remove_after(&self) -> Option<Duration> {
        (self.remove_after_days >= 0).then(|| Duration::days(self.remove_after_days.into()))
    }

    /// Whether an attendee with this address counts.
    pub fn welcomes(&self, address: &str) -> bool {
        let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
        let listed = |allowed: &String| allowed.trim().eq_ignore_ascii_case(domain);
        self.attendees && (self.attendee_domains.is_empty() || self.attendee_domains.iter().any(listed))
    }
}

impl DoorId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for DoorId {
    fn from(text: &str) -> Self {
        Self(text.trim().to_owned())
    }
}

impl From<String> for DoorId {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<i64> for DoorId {
    fn from(number: i64) -> Self {
        Self(number.to_string())
    }
}

impl<'de> Deserialize<'de> for DoorId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a door is a number or text")]
        enum Written {
            Number(i64),
            Text(String),
        }
        Ok(match Written::deserialize(deserializer)? {
            Written::Number(number) => number.into(),
            Written::Text(text) => text.into(),
        })
    }
}

impl JsonSchema for DoorId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DoorId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": ["integer", "string"], "description": "Id of a door at the door system" })
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.at, self.why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_section_has_the_defaults_of_the_manual() {
        let config: AccessConfig = serde_json::from_str("{}").unwrap();
        assert_eq!(config, AccessConfig::default());
        let minutes = (config.before().num_minutes(), config.after().num_minutes());
        assert_eq!((minutes, config.remove_after()), ((5, 10), Some(Duration::days(7))));
        assert!(!config.attendees && !config.tentative && !config.neighbour_rule);
        assert_eq!(config.preflight(), [15, 60, 24 * 60].map(Duration::minutes));
    }

    #[test]
    fn doors_are_numbers_or_text_and_unknown_keys_are_refused() {
        let config: AccessConfig = serde_json::from_str(r#"{"resources":{"Room 1":[7000123,"gate "]}}"#).unwrap();
        let doors: Vec<_> = config.resources["Room 1"].iter().map(DoorId::as_str).collect();
        assert_eq!(doors, ["7000123", "gate"]);
        assert!(serde_json::from_str::<AccessConfig>(r#"{"grace":1}"#).is_err());
    }

    #[test]
    fn faults_name_their_place() {
        let mut config = AccessConfig::with_resources([("Room 1", vec!["1"]), ("Room  1 ", vec![])]);
        config.remove_after_days = -2;
        let at = |config: &AccessConfig, manual| {
            config.faults(manual).into_iter().map(|fault| (fault.at, fault.warning)).collect::<Vec<_>>()
        };
        let named = |name: &str| format!("resources.{name:?}");
        let expected = [("remove_after_days".to_owned(), false), (named("Room  1 "), true), (named("Room 1"), false)];
        assert_eq!(at(&config, false), expected);
        config.preflight_minutes = BTreeSet::from([60, 0]);
        assert!(at(&config, false).contains(&("preflight_minutes".to_owned(), false)));
        config.remove_after_days = 7;
        assert!(at(&config, true).contains(&("remove_after_days".to_owned(), true)));
    }

    #[test]
    fn only_listed_domains_bring_attendees() {
        let mut config = AccessConfig { attendees: true, ..AccessConfig::default() };
        assert!(config.welcomes("a@anywhere.example"));
        config.attendee_domains = BTreeSet::from(["Club.example".to_owned()]);
        assert!(config.welcomes("a@club.example") && !config.welcomes("a@anywhere.example"));
        config.attendees = false;
        assert!(!config.welcomes("a@club.example"));
    }
}
