//! The client and how it is built.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use connector_http::{Error, ErrorKind, HttpClient, HttpClientBuilder, Operation, Pace, SendOptions, Timeouts};
use secrecy::SecretString;

use crate::access_levels::AccessLevels;
use crate::areas::Areas;
use crate::auth::{MfaCodes, SignIn};
use crate::commands::Commands;
use crate::custom_query::CustomQuery;
use crate::departments::Departments;
use crate::door_groups::DoorGroups;
use crate::doors::{DoorHandle, Doors};
use crate::events::Events;
use crate::id::{DoorId, UserId};
use crate::io_boards::IoBoards;
use crate::operators::Operators;
use crate::roll_calls::RollCalls;
use crate::server::{Server, ServerInfo, ServerVersion};
use crate::timezones::Timezones;
use crate::tokens::TokenTypes;
use crate::users::{UserHandle, Users};

/// A client for one Net2 server.
///
/// Cheap to clone; clones share connections, sign-in and pace. It starts no tasks of its own.
#[derive(Clone)]
pub struct Net2Client {
    inner: Arc<Inner>,
    options: SendOptions,
}

struct Inner {
    http: HttpClient,
    sign_in: Arc<SignIn>,
    zone: Tz,
}

impl Net2Client {
    /// Begins a client for the server at an address such as `https://net2.example:8443`.
    pub fn builder(url: impl AsRef<str>) -> Net2ClientBuilder {
        Net2ClientBuilder::new(url.as_ref())
    }

    /// The users.
    pub fn users(&self) -> Users {
        Users(self.clone())
    }

    /// One user, with tokens, department, permissions and portrait.
    pub fn user(&self, id: UserId) -> UserHandle {
        UserHandle { client: self.clone(), id }
    }

    /// The departments.
    pub fn departments(&self) -> Departments {
        Departments(self.clone())
    }

    /// The access levels.
    pub fn access_levels(&self) -> AccessLevels {
        AccessLevels(self.clone())
    }

    /// The areas.
    pub fn areas(&self) -> Areas {
        Areas(self.clone())
    }

    /// The timezones.
    pub fn timezones(&self) -> Timezones {
        Timezones(self.clone())
    }

    /// The doors.
    pub fn doors(&self) -> Doors {
        Doors(self.clone())
    }

    /// One door.
    pub fn door(&self, id: DoorId) -> DoorHandle {
        DoorHandle { client: self.clone(), id }
    }

    /// The groups of doors.
    pub fn door_groups(&self) -> DoorGroups {
        DoorGroups(self.clone())
    }

    /// Orders that concern a person or the whole building.
    pub fn commands(&self) -> Commands {
        Commands(self.clone())
    }

    /// The event log.
    pub fn events(&self) -> Events {
        Events(self.clone())
    }

    /// The operators.
    pub fn operators(&self) -> Operators {
        Operators(self.clone())
    }

    /// The kinds of tokens.
    pub fn token_types(&self) -> TokenTypes {
        TokenTypes(self.clone())
    }

    /// The roll calls.
    pub fn roll_calls(&self) -> RollCalls {
        RollCalls(self.clone())
    }

    /// The input and output boards.
    pub fn io_boards(&self) -> IoBoards {
        IoBoards(self.clone())
    }

    /// The server itself.
    pub fn server(&self) -> Server {
        Server(self.clone())
    }

    /// Reading by SQL, where the operator is powerful enough for it.
    pub fn custom_query(&self) -> CustomQuery {
        CustomQuery(self.clone())
    }

    /// Live events.
    #[cfg(feature = "live")]
    pub fn live(&self) -> crate::live::Live {
        crate::live::Live::new(self.clone())
    }

    /// Signs in, makes sure that the server is not too old, and that the operator may read.
    ///
    /// # Errors
    /// `Auth`, `Config` or `MfaRequired` if the sign-in fails or the server is older than 6.02; `Permission` if the operator
    /// may not read doors.
    pub async fn check(&self) -> Result<ServerInfo, Error> {
        let version = self.server().require_version(&ServerVersion::oldest_supported()).await?;
        let product = self.server().product_type().await?;
        let doors = self.doors().list().await?.len();
        Ok(ServerInfo { version, product, doors })
    }

    /// Ends the session: the server forgets the refresh token.
    ///
    /// # Errors
    /// As any write: see [`ErrorKind`].
    pub async fn sign_out(&self) -> Result<(), Error> {
        self.inner.sign_in.sign_out(self).await
    }

    /// The same client with another time limit for each call, waiting for a token included.
    pub fn with_deadline(&self, deadline: Duration) -> Self {
        let options = SendOptions { deadline: Some(deadline), ..self.options };
        Self { inner: Arc::clone(&self.inner), options }
    }

    /// The same client without repeating anything that was sent, for callers who do that themselves.
    pub fn without_retry(&self) -> Self {
        let options = SendOptions { retry: false, ..self.options };
        Self { inner: Arc::clone(&self.inner), options }
    }

