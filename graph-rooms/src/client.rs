//! The client and how it is built.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use connector_http::{
    Clock, Error, ErrorKind, HttpClient, HttpClientBuilder, Operation, Pace, Replay, RetryPolicy, SendOptions,
    SystemClock, Timeouts, Transport, Trust,
};
use http::response::Parts;
use http::{HeaderValue, Request};
use secrecy::SecretString;
use tokio::sync::Semaphore;
use url::Url;

use crate::calendar::RoomHandle;
use crate::cloud::Cloud;
use crate::fault::{Fault, FaultKind};
use crate::rooms::{RoomLists, Rooms};
use crate::subscriptions::Subscriptions;
use crate::token::{Certificate, ClientCredentials, Credential, random_id};

/// A client for the rooms of one tenant, with an application's own permissions.
///
/// Cheap to clone; clones share connections, token and the limit on calls under way. It starts no tasks of its own.
#[derive(Clone)]
pub struct GraphClient {
    inner: Arc<Inner>,
}

struct Inner {
    http: HttpClient,
    /// The same road without a token.
    bare: HttpClient,
    tokens: Arc<ClientCredentials>,
    gate: Semaphore,
    in_flight: usize,
    tenant: String,
}

impl GraphClient {
    /// Begins a client.
    pub fn builder() -> GraphClientBuilder {
        GraphClientBuilder::new()
    }

    /// The rooms of the tenant. Needs `Place.Read.All`.
    pub fn rooms(&self) -> Rooms {
        Rooms(self.clone())
    }

    /// The lists in which rooms are gathered. Needs `Place.Read.All`.
    pub fn room_lists(&self) -> RoomLists {
        RoomLists(self.clone())
    }

    /// One room's calendar, by the room's address, its user name or its object id.
    ///
    /// Needs `Calendars.ReadBasic.All`, or `Calendars.Read` where it is limited to some mailboxes.
    pub fn room(&self, user: impl Into<String>) -> RoomHandle {
        RoomHandle { client: self.clone(), user: user.into() }
    }

    /// Being told of changes. Needs `Calendars.Read`.
    pub fn subscriptions(&self) -> Subscriptions {
        Subscriptions(self.clone())
    }

    /// Gets a token now, unless there is a good one; asks again even if it was refused a moment ago.
    ///
    /// A token without any permission is issued as well: what is missing shows at the first call.
    ///
    /// # Errors
    /// Why there is none: see [`crate::SignInProblem`].
    pub async fn sign_in(&self) -> Result<(), Error> {
        self.inner.tokens.forget();
        self.inner.http.sign_in().await
    }

    /// Asks for a token although there may be a good one, to see whether secret or certificate are still accepted.
    ///
    /// # Errors
    /// As [`GraphClient::sign_in`].
    pub async fn prove(&self) -> Result<(), Error> {
        self.inner.bare.send(&self.inner.tokens.request()?).await?;
        self.inner.tokens.forget();
        Ok(())
    }

    /// The same as [`GraphClient::sign_in`], but a refusal of the last minutes is not tried again.
    #[cfg(feature = "sync")]
    pub(crate) async fn stay_signed_in(&self) -> Result<(), Error> {
        self.inner.http.sign_in().await
    }

    /// Sends any operation of this crate, when its turn has come.
    ///
    /// # Errors
    /// As the operation says; [`Fault::of`] tells what it means.
    pub async fn send<O: Operation>(&self, operation: &O) -> Result<O::Output, Error> {
        self.send_with(operation, SendOptions::default()).await
    }

    pub(crate) async fn send_with<O: Operation>(
        &self,
        operation: &O,
        options: SendOptions,
    ) -> Result<O::Output, Error> {
        // Waiting for a turn costs no time of the call. The gate is never closed.
        let _turn = self.inner.gate.acquire().await;
        self.send_now(operation, options).await
    }

    /// The same while nothing else is under way.
    pub(crate) async fn send_alone<O: Operation>(
        &self,
        operation: &O,
        options: SendOptions,
    ) -> Result<O::Output, Error> {
        let all = u32::try_from(self.inner.in_flight).unwrap_or(1);
        let _turns = self.inner.gate.acquire_many(all).await;
        self.send_now(operation, options).await
    }

    async fn send_now<O: Operation>(&self, operation: &O, options: SendOptions) -> Result<O::Output, Error> {
        self.inner.http.send_with(&Marked(operation), options).await.map_err(|error| match Fault::of(&error).kind {
            FaultKind::Throttled => error.with_kind(ErrorKind::RateLimited),
            _ => error,
        })
    }

