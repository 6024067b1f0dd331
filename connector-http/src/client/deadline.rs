//! The time by which a whole call must be done.

use super::clock::Clock;
use crate::{ConnectFailure, Error, ErrorKind, Phase};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

#[derive(Debug, Clone)]
pub(crate) struct Deadline {
    clock: Arc<dyn Clock>,
    at: Instant,
}

impl Deadline {
    pub(crate) fn new(clock: Arc<dyn Clock>, within: Duration) -> Self {
        let now = clock.now();
        let at = now.checked_add(within).unwrap_or(now + FAR);
        Self { clock, at }
    }

    pub(crate) fn remaining(&self) -> Duration {
        self.at.saturating_duration_since(self.clock.now())
    }

    /// Waits, unless the wait would reach the deadline.
    pub(crate) async fn sleep(&self, wait: Duration) -> Result<(), Error> {
        if wait.is_zero() {
            return Ok(());
        }
        if wait >= self.remaining() {
            return Err(passed(Phase::NotSent));
        }
        self.clock.sleep(wait).await;
        Ok(())
    }

    /// Ends the work at the deadline; the work had come to `phase` then.
    pub(crate) async fn bound<T>(
        &self,
        phase: Phase,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let remaining = self.remaining();
        if remaining.is_zero() {
            return Err(passed(Phase::NotSent));
        }
        tokio::time::timeout(remaining, work).await.unwrap_or_else(|_| Err(passed(phase)))
    }
}

fn passed(phase: Phase) -> Error {
    let message = match phase {
        Phase::NotSent => "the time for the call was over before it was sent",
        _ => "no answer in the time for the call",
    };
    Error::new(ErrorKind::Unavailable, message).with_phase(phase).with_failure(ConnectFailure::Timeout)
}

/// Stands for "no deadline" where a caller asks for more time than a clock can count.
const FAR: Duration = Duration::from_hours(30 * 365 * 24);
