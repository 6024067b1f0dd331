//! The ledger: every event once, with its state and reason.

use std::fmt;

use chrono::{DateTime, FixedOffset, Utc};
use serde::{Deserialize, Serialize};

use crate::model::{Direction, EndpointName, EventClass, EventKey, ExternalId, Remark};

/// An event in the ledger.
#[derive(Clone, PartialEq, Eq)]
pub struct LedgerEvent {
    /// Its identity.
    pub key: EventKey,
    /// When it happened, with the offset of the source's clock.
    pub occurred: DateTime<FixedOffset>,
    /// When it entered the ledger.
    pub received: DateTime<Utc>,
    /// What happened.
    pub class: EventClass,
    /// The source's own code.
    pub code: i64,
    /// Who, by the source's id.
    pub person: Option<ExternalId>,
    /// Where, by the source's id.
    pub device: Option<ExternalId>,
    /// Number shown at the reader.
    pub credential: Option<String>,
    /// Which way, if the source knows.
    pub direction: Direction,
    /// What stays the same when the source changes an event and numbers it anew.
    pub identity: Option<String>,
    /// What the source itself says against counting it.
    pub remark: Option<Remark>,
    /// Hash of the content, to notice that a number stands for something else now.
    pub content: u64,
    /// State.
    pub state: EventState,
    /// Why it is in that state, such as `device_suspended`.
    pub reason: Option<String>,
    /// Where it was delivered to.
    pub target: Option<String>,
    /// Not before this instant, after a failure.
    pub retry_at: Option<DateTime<Utc>>,
    /// Failures in a row.
    pub attempts: u32,
}

/// State of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventState {
    /// In the ledger; not yet classified, or ready and not yet sent.
    Ready,
    /// Handed to the attendance side; what came of it is not recorded yet.
    Sending,
    /// Booked.
    Delivered,
    /// Not a booking: wrong kind, suspended device, repeat.
    Ignored,
    /// Waits for its person or device to be linked.
    Waiting,
    /// For a person to decide: clock, closed period, too old.
    Held,
    /// Refused for good.
    Rejected,
    /// Sent without a clear answer to a system that cannot be asked.
    Doubtful,
}

/// A change of an event's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventUpdate {
    /// Which event.
    pub key: EventKey,
    /// Its new state.
    pub state: EventState,
    /// Why.
    pub reason: Option<String>,
    /// Where it was delivered to.
    pub target: Option<String>,
    /// Not before this instant.
    pub retry_at: Option<DateTime<Utc>>,
    /// Failures in a row.
    pub attempts: u32,
}

/// Which events to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFilter {
    /// Of this source.
    pub endpoint: EndpointName,
    /// In these states.
    pub states: Vec<EventState>,
    /// With this reason only.
    pub reason: Option<String>,
    /// At this device only.
    pub device: Option<ExternalId>,
    /// Of this person only.
    pub person: Option<ExternalId>,
    /// That happened at or after this instant.
    pub since: Option<DateTime<Utc>>,
    /// After this key, in order of keys.
    pub after: Option<EventKey>,
    /// Most of them.
    pub limit: usize,
}

impl EventFilter {
    /// Up to `limit` events in these states.
    pub fn states(endpoint: &EndpointName, states: &[EventState], limit: usize) -> Self {
        Self {
            endpoint: endpoint.clone(),
            states: states.to_vec(),
            reason: None,
            device: None,
            person: None,
            since: None,
            after: None,
            limit,
        }
    }
}

impl EventState {
    /// All states, in the order of reports.
    pub const ALL: [Self; 8] = [
        Self::Ready,
        Self::Sending,
        Self::Delivered,
        Self::Ignored,
        Self::Waiting,
        Self::Held,
        Self::Rejected,
        Self::Doubtful,
    ];

    /// Its name in stores and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Ignored => "ignored",
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Rejected => "rejected",
            Self::Doubtful => "doubtful",
        }
    }
}

impl EventUpdate {
    /// A change to a state without reason, target or retry.
    pub fn new(key: EventKey, state: EventState) -> Self {
        Self { key, state, reason: None, target: None, retry_at: None, attempts: 0 }
    }

    /// With a reason.
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

/// Who and with which card stays out.
impl fmt::Debug for LedgerEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LedgerEvent")
            .field("key", &self.key)
            .field("occurred", &self.occurred)
            .field("class", &self.class)
            .field("device", &self.device)
            .field("state", &self.state)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}
