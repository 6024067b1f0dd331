//! What was last seen of each record.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::{Link, Side};
use crate::connector::{InvalidRecord, Marker};
use crate::model::{EndpointName, EntityKind, ExternalId, Fields, Fingerprint, Pair, SyncKey};

/// All records of a kind at one endpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stream {
    /// The endpoint.
    pub endpoint: EndpointName,
    /// The kind.
    pub entity: EntityKind,
}

/// What was last seen under an id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The endpoint's own id.
    pub id: ExternalId,
    /// Fingerprint of the fields and the marker.
    pub fingerprint: Fingerprint,
    /// The mapped and key fields, secrets sealed.
    pub fields: Fields,
    /// What a report calls it.
    pub title: String,
    /// Our sign in it.
    pub marker: Option<Marker>,
    /// Revision, where the endpoint has one.
    pub revision: Option<String>,
    /// Set if the record is there but cannot be used.
    pub invalid: Option<Invalid>,
    /// In how many snapshots in a row it was missing; 0 = present.
    pub missing: u32,
    /// When it was last counted as missing.
    pub missing_at: Option<DateTime<Utc>>,
}

/// Why a record cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invalid {
    /// The field at fault.
    pub field: String,
    /// What is wrong.
    pub why: String,
}

/// A snapshot that is being read; lives in memory only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotId(pub(crate) u64);

/// How a snapshot compares with earlier ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotCounts {
    /// Records in this snapshot so far.
    pub present: u64,
    /// Records known as present before it that it lacks so far.
    pub lacking: u64,
    /// Counts of the last five complete snapshots, oldest first.
    pub history: Vec<u64>,
}

/// What a finished snapshot says about the records that it lacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Absence {
    /// They are missing once more, if they were last counted at least this long ago. The snapshot enters the history.
    Derive {
        /// Least distance between two counts.
        min_absence: Duration,
    },
    /// Nothing: it was incomplete or a guard doubts it.
    Keep,
}

/// Which links may differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CandidateQuery {
    /// The pair.
    pub pair: Pair,
    /// Current configuration revision; links that agreed under another one are candidates.
    pub revision: u64,
    /// Links whose retry time has come are candidates.
    pub now: DateTime<Utc>,
}

/// A link that may differ, or a primary record without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The link, if there is one (dead ones only together with a returned primary record).
    pub link: Option<Link>,
    /// The primary record as last seen.
    pub primary: Option<Seen>,
    /// The secondary record as last seen.
    pub secondary: Option<Seen>,
}

impl Stream {
    /// The records of a kind at an endpoint.
    pub fn new(endpoint: impl Into<EndpointName>, entity: EntityKind) -> Self {
        Self { endpoint: endpoint.into(), entity }
    }

    /// The stream of one side of a pair.
    pub fn of(pair: &Pair, side: Side) -> Self {
        Self::new(side.endpoint(pair).clone(), pair.entity)
    }
}

impl Seen {
    /// An unusable record: present, but nothing is concluded from it.
    pub fn invalid(record: &InvalidRecord, fingerprint: Fingerprint) -> Self {
        Self {
            id: record.id.clone(),
            fingerprint,
            fields: Fields::default(),
            title: record.id.to_string(),
            marker: None,
            revision: None,
            invalid: Some(Invalid { field: record.field.clone(), why: record.why.clone() }),
            missing: 0,
            missing_at: None,
        }
    }

    /// The sync key that it carries.
    pub fn sync_key(&self) -> Option<SyncKey> {
        match self.marker {
            Some(Marker::Ours(key)) => Some(key),
            _ => None,
        }
    }
}
