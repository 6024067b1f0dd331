//! What may be shown of a feed.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{AlarmKind, Feed, FeedState, Outcome, alarm};
use crate::Dialect;

/// How a feed is doing, for pages and JSON: no secrets, no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FeedStatus {
    /// Its name.
    pub name: String,
    /// Scheme, host and six digits of a hash.
    pub link: String,
    /// Who writes it, once that is known.
    pub dialect: Option<Dialect>,
    /// When it was last asked.
    pub last_try: Option<DateTime<Utc>>,
    /// When an answer was last accepted.
    pub last_good: Option<DateTime<Utc>>,
    /// When it is asked next; at once if there is none.
    pub next_try: Option<DateTime<Utc>>,
    /// Status of the last answer.
    pub status: Option<u16>,
    /// What the last request came to.
    pub outcome: Option<Outcome>,
    /// The same for a person.
    pub detail: String,
    /// Bookings in force.
    pub bookings: usize,
    /// Of these, the ones that stand beside a forged event or could not be read this time.
    pub doubtful: usize,
    /// What was wrong in the last calendar that was read.
    pub problems: u64,
    /// A sudden loss that is not believed yet.
    pub hold: Option<HoldStatus>,
    /// Nothing was accepted for three intervals.
    pub late: bool,
    /// Nothing was accepted for as long as is set.
    pub stale: bool,
    /// Alarms that are on.
    pub alarms: Vec<AlarmKind>,
}

/// A sudden loss that is not believed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HoldStatus {
    /// Bookings that are missing and stay.
    pub missing: usize,
    /// Of so many.
    pub of: usize,
    /// The feed is empty: only a person, or a feed that is not, ends it.
    pub needs_confirmation: bool,
    /// Readings in a row that agree.
    pub readings: u32,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl FeedStatus {
    pub(super) fn new(feed: &Feed, state: &FeedState, now: DateTime<Utc>) -> Self {
        let hold = state.hold.as_ref().map(|hold| HoldStatus {
            missing: hold.missing.len(),
            of: hold.of,
            needs_confirmation: hold.empty,
            readings: hold.polls,
            since: hold.began,
        });
        Self {
            name: feed.name().to_owned(),
            link: feed.link().label().to_owned(),
            dialect: state.dialect,
            last_try: state.last_try,
            last_good: state.last_good,
            next_try: state.next_try,
            status: state.status,
            outcome: state.outcome,
            detail: state.detail.clone(),
            bookings: state.bookings.len(),
            doubtful: state.bookings.iter().filter(|booking| booking.held).count(),
            problems: state.problems_total,
            hold,
            late: alarm::is_late(state, feed.settings(), now),
            stale: alarm::is_stale(state, feed.settings(), now),
            alarms: state.alarms.keys().copied().collect(),
        }
    }
}
