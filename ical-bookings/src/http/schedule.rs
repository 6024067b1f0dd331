//! When a feed is asked again.

use std::time::Duration;

use chrono::TimeDelta;

/// How the last request went, as far as the next one is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// As usual.
    Usual,
    /// The server asked for fewer requests.
    Busy(Option<Duration>),
    /// The server is ill or away.
    Away,
}

/// How long to wait.
///
/// `asked` is how seldom the feed wants to be read, `failures` how many requests in a row got no answer (this one
/// included), `chance` lies between 0 and 1.
pub(super) fn wait(interval: Duration, asked: Option<Duration>, pace: Pace, failures: u32, chance: f64) -> Duration {
    let usual = interval.max(asked.unwrap_or_default().min(HOUR));
    let doubled = |times: u32| usual.saturating_mul(1 << times.min(16)).min(usual.max(LONGEST_BACKOFF));
    let wait = match pace {
        Pace::Usual => usual,
        Pace::Busy(Some(asked)) => return spread(usual, chance).max(asked.min(LONGEST_ASKED)),
        Pace::Busy(None) => doubled(failures),
        Pace::Away => doubled(failures.saturating_sub(1)),
    };
    spread(wait, chance).min(usual.max(LONGEST_BACKOFF))
}

/// Nothing waits longer.
pub(super) fn longest_wait() -> TimeDelta {
    TimeDelta::days(2)
}

/// Up to a tenth longer, so that not everybody asks at once.
fn spread(wait: Duration, chance: f64) -> Duration {
    wait + wait.mul_f64(0.1 * chance.clamp(0.0, 1.0))
}

const HOUR: Duration = Duration::from_hours(1);
const LONGEST_BACKOFF: Duration = Duration::from_hours(4);
const LONGEST_ASKED: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEN: Duration = Duration::from_mins(10);

    fn minutes(pace: Pace, failures: u32) -> u64 {
        wait(TEN, None, pace, failures, 0.0).as_secs() / 60
    }

    #[test]
    fn failures_double_up_to_four_hours() {
        assert_eq!([1, 2, 3, 5, 6, 40].map(|n| minutes(Pace::Away, n)), [10, 20, 40, 160, 240, 240]);
        assert_eq!([1, 2, 5, u32::MAX].map(|n| minutes(Pace::Busy(None), n)), [20, 40, 240, 240]);
    }

    #[test]
    fn a_server_may_ask_for_more_time_but_not_for_more_than_a_day() {
        let asked = |seconds| minutes(Pace::Busy(Some(Duration::from_secs(seconds))), 1);
        assert_eq!([5, 3600, 86_400, 900_000].map(asked), [10, 60, 1440, 1440]);
    }

    #[test]
    fn a_feed_may_only_ask_to_be_read_more_seldom_and_at_most_hourly() {
        let asked = |minutes| wait(TEN, Some(Duration::from_mins(minutes)), Pace::Usual, 0, 0.0).as_secs() / 60;
        assert_eq!([0, 5, 15, 60, 10_000].map(asked), [10, 10, 15, 60, 60]);
        let slow = Duration::from_hours(6);
        assert_eq!(wait(slow, Some(Duration::from_mins(5)), Pace::Usual, 0, 0.0), slow);
    }

    proptest! {
        #[test]
        fn no_wait_is_shorter_than_the_interval_or_longer_than_a_day(
            interval in 60u64..7200, asked in proptest::option::of(0u64..1_000_000), failures: u32, chance in 0.0..1.0,
            pace in 0u8..4, server in 0u64..10_000_000,
        ) {
            let pace = match pace {
                0 => Pace::Usual,
                1 => Pace::Away,
                2 => Pace::Busy(None),
                _ => Pace::Busy(Some(Duration::from_secs(server))),
            };
            let interval = Duration::from_secs(interval);
            let wait = wait(interval, asked.map(Duration::from_secs), pace, failures, chance);
            prop_assert!(wait >= interval && wait <= Duration::from_hours(24));
            if let Pace::Busy(Some(server)) = pace {
                prop_assert!(wait >= server.min(Duration::from_hours(24)));
            }
        }
    }
}
