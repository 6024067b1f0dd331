//! One sign-in at a time, shared by all callers.

use super::{
    http_client::{Core, Lane, SendOptions},
    token::{Token, TokenSource},
};
use crate::{Error, ErrorKind, Operation, Phase};
use std::{
    sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Mutex;
use url::Url;

/// The road for a sign-in: same server, no token, paced by its own bucket.
#[derive(Debug, Clone)]
pub struct Unauthenticated {
    core: Arc<Core>,
    patience: Duration,
}

impl Unauthenticated {
    /// Sends a call without a token.
    ///
    /// # Errors
    /// As [`HttpClient::send`](crate::HttpClient::send).
    pub async fn send<O: Operation>(&self, operation: &O) -> Result<O::Output, Error> {
        let options = SendOptions { deadline: Some(self.patience), ..SendOptions::default() };
        self.core.call(Lane::SignIn, operation, options).await
    }

    /// Steady time of the client's clock, to say when a token ends.
    pub fn now(&self) -> Instant {
        self.core.clock.now()
    }

    /// Base address of the server.
    pub fn base(&self) -> &Url {
        &self.core.base
    }
}

/// The current token, and the lock of those who get the next one.
#[derive(Debug)]
pub(crate) struct SignIn {
    source: Arc<dyn TokenSource>,
    current: StdMutex<Current>,
    fetching: Mutex<()>,
}

#[derive(Debug, Default)]
struct Current {
    token: Option<Arc<Token>>,
    renew_at: Option<Instant>,
    /// Counts sign-ins, so that who waited for one shares its end.
    round: u64,
    failure: Option<Error>,
}

impl SignIn {
    pub(crate) fn new(source: Arc<dyn TokenSource>) -> Self {
        Self { source, current: StdMutex::default(), fetching: Mutex::default() }
    }

    /// A token that is good now, and another one than the server refused.
    pub(crate) async fn token(
        &self,
        core: &Arc<Core>,
        patience: Duration,
        refused: Option<&Arc<Token>>,
    ) -> Result<Arc<Token>, Error> {
        if let Some(token) = self.usable(core, refused) {
            return Ok(token);
        }
        let round = self.current().round;
        let _alone = self.fetching.lock().await;
        if let Some(token) = self.usable(core, refused) {
            return Ok(token);
        }
        let previous = {
            let current = self.current();
            match &current.failure {
                Some(failure) if current.round != round => return Err(failure.clone()),
                _ => current.token.clone(),
            }
        };
        let fetched = self.source.fetch(&Unauthenticated { core: core.clone(), patience }, previous.as_deref()).await;
        self.keep(core.clock.now(), fetched.map_err(before_the_call), previous, refused.is_some())
    }

    fn usable(&self, core: &Core, refused: Option<&Arc<Token>>) -> Option<Arc<Token>> {
        let current = self.current();
        let token = current.token.as_ref()?;
        let now = core.clock.now();
        let refused = refused.is_some_and(|refused| Arc::ptr_eq(refused, token));
        let old = token.is_over(now) || current.renew_at.is_some_and(|at| at <= now);
        (!refused && !old).then(|| token.clone())
    }

    fn keep(
        &self,
        now: Instant,
        fetched: Result<Token, Error>,
        previous: Option<Arc<Token>>,
        refused: bool,
    ) -> Result<Arc<Token>, Error> {
        let mut current = self.current();
        current.round += 1;
        current.failure = None;
        match (fetched, previous) {
            (Ok(token), _) => {
                current.renew_at = token.renew_at(now);
                let token = Arc::new(token);
                current.token = Some(token.clone());
                Ok(token)
            }
            // Early renewal failed for a passing reason: the old token still opens, look again a little later.
            (Err(error), Some(token)) if error.is_transient() && !refused && !token.is_over(now) => {
                current.renew_at = now.checked_add(LATER);
                Ok(token)
            }
            (Err(error), _) => {
                current.failure = Some(error.clone());
                Err(error)
            }
        }
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sign-in failed: the call that needed it was not sent.
fn before_the_call(error: Error) -> Error {
    let error = match error.kind() {
        ErrorKind::OutcomeUnknown => error.with_kind(ErrorKind::Unavailable),
        _ => error,
    };
    error.with_phase(Phase::NotSent).with_may_have_been_applied(false)
}

const LATER: Duration = Duration::from_secs(10);
