//! The section of a Net2 server in a configuration file.

use std::time::Duration;

use chrono_tz::Tz;
use connector_http::{ConfigFault, Error, ErrorKind, Pace, Timeouts, TrustConfig};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::client::Net2Client;
use crate::id::CustomFieldId;
use crate::token_types::TokenType;

/// A Net2 server in a configuration file.
///
/// Passwords stand in it as references such as `env:NET2_PASSWORD`; whoever reads the file resolves them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Net2Config {
    /// Address of the server, such as `https://net2.example:8443`.
    pub url: String,
    /// Name of the operator, exactly as Net2 shows it.
    pub operator: String,
    /// Where the operator's password is: `env:NAME` or `file:PATH`.
    pub password: String,
    /// Name of the licence file without its extension.
    pub client_id: String,
    /// Where the licence's secret is, for licences that have one: `env:NAME` or `file:PATH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// Which certificate of the server to trust.
    #[serde(default)]
    pub trust: TrustConfig,
    /// Zone of the server, such as `Europe/London`.
    pub time_zone: String,
    /// Number of the custom field (1 to 14) that takes our mark of people we create. Without one, a creation whose answer
    /// was lost is left to a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker_field: Option<u8>,
    /// The word our mark begins with.
    #[serde(default = "default_marker_text")]
    pub marker_text: String,
    /// Whether the operator may read by SQL; then reading everybody takes a constant number of calls.
    #[serde(default)]
    pub querydb: bool,
    /// How many days after the last day of validity the expiry is set: 1, or 0 at a server known to count the expiry day.
    #[serde(default = "default_expiry_offset")]
    pub expiry_offset_days: u8,
    /// Kind of token for numbers that come from elsewhere.
    #[serde(default = "default_token_type")]
    pub token_type: String,
    /// Which custom fields hold what.
    #[serde(default)]
    pub fields: FieldMap,
    /// Seconds to connect.
    #[serde(default = "default_connect_seconds")]
    pub connect_seconds: f64,
    /// Seconds for a whole call.
    #[serde(default = "default_call_seconds")]
    pub call_seconds: f64,
    /// Seconds for which a request that was sent may still take effect.
    #[serde(default = "default_request_lifetime_seconds")]
    pub request_lifetime_seconds: f64,
    /// Calls per second, at most.
    #[serde(default = "default_requests_per_second")]
    pub requests_per_second: f64,
}

/// Which custom fields of Net2 hold what; 0 for a value that no field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct FieldMap {
    /// Post code.
    pub post_code: u8,
    /// Mobile telephone.
    pub mobile: u8,
    /// E-mail address.
    pub email: u8,
    /// Car registration.
    pub vehicle_registration: u8,
    /// Personnel number.
    pub personnel_number: u8,
}

impl Default for FieldMap {
    /// The fields that Net2 names so itself.
    fn default() -> Self {
        Self { post_code: 5, mobile: 8, email: 9, vehicle_registration: 12, personnel_number: 14 }
    }
}

impl FieldMap {
    pub(super) fn all(self) -> [u8; 5] {
        [self.post_code, self.mobile, self.email, self.vehicle_registration, self.personnel_number]
    }
}

impl Net2Config {
    /// A section with the required settings; the rest as in an empty file.
    pub fn new(
        url: impl Into<String>,
        operator: impl Into<String>,
        password: impl Into<String>,
        client_id: impl Into<String>,
        time_zone: impl Into<String>,
    ) -> Self {
        Self {
            url: url.into(),
            operator: operator.into(),
            password: password.into(),
            client_id: client_id.into(),
            client_secret: None,
            trust: TrustConfig::default(),
            time_zone: time_zone.into(),
            marker_field: None,
            marker_text: default_marker_text(),
            querydb: false,
            expiry_offset_days: default_expiry_offset(),
            token_type: default_token_type(),
            fields: FieldMap::default(),
            connect_seconds: default_connect_seconds(),
            call_seconds: default_call_seconds(),
            request_lifetime_seconds: default_request_lifetime_seconds(),
            requests_per_second: default_requests_per_second(),
        }
    }

