//! Which records are the same thing, and what both sides last agreed on.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::model::{EndpointName, ExternalId, FieldValue, Fingerprint, Pair, SyncKey};

/// One side of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a pair has two sides")]
pub enum Side {
    /// The side whose data wins.
    Primary,
    /// The side that follows.
    Secondary,
}

/// This primary record and this secondary record are the same thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Our key of the logical record.
    pub key: SyncKey,
    /// The pair.
    pub pair: Pair,
    /// The primary record; missing while it is being created (two-way entities).
    pub primary: Option<ExternalId>,
    /// The secondary record; missing while it is being created.
    pub secondary: Option<ExternalId>,
    /// How many lives the record had before.
    pub generation: u32,
    /// State.
    pub state: LinkState,
    /// Why it is held, in words.
    pub held_because: Option<String>,
    /// Whether we made the follower or found it.
    pub ownership: Ownership,
    /// Fingerprint of the primary record when both last agreed.
    pub primary_seen: Fingerprint,
    /// Fingerprint of the secondary record when both last agreed.
    pub secondary_seen: Fingerprint,
    /// Configuration revision under which they agreed.
    pub revision: u64,
    /// To be planned again whatever the fingerprints say: an unmet reference appeared, or a write failed.
    pub due: bool,
    /// Not before this instant, after a failure.
    pub retry_at: Option<DateTime<Utc>>,
    /// Failures in a row.
    pub attempts: u32,
    /// What both sides last agreed on.
    pub baseline: Baseline,
    /// The removal step that was taken, if one was.
    pub removed: Option<RemovalStep>,
}

/// State of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "the four states of the engine")]
pub enum LinkState {
    /// One of the two is being created.
    Pending,
    /// Both exist.
    Live,
    /// Left alone until a person or a changed input releases it.
    Held,
    /// Over, but not forgotten.
    Dead,
}

/// Whose record the follower is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "foreign records have no link")]
pub enum Ownership {
    /// We created it.
    Owned,
    /// It existed before and was linked.
    Adopted,
}

/// Field by field what both sides last agreed on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Baseline(pub BTreeMap<String, BaselineField>);

/// One agreed field.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaselineField {
    /// The value in the secondary's terms.
    #[serde(rename = "v")]
    pub value: FieldValue,
    /// The primary's raw value that it was made from.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<FieldValue>,
}

/// A removal that was carried out, and how it can be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovalStep {
    /// Why.
    pub cause: String,
    /// What was done: `unlink_credentials`, `disable`, `mark_leaver`, `delete`.
    pub step: String,
    /// When it was confirmed.
    pub at: DateTime<Utc>,
    /// Whether it was the first step of a deletion: the days until then count from it.
    #[serde(default)]
    pub deleting: bool,
}

impl Side {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Primary => Self::Secondary,
            Self::Secondary => Self::Primary,
        }
    }

    /// The endpoint of this side.
    pub fn endpoint(self, pair: &Pair) -> &EndpointName {
        match self {
            Self::Primary => &pair.primary,
            Self::Secondary => &pair.secondary,
        }
    }

    /// `primary` or `secondary`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
        }
    }
}

impl Link {
    /// The record of one side.
    pub fn record(&self, side: Side) -> Option<&ExternalId> {
        match side {
            Side::Primary => self.primary.as_ref(),
            Side::Secondary => self.secondary.as_ref(),
        }
    }
}

impl LinkState {
    /// Its name in stores and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Live => "live",
            Self::Held => "held",
            Self::Dead => "dead",
        }
    }
}

/// Values are people's data.
impl fmt::Debug for BaselineField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BaselineField(…)")
    }
}
