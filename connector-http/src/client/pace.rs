//! How fast we may call: one bucket per vendor server, another for sign-ins.

use super::deadline::Deadline;
use crate::{Error, ErrorKind};
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How fast a vendor server may be called; clones of a client share it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Calls per second in the long run.
    pub requests_per_second: f64,
    /// Calls that may go out at once after a pause.
    pub burst: u32,
    /// Least time between two sign-ins.
    pub sign_in_spacing: Duration,
}

impl Default for Pace {
    /// 20 calls per second, 20 at once, a sign-in per second.
    fn default() -> Self {
        Self { requests_per_second: 20.0, burst: 20, sign_in_spacing: Duration::from_secs(1) }
    }
}

impl Pace {
    /// No limit at all, for simulators.
    pub const fn unlimited() -> Self {
        Self { requests_per_second: f64::INFINITY, burst: u32::MAX, sign_in_spacing: Duration::ZERO }
    }

    pub(crate) fn main_bucket(&self) -> Option<Bucket> {
        let interval = if self.requests_per_second == f64::INFINITY {
            Duration::ZERO
        } else if self.requests_per_second > 0.0 {
            Duration::try_from_secs_f64(1.0 / self.requests_per_second).ok()?
        } else {
            return None;
        };
        (self.burst > 0).then(|| Bucket::new(interval, self.burst))
    }

    pub(crate) fn sign_in_bucket(&self) -> Bucket {
        Bucket::new(self.sign_in_spacing, 1)
    }
}

/// A token bucket, kept as the time at which it would be full again (the generic cell rate algorithm).
#[derive(Debug)]
pub(crate) struct Bucket {
    interval: Duration,
    slack: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    full_at: Option<Instant>,
    closed_until: Option<Instant>,
}

impl Bucket {
    fn new(interval: Duration, burst: u32) -> Self {
        let slack = interval.saturating_mul(burst.saturating_sub(1));
        Self { interval, slack, state: Mutex::default() }
    }

    /// Waits for a turn; takes none when the deadline comes first.
    pub(crate) async fn turn(&self, now: impl Fn() -> Instant, deadline: &Deadline) -> Result<(), Error> {
        self.open_in_time(now(), deadline)?;
        let wait = self.reserve(now(), deadline.remaining());
        deadline.sleep(wait).await?;
        // The server may have asked for a pause while we waited.
        loop {
            let pause = self.open_in_time(now(), deadline)?;
            if pause.is_zero() {
                return Ok(());
            }
            deadline.sleep(pause).await?;
        }
    }

    /// How long the server still wants to be left alone; an error when that is longer than the caller can wait.
    fn open_in_time(&self, now: Instant, deadline: &Deadline) -> Result<Duration, Error> {
        let pause = self.closed_for(now);
        if pause.is_zero() || pause < deadline.remaining() {
            return Ok(pause);
        }
        Err(Error::new(ErrorKind::RateLimited, "the server asked for a pause that is not over").with_retry_after(pause))
    }

    /// The server wants to be left alone; for an hour at most, since a header must not silence us for good.
    pub(crate) fn pause(&self, now: Instant, wait: Duration) {
        let Some(until) = now.checked_add(wait.min(LONGEST_PAUSE)) else { return };
        let mut state = self.state();
        state.closed_until = state.closed_until.max(Some(until));
        state.full_at = state.full_at.max(until.checked_add(self.slack));
    }

    fn reserve(&self, now: Instant, patience: Duration) -> Duration {
        let mut state = self.state();
        let full_at = state.full_at.map_or(now, |at| at.max(now));
        let wait = full_at.saturating_duration_since(now).saturating_sub(self.slack);
        if wait < patience {
            state.full_at = full_at.checked_add(self.interval);
        }
        wait
    }

    fn closed_for(&self, now: Instant) -> Duration {
        self.state().closed_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const LONGEST_PAUSE: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LONG: Duration = Duration::from_secs(1_000_000);

    fn bucket(per_second: f64, burst: u32) -> Bucket {
        Pace { requests_per_second: per_second, burst, ..Pace::default() }.main_bucket().unwrap()
    }

    #[test]
    fn a_burst_goes_at_once_and_the_rest_in_step() {
        let (bucket, now) = (bucket(10.0, 3), Instant::now());
        let waits: Vec<_> = (0..5).map(|_| bucket.reserve(now, LONG).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 100, 200]);
    }

    #[test]
    fn rest_fills_the_bucket_up_to_the_burst() {
        let (bucket, now) = (bucket(10.0, 2), Instant::now());
        for _ in 0..4 {
            bucket.reserve(now, LONG);
        }
        let later = now + Duration::from_mins(1);
        let waits: Vec<_> = (0..3).map(|_| bucket.reserve(later, LONG).as_millis()).collect();
        assert_eq!(waits, [0, 0, 100]);
    }

    #[test]
    fn after_a_pause_calls_come_one_by_one() {
        let (bucket, now) = (bucket(10.0, 5), Instant::now());
        bucket.pause(now, Duration::from_secs(2));
        let waits: Vec<_> = (0..3).map(|_| bucket.reserve(now, LONG).as_millis()).collect();
        assert_eq!(waits, [2000, 2100, 2200]);
    }

    #[test]
    fn who_cannot_wait_takes_no_turn() {
        let (bucket, now) = (bucket(1.0, 1), Instant::now());
        bucket.reserve(now, LONG);
        bucket.reserve(now, Duration::from_millis(10));
        assert_eq!(bucket.reserve(now, LONG), Duration::from_secs(1));
    }

    #[test]
    fn senseless_paces_are_no_bucket() {
        for per_second in [0.0, -1.0, f64::NAN, f64::MIN_POSITIVE] {
            assert!(Pace { requests_per_second: per_second, ..Pace::default() }.main_bucket().is_none());
        }
        assert!(Pace { burst: 0, ..Pace::default() }.main_bucket().is_none());
    }

    proptest! {
        #[test]
        fn never_more_than_burst_and_rate_allow(gaps in prop::collection::vec(0_u64..300, 1..60), burst in 1_u32..6) {
            let (bucket, start) = (bucket(10.0, burst), Instant::now());
            let mut now = start;
            let mut starts = Vec::new();
            for gap in gaps {
                now += Duration::from_millis(gap);
                starts.push(now + bucket.reserve(now, LONG));
            }
            let width = burst as usize;
            for window in starts.windows(width + 1) {
                prop_assert!(window[width] - window[0] >= Duration::from_millis(100));
            }
        }
    }
}
