//! A clock that is ahead of the machine's, ever more.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use sync_core::clock::Clock;

/// The machine's clock, put ahead.
pub(in super::super) struct DemoClock {
    machine: std::sync::Arc<dyn Clock>,
    ahead: Mutex<TimeDelta>,
}

impl DemoClock {
    /// A clock that shows `start` now.
    pub(super) fn starting_at(start: DateTime<Utc>, machine: std::sync::Arc<dyn Clock>) -> Self {
        let ahead = Mutex::new(start - machine.now());
        Self { machine, ahead }
    }

    /// Puts it ahead to a time; it never goes back.
    pub(super) fn put_to(&self, time: DateTime<Utc>) {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        *ahead = (*ahead).max(time - self.machine.now());
    }

    fn ahead(&self) -> TimeDelta {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Clock for DemoClock {
    fn now(&self) -> DateTime<Utc> {
        self.machine.now() + self.ahead()
    }

    fn uptime(&self) -> Duration {
        self.machine.uptime()
    }

    async fn sleep(&self, duration: Duration) {
        self.machine.sleep(duration).await;
    }
}

impl fmt::Debug for DemoClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DemoClock")
    }
}
