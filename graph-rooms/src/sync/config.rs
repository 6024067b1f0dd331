//! The section of a tenant in a configuration file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use connector_http::{ConfigFault, Error, ErrorKind, TrustConfig};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::calendar::{ExternalOrganizers, Rules};
use crate::client::{GraphClient, GraphClientBuilder, MOST_IN_FLIGHT};
use crate::cloud::Cloud;

/// Rooms of one tenant in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OutlookConfig {
    /// What the tenant is called in reports. Its bookings are kept under this name.
    pub name: String,
    /// One of the tenant's domains, or its id.
    pub tenant: String,
    /// The application's (client) id.
    pub client_id: String,
    /// Where the value of the client secret is: `env:NAME` or `file:PATH`. Left out with a certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// File with the certificate that is uploaded to the application, instead of a secret (PEM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// File with the RSA key of the certificate (PEM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_key: Option<PathBuf>,
    /// Cloud that the tenant lives in: `global`, `us_gov_l4`, `us_gov_l5`, `china`, `france` or `germany`.
    #[serde(default = "default_cloud")]
    pub cloud: String,
    /// Another address of Graph than the cloud's, without version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Another address of the token endpoint than the cloud's, whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_url: Option<String>,
    /// Zone of the building, such as `Europe/London`: bookings of whole days are its days.
    pub zone: String,
    /// The rooms whose bookings count. The verb `rooms` lists those of the tenant.
    #[serde(default)]
    pub rooms: Vec<RoomConfig>,
    /// Whether attendees may come as well, or the organizer only.
    #[serde(default)]
    pub attendees: bool,
    /// Bookings of organizers from elsewhere: `report` gives no access and lists them, `allow` treats them as any other.
    #[serde(default)]
    pub external_organizers: External,
    /// Mail domains of the house. Left out, they are those of the rooms, and the tenant's if it is named by one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own_domains: Vec<String>,
    /// Mail domains that attendees may be of; left out, all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attendee_domains: Vec<String>,
    /// Addresses of distribution lists and groups: nobody knows who is in them, so they get nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Whether a booking gives access while it waits for approval.
    #[serde(default)]
    pub pending: bool,
    /// Whether a booking gives access that is shown as free.
    #[serde(default)]
    pub free: bool,
    /// Days ahead that are looked at.
    #[serde(default = "default_horizon_days")]
    pub horizon_days: u32,
    /// Minutes between two readings of a room.
    #[serde(default = "default_interval_minutes")]
    pub interval_minutes: u32,
    /// Requests under way together, 1 to 4. Four is what the vendor allows an application.
    #[serde(default = "default_max_in_flight")]
    pub max_in_flight: usize,
    /// Events that are asked for at once, 1 to 1000.
    #[serde(default = "default_page_size")]
    pub page_size: usize,
    /// Hours without a whole reading after which an alarm says so again.
    #[serde(default = "default_stale_hours")]
    pub stale_hours: u32,
    /// Which certificates of the servers to trust.
    #[serde(default)]
    pub trust: TrustConfig,
}

/// One room in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RoomConfig {
    /// Address of its mailbox.
    pub address: String,
    /// What it is called here, and in the list of doors.
    pub resource: String,
    /// Its user name or object id, where that differs from its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar_user: Option<String>,
}

/// What becomes of bookings of organizers from elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum External {
    /// They give no access and are listed.
    #[default]
    Report,
    /// They are like any other.
    Allow,
}

impl RoomConfig {
    /// A room by its address, and what it is called here.
    pub fn new(address: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { address: address.into(), resource: resource.into(), calendar_user: None }
    }

    /// As whom Graph is asked for its calendar.
    pub fn user(&self) -> &str {
        self.calendar_user.as_deref().unwrap_or(&self.address).trim()
    }
}

