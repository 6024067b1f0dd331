//! The client and how it is built.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use connector_http::{Error, ErrorKind, HttpClient, HttpClientBuilder, Operation, Pace, SendOptions, Timeouts, Trust};
use secrecy::SecretString;
use url::{Host, Url};

use super::bookings::Bookings;
use super::changes::Changes;
use super::definitions::DefinitionsOfPac;
use super::employees::Employees;
use super::info::{GetInfo, GetLookups};
use super::roll_call::RollCalls;
use super::session::RestSession;
use super::sign_in::{EndSession, SignIn};
use super::terminals::Terminals;
use crate::model::{AstrowError, AstrowInfo, Lookups};

/// A client for one server that speaks `bridge-rest v1`, this project's own interface.
///
/// Cheap to clone; clones share connections, session and pace. It starts no tasks of its own.
#[derive(Clone)]
pub struct AstrowClient {
    inner: Arc<Inner>,
    options: SendOptions,
}

struct Inner {
    http: HttpClient,
    sign_in: Arc<SignIn>,
    patience: Duration,
}

impl AstrowClient {
    /// Begins a client for Astrow at an address such as `https://astrow.example`; the path of the interface is added.
    pub fn builder(url: impl AsRef<str>) -> AstrowClientBuilder {
        AstrowClientBuilder::new(url.as_ref())
    }

    /// The employees.
    pub fn employees(&self) -> Employees {
        Employees(self.clone())
    }

    /// What changed.
    pub fn changes(&self) -> Changes {
        Changes(self.clone())
    }

    /// What PAC defines, and what Astrow adds to it.
    pub fn definitions(&self) -> DefinitionsOfPac {
        DefinitionsOfPac(self.clone())
    }

    /// The bookings.
    pub fn bookings(&self) -> Bookings {
        Bookings(self.clone())
    }

    /// The terminal view: events, commands, sign of life.
    pub fn terminals(&self) -> Terminals {
        Terminals(self.clone())
    }

    /// Roll calls.
    pub fn roll_calls(&self) -> RollCalls {
        RollCalls(self.clone())
    }

    /// What Astrow says of itself.
    ///
    /// # Errors
    /// As any read.
    pub async fn info(&self) -> Result<AstrowInfo, AstrowError> {
        self.send(&GetInfo {}).await
    }

    /// The codes that Astrow knows.
    ///
    /// # Errors
    /// As any read.
    pub async fn lookups(&self) -> Result<Lookups, AstrowError> {
        self.send(&GetLookups {}).await
    }

    /// Signs in and reads what Astrow says of itself: wrong password, missing permission and missing licence are told apart.
    ///
    /// # Errors
    /// `SignInRefused`, `PermissionMissing`; else as any read. Licences that are missing stand in the answer.
    pub async fn check(&self) -> Result<AstrowInfo, AstrowError> {
        self.inner.http.sign_in().await?;
        self.info().await
    }

    /// Signs in, and offers this client as an [`AstrowSession`](crate::AstrowSession).
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub async fn connect(&self) -> Result<RestSession, AstrowError> {
        Ok(RestSession::new(self.clone(), self.check().await?))
    }

    /// Gives the session back, if there is one; the next call begins another.
    ///
    /// # Errors
    /// As any write. The session ends by itself after half an hour without a call.
    pub async fn close(&self) -> Result<(), AstrowError> {
        if self.inner.sign_in.take_open() { self.send(&EndSession {}).await } else { Ok(()) }
    }

    /// The same client with another time limit for each call, waiting for a session included; waiting at the server is added.
    pub fn with_deadline(&self, deadline: Duration) -> Self {
        let options = SendOptions { deadline: Some(deadline), ..self.options };
        Self { inner: Arc::clone(&self.inner), options }
    }

    /// The same client without repeating anything, for callers who do that themselves.
    pub fn without_retry(&self) -> Self {
        let options = SendOptions { retry: false, ..self.options };
        Self { inner: Arc::clone(&self.inner), options }
    }

    /// Sends any operation of this crate.
    ///
    /// # Errors
    /// As the operation says.
    pub async fn send<O: Operation>(&self, operation: &O) -> Result<O::Output, AstrowError> {
        Ok(self.inner.http.send_with(operation, self.options).await?)
    }

    /// Sends an operation that the server may keep waiting.
    pub(crate) async fn send_waiting<O: Operation>(&self, op: &O, wait: Duration) -> Result<O::Output, AstrowError> {
        let patience = self.options.deadline.unwrap_or(self.inner.patience);
        let options = SendOptions { deadline: Some(patience.saturating_add(wait)), ..self.options };
        Ok(self.inner.http.send_with(op, options).await?)
    }

    /// The name by which Astrow knows this client; its changes carry it as `api:<name>`.
    pub fn client_name(&self) -> &str {
        self.inner.sign_in.client()
    }

    /// The address of the interface.
    pub fn base(&self) -> &Url {
        self.inner.http.base()
    }

    /// Which certificate of the server is trusted.
    pub fn trust(&self) -> &Trust {
        self.inner.http.trust()
    }

    /// How many requests went out so far, sign-ins and repeats included.
    pub fn request_count(&self) -> u64 {
        self.inner.http.request_count()
    }