    /// Address of Graph.
    pub fn base(&self) -> &Url {
        self.inner.http.base()
    }

    /// The tenant's name or id, as it was given.
    pub fn tenant(&self) -> &str {
        &self.inner.tenant
    }

    /// Where tokens come from.
    pub fn token_url(&self) -> &Url {
        &self.inner.tokens.endpoint
    }

    /// The application.
    pub fn client_id(&self) -> &str {
        &self.inner.tokens.client_id
    }

    /// How many calls are under way together at most.
    pub fn max_in_flight(&self) -> usize {
        self.inner.in_flight
    }

    /// How many requests went out so far, sign-ins and repeats included.
    pub fn request_count(&self) -> u64 {
        self.inner.http.request_count()
    }

    #[cfg(feature = "sync")]
    pub(crate) fn trust(&self) -> &Trust {
        self.inner.http.trust()
    }

    #[cfg(feature = "sync")]
    pub(crate) fn server_time(&self) -> Option<chrono::DateTime<chrono::Utc>> {
        self.inner.http.server_time()
    }
}

impl fmt::Debug for GraphClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphClient").field("tenant", &self.inner.tenant).finish_non_exhaustive()
    }
}

/// An operation with an id of its own, by which the vendor's support finds a request.
struct Marked<'a, O>(&'a O);

impl<O: Operation> Operation for Marked<'_, O> {
    const NAME: &'static str = O::NAME;
    const REPLAY: Replay = O::REPLAY;
    type Output = O::Output;

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        let mut request = self.0.request(base)?;
        if let Ok(id) = HeaderValue::from_str(&random_id()) {
            request.headers_mut().insert("client-request-id", id);
        }
        Ok(request)
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<O::Output, Error> {
        self.0.response(parts, body)
    }
}

/// Settings of a [`GraphClient`].
#[must_use = "`build` makes the client"]
pub struct GraphClientBuilder {
    tenant: String,
    client_id: String,
    credential: Option<Given>,
    cloud: Cloud,
    base_url: Option<String>,
    authority: Option<String>,
    token_url: Option<String>,
    scope: Option<String>,
    in_flight: usize,
    trust: Trust,
    label: Option<String>,
    timeouts: Timeouts,
    retry: RetryPolicy,
    pace: Pace,
    transport: Option<Arc<dyn Transport>>,
    clock: Arc<dyn Clock>,
}

enum Given {
    Secret(SecretString),
    Certificate { certificate: Vec<u8>, key: SecretString },
}

impl GraphClientBuilder {
    fn new() -> Self {
        Self {
            tenant: String::new(),
            client_id: String::new(),
            credential: None,
            cloud: Cloud::Global,
            base_url: None,
            authority: None,
            token_url: None,
            scope: None,
            in_flight: 3,
            trust: Trust::default(),
            label: None,
            timeouts: Timeouts { whole: Duration::from_mins(1), ..Timeouts::default() },
            retry: RetryPolicy {
                attempts: 4,
                first_wait: Duration::from_secs(1),
                longest_wait: Duration::from_secs(30),
            },
            pace: Pace { requests_per_second: 100.0, burst: 100, ..Pace::default() },
            transport: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// The tenant: its id, or one of its domains.
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = tenant.into();
        self
    }

    /// The application's (client) id.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = id.into();
        self
    }

    /// The value of a client secret of the application.
    pub fn secret(mut self, secret: impl Into<SecretString>) -> Self {
        self.credential = Some(Given::Secret(secret.into()));
        self
    }

    /// A certificate that is uploaded to the application, and its RSA key; both as PEM.
    pub fn certificate(mut self, certificate: impl Into<Vec<u8>>, key: impl Into<SecretString>) -> Self {
        self.credential = Some(Given::Certificate { certificate: certificate.into(), key: key.into() });
        self
    }

    /// The cloud that the tenant lives in; the worldwide one unless set.
    pub fn cloud(mut self, cloud: Cloud) -> Self {
        self.cloud = cloud;
        self
    }

    /// Another address of Graph than the cloud's, without version.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Another address of the sign-in than the cloud's, without tenant.
    pub fn authority(mut self, url: impl Into<String>) -> Self {
        self.authority = Some(url.into());
        self
    }

    /// The whole address of the token endpoint, instead of authority and tenant.
    pub fn token_url(mut self, url: impl Into<String>) -> Self {
        self.token_url = Some(url.into());
        self
    }