    /// Checks everything that needs no network, and returns each fault as setting, reason and remedy.
    pub fn faults(&self) -> Vec<ConfigFault> {
        let mut faults = Vec::new();
        let mut fault = |setting: &'static str, reason: &str, remedy: &str| {
            faults.push(ConfigFault::new(setting, reason, remedy));
        };
        if !self.url.starts_with("https://") && !self.url.starts_with("http://") {
            fault("url", "is no web address", "write it like https://net2.example:8443");
        }
        if self.operator.trim().is_empty() {
            fault("operator", "is empty", "write the operator's name exactly as Net2 shows it");
        }
        if self.client_id.trim().is_empty() {
            fault("client_id", "is empty", "write the name of the licence file without its extension");
        }
        if self.time_zone.parse::<Tz>().is_err() {
            fault("time_zone", "is no time zone", "write it like Europe/London");
        }
        if self.marker_field.is_some_and(|field| !(1..=14).contains(&field)) {
            fault("marker_field", "is no custom field of Net2", "choose a number from 1 to 14, or leave it out");
        }
        if self.marker_field.is_some_and(|field| self.fields.all().contains(&field)) {
            fault(
                "marker_field",
                "is also the field of something else",
                "choose a free field, or set its other use under `fields` to 0",
            );
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.marker_text.is_empty() || self.marker_text.len() > 16 || !self.marker_text.chars().all(plain) {
            fault("marker_text", "does not fit beside a key", "use 1 to 16 letters, digits, - or _");
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
        if !(self.request_lifetime_seconds.is_finite() && self.request_lifetime_seconds >= 0.0) {
            fault("request_lifetime_seconds", "is less than 0", "write a number or leave it out");
        }
        if let Err(error) = self.trust.load() {
            fault("trust", error.message(), "see the connection test for the server's certificate");
        }
        faults
    }

    /// Makes a client with the secrets that the references stand for. Nothing is sent.
    ///
    /// # Errors
    /// `Config` with the first of [`Net2Config::faults`].
    pub fn client(&self, password: SecretString, client_secret: Option<SecretString>) -> Result<Net2Client, Error> {
        if let Some(fault) = self.faults().into_iter().next() {
            return Err(Error::new(ErrorKind::Config, format!("{} {}: {}", fault.setting, fault.reason, fault.remedy)));
        }
        let timeouts = Timeouts {
            connect: seconds(self.connect_seconds),
            read: seconds(self.call_seconds),
            whole: seconds(self.call_seconds),
        };
        let pace = Pace {
            requests_per_second: self.requests_per_second,
            burst: 20,
            sign_in_spacing: Duration::from_millis(600),
        };
        let mut builder = Net2Client::builder(&self.url)
            .operator(&self.operator, password)
            .client_id(&self.client_id)
            .trust(self.trust.load()?)
            .time_zone(self.time_zone.parse().unwrap_or(Tz::UTC))
            .timeouts(timeouts)
            .pace(pace);
        if let Some(secret) = client_secret {
            builder = builder.client_secret(secret);
        }
        builder.build()
    }

    pub(super) fn token_kind(&self) -> TokenType {
        self.token_type.as_str().into()
    }

    pub(super) fn marker_id(&self) -> Option<CustomFieldId> {
        self.marker_field.map(|field| CustomFieldId::new(field.into()))
    }

    pub(super) fn request_lifetime(&self) -> Duration {
        seconds(self.request_lifetime_seconds)
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        seconds(self.connect_seconds)
    }
}

fn seconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value).unwrap_or(Duration::from_secs(30))
}

fn default_marker_text() -> String {
    "DOORSYNC".to_owned()
}

const fn default_expiry_offset() -> u8 {
    1
}

fn default_token_type() -> String {
    TokenType::Unspecified.as_str().to_owned()
}

const fn default_connect_seconds() -> f64 {
    5.0
}

const fn default_call_seconds() -> f64 {
    30.0
}

const fn default_request_lifetime_seconds() -> f64 {
    60.0
}

const fn default_requests_per_second() -> f64 {
    20.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(more: &str) -> Result<Net2Config, serde_json::Error> {
        let text = format!(
            r#"{{"url":"https://net2.example:8443","operator":"Op","password":"env:P","client_id":"c","time_zone":"UTC"{more}}}"#
        );
        serde_json::from_str(&text)
    }

    #[test]
    fn a_short_section_equals_the_defaults() {
        let read = config("").unwrap();
        assert_eq!(read, Net2Config::new("https://net2.example:8443", "Op", "env:P", "c", "UTC"));
        assert!(read.faults().is_empty());
    }

    #[test]
    fn an_unknown_setting_is_refused() {
        assert!(config(r#","querdb":true"#).is_err());
    }

    #[test]
    fn each_fault_names_its_setting() {
        let mut wrong = config(r#","marker_field":14,"trust":{"pinned_sha256":["zz"]}"#).unwrap();
        wrong.time_zone = "Moon".to_owned();
        wrong.call_seconds = 0.0;
        let settings: Vec<_> = wrong.faults().into_iter().map(|fault| fault.setting).collect();
        assert_eq!(settings, ["time_zone", "marker_field", "call_seconds", "trust"]);
    }
}
