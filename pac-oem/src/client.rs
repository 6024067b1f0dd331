//! Holds a session and makes a new one when it is gone, with growing pauses.

use crate::{
    key_file::read_key_file,
    model::{CloseReason, KeyFile, KeySummary, PacDriver, PacEndpoint, PacError, PacSession, RetryClass, ServerInfo},
};
use std::{
    fmt,
    path::Path,
    sync::{Arc, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::{sync::Mutex, time::Instant};

/// A server and how to speak with it: begins sessions on demand.
///
/// ```no_run
/// # async fn demo() -> Result<(), pac_oem::model::PacError> {
/// use pac_oem::{PacClient, Trust, driver, model::{ActiveFilter, PacEndpoint}};
/// let root = std::fs::read("pac-ca.pem").unwrap_or_default();
/// let endpoint = PacEndpoint::new("192.0.2.10", 18443, "bridge.oemkey", Trust::OnlyRoots(root));
/// let client = PacClient::new(driver("oem1").ok_or_else(pac_oem::unknown_driver)?, endpoint);
/// let first_page = client.session().await?.people(None, ActiveFilter::All).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct PacClient {
    inner: Arc<Inner>,
}

struct Inner {
    driver: Arc<dyn PacDriver>,
    endpoint: PacEndpoint,
    state: Mutex<State>,
    /// The last session that was begun, whatever became of it.
    last: std::sync::Mutex<Option<Arc<dyn PacSession>>>,
}

#[derive(Default)]
struct State {
    session: Option<Arc<dyn PacSession>>,
    backoff: Backoff,
    /// When the last attempt began.
    tried: Option<Instant>,
    /// Not before this, unless the key file changes.
    not_before: Option<Instant>,
    last: Option<PacError>,
    key_changed: Option<SystemTime>,
}

impl PacClient {
    /// A client; nothing is read or sent yet.
    pub fn new(driver: Arc<dyn PacDriver>, endpoint: PacEndpoint) -> Self {
        let (state, last) = Default::default();
        Self { inner: Arc::new(Inner { driver, endpoint, state, last }) }
    }

    /// The driver in use.
    pub fn driver(&self) -> &dyn PacDriver {
        self.inner.driver.as_ref()
    }

    /// Where the server is.
    pub fn endpoint(&self) -> &PacEndpoint {
        &self.inner.endpoint
    }

    /// What the server said of itself when the last session began; nothing before the first one.
    pub fn server(&self) -> Option<ServerInfo> {
        self.last().map(|session| session.server().clone())
    }

    /// The session, if there is one that is open.
    pub fn open(&self) -> Option<Arc<dyn PacSession>> {
        self.last().filter(|session| session.is_open())
    }

    /// Whether no other session was begun after this one.
    pub fn is_last(&self, session: &Arc<dyn PacSession>) -> bool {
        self.last().is_some_and(|last| Arc::ptr_eq(&last, session))
    }

    /// What can be said of the key file without the network.
    ///
    /// # Errors
    /// One of the `Key…` kinds.
    pub fn inspect_key(&self) -> Result<KeySummary, PacError> {
        self.inner.driver.inspect_key(&self.key()?)
    }

    /// The session, a new one if need be.
    ///
    /// After failures there are pauses of 1, 2, 4 … 60 s between attempts, or what the server asked for; five minutes
    /// after a failure that a person must see to, unless the key file changes. During a pause the call fails at once with
    /// the last error, whose [`retry_after`](PacError::retry_after) says how long it still lasts. The key file is read for
    /// every attempt.
    ///
    /// # Errors
    /// As [`PacDriver::connect`] and [`read_key_file`].
    pub async fn session(&self) -> Result<Arc<dyn PacSession>, PacError> {
        let mut state = self.inner.state.lock().await;
        if let Some(session) = &state.session {
            let Some(end) = session.ended() else { return Ok(session.clone()) };
            state.lost(end);
        }
        let key_changed = changed(&self.inner.endpoint.key_path);
        state.pause(key_changed)?;
        state.tried = Some(Instant::now());
        state.key_changed = key_changed;
        match self.connect().await {
            Ok(session) => {
                state.session = Some(session.clone());
                *self.inner.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(session.clone());
                state.not_before = None;
                state.last = None;
                Ok(session)
            }
            Err(error) => Err(state.failed(error)),
        }
    }

    /// A new session, whatever was refused before and however short ago: somebody wants to see how it goes.
    ///
    /// # Errors
    /// As [`session`](Self::session).
    pub async fn try_now(&self) -> Result<Arc<dyn PacSession>, PacError> {
        self.close(CloseReason::Reconfigured).await;
        self.inner.state.lock().await.not_before = None;
        self.session().await
    }

    /// Forgets this session after an error that ends it; drivers without [`PacSession::ended`] need this.
    pub async fn report(&self, session: &Arc<dyn PacSession>, error: &PacError) {
        if error.ends_session() {
            let mut state = self.inner.state.lock().await;
            if state.holds(session) {
                state.lost(error.clone());
            }
        }
    }

    /// Takes leave of the server, if there is a session.
    pub async fn close(&self, reason: CloseReason) {
        let session = self.inner.state.lock().await.session.take();
        if let Some(session) = session {
            session.close(reason).await;
        }
    }

    /// The next call begins a new session. Calls that are under way on this one come to their end, and it goes with the last
    /// of them.
    pub async fn renew(&self, session: &Arc<dyn PacSession>) {
        let mut state = self.inner.state.lock().await;
        if state.holds(session) {
            state.session = None;
        }
    }

    /// A session of its own, which nobody keeps, whatever was refused a moment ago.
    pub(crate) async fn connect(&self) -> Result<Arc<dyn PacSession>, PacError> {
        self.inner.driver.connect(&self.inner.endpoint, self.key()?).await
    }

    fn last(&self) -> Option<Arc<dyn PacSession>> {
        self.inner.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn key(&self) -> Result<KeyFile, PacError> {
        read_key_file(&self.inner.endpoint.key_path, self.inner.endpoint.allow_loose_key_permissions)
    }
}

impl State {
    fn holds(&self, session: &Arc<dyn PacSession>) -> bool {
        self.session.as_ref().is_some_and(|current| Arc::ptr_eq(current, session))
    }

    /// The session is gone.
    fn lost(&mut self, end: PacError) {
        self.session = None;
        let begun = self.tried.unwrap_or_else(Instant::now);
        if begun.elapsed() >= Backoff::STABLE {
            self.backoff.reset();
        }
        let pause = self.backoff.next(&end);
        self.not_before = Some(match end.retry_after() {
            Some(_) => Instant::now() + pause,
            None if end.retry() == RetryClass::Never => Instant::now() + pause,
            None => begun + pause,
        });
        self.last = Some(end);
    }

    /// An attempt failed.
    fn failed(&mut self, error: PacError) -> PacError {
        let pause = self.backoff.next(&error);
        self.not_before = Some(Instant::now() + pause);
        self.last = Some(error.clone());
        error.with_retry_after(pause)
    }

    /// The last error while the pause lasts.
    fn pause(&self, key_changed: Option<SystemTime>) -> Result<(), PacError> {
        let (Some(not_before), Some(last)) = (self.not_before, &self.last) else { return Ok(()) };
        let rest = not_before.saturating_duration_since(Instant::now());
        let new_key = last.retry() == RetryClass::Never && key_changed != self.key_changed;
        if rest.is_zero() || new_key {
            Ok(())
        } else {
            Err(last.clone().possibly_applied(false).with_retry_after(rest))
        }
    }
}

fn changed(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|data| data.modified()).ok()
}

impl fmt::Debug for PacClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PacClient")
            .field("driver", &self.inner.driver.name())
            .field("endpoint", &self.inner.endpoint)
            .finish_non_exhaustive()
    }
}

/// Pauses between attempts to reach a server.
#[derive(Debug, Clone, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// A session that lasted this long makes up for earlier failures.
    pub const STABLE: Duration = Duration::from_mins(1);
    const LONGEST: Duration = Duration::from_mins(1);
    const NEVER: Duration = Duration::from_mins(5);

    /// How long to wait after this failure: what the server asked for, five minutes where a person must do something,
    /// else 1, 2, 4 … 60 s, a fifth more or less.
    pub fn next(&mut self, error: &PacError) -> Duration {
        if error.retry() == RetryClass::Never {
            return Self::NEVER;
        }
        let plain = Duration::from_secs(1 << self.failures.min(6)).min(Self::LONGEST);
        self.failures = self.failures.saturating_add(1);
        error.retry_after().unwrap_or_else(|| plain.mul_f64(0.8 + 0.4 * chance()))
    }

    /// Forgets the failures.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// A number from 0 to 1.
fn chance() -> f64 {
    let mut bytes = [0; 2];
    // Without randomness all clients knock at the same time, no more.
    let _ = getrandom::fill(&mut bytes);
    f64::from(u16::from_le_bytes(bytes)) / f64::from(u16::MAX)
}