impl OutlookConfig {
    /// A section with the required settings; the rest as in an empty file.
    pub fn new(
        name: impl Into<String>,
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        zone: impl Into<String>,
        rooms: Vec<RoomConfig>,
    ) -> Self {
        Self {
            name: name.into(),
            tenant: tenant.into(),
            client_id: client_id.into(),
            secret: None,
            certificate: None,
            certificate_key: None,
            cloud: default_cloud(),
            base_url: None,
            token_url: None,
            zone: zone.into(),
            rooms,
            attendees: false,
            external_organizers: External::default(),
            own_domains: Vec::new(),
            attendee_domains: Vec::new(),
            groups: Vec::new(),
            pending: false,
            free: false,
            horizon_days: default_horizon_days(),
            interval_minutes: default_interval_minutes(),
            max_in_flight: default_max_in_flight(),
            page_size: default_page_size(),
            stale_hours: default_stale_hours(),
            trust: TrustConfig::default(),
        }
    }

    /// Checks everything that needs neither the network nor the secret, and returns each fault as setting, reason and remedy.
    pub fn faults(&self) -> Vec<ConfigFault> {
        let mut faults = Vec::new();
        self.identity_faults(&mut faults);
        self.room_faults(&mut faults);
        self.people_faults(&mut faults);
        let mut bounds = |setting, value: usize, from: usize, to: usize| {
            if !(from..=to).contains(&value) {
                let reason = format!("is not between {from} and {to}");
                faults.push(ConfigFault::new(setting, reason, "write a number in these bounds or leave it out"));
            }
        };
        bounds("horizon_days", self.horizon_days as usize, 1, 366);
        bounds("interval_minutes", self.interval_minutes as usize, 1, 1440);
        bounds("max_in_flight", self.max_in_flight, 1, MOST_IN_FLIGHT);
        bounds("page_size", self.page_size, 1, 1000);
        bounds("stale_hours", self.stale_hours as usize, 1, 3660);
        if let Err(error) = self.trust.load() {
            faults.push(ConfigFault::new(
                "trust",
                error.message(),
                "see the connection test for the server's certificate",
            ));
        }
        faults
    }

