//! The client and how it is built.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use connector_http::profile::{Credentials, PagingStyle, Profile};
use connector_http::{Error, ErrorKind, HttpClient, HttpClientBuilder, Operation, Pace, SendOptions, Timeouts};
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use crate::access_groups::AccessGroups;
use crate::badges::Badges;
use crate::changes::Changes;
use crate::dialect::{Dialect, Read};
use crate::events::Events;
use crate::info::{GetInfo, Info};
use crate::listing::Listing;
use crate::operation::operation;
use crate::profile;
use crate::readers::Readers;
use crate::session::Session;
use crate::words::Capability;

/// A client for one server that speaks `optima-rest v1`, or what a profile file says instead.
///
/// Cheap to clone; clones share connections, sign-in, pace and what the server says of itself. It starts no tasks of its own.
#[derive(Clone)]
pub struct OptimaClient {
    inner: Arc<Inner>,
    options: SendOptions,
}

struct Inner {
    http: HttpClient,
    profile: Profile,
    info: Mutex<Option<Arc<Info>>>,
}

impl OptimaClient {
    /// Begins a client for the server at an address such as `https://optima.example:8443`.
    pub fn builder(url: impl AsRef<str>) -> OptimaClientBuilder {
        OptimaClientBuilder::new(url.as_ref())
    }

    /// The access groups.
    pub fn access_groups(&self) -> AccessGroups {
        AccessGroups(self.clone())
    }

    /// The readers.
    pub fn readers(&self) -> Readers {
        Readers(self.clone())
    }

    /// The badges.
    pub fn badges(&self) -> Badges {
        Badges(self.clone())
    }

    /// What changed at the server.
    pub fn changes(&self) -> Changes {
        Changes(self.clone())
    }

    /// The events.
    pub fn events(&self) -> Events {
        Events(self.clone())
    }

    /// The session, at a server that has them.
    pub fn session(&self) -> Session {
        Session(self.clone())
    }

    /// What the server says of itself, read afresh.
    ///
    /// # Errors
    /// `Config` where the profile has no such call; `Protocol`, naming section, name and pointer, where the answer is not as
    /// the profile says; else as any read.
    pub async fn info(&self) -> Result<Info, Error> {
        let read = Arc::new(self.send(&GetInfo::new(Dialect::new(self.inner.profile.clone(), None))).await?);
        let info = Info::clone(&read);
        *self.inner.info.lock().unwrap_or_else(PoisonError::into_inner) = Some(read);
        Ok(info)
    }

