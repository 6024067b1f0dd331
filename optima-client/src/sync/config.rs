//! The section of an Optima server in a configuration file.

use std::fs;
use std::time::Duration;

use connector_http::profile::{AuthKind, Profile};
use connector_http::{ConfigFault, Error, ErrorKind, Pace, Timeouts, TrustConfig};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::client::OptimaClient;
use crate::profile;

/// An Optima server in a configuration file.
///
/// Secrets stand in it as references such as `env:OPTIMA_KEY`; whoever reads the file resolves them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OptimaConfig {
    /// Address of the server, such as `https://optima.example:8443`.
    pub url: String,
    /// How the server speaks: `builtin`, or the path of a profile file.
    #[serde(default = "default_profile")]
    pub profile: String,
    /// Where the key, or the password of `user`, is: `env:NAME` or `file:PATH`.
    pub key: String,
    /// Who signs in, where the profile signs in with a user and a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Which certificate of the server to trust.
    #[serde(default)]
    pub trust: TrustConfig,
    /// The word our mark begins with.
    #[serde(default = "default_marker_text")]
    pub marker_text: String,
    /// Ids of access groups in the order in which one of them becomes a person's policy, for people who have several.
    #[serde(default)]
    pub policy_order: Vec<String>,
    /// How many events before the last one are read again at each run, for those that arrive late.
    #[serde(default = "default_overlap")]
    pub overlap: u32,
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

impl OptimaConfig {
    /// A section with the required settings; the rest as in an empty file.
    pub fn new(url: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            profile: default_profile(),
            key: key.into(),
            user: None,
            trust: TrustConfig::default(),
            marker_text: default_marker_text(),
            policy_order: Vec::new(),
            overlap: default_overlap(),
            connect_seconds: default_connect_seconds(),
            call_seconds: default_call_seconds(),
            request_lifetime_seconds: default_request_lifetime_seconds(),
            requests_per_second: default_requests_per_second(),
        }
    }

    /// Checks everything that needs no network, and returns each fault as setting, reason and remedy. Faults of a profile
    /// file name its line.
    pub fn faults(&self) -> Vec<ConfigFault> {
        let mut faults = self.own_faults();
        match self.load_profile() {
            Ok(profile) => faults.extend(self.user_fault(&profile)),
            Err(more) => faults.extend(more),
        }
        if let Err(error) = self.trust.load() {
            faults.push(fault("trust", error.message(), "see the connection test for the server's certificate"));
        }
        faults
    }

    /// The profile that the section names; a file is read.
    ///
    /// # Errors
    /// All its faults, each with its line.
    pub fn load_profile(&self) -> Result<Profile, Vec<ConfigFault>> {
        let damaged = |invalid: connector_http::profile::InvalidProfile| {
            let faults = invalid.faults().iter();
            faults
                .map(|found| {
                    let line = found.line.map(|line| format!(":{line}")).unwrap_or_default();
                    let reason = format!("{}{line}: {} {}", found.file, found.place, found.reason);
                    fault("profile", &reason, &found.remedy)
                })
                .collect::<Vec<_>>()
        };
        if self.profile == BUILT_IN {
            return profile::built_in().map_err(damaged);
        }
        let text = fs::read_to_string(&self.profile).map_err(|error| {
            let reason = format!("{} cannot be read: {error}", self.profile);
            vec![fault("profile", &reason, "write the path of a profile file, or \"builtin\"")]
        })?;
        profile::parse(&text, &self.profile).map_err(damaged)
    }

    /// Makes a client with the secret that the reference stands for. Nothing is sent.
    ///
    /// # Errors
    /// `Config` with the first of [`OptimaConfig::faults`].
    pub fn client(&self, key: SecretString) -> Result<OptimaClient, Error> {
        if let Some(fault) = self.faults().into_iter().next() {
            return Err(Error::new(ErrorKind::Config, format!("{} {}: {}", fault.setting, fault.reason, fault.remedy)));
        }
        let timeouts = Timeouts {
            connect: seconds(self.connect_seconds),
            read: seconds(self.call_seconds),
            whole: seconds(self.call_seconds),
        };
        let pace = Pace { requests_per_second: self.requests_per_second, burst: 20, ..Pace::default() };
        let unusable = |_| Error::new(ErrorKind::Config, "the profile cannot be used");
        let builder = OptimaClient::builder(&self.url)
            .profile(self.load_profile().map_err(unusable)?)
            .trust(self.trust.load()?)
            .timeouts(timeouts)
            .pace(pace);
        match &self.user {
            Some(user) => builder.login(user, key),
            None => builder.key(key),
        }
        .build()
    }

    fn own_faults(&self) -> Vec<ConfigFault> {
        let mut faults = Vec::new();
        if !self.url.starts_with("https://") && !self.url.starts_with("http://") {
            faults.push(fault("url", "is no web address", "write it like https://optima.example:8443"));
        } else if is_open(&self.url) {
            let remedy = "use https; http is only for a server on this machine";
            faults.push(fault("url", "is not encrypted", remedy));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.marker_text.is_empty() || self.marker_text.len() > 16 || !self.marker_text.chars().all(plain) {
            faults.push(fault("marker_text", "does not fit beside a key", "use 1 to 16 letters, digits, - or _"));
        }
        for (setting, value) in [
            ("connect_seconds", self.connect_seconds),
            ("call_seconds", self.call_seconds),
            ("requests_per_second", self.requests_per_second),
        ] {
            if !(value.is_finite() && value > 0.0) {
                faults.push(fault(setting, "is not more than 0", "write a positive number or leave it out"));
            }
        }
        if !(self.request_lifetime_seconds.is_finite() && self.request_lifetime_seconds >= 0.0) {
            faults.push(fault("request_lifetime_seconds", "is less than 0", "write a number or leave it out"));
        }
        faults
    }

    fn user_fault(&self, profile: &Profile) -> Option<ConfigFault> {
        let kind = match profile.auth().kind() {
            AuthKind::Basic => "basic",
            AuthKind::Session => "session",
            AuthKind::Header => "header",
            _ => "bearer",
        };
        match (profile.auth().needs_user(), &self.user) {
            (true, None) => Some(fault(
                "user",
                &format!("is missing, but the profile signs in by kind {kind}"),
                "write who signs in; `key` is the password then",
            )),
            (false, Some(_)) => Some(fault(
                "user",
                &format!("is set, but the profile signs in by kind {kind}, with a key alone"),
                "leave it out, or use another profile",
            )),
            _ => None,
        }
    }

    pub(super) fn request_lifetime(&self) -> Duration {
        seconds(self.request_lifetime_seconds)
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        seconds(self.connect_seconds)
    }
}

