//! The section `[timeware.sqlserver]`: where the database is and how to sign in.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The section `[timeware.sqlserver]`: where the database is and how to sign in.
///
/// The password stands in it as a reference such as `env:TIMEWARE_PASSWORD`; whoever reads the file resolves it and
/// hands it over when the store is opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SqlServerConfig {
    /// Name or address of the server.
    pub host: String,
    /// Named instance; found through the SQL Server Browser. Not beside `port`.
    pub instance: Option<String>,
    /// Port; 1433 where neither instance nor port is given.
    pub port: Option<u16>,
    /// Name of the database.
    pub database: String,
    /// How to sign in.
    pub auth: SignIn,
    /// The login.
    pub user: String,
    /// Where its password is: `env:NAME` or `file:PATH`.
    pub password: String,
    /// What is encrypted on the wire.
    pub encrypt: Encrypt,
    /// A certificate authority (PEM or DER) to trust beside those of the system; empty = none.
    pub ca_file: String,
    /// Takes any certificate of the server; whoever sits between can then read everything.
    pub trust_server_certificate: bool,
    /// Seconds to connect and sign in.
    pub connect_timeout_s: u32,
    /// Seconds for one statement.
    pub command_timeout_s: u32,
    /// Seconds to wait for rows that others hold.
    pub lock_timeout_s: u32,
    /// Name under which the connection shows on the server.
    pub application_name: String,
}

impl Default for SqlServerConfig {
    fn default() -> Self {
        Self {
            host: String::new(),
            instance: None,
            port: None,
            database: "timeware_main_6".to_owned(),
            auth: SignIn::Sql,
            user: String::new(),
            password: String::new(),
            encrypt: Encrypt::Required,
            ca_file: String::new(),
            trust_server_certificate: false,
            connect_timeout_s: 15,
            command_timeout_s: 30,
            lock_timeout_s: 10,
            application_name: "timeware-model".to_owned(),
        }
    }
}

/// How to sign in to SQL Server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SignIn {
    /// A login of SQL Server with its password.
    Sql,
    /// The Windows account; not part of this build.
    Windows,
}

/// What is encrypted on the wire to SQL Server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Encrypt {
    /// Everything, with the server's certificate verified.
    Required,
    /// The sign-in only; everything else can be read on the way.
    LoginOnly,
    /// Nothing; on this machine only.
    Off,
}

impl SqlServerConfig {
    /// Server and database as a person would name them.
    pub fn target(&self) -> String {
        let place = match (&self.instance, self.port) {
            (Some(instance), _) => format!("{}\\{instance}", self.host),
            (None, Some(port)) => format!("{}:{port}", self.host),
            (None, None) => self.host.clone(),
        };
        format!("{} on {place}", self.database)
    }

    /// Longest time to connect and sign in.
    pub fn connect_timeout(&self) -> Duration {
        Duration::from_secs(self.connect_timeout_s.into())
    }

    /// Longest time for one statement.
    pub fn command_timeout(&self) -> Duration {
        Duration::from_secs(self.command_timeout_s.into())
    }

    /// Longest time to wait for rows that others hold.
    pub fn lock_timeout(&self) -> Duration {
        Duration::from_secs(self.lock_timeout_s.into())
    }

    /// Checks everything that needs no network.
    pub(crate) fn check(&self) -> Result<()> {
        self.check_place()?;
        self.check_sign_in()?;
        self.check_encryption()?;
        self.check_times()
    }

    fn check_place(&self) -> Result<()> {
        if self.host.trim().is_empty() {
            let remedy = "write the name of the machine that SQL Server runs on";
            return Err(fault("host", "no server is named", remedy));
        }
        if self.host.contains(['\\', ':', ',', '/']) && self.host.parse::<IpAddr>().is_err() {
            let remedy = "write the name alone, and instance or port under their own keys";
            return Err(fault("host", "is more than a name", remedy));
        }
        if self.instance.is_some() && self.port.is_some() {
            return Err(fault("instance", "an instance and a port are both given", "keep one of both"));
        }
        if self.instance.as_deref().is_some_and(|name| name.trim().is_empty()) || self.port == Some(0) {
            return Err(fault("instance", "is empty", "leave it out, or name the instance"));
        }
        if self.database.trim().is_empty() {
            return Err(fault("database", "no database is named", "write its name, such as \"timeware_main_6\""));
        }
        Ok(())
    }

