//! The endpoint itself: its name, its identity, its connection test.

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use connector_http::{Error, ErrorKind};
use secrecy::SecretString;
use sync_core::connector::{CheckReport, Endpoint, EndpointIdentity, SyncError};
use sync_core::model::EndpointName;
use tokio::sync::OnceCell;

use super::check;
use super::config::Net2Config;
use super::details::DetailCache;
use crate::client::Net2Client;
use crate::server::ServerVersion;

/// A Net2 server as an endpoint of the engine.
pub struct Net2Endpoint {
    name: EndpointName,
    pub(super) config: Net2Config,
    /// For reads, which may be repeated.
    pub(super) net2: Net2Client,
    /// For writes, which the engine repeats itself.
    pub(super) once: Net2Client,
    pub(super) details: DetailCache,
    /// The server has been found new enough.
    new_enough: OnceCell<()>,
}

impl Net2Endpoint {
    /// An endpoint by its section of the configuration and the secrets that stand behind its references.
    ///
    /// # Errors
    /// `Config` with the first fault of the section.
    pub fn new(
        name: impl Into<EndpointName>,
        config: Net2Config,
        password: SecretString,
        client_secret: Option<SecretString>,
    ) -> Result<Self, Error> {
        let net2 = config.client(password, client_secret)?;
        Ok(Self::with_client(name, config, net2))
    }

    /// An endpoint on a client that exists already.
    pub fn with_client(name: impl Into<EndpointName>, config: Net2Config, net2: Net2Client) -> Self {
        Self {
            name: name.into(),
            once: net2.without_retry(),
            net2,
            config,
            details: DetailCache::default(),
            new_enough: OnceCell::new(),
        }
    }

    /// The client behind it.
    pub const fn client(&self) -> &Net2Client {
        &self.net2
    }

    pub(super) fn zone(&self) -> Tz {
        self.net2.time_zone()
    }

    /// A version that the operator may not read, or that is none, is left to the connection test.
    async fn require_version(&self) -> Result<(), Error> {
        match self.net2.server().require_version(&ServerVersion::oldest_supported()).await {
            Err(error) if !matches!(error.kind(), ErrorKind::Permission | ErrorKind::Protocol) => Err(error),
            _ => Ok(()),
        }
    }

    /// The day it is at the server.
    pub(super) fn today(&self) -> NaiveDate {
        Utc::now().with_timezone(&self.zone()).date_naive()
    }
}

#[async_trait]
impl Endpoint for Net2Endpoint {
    fn name(&self) -> &EndpointName {
        &self.name
    }

    /// Net2 shows no number of its own: that it accepts this licence is what can be known. The certificate is no proof,
    /// since the server may renew it.
    /// A server that is too old is refused here, before anything is read.
    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        self.net2.http().sign_in().await?;
        self.new_enough.get_or_try_init(|| self.require_version()).await?;
        Ok(EndpointIdentity::of("licence", self.config.client_id.trim()))
    }

    async fn check(&self) -> CheckReport {
        check::run(self).await
    }

    fn server_time(&self) -> Option<DateTime<Utc>> {
        self.net2.server_time()
    }
}

impl fmt::Debug for Net2Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Net2Endpoint").field("name", &self.name).finish_non_exhaustive()
    }
}
