//! The client and how it is built.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use connector_http::profile::{AuthKind, Credentials, Profile};
use connector_http::{Error, ErrorKind, HttpClient, HttpClientBuilder, SendOptions, Timeouts};
use secrecy::SecretString;
use serde_json::Value;
use tokio::sync::OnceCell;
use url::Url;

use crate::call::{Get, Named};
use crate::deletions::Deletions;
use crate::departments::Departments;
use crate::devices::Devices;
use crate::events::Events;
use crate::id::PersonId;
use crate::info::{Capability, Info};
use crate::personnel::{PersonHandle, PersonnelQuery};
use crate::presence::OnSite;
use crate::profile;
use crate::reading::{Context, Listing, Readable, Wanted, lacks_zone, protocol, read_items, utc};
use crate::sites::Sites;
use crate::version::Version;

/// A client for one InVentry installation. It only reads: it has no way to change anything.
///
/// Cheap to clone; clones share connections, sign-in and pace. It starts no tasks of its own.
#[derive(Clone)]
pub struct InventryClient {
    inner: Arc<Inner>,
    options: SendOptions,
}

struct Inner {
    http: HttpClient,
    profile: Profile,
    zone: Option<Tz>,
    /// The zone by the server's own word, once it was asked for.
    told_zone: OnceCell<Option<Tz>>,
}

impl InventryClient {
    /// Begins a client for the installation at an address such as `https://inventry.example.org`.
    pub fn builder(url: impl AsRef<str>) -> InventryClientBuilder {
        InventryClientBuilder::new(url.as_ref())
    }

    /// Reads what the server says about itself.
    ///
    /// # Errors
    /// As any read: see [`ErrorKind`]. `Protocol`, naming the field, where there is no version.
    pub async fn info(&self) -> Result<Info, Error> {
        let (body, path) = self.read::<InfoCall>(self.url("info", &[])?).await?;
        let profile = &self.inner.profile;
        Info::read(profile, &profile.item("info", &body, &path)).map_err(protocol)
    }

    /// Signs in, and makes sure that version and licence are good.
    ///
    /// # Errors
    /// `Auth` if the key is refused; `Config` if the server is older than 4.11.0 or its version cannot be read; `Permission`
    /// if the licence of the interface is not in force.
    pub async fn check(&self) -> Result<Info, Error> {
        let info = self.info().await?;
        info.require_version(&Version::oldest_supported())?;
        info.require_licence()?;
        Ok(info)
    }

    /// The sites.
    pub fn sites(&self) -> Sites {
        Sites(self.clone())
    }

    /// The departments.
    pub fn departments(&self) -> Departments {
        Departments::new(self.clone())
    }

    /// The people: staff, unless something else is asked for.
    pub fn personnel(&self) -> PersonnelQuery {
        PersonnelQuery::new(self.clone())
    }

    /// One person.
    pub fn person(&self, id: &PersonId) -> PersonHandle {
        PersonHandle::new(self.clone(), id.clone())
    }

    /// The devices.
    pub fn devices(&self) -> Devices {
        Devices::new(self.clone())
    }

    /// The events.
    pub fn events(&self) -> Events {
        Events::new(self.clone())
    }

    /// Who is on site, for roll calls.
    pub fn on_site(&self) -> OnSite {
        OnSite::new(self.clone())
    }

    /// What was deleted.
    pub fn deletions(&self) -> Deletions {
        Deletions::new(self.clone())
    }

    /// Whether the profile has a call for something; the server may still not offer it ([`Info::offers`]).
    pub fn knows(&self, capability: Capability) -> bool {
        let has = |name| self.inner.profile.has_path(name);
        match capability {
            Capability::Sites => has("sites"),
            Capability::Departments => has("departments"),
            Capability::Personnel => has("personnel"),
            Capability::Devices => has("devices"),
            Capability::Events => has("events") || profile::by_day(&self.inner.profile).is_some(),
            Capability::EventsFollow => has("events") && self.inner.profile.parameter("wait").is_some(),
            Capability::OnSite => has("on_site"),
            Capability::Deletions => has("deletions"),
        }
    }

    /// How the installation speaks.
    pub fn profile(&self) -> &Profile {
        &self.inner.profile
    }

    /// The same client with another time limit for each call, waiting for a token included.
    pub fn with_deadline(&self, deadline: Duration) -> Self {
        let options = SendOptions { deadline: Some(deadline), ..self.options };
        Self { inner: Arc::clone(&self.inner), options }
    }

