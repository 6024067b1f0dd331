//! Time as a parameter: waits, token ages and pacing ask a [`Clock`].

use async_trait::async_trait;
use std::{
    fmt::Debug,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// Source of time and of waiting.
#[async_trait]
pub trait Clock: Send + Sync + Debug {
    /// Steady time, for durations.
    fn now(&self) -> Instant;

    /// Time of day, for dates that servers send.
    fn wall(&self) -> SystemTime;

    /// Waits.
    async fn sleep(&self, duration: Duration);
}

/// The time of the machine, by way of tokio (so that tokio's paused time works).
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A clock for tests: a wait ends at once and moves the time on; every wait is remembered.
///
/// ```
/// use connector_http::{Clock, ManualClock};
/// use std::time::Duration;
/// let clock = ManualClock::default();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(5));
/// assert_eq!(clock.now() - before, Duration::from_secs(5));
/// ```
#[derive(Debug)]
pub struct ManualClock {
    start: Instant,
    wall: SystemTime,
    state: Mutex<Passed>,
}

#[derive(Debug, Default)]
struct Passed {
    time: Duration,
    sleeps: Vec<Duration>,
}

impl ManualClock {
    /// Starts at this time of day.
    pub fn at(wall: SystemTime) -> Self {
        Self { start: Instant::now(), wall, state: Mutex::default() }
    }

    /// Moves the time on.
    pub fn advance(&self, by: Duration) {
        self.state().time += by;
    }

    /// Every wait so far.
    pub fn sleeps(&self) -> Vec<Duration> {
        self.state().sleeps.clone()
    }

    fn state(&self) -> MutexGuard<'_, Passed> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::at(SystemTime::now())
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Instant {
        self.start + self.state().time
    }

    fn wall(&self) -> SystemTime {
        self.wall + self.state().time
    }

    async fn sleep(&self, duration: Duration) {
        {
            let mut state = self.state();
            state.time += duration;
            state.sleeps.push(duration);
        }
        tokio::task::yield_now().await;
    }
}
