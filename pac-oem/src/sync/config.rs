//! The section of a PAC server in a configuration file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use connector_http::{ConfigFault, Fingerprint, Trust};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{PacDriver, PacEndpoint, PacError, PacErrorKind};

/// A PAC server in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PacConfig {
    /// Address or host name of the PAC server.
    pub server_address: String,
    /// Port of its OEM interface.
    pub server_port: u16,
    /// Path of the key file that the server made for this client.
    pub key_path: PathBuf,
    /// Number of the organisation; there is only 1.
    #[serde(default = "default_organisation")]
    pub organisation: u32,
    /// What speaks with the server: `oem1`, this project's own profile, or `vendor`, the driver of a licensee.
    #[serde(default = "default_driver")]
    pub driver: String,
    /// PEM file with the authority that issued the server's certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_ca: Option<PathBuf>,
    /// SHA-256 of the one server certificate to trust, in its stead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_cert_sha256: Option<String>,
    /// Name to look for in the server's certificate, instead of the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// Whether TLS 1.2 will do where the server has no 1.3.
    #[serde(default)]
    pub allow_tls12: bool,
    /// Seconds to connect.
    #[serde(default = "default_connect_timeout")]
    pub connect_timeout_s: u16,
    /// Seconds for an answer; lists have twice as long.
    #[serde(default = "default_request_timeout")]
    pub request_timeout_s: u16,
    /// Whether whole messages go to the log at level trace; they hold personal data.
    #[serde(default)]
    pub trace_frames: bool,
    /// Whether a key file is used that others can read.
    #[serde(default)]
    pub allow_loose_key_permissions: bool,
}

impl PacConfig {
    /// A section with the required settings, the server's certificate known by its fingerprint; the rest as in an empty
    /// file.
    pub fn new(address: impl Into<String>, port: u16, key: impl Into<PathBuf>, cert_sha256: impl Into<String>) -> Self {
        Self {
            server_address: address.into(),
            server_port: port,
            key_path: key.into(),
            organisation: default_organisation(),
            driver: default_driver(),
            server_ca: None,
            server_cert_sha256: Some(cert_sha256.into()),
            server_name: None,
            allow_tls12: false,
            connect_timeout_s: default_connect_timeout(),
            request_timeout_s: default_request_timeout(),
            trace_frames: false,
            allow_loose_key_permissions: false,
        }
    }

    /// Checks everything that needs no network, the key file included, and returns each fault with its remedy.
    pub fn faults(&self) -> Vec<ConfigFault> {
        let mut faults = self.own_faults();
        match self.built_in() {
            Ok(driver) => faults.extend(self.key_fault(&*driver)),
            Err(error) => faults.push(ConfigFault::new("driver", error.message(), "write oem1")),
        }
        faults
    }

    /// The same with a driver of a licensee, whatever `driver` says.
    pub fn faults_with(&self, driver: &dyn PacDriver) -> Vec<ConfigFault> {
        let mut faults = self.own_faults();
        faults.extend(self.key_fault(driver));
        faults
    }

    /// The driver that the section names.
    ///
    /// # Errors
    /// `Config` if there is none of that name in this program.
    pub fn built_in(&self) -> Result<Arc<dyn PacDriver>, PacError> {
        crate::driver(&self.driver).ok_or_else(|| {
            let text = match self.driver.as_str() {
                "vendor" => "the driver of a licensee is not part of this program".to_owned(),
                other => format!("there is no driver {other:?}"),
            };
            PacError::new(PacErrorKind::Config, text)
        })
    }

    /// Where the server is, as a driver wants it; the file with the authority is read.
    ///
    /// # Errors
    /// `Config` if it names no certificate to trust, or one that cannot be used.
    pub fn address(&self) -> Result<PacEndpoint, PacError> {
        let trust = self.trust().map_err(|fault| {
            PacError::new(PacErrorKind::Config, format!("{} {}: {}", fault.setting, fault.reason, fault.remedy))
        })?;
        let mut address = PacEndpoint::new(self.server_address.trim(), self.server_port, &self.key_path, trust);
        address.organisation = self.organisation;
        address.server_name.clone_from(&self.server_name);
        address.allow_tls12 = self.allow_tls12;
        address.allow_loose_key_permissions = self.allow_loose_key_permissions;
        address.connect_timeout = Duration::from_secs(self.connect_timeout_s.into());
        address.request_timeout = self.request_timeout();
        address.trace_frames = self.trace_frames;
        Ok(address)
    }

