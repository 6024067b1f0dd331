//! The endpoint itself: its name, its identity, its session, its connection test.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use connector_http::{Clock, SystemClock};
use secrecy::SecretString;
use sync_core::connector::{CheckReport, Endpoint, EndpointIdentity, SyncError};
use sync_core::model::EndpointName;

use super::check;
use super::config::{AstrowConfig, AstrowDriver};
use super::memory::Memory;
use super::readers::Readers;
use super::roll_call::RollCalls;
use crate::files::FilesDriver;
use crate::model::{AstrowCapability, AstrowError, AstrowSession, Licence, Lookups};
use crate::rest::AstrowClient;

/// An Astrow server as an endpoint of the engine.
pub struct AstrowEndpoint {
    name: EndpointName,
    pub(super) config: AstrowConfig,
    pub(super) way: Way,
    pub(super) readers: Readers,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) memory: Memory,
    pub(super) roll_calls: RollCalls,
}

/// The way into Astrow.
#[derive(Debug)]
pub(super) enum Way {
    /// A client that signs in when it is first needed.
    Rest(AstrowClient),
    /// Folders.
    Files(FilesDriver),
    /// A driver that somebody else has made.
    Given(Arc<dyn AstrowSession>),
}

impl AstrowEndpoint {
    /// An endpoint by its section of the configuration and the password that stands behind its reference; the driver `files`
    /// needs none.
    ///
    /// # Errors
    /// `Config` with the first fault of the section.
    pub fn new(
        name: impl Into<EndpointName>,
        config: AstrowConfig,
        password: Option<SecretString>,
    ) -> Result<Self, AstrowError> {
        let way = match config.driver {
            AstrowDriver::Rest => Way::Rest(config.client(password.unwrap_or_default())?),
            AstrowDriver::Files => Way::Files(config.files_driver()?),
        };
        Ok(Self::by(name, config, way))
    }

    /// An endpoint on a client that exists already.
    pub fn with_client(name: impl Into<EndpointName>, config: AstrowConfig, client: AstrowClient) -> Self {
        Self::by(name, config, Way::Rest(client))
    }

    /// An endpoint on folders.
    pub fn with_files(name: impl Into<EndpointName>, config: AstrowConfig, driver: FilesDriver) -> Self {
        Self::by(name, config, Way::Files(driver))
    }

    /// An endpoint on a driver of a licensee's own.
    pub fn with_session(name: impl Into<EndpointName>, config: AstrowConfig, session: Arc<dyn AstrowSession>) -> Self {
        Self::by(name, config, Way::Given(session))
    }

    fn by(name: impl Into<EndpointName>, config: AstrowConfig, way: Way) -> Self {
        Self {
            name: name.into(),
            config,
            way,
            readers: Readers::new(),
            clock: Arc::new(SystemClock),
            memory: Memory::default(),
            roll_calls: RollCalls::default(),
        }
    }

    /// The readers that give bookings; without any, nothing is booked.
    #[must_use]
    pub fn readers(mut self, readers: Readers) -> Self {
        self.readers = readers;
        self
    }

    /// Another clock, for tests.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The client behind it, with the driver `rest`.
    pub const fn client(&self) -> Option<&AstrowClient> {
        match &self.way {
            Way::Rest(client) => Some(client),
            _ => None,
        }
    }

    /// The folders behind it, with the driver `files`.
    pub const fn files(&self) -> Option<&FilesDriver> {
        match &self.way {
            Way::Files(driver) => Some(driver),
            _ => None,
        }
    }

    /// The session with Astrow, begun if there is none yet. What Astrow says of itself is as old as the last
    /// [`identify`](Endpoint::identify).
    ///
    /// # Errors
    /// Whatever keeps Astrow from letting us in.
    pub async fn session(&self) -> Result<Arc<dyn AstrowSession>, AstrowError> {
        match self.memory.session() {
            Some(session) => Ok(session),
            None => self.begin().await,
        }
    }

    /// Begins a session; a client that is signed in reads what Astrow says of itself afresh.
    async fn begin(&self) -> Result<Arc<dyn AstrowSession>, AstrowError> {
        let session: Arc<dyn AstrowSession> = match &self.way {
            Way::Rest(client) => Arc::new(client.connect().await?),
            Way::Files(driver) => Arc::new(driver.clone()),
            Way::Given(session) => session.clone(),
        };
        self.memory.keep_session(session.clone());
        Ok(session)
    }

    /// The codes of Astrow, read once in a while; nothing where the driver does not know them.
    pub(super) async fn lookups(&self) -> Result<Option<Arc<Lookups>>, AstrowError> {
        let session = self.session().await?;
        if !session.supports(AstrowCapability::LookupsRead) {
            return Ok(None);
        }
        if let Some(known) = self.memory.lookups(self.clock.now()) {
            return Ok(Some(known));
        }
        let read = Arc::new(session.lookups().await?);
        self.memory.keep_lookups(read.clone(), self.clock.now());
        Ok(Some(read))
    }

    /// Whether people can be changed: a matter of the driver alone.
    pub(super) fn is_files(&self) -> bool {
        matches!(self.way, Way::Files(_))
    }

    /// Astrow's clock, or this machine's where that is not known.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.server_time().unwrap_or_else(|| self.clock.wall().into())
    }

    pub(super) fn today(&self, session: &dyn AstrowSession) -> NaiveDate {
        self.now().with_timezone(&session.info().time_zone).date_naive()
    }
}

#[async_trait]
impl Endpoint for AstrowEndpoint {
    fn name(&self) -> &EndpointName {
        &self.name
    }

    /// Product and address, or folder, prove which installation it is; a version may change. What Astrow says of itself and
    /// its codes are read at the same time, so that they are never older than a run.
    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        let session = self.begin().await?;
        self.memory.forget_lookups();
        let mut identity = EndpointIdentity::of("product", session.info().product.trim());
        let (fact, value) = match &self.way {
            Way::Rest(client) => ("address", client.base().authority().to_owned()),
            Way::Files(driver) => ("folder", driver.place()),
            Way::Given(_) => return Ok(identity),
        };
        identity.facts.insert(fact.to_owned(), value);
        for licence in [Licence::FileTerminal, Licence::EmployeesImport].iter().filter(|one| !session.info().has(one)) {
            tracing::warn!(endpoint = %self.name, %licence, "Astrow lacks a licence; that part of the link stands still");
        }
        Ok(identity)
    }

    async fn check(&self) -> CheckReport {
        check::run(self).await
    }

    fn server_time(&self) -> Option<DateTime<Utc>> {
        self.client()?.server_time()
    }
}

impl fmt::Debug for AstrowEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AstrowEndpoint").field("name", &self.name).field("way", &self.way).finish_non_exhaustive()
    }
}
