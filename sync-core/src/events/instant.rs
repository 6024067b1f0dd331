//! Arithmetic on instants that cannot overflow.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// `by` before `at`.
pub(super) fn before(at: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    at.checked_sub_signed(delta(by)).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

/// `by` after `at`.
pub(super) fn after(at: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    at.checked_add_signed(delta(by)).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// How long `late` is after `early`; nothing if it is before.
pub(super) fn between(early: DateTime<Utc>, late: DateTime<Utc>) -> Duration {
    late.signed_duration_since(early).to_std().unwrap_or_default()
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
