//! The section of an Astrow server in a configuration file.

use std::collections::BTreeMap;
use std::time::Duration;

use connector_http::{ConfigFault, Timeouts, TrustConfig};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::person::FREE_FIELD_NAMES;
use crate::files::{FilesConfig, FilesDriver};
use crate::model::{AstrowError, AstrowErrorKind};
use crate::rest::AstrowClient;

/// An Astrow server in a configuration file.
///
/// The password stands in it as a reference such as `env:ASTROW_PASSWORD`; whoever reads the file resolves it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AstrowConfig {
    /// The way into Astrow.
    #[serde(default)]
    pub driver: AstrowDriver,
    /// Address of Astrow, such as `https://astrow.example`; not for the driver `files`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// The user, who needs the permission "Allow API to connect to Astrow".
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// Where the password is: `env:NAME` or `file:PATH`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub password: String,
    /// Which certificate of the server to trust.
    #[serde(default)]
    pub trust: TrustConfig,
    /// Folders and formats of the driver `files`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<FilesConfig>,
    /// Code of the work cycle of new employees; required where employees are made here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_cycle: Option<String>,
    /// Code of the pay group of new employees; required where employees are made here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_paygroup: Option<String>,
    /// Code of the terminal group of new employees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal_group: Option<String>,
    /// Code of the company site of new employees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_site: Option<String>,
    /// Free fields that are kept in step, each with the field that it stands for, such as `2 = "telephone"`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub free_fields: BTreeMap<u8, String>,
    /// Employees may be deleted in Astrow, with all their history. Without it a removal takes their badges only.
    #[serde(default)]
    pub delete_history_ok: bool,
    /// Seconds to connect.
    #[serde(default = "default_connect_seconds")]
    pub connect_seconds: f64,
    /// Seconds for a whole call.
    #[serde(default = "default_call_seconds")]
    pub call_seconds: f64,
    /// The name by which Astrow knows the program, such as `astrow-pac/0.1.0`; it is no setting.
    #[serde(skip)]
    pub client_name: Option<String>,
}

/// The way into Astrow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AstrowDriver {
    /// `bridge-rest v1`, this project's own interface; not Astrow's.
    #[default]
    Rest,
    /// Imports and exports of files.
    Files,
}

impl AstrowConfig {
    /// A section of the driver `rest`; the rest as in an empty file.
    pub fn rest(url: impl Into<String>, user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { url: url.into(), user: user.into(), password: password.into(), ..Self::empty(AstrowDriver::Rest) }
    }

    /// A section of the driver `files`.
    pub fn files(files: FilesConfig) -> Self {
        Self { files: Some(files), ..Self::empty(AstrowDriver::Files) }
    }

    fn empty(driver: AstrowDriver) -> Self {
        Self {
            driver,
            url: String::new(),
            user: String::new(),
            password: String::new(),
            trust: TrustConfig::default(),
            files: None,
            default_cycle: None,
            default_paygroup: None,
            terminal_group: None,
            company_site: None,
            free_fields: BTreeMap::new(),
            delete_history_ok: false,
            connect_seconds: default_connect_seconds(),
            call_seconds: default_call_seconds(),
            client_name: None,
        }
    }

