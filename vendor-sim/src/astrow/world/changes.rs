//! The record of changes.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use serde::Serialize;

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Entity {
    /// An employee.
    Employee,
    /// The roll call.
    Rollcall,
    /// What Astrow knows of a reader.
    Reader,
}

/// How it changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Op {
    /// New.
    Add,
    /// Changed.
    Edit,
    /// Gone.
    Delete,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Its place, as `c-5521`.
    #[serde(serialize_with = "shown")]
    pub cursor: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub entity: Entity,
    /// How.
    pub op: Op,
    /// Which employee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pers_no: Option<u32>,
    /// Which members.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// By whom: `user:hr.admin`, `api:bridge/0.1.0`.
    pub origin: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over like this")]
fn shown<S: serde::Serializer>(cursor: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&cursor_text(*cursor))
}

/// A cursor as the wire shows it.
pub(crate) fn cursor_text(cursor: u64) -> String {
    format!("c-{cursor}")
}

/// All changes that are kept.
#[derive(Debug, Clone)]
pub(crate) struct Changes {
    items: VecDeque<Change>,
    next: u64,
}

impl Default for Changes {
    fn default() -> Self {
        Self { items: VecDeque::new(), next: 5001 }
    }
}

impl Changes {
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// The first change that is still there, or the next to come.
    pub(crate) fn oldest(&self) -> u64 {
        self.items.front().map_or(self.next, |change| change.cursor)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Change> {
        self.items.iter()
    }

    /// Changes from a cursor on.
    pub(crate) fn from(&self, cursor: u64) -> impl Iterator<Item = &Change> {
        let skipped = usize::try_from(cursor.saturating_sub(self.oldest())).unwrap_or(usize::MAX);
        self.items.iter().skip(skipped)
    }

    pub(crate) fn push(&mut self, at: DateTime<Utc>, entity: Entity, op: Op, origin: &str) -> Option<&mut Change> {
        let cursor = self.next;
        self.next += 1;
        let origin = origin.to_owned();
        self.items.push_back(Change { cursor, at, entity, op, pers_no: None, fields: Vec::new(), origin });
        self.items.back_mut()
    }

    /// Forgets the changes before a cursor.
    pub(crate) fn trim(&mut self, oldest: u64) {
        while self.items.front().is_some_and(|change| change.cursor < oldest) {
            self.items.pop_front();
        }
    }

    /// Forgets the changes before a moment.
    pub(crate) fn expire(&mut self, before: DateTime<Utc>) {
        while self.items.front().is_some_and(|change| change.at < before) {
            self.items.pop_front();
        }
    }
}
