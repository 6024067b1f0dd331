//! The endpoint itself: its name, its identity, its connection test.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use connector_http::Error;
use secrecy::SecretString;
use sync_core::connector::{CheckReport, Endpoint, EndpointIdentity, ErrorClass, SyncError};
use sync_core::model::EndpointName;

use super::check;
use super::config::OptimaConfig;
use super::fault::fault;
use crate::client::OptimaClient;
use crate::info::Info;
use crate::words::Capability;

/// An Optima server as an endpoint of the engine.
pub struct OptimaEndpoint {
    name: EndpointName,
    pub(super) config: OptimaConfig,
    /// For reads, which may be repeated.
    pub(super) optima: OptimaClient,
    /// For writes, which the engine repeats itself.
    pub(super) once: OptimaClient,
    /// When the last list of badges was made, where the server says so.
    badges_as_of: Mutex<Option<DateTime<Utc>>>,
}

impl OptimaEndpoint {
    /// An endpoint by its section of the configuration and the secret that stands behind its reference.
    ///
    /// # Errors
    /// `Config` with the first fault of the section.
    pub fn new(name: impl Into<EndpointName>, config: OptimaConfig, key: SecretString) -> Result<Self, Error> {
        let optima = config.client(key)?;
        Ok(Self::with_client(name, config, optima))
    }

    /// An endpoint on a client that exists already.
    pub fn with_client(name: impl Into<EndpointName>, config: OptimaConfig, optima: OptimaClient) -> Self {
        Self { name: name.into(), once: optima.without_retry(), optima, config, badges_as_of: Mutex::default() }
    }

    /// The client behind it.
    pub const fn client(&self) -> &OptimaClient {
        &self.optima
    }

    /// The zone of the server; UTC where it does not tell.
    pub(super) fn zone(&self) -> Tz {
        let told = self.optima.known_info().and_then(|info| info.time_zone);
        told.or(self.optima.profile().time().zone_if_missing()).unwrap_or(Tz::UTC)
    }

    /// The server's clock, or this machine's where that is not known.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.optima.server_time().unwrap_or_else(Utc::now)
    }

    /// Whether the server can do something, as far as it was asked.
    pub(super) fn can(&self, capability: &Capability) -> bool {
        self.optima.known_info().is_none_or(|info| info.can(capability))
    }

    pub(super) fn badges_made(&self) -> Option<DateTime<Utc>> {
        *self.badges_as_of.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note_badges_made(&self, at: Option<DateTime<Utc>>) {
        *self.badges_as_of.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    async fn info(&self) -> Result<Option<Info>, SyncError> {
        if !self.optima.profile().has_path("info") {
            return Ok(None);
        }
        self.optima.info().await.map(Some).map_err(|error| fault(error, &self.optima))
    }
}

#[async_trait]
impl Endpoint for OptimaEndpoint {
    fn name(&self) -> &EndpointName {
        &self.name
    }

    /// The name of the site proves which installation it is; a server that does not tell it is known by its address. What the
    /// server can do is read at the same time, so that it is never older than a run.
    ///
    /// A licence that is over is refused here, before anything is read.
    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        let info = self.info().await?;
        let today = self.now().with_timezone(&self.zone()).date_naive();
        if info.as_ref().is_some_and(|info| info.licence.is_over(today)) {
            let error = SyncError::new(ErrorClass::Config, "Optima's licence for its interface is over");
            return Err(error.with_remedy("have the licence renewed"));
        }
        if let Some(until) =
            info.as_ref().filter(|info| info.licence.ends_soon(today)).and_then(|info| info.licence.until)
        {
            tracing::warn!(endpoint = %self.name, %until, "Optima's licence for its interface ends soon");
        }
        let site = info.and_then(|info| info.site).filter(|site| !site.trim().is_empty());
        Ok(match site {
            Some(site) => EndpointIdentity::of("site", site.trim()),
            None => EndpointIdentity::of("address", self.optima.http().base().authority()),
        })
    }

    async fn check(&self) -> CheckReport {
        check::run(self).await
    }

    fn server_time(&self) -> Option<DateTime<Utc>> {
        self.optima.server_time()
    }
}

impl fmt::Debug for OptimaEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OptimaEndpoint").field("name", &self.name).finish_non_exhaustive()
    }
}
