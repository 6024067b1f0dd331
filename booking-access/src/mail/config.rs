//! What the operator decides about mail.

use std::path::PathBuf;

use connector_http::TrustConfig;
use lettre::Address;
use lettre::message::Mailbox;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bounces::BouncesConfig;
use super::dates::Language;
use super::stationery::template_faults;
use super::template::plain;
use crate::Fault;

/// The mail server, the letters to bookers, and who hears of malfunctions.
///
/// Passwords and tokens stand in it as references such as `env:SMTP_PASSWORD`; whoever reads the file resolves them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the file")]
pub struct MailConfig {
    /// Mail is sent at all.
    pub enabled: bool,
    /// What carries the letters.
    pub carrier: Carrier,
    /// The mail server.
    pub server: String,
    /// Its port: 25, 465 or 587.
    pub port: u16,
    /// How the connection is protected; by default what belongs to the port.
    pub tls: Option<TlsMode>,
    /// Whose certificate is believed.
    pub trust: TrustConfig,
    /// Name for signing on at the mail server; none = no signing on.
    pub user: Option<String>,
    /// Where the password is, or with `xoauth2` the access token: `env:NAME` or `file:PATH`.
    pub password: Option<String>,
    /// How to sign on.
    pub auth: AuthMode,
    /// With `xoauth2`: where access tokens come from, instead of `password`.
    pub token_endpoint: Option<TokenEndpoint>,
    /// Bookers get letters.
    pub notifications: bool,
    /// Who the letters are from: `address` or `name <address>`.
    pub sender: String,
    /// Where undeliverable letters go back to; by default to the sender.
    pub envelope_sender: Option<String>,
    /// The mailbox that undeliverable letters go back to; none = nobody reads it here.
    pub bounces: Option<BouncesConfig>,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<String>,
    /// Subject of the letters.
    pub subject: String,
    /// File with the plain text of the letters; by default a built-in one.
    pub text_template: Option<PathBuf>,
    /// File with the HTML of the letters; by default a built-in one.
    pub html_template: Option<PathBuf>,
    /// Language of the letters.
    pub language: Language,
    /// Name of the site, for `#SITE_NAME#`.
    pub site_name: String,
    /// Whom to ask, for `#CONTACT#`.
    pub contact: String,
    /// What happens with personal data, or a link to it, for `#PRIVACY#`.
    pub privacy: String,
    /// A letter this many hours before a booking begins; 0 = none.
    pub reminder_hours: u32,
    /// Bookers are told that a booking was called off.
    pub cancellations: bool,
    /// The code is not told earlier than this many hours before a booking begins; 0 = at once.
    pub withhold_code_hours: u32,
    /// The bookings come with the letter as a calendar file.
    pub calendar: bool,
    /// Letters per minute, at most.
    pub rate_per_minute: u32,
    /// Seconds in which several changes become one letter.
    pub gather_seconds: u32,
    /// Who hears of malfunctions: addresses with `;` between them.
    pub fault_recipients: String,
    /// Stands before the subject of letters about malfunctions.
    pub fault_prefix: String,
}

/// What carries letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Carrier {
    /// A mail server; `server` and what follows it say which.
    #[default]
    Smtp,
    /// Microsoft Graph, from the mailbox of `sender`; the application is named elsewhere, and no mail server is needed.
    Graph,
}

/// How the connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TlsMode {
    /// Not at all.
    None,
    /// By STARTTLS if the server offers it, else not at all. Never signs on without.
    Opportunistic,
    /// By STARTTLS, or nothing is sent.
    Starttls,
    /// From the first byte.
    Implicit,
}

/// How to sign on at a mail server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuthMode {
    /// Name and password in one, or in two steps where the server offers only that.
    #[default]
    Plain,
    /// Name and password in two steps.
    Login,
    /// With an OAuth 2 access token.
    Xoauth2,
}

/// Where access tokens come from: an application's own credentials are exchanged for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenEndpoint {
    /// Address of the endpoint.
    pub url: String,
    /// Id of the application.
    pub client_id: String,
    /// Where its secret is: `env:NAME` or `file:PATH`.
    pub client_secret: String,
    /// What the token is for.
    pub scope: String,
}

