//! Lists that are read whole: one way to page them, and to look something up in them.

use futures::stream::{self, BoxStream, StreamExt as _};

use super::{End, InvalidRecord, Key, Page, ReadCaps, Record, SyncError};
use crate::model::{Entity, ExternalId};

/// A list that was read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// Its records.
    pub records: Vec<Record<T>>,
    /// What is in it but cannot be used.
    pub invalid: Vec<InvalidRecord>,
    /// Whether whatever is not in it is not there: something without an id leaves open who is missing.
    pub complete: bool,
}

impl<T> Listed<T> {
    /// A whole list.
    pub fn new(records: Vec<Record<T>>, invalid: Vec<InvalidRecord>) -> Self {
        Self { records, invalid, complete: true }
    }

    /// The same in pages, the end on the last one.
    pub fn pages(self) -> Vec<Page<T>> {
        let Self { mut records, invalid, complete } = self;
        let count = Some((records.len() + invalid.len()) as u64);
        let mut pages = Vec::with_capacity(records.len() / PAGE + 1);
        while records.len() > PAGE {
            let rest = records.split_off(PAGE);
            pages.push(Page { records, invalid: Vec::new(), end: None });
            records = rest;
        }
        pages.push(Page { records, invalid, end: Some(End { count, complete }) });
        pages
    }
}

impl<T: Entity> Listed<T> {
    /// The record with an id.
    pub fn one(self, id: &ExternalId) -> Option<Record<T>> {
        self.records.into_iter().find(|record| record.id == *id)
    }

    /// A snapshot from a list that is read once the stream is asked for it.
    pub fn stream<'a, L, E>(
        read: impl Future<Output = Result<L, E>> + Send + 'a,
    ) -> BoxStream<'a, Result<Page<T>, SyncError>>
    where
        L: Into<Self> + 'a,
        E: Into<SyncError> + 'a,
    {
        let pages = async {
            match read.await {
                Ok(listed) => listed.into().pages().into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error.into())],
            }
        };
        stream::once(pages).flat_map(stream::iter).boxed()
    }
}

impl<T> From<Vec<Record<T>>> for Listed<T> {
    fn from(records: Vec<Record<T>>) -> Self {
        Self::new(records, Vec::new())
    }
}

impl<T> From<(Vec<Record<T>>, Vec<InvalidRecord>)> for Listed<T> {
    fn from((records, invalid): (Vec<Record<T>>, Vec<InvalidRecord>)) -> Self {
        Self::new(records, invalid)
    }
}

impl Key {
    /// Whether a record has this key, fields compared in the canonical form of the side that delivered it.
    pub fn fits<T: Entity>(&self, record: &Record<T>, caps: &ReadCaps) -> bool {
        match self {
            Self::Marker(key) => record.sync_key() == Some(*key),
            Self::Field { name, value } => {
                let (Some(field), Some(caps)) = (T::field(name), caps.field(name)) else { return false };
                caps.canonical.compare_form(&(field.get)(&record.value)) == caps.canonical.compare_form(value)
            }
        }
    }

    /// The records that have this key.
    pub fn among<T: Entity>(&self, records: Vec<Record<T>>, caps: &ReadCaps) -> Vec<Record<T>> {
        records.into_iter().filter(|record| self.fits(record, caps)).collect()
    }
}

/// Records of one page.
const PAGE: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::{FieldCaps, Marker};
    use crate::model::{Canonical, Department, FieldValue, Known, Scalar};

    fn record(id: i64, name: &str) -> Record<Department> {
        Record::new(id, Department { name: Known::from_text(name) })
    }

    #[test]
    fn a_long_list_ends_on_its_last_page_only() {
        for (count, pages) in [(0, 1), (1, 1), (PAGE, 1), (PAGE + 1, 2), (3 * PAGE, 3)] {
            let records: Vec<_> = (0..count).map(|n| record(i64::try_from(n).unwrap(), "x")).collect();
            let invalid = vec![InvalidRecord::new("7", "name", "is missing")];
            let made = Listed::new(records, invalid).pages();
            assert_eq!(made.len(), pages, "{count}");
            assert_eq!(made.iter().map(|page| page.records.len()).sum::<usize>(), count);
            let ends: Vec<_> = made.iter().filter_map(|page| page.end).collect();
            assert_eq!(ends, [End { count: Some(count as u64 + 1), complete: true }]);
            assert!(made.last().unwrap().end.is_some() && made.last().unwrap().invalid.len() == 1);
        }
    }

    #[test]
    fn records_are_found_by_what_the_side_delivers() {
        let key: crate::model::SyncKey = "00112233445566778899aabbccddeeff".parse().unwrap();
        let caps = ReadCaps { fields: vec![FieldCaps::read_only("name", Canonical::name(50))], ..ReadCaps::default() };
        let ours = Record { marker: Some(Marker::Ours(key)), ..record(1, "Stores") };
        let all = vec![ours.clone(), record(2, "stores"), record(3, "Office")];
        let by = |name, text: &str| Key::Field { name, value: FieldValue::Value(Scalar::Text(text.to_owned())) };
        assert_eq!(by("name", " STORES ").among(all.clone(), &caps).len(), 2);
        assert_eq!(by("devices", "Stores").among(all.clone(), &caps), [], "not delivered");
        assert_eq!(Key::Marker(key).among(all, &caps), [ours]);
    }
}
