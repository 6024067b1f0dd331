//! Everything that influences a plan besides the records themselves.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::{Guard, Mapping};
use crate::model::{EntityKind, FieldValue, Fields, HashKey, Scalar};

/// What a link is told to do. Its hash is part of the configuration revision.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent choices of an administrator")]
pub struct Settings {
    /// Which field follows which.
    pub mapping: Mapping,
    /// Which primary records take part; everything if there is no scope.
    pub scope: Option<Scope>,
    /// How an unlinked record finds its partner, best rule first.
    pub correlation: Vec<CorrelationRule>,
    /// What happens when a primary record goes.
    pub removals: Removals,
    /// What happens to a field that was changed at the secondary alone.
    pub drift: Drift,
    /// Both sides may change; allowed only for records without rights and personal data.
    pub two_way: bool,
    /// Limits on what may happen without a person's word.
    pub guard: Guard,
    /// Complete snapshots in a row that must lack a record before it counts as gone.
    pub removal_confirmations: u32,
    /// Least distance between two such snapshots.
    #[serde(serialize_with = "seconds")]
    pub min_absence: Duration,
    /// Whether a record that somebody removed at the secondary is made again, though it carries rights.
    pub recreate: bool,
    /// G-15: how often in 24 hours it is made again before it is left to a person.
    pub recreate_limit: u32,
    /// Whether records that the primary calls inactive are created too, as inactive ones.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub create_inactive: bool,
    /// Kinds of records that have the same ids at both sides, so that references to them are taken over as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub same_ids: Vec<EntityKind>,
    /// Whether adopted records may be deleted for good.
    pub delete_adopted: bool,
    /// How often a field may read back differently before it is left alone.
    pub flap_limit: u32,
    /// Added to lifetime and read lag before a lost request is looked for.
    #[serde(serialize_with = "seconds")]
    pub settle_margin: Duration,
}

/// Which primary records take part: those whose field holds one of the values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// The field.
    pub field: String,
    /// Accepted texts or reference ids.
    pub any_of: Vec<String>,
}

/// A conjunction of exact equalities on canonical fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrelationRule {
    /// Its name in reports and decisions.
    pub name: String,
    /// Fields that must be known, not empty, and equal.
    pub fields: Vec<String>,
    /// Whether a unique hit is linked without asking for each one.
    pub auto: bool,
}

/// Why a record has to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// It is missing at the primary, confirmed.
    Absence,
    /// The primary says that it is inactive.
    Inactive,
    /// Its last day at the primary has passed.
    LeaverDate,
    /// It left the scope.
    ScopeExit,
}

/// What is done about it at the secondary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RemovalPolicy {
    /// Nothing; it is reported.
    Report,
    /// Credentials are withdrawn, the record stays active.
    UnlinkCredentials,
    /// Access and credentials are withdrawn, the record is inactive.
    Disable,
    /// Employment ends.
    MarkLeaver,
    /// Disabled now, deleted for good after the grace.
    Delete {
        /// Days between the two steps.
        after_days: u32,
    },
    /// Credentials are withdrawn now and the record stays active; deleted for good after the grace.
    UnlinkThenDelete {
        /// Days between the two steps.
        after_days: u32,
    },
}

/// A policy per cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removals {
    /// For confirmed absence.
    pub absence: RemovalPolicy,
    /// For a record that the primary calls inactive.
    pub inactive: RemovalPolicy,
    /// For a leaver date that has passed.
    pub leaver_date: RemovalPolicy,
    /// For a record that left the scope.
    pub scope_exit: RemovalPolicy,
}

/// What happens to a field that was changed at the secondary alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Drift {
    /// It is set back.
    #[default]
    Enforce,
    /// It is reported.
    Report,
    /// It is kept.
    Keep,
}