impl Default for MailConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            carrier: Carrier::default(),
            server: String::new(),
            port: 587,
            tls: None,
            trust: TrustConfig::default(),
            user: None,
            password: None,
            auth: AuthMode::default(),
            token_endpoint: None,
            notifications: true,
            sender: String::new(),
            envelope_sender: None,
            bounces: None,
            reply_to: None,
            subject: "Access to the resource you booked".to_owned(),
            text_template: None,
            html_template: None,
            language: Language::default(),
            site_name: String::new(),
            contact: String::new(),
            privacy: String::new(),
            reminder_hours: 0,
            cancellations: false,
            withhold_code_hours: 0,
            calendar: false,
            rate_per_minute: 30,
            gather_seconds: 120,
            fault_recipients: String::new(),
            fault_prefix: String::new(),
        }
    }
}

impl MailConfig {
    /// How the connection is protected.
    pub fn tls_mode(&self) -> TlsMode {
        self.tls.unwrap_or(match self.port {
            465 => TlsMode::Implicit,
            25 => TlsMode::Opportunistic,
            _ => TlsMode::Starttls,
        })
    }

    /// Everything that cannot work or deserves a second look. Template files are read, nothing is sent.
    pub fn faults(&self) -> Vec<Fault> {
        if !self.enabled {
            let why = "is off: nobody is told their code, and nobody hears of malfunctions";
            return vec![fault("enabled", why, true)];
        }
        let mut faults = match self.carrier {
            Carrier::Smtp => [self.connection_faults(), self.sign_on_faults()].concat(),
            Carrier::Graph => self.graph_faults(),
        };
        faults.extend(self.address_faults());
        faults.extend(self.letter_faults());
        faults.extend(self.bounces.iter().flat_map(BouncesConfig::faults));
        faults
    }

    fn connection_faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if plain(&self.server) != self.server || self.server.is_empty() || self.server.contains([' ', '/', ':', '@']) {
            faults.push(fault("server", "is no host name", false));
        }
        match (self.port, self.tls_mode()) {
            (465, TlsMode::Implicit) | (587, TlsMode::Starttls) => {}
            (465, _) => faults.push(fault("tls", "is `implicit` at port 465", false)),
            (587, _) => faults.push(fault("tls", "is `starttls` at port 587", false)),
            (_, TlsMode::None) => faults.push(fault("tls", "is off: codes travel in the clear", true)),
            (_, TlsMode::Opportunistic) => {
                faults.push(fault("tls", "is not required: codes may travel in the clear", true));
            }
            _ => {}
        }
        if ![25, 465, 587].contains(&self.port) {
            faults.push(fault("port", "is none of 25, 465 and 587", true));
        }
        if let Err(error) = self.trust.load() {
            faults.push(fault("trust", error.message(), false));
        }
        faults
    }

    /// Settings of a mail server that would be silently without effect.
    fn graph_faults(&self) -> Vec<Fault> {
        let set = [
            ("server", !self.server.is_empty()),
            ("user", self.user.is_some()),
            ("password", self.password.is_some()),
            ("token_endpoint", self.token_endpoint.is_some()),
            ("envelope_sender", self.envelope_sender.is_some()),
        ];
        let of_no_use = set.into_iter().filter(|(_, set)| *set);
        of_no_use.map(|(at, _)| fault(at, "is of no use with carrier = \"graph\"", false)).collect()
    }

    /// Address of the mailbox that letters are sent from; `None` where the sender is none.
    pub fn mailbox_address(&self) -> Option<String> {
        self.sender().ok().map(|mailbox| mailbox.email.to_string())
    }

    fn sign_on_faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let secret = self.password.is_some() || (self.auth == AuthMode::Xoauth2 && self.token_endpoint.is_some());
        match (&self.user, self.tls_mode()) {
            (Some(_), TlsMode::None) => faults.push(fault("user", "signs on inside TLS only, which is off", false)),
            (Some(_), TlsMode::Opportunistic) => {
                faults.push(fault("user", "signs on inside TLS only: set tls to `starttls`", true));
            }
            (None, _) if secret => faults.push(fault("password", "is of no use without `user`", false)),
            _ => {}
        }
        if self.user.is_some() && !secret {
            faults.push(fault("password", "is missing", false));
        }
        if self.token_endpoint.is_some() && self.auth != AuthMode::Xoauth2 {
            faults.push(fault("token_endpoint", "is of no use but with auth = \"xoauth2\"", false));
        }
        if self.token_endpoint.as_ref().is_some_and(|endpoint| !endpoint.url.starts_with("https://")) {
            faults.push(fault("token_endpoint.url", "is no https address", false));
        }
        faults
    }

    fn address_faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.notifications || !self.fault_recipients.trim().is_empty() {
            faults.extend(self.sender().err().map(|why| fault("sender", why, false)));
        }
        faults.extend(self.return_path().err().map(|why| fault("envelope_sender", why, false)));
        faults.extend(self.reply_to().err().map(|why| fault("reply_to", why, false)));
        match self.fault_recipients() {
            Err(why) => faults.push(fault("fault_recipients", &why, false)),
            Ok(none) if none.is_empty() => {
                faults.push(fault("fault_recipients", "names nobody, so that nobody hears of malfunctions", true));
            }
            Ok(_) => {}
        }
        faults
    }

    fn letter_faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.rate_per_minute == 0 {
            faults.push(fault("rate_per_minute", "is at least 1", false));
        }
        if self.gather_seconds > 3_600 {
            faults.push(fault("gather_seconds", "is at most an hour", false));
        }
        if self.notifications {
            faults.extend(template_faults(self));
        }
        faults
    }

    pub(super) fn sender(&self) -> Result<Mailbox, &'static str> {
        mailbox(&self.sender)
    }

    pub(super) fn return_path(&self) -> Result<Option<Address>, &'static str> {
        let Some(text) = &self.envelope_sender else { return Ok(None) };
        mailbox(text).map(|mailbox| Some(mailbox.email))
    }

    pub(super) fn reply_to(&self) -> Result<Option<Mailbox>, &'static str> {
        self.reply_to.as_deref().map(mailbox).transpose()
    }

    pub(super) fn fault_recipients(&self) -> Result<Vec<Mailbox>, String> {
        let parts = self.fault_recipients.split(';').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| mailbox(part).map_err(|why| format!("{part:?} {why}"))).collect()
    }
}

