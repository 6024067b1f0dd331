//! The one session of an endpoint, and what its server said of itself.

use std::sync::{Arc, Mutex, PoisonError};

use crate::client::PacClient;
use crate::model::{CloseReason, PacDriver, PacEndpoint, PacError, PacSession, ServerInfo};

/// A session that is there when it is wanted.
pub(super) struct Keeper {
    client: PacClient,
    driver: Arc<dyn PacDriver>,
    last: Mutex<Option<Arc<dyn PacSession>>>,
}

impl Keeper {
    pub(super) fn new(driver: Arc<dyn PacDriver>, address: PacEndpoint) -> Self {
        Self { client: PacClient::new(driver.clone(), address), driver, last: Mutex::default() }
    }

    pub(super) fn address(&self) -> &PacEndpoint {
        self.client.endpoint()
    }

    pub(super) fn driver(&self) -> &dyn PacDriver {
        &*self.driver
    }

    /// What the server said of itself when the last session began; nothing before the first one.
    pub(super) fn server(&self) -> Option<ServerInfo> {
        self.last().map(|session| session.server().clone())
    }

    /// The session, if there is one that is open.
    pub(super) fn open(&self) -> Option<Arc<dyn PacSession>> {
        self.last().filter(|session| session.is_open())
    }

    /// The session, a new one if need be.
    pub(super) async fn session(&self) -> Result<Arc<dyn PacSession>, PacError> {
        let session = self.client.session().await?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(session.clone());
        Ok(session)
    }

    /// A call on this session failed: one that is of no use any more is let go.
    pub(super) async fn failed(&self, session: &Arc<dyn PacSession>, error: &PacError) {
        if self.is_current(session) {
            self.client.report(error).await;
        }
    }

    /// Takes leave of the server; the next call begins a new session.
    pub(super) async fn close(&self, reason: CloseReason) {
        self.client.close(reason).await;
    }

    /// What the server said when this session began is no longer true: the next call begins a new one, and calls that are
    /// under way come to their end.
    pub(super) async fn renew(&self, session: &Arc<dyn PacSession>) {
        self.client.renew(session).await;
    }

    /// Whether the last call went by this session.
    pub(super) fn is_current(&self, session: &Arc<dyn PacSession>) -> bool {
        self.last().is_some_and(|last| Arc::ptr_eq(&last, session))
    }

    fn last(&self) -> Option<Arc<dyn PacSession>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
