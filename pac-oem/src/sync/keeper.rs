//! One session, made when it is needed, made again when it is lost, not asked for too often where it is refused.

use std::path::Path;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::model::{CloseReason, PacDriver, PacEndpoint, PacError, PacSession, RetryClass, ServerInfo};

/// A session that is there when it is wanted.
pub(super) struct Keeper {
    driver: Arc<dyn PacDriver>,
    address: PacEndpoint,
    held: Mutex<Held>,
    /// What the server last said of itself.
    server: StdMutex<Option<ServerInfo>>,
}

#[derive(Default)]
struct Held {
    session: Option<Arc<dyn PacSession>>,
    /// Attempts in a row that failed.
    failed: u32,
    refusal: Option<Refusal>,
}

/// Why there is no session, and when the next attempt may be made.
struct Refusal {
    error: PacError,
    until: Instant,
    /// The key file as it was then: a new one is tried at once.
    key: Option<SystemTime>,
}

impl Keeper {
    pub(super) fn new(driver: Arc<dyn PacDriver>, address: PacEndpoint) -> Self {
        Self { driver, address, held: Mutex::default(), server: StdMutex::default() }
    }

    pub(super) const fn address(&self) -> &PacEndpoint {
        &self.address
    }

    pub(super) fn driver(&self) -> &dyn PacDriver {
        &*self.driver
    }

    /// What the server last said of itself; nothing before the first session.
    pub(super) fn server(&self) -> Option<ServerInfo> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The clock of the server less ours, while a session is open.
    pub(super) fn open(&self) -> Option<Arc<dyn PacSession>> {
        let held = self.held.try_lock().ok()?;
        held.session.clone().filter(|session| session.is_open())
    }

    /// The session, and whether it was made for this call.
    pub(super) async fn session(&self) -> Result<(Arc<dyn PacSession>, bool), PacError> {
        let mut held = self.held.lock().await;
        if let Some(session) = held.session.as_ref().filter(|session| session.is_open()) {
            return Ok((session.clone(), false));
        }
        held.session = None;
        let key = changed(&self.address.key_path);
        if let Some(refusal) = held.refusal.as_ref().filter(|refusal| refusal.key == key) {
            let left = refusal.until.saturating_duration_since(Instant::now());
            if !left.is_zero() {
                return Err(refusal.error.clone().with_retry_after(left));
            }
        }
        self.connect(&mut held, key).await.map(|session| (session, true))
    }

    /// A session of its own attempt, whatever was refused before: somebody wants to see how it goes.
    pub(super) async fn try_now(&self) -> Result<Arc<dyn PacSession>, PacError> {
        let mut held = self.held.lock().await;
        if let Some(session) = held.session.take() {
            session.close(CloseReason::Reconfigured).await;
        }
        self.connect(&mut held, changed(&self.address.key_path)).await
    }

    /// Says that a call failed: a session that is of no use any more is let go, and a server that wants to be left alone is.
    pub(super) async fn failed(&self, session: &Arc<dyn PacSession>, error: &PacError) {
        if !error.ends_session() {
            return;
        }
        let mut held = self.held.lock().await;
        if held.session.as_ref().is_some_and(|held| Arc::ptr_eq(held, session)) {
            held.session = None;
            if let Some(wait) = error.retry_after() {
                let key = changed(&self.address.key_path);
                held.refusal = Some(Refusal { error: error.clone(), until: Instant::now() + wait, key });
            }
        }
    }

    /// Takes leave of the server.
    pub(super) async fn close(&self) {
        if let Some(session) = self.held.lock().await.session.take() {
            session.close(CloseReason::Stop).await;
        }
    }

    async fn connect(&self, held: &mut Held, key: Option<SystemTime>) -> Result<Arc<dyn PacSession>, PacError> {
        match self.greet().await {
            Ok(session) => {
                (held.failed, held.refusal) = (0, None);
                *self.server.lock().unwrap_or_else(PoisonError::into_inner) = Some(session.server().clone());
                held.session = Some(session.clone());
                Ok(session)
            }
            Err(error) => {
                held.failed = held.failed.saturating_add(1);
                let wait = error.retry_after().unwrap_or_else(|| pause(error.retry(), held.failed));
                held.refusal = Some(Refusal { error: error.clone(), until: Instant::now() + wait, key });
                Err(error)
            }
        }
    }

    async fn greet(&self) -> Result<Arc<dyn PacSession>, PacError> {
        let key = crate::read_key_file(&self.address.key_path, self.address.allow_loose_key_permissions)?;
        self.driver.connect(&self.address, key).await
    }
}

/// How long to wait after so many failures: 1, 2, 4 to 60 seconds, a fifth more or less; what only a person can put right
/// is tried every five minutes.
fn pause(retry: RetryClass, failed: u32) -> Duration {
    if retry == RetryClass::Never {
        return Duration::from_mins(5);
    }
    let seconds = 1u64.checked_shl(failed.saturating_sub(1).min(6)).unwrap_or(60).min(60);
    let mut byte = [128; 1];
    // Without a random number everybody waits equally long.
    let _ = getrandom::fill(&mut byte);
    Duration::from_millis(seconds * (800 + u64::from(byte[0]) * 400 / 255))
}

fn changed(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|file| file.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute_and_vary_by_a_fifth() {
        for (failed, seconds) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (100, 60)] {
            let wait = pause(RetryClass::Reconnect, failed).as_millis();
            assert!((seconds * 800..=seconds * 1200).contains(&wait), "{failed}: {wait}");
        }
        assert_eq!(pause(RetryClass::Never, 1), Duration::from_mins(5));
    }
}
