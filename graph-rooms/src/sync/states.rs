//! What is kept of a room between two readings, and where.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sync_core::connector::SyncError;
use sync_core::model::Booking;
use tokio::sync::Mutex;

use super::report::{AlarmKind, Outcome};

/// What is kept of a room between two readings, and over restarts: its bookings, and how the readings went.
///
/// It holds personal data (names and addresses of bookings to come), and no texts of bookings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoomState {
    pub(super) bookings: Vec<Known>,
    pub(super) problems: Vec<RoomProblem>,
    pub(super) problems_total: u64,
    /// Settings under which it was read.
    pub(super) settings: String,
    pub(super) failures: u32,
    pub(super) first_try: Option<DateTime<Utc>>,
    pub(super) last_try: Option<DateTime<Utc>>,
    pub(super) last_good: Option<DateTime<Utc>>,
    pub(super) status: Option<u16>,
    pub(super) outcome: Option<Outcome>,
    pub(super) detail: String,
    pub(super) remedy: String,
    pub(super) next_try: Option<DateTime<Utc>>,
    pub(super) alarms: BTreeMap<AlarmKind, String>,
    pub(super) watch: Option<super::push::Watched>,
}

/// One booking as a room's calendar had it last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    /// The same in all rooms of the booking.
    pub(super) key: String,
    /// The event in this calendar.
    pub(super) event: String,
    pub(super) booking: Booking,
}

/// What somebody must look at in a room's calendar. No personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RoomProblem {
    /// The booking or event that it is about.
    pub id: String,
    /// Stable word for it.
    pub kind: String,
    /// The same for a person.
    pub text: String,
}

impl RoomState {
    /// What somebody must look at, in the last whole reading.
    pub fn problems(&self) -> &[RoomProblem] {
        &self.problems
    }

    /// How many bookings are known.
    pub fn bookings(&self) -> usize {
        self.bookings.len()
    }

    /// When the calendar was last read to its end.
    pub fn last_good(&self) -> Option<DateTime<Utc>> {
        self.last_good
    }

    /// When it is to be read next; none before the first time.
    pub fn next_try(&self) -> Option<DateTime<Utc>> {
        self.next_try
    }

    /// A clock that was set back by more than a day counts as due, too: nobody waits for a year by mistake.
    pub(super) fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.next_try.is_none_or(|next| next <= now || next - now > chrono::TimeDelta::days(1))
    }
}

/// Keeps the states of rooms over restarts. A room is known by its address in lower case; what concerns the tenant as a whole
/// is kept under a name without `@`.
#[async_trait]
pub trait RoomStates: Send + Sync + fmt::Debug {
    /// The state that was kept last; none for a room that was never read.
    ///
    /// # Errors
    /// Whatever keeps it from being read. The room is not asked for then.
    async fn load(&self, room: &str) -> Result<Option<RoomState>, SyncError>;

    /// Keeps a state durably.
    ///
    /// # Errors
    /// Whatever keeps it from being kept.
    async fn save(&self, room: &str, state: &RoomState) -> Result<(), SyncError>;
}

/// Keeps states as long as it lives: for tests and for looking once.
#[derive(Debug, Default)]
pub struct MemoryStates(Mutex<BTreeMap<String, RoomState>>);

#[async_trait]
impl RoomStates for MemoryStates {
    async fn load(&self, room: &str) -> Result<Option<RoomState>, SyncError> {
        Ok(self.0.lock().await.get(room).cloned())
    }

    async fn save(&self, room: &str, state: &RoomState) -> Result<(), SyncError> {
        self.0.lock().await.insert(room.to_owned(), state.clone());
        Ok(())
    }
}