    fn identity_faults(&self, faults: &mut Vec<ConfigFault>) {
        let mut fault = |setting, reason: &str, remedy: &str| faults.push(ConfigFault::new(setting, reason, remedy));
        if self.name.trim().is_empty() {
            fault("name", "is empty", "give the tenant a name of its own");
        }
        if self.tenant.trim().is_empty() {
            fault("tenant", "is empty", "write one of the tenant's domains, or its id");
        }
        if self.client_id.trim().is_empty() {
            fault("client_id", "is empty", "write the application's id from Entra, App registrations");
        }
        match (&self.secret, &self.certificate, &self.certificate_key) {
            (None, None, None) => fault(
                "secret",
                "neither a secret nor a certificate is set",
                "put the secret's value into a file or variable and write `file:PATH` or `env:NAME`",
            ),
            (Some(secret), None, None) if !secret.starts_with("env:") && !secret.starts_with("file:") => fault(
                "secret",
                "is no reference",
                "put the secret's value into a file or variable and write `file:PATH` or `env:NAME`",
            ),
            (Some(_), None, None) | (None, Some(_), Some(_)) => {}
            (Some(_), _, _) => fault("secret", "stands beside a certificate", "keep one of the two"),
            (None, Some(_), None) => fault("certificate_key", "is missing", "name the file with the certificate's key"),
            (None, None, Some(_)) => fault("certificate", "is missing", "name the file with the certificate"),
        }
        if self.cloud.parse::<Cloud>().is_err() {
            fault(
                "cloud",
                "is no cloud",
                "write global, us_gov_l4, us_gov_l5, china, france or germany, or leave it out",
            );
        }
        if self.zone.parse::<Tz>().is_err() {
            fault("zone", "is no time zone", "write it like Europe/London");
        }
        for (setting, url) in [("base_url", &self.base_url), ("token_url", &self.token_url)] {
            if url.as_deref().is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
                fault(setting, "is no web address", "begin it with https:// or leave it out");
            }
        }
    }

    fn room_faults(&self, faults: &mut Vec<ConfigFault>) {
        let mut fault = |reason: String, remedy: &str| faults.push(ConfigFault::new("rooms", reason, remedy));
        if self.rooms.is_empty() {
            fault("names no room".to_owned(), "add at least one; the verb `rooms` lists those of the tenant");
        }
        let mut seen: BTreeMap<Address, usize> = BTreeMap::new();
        for (at, room) in self.rooms.iter().enumerate() {
            let number = at + 1;
            match Address::new(&room.address) {
                None => fault(format!("room {number} has no mail address"), "write it as `rooms` lists it"),
                Some(address) => {
                    if let Some(first) = seen.insert(address, number) {
                        fault(format!("rooms {first} and {number} have the same address"), "take one of them out");
                    }
                }
            }
            if room.resource.trim().is_empty() {
                fault(format!("room {number} has no resource"), "write what it is called in the list of doors");
            }
            if room.calendar_user.as_deref().is_some_and(|user| user.trim().is_empty()) {
                fault(format!("room {number} has an empty calendar_user"), "write it or leave it out");
            }
        }
    }

    fn people_faults(&self, faults: &mut Vec<ConfigFault>) {
        for (setting, domains) in [("own_domains", &self.own_domains), ("attendee_domains", &self.attendee_domains)] {
            let usable = |domain: &String| !domain.trim().is_empty() && !domain.contains(['@', ' ', '/']);
            if !domains.iter().all(usable) {
                faults.push(ConfigFault::new(
                    setting,
                    "holds something else than a domain",
                    "write it like example.org",
                ));
            }
        }
        if self.groups.iter().any(|group| Address::new(group).is_none()) {
            faults.push(ConfigFault::new(
                "groups",
                "holds something else than a mail address",
                "write whole addresses",
            ));
        }
    }

    /// Makes a client with the secret that the reference stands for. Files of a certificate are read; nothing is sent.
    ///
    /// # Errors
    /// `Config` with the first of [`OutlookConfig::faults`], or where the client cannot be made of these settings.
    pub fn client(&self, secret: Option<SecretString>) -> Result<GraphClient, Error> {
        if let Some(fault) = self.faults().into_iter().next() {
            let text = format!("tenant {}: {} {}: {}", self.name, fault.setting, fault.reason, fault.remedy);
            return Err(Error::new(ErrorKind::Config, text));
        }
        self.builder(secret)?.build()
    }

    /// The same as a builder, for a caller who adds a transport or a clock.
    ///
    /// # Errors
    /// `Config` where a file cannot be read.
    pub fn builder(&self, secret: Option<SecretString>) -> Result<GraphClientBuilder, Error> {
        let mut builder = GraphClient::builder()
            .tenant(&self.tenant)
            .client_id(&self.client_id)
            .cloud(self.cloud.parse().unwrap_or_default())
            .max_in_flight(self.max_in_flight)
            .trust(self.trust.load()?)
            .label(&self.name);
        if let Some(secret) = secret {
            builder = builder.secret(secret);
        } else if let (Some(certificate), Some(key)) = (&self.certificate, &self.certificate_key) {
            builder = builder.certificate(read(certificate)?, text(key)?);
        }
        if let Some(url) = &self.base_url {
            builder = builder.base_url(url);
        }
        if let Some(url) = &self.token_url {
            builder = builder.token_url(url);
        }
        Ok(builder)
    }

    /// The rules of access that these settings stand for.
    pub fn rules(&self) -> Rules {
        let domain = |domain: &String| domain.trim().to_lowercase();
        let rooms: BTreeSet<Address> = self.rooms.iter().filter_map(|room| Address::new(&room.address)).collect();
        let mut own_domains: BTreeSet<String> = self.own_domains.iter().map(domain).collect();
        if own_domains.is_empty() {
            own_domains.extend(rooms.iter().map(|room| room.domain().to_owned()));
            own_domains.extend(Some(self.tenant.trim().to_lowercase()).filter(|tenant| tenant.contains('.')));
        }
        Rules {
            zone: self.zone.parse().unwrap_or_default(),
            pending: self.pending,
            free: self.free,
            attendees: self.attendees,
            external_organizers: match self.external_organizers {
                External::Report => ExternalOrganizers::Report,
                External::Allow => ExternalOrganizers::Allow,
            },
            own_domains,
            attendee_domains: self.attendee_domains.iter().map(domain).collect(),
            groups: self.groups.iter().filter_map(|group| Address::new(group)).collect(),
            rooms,
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path)
        .map_err(|error| Error::new(ErrorKind::Config, format!("{} cannot be read", path.display())).with_source(error))
}

