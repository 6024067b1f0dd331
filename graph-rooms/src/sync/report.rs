//! How a reading went, and what somebody must hear of.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How the reading of a room went, or what concerns the tenant as a whole. It holds no secrets and no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PollReport {
    /// What the room is called here; the tenant's name where it is about the tenant.
    pub room: String,
    /// The room's address; empty where it is about the tenant.
    pub address: String,
    /// What it came to.
    pub outcome: Outcome,
    /// The same for a person, with the cause.
    pub detail: String,
    /// What a person does about it, if anything is to be done.
    pub remedy: String,
    /// Status of the last answer, if there was any.
    pub status: Option<u16>,
    /// Bookings known now.
    pub bookings: usize,
    /// When to ask again.
    pub next_try: DateTime<Utc>,
    /// Alarms that began, or whose matter changed.
    pub alarms: Vec<Alarm>,
    /// Alarms that are over.
    pub ended: Vec<AlarmKind>,
    /// Why the state could not be read or kept, where that failed.
    pub store_fault: Option<String>,
}

/// What a reading came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// A whole calendar with a change in it.
    New,
    /// A whole calendar that says what was known.
    Unchanged,
    /// There is no token.
    SignIn,
    /// The application may not read this calendar.
    Denied,
    /// There is no such room.
    Gone,
    /// The mailbox cannot be read through Graph.
    Mailbox,
    /// Graph asks for fewer calls.
    Busy,
    /// An answer that makes no sense, or a request that Graph does not accept.
    Rejected,
    /// No usable answer.
    Failed,
}

impl Outcome {
    /// Stable word for logs, pages and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Unchanged => "unchanged",
            Self::SignIn => "sign_in",
            Self::Denied => "denied",
            Self::Gone => "gone",
            Self::Mailbox => "mailbox",
            Self::Busy => "busy",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
        }
    }

    /// Whether the calendar was read to its end.
    pub const fn is_good(self) -> bool {
        matches!(self, Self::New | Self::Unchanged)
    }

    /// Whether only a person can help.
    pub const fn is_lasting(self) -> bool {
        matches!(self, Self::SignIn | Self::Denied | Self::Gone | Self::Mailbox | Self::Rejected)
    }
}

/// Something that somebody must hear of, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Alarm {
    /// What kind of thing.
    pub kind: AlarmKind,
    /// For a person, without personal data and without secrets.
    pub text: String,
}

/// Kinds of alarms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AlarmKind {
    /// There is no token, and only a person can help.
    SignIn,
    /// The application may not read this calendar.
    Denied,
    /// There is no such room.
    Gone,
    /// The mailbox cannot be read through Graph.
    Mailbox,
    /// Answers make no sense, or requests are not accepted.
    Rejected,
    /// No whole reading for three intervals.
    Late,
    /// No whole reading for a day, or as long as is set.
    Stale,
}

impl AlarmKind {
    /// Stable word for logs, pages and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Denied => "denied",
            Self::Gone => "gone",
            Self::Mailbox => "mailbox",
            Self::Rejected => "rejected",
            Self::Late => "late",
            Self::Stale => "stale",
        }
    }
}

/// How a room is doing, for pages and JSON: no secrets, no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RoomStatus {
    /// What the room is called here; the tenant's name where it is about the tenant.
    pub name: String,
    /// The room's address; empty where it is about the tenant.
    pub address: String,
    /// When it was last asked for.
    pub last_try: Option<DateTime<Utc>>,
    /// When it was last read to its end.
    pub last_good: Option<DateTime<Utc>>,
    /// When it is asked for next; at once if there is none.
    pub next_try: Option<DateTime<Utc>>,
    /// Status of the last answer that was no success.
    pub status: Option<u16>,
    /// What the last reading came to.
    pub outcome: Option<Outcome>,
    /// The same for a person.
    pub detail: String,
    /// What a person does about it, if anything is to be done.
    pub remedy: String,
    /// Bookings known.
    pub bookings: usize,
    /// Of these, the ones that could not be read this time.
    pub doubtful: usize,
    /// What somebody must look at, in the last whole reading.
    pub problems: u64,
    /// No whole reading for three intervals.
    pub late: bool,
    /// No whole reading for as long as is set.
    pub stale: bool,
    /// Alarms that are on.
    pub alarms: Vec<AlarmKind>,
    /// Until when Graph tells of changes by itself, if it does.
    pub told_until: Option<DateTime<Utc>>,
}
