//! Writes that are about to be sent, so that a crash cannot hide them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Side;
use crate::connector::Removal;
use crate::model::{ExternalId, Fields, Pair, SyncKey};

/// Identity of an intent: random, made by the executor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IntentId(pub u64);

/// An action whose outside call is about to be made.
///
/// It carries its own payload, so that it never refers to anything that a power loss may take away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Its id.
    pub id: IntentId,
    /// The pair.
    pub pair: Pair,
    /// The logical record.
    pub key: SyncKey,
    /// The side that is written to.
    pub side: Side,
    /// What is done.
    pub kind: IntentKind,
    /// The record that is written to; for a create the id that came back, once it did.
    pub record: Option<ExternalId>,
    /// What a report calls the record.
    pub title: String,
    /// What is sent, secrets sealed.
    pub payload: Fields,
    /// For a removal, which one.
    pub removal: Option<Removal>,
    /// Number of this attempt for its record, from 1.
    pub attempt: u32,
    /// Key of the attempt, fixed for its repeats.
    pub attempt_key: String,
    /// State.
    pub state: IntentState,
    /// When it was prepared; information only, the send may have followed much later.
    pub prepared_at: DateTime<Utc>,
    /// What is known about it, in words.
    pub note: Option<String>,
}

/// What an intent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IntentKind {
    /// Creates a record.
    Create,
    /// Changes fields.
    Update,
    /// Withdraws a record.
    Remove,
}

/// State of an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IntentState {
    /// Durable; the call may or may not have been made.
    Prepared,
    /// The endpoint confirmed it.
    Confirmed,
    /// The endpoint refused it for good.
    Rejected,
    /// No clear answer.
    InDoubt,
    /// For a person to decide.
    Held,
}

impl IntentKind {
    /// Its name in stores and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Remove => "remove",
        }
    }
}

impl IntentState {
    /// Its name in stores and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
            Self::InDoubt => "in_doubt",
            Self::Held => "held",
        }
    }

    /// Whether what became of it is still open.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Prepared | Self::InDoubt)
    }
}
