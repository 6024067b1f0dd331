//! The section of an InVentry installation in a configuration file.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use chrono_tz::Tz;
use connector_http::{ConfigFault, Error, ErrorKind, Pace, Timeouts, TrustConfig};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sync_core::events::{EventSettings, RepeatScope};
use sync_core::model::EventClass;

use crate::client::InventryClient;
use crate::profile;

/// An InVentry installation in a configuration file.
///
/// Secrets stand in it as references such as `env:INVENTRY_KEY`; whoever reads the file resolves them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a line of its own in the file")]
pub struct InventryConfig {
    /// Address of the interface, such as `https://inventry.example.org`.
    pub url: String,
    /// Where the key (or the secret, or the password) is: `env:NAME` or `file:PATH`.
    pub key: String,
    /// Who signs in, where the profile signs in with a name beside the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// `builtin`, or the path of a profile file.
    #[serde(default = "default_profile")]
    pub profile: String,
    /// Which certificate of the server to trust.
    #[serde(default)]
    pub trust: TrustConfig,
    /// Zone of the installation, such as `Europe/London`; without it the server's own word counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Ids of the sites that take part; none named means all.
    #[serde(default)]
    pub sites: Vec<String>,
    /// Whether ways out are booked. Without them a day never ends.
    #[serde(default = "yes")]
    pub book_sign_out: bool,
    /// Whether events that the system made up are booked, such as signing everybody out at night.
    #[serde(default)]
    pub book_automatic: bool,
    /// Whether events are booked that an operator entered or an import brought.
    #[serde(default = "yes")]
    pub book_operator: bool,
    /// What becomes of an event that is changed after it was read.
    #[serde(default)]
    pub follow_corrections: FollowCorrections,
    /// Whether the primary card becomes the badge number.
    #[serde(default)]
    pub take_credentials: bool,
    /// The personal fields that are read at all.
    #[serde(default = "default_fields")]
    pub fields_on: BTreeSet<PersonalField>,
    /// Minutes between two whole lists of people; changes are read between them. 0 reads the whole list every time.
    #[serde(default = "default_full_scan")]
    pub full_scan_minutes: u32,
    /// Numbers that are read again behind the last one, at a server that counts its events.
    #[serde(default = "default_overlap")]
    pub overlap: u32,
    /// Days that the first reading goes back, at a server that does not count its events.
    #[serde(default = "default_history")]
    pub history_days: u16,
    /// Seconds to connect.
    #[serde(default = "default_connect_seconds")]
    pub connect_seconds: f64,
    /// Seconds for a whole call.
    #[serde(default = "default_call_seconds")]
    pub call_seconds: f64,
    /// Calls per second, at most.
    #[serde(default = "default_requests_per_second")]
    pub requests_per_second: f64,
}

/// What becomes of an event that is changed after it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FollowCorrections {
    /// The booking stays; the change is shown for a person to decide.
    #[default]
    Report,
    /// The booking is replaced as long as the attendance system has not used it; after that the change is shown. So is what
    /// was taken back: nothing is deleted.
    WhileUnprocessed,
}

/// A personal field that is off unless it is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PersonalField {
    /// Form of address.
    Title,
    /// Birthday.
    DateOfBirth,
    /// Gender.
    Gender,
    /// Number plate.
    VehicleRegistration,
    /// House, street, town, county, country.
    Address,
    /// Post code.
    PostCode,
    /// Mail address.
    Email,
    /// Mobile telephone.
    Mobile,
}

impl PersonalField {
    /// Every personal field, in the order of the data sheet.
    pub const ALL: [Self; 8] = [
        Self::Title,
        Self::DateOfBirth,
        Self::Gender,
        Self::VehicleRegistration,
        Self::Address,
        Self::PostCode,
        Self::Email,
        Self::Mobile,
    ];