    /// Sets further settings.
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }

    /// Checks everything that needs no network, and returns each fault as setting, reason and remedy.
    pub fn faults(&self) -> Vec<ConfigFault> {
        let mut faults = match self.driver {
            AstrowDriver::Rest => self.rest_faults(),
            AstrowDriver::Files => self.files_faults(),
        };
        for (setting, value) in [("connect_seconds", self.connect_seconds), ("call_seconds", self.call_seconds)] {
            if !(value.is_finite() && value > 0.0) {
                faults.push(ConfigFault::new(setting, "is not more than 0", "write a positive number or leave it out"));
            }
        }
        for (number, field) in &self.free_fields {
            if !(1..=20).contains(number) {
                let reason = format!("names the field {number}; there are 20");
                faults.push(ConfigFault::new("free_fields", reason, "use the numbers 1 to 20"));
            }
            if !FREE_FIELD_NAMES.contains(&field.as_str()) {
                let reason = format!("names {field:?}, which is no text of a person that is free for this");
                let remedy = format!("use one of {}", FREE_FIELD_NAMES.join(", "));
                faults.push(ConfigFault::new("free_fields", reason, remedy));
            }
        }
        let mut names: Vec<_> = self.free_fields.values().collect();
        names.sort();
        if names.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
            faults.push(ConfigFault::new(
                "free_fields",
                "names a field twice",
                "give each free field a field of its own",
            ));
        }
        faults
    }

    /// What is missing before employees can be made in Astrow, which master PAC does.
    pub fn creation_faults(&self) -> Vec<ConfigFault> {
        let missing = |value: &Option<String>| value.as_deref().is_none_or(|text| text.trim().is_empty());
        let mut faults = Vec::new();
        for (setting, value) in [("default_cycle", &self.default_cycle), ("default_paygroup", &self.default_paygroup)] {
            if self.driver == AstrowDriver::Rest && missing(value) {
                let remedy = "write the code that new employees get; the connection test lists the codes of Astrow";
                faults.push(ConfigFault::new(setting, "is missing, but employees are made in Astrow", remedy));
            }
        }
        faults
    }

    /// Makes a client of the driver `rest` with the password that the reference stands for. Nothing is sent.
    ///
    /// # Errors
    /// `Config` with the first of [`AstrowConfig::faults`].
    pub fn client(&self, password: SecretString) -> Result<AstrowClient, AstrowError> {
        self.refuse_faults()?;
        let call = seconds(self.call_seconds);
        let timeouts = Timeouts { connect: seconds(self.connect_seconds), read: call, whole: call };
        let mut client =
            AstrowClient::builder(&self.url).login(&self.user, password).trust(self.trust.load()?).timeouts(timeouts);
        if let Some(name) = &self.client_name {
            client = client.client_name(name);
        }
        client.build()
    }

    /// Makes a driver `files`. Nothing is read or written.
    ///
    /// # Errors
    /// `Config` with the first of [`AstrowConfig::faults`].
    pub fn files_driver(&self) -> Result<FilesDriver, AstrowError> {
        self.refuse_faults()?;
        let missing = || AstrowError::new(AstrowErrorKind::Config, "the section `files` is missing");
        FilesDriver::new(self.files.as_ref().ok_or_else(missing)?)
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        seconds(self.connect_seconds)
    }

    fn refuse_faults(&self) -> Result<(), AstrowError> {
        match self.faults().into_iter().next() {
            None => Ok(()),
            Some(fault) => {
                let text = format!("{} {}: {}", fault.setting, fault.reason, fault.remedy);
                Err(AstrowError::new(AstrowErrorKind::Config, text).with_field(fault.setting))
            }
        }
    }

    fn rest_faults(&self) -> Vec<ConfigFault> {
        let mut faults = Vec::new();
        let mut fault = |setting, reason: &str, remedy: &str| faults.push(ConfigFault::new(setting, reason, remedy));
        if !self.url.starts_with("https://") && !self.url.starts_with("http://") {
            fault("url", "is no web address", "write it like https://astrow.example");
        } else if is_open(&self.url) {
            fault("url", "is not encrypted", "use https; http is only for a server on this machine");
        }
        if self.user.trim().is_empty() {
            fault("user", "is missing", "write the user of Astrow that may use its API");
        }
        if self.password.trim().is_empty() {
            fault("password", "is missing", "write where it is, like env:ASTROW_PASSWORD");
        }
        if self.files.is_some() {
            fault("files", "is set, but the driver is rest", "leave it out, or set driver = \"files\"");
        }
        if let Err(error) = self.trust.load() {
            fault("trust", error.message(), "see the connection test for the server's certificate");
        }
        faults
    }

    fn files_faults(&self) -> Vec<ConfigFault> {
        let mut faults = Vec::new();
        for (setting, value) in [("url", &self.url), ("user", &self.user), ("password", &self.password)] {
            if !value.is_empty() {
                let remedy = "leave it out, or set driver = \"rest\"";
                faults.push(ConfigFault::new(setting, "is set, but the driver is files", remedy));
            }
        }
        if self.delete_history_ok {
            let remedy = "leave it out: files remove nobody";
            faults.push(ConfigFault::new("delete_history_ok", "is set, but the driver is files", remedy));
        }
        match &self.files {
            None => faults.push(ConfigFault::new("files", "is missing", "write the section with the folders")),
            Some(files) => faults.extend(files.faults().into_iter().map(|found| {
                let remedy = "compare it with the screens of Astrow's imports and exports";
                ConfigFault::new("files", format!("{}: {}", found.setting, found.reason), remedy)
            })),
        }
        faults
    }
}

