//! Capability descriptors. Their defaults are pessimistic: a connector that says nothing gets the careful protocols.

use std::time::Duration;

use crate::model::{Canonical, EntityKind};

/// What reading can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadCaps {
    /// Whether a read lists everything.
    pub snapshot: SnapshotCaps,
    /// How one knows that a snapshot is whole; with `None` absence needs one more confirmation.
    pub complete_signal: CompleteSignal,
    /// Longest time for which a read may miss our own confirmed write.
    pub read_lag: Duration,
    /// Fields that this side delivers; an unlisted one is always `Unknown`.
    pub fields: Vec<FieldCaps>,
    /// Entities whose records this one may point to.
    pub references: Vec<EntityKind>,
}

/// What writing can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteCaps {
    /// How a lost reply to a create is resolved.
    pub create: CreateClass,
    /// Whether the marker goes into the create request itself; class S needs it.
    pub marker_in_create: bool,
    /// Whether a request may still be applied long after it was sent.
    pub late_apply: LateApply,
    /// Longest time after sending at which the endpoint may still apply a request.
    pub request_lifetime: Duration,
    /// Whether an update sends changed fields or whole records.
    pub update: Update,
    /// Whether updates carry a revision that the endpoint compares.
    pub precondition: bool,
    /// What removal can do.
    pub removal: RemovalCaps,
    /// Calls that may be under way at once.
    pub parallel: usize,
}

/// How a side treats one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldCaps {
    /// Its name in the entity's table.
    pub name: &'static str,
    /// How it stores the field.
    pub canonical: Canonical,
    /// Whether it can be written.
    pub writable: bool,
    /// Whether it can be cleared.
    pub clearable: bool,
}

/// Whether a read lists everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SnapshotCaps {
    /// All records.
    Full,
    /// All records of a window.
    Windowed,
    /// Never a list of everything.
    #[default]
    None,
}

/// How one knows that a snapshot is whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompleteSignal {
    /// The source says how many there are.
    Count,
    /// The source marks the end.
    EndMark,
    /// It does not say.
    #[default]
    None,
}

/// How a lost reply to a create is resolved (K, U, S, N).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CreateClass {
    /// **K**: the endpoint honours an attempt key for this long; the same attempt may be sent again.
    Keyed(Duration),
    /// **U**: the endpoint refuses a second record with the same key, and the first can be looked up.
    Unique,
    /// **S**: the record can be searched by marker or key once no request can arrive any more.
    Searchable,
    /// **N**: nothing. Never sent a second time without a person's word.
    #[default]
    Unsafe,
}

/// Whether a request may still be applied long after it was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LateApply {
    /// Not after `request_lifetime`.
    Bounded,
    /// No limit is known.
    #[default]
    Unbounded,
}

/// Whether an update sends changed fields or whole records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Update {
    /// Only the changed fields.
    Patch,
    /// The whole record: the connector reads, merges and writes.
    #[default]
    Replace,
}

/// What removal can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent abilities")]
pub struct RemovalCaps {
    /// Credentials can be withdrawn while the record stays active.
    pub unlink_credentials: bool,
    /// The record can be made inactive and active again.
    pub disable: bool,
    /// Employment can be ended with a date.
    pub mark_leaver: bool,
    /// The record can be deleted for good.
    pub delete: bool,
    /// Only records that this client made itself are deleted, whatever the settings say.
    pub only_own: bool,
    /// The setting that would let records be deleted, where deleting is possible and held back.
    pub withheld: Option<&'static str>,
}

/// What an event source can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventCaps {
    /// How many numbers behind the newest one an event may still appear.
    pub lateness_numbers: i64,
    /// Every number is an event that is shown: one that is missing may still come, and is watched for.
    pub dense: bool,
    /// Name of the stream, where an endpoint has several.
    pub stream: &'static str,
}

impl Default for ReadCaps {
    fn default() -> Self {
        Self {
            snapshot: SnapshotCaps::None,
            complete_signal: CompleteSignal::None,
            read_lag: Duration::from_secs(5),
            fields: Vec::new(),
            references: Vec::new(),
        }
    }
}

impl Default for WriteCaps {
    fn default() -> Self {
        Self {
            create: CreateClass::Unsafe,
            marker_in_create: false,
            late_apply: LateApply::Unbounded,
            request_lifetime: Duration::from_mins(1),
            update: Update::Replace,
            precondition: false,
            removal: RemovalCaps::default(),
            parallel: 1,
        }
    }
}

impl Default for EventCaps {
    fn default() -> Self {
        Self { lateness_numbers: 1_000, dense: true, stream: "events" }
    }
}

impl ReadCaps {
    /// How this side treats a field; `None` if it does not know it.
    pub fn field(&self, name: &str) -> Option<&FieldCaps> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl FieldCaps {
    /// A field that can be read, written and cleared.
    pub const fn full(name: &'static str, canonical: Canonical) -> Self {
        Self { name, canonical, writable: true, clearable: true }
    }

    /// A field that can be read and written, but not cleared.
    pub const fn required(name: &'static str, canonical: Canonical) -> Self {
        Self { name, canonical, writable: true, clearable: false }
    }

    /// A field that can only be read.
    pub const fn read_only(name: &'static str, canonical: Canonical) -> Self {
        Self { name, canonical, writable: false, clearable: false }
    }
}
