//! The endpoint itself: its name, its identity, its connection test.

use std::fmt;
use std::sync::{Mutex as StdMutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use connector_http::Error;
use secrecy::SecretString;
use sync_core::connector::{CheckReport, Endpoint, EndpointIdentity, ErrorClass, SyncError};
use sync_core::model::EndpointName;
use tokio::sync::Mutex;

use super::check;
use super::config::InventryConfig;
use super::roster::Roster;
use crate::client::InventryClient;
use crate::error;
use crate::id::SiteId;
use crate::info::{Capability, Info};
use crate::version::Version;

/// An InVentry installation as an endpoint of the engine.
pub struct InventryEndpoint {
    name: EndpointName,
    pub(super) config: InventryConfig,
    client: InventryClient,
    pub(super) roster: Mutex<Roster>,
    /// What the server last said about itself.
    info: StdMutex<Option<Info>>,
}

impl InventryEndpoint {
    /// An endpoint by its section of the configuration and the secret that stands behind its reference.
    ///
    /// # Errors
    /// `Config` with the first fault of the section.
    pub fn new(name: impl Into<EndpointName>, config: InventryConfig, key: SecretString) -> Result<Self, Error> {
        let client = config.client(key)?;
        Ok(Self::with_client(name, config, client))
    }

    /// An endpoint on a client that exists already.
    pub fn with_client(name: impl Into<EndpointName>, config: InventryConfig, client: InventryClient) -> Self {
        Self { name: name.into(), config, client, roster: Mutex::default(), info: StdMutex::default() }
    }

    /// The client behind it.
    pub const fn client(&self) -> &InventryClient {
        &self.client
    }

    /// Reads what the server says about itself; one that is too old, or without a licence, is refused.
    pub(super) async fn accepted(&self) -> Result<Info, SyncError> {
        let info = self.client.info().await.map_err(error::sync)?;
        info.require_version(&Version::oldest_supported()).map_err(too_old)?;
        info.require_licence().map_err(no_licence)?;
        *self.info.lock().unwrap_or_else(PoisonError::into_inner) = Some(info.clone());
        Ok(info)
    }

    /// Whether the server offers something and the profile knows where.
    pub(super) async fn offers(&self, capability: Capability) -> Result<bool, SyncError> {
        if !self.client.knows(capability) {
            return Ok(false);
        }
        let known = self.info.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let info = match known {
            Some(info) => info,
            None => self.accepted().await?,
        };
        Ok(info.offers(capability))
    }

    /// Makes sure that the server offers something: what it does not offer is no empty list.
    pub(super) async fn require(&self, capability: Capability) -> Result<(), SyncError> {
        if self.offers(capability).await? {
            return Ok(());
        }
        let text = format!("InVentry does not offer {} here", capability.as_str());
        let remedy = "switch this part of the link off, or ask the vendor; a profile file may also leave it out by an empty path";
        Err(SyncError::new(ErrorClass::Config, text).with_remedy(remedy))
    }

    pub(super) fn is_our_site(&self, site: &SiteId) -> bool {
        self.config.sites.is_empty() || self.config.sites.iter().any(|ours| ours == site.as_str())
    }

    /// What names no site is of every site.
    pub(super) fn is_of_our_sites(&self, site: Option<&SiteId>) -> bool {
        site.is_none_or(|site| self.is_our_site(site))
    }
}

#[async_trait]
impl Endpoint for InventryEndpoint {
    fn name(&self) -> &EndpointName {
        &self.name
    }

    /// The organisation, or the address where the server does not tell one. A server that is too old, and a licence that
    /// is not in force, are refused here, before anything is read.
    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        let info = self.accepted().await?;
        let host = self.client.base().host_str().unwrap_or_default();
        Ok(match info.organisation.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
            Some(organisation) => EndpointIdentity::of("organisation", organisation),
            None => EndpointIdentity::of("host", host),
        })
    }

    async fn check(&self) -> CheckReport {
        check::run(self).await
    }

    fn server_time(&self) -> Option<DateTime<Utc>> {
        self.client.server_time()
    }
}

fn too_old(failure: Error) -> SyncError {
    let oldest = Version::oldest_supported();
    error::sync(failure).with_remedy(format!("update InVentry to {oldest} or later"))
}

fn no_licence(failure: Error) -> SyncError {
    error::sync(failure).with_remedy("renew the licence of the interface with the vendor")
}

impl fmt::Debug for InventryEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InventryEndpoint").field("name", &self.name).finish_non_exhaustive()
    }
}
