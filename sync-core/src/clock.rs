//! Time as a parameter: wall clock, monotonic clock and waiting.

use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// The time, as the engine sees it. Setting the wall clock never influences settling, which is monotonic.
#[async_trait]
pub trait Clock: Send + Sync + fmt::Debug {
    /// Wall clock.
    fn now(&self) -> DateTime<Utc>;

    /// Time since this process started; never goes back.
    fn uptime(&self) -> Duration;

    /// Waits.
    async fn sleep(&self, duration: Duration);
}

/// The machine's clocks. Waiting is the caller's runtime's affair: the function that waits is handed in.
pub struct SystemClock<F> {
    started: Instant,
    sleep: F,
}

impl<F> SystemClock<F> {
    /// A clock that waits with `sleep`, such as `|d| Box::pin(tokio::time::sleep(d))`.
    pub fn new(sleep: F) -> Self {
        Self { started: Instant::now(), sleep }
    }
}

impl<F> fmt::Debug for SystemClock<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SystemClock")
    }
}

#[async_trait]
impl<F> Clock for SystemClock<F>
where
    F: Fn(Duration) -> futures::future::BoxFuture<'static, ()> + Send + Sync,
{
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        (self.sleep)(duration).await;
    }
}

/// A clock that stands still until it is moved; sleeping moves it.
#[derive(Debug)]
pub struct ManualClock {
    state: Mutex<(DateTime<Utc>, Duration)>,
}

impl ManualClock {
    /// A clock that stands at `now`.
    pub fn new(now: DateTime<Utc>) -> Self {
        Self { state: Mutex::new((now, Duration::ZERO)) }
    }

    /// Moves both clocks forward.
    pub fn advance(&self, by: Duration) {
        let mut state = self.lock();
        state.0 += by;
        state.1 += by;
    }

    /// Sets the wall clock alone, forward or back.
    pub fn set_wall(&self, now: DateTime<Utc>) {
        self.lock().0 = now;
    }

    /// A new process on the same wall clock: the monotonic clock starts again.
    pub fn restart(&self) {
        self.lock().1 = Duration::ZERO;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (DateTime<Utc>, Duration)> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        self.lock().0
    }

    fn uptime(&self) -> Duration {
        self.lock().1
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}
