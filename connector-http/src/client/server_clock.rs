//! What the server's clock shows, by the `Date` of its answers.

use http::{HeaderMap, header};
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// For how long a look at the server's clock is good.
const GOOD_FOR: Duration = Duration::from_mins(10);
/// A `Date` tells whole seconds only.
const RESOLUTION: Duration = Duration::from_secs(1);

/// The server's clock, as its answers tell it.
///
/// Time since an answer is counted by the steady clock, so that setting the clock of this machine changes nothing here.
#[derive(Debug, Default)]
pub(crate) struct ServerClock(Mutex<Option<Look>>);

/// The server's clock showed no less than `earliest` at a moment, and no more than `doubt` above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    at: Instant,
    earliest: SystemTime,
    doubt: Duration,
}

impl ServerClock {
    /// Takes note of an answer. One from a cache tells when it was stored.
    pub(crate) fn note(&self, headers: &HeaderMap, sent: Instant, received: Instant) {
        let date = headers.get(header::DATE).filter(|_| !headers.contains_key(header::AGE));
        let date = date.and_then(|value| value.to_str().ok()).and_then(|text| httpdate::parse_http_date(text).ok());
        let Some(earliest) = date else { return };
        let look = Look { at: received, earliest, doubt: RESOLUTION + received.saturating_duration_since(sent) };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_none_or(|kept| look.replaces(&kept)) {
            *kept = Some(look);
        }
    }

    /// What it shows now, unless no answer has told it for long.
    pub(crate) fn time(&self, now: Instant) -> Option<SystemTime> {
        let look = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        let since = now.saturating_duration_since(look.at);
        if since > GOOD_FOR {
            return None;
        }
        look.earliest.checked_add(look.doubt / 2)?.checked_add(since)
    }
}

impl Look {
    /// The more exact one stays, unless it is old, or the clock was set since.
    fn replaces(&self, kept: &Self) -> bool {
        let since = self.at.saturating_duration_since(kept.at);
        self.doubt <= kept.doubt || since > GOOD_FOR || !self.agrees_with(kept.earliest + since, kept.doubt)
    }

    fn agrees_with(&self, earliest: SystemTime, doubt: Duration) -> bool {
        self.earliest <= earliest + doubt && earliest <= self.earliest + self.doubt
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOON: Duration = Duration::from_secs(1_790_000_000);

    struct Calls {
        clock: ServerClock,
        start: Instant,
    }

    impl Calls {
        fn new() -> Self {
            Self { clock: ServerClock::default(), start: Instant::now() }
        }

        /// A call that went out after `after` ms, took `took` ms, and whose answer told noon and so many seconds.
        fn answer(&self, after: u64, took: u64, told: u64) {
            let date = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + NOON + Duration::from_secs(told));
            self.answer_with(after, took, &[("date", &date)]);
        }

        fn answer_with(&self, after: u64, took: u64, headers: &[(&'static str, &str)]) {
            let headers = headers.iter().map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap()));
            let sent = self.start + Duration::from_millis(after);
            self.clock.note(&headers.collect(), sent, sent + Duration::from_millis(took));
        }

        /// What the server shows after so many milliseconds, in milliseconds past noon.
        fn shown(&self, after: u64) -> Option<u128> {
            let shown = self.clock.time(self.start + Duration::from_millis(after))?;
            Some(shown.duration_since(SystemTime::UNIX_EPOCH + NOON).unwrap().as_millis())
        }
    }

    #[test]
    fn half_of_the_round_trip_and_of_the_second_has_passed() {
        let calls = Calls::new();
        assert_eq!(calls.shown(0), None, "nobody has answered");
        calls.answer(2_600, 400, 7);
        assert_eq!(calls.shown(3_000), Some(7_700));
        assert_eq!(calls.shown(5_000), Some(9_700), "the clock goes on");
    }

    #[test]
    fn a_slow_answer_does_not_replace_a_quick_one() {
        let calls = Calls::new();
        calls.answer(0, 0, 0);
        calls.answer(0, 20_000, 2);
        assert_eq!(calls.shown(20_000), Some(20_500));
    }

    #[test]
    fn a_clock_that_was_set_is_noticed_at_the_next_answer() {
        let calls = Calls::new();
        calls.answer(0, 0, 0);
        calls.answer(1_900, 100, 3_600);
        assert_eq!(calls.shown(2_000), Some(3_600_550));
        calls.answer(2_800, 200, 3);
        assert_eq!(calls.shown(3_000), Some(3_600));
    }

    #[test]
    fn an_old_look_tells_nothing_and_gives_way() {
        let calls = Calls::new();
        calls.answer(0, 0, 0);
        assert_eq!(calls.shown(600_001), None);
        calls.answer(598_001, 2_000, 599);
        assert_eq!(calls.shown(600_001), Some(600_500));
    }

    #[test]
    fn answers_that_tell_no_time_of_the_server_are_left_out() {
        let calls = Calls::new();
        calls.answer_with(0, 0, &[]);
        calls.answer_with(0, 0, &[("date", "yesterday")]);
        let stored = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + NOON);
        calls.answer_with(0, 0, &[("date", &stored), ("age", "9000")]);
        assert_eq!(calls.shown(0), None);
    }

    proptest! {
        #[test]
        fn any_date_is_taken_without_panic(text in "[ -~]{0,40}", took in 0_u64..100_000) {
            let calls = Calls::new();
            calls.answer_with(0, took, &[("date", &text)]);
            let _ = calls.shown(took);
        }

        #[test]
        fn the_estimate_is_off_by_half_the_doubt_at_most(ahead in 0_u64..1_000, took in 0_u64..60_000, share in 0_u64..=100) {
            let calls = Calls::new();
            // The server wrote its time somewhere on the way.
            let written = took * share / 100;
            calls.answer(0, took, (written + ahead) / 1_000);
            let off = calls.shown(took).unwrap().abs_diff(u128::from(took + ahead));
            prop_assert!(2 * off <= u128::from(took + 1_001), "{off}");
        }
    }
}