fn text(path: &Path) -> Result<SecretString, Error> {
    let no_text = |_| Error::new(ErrorKind::Config, format!("{} is no text", path.display()));
    String::from_utf8(read(path)?).map(SecretString::from).map_err(no_text)
}

fn default_cloud() -> String {
    Cloud::Global.as_str().to_owned()
}

const fn default_horizon_days() -> u32 {
    7
}

const fn default_interval_minutes() -> u32 {
    10
}

const fn default_max_in_flight() -> usize {
    3
}

const fn default_page_size() -> usize {
    100
}

const fn default_stale_hours() -> u32 {
    24
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short() -> OutlookConfig {
        let text = r#"{"name":"hq","tenant":"example.org","client_id":"app","secret":"env:S","zone":"Europe/London",
            "rooms":[{"address":"quay1@rooms.example.org","resource":"Quay 1"}]}"#;
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_short_section_equals_the_defaults() {
        let rooms = vec![RoomConfig::new("quay1@rooms.example.org", "Quay 1")];
        let mut same = OutlookConfig::new("hq", "example.org", "app", "Europe/London", rooms);
        same.secret = Some("env:S".to_owned());
        assert_eq!(short(), same);
        assert_eq!(same.faults(), []);
        assert!(same.client(Some("s".into())).is_ok());
    }

    #[test]
    fn each_fault_names_its_setting() {
        let mut wrong = short();
        wrong.name = " ".into();
        wrong.tenant = String::new();
        wrong.client_id = String::new();
        wrong.secret = Some("hunter2".into());
        wrong.cloud = "moon".into();
        wrong.zone = "Moon".into();
        wrong.base_url = Some("graph".into());
        wrong.rooms = Vec::new();
        wrong.own_domains = vec!["@x".into()];
        wrong.groups = vec!["all".into()];
        wrong.horizon_days = 0;
        wrong.max_in_flight = 5;
        wrong.trust = TrustConfig::PinnedSha256(vec!["zz".to_owned()]);
        let faults = wrong.faults();
        let settings: Vec<_> = faults.iter().map(|fault| fault.setting).collect();
        assert_eq!(
            settings,
            [
                "name",
                "tenant",
                "client_id",
                "secret",
                "cloud",
                "zone",
                "base_url",
                "rooms",
                "own_domains",
                "groups",
                "horizon_days",
                "max_in_flight",
                "trust"
            ]
        );
        assert!(!format!("{faults:?}").contains("hunter2"));
    }

    #[test]
    fn rooms_are_checked_one_by_one() {
        let mut wrong = short();
        wrong.rooms.push(RoomConfig::new(" QUAY1@rooms.example.org", ""));
        wrong.rooms.push(RoomConfig::new("Quay 3", "Quay 3"));
        let reasons: Vec<_> = wrong.faults().into_iter().map(|fault| fault.reason).collect();
        assert_eq!(
            reasons,
            ["rooms 1 and 2 have the same address", "room 2 has no resource", "room 3 has no mail address"]
        );
    }

    #[test]
    fn own_domains_are_those_of_tenant_and_rooms_unless_said() {
        let domains = |config: &OutlookConfig| config.rules().own_domains.into_iter().collect::<Vec<_>>();
        let mut config = short();
        assert_eq!(domains(&config), ["example.org", "rooms.example.org"]);
        config.tenant = "7b1f0c5e-0000-4a2f-8a70-00000000aaaa".into();
        assert_eq!(domains(&config), ["rooms.example.org"]);
        config.own_domains = vec!["Example.COM".into()];
        assert_eq!(domains(&config), ["example.com"]);
    }
}
