//! Where bookings come from: a feed, or the rooms of a tenant.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::Value;
use sync_core::connector::{Source, SyncError};
use sync_core::model::Booking;

/// A source that is asked now and then, and tells at any time what is known.
#[async_trait]
pub(super) trait BookingSource: Source<Booking> {
    /// Asks whatever is due and keeps what it says.
    async fn poll(&self, now: DateTime<Utc>) -> Vec<Look>;

    /// When something is due next; none if there is nothing to ask.
    async fn next_try(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, SyncError>;

    /// A person says that a sudden loss is true; `false` if nothing of that name is held.
    async fn confirm(&self, name: &str) -> Result<bool, SyncError>;

    /// How each part of it is doing. Nobody is asked.
    async fn standings(&self, now: DateTime<Utc>, zone: Tz) -> Result<Vec<Standing>, SyncError>;
}

/// How a request went.
pub(super) struct Look {
    /// The feed or room.
    pub(super) name: String,
    /// What it came to, in one word.
    pub(super) outcome: &'static str,
    /// Whether the answer was believed.
    pub(super) good: bool,
    /// The same for a person, with the cause.
    pub(super) detail: String,
    /// Bookings in force now.
    pub(super) bookings: usize,
    /// When it is asked again.
    pub(super) next_try: DateTime<Utc>,
    /// Alarms that began: kind and text.
    pub(super) alarms: Vec<(&'static str, String)>,
    /// Kinds of alarms that are over.
    pub(super) ended: Vec<&'static str>,
}

/// How a feed or room is doing.
pub(super) struct Standing {
    /// Its name.
    pub(super) name: String,
    /// For people.
    pub(super) line: String,
    /// For programs.
    pub(super) json: Value,
    /// It waits for somebody's word about a sudden loss.
    pub(super) held: bool,
}
