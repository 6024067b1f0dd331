//! Snapshots of what fits into one page, and looking records up in them.

use futures::StreamExt as _;
use futures::stream::BoxStream;
use sync_core::connector::{Key, Marker, Page, ReadCaps, Record, SyncError};
use sync_core::model::{Entity, SyncKey};

/// A snapshot of one page.
pub(super) fn whole<'a, T: Entity>(
    records: impl Future<Output = Result<Vec<Record<T>>, SyncError>> + Send + 'a,
) -> BoxStream<'a, Result<Page<T>, SyncError>> {
    futures::stream::once(async move { Ok(Page::whole(records.await?, Vec::new())) }).boxed()
}

/// The records that have a key, fields compared in our canonical form.
pub(super) fn having<T: Entity>(records: Vec<Record<T>>, by: &Key, caps: &ReadCaps) -> Vec<Record<T>> {
    records.into_iter().filter(|record| has(record, by, caps)).collect()
}

pub(super) fn has<T: Entity>(record: &Record<T>, by: &Key, caps: &ReadCaps) -> bool {
    match by {
        Key::Marker(key) => record.sync_key() == Some(*key),
        Key::Field { name, value } => match (T::field(name), caps.field(name)) {
            (Some(field), Some(caps)) => {
                caps.canonical.compare_form(&(field.get)(&record.value)) == caps.canonical.compare_form(value)
            }
            _ => false,
        },
        _ => false,
    }
}

/// A record with the marker that its receipt stands for.
pub(super) fn marked<T>(id: i64, value: T, receipt: Option<&str>) -> Record<T> {
    let key: Option<SyncKey> = receipt.and_then(|text| text.parse().ok());
    Record { marker: key.map(Marker::Ours), ..Record::new(id, value) }
}