    /// What the server's clock shows now, as its latest answers tell it: see [`HttpClient::server_time`].
    pub fn server_time(&self) -> Option<DateTime<Utc>> {
        self.inner.http.server_time()
    }

    /// How far the server's clock is ahead of this machine's: see [`HttpClient::clock_difference`].
    pub fn clock_difference(&self) -> Option<TimeDelta> {
        self.inner.http.clock_difference()
    }
}

impl fmt::Debug for AstrowClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AstrowClient").field("server", &self.inner.http.label()).finish_non_exhaustive()
    }
}

/// Settings of an [`AstrowClient`].
#[must_use = "`build` makes the client"]
pub struct AstrowClientBuilder {
    url: String,
    login: Option<(String, SecretString)>,
    client: String,
    timeouts: Timeouts,
    http: HttpClientBuilder,
}

impl AstrowClientBuilder {
    fn new(url: &str) -> Self {
        let url = url.trim().to_owned();
        let http = HttpClient::builder(&format!("{}/{PATH}", url.trim_end_matches('/')))
            .user_agent(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
            .pace(Pace { requests_per_second: 20.0, ..Pace::default() });
        let client = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")).to_owned();
        Self { url, login: None, client, timeouts: default_timeouts(), http }
    }

    /// The user of Astrow, who needs the permission *Allow API to connect to Astrow*, and the password.
    pub fn login(mut self, user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        self.login = Some((user.into(), password.into()));
        self
    }

    /// The name by which Astrow knows this client, such as `astrow-pac-bridge/0.1.0`.
    pub fn client_name(mut self, name: impl Into<String>) -> Self {
        self.client = name.into();
        self
    }

    /// How long anything may take: 10 seconds to connect, 30 for a call that does not wait at the server.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    connector_http::client_settings! {
        trust: "Which certificate of the server to trust.",
        retry: "How often a failed read is repeated. Writes are not repeated whatever is set here.",
        pace: "How fast calls may follow each other: 20 a second.",
        label: "The name of this server in logs.",
    }

    /// Makes the client. Everything is checked here, nothing is sent.
    ///
    /// # Errors
    /// `Config` if the address, the login or the trust is not usable.
    pub fn build(self) -> Result<AstrowClient, AstrowError> {
        let missing = || Error::new(ErrorKind::Config, "no user with a password is set");
        let (user, password) = self.login.ok_or_else(missing)?;
        refuse_plain_text(&self.url)?;
        let sign_in = Arc::new(SignIn::new(user, password, self.client));
        let patience = self.timeouts.whole;
        let read = if self.timeouts.read.is_zero() { Duration::ZERO } else { self.timeouts.read.max(LONGEST_SILENCE) };
        let timeouts = Timeouts { read, ..self.timeouts };
        let http = self.http.timeouts(timeouts).tokens(sign_in.clone()).build()?;
        let inner = Inner { http, sign_in, patience };
        Ok(AstrowClient { inner: Arc::new(inner), options: SendOptions::default() })
    }
}

impl fmt::Debug for AstrowClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AstrowClientBuilder").field("client", &self.client).finish_non_exhaustive()
    }
}

/// A password goes over plain HTTP on this machine only.
fn refuse_plain_text(url: &str) -> Result<(), Error> {
    let Ok(url) = Url::parse(url) else { return Ok(()) };
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => true,
    };
    if url.scheme() != "http" || here {
        return Ok(());
    }
    let text = "the address must begin with https://; plain HTTP is only for a server on this machine";
    Err(Error::new(ErrorKind::Config, text))
}

fn default_timeouts() -> Timeouts {
    Timeouts { whole: Duration::from_secs(30), ..Timeouts::default() }
}

/// The longest time that the server may keep a call waiting.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(25);
const LONGEST_SILENCE: Duration = Duration::from_secs(40);
const PATH: &str = "api/pac-bridge/v1";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AstrowErrorKind;

    fn build(url: &str) -> Result<AstrowClient, AstrowError> {
        AstrowClient::builder(url).login("pac.bridge", "x").build()
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for url in ["http://127.0.0.1:8080", "http://localhost/astrow", "http://[::1]:80"] {
            assert!(build(url).is_ok(), "{url}");
        }
        for url in ["http://astrow.example", "http://10.0.0.7", "http://localhost.example"] {
            let error = build(url).unwrap_err();
            assert_eq!(error.kind(), AstrowErrorKind::Config);
            assert!(error.message().contains("https://"), "{error}");
        }
    }

    #[test]
    fn the_path_of_the_interface_follows_whatever_path_there_is() {
        for (url, path) in [
            ("http://localhost", "/api/pac-bridge/v1"),
            ("http://localhost/", "/api/pac-bridge/v1"),
            ("http://localhost/astrow/", "/astrow/api/pac-bridge/v1"),
        ] {
            assert_eq!(build(url).unwrap().base().path(), path);
        }
    }

    #[test]
    fn wrong_settings_are_told_and_secrets_are_not() {
        assert_eq!(build("astrow.example").unwrap_err().kind(), AstrowErrorKind::Config);
        let error = AstrowClient::builder("http://localhost").build().unwrap_err();
        assert!(error.message().contains("no user"), "{error}");
        let shown = format!("{:?}", AstrowClient::builder("http://localhost").login("u", "hunter2"));
        assert!(!shown.contains("hunter2"));
    }
}