    pub(super) fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_s.into())
    }

    fn own_faults(&self) -> Vec<ConfigFault> {
        let mut faults = Vec::new();
        let mut fault = |setting, reason: &str, remedy: &str| faults.push(ConfigFault::new(setting, reason, remedy));
        if self.server_address.trim().is_empty() || self.server_address.contains("://") {
            fault(
                "server_address",
                "is no address",
                "write the IP address or host name of the PAC server, nothing else",
            );
        }
        if self.server_port == 0 {
            fault("server_port", "is 0", "write the port of the server's OEM interface");
        }
        if self.organisation != 1 {
            fault("organisation", "is not 1", "leave it out: the organisation is always 1");
        }
        if self.server_name.as_deref().is_some_and(|name| name.trim().is_empty()) {
            fault("server_name", "is empty", "leave it out, or write the name in the server's certificate");
        }
        for (setting, value) in
            [("connect_timeout_s", self.connect_timeout_s), ("request_timeout_s", self.request_timeout_s)]
        {
            if !(1..=600).contains(&value) {
                fault(setting, "is not 1 to 600", "write a number of seconds or leave it out");
            }
        }
        faults.extend(self.trust().err());
        faults
    }

    fn trust(&self) -> Result<Trust, ConfigFault> {
        match (&self.server_ca, &self.server_cert_sha256) {
            (Some(path), None) => authority(path),
            (None, Some(pin)) => match pin.parse::<Fingerprint>() {
                Ok(pin) => Ok(Trust::PinnedSha256(vec![pin])),
                Err(_) => Err(ConfigFault::new(
                    "server_cert_sha256",
                    format!("{pin:?} is no SHA-256 fingerprint"),
                    "take it from the connection test",
                )),
            },
            (None, None) => Err(ConfigFault::new(
                "server_ca",
                "is missing, and so is server_cert_sha256: no server would be trusted",
                "write one of them",
            )),
            (Some(_), Some(_)) => {
                Err(ConfigFault::new("server_ca", "stands beside server_cert_sha256", "write only one of them"))
            }
        }
    }

    fn key_fault(&self, driver: &dyn PacDriver) -> Option<ConfigFault> {
        let read = crate::read_key_file(&self.key_path, self.allow_loose_key_permissions);
        let error = read.and_then(|key| driver.inspect_key(&key)).err()?;
        let remedy = match error.kind().remedy() {
            "" => "write the path of the key file that the server made for this client",
            remedy => remedy,
        };
        Some(ConfigFault::new("key_path", format!("{}: {}", self.key_path.display(), error.message()), remedy))
    }
}

fn authority(path: &Path) -> Result<Trust, ConfigFault> {
    let unreadable = |why: String| {
        let remedy = "write the path of the PEM file with the authority of the server's certificate";
        ConfigFault::new("server_ca", format!("{}: {why}", path.display()), remedy)
    };
    let pem = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let trust = Trust::OnlyRoots(pem);
    match trust.client_config() {
        Ok(_) => Ok(trust),
        Err(error) => Err(unreadable(error.message().to_owned())),
    }
}

const fn default_organisation() -> u32 {
    1
}

fn default_driver() -> String {
    "oem1".to_owned()
}

const fn default_connect_timeout() -> u16 {
    10
}

const fn default_request_timeout() -> u16 {
    30
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(more: &str) -> Result<PacConfig, serde_json::Error> {
        serde_json::from_str(&format!(
            r#"{{"server_address":"10.0.0.5","server_port":18443,"key_path":"no such.oemkey"{more}}}"#
        ))
    }

    #[test]
    fn a_short_section_equals_the_defaults() {
        let pin = "00".repeat(32);
        let read = config(&format!(r#","server_cert_sha256":"{pin}""#)).unwrap();
        assert_eq!(read, PacConfig::new("10.0.0.5", 18443, "no such.oemkey", pin));
        assert!(config(r#","server_certificate":"x""#).is_err(), "an unknown setting");
    }

    #[test]
    fn each_fault_names_its_setting() {
        let more = r#","server_address":"https://pac","organisation":2,"connect_timeout_s":0,"driver":"vendor""#;
        let more = more.replacen(r#","server_address":"https://pac""#, "", 1);
        let mut wrong = config(&more).unwrap();
        wrong.server_address = "https://pac".to_owned();
        wrong.server_port = 0;
        let settings: Vec<_> = wrong.faults().into_iter().map(|fault| fault.setting).collect();
        assert_eq!(
            settings,
            ["server_address", "server_port", "organisation", "connect_timeout_s", "server_ca", "driver"]
        );
    }

    #[test]
    fn one_certificate_must_be_trusted_and_only_one() {
        let pin = "00".repeat(32);
        let both = config(&format!(r#","server_cert_sha256":"{pin}","server_ca":"x.pem""#)).unwrap();
        assert!(both.faults().iter().any(|fault| fault.reason.contains("beside")));
        let none = config(r#","server_ca":"no such.pem""#).unwrap();
        assert!(none.faults().iter().any(|fault| fault.reason.contains("no such.pem")));
        let wrong = config(r#","server_cert_sha256":"zz""#).unwrap();
        assert!(wrong.faults().iter().any(|fault| fault.setting == "server_cert_sha256"));
    }

    #[test]
    fn a_key_file_that_cannot_be_used_is_a_fault_of_its_setting() {
        let pin = "00".repeat(32);
        let config = config(&format!(r#","server_cert_sha256":"{pin}""#)).unwrap();
        let faults = config.faults();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].setting, "key_path");
        assert!(!faults[0].remedy.is_empty());
    }
}
