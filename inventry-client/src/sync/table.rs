//! What all sources of records have in common.

use std::time::Duration;

use sync_core::connector::{
    CompleteSignal, End, ErrorClass, FieldCaps, InvalidRecord, Key, Page, ReadCaps, Record, SnapshotCaps, SyncError,
};
use sync_core::model::{Canonical, Entity};

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

/// The records that a key is about.
pub(super) fn matching<T: Entity>(by: &Key, caps: &ReadCaps, records: Vec<Record<T>>) -> Vec<Record<T>> {
    let Key::Field { name, value } = by else { return Vec::new() };
    let (Some(field), Some(caps)) = (T::field(name), caps.field(name)) else { return Vec::new() };
    let wanted = caps.canonical.compare_form(value);
    let same = |record: &Record<T>| caps.canonical.compare_form(&(field.get)(&record.value)) == wanted;
    records.into_iter().filter(same).collect()
}

/// A whole list in pages.
pub(super) fn pages<T>(mut records: Vec<Record<T>>, invalid: Vec<InvalidRecord>) -> Vec<Result<Page<T>, SyncError>> {
    let count = (records.len() + invalid.len()) as u64;
    let mut pages = Vec::new();
    while records.len() > PAGE {
        let rest = records.split_off(PAGE);
        pages.push(Ok(Page { records, invalid: Vec::new(), end: None }));
        records = rest;
    }
    pages.push(Ok(Page { records, invalid, end: Some(End { count: Some(count), complete: true }) }));
    pages
}

pub(super) fn invalid(item: &InvalidItem) -> InvalidRecord {
    let id = item.id.clone().unwrap_or_else(|| format!("item {}", item.position + 1));
    InvalidRecord::new(id, &item.field, &item.reason)
}

/// Two records under one id are no list.
pub(super) fn twice(what: &str, id: &str) -> SyncError {
    SyncError::new(ErrorClass::Protocol, format!("InVentry lists the {what} {id} twice"))
}

const PAGE: usize = 1000;