    fn check_sign_in(&self) -> Result<()> {
        if self.auth == SignIn::Windows {
            let remedy = "use auth = \"sql\" with a login made for this program";
            return Err(fault("auth", "signing in with a Windows account is not on this platform", remedy));
        }
        if self.user.trim().is_empty() {
            return Err(fault("user", "no login is named", "write the name of the login made for this program"));
        }
        let reference = ["env:", "file:"].iter().any(|prefix| self.password.strip_prefix(prefix).is_some_and(named));
        if !reference {
            let remedy = "write \"env:NAME\" or \"file:PATH\"";
            return Err(fault("password", "says not where the password is; the text itself never stands here", remedy));
        }
        Ok(())
    }

    fn check_encryption(&self) -> Result<()> {
        if self.encrypt == Encrypt::Off && !is_loopback(&self.host) {
            let remedy = "use \"required\", or at least \"login-only\"";
            return Err(fault("encrypt", "off is for a server on this machine only", remedy));
        }
        if self.trust_server_certificate && !self.ca_file.is_empty() {
            let remedy = "keep ca_file and drop trust_server_certificate";
            return Err(fault("trust_server_certificate", "makes ca_file pointless", remedy));
        }
        Ok(())
    }

    fn check_times(&self) -> Result<()> {
        let times = [
            ("connect_timeout_s", self.connect_timeout_s),
            ("command_timeout_s", self.command_timeout_s),
            ("lock_timeout_s", self.lock_timeout_s),
        ];
        match times.iter().find(|(_, seconds)| !(1..=3_600).contains(seconds)) {
            Some((name, _)) => Err(fault(name, "is outside 1 to 3600 seconds", "use 15")),
            None if self.lock_timeout_s >= self.command_timeout_s => {
                let remedy = "use less than command_timeout_s";
                Err(fault("lock_timeout_s", "would never end before command_timeout_s", remedy))
            }
            None => Ok(()),
        }
    }
}

fn named(text: &str) -> bool {
    !text.trim().is_empty()
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn fault(key: &str, reason: &str, remedy: &str) -> Error {
    Error::config(format!("timeware.sqlserver.{key}"), reason, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "host = \"sql01\"\nuser = \"bridge\"\npassword = \"env:X\"\n";

    fn config(text: &str) -> SqlServerConfig {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn each_fault_names_its_setting() {
        assert_eq!(config(SOUND).check().map_err(|error| error.to_string()), Ok(()));
        for (text, field) in [
            ("user = \"x\"", "host"),
            ("host = \"sql01\\\\TIMEWARE\"", "host"),
            ("host = \"sql01\"\ninstance = \"A\"\nport = 1433", "instance"),
            ("host = \"sql01\"\ndatabase = \" \"", "database"),
            ("host = \"sql01\"\nauth = \"windows\"", "auth"),
            ("host = \"sql01\"", "user"),
            ("host = \"sql01\"\nuser = \"x\"\npassword = \"hunter2\"", "password"),
            ("host = \"sql01\"\nuser = \"x\"\npassword = \"env:\"", "password"),
        ] {
            let error = config(text).check().unwrap_err();
            assert_eq!(error.field(), Some(format!("timeware.sqlserver.{field}").as_str()), "{text}");
            assert!(error.remedy().is_some() && !error.to_string().contains("hunter2"));
        }
        for (more, field) in [
            ("encrypt = \"off\"", "encrypt"),
            ("ca_file = \"a.pem\"\ntrust_server_certificate = true", "trust_server_certificate"),
            ("command_timeout_s = 0", "command_timeout_s"),
            ("lock_timeout_s = 30", "lock_timeout_s"),
        ] {
            let error = config(&format!("{SOUND}{more}")).check().unwrap_err();
            assert_eq!(error.field(), Some(format!("timeware.sqlserver.{field}").as_str()), "{more}");
        }
    }

    #[test]
    fn plain_text_is_for_this_machine_only() {
        for host in ["localhost", "127.0.0.1", "::1"] {
            let local = SqlServerConfig { host: host.to_owned(), encrypt: Encrypt::Off, ..config(SOUND) };
            assert!(local.check().is_ok(), "{host}");
        }
    }
}
