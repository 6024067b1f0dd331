//! The endpoint itself: its name, its identity, its connection test, and how it speaks with the server.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use sync_core::connector::{CheckReport, Endpoint, EndpointIdentity, SiteDay, SyncError};
use sync_core::model::EndpointName;

use super::changes::Written;
use super::check;
use super::config::PacConfig;
use super::definitions::Known;
use super::pace::Pace;
use super::person::Rules;
use crate::PacClient;
use crate::model::{
    Capability, CloseReason, Cursor, LogStream, PacDriver, PacError, PacErrorKind, PacSession, RetryClass, ServerInfo,
};

/// A PAC server as an endpoint of the engine.
///
/// It keeps one session, made when it is needed. Reads are repeated after a lost connection and where the server is busy;
/// writes never are.
pub struct PacEndpoint {
    name: EndpointName,
    pub(super) config: PacConfig,
    pub(super) client: PacClient,
    pub(super) definitions: Mutex<Option<Arc<Known>>>,
    /// What we wrote ourselves, to know it again in the log of changes.
    pub(super) written: Mutex<Written>,
    /// Where the log of changes stood when the last whole list of people began.
    pub(super) listed_at: Mutex<Option<Cursor>>,
    writes: Pace,
}

impl PacEndpoint {
    /// An endpoint by its section of the configuration, with the driver that it names. Nothing is sent.
    ///
    /// # Errors
    /// `Config` if there is no such driver, or no certificate to trust.
    pub fn new(name: impl Into<EndpointName>, config: PacConfig) -> Result<Self, PacError> {
        let driver = config.built_in()?;
        Self::with_driver(name, config, driver)
    }

    /// The same with a driver of a licensee, whatever `driver` says.
    ///
    /// # Errors
    /// `Config` if there is no certificate to trust.
    pub fn with_driver(
        name: impl Into<EndpointName>,
        config: PacConfig,
        driver: Arc<dyn PacDriver>,
    ) -> Result<Self, PacError> {
        let client = PacClient::new(driver, config.address()?);
        Ok(Self {
            name: name.into(),
            config,
            client,
            definitions: Mutex::default(),
            written: Mutex::default(),
            listed_at: Mutex::default(),
            writes: Pace::per_second(WRITES),
        })
    }

    /// The same for a server that takes another number of writes in a second than 10.
    #[must_use]
    pub fn writes_per_second(self, most: u16) -> Self {
        Self { writes: Pace::per_second(most), ..self }
    }

    /// The session behind it, for whatever the engine has no words for.
    ///
    /// # Errors
    /// Whatever keeps the server from answering.
    pub async fn session(&self) -> Result<Arc<dyn PacSession>, SyncError> {
        Ok(self.ready().await?)
    }

    /// What the server said of itself when the last session began.
    pub fn server(&self) -> Option<ServerInfo> {
        self.client.server()
    }

    /// Whether a session is open.
    pub fn is_connected(&self) -> bool {
        self.client.open().is_some()
    }

    /// Takes leave of the server; the next call begins a new session.
    pub async fn close(&self) {
        self.client.close(CloseReason::Stop).await;
    }

    /// Zone of the server; UTC where it is not told, or is none.
    pub fn time_zone(&self) -> Tz {
        self.server().and_then(|server| server.time_zone.parse().ok()).unwrap_or(Tz::UTC)
    }

    pub(super) fn rules(&self) -> Rules {
        Rules { days: SiteDay(self.time_zone()) }
    }

    pub(super) fn can(&self, capability: Capability) -> bool {
        self.server().is_some_and(|server| server.supports(capability))
    }

    /// A read: once more with a new session where the old one was lost, and after a while where the server is busy.
    pub(super) async fn read<T>(
        &self,
        call: impl Fn(Arc<dyn PacSession>) -> BoxFuture<'static, Result<T, PacError>> + Send + Sync,
    ) -> Result<T, PacError> {
        let mut tries = 0;
        loop {
            let error = match self.once(&call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            tries += 1;
            // A lost connection is made again at once, unless the server or our own pauses say otherwise.
            let wait = match error.retry() {
                RetryClass::Reconnect => error.retry_after().unwrap_or_default(),
                RetryClass::Backoff => error.retry_after().unwrap_or(Duration::from_secs(tries)),
                _ => return Err(error),
            };
            if tries > REPEATS || wait > PATIENCE {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// The session, waited for through a short pause between two attempts.
    pub(super) async fn ready(&self) -> Result<Arc<dyn PacSession>, PacError> {
        self.read(|session| futures::future::ready(Ok(session)).boxed()).await
    }

    async fn once<T>(
        &self,
        call: &(impl Fn(Arc<dyn PacSession>) -> BoxFuture<'static, Result<T, PacError>> + Send + Sync),
    ) -> Result<T, PacError> {
        let session = self.client.session().await?;
        let answer = call(session.clone()).await;
        if let Err(error) = &answer {
            self.client.report(&session, error).await;
        }
        answer
    }

    /// A write, sent once, when it is its turn.
    pub(super) async fn write<T>(
        &self,
        session: &Arc<dyn PacSession>,
        call: impl Future<Output = Result<T, PacError>>,
    ) -> Result<T, SyncError> {
        self.writes.turn().await;
        match call.await {
            Ok(answer) => Ok(answer),
            Err(error) => {
                self.client.report(session, &error).await;
                Err(error.into())
            }
        }
    }

    /// What the server said of a log when the session began is no longer true: the next call begins a new session, unless
    /// somebody has begun one already. Nothing that is under way is lost.
    pub(super) async fn renew(&self, log: LogStream, why: &PacError) {
        let Some(session) = self.client.open() else { return };
        let told = session.server().log(log).map(|log| log.epoch);
        let known = why.kind() == PacErrorKind::EpochChanged && told.is_some() && told == why.epoch();
        if !known {
            self.client.renew(&session).await;
        }
    }

    pub(super) fn note_listed_at(&self, cursor: Cursor) {
        *self.listed_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(cursor);
    }
}

#[async_trait]
impl Endpoint for PacEndpoint {
    fn name(&self) -> &EndpointName {
        &self.name
    }

    /// The organisation and the server's own name. Epochs of logs and versions may change without a new installation.
    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        let session = self.ready().await?;
        let server = session.server();
        let mut identity = EndpointIdentity::of("server", server.name.trim());
        let organisation = format!("{} {}", self.config.organisation, server.organisation.trim());
        identity.facts.insert("organisation".to_owned(), organisation.trim().to_owned());
        Ok(identity)
    }

    async fn check(&self) -> CheckReport {
        check::run(self).await
    }

    fn server_time(&self) -> Option<DateTime<Utc>> {
        Some(Utc::now() + self.client.open()?.clock_skew())
    }
}

impl fmt::Debug for PacEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PacEndpoint").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Writes that the profile `oem1` lets a session make in a second.
const WRITES: u16 = 10;
/// Repeats of one read.
const REPEATS: u64 = 3;
/// A server that is busy or away is waited for as long as this before a repeat.
const PATIENCE: Duration = Duration::from_secs(5);
