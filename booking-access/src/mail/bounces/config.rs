//! What the operator decides about the mailbox that undeliverable letters go back to.

use connector_http::TrustConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::config::{AuthMode, TokenEndpoint, fault};
use super::super::template::plain;
use crate::Fault;

/// Longest distance of two looks: later, a booking may be over before anybody hears.
const LONGEST_INTERVAL_MINUTES: u32 = 24 * 60;

/// The mailbox that undeliverable letters go back to, read by IMAP: that of `envelope_sender`, or of `sender` where there is
/// none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BouncesConfig {
    /// The IMAP server.
    pub server: String,
    /// Its port: 993 or 143.
    pub port: u16,
    /// How the connection is protected; by default what belongs to the port. Never without TLS.
    pub tls: Option<MailboxTls>,
    /// Whose certificate is believed.
    pub trust: TrustConfig,
    /// Name for signing on.
    pub user: String,
    /// Where the password is, or with `xoauth2` the access token: `env:NAME` or `file:PATH`.
    pub password: Option<String>,
    /// How to sign on.
    pub auth: AuthMode,
    /// With `xoauth2`: where access tokens come from, instead of `password`.
    pub token_endpoint: Option<TokenEndpoint>,
    /// The folder in which reports arrive.
    pub folder: String,
    /// Minutes between two looks.
    pub interval_minutes: u32,
    /// The folder that read reports are moved to; none = they stay, marked as read.
    pub move_to: Option<String>,
}

/// How the connection to a mailbox is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MailboxTls {
    /// By STARTTLS, or nothing is read.
    Starttls,
    /// From the first byte.
    Implicit,
}

impl Default for BouncesConfig {
    fn default() -> Self {
        Self {
            server: String::new(),
            port: 993,
            tls: None,
            trust: TrustConfig::default(),
            user: String::new(),
            password: None,
            auth: AuthMode::default(),
            token_endpoint: None,
            folder: "INBOX".to_owned(),
            interval_minutes: 5,
            move_to: None,
        }
    }
}

impl BouncesConfig {
    /// How the connection is protected.
    pub fn tls_mode(&self) -> MailboxTls {
        self.tls.unwrap_or(if self.port == 143 { MailboxTls::Starttls } else { MailboxTls::Implicit })
    }

    /// Everything that cannot work or deserves a second look, under `bounces`. Nothing is sent.
    pub(in super::super) fn faults(&self) -> Vec<Fault> {
        let mut faults = self.connection_faults();
        faults.extend(self.sign_on_faults());
        for (at, folder) in [("folder", Some(&self.folder)), ("move_to", self.move_to.as_ref())] {
            if folder.is_some_and(|folder| folder.is_empty() || !folder.chars().all(|c| matches!(c, ' '..='~'))) {
                faults.push(fault(at, "is no name of a folder as the server writes it: letters of ASCII", false));
            }
        }
        if self.move_to.as_ref() == Some(&self.folder) {
            faults.push(fault("move_to", "is the folder in which reports arrive", false));
        }
        if self.interval_minutes == 0 || self.interval_minutes > LONGEST_INTERVAL_MINUTES {
            faults.push(fault("interval_minutes", "is between a minute and a day", false));
        }
        faults.into_iter().map(|found| Fault { at: format!("bounces.{}", found.at), ..found }).collect()
    }