    /// Another scope than the cloud's.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// How many calls may be under way together: 3 unless set, 4 at most. The vendor allows four per application.
    pub fn max_in_flight(mut self, calls: usize) -> Self {
        self.in_flight = calls;
        self
    }

    /// Which certificates of the servers to trust.
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// The name of this tenant in logs.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// How long anything may take: a call with all its repeats 60 seconds unless set.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// How often a failed read is repeated: four attempts unless set. Nothing else is ever repeated.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// How fast calls may follow each other.
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Another way to carry requests, such as a recorder or a replay.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Another clock, for tests.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Makes the client. Everything is checked here, nothing is sent.
    ///
    /// # Errors
    /// `Config`, saying which setting is wrong.
    pub fn build(self) -> Result<GraphClient, Error> {
        let tenant = self.tenant.trim().to_owned();
        let client_id = self.client_id.trim().to_owned();
        let endpoint = self.endpoint(&tenant)?;
        if client_id.is_empty() {
            return Err(config("no client id is set"));
        }
        if !(1..=MOST_IN_FLIGHT).contains(&self.in_flight) {
            return Err(config("the number of calls under way together must be between 1 and 4"));
        }
        let credential = match self.credential {
            None => return Err(config("neither a client secret nor a certificate is set")),
            Some(Given::Secret(secret)) => {
                if secrecy::ExposeSecret::expose_secret(&secret).is_empty() {
                    return Err(config("the client secret is empty"));
                }
                Credential::Secret(secret)
            }
            Some(Given::Certificate { certificate, key }) => {
                let key = secrecy::ExposeSecret::expose_secret(&key).as_bytes();
                Credential::Certificate(Certificate::read(&certificate, key)?)
            }
        };
        let tokens = Arc::new(ClientCredentials {
            endpoint,
            client_id,
            scope: self.scope.unwrap_or_else(|| self.cloud.scope()),
            credential,
            clock: self.clock.clone(),
            refused: std::sync::Mutex::default(),
        });
        let base = self.base_url.unwrap_or_else(|| self.cloud.graph().to_owned());
        let label = self.label.unwrap_or_else(|| tenant.clone());
        let (timeouts, retry, pace, trust) = (self.timeouts, self.retry, self.pace, self.trust);
        let (transport, clock) = (self.transport, self.clock);
        let road = || {
            let http: HttpClientBuilder = HttpClient::builder(&base)
                .user_agent(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
                .label(&label)
                .timeouts(timeouts)
                .retry(retry)
                .pace(pace)
                .trust(trust.clone())
                .clock(clock.clone());
            match &transport {
                Some(transport) => http.transport(transport.clone()),
                None => http,
            }
        };
        let inner = Inner {
            http: road().tokens(Arc::clone(&tokens) as _).build()?,
            bare: road().build()?,
            tokens,
            gate: Semaphore::new(self.in_flight),
            in_flight: self.in_flight,
            tenant,
        };
        Ok(GraphClient { inner: Arc::new(inner) })
    }

    fn endpoint(&self, tenant: &str) -> Result<Url, Error> {
        let usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if tenant.is_empty() || !tenant.chars().all(usable) || tenant.starts_with('.') {
            return Err(config("the tenant is neither a domain nor an id"));
        }
        if ["common", "organizations", "consumers"].iter().any(|word| word.eq_ignore_ascii_case(tenant)) {
            return Err(config("the tenant must be named: a program cannot sign in to `common` and the like"));
        }
        let text = match (&self.token_url, &self.authority) {
            (Some(url), _) => url.trim().to_owned(),
            (None, authority) => {
                let authority = authority.as_deref().unwrap_or_else(|| self.cloud.authority());
                format!("{}/{tenant}/oauth2/v2.0/token", authority.trim().trim_end_matches('/'))
            }
        };
        let url = Url::parse(&text).map_err(|_| config("the address of the sign-in is not a URL"))?;
        let web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
        if !web || !url.username().is_empty() || url.password().is_some() {
            return Err(config("the address of the sign-in must begin with http:// or https:// and name only a host"));
        }
        Ok(url)
    }
}

impl fmt::Debug for GraphClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphClientBuilder")
            .field("tenant", &self.tenant)
            .field("client_id", &self.client_id)
            .field("cloud", &self.cloud)
            .finish_non_exhaustive()
    }
}

fn config(message: &'static str) -> Error {
    Error::new(ErrorKind::Config, message)
}

pub(crate) const MOST_IN_FLIGHT: usize = 4;
