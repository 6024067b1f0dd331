//! What all sources of records have in common.

use std::time::Duration;

use sync_core::connector::{CompleteSignal, ErrorClass, FieldCaps, InvalidRecord, ReadCaps, SnapshotCaps, SyncError};
use sync_core::model::Canonical;

use crate::reading::InvalidItem;

/// How InVentry tells things of which only the name takes part.
pub(super) fn name_only() -> ReadCaps {
    caps(vec![FieldCaps::read_only("name", Canonical::text(200))])
}

pub(super) fn caps(fields: Vec<FieldCaps>) -> ReadCaps {
    ReadCaps {
        snapshot: SnapshotCaps::Full,
        // The last page is the one without a next: a chain that breaks off is an error and never a list.
        complete_signal: CompleteSignal::EndMark,
        read_lag: Duration::ZERO,
        fields,
        references: Vec::new(),
    }
}

pub(super) fn invalid(item: &InvalidItem) -> InvalidRecord {
    let id = item.id.clone().unwrap_or_else(|| format!("item {}", item.position + 1));
    InvalidRecord::new(id, &item.field, &item.reason)
}

/// Two records under one id are no list.
pub(super) fn twice(what: &str, id: &str) -> SyncError {
    SyncError::new(ErrorClass::Protocol, format!("InVentry lists the {what} {id} twice"))
}