impl Settings {
    /// The defaults of the engine for a mapping: nothing is removed but reported.
    pub fn new(mapping: Mapping) -> Self {
        Self {
            mapping,
            scope: None,
            correlation: Vec::new(),
            removals: Removals::report(),
            drift: Drift::default(),
            two_way: false,
            guard: Guard::default(),
            removal_confirmations: 2,
            min_absence: Duration::minutes(15),
            recreate: true,
            recreate_limit: 3,
            create_inactive: false,
            same_ids: Vec::new(),
            delete_adopted: false,
            flap_limit: 3,
            settle_margin: Duration::seconds(5),
        }
    }

    /// Names of the fields that are stored of each record: mapped ones and those that rules need.
    pub fn field_names(&self) -> Vec<&str> {
        let mut names = self.mapping.inputs();
        names.extend(self.correlation.iter().flat_map(|rule| rule.fields.iter().map(String::as_str)));
        names.extend(self.scope.iter().map(|scope| scope.field.as_str()));
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The configuration revision: a hash of all settings.
    pub fn revision(&self) -> u64 {
        let mut hasher = HashKey::from_bytes(*b"configuration-rv").hasher();
        hasher.part(&serde_json::to_vec(self).unwrap_or_default());
        let bytes = hasher.finish().to_bytes();
        // 63 bits, since stores know signed numbers only.
        bytes.iter().take(8).fold(0_u64, |n, byte| (n << 8) | u64::from(*byte)) >> 1
    }
}

impl Removals {
    /// Reports everything, removes nothing.
    pub const fn report() -> Self {
        Self {
            absence: RemovalPolicy::Report,
            inactive: RemovalPolicy::Report,
            leaver_date: RemovalPolicy::Report,
            scope_exit: RemovalPolicy::Report,
        }
    }

    /// For people at an attendance system: leavers keep their history.
    pub const fn attendance() -> Self {
        Self {
            absence: RemovalPolicy::Disable,
            inactive: RemovalPolicy::MarkLeaver,
            leaver_date: RemovalPolicy::MarkLeaver,
            scope_exit: RemovalPolicy::Disable,
        }
    }

    /// For people at a system that opens doors.
    pub const fn access() -> Self {
        Self {
            absence: RemovalPolicy::Disable,
            inactive: RemovalPolicy::Disable,
            leaver_date: RemovalPolicy::Disable,
            scope_exit: RemovalPolicy::Disable,
        }
    }

    /// The policy for a cause.
    pub fn policy(&self, cause: Cause) -> RemovalPolicy {
        match cause {
            Cause::Absence => self.absence,
            Cause::Inactive => self.inactive,
            Cause::LeaverDate => self.leaver_date,
            Cause::ScopeExit => self.scope_exit,
        }
    }
}

impl RemovalPolicy {
    /// Days between the first step and the deletion for good, if there is one.
    pub fn deletes_after(self) -> Option<u32> {
        match self {
            Self::Delete { after_days } | Self::UnlinkThenDelete { after_days } => Some(after_days),
            _ => None,
        }
    }
}

impl Cause {
    /// The cause of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Absence, Self::Inactive, Self::LeaverDate, Self::ScopeExit]
            .into_iter()
            .find(|cause| cause.as_str() == name)
    }

    /// Its name in plans and stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Absence => "absence",
            Self::Inactive => "inactive",
            Self::LeaverDate => "leaver_date",
            Self::ScopeExit => "scope_exit",
        }
    }
}

impl Scope {
    /// Whether a primary record takes part. An unknown field takes part: nothing is concluded from a doubt.
    pub fn holds(&self, fields: &Fields) -> bool {
        let accepted = |scalar: &Scalar| match scalar {
            Scalar::Text(text) => self.any_of.contains(text),
            Scalar::Ref(key) => self.any_of.iter().any(|id| id == key.id.as_str()),
            _ => false,
        };
        match fields.get(&self.field) {
            FieldValue::Unknown => true,
            FieldValue::Empty => false,
            FieldValue::Value(scalar) => accepted(scalar),
            FieldValue::Set(set) => set.iter().any(accepted),
        }
    }
}

fn seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(duration.num_seconds())
}
