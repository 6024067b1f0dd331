//! What one step stores.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{EventUpdate, Intent, LedgerEvent, Link, Seen, Stream};
use crate::model::{ExternalId, Pair, SyncKey};

/// How sure a batch must be before the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the two classes of the engine")]
pub enum Durability {
    /// On disk before the next outside effect.
    D1,
    /// Consistent after a power loss, may lose the last moments.
    D2,
}

/// One change; a batch of them is stored whole or not at all.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Write {
    /// Records as seen; each replaces what was seen under its id and counts as present.
    See(Stream, Vec<Seen>),
    /// A record that a read by id no longer found, with the identity of the endpoint verified: missing for sure.
    Gone(Stream, ExternalId, DateTime<Utc>),
    /// A link, new or changed, by its key.
    Link(Box<Link>),
    /// Forgets a link that never came to be.
    Unlink(SyncKey),
    /// Marks a link to be planned again.
    Due(SyncKey),
    /// An intent, new or changed, by its id.
    Intent(Box<Intent>),
    /// An action that was carried out, for the rolling guards.
    Outcome(OutcomeRow),
    /// A row of the audit trail; the journal chains it.
    Audit(AuditEntry),
    /// A document, new or changed.
    Put {
        /// Kind of document.
        kind: &'static str,
        /// Key within its kind.
        key: String,
        /// Content.
        value: serde_json::Value,
    },
    /// Forgets a document.
    Delete {
        /// Kind of document.
        kind: &'static str,
        /// Key within its kind.
        key: String,
    },
    /// Events; those whose key is known already are left as they are.
    Events(Vec<LedgerEvent>),
    /// Changes of state of events.
    EventStates(Vec<EventUpdate>),
}

/// What a batch did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Events that were new.
    pub new_events: u64,
}

/// An action that was carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeRow {
    /// The pair.
    pub pair: Pair,
    /// Guard class: `remove`, `create`, `update`, `extend`.
    pub class: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether a person had approved it; approved ones do not count.
    pub approved: bool,
}

/// What was done to one record, field by field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// Who: `schedule`, or the name of a person.
    pub actor: String,
    /// The pair, as text.
    pub pair: String,
    /// The endpoint that was written to.
    pub endpoint: String,
    /// The record there.
    pub record: ExternalId,
    /// What was done.
    pub action: String,
    /// The field, if one was changed.
    pub field: Option<String>,
    /// Its old value; secrets as stars.
    pub old: Option<String>,
    /// Its new value; secrets as stars.
    pub new: Option<String>,
    /// Why.
    pub reason: String,
    /// Hash of the plan that said so.
    pub plan: Option<String>,
}

/// A row of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// Number, counting from 1.
    pub number: u64,
    /// What was done.
    #[serde(flatten)]
    pub entry: AuditEntry,
    /// Hash over the entry and the row before it.
    pub hash: String,
}

impl AuditEntry {
    /// The hash of this entry after a row with the hash `previous`.
    pub fn chained(&self, previous: &str) -> String {
        use sha2::{Digest as _, Sha256};
        let mut hasher = Sha256::new();
        hasher.update(previous.as_bytes());
        hasher.update(serde_json::to_vec(self).unwrap_or_default());
        hex::encode(hasher.finalize())
    }
}