    /// What the server last said of itself, if it was asked yet.
    pub fn known_info(&self) -> Option<Arc<Info>> {
        self.inner.info.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Signs in, and makes sure that the licence is in force.
    ///
    /// # Errors
    /// `Auth` where the sign-in fails; `Permission` where the licence is over; else as [`OptimaClient::info`].
    pub async fn check(&self) -> Result<Info, Error> {
        self.inner.http.sign_in().await?;
        let info = self.info().await?;
        let today = self.server_time().unwrap_or_else(Utc::now).date_naive();
        if info.licence.is_over(today) {
            return Err(Error::new(ErrorKind::Permission, "the server's licence for its interface is over"));
        }
        Ok(info)
    }

    /// Fails where the server says that it cannot do something, before anything is sent for it.
    ///
    /// # Errors
    /// `Config`, naming the capability; else as [`OptimaClient::info`].
    pub async fn require(&self, capability: &Capability) -> Result<(), Error> {
        self.dialect_for(capability).await.map(|_| ())
    }

    /// The same client with another time limit for each call, waiting for a token included.
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
    pub async fn send<O: Operation>(&self, operation: &O) -> Result<O::Output, Error> {
        self.inner.http.send_with(operation, self.options).await
    }

    /// The profile that this client follows.
    pub fn profile(&self) -> &Profile {
        &self.inner.profile
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

    /// What the server said of itself; asked once. A profile without that call leaves everything to the calls themselves.
    pub(crate) async fn site(&self) -> Result<Option<Arc<Info>>, Error> {
        if let Some(known) = self.known_info() {
            return Ok(Some(known));
        }
        if !self.inner.profile.has_path("info") {
            return Ok(None);
        }
        self.info().await?;
        Ok(self.known_info())
    }

    /// The dialect of the server, if it can do something.
    pub(crate) async fn dialect_for(&self, capability: &Capability) -> Result<Dialect, Error> {
        let info = self.site().await?;
        if info.as_ref().is_some_and(|info| !info.can(capability)) {
            let text = format!("the server says that it does not offer `{capability}`");
            return Err(Error::new(ErrorKind::Config, text));
        }
        let zone = info.and_then(|info| info.time_zone);
        Ok(Dialect::new(self.inner.profile.clone(), zone))
    }

    /// A whole list, page by page.
    pub(crate) async fn list<T: Read + Send>(
        &self,
        capability: &Capability,
        path: &str,
        query: &[(&str, Option<&str>)],
    ) -> Result<Listing<T>, Error> {
        let dialect = self.dialect_for(capability).await?;
        let url = dialect.url(self.inner.http.base(), path, None, query)?;
        let mut pager = dialect.profile().pager(T::OBJECT, url);
        let mut listing = Listing::default();
        let mut restless = 0_usize;
        while let Some(url) = pager.next_url().cloned() {
            let shown = url.path().to_owned();
            let body = self.send(&GetPage::new(dialect.clone(), url)).await?;
            let items = pager.take(&body)?;
            let mut page: Listing<T> = dialect.listing(&items, &shown)?;
            page.as_of = dialect.as_of(&body);
            restless = if items.is_empty() { restless + 1 } else { 0 };
            if restless > EMPTY_PAGES {
                return Err(Error::new(ErrorKind::Protocol, "the list goes on with empty pages only"));
            }
            listing.extend(page);
        }
        Ok(listing)
    }

    /// The first page of a list: how many items it has, and what is wrong with those that cannot be read.
    #[cfg(feature = "sync")]
    pub(crate) async fn first_page<T: Read + Send>(
        &self,
        capability: &Capability,
        path: &str,
    ) -> Result<(usize, Vec<String>), Error> {
        let dialect = self.dialect_for(capability).await?;
        let url = dialect.url(self.inner.http.base(), path, None, &[])?;
        let pager = dialect.profile().pager(T::OBJECT, url);
        let Some(url) = pager.next_url().cloned() else { return Ok((0, Vec::new())) };
        let shown = url.path().to_owned();
        let body = self.send(&GetPage::new(dialect.clone(), url)).await?;
        let listing: Listing<T> = dialect.listing(&pager.items_of(&body, &shown)?, &shown)?;
        Ok((listing.items.len(), listing.invalid.into_iter().map(|item| item.reason).collect()))
    }

    /// Whether lists come with links, which events follow as well.
    pub(crate) fn follows_links(&self) -> bool {
        self.inner.profile.paging().style() == PagingStyle::Link
    }

    pub(crate) fn http(&self) -> &HttpClient {
        &self.inner.http
    }
}

operation! {
    /// Reads one page of any list, at an address that the pager gave.
    GetPage { url: Url } = "optima.page", Safe -> Value;
    request(op, _base) => connector_http::get(op.url.clone());
    response(op, parts, body) => op.dialect.json(parts, body);
}

impl fmt::Debug for OptimaClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let profile = self.inner.profile.file_name();
        f.debug_struct("OptimaClient")
            .field("server", &self.inner.http.label())
            .field("profile", &profile)
            .finish_non_exhaustive()
    }
}

/// Settings of an [`OptimaClient`].
#[must_use = "`build` makes the client"]
pub struct OptimaClientBuilder {
    http: HttpClientBuilder,
    credentials: Option<Credentials>,
    profile: Option<Profile>,
}

impl OptimaClientBuilder {
    fn new(url: &str) -> Self {
        let http = HttpClient::builder(url)
            .user_agent(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
            .timeouts(default_timeouts())
            .pace(Pace { requests_per_second: 20.0, ..Pace::default() });
        Self { http, credentials: None, profile: None }
    }

    /// The key that signs the calls.
    pub fn key(self, key: impl Into<SecretString>) -> Self {
        self.credentials(Credentials::key(key))
    }

    /// User and password, for profiles that sign in with them.
    pub fn login(self, user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        self.credentials(Credentials::login(user, password))
    }

    /// What the calls are signed with.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// How the server speaks; the built-in profile unless set. See [`crate::profile::parse`].
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = Some(profile);
        self
    }

    connector_http::client_settings! {
        trust: "Which certificate of the server to trust.",
        timeouts: "How long anything may take: 10 seconds to connect, 30 for a call.",
        retry: "How often a failed read is repeated. Writes are not repeated whatever is set here.",
        pace: "How fast calls may follow each other: 20 a second.",
        label: "The name of this server in logs.",
    }

    /// Makes the client. Everything is checked here, nothing is sent.
    ///
    /// # Errors
    /// `Config` if the address, the secrets or the trust is not usable.
    pub fn build(self) -> Result<OptimaClient, Error> {
        let profile = match self.profile {
            Some(profile) => profile,
            None => profile::built_in()?,
        };
        let missing = || Error::new(ErrorKind::Config, "no key is set, and no user with a password");
        let tokens = profile.sign_in(&self.credentials.ok_or_else(missing)?)?;
        let http = self.http.tokens(tokens).build()?;
        let inner = Inner { http, profile, info: Mutex::default() };
        Ok(OptimaClient { inner: Arc::new(inner), options: SendOptions::default() })
    }
}

impl fmt::Debug for OptimaClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OptimaClientBuilder").field("profile", &self.profile).finish_non_exhaustive()
    }
}

fn default_timeouts() -> Timeouts {
    Timeouts { whole: Duration::from_secs(30), ..Timeouts::default() }
}

const EMPTY_PAGES: usize = 100;
