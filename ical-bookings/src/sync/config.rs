//! The section of a feed in a configuration file.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta};
use chrono_tz::Tz;
use connector_http::{ConfigFault, Error, ErrorKind, TrustConfig};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::http::{Feed, FeedLink, FeedSettings};
use crate::{Dialect, Options, PeopleFrom, Window};

/// One feed in a configuration file.
///
/// Its link is its password, so it stands in the file as a reference such as `env:ROOMS_FEED`; whoever reads the file resolves
/// it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "independent settings of a file")]
pub struct FeedConfig {
    /// What the feed is called in reports. State is kept under this name.
    pub name: String,
    /// Where the link is: `env:NAME` or `file:PATH`.
    pub link: String,
    /// Which program writes the feed: `type1` (Skedda and alike), `type2-template`, `type2-escaped` (Booked, `LibreBooking`) or
    /// `generic`. Left out, it is found out from the feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub dialect: Option<Dialect>,
    /// Minutes between two requests.
    #[serde(default = "default_interval_minutes")]
    pub interval_minutes: u32,
    /// The one resource of this link, whatever its events say. Set it for each link of Booked and `LibreBooking`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The resource of events that name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_resource: Option<String>,
    /// Zone of whole days and of times that name none, such as `Europe/London`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Whose bookings they are in generic feeds: `attendees_else_organizer`, `attendees`, `organizer`, `both` or `nobody`.
    #[serde(default)]
    #[schemars(with = "String")]
    pub people: PeopleFrom,
    /// Whether attendees of an escaped type-2 feed may come, too.
    #[serde(default)]
    pub type2_attendees: bool,
    /// Who asks, as the server sees it. Outlook refuses some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Allows plain http: whoever sits between can open doors.
    #[serde(default)]
    pub allow_http: bool,
    /// Allows a server on this machine or on its own link. One elsewhere in the own network needs no such leave.
    #[serde(default)]
    pub allow_private: bool,
    /// Which certificate of the server to trust.
    #[serde(default)]
    pub trust: TrustConfig,
    /// Time of day at which bookings of whole days begin, such as `15:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_in: Option<String>,
    /// Time of day, on their last day, at which bookings of whole days end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_out: Option<String>,
    /// Titles of events that are no bookings; one that ends in `*` stands for all that begin so.
    #[serde(default)]
    pub skip_summaries: Vec<String>,
    /// Leaves events out that block no time (`TRANSP:TRANSPARENT`).
    #[serde(default)]
    pub skip_transparent: bool,
    /// Properties that plug-ins of Booked add to each event; any other that it does not write itself is taken for a forgery.
    #[serde(default)]
    pub plugin_properties: Vec<String>,
    /// Longer bookings are refused.
    #[serde(default = "default_longest_booking_days")]
    pub longest_booking_days: u32,
    /// Bookings that start later than so many days ahead are refused.
    #[serde(default = "default_horizon_days")]
    pub horizon_days: u32,
    /// Hours without an accepted answer after which an alarm says so again.
    #[serde(default = "default_stale_hours")]
    pub stale_hours: u32,
}