/// Plain HTTP to another machine.
fn is_open(url: &str) -> bool {
    let Ok(url) = url::Url::parse(url) else { return false };
    let here = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "http" && !here
}

fn seconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value).unwrap_or(Duration::from_secs(30))
}

const fn default_connect_seconds() -> f64 {
    10.0
}

const fn default_call_seconds() -> f64 {
    30.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<AstrowConfig, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn a_short_section_equals_the_defaults() {
        let config = read(r#"{"url":"https://astrow.example","user":"u","password":"env:P"}"#).unwrap();
        assert_eq!(config, AstrowConfig::rest("https://astrow.example", "u", "env:P"));
        assert!(config.faults().is_empty(), "{:?}", config.faults());
        assert!(config.client(SecretString::from("p".to_owned())).is_ok());
        let missing: Vec<_> = config.creation_faults().into_iter().map(|fault| fault.setting).collect();
        assert_eq!(missing, ["default_cycle", "default_paygroup"]);
    }

    #[test]
    fn a_program_signs_in_by_its_own_name_which_is_no_setting() {
        let config = AstrowConfig::rest("https://astrow.example", "u", "env:P");
        let named = config.clone().with(|config| config.client_name = Some("astrow-pac/1.0".to_owned()));
        let name =
            |config: &AstrowConfig| config.client(SecretString::from("p".to_owned())).unwrap().client_name().to_owned();
        assert_eq!(name(&named), "astrow-pac/1.0");
        assert!(name(&config).starts_with("astrow-client/"));
        assert!(read(r#"{"url":"https://astrow.example","client_name":"x"}"#).is_err());
    }

    #[test]
    fn each_fault_names_its_setting() {
        let config = read(
            r#"{"url":"http://astrow.example","trust":{"pinned_sha256":["zz"]},"call_seconds":0,
                "free_fields":{"21":"telephone","3":"telephone","4":"last_name"}}"#,
        )
        .unwrap();
        let settings: Vec<_> = config.faults().into_iter().map(|fault| fault.setting).collect();
        let free = "free_fields";
        assert_eq!(settings, ["url", "user", "password", "trust", "call_seconds", free, free, free]);
        assert!(read(r#"{"urll":"x"}"#).is_err());
    }

    #[test]
    fn settings_of_the_other_driver_are_faults() {
        let config = read(r#"{"driver":"files","url":"https://astrow.example","delete_history_ok":true}"#).unwrap();
        let settings: Vec<_> = config.faults().into_iter().map(|fault| fault.setting).collect();
        assert_eq!(settings, ["url", "delete_history_ok", "files"]);
        let files = r#"{"driver":"files","files":{"time_zone":"Brussels","bookings_in":{"folder":"x/in","date_format":"dd/MM/yy"}}}"#;
        let reasons: Vec<_> = read(files).unwrap().faults().into_iter().map(|fault| fault.reason).collect();
        assert_eq!(reasons.len(), 2, "{reasons:?}");
        assert!(
            reasons[0].starts_with("time_zone") && reasons[1].starts_with("bookings_in.date_format"),
            "{reasons:?}"
        );
    }
}
