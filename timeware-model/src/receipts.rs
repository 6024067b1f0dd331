//! Receipts: what proves, in the same database, that a row was made for a given key.

use std::fmt;

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::booking::{EventClass, EventDirection, Outcome};
use crate::error::{Error, Result};
use crate::ids::{EmployeeId, TerminalId};
use crate::terminal::word;

/// The key of a receipt: who asked, and under which key. Never holds personal data.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct ReceiptKey {
    /// Who asked, such as the name of a link; at most 50 characters.
    pub source: String,
    /// The key; at most 100 characters.
    pub external_id: String,
}

impl ReceiptKey {
    /// Checks and wraps a key.
    ///
    /// # Errors
    /// `Rejected` when a part is empty or too long.
    pub fn new(source: impl Into<String>, external_id: impl Into<String>) -> Result<Self> {
        let key = Self { source: source.into(), external_id: external_id.into() };
        check_key("source", &key.source, 50)?;
        check_key("external_id", &key.external_id, 100)?;
        Ok(key)
    }
}

pub(crate) fn check_key(field: &str, text: &str, length: usize) -> Result<()> {
    if text.is_empty() || text.encode_utf16().count() > length {
        return Err(Error::rejected(field, format!("a key has 1 to {length} characters")));
    }
    Ok(())
}

impl fmt::Display for ReceiptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source, self.external_id)
    }
}

word!(
    /// What a receipt in `bridge_link` is about.
    LinkEntity, "entity" {
        /// A person.
        Employee = "employee",
        /// A terminal.
        Terminal = "terminal",
        /// A policy.
        Policy = "policy",
        /// A terminal group.
        TerminalGroup = "terminal_group",
        /// A value of a grouping.
        Grouping = "grouping",
    }
);
word!(
    /// The state of a receipt in `bridge_link`.
    LinkState, "state" {
        /// In use.
        Active = "active",
        /// The source has it no more.
        Missing = "missing",
        /// The person left.
        Leaver = "leaver",
        /// Somebody must decide.
        Conflict = "conflict",
        /// Set aside.
        Ignored = "ignored",
    }
);

/// A row of `bridge_link`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkReceipt {
    /// The key.
    pub key: ReceiptKey,
    /// What it is about.
    pub entity: LinkEntity,
    /// The id of the record.
    pub internal_id: i64,
    /// The state.
    pub state: LinkState,
    /// When it was written.
    pub first_seen: DateTime<Utc>,
    /// When the state was last confirmed.
    pub last_seen: DateTime<Utc>,
}

/// A row of `bridge_event`: an event and the row made from it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventReceipt {
    /// The key of the event.
    pub key: ReceiptKey,
    /// The instant.
    pub occurred_utc: DateTime<Utc>,
    /// The local time of the terminal.
    pub occurred_local: NaiveDateTime,
    /// Distance to UTC, in minutes.
    pub utc_offset_minutes: i16,
    /// Which way.
    pub direction: EventDirection,
    /// Class.
    pub class: EventClass,
    /// Outcome.
    pub outcome: Outcome,
    /// The person.
    pub employee_id: Option<EmployeeId>,
    /// The terminal.
    pub terminal_id: Option<TerminalId>,
    /// The table of the row.
    pub target_table: Option<String>,
    /// The id of the row.
    pub target_id: Option<i64>,
}

impl fmt::Debug for EventReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventReceipt")
            .field("key", &self.key)
            .field("outcome", &self.outcome)
            .field("employee_id", &self.employee_id)
            .field("terminal_id", &self.terminal_id)
            .field("target_table", &self.target_table)
            .field("target_id", &self.target_id)
            .finish_non_exhaustive()
    }
}