/// `address` or `name <address>`.
pub(super) fn mailbox(text: &str) -> Result<Mailbox, &'static str> {
    let wrong = "is no mail address";
    if text.contains(char::is_control) {
        return Err(wrong);
    }
    let (name, address) = match text.trim().strip_suffix('>').map(|text| text.rsplit_once('<')) {
        Some(Some((name, address))) => (plain(name.trim().trim_matches('"')), address),
        Some(None) => return Err(wrong),
        None => (String::new(), text),
    };
    let address = address.trim().parse().map_err(|_| wrong)?;
    Ok(Mailbox::new((!name.is_empty()).then_some(name), address))
}

pub(super) fn fault(at: &str, why: &str, warning: bool) -> Fault {
    Fault { at: at.to_owned(), why: why.to_owned(), warning }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> MailConfig {
        MailConfig {
            enabled: true,
            server: "mail.example".to_owned(),
            sender: "Front desk <desk@example.org>".to_owned(),
            fault_recipients: "it@example.org; caretaker@example.org".to_owned(),
            ..MailConfig::default()
        }
    }

    fn at(config: &MailConfig) -> Vec<(String, bool)> {
        config.faults().into_iter().map(|fault| (fault.at, fault.warning)).collect()
    }

    fn one(name: &str, warning: bool) -> Vec<(String, bool)> {
        vec![(name.to_owned(), warning)]
    }

    #[test]
    fn an_empty_section_is_the_manual_s_and_warns_that_mail_is_off() {
        let config: MailConfig = serde_json::from_str("{}").unwrap();
        assert_eq!((config.subject.as_str(), config.notifications), ("Access to the resource you booked", true));
        assert_eq!((config.rate_per_minute, config.gather_seconds), (30, 120));
        assert!(!config.cancellations && config.reminder_hours == 0 && config.withhold_code_hours == 0);
        assert_eq!(at(&config), one("enabled", true));
        assert!(serde_json::from_str::<MailConfig>(r#"{"smtp":"x"}"#).is_err());
    }

    #[test]
    fn a_usual_section_has_no_fault() {
        assert_eq!(at(&good()), []);
        let signed_on = MailConfig { user: Some("u".into()), password: Some("env:P".into()), ..good() };
        assert_eq!(at(&signed_on), []);
        assert_eq!(signed_on.fault_recipients().unwrap().len(), 2);
    }

    #[test]
    fn every_port_has_its_protection() {
        let mode = |port| MailConfig { port, ..good() }.tls_mode();
        assert_eq!([mode(25), mode(465), mode(587)], [TlsMode::Opportunistic, TlsMode::Implicit, TlsMode::Starttls]);
        for (port, tls) in
            [(587, TlsMode::Opportunistic), (587, TlsMode::None), (465, TlsMode::Starttls), (587, TlsMode::Implicit)]
        {
            assert_eq!(at(&MailConfig { port, tls: Some(tls), ..good() }), one("tls", false));
        }
        assert_eq!(at(&MailConfig { port: 25, ..good() }), one("tls", true));
        assert_eq!(at(&MailConfig { port: 25, tls: Some(TlsMode::Starttls), ..good() }), []);
        assert_eq!(at(&MailConfig { port: 2525, ..good() }), one("port", true));
    }

    #[test]
    fn nobody_signs_on_in_the_clear() {
        let user = MailConfig { port: 25, user: Some("u".into()), password: Some("env:P".into()), ..good() };
        assert!(at(&MailConfig { tls: Some(TlsMode::None), ..user.clone() }).contains(&("user".to_owned(), false)));
        assert!(at(&user).contains(&("user".to_owned(), true)));
        assert_eq!(at(&MailConfig { user: None, port: 587, ..user.clone() }), one("password", false));
        assert_eq!(at(&MailConfig { password: None, port: 587, ..user }), one("password", false));
    }

    #[test]
    fn with_graph_no_mail_server_is_needed_and_none_may_be_named() {
        let graph = MailConfig { carrier: Carrier::Graph, server: String::new(), ..good() };
        assert_eq!(at(&graph), []);
        assert_eq!(graph.mailbox_address().as_deref(), Some("desk@example.org"));
        assert_eq!(at(&MailConfig { server: "mail.example".to_owned(), ..graph }), one("server", false));
    }

    #[test]
    fn addresses_are_checked() {
        for sender in ["", "desk", "Desk <desk@>", "desk@example.org>", "a@example.org\r\nBcc: b@example.org", "<>"] {
            assert_eq!(at(&MailConfig { sender: sender.to_owned(), ..good() }), one("sender", false), "{sender:?}");
        }
        for sender in
            ["desk@example.org", "<desk@example.org>", "\"Desk, 1st floor\" <desk@example.org>", "Zoë <z@example.org>"]
        {
            assert_eq!(at(&MailConfig { sender: sender.to_owned(), ..good() }), [], "{sender:?}");
        }
        let recipients = |text: &str| at(&MailConfig { fault_recipients: text.to_owned(), ..good() });
        assert_eq!(recipients("a@example.org, b@example.org"), one("fault_recipients", false));
        assert_eq!(recipients(" ; "), one("fault_recipients", true));
        assert_eq!(recipients("a@example.org;"), []);
        assert_eq!(at(&MailConfig { reply_to: Some("x".into()), ..good() }), one("reply_to", false));
        assert_eq!(at(&MailConfig { envelope_sender: Some("x".into()), ..good() }), one("envelope_sender", false));
    }

    #[test]
    fn trust_is_read_and_pins_are_checked() {
        let pin = TrustConfig::PinnedSha256(vec!["ab".to_owned()]);
        assert_eq!(at(&MailConfig { trust: pin, ..good() }), one("trust", false));
        let root = TrustConfig::ExtraRoot("no such file".into());
        assert_eq!(at(&MailConfig { trust: root, ..good() }), one("trust", false));
        assert!(TrustConfig::PinnedSha256(vec!["00".repeat(32)]).load().is_ok());
    }
}