impl FeedConfig {
    /// A section with the required settings; the rest as in an empty file.
    pub fn new(name: impl Into<String>, link: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            link: link.into(),
            dialect: None,
            interval_minutes: default_interval_minutes(),
            resource: None,
            default_resource: None,
            zone: None,
            people: PeopleFrom::default(),
            type2_attendees: false,
            user_agent: None,
            allow_http: false,
            allow_private: false,
            trust: TrustConfig::default(),
            check_in: None,
            check_out: None,
            skip_summaries: Vec::new(),
            skip_transparent: false,
            plugin_properties: Vec::new(),
            longest_booking_days: default_longest_booking_days(),
            horizon_days: default_horizon_days(),
            stale_hours: default_stale_hours(),
        }
    }

    /// Checks everything that needs neither the network nor the link itself, and returns each fault as setting, reason and
    /// remedy.
    pub fn faults(&self) -> Vec<ConfigFault> {
        let mut faults = Vec::new();
        let mut fault = |setting: &'static str, reason: &str, remedy: &str| {
            faults.push(ConfigFault::new(setting, reason, remedy));
        };
        if self.name.trim().is_empty() {
            fault("name", "is empty", "give the feed a name of its own");
        }
        if !self.link.starts_with("env:") && !self.link.starts_with("file:") {
            fault(
                "link",
                "is no reference",
                "put the link into a file or variable and write `file:PATH` or `env:NAME`",
            );
        }
        if !(1..=LONGEST_INTERVAL).contains(&self.interval_minutes) {
            fault("interval_minutes", "is not between 1 and 1440", "write 10, unless the booking system asks for more");
        }
        if self.zone.as_deref().is_some_and(|zone| zone.parse::<Tz>().is_err()) {
            fault("zone", "is no time zone", "write it like Europe/London");
        }
        for (setting, time) in [("check_in", &self.check_in), ("check_out", &self.check_out)] {
            if time.as_deref().is_some_and(|time| clock_time(time).is_none()) {
                fault(setting, "is no time of day", "write it like 15:00");
            }
        }
        for (setting, name) in [("resource", &self.resource), ("default_resource", &self.default_resource)] {
            if name.as_deref().is_some_and(|name| name.trim().is_empty()) {
                fault(setting, "is empty", "write the resource's name or leave it out");
            }
        }
        let sendable = |c: char| c == ' ' || c.is_ascii_graphic();
        if self.user_agent.as_deref().is_some_and(|agent| agent.trim().is_empty() || !agent.chars().all(sendable)) {
            fault("user_agent", "cannot be sent in a header", "use plain letters, digits and signs, or leave it out");
        }
        for (setting, number) in [
            ("longest_booking_days", self.longest_booking_days),
            ("horizon_days", self.horizon_days),
            ("stale_hours", self.stale_hours),
        ] {
            if !(1..=MOST_DAYS).contains(&number) {
                fault(setting, "is not between 1 and 3660", "write a number in these bounds or leave it out");
            }
        }
        if let Err(error) = self.trust.load() {
            fault("trust", error.message(), "see the connection test for the server's certificate");
        }
        faults
    }

    /// Makes a feed with the link that the reference stands for. `resources` are the names that are known, as the
    /// configuration spells them. Nothing is sent.
    ///
    /// # Errors
    /// `Config` with the first of [`FeedConfig::faults`], or for a link that is no web address. The link is not repeated.
    pub fn feed(&self, link: &SecretString, resources: &[String]) -> Result<Feed, Error> {
        if let Some(fault) = self.faults().into_iter().next() {
            let text = format!("feed {}: {} {}: {}", self.name, fault.setting, fault.reason, fault.remedy);
            return Err(Error::new(ErrorKind::Config, text));
        }
        let named = |error: Error| Error::new(error.kind(), format!("feed {}: {}", self.name, error.message()));
        let link = FeedLink::new(link).map_err(named)?;
        Ok(Feed::new(&self.name, link, self.settings()?, self.options(resources)))
    }

    fn settings(&self) -> Result<FeedSettings, Error> {
        let defaults = FeedSettings::default();
        Ok(FeedSettings {
            interval: Duration::from_mins(1) * self.interval_minutes,
            user_agent: self.user_agent.clone().unwrap_or(defaults.user_agent),
            allow_http: self.allow_http,
            allow_private: self.allow_private,
            trust: self.trust.load()?,
            stale_after: Duration::from_hours(1) * self.stale_hours,
            ..FeedSettings::default()
        })
    }

    fn options(&self, resources: &[String]) -> Options {
        let mut options = Options::new(Window::new(DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH));
        options.dialect = self.dialect;
        options.zone = self.zone.as_deref().and_then(|zone| zone.parse().ok());
        options.resources = resources.to_vec();
        options.fixed_resource.clone_from(&self.resource);
        options.default_resource.clone_from(&self.default_resource);
        options.people = self.people;
        options.type2_attendees = self.type2_attendees;
        options.check_in = self.check_in.as_deref().and_then(clock_time);
        options.check_out = self.check_out.as_deref().and_then(clock_time);
        options.longest_booking = TimeDelta::days(self.longest_booking_days.into());
        options.horizon = TimeDelta::days(self.horizon_days.into());
        options.skip_transparent = self.skip_transparent;
        options.skip_summaries.clone_from(&self.skip_summaries);
        options.plugin_properties.clone_from(&self.plugin_properties);
        options
    }
}

fn clock_time(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text.trim(), "%H:%M").ok()
}

const LONGEST_INTERVAL: u32 = 24 * 60;
const MOST_DAYS: u32 = 3660;

const fn default_interval_minutes() -> u32 {
    10
}

const fn default_longest_booking_days() -> u32 {
    31
}

const fn default_horizon_days() -> u32 {
    400
}

const fn default_stale_hours() -> u32 {
    24
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(more: &str) -> Result<FeedConfig, serde_json::Error> {
        serde_json::from_str(&format!(r#"{{"name":"rooms","link":"env:ROOMS"{more}}}"#))
    }

    #[test]
    fn a_short_section_equals_the_defaults() {
        let read = config("").unwrap();
        assert_eq!(read, FeedConfig::new("rooms", "env:ROOMS"));
        assert_eq!(read.faults(), []);
    }

    #[test]
    fn unknown_settings_and_writers_are_refused() {
        assert!(config(r#","interval":5"#).is_err());
        assert!(config(r#","dialect":"type3""#).is_err());
        assert_eq!(config(r#","dialect":"type2-template""#).unwrap().dialect, Some(Dialect::Type2Template));
    }

    #[test]
    fn each_fault_names_its_setting() {
        let mut wrong = FeedConfig::new(" ", "https://rooms.example/?k=hunter2");
        wrong.interval_minutes = 0;
        wrong.zone = Some("Moon".to_owned());
        wrong.check_in = Some("3 pm".to_owned());
        wrong.resource = Some(String::new());
        wrong.user_agent = Some("a\r\nb".to_owned());
        wrong.horizon_days = 0;
        wrong.trust = TrustConfig::PinnedSha256(vec!["zz".to_owned()]);
        let faults = wrong.faults();
        let settings: Vec<_> = faults.iter().map(|fault| fault.setting).collect();
        assert_eq!(
            settings,
            ["name", "link", "interval_minutes", "zone", "check_in", "resource", "user_agent", "horizon_days", "trust"]
        );
        assert!(!format!("{faults:?}").contains("hunter2"));
    }

    #[test]
    fn a_wrong_link_is_not_repeated() {
        let error = FeedConfig::new("rooms", "env:ROOMS").feed(&"gopher://hunter2".into(), &[]).unwrap_err();
        assert!(error.to_string().contains("rooms") && !format!("{error:?}").contains("hunter2"));
    }
}