    fn connection_faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if plain(&self.server) != self.server || self.server.is_empty() || self.server.contains([' ', '/', ':', '@']) {
            faults.push(fault("server", "is no host name", false));
        }
        match (self.port, self.tls_mode()) {
            (993, MailboxTls::Starttls) => faults.push(fault("tls", "is `implicit` at port 993", false)),
            (143, MailboxTls::Implicit) => faults.push(fault("tls", "is `starttls` at port 143", false)),
            (993 | 143, _) => {}
            _ => faults.push(fault("port", "is neither 993 nor 143", true)),
        }
        if let Err(error) = self.trust.load() {
            faults.push(fault("trust", error.message(), false));
        }
        faults
    }

    fn sign_on_faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let by_token = self.auth == AuthMode::Xoauth2;
        if self.user.is_empty() || self.user.contains(char::is_control) {
            faults.push(fault("user", "is missing: a mailbox is read by its owner", false));
        }
        if self.password.is_none() && !(by_token && self.token_endpoint.is_some()) {
            faults.push(fault("password", "is missing", false));
        }
        if self.token_endpoint.is_some() && !by_token {
            faults.push(fault("token_endpoint", "is of no use but with auth = \"xoauth2\"", false));
        }
        if self.token_endpoint.as_ref().is_some_and(|endpoint| !endpoint.url.starts_with("https://")) {
            faults.push(fault("token_endpoint.url", "is no https address", false));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> BouncesConfig {
        BouncesConfig {
            server: "imap.example".to_owned(),
            user: "bounces@example.org".to_owned(),
            password: Some("env:P".to_owned()),
            ..BouncesConfig::default()
        }
    }

    fn at(config: &BouncesConfig) -> Vec<(String, bool)> {
        config.faults().into_iter().map(|fault| (fault.at, fault.warning)).collect()
    }

    fn one(name: &str, warning: bool) -> Vec<(String, bool)> {
        vec![(format!("bounces.{name}"), warning)]
    }

    #[test]
    fn a_usual_section_has_no_fault_and_looks_every_five_minutes_over_tls() {
        assert_eq!(at(&good()), []);
        let config: BouncesConfig = serde_json::from_str("{}").unwrap();
        assert_eq!((config.port, config.tls_mode()), (993, MailboxTls::Implicit));
        assert_eq!((config.folder.as_str(), config.interval_minutes, config.move_to), ("INBOX", 5, None));
        assert_eq!(BouncesConfig { port: 143, ..good() }.tls_mode(), MailboxTls::Starttls);
    }

    #[test]
    fn no_mode_is_without_tls() {
        for tls in ["none", "opportunistic"] {
            let written = format!(r#"{{"tls": "{tls}"}}"#);
            assert!(serde_json::from_str::<BouncesConfig>(&written).is_err(), "{tls}");
        }
    }

    #[test]
    fn faults_name_their_setting() {
        for (config, expected) in [
            (BouncesConfig { server: "imap.example:993".to_owned(), ..good() }, one("server", false)),
            (BouncesConfig { tls: Some(MailboxTls::Starttls), ..good() }, one("tls", false)),
            (BouncesConfig { port: 143, tls: Some(MailboxTls::Implicit), ..good() }, one("tls", false)),
            (BouncesConfig { port: 1993, ..good() }, one("port", true)),
            (BouncesConfig { user: String::new(), ..good() }, one("user", false)),
            (BouncesConfig { password: None, ..good() }, one("password", false)),
            (BouncesConfig { folder: "Rückläufer".to_owned(), ..good() }, one("folder", false)),
            (BouncesConfig { folder: "INBOX\r\nA1 LOGOUT".to_owned(), ..good() }, one("folder", false)),
            (BouncesConfig { move_to: Some("INBOX".to_owned()), ..good() }, one("move_to", false)),
            (BouncesConfig { interval_minutes: 0, ..good() }, one("interval_minutes", false)),
        ] {
            assert_eq!(at(&config), expected, "{config:?}");
        }
        let endpoint = |url: &str| TokenEndpoint {
            url: url.to_owned(),
            client_id: "app".to_owned(),
            client_secret: "env:S".to_owned(),
            scope: "x".to_owned(),
        };
        let token = BouncesConfig { auth: AuthMode::Xoauth2, password: None, ..good() };
        assert_eq!(at(&token), one("password", false));
        assert_eq!(at(&BouncesConfig { token_endpoint: Some(endpoint("https://t.example")), ..token.clone() }), []);
        let clear = BouncesConfig { token_endpoint: Some(endpoint("http://t.example")), ..token };
        assert_eq!(at(&clear), one("token_endpoint.url", false));
        let of_no_use = BouncesConfig { token_endpoint: Some(endpoint("https://t.example")), ..good() };
        assert_eq!(at(&of_no_use), one("token_endpoint", false));
    }
}