    /// The address of the server.
    pub fn base(&self) -> &Url {
        self.inner.http.base()
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

    /// The zone of times without an offset: as set, as the profile says, or by the server's own word.
    ///
    /// # Errors
    /// As [`InventryClient::info`], if the server has to be asked.
    pub async fn time_zone(&self) -> Result<Option<Tz>, Error> {
        if let Some(zone) = self.known_zone() {
            return Ok(Some(zone));
        }
        let ask = || async { Ok::<_, Error>(self.info().await?.time_zone) };
        self.inner.told_zone.get_or_try_init(ask).await.copied()
    }

    fn known_zone(&self) -> Option<Tz> {
        self.inner.zone.or(self.inner.profile.time().zone_if_missing()).or(self
            .inner
            .told_zone
            .get()
            .copied()
            .flatten())
    }

    #[cfg(feature = "sync")]
    pub(crate) fn trust(&self) -> &connector_http::Trust {
        self.inner.http.trust()
    }

    /// The address of a call.
    pub(crate) fn url(&self, name: &str, holes: &[(&str, &str)]) -> Result<Url, Error> {
        self.inner.profile.url(self.base(), name, holes)
    }

    /// Adds a parameter, if the server knows it; says whether it did.
    pub(crate) fn query(&self, url: &mut Url, name: &str, value: &str) -> bool {
        self.inner.profile.query(url, name, value)
    }

    /// Adds an instant as the server writes it.
    pub(crate) fn query_instant(&self, url: &mut Url, name: &str, at: DateTime<Utc>) -> bool {
        self.query(url, name, &plain(&self.inner.profile.time().write(at)))
    }

    /// Adds one of our words in the server's spelling.
    pub(crate) fn query_word(&self, url: &mut Url, name: &str, map: &str, word: &str) -> bool {
        let spelling = self.inner.profile.values(map).map_or_else(|| word.to_owned(), |map| plain(&map.write(word)));
        self.query(url, name, &spelling)
    }

    /// Adds which kind of people is wanted.
    pub(crate) fn query_wanted(&self, url: &mut Url, wanted: &Wanted) {
        if let Some(word) = wanted.word() {
            self.query_word(url, "person_type", "person_type", word);
        }
    }

    /// Reads one address: the answer and the path that was asked for.
    pub(crate) async fn read<N: Named>(&self, url: Url) -> Result<(Value, String), Error> {
        let path = url.path().to_owned();
        let body = self.inner.http.send_with(&Get::<N>::new(&self.inner.profile, url), self.options).await?;
        Ok((body, path))
    }

    /// Reads a list to its end.
    pub(crate) async fn list<T: Readable, N: Named>(
        &self,
        first: Url,
        limit: Option<u32>,
        wanted: Wanted,
    ) -> Result<Listing<T>, Error> {
        let mut pager = self.inner.profile.pager(T::OBJECT, first);
        if let Some(limit) = limit {
            pager = pager.with_page_size(limit.into());
        }
        let mut listing = Listing::default();
        let mut first = true;
        while let Some(url) = pager.next_url().cloned() {
            let (body, path) = self.read::<N>(url).await.map_err(|error| error.with_operation(N::NAME))?;
            let values = pager.take(&body).map_err(|error| error.with_operation(N::NAME))?;
            if std::mem::take(&mut first) {
                listing.as_of = self.as_of(&body, &path);
            }
            self.append::<T, N>(&values, &path, &wanted, &mut listing).await?;
        }
        Ok(listing)
    }

    /// Reads one page of a list whose place is a value and not a link.
    pub(crate) async fn page<N: Named>(&self, object: &str, url: Url, limit: Option<u32>) -> Result<RawPage, Error> {
        let mut asking = self.inner.profile.pager(object, url.clone());
        if let Some(limit) = limit {
            asking = asking.with_page_size(limit.into());
        }
        // What reads the answer begins at the bare address: a link to what lies behind the newest item, which may be the
        // very page that was asked for, is no circle to it.
        let mut bare = url.clone();
        bare.set_query(None);
        let mut pager = self.inner.profile.pager(object, bare);
        let url = asking.next_url().cloned().unwrap_or(url);
        let (body, path) = self.read::<N>(url).await?;
        let values = pager.take(&body).map_err(|error| error.with_operation(N::NAME))?;
        Ok(RawPage { values, body, path, has_next: pager.next_url().is_some() })
    }

    /// Reads one object.
    pub(crate) async fn one<T: Readable, N: Named>(&self, url: Url, wanted: Wanted) -> Result<Option<T>, Error> {
        let (body, path) = self.read::<N>(url).await?;
        let read = |zone| {
            T::read(
                &self.inner.profile.item(T::OBJECT, &body, &path),
                &Context::new(&self.inner.profile, zone, wanted.clone()),
            )
        };
        match read(self.known_zone()) {
            Err(misfit) if self.known_zone().is_none() && misfit.reason().contains("zone_if_missing") => {
                read(self.time_zone().await?).map_err(protocol)
            }
            other => other.map_err(protocol),
        }
    }

    /// Adds the items of a page; the server is asked for its zone where a time is without an offset.
    pub(crate) async fn append<T: Readable, N: Named>(
        &self,
        values: &[Value],
        path: &str,
        wanted: &Wanted,
        into: &mut Listing<T>,
    ) -> Result<(), Error> {
        let offset = into.items.len() + into.invalid.len();
        let read = |zone| {
            let mut page = Listing::default();
            let context = Context::new(&self.inner.profile, zone, wanted.clone());
            read_items(&self.inner.profile, values, path, &context, &mut page)
                .map_err(|misfit| protocol(misfit).with_operation(N::NAME))?;
            Ok::<_, Error>(page)
        };
        let mut page = read(self.known_zone())?;
        if self.known_zone().is_none() && lacks_zone(&page) {
            page = read(self.time_zone().await?)?;
        }
        page.invalid.iter_mut().for_each(|item| item.position += offset);
        into.items.append(&mut page.items);
        into.invalid.append(&mut page.invalid);
        into.dropped += page.dropped;
        Ok(())
    }

    fn as_of(&self, body: &Value, path: &str) -> Option<DateTime<Utc>> {
        utc(&self.inner.profile.item("page", body, path), "as_of", self.known_zone()).ok().flatten()
    }
}

impl fmt::Debug for InventryClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InventryClient")
            .field("server", &self.inner.http.label())
            .field("profile", &self.inner.profile.file_name())
            .finish_non_exhaustive()
    }
}