    /// Its name in a configuration file, and in the engine's table of fields.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::DateOfBirth => "date_of_birth",
            Self::Gender => "gender",
            Self::VehicleRegistration => "vehicle_registration",
            Self::Address => "address",
            Self::PostCode => "post_code",
            Self::Email => "email",
            Self::Mobile => "mobile",
        }
    }
}

impl InventryConfig {
    /// A section with the required settings; the rest as in an empty file.
    pub fn new(url: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            key: key.into(),
            user: None,
            profile: default_profile(),
            trust: TrustConfig::default(),
            time_zone: None,
            sites: Vec::new(),
            book_sign_out: true,
            book_automatic: false,
            book_operator: true,
            follow_corrections: FollowCorrections::default(),
            take_credentials: false,
            fields_on: default_fields(),
            full_scan_minutes: default_full_scan(),
            overlap: default_overlap(),
            history_days: default_history(),
            connect_seconds: default_connect_seconds(),
            call_seconds: default_call_seconds(),
            requests_per_second: default_requests_per_second(),
        }
    }

    /// Checks everything that needs no network, and returns each fault as setting, reason and remedy. A profile file and
    /// a root certificate are read.
    pub fn faults(&self) -> Vec<ConfigFault> {
        let mut faults = Vec::new();
        let mut fault = |setting: &'static str, reason: &str, remedy: &str| {
            faults.push(ConfigFault::new(setting, reason, remedy));
        };
        if !self.url.starts_with("https://") && !self.url.starts_with("http://") {
            fault("url", "is no web address", "write it like https://inventry.example.org");
        }
        if let Err(error) = self.load_profile() {
            fault("profile", error.message(), "mend the file, or write builtin");
        }
        if self.time_zone.as_deref().is_some_and(|zone| zone.parse::<Tz>().is_err()) {
            fault("time_zone", "is no time zone", "write it like Europe/London, or leave it out");
        }
        if self.sites.iter().any(|site| site.trim().is_empty()) {
            fault("sites", "names a site without an id", "write the ids as the server shows them, or leave it empty");
        }
        if self.history_days == 0 || self.history_days > 400 {
            fault("history_days", "is no number from 1 to 400", "write the days that the first reading goes back");
        }
        for (setting, value) in [
            ("connect_seconds", self.connect_seconds),
            ("call_seconds", self.call_seconds),
            ("requests_per_second", self.requests_per_second),
        ] {
            if !(value.is_finite() && value > 0.0) {
                fault(setting, "is not more than 0", "write a positive number or leave it out");
            }
        }
        if let Err(error) = self.trust.load() {
            fault("trust", error.message(), "see the connection test for the server's certificate");
        }
        faults
    }

    /// Makes a client with the secret that the reference stands for. Nothing is sent.
    ///
    /// # Errors
    /// `Config` with the first of [`InventryConfig::faults`].
    pub fn client(&self, key: SecretString) -> Result<InventryClient, Error> {
        if let Some(fault) = self.faults().into_iter().next() {
            return Err(Error::new(ErrorKind::Config, format!("{} {}: {}", fault.setting, fault.reason, fault.remedy)));
        }
        let timeouts = Timeouts {
            connect: seconds(self.connect_seconds),
            read: seconds(self.call_seconds),
            whole: seconds(self.call_seconds),
        };
        let pace = Pace { requests_per_second: self.requests_per_second, burst: 20, ..Pace::default() };
        let mut builder = InventryClient::builder(&self.url)
            .key(key)
            .profile(self.load_profile()?)
            .trust(self.trust.load()?)
            .timeouts(timeouts)
            .pace(pace);
        if let Some(user) = &self.user {
            builder = builder.user(user);
        }
        if let Some(zone) = self.time_zone.as_deref().and_then(|zone| zone.parse().ok()) {
            builder = builder.time_zone(zone);
        }
        builder.build()
    }

    /// Settings of an event link that reads from here: which events count, and that the same way within a minute at
    /// any device is a repeat.
    pub fn event_settings(&self) -> EventSettings {
        let mut attendance = BTreeSet::from([EventClass::SignIn]);
        if self.book_sign_out {
            attendance.insert(EventClass::SignOut);
        }
        EventSettings {
            overlap: i64::from(self.overlap),
            attendance,
            access: BTreeSet::new(),
            automatic: self.book_automatic,
            by_hand: self.book_operator,
            follow_corrections: self.follow_corrections == FollowCorrections::WhileUnprocessed,
            repeat_scope: RepeatScope::Direction,
            ..EventSettings::default()
        }
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        seconds(self.connect_seconds)
    }

    fn load_profile(&self) -> Result<profile::Profile, Error> {
        if self.profile == BUILT_IN { profile::built_in() } else { profile::load(Path::new(&self.profile)) }
    }
}