    /// Sends any operation of this crate.
    ///
    /// # Errors
    /// As the operation says.
    pub async fn send<O: Operation>(&self, operation: &O) -> Result<O::Output, Error> {
        self.inner.http.send_with(operation, self.options).await
    }

    /// As [`Net2Client::send`], with more time, for answers that may be large.
    pub(crate) async fn send_long<O: Operation>(&self, operation: &O) -> Result<O::Output, Error> {
        let options = SendOptions { deadline: self.options.deadline.or(Some(LONG)), ..self.options };
        self.inner.http.send_with(operation, options).await
    }

    /// The zone of the server, for times without an offset.
    pub fn time_zone(&self) -> Tz {
        self.inner.zone
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
    ///
    /// Net2 opens doors and dates events by its own clock.
    pub fn clock_difference(&self) -> Option<TimeDelta> {
        self.inner.http.clock_difference()
    }

    #[cfg(any(feature = "live", feature = "sync"))]
    pub(crate) fn http(&self) -> &HttpClient {
        &self.inner.http
    }
}

impl fmt::Debug for Net2Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Net2Client").field("server", &self.inner.http.label()).finish_non_exhaustive()
    }
}

/// Settings of a [`Net2Client`].
#[must_use = "`build` makes the client"]
pub struct Net2ClientBuilder {
    http: HttpClientBuilder,
    operator: String,
    password: Option<SecretString>,
    client_id: String,
    client_secret: Option<SecretString>,
    mfa: Option<Arc<dyn MfaCodes>>,
    zone: Tz,
}

impl Net2ClientBuilder {
    fn new(url: &str) -> Self {
        let http = HttpClient::builder(url)
            .user_agent(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
            .timeouts(default_timeouts())
            .pace(default_pace());
        Self {
            http,
            operator: String::new(),
            password: None,
            client_id: String::new(),
            client_secret: None,
            mfa: None,
            zone: Tz::UTC,
        }
    }

    /// Who signs in: the operator's name exactly as Net2 shows it, and the password.
    pub fn operator(mut self, name: impl Into<String>, password: impl Into<SecretString>) -> Self {
        self.operator = name.into();
        self.password = Some(password.into());
        self
    }

    /// The client id: the name of the licence file without its extension.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = id.into();
        self
    }

    /// The secret that some licences come with.
    pub fn client_secret(mut self, secret: impl Into<SecretString>) -> Self {
        self.client_secret = Some(secret.into());
        self
    }

    /// Who answers when the server asks for a second factor. Without it, sign-in ends with `MfaRequired`.
    pub fn mfa_codes(mut self, codes: Arc<dyn MfaCodes>) -> Self {
        self.mfa = Some(codes);
        self
    }

    /// The zone of the server, for times without an offset; UTC unless set.
    pub fn time_zone(mut self, zone: Tz) -> Self {
        self.zone = zone;
        self
    }

    connector_http::client_settings! {
        trust: "Which certificate of the server to trust. Net2 issues its own, so pinning it is usual.",
        timeouts: "How long anything may take: 5 seconds to connect, 30 for a call, 120 for large answers.",
        retry: "How often a failed call is repeated. Door commands and creations are not repeated whatever is set here.",
        pace: "How fast calls may follow each other.",
        label: "The name of this server in logs.",
    }

    /// Makes the client. Everything is checked here, nothing is sent.
    ///
    /// # Errors
    /// `Config` if the address, the operator, the client id or the trust is not usable.
    pub fn build(self) -> Result<Net2Client, Error> {
        let missing = |what: &str| Error::new(ErrorKind::Config, format!("no {what} is set"));
        if self.operator.trim().is_empty() {
            return Err(missing("operator"));
        }
        if self.client_id.trim().is_empty() {
            return Err(missing("client id (the name of the licence file)"));
        }
        let password = self.password.ok_or_else(|| missing("password"))?;
        let client_id = self.client_id.trim().to_owned();
        let sign_in = Arc::new(SignIn::new(self.operator, password, client_id, self.client_secret, self.mfa));
        let http = self.http.tokens(Arc::clone(&sign_in) as _).build()?;
        let inner = Inner { http, sign_in, zone: self.zone };
        Ok(Net2Client { inner: Arc::new(inner), options: SendOptions::default() })
    }
}

impl fmt::Debug for Net2ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Net2ClientBuilder").field("operator", &self.operator).finish_non_exhaustive()
    }
}

fn default_timeouts() -> Timeouts {
    Timeouts { connect: Duration::from_secs(5), whole: Duration::from_secs(30), ..Timeouts::default() }
}

/// The sign-in takes one request per half second and address, and no more.
fn default_pace() -> Pace {
    Pace { sign_in_spacing: Duration::from_millis(600), ..Pace::default() }
}

const LONG: Duration = Duration::from_mins(2);