/// Plain HTTP to another machine.
fn is_open(url: &str) -> bool {
    let Ok(url) = url::Url::parse(url) else { return false };
    let here = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "http" && !here
}

fn fault(setting: &'static str, reason: &str, remedy: &str) -> ConfigFault {
    ConfigFault::new(setting, reason, remedy)
}

fn seconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value).unwrap_or(Duration::from_secs(30))
}

const BUILT_IN: &str = "builtin";

fn default_profile() -> String {
    BUILT_IN.to_owned()
}

fn default_marker_text() -> String {
    "timeware".to_owned()
}

const fn default_overlap() -> u32 {
    200
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

    fn config(more: &str) -> Result<OptimaConfig, serde_json::Error> {
        serde_json::from_str(&format!(r#"{{"url":"https://optima.example:8443","key":"env:K"{more}}}"#))
    }

    #[test]
    fn a_short_section_equals_the_defaults() {
        let read = config("").unwrap();
        assert_eq!(read, OptimaConfig::new("https://optima.example:8443", "env:K"));
        assert!(read.faults().is_empty(), "{:?}", read.faults());
        assert!(read.client(SecretString::from("k".to_owned())).is_ok());
    }

    #[test]
    fn an_unknown_setting_is_refused() {
        assert!(config(r#","profil":"x""#).is_err());
    }

    #[test]
    fn each_fault_names_its_setting() {
        let wrong =
            config(r#","user":"x","marker_text":"a b","call_seconds":0,"trust":{"pinned_sha256":["zz"]},"overlap":0"#)
                .unwrap();
        let settings: Vec<_> = wrong.faults().into_iter().map(|fault| fault.setting).collect();
        assert_eq!(settings, ["marker_text", "call_seconds", "user", "trust"]);
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for (url, faults) in
            [("http://127.0.0.1:80", 0), ("http://[::1]/", 0), ("http://localhost", 0), ("http://optima", 1)]
        {
            assert_eq!(OptimaConfig::new(url, "env:K").faults().len(), faults, "{url}");
        }
    }

    #[test]
    fn faults_of_a_profile_file_name_file_and_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own.toml");
        std::fs::write(&path, "[auth]\nkind = \"session\"\n\n[paths]\nbadge = \"/person\"\n").unwrap();
        let mut config = config("").unwrap();
        config.profile = path.display().to_string();
        let faults = config.faults();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].reason.contains("own.toml:5: [paths] badge lacks {id}"), "{faults:?}");
        std::fs::write(&path, "[auth]\nkind = \"session\"\n").unwrap();
        assert_eq!(config.faults().iter().map(|fault| fault.setting).collect::<Vec<_>>(), ["user"]);
        config.user = Some("link".to_owned());
        assert!(config.faults().is_empty());
    }
}
