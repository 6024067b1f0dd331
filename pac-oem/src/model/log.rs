//! The two logs: positions, batches and records of changes.

use super::{Event, Rev, words};
use chrono::{DateTime, FixedOffset};
use std::{fmt, str::FromStr};

words! {
    /// Which log.
    LogStream {
        /// What happened at doors.
        Events = "events",
        /// Which records changed.
        Changes = "changes",
    }
}

/// Names one life of a log; another one after it was made anew or a backup was restored.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Epoch([u8; 8]);

impl Epoch {
    /// Takes the bytes as they are.
    pub const fn new(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Epoch({self})")
    }
}

/// A text that is no epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an epoch has 16 hexadecimal digits in capital letters")]
pub struct InvalidEpoch;

impl FromStr for Epoch {
    type Err = InvalidEpoch;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 8];
        if text.bytes().any(|b| b.is_ascii_lowercase()) {
            return Err(InvalidEpoch);
        }
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidEpoch)?;
        Ok(Self(bytes))
    }
}

/// A position in a log: everything up to and including `seq` is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Cursor {
    /// Which life of the log.
    pub epoch: Epoch,
    /// Last record that is done.
    pub seq: u64,
}

impl Cursor {
    /// Everything up to `seq` is done.
    pub const fn new(epoch: Epoch, seq: u64) -> Self {
        Self { epoch, seq }
    }
}

/// Records of a log in rising order, none of them before the cursor that was asked from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogBatch {
    /// Which life of the log.
    pub epoch: Epoch,
    /// The records.
    pub records: Records,
    /// There is more right now.
    pub more: bool,
    /// Records before this batch that the server could not give although it was asked again: an alarm.
    pub lost: Option<LostRange>,
}

impl LogBatch {
    /// A batch with nothing lost before it.
    pub const fn new(epoch: Epoch, records: Records, more: bool) -> Self {
        Self { epoch, records, more, lost: None }
    }

    /// The same with something lost before it.
    pub const fn with_lost(mut self, lost: Option<LostRange>) -> Self {
        self.lost = lost;
        self
    }

    /// The events; none in a log of changes.
    pub fn events(&self) -> &[Event] {
        match &self.records {
            Records::Events(events) => events,
            Records::Changes(_) => &[],
        }
    }

    /// The changes; none in a log of events.
    pub fn changes(&self) -> &[Change] {
        match &self.records {
            Records::Changes(changes) => changes,
            Records::Events(_) => &[],
        }
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        match &self.records {
            Records::Events(events) => events.len(),
            Records::Changes(changes) => changes.len(),
        }
    }

    /// No record at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The position after this batch; none without records.
    pub fn cursor(&self) -> Option<Cursor> {
        let last = match &self.records {
            Records::Events(events) => events.last().map(|event| event.seq),
            Records::Changes(changes) => changes.last().map(|change| change.seq),
        };
        last.map(|seq| Cursor::new(self.epoch, seq))
    }
}

/// Records of one of the logs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Records {
    /// What happened at doors.
    Events(Vec<Event>),
    /// Which records changed.
    Changes(Vec<Change>),
}

/// Records that are missing, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LostRange {
    /// First missing record.
    pub first: u64,
    /// Last missing record.
    pub last: u64,
}

impl LostRange {
    /// From the first to the last missing record.
    pub const fn new(first: u64, last: u64) -> Self {
        Self { first, last }
    }
}

words! {
    /// What kind of record changed.
    ChangeEntity {
        /// A person, with groups and credentials.
        Person = "person",
        /// An access group.
        AccessGroup = "access-group",
        /// A controller.
        Controller = "controller",
        /// A reader.
        Reader = "reader",
    }
}

words! {
    /// What was done to it.
    ChangeOp {
        /// Made.
        Created = "created",
        /// Changed.
        Updated = "updated",
        /// Deleted.
        Deleted = "deleted",
    }
}

/// A record changed.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// Position in the log.
    pub seq: u64,
    /// When.
    pub time: DateTime<FixedOffset>,
    /// What kind of record.
    pub entity: ChangeEntity,
    /// What was done to it.
    pub op: ChangeOp,
    /// Number of the record.
    pub id: u32,
    /// External key of the person.
    pub ext: Option<String>,
    /// Revision after the change.
    pub rev: Option<Rev>,
    /// Whose change it was; our own one is [`ServerInfo::origin`](super::ServerInfo::origin).
    pub origin: String,
    /// Name of the operator.
    pub operator: Option<String>,
}

impl Change {
    /// A change of a record.
    pub fn new(seq: u64, time: DateTime<FixedOffset>, entity: ChangeEntity, op: ChangeOp, id: u32) -> Self {
        Self { seq, time, entity, op, id, ext: None, rev: None, origin: String::new(), operator: None }
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change")
            .field("seq", &self.seq)
            .field("entity", &self.entity)
            .field("op", &self.op)
            .field("id", &self.id)
            .field("rev", &self.rev)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_are_sixteen_capital_digits() {
        let epoch: Epoch = "5D1E00C7A2B49F03".parse().unwrap();
        assert_eq!(epoch.to_string(), "5D1E00C7A2B49F03");
        for bad in ["5d1e00c7a2b49f03", "5D1E00C7A2B49F0", "", "5D1E00C7A2B49F03A1", "GG1E00C7A2B49F03"] {
            assert!(bad.parse::<Epoch>().is_err(), "{bad}");
        }
    }
}