/// Settings of an [`InventryClient`].
#[must_use = "`build` makes the client"]
pub struct InventryClientBuilder {
    http: HttpClientBuilder,
    key: Option<SecretString>,
    user: Option<String>,
    profile: Option<Profile>,
    zone: Option<Tz>,
}

impl InventryClientBuilder {
    fn new(url: &str) -> Self {
        let timeouts =
            Timeouts { connect: Duration::from_secs(5), whole: Duration::from_secs(30), ..Timeouts::default() };
        let http =
            HttpClient::builder(url).user_agent(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")).timeouts(timeouts);
        Self { http, key: None, user: None, profile: None, zone: None }
    }

    /// The key; with a user beside it, the secret or password.
    pub fn key(mut self, key: impl Into<SecretString>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Who signs in, where the profile signs in with a name. Without it, a key such as `name:secret` is both.
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// How the installation speaks; the built-in profile unless set.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// The zone for times without an offset; without it the profile's or the server's own word counts.
    pub fn time_zone(mut self, zone: Tz) -> Self {
        self.zone = Some(zone);
        self
    }

    connector_http::client_settings! {
        trust: "Which certificate of the server to trust.",
        timeouts: "How long anything may take: 5 seconds to connect, 30 for a call.",
        retry: "How often a failed call is repeated.",
        pace: "How fast calls may follow each other.",
        label: "The name of this installation in logs.",
    }

    /// Makes the client. Everything is checked here, nothing is sent.
    ///
    /// # Errors
    /// `Config` if the address, the key or the trust is not usable, or a key would travel in clear over a network.
    pub fn build(self) -> Result<InventryClient, Error> {
        let key = self.key.ok_or_else(|| Error::new(ErrorKind::Config, "no key is set"))?;
        let profile = match self.profile {
            Some(profile) => profile,
            None => profile::built_in()?,
        };
        let signs_with_user = matches!(profile.auth().kind(), AuthKind::Basic | AuthKind::Session);
        let credentials = match self.user {
            Some(user) if signs_with_user => Credentials::login(user, key),
            Some(_) => {
                return Err(Error::new(ErrorKind::Config, "a user is set, but the profile signs in with a key alone"));
            }
            None => Credentials::key(key),
        };
        let tokens = profile.sign_in(&credentials)?;
        let http = self.http.tokens(tokens).build()?;
        refuse_clear_text(http.base())?;
        let inner = Inner { http, profile, zone: self.zone, told_zone: OnceCell::new() };
        Ok(InventryClient { inner: Arc::new(inner), options: SendOptions::default() })
    }
}

impl fmt::Debug for InventryClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InventryClientBuilder").field("profile", &self.profile).finish_non_exhaustive()
    }
}

/// Names and keys of staff do not travel in clear, but within this machine.
fn refuse_clear_text(base: &Url) -> Result<(), Error> {
    let here = match base.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if base.scheme() == "https" || here {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Config, "the address must begin with https://: the key would travel in clear"))
}

/// A value as it stands in a query.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A page before its items are read.
pub(crate) struct RawPage {
    pub(crate) values: Vec<Value>,
    pub(crate) body: Value,
    pub(crate) path: String,
    /// Whether there is a way on, by the profile's style of paging.
    pub(crate) has_next: bool,
}

struct InfoCall;

impl Named for InfoCall {
    const NAME: &'static str = "inventry.info";
}
