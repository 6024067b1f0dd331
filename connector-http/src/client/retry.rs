//! When and how long after a failure the same call is made again.

use crate::{Error, Phase, Replay};
use std::time::Duration;

/// How often and how patiently a failed call is repeated.
///
/// What failed before anything was sent may always be repeated; after that only [`Replay::Safe`] and
/// [`Replay::Idempotent`] calls. Waits are random between zero and a bound that doubles (full jitter), and never
/// shorter than the server asks for; a wait that would reach the deadline is not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all; 1 means never again.
    pub attempts: u32,
    /// Bound of the first wait.
    pub first_wait: Duration,
    /// Bound that no own wait exceeds.
    pub longest_wait: Duration,
}

impl Default for RetryPolicy {
    /// Four attempts, waits up to half a second, one, two seconds.
    fn default() -> Self {
        Self { attempts: 4, first_wait: Duration::from_millis(500), longest_wait: Duration::from_secs(30) }
    }
}

impl RetryPolicy {
    /// Never again.
    pub const fn never() -> Self {
        Self { attempts: 1, first_wait: Duration::ZERO, longest_wait: Duration::ZERO }
    }

    /// How long to wait before the next attempt, if there is to be one.
    pub(crate) fn wait(&self, attempt: u32, replay: Replay, error: &Error) -> Option<Duration> {
        if attempt >= self.attempts || !may_repeat(replay, error) {
            return None;
        }
        let bound = self.first_wait.saturating_mul(1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX));
        let own = jitter(bound.min(self.longest_wait));
        Some(own.max(error.retry_after().unwrap_or_default()))
    }
}

fn may_repeat(replay: Replay, error: &Error) -> bool {
    error.is_transient() && (error.phase() == Phase::NotSent || replay != Replay::Never)
}

/// Something between zero and the bound, each as likely.
fn jitter(bound: Duration) -> Duration {
    let part = f64::from(getrandom::u32().unwrap_or(u32::MAX)) / f64::from(u32::MAX);
    bound.mul_f64(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn unavailable(phase: Phase) -> Error {
        Error::new(ErrorKind::Unavailable, "x").with_phase(phase)
    }

    #[test]
    fn only_unsent_calls_are_repeated_whatever_they_do() {
        let policy = RetryPolicy::default();
        for (replay, phase, repeated) in [
            (Replay::Never, Phase::NotSent, true),
            (Replay::Never, Phase::Sent, false),
            (Replay::Never, Phase::Answered, false),
            (Replay::Idempotent, Phase::Sent, true),
            (Replay::Safe, Phase::Answered, true),
        ] {
            assert_eq!(policy.wait(1, replay, &unavailable(phase)).is_some(), repeated, "{replay:?} {phase:?}");
        }
    }

    #[test]
    fn final_errors_are_not_repeated() {
        for kind in [ErrorKind::Auth, ErrorKind::Rejected, ErrorKind::Protocol, ErrorKind::Config] {
            assert_eq!(RetryPolicy::default().wait(1, Replay::Safe, &Error::new(kind, "x")), None);
        }
    }

    #[test]
    fn own_waits_stay_below_a_bound_that_doubles_and_attempts_end() {
        let policy = RetryPolicy { attempts: 40, ..RetryPolicy::default() };
        let error = unavailable(Phase::NotSent);
        for (attempt, bound) in [(1, 500), (2, 1000), (3, 2000), (39, 30_000)] {
            for _ in 0..50 {
                assert!(policy.wait(attempt, Replay::Safe, &error).unwrap() <= Duration::from_millis(bound));
            }
        }
        assert_eq!(policy.wait(40, Replay::Safe, &error), None);
    }

    #[test]
    fn retry_after_wins_over_a_shorter_own_wait() {
        let error = unavailable(Phase::Answered).with_retry_after(Duration::from_secs(7));
        assert_eq!(RetryPolicy::default().wait(1, Replay::Safe, &error), Some(Duration::from_secs(7)));
    }
}