fn seconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value).unwrap_or(Duration::from_secs(30))
}

fn default_profile() -> String {
    BUILT_IN.to_owned()
}

const fn yes() -> bool {
    true
}

/// The form of address is no secret of anybody's.
fn default_fields() -> BTreeSet<PersonalField> {
    BTreeSet::from([PersonalField::Title])
}

const fn default_full_scan() -> u32 {
    1440
}

const fn default_overlap() -> u32 {
    200
}

const fn default_history() -> u16 {
    31
}

const fn default_connect_seconds() -> f64 {
    5.0
}

const fn default_call_seconds() -> f64 {
    30.0
}

const fn default_requests_per_second() -> f64 {
    20.0
}

const BUILT_IN: &str = "builtin";

#[cfg(test)]
mod tests {
    use super::*;

    fn config(more: &str) -> Result<InventryConfig, serde_json::Error> {
        serde_json::from_str(&format!(r#"{{"url":"https://inventry.example.org","key":"env:K"{more}}}"#))
    }

    #[test]
    fn a_short_section_equals_the_defaults() {
        let read = config("").unwrap();
        assert_eq!(read, InventryConfig::new("https://inventry.example.org", "env:K"));
        assert_eq!(read.faults(), Vec::new());
        assert_eq!(read.fields_on, BTreeSet::from([PersonalField::Title]));
    }

    #[test]
    fn an_unknown_setting_and_an_unknown_field_are_refused() {
        assert!(config(r#","bookautomatic":true"#).is_err());
        assert!(config(r#","fields_on":["shoe_size"]"#).is_err());
        assert_eq!(config(r#","fields_on":["gender","mobile"]"#).unwrap().fields_on.len(), 2);
    }

    #[test]
    fn each_fault_names_its_setting() {
        let mut wrong = config(r#","profile":"no such file.toml""#).unwrap();
        wrong.url = "inventry".to_owned();
        wrong.time_zone = Some("Moon".to_owned());
        wrong.history_days = 0;
        wrong.call_seconds = f64::NAN;
        let settings: Vec<_> = wrong.faults().into_iter().map(|fault| fault.setting).collect();
        assert_eq!(settings, ["url", "profile", "time_zone", "history_days", "call_seconds"]);
    }

    #[test]
    fn every_field_has_the_name_that_is_written() {
        for field in PersonalField::ALL {
            assert_eq!(serde_json::to_value(field).unwrap(), field.as_str());
        }
    }

    #[test]
    fn corrections_are_followed_only_where_that_is_asked_for() {
        assert!(!config("").unwrap().event_settings().follow_corrections);
        let followed = config(r#","follow_corrections":"while-unprocessed""#).unwrap();
        assert!(followed.faults().is_empty() && followed.event_settings().follow_corrections);
    }

    #[test]
    fn ways_out_count_unless_switched_off() {
        assert!(config("").unwrap().event_settings().attendance.contains(&EventClass::SignOut));
        let off = config(r#","book_sign_out":false"#).unwrap().event_settings();
        assert_eq!(off.attendance, BTreeSet::from([EventClass::SignIn]));
    }
}
