//! Reading and writing records of one kind.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};

use super::{Endpoint, ReadCaps, SyncError, WriteCaps};
use crate::model::{Entity, ExternalId, FieldValue, SyncKey};

/// Reads records of one kind.
#[async_trait]
pub trait Source<T: Entity>: Endpoint {
    /// What reading can do.
    fn reads(&self) -> ReadCaps;

    /// All records, page by page. The last page carries the end; the first error ends the stream.
    ///
    /// A record that cannot be read as one goes into [`Page::invalid`]; it never fails the page.
    fn snapshot(&self, window: Option<Window>) -> BoxStream<'_, Result<Page<T>, SyncError>>;

    /// When the data of the last snapshot was made, where the source says so: a copy or cache may be old, and an old
    /// list proves no absence.
    fn as_of(&self) -> Option<DateTime<Utc>> {
        None
    }

    /// One record by its id, read afresh.
    ///
    /// # Errors
    /// Whatever keeps the endpoint from answering; that there is no such record is `Ok(None)`.
    async fn get(&self, id: &ExternalId) -> Result<Option<Record<T>>, SyncError>;

    /// All records with a key, read afresh.
    ///
    /// # Errors
    /// Whatever keeps the endpoint from answering.
    async fn find(&self, by: &Key) -> Result<Vec<Record<T>>, SyncError>;
}

/// Writes records of one kind. Resolving doubt and verifying need the reads.
#[async_trait]
pub trait Sink<T: Entity>: Source<T> {
    /// What writing can do.
    fn writes(&self) -> WriteCaps;

    /// Creates a record, marker and sync key inside the same request.
    ///
    /// # Errors
    /// `Duplicate` where another record has the key; `InDoubt` where no clear answer came.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the write in doubt.
    async fn create(&self, draft: &Draft<T>, attempt: &AttemptKey) -> Result<Record<T>, SyncError>;

    /// Sets the known fields of `changes`, clears its empty ones, keeps everything else bit for bit.
    ///
    /// # Errors
    /// `Conflict` where a precondition failed; `InDoubt` where no clear answer came.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the write in doubt.
    async fn update(
        &self,
        id: &ExternalId,
        changes: &Changes<T>,
        precondition: &Precondition,
        attempt: &AttemptKey,
    ) -> Result<Record<T>, SyncError>;

    /// Withdraws a record in one of the ways of [`Removal`].
    ///
    /// # Errors
    /// `NotFound` where there is none; `InDoubt` where no clear answer came.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the write in doubt.
    async fn remove(
        &self,
        id: &ExternalId,
        how: &Removal,
        precondition: &Precondition,
        attempt: &AttemptKey,
    ) -> Result<(), SyncError>;
}

/// One thing of an entity at one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<T> {
    /// The endpoint's own id.
    pub id: ExternalId,
    /// Its fields.
    pub value: T,
    /// Revision or `ETag`, where the endpoint has one.
    pub revision: Option<String>,
    /// Our sign in it, if it carries one.
    pub marker: Option<Marker>,
}

/// A sign that a record is ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Marker {
    /// It carries this sync key.
    Ours(SyncKey),
    /// It carries our marker text but no key: left by a predecessor that used the same marker.
    TextOnly,
}

/// Part of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// Records of this page.
    pub records: Vec<Record<T>>,
    /// Records that are there but cannot be used; each is held, none is lost, none stops the others.
    pub invalid: Vec<InvalidRecord>,
    /// Set on the last page only.
    pub end: Option<End>,
}

/// A record that is there but cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRecord {
    /// The endpoint's own id, or whatever tells a person which one it is.
    pub id: ExternalId,
    /// The field at fault.
    pub field: String,
    /// What is wrong with it, without the value where that is personal.
    pub why: String,
}

/// How a snapshot ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// How many records the source says there are.
    pub count: Option<u64>,
    /// Whether the source reached its regular end.
    pub complete: bool,
}

/// A span of time outside of which a snapshot says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From, inclusive.
    pub from: DateTime<Utc>,
    /// To, exclusive.
    pub to: DateTime<Utc>,
}

/// What to look a record up by.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Key {
    /// Our sync key in the marker.
    Marker(SyncKey),
    /// A field of the entity's table, compared in the canonical form of the side that is asked.
    Field {
        /// Its name.
        name: &'static str,
        /// The value.
        value: FieldValue,
    },
}

/// A record to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft<T> {
    /// Its fields; unknown ones are left to the endpoint.
    pub value: T,
    /// Our sign, to be sent inside the same request where the endpoint has room for it.
    pub key: SyncKey,
}

/// Fields to change: known ones are set, empty ones cleared, unknown ones left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes<T>(pub T);

/// What must still be true of a record when the endpoint applies a write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Precondition {
    /// The revision that was read.
    pub revision: Option<String>,
}

/// Key of one attempt at a write, fixed for its repeats.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AttemptKey(u128);

/// One way of withdrawing a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Removal {
    /// Credentials are withdrawn, the record stays active.
    UnlinkCredentials,
    /// Access and credentials are withdrawn, the record is inactive.
    Disable,
    /// Employment ended on this day, in the site's zone.
    MarkLeaver(NaiveDate),
    /// The record is deleted for good.
    Delete,
}

impl<T> Record<T> {
    /// A record without revision and marker.
    pub fn new(id: impl Into<ExternalId>, value: T) -> Self {
        Self { id: id.into(), value, revision: None, marker: None }
    }

    /// The sync key it carries.
    pub fn sync_key(&self) -> Option<SyncKey> {
        match self.marker {
            Some(Marker::Ours(key)) => Some(key),
            _ => None,
        }
    }
}

impl<T> Page<T> {
    /// A whole snapshot in one page.
    pub fn whole(records: Vec<Record<T>>, invalid: Vec<InvalidRecord>) -> Self {
        let count = Some((records.len() + invalid.len()) as u64);
        Self { records, invalid, end: Some(End { count, complete: true }) }
    }
}

impl InvalidRecord {
    /// A record at fault.
    pub fn new(id: impl Into<ExternalId>, field: impl Into<String>, why: impl Into<String>) -> Self {
        Self { id: id.into(), field: field.into(), why: why.into() }
    }
}

impl AttemptKey {
    /// A key from a number, such as the journal keeps.
    pub fn from_u128(n: u128) -> Self {
        Self(n)
    }

    /// The number.
    pub fn get(self) -> u128 {
        self.0
    }
}

impl fmt::Display for AttemptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for AttemptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AttemptKey({self})")
    }
}

impl FromStr for AttemptKey {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(Self)
    }
}

impl Removal {
    /// Its name in plans and reports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::UnlinkCredentials => "unlink_credentials",
            Self::Disable => "disable",
            Self::MarkLeaver(_) => "mark_leaver",
            Self::Delete => "delete",
        }
    }
}
