//! Net2 as a system whose doors open for people with bookings.

mod access;
mod booker;
mod check;
mod config;
mod names;
mod pins;
mod reached;
mod rights;
mod sink;
mod site;
mod source;
mod system;
mod tokens;
mod write;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use connector_http::{Error, ErrorKind};
use secrecy::SecretString;
use sync_core::connector::{CheckReport, Endpoint, EndpointIdentity, ErrorClass, SyncError};
use sync_core::model::{EndpointName, Known, SecretText};

use super::details::DetailCache;
use super::{ConfigFault, Net2Config, Net2Endpoint};
use crate::client::Net2Client;
use crate::id::{DoorId, UserId};
use crate::permissions::PermissionSet;

pub use config::{BookersConfig, FieldChoice};
use rights::Form;
use site::Site;

/// A Net2 server as a door system of the engine, for people with bookings.
///
/// It stands beside [`Net2Endpoint`], which keeps the people of a site. It shows and changes *bookers* only: users whose
/// marker field has the marker word in it. Everybody else is foreign, and every write makes sure of it first.
///
/// * A door opens by individual rights to the areas that its readers lead to. The database tells them
///   ([`Net2Config::querydb`]), or the configuration does ([`BookersConfig::areas`]). A door with a reader on each side has
///   two; doors that share all of theirs open together or not at all.
/// * Somebody without doors is on the fallback level alone.
/// * Our key stands in the first line of the memo (`#` and the key), the notes follow.
/// * A code is the number of the token of one kind ([`BookersConfig::code_token_type`]). Other tokens are never touched.
/// * A PIN or code that somebody else has is a `Duplicate`, and what was there before stays.
/// * A set of doors that cannot be opened is an error of the class `Invalid`; doors outside that set are shut all the same.
pub struct Net2Doors {
    endpoint: Net2Endpoint,
    config: BookersConfig,
    doors_in_use: BTreeSet<DoorId>,
    reads_events: bool,
    site: tokio::sync::Mutex<Option<Arc<Site>>>,
    memory: Mutex<Memory>,
    /// Tokens of everybody, where the database is not asked.
    holders: DetailCache,
}

/// What earlier reads told and no read of a user tells again.
#[derive(Default)]
struct Memory {
    /// In which form this server has stored individual rights.
    stored_form: Option<Form>,
    /// In which form it shows them.
    shown_form: Option<Form>,
    /// "No access level" has to be spelt out.
    spells_out: bool,
    /// The code of each booker.
    codes: HashMap<UserId, Known<SecretText>>,
    /// The PINs of everybody.
    pins: Option<pins::Pins>,
    /// Bookers that are in no department.
    unplaced: HashSet<UserId>,
}

impl Net2Doors {
    /// An endpoint by its sections of the configuration and the secrets that stand behind their references.
    ///
    /// # Errors
    /// `Config` with the first fault of the sections.
    pub fn new(
        name: impl Into<EndpointName>,
        net2: Net2Config,
        bookers: BookersConfig,
        password: SecretString,
        client_secret: Option<SecretString>,
    ) -> Result<Self, Error> {
        if let Some(ConfigFault { setting, reason, remedy, .. }) = bookers.faults().into_iter().next() {
            return Err(Error::new(ErrorKind::Config, format!("{setting} {reason}: {remedy}")));
        }
        let client = net2.client(password, client_secret)?;
        Ok(Self::with_client(name, net2, bookers, client))
    }

    /// An endpoint on a client that exists already.
    pub fn with_client(
        name: impl Into<EndpointName>,
        net2: Net2Config,
        bookers: BookersConfig,
        client: Net2Client,
    ) -> Self {
        Self {
            endpoint: Net2Endpoint::with_client(name, net2, client),
            config: bookers,
            doors_in_use: BTreeSet::new(),
            reads_events: false,
            site: tokio::sync::Mutex::default(),
            memory: Mutex::default(),
            holders: DetailCache::default(),
        }
    }

    /// Names the doors that are going to be opened, so that the connection test looks at each of them. What is no serial
    /// number is left out.
    #[must_use]
    pub fn using_doors<'a>(mut self, doors: impl IntoIterator<Item = &'a str>) -> Self {
        self.doors_in_use = doors.into_iter().filter_map(|door| door.parse().ok()).collect();
        self
    }

    /// Says whether events are read besides, so that the connection test looks whether the operator may.
    #[must_use]
    pub const fn reading_events(mut self, reads: bool) -> Self {
        self.reads_events = reads;
        self
    }

    /// The client behind it.
    pub const fn client(&self) -> &Net2Client {
        self.endpoint.client()
    }

    fn remember<T>(&self, change: impl FnOnce(&mut Memory) -> T) -> T {
        change(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Learns how this server shows rights.
    fn learn(&self, site: &Site, set: &PermissionSet) {
        let form = set.individual_permissions.iter().find_map(|element| Form::of(element, &site.rules.area_names));
        if form.is_some() {
            self.remember(|memory| memory.shown_form = form);
        }
    }
}

#[async_trait]
impl Endpoint for Net2Doors {
    fn name(&self) -> &EndpointName {
        self.endpoint.name()
    }

    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        self.endpoint.identify().await
    }

    async fn check(&self) -> CheckReport {
        check::run(self).await
    }

    fn server_time(&self) -> Option<DateTime<Utc>> {
        self.endpoint.server_time()
    }
}

impl fmt::Debug for Net2Doors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Net2Doors").field("name", self.endpoint.name()).finish_non_exhaustive()
    }
}

fn config_error(setting: &'static str, cause: impl Into<String>) -> SyncError {
    SyncError::new(ErrorClass::Config, format!("`{setting}`: {}", cause.into())).with_field(setting)
}
