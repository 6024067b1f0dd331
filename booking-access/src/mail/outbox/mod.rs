//! Letters on disk until they are sent, and what became of them.

mod due;
mod queue;
mod rows;

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::stationery::Stationery;
use crate::seal::Sealer;

pub(crate) use due::unanswered;
pub(super) use queue::{Entry, short as short_key};
pub(crate) use queue::{hold_back, take_codes};
pub(crate) use rows::{erase, mails, mark_deliverable, mark_undeliverable, next_due, purge};

/// Letters, one row each; the text of a letter stands in it only until it was sent.
pub(crate) const SCHEMA: &str = "
CREATE TABLE mail (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    base TEXT NOT NULL,
    person TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'deferred', 'failed', 'given_up')),
    body BLOB,
    queued INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    starts INTEGER NOT NULL,
    useless_from INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    attempted INTEGER,
    finished INTEGER,
    result TEXT,
    superseded INTEGER NOT NULL DEFAULT 0,
    warned INTEGER NOT NULL DEFAULT 0,
    CHECK ((state IN ('queued', 'sending', 'deferred')) = (body IS NOT NULL)),
    CHECK ((finished IS NULL) = (body IS NOT NULL))
) STRICT;
CREATE INDEX mail_waiting ON mail (starts, id) WHERE body IS NOT NULL;
CREATE INDEX mail_of_person ON mail (person, id);
CREATE INDEX mail_attempted ON mail (attempted);
CREATE TABLE mail_undeliverable (
    person TEXT PRIMARY KEY,
    since INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE TABLE mail_fault (
    cause TEXT PRIMARY KEY,
    since INTEGER NOT NULL,
    open INTEGER NOT NULL,
    told INTEGER NOT NULL,
    last_letter INTEGER NOT NULL,
    untold INTEGER NOT NULL
) STRICT;
";

/// Purpose for which letters are sealed and hashed.
const PURPOSE: &str = "mail";

/// Where a letter is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MailState {
    /// Waits for its first time.
    Queued,
    /// Is being handed over.
    Sending,
    /// The server has it.
    Sent,
    /// Waits for another time.
    Deferred,
    /// The server will never take it.
    Failed,
    /// It came to nothing before it could be sent.
    GivenUp,
}

/// What is kept of a letter: who, when, which, and how it went.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MailRow {
    /// What makes it different from every other; its Message-ID begins with it.
    pub key: String,
    /// To whom; empty for letters about malfunctions.
    pub person: String,
    /// Why it was written.
    pub kind: String,
    /// Where it is on its way.
    pub state: MailState,
    /// When it was written.
    pub queued: chrono::DateTime<chrono::Utc>,
    /// When it was sent, failed or given up.
    pub finished: Option<chrono::DateTime<chrono::Utc>>,
    /// How often it was tried.
    pub attempts: u32,
    /// What was said to it last.
    pub result: Option<String>,
}

/// Somebody whom staff should help, since a letter does not reach them.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Attention {
    /// Who.
    pub person: String,
    /// Why the letter was written; `bounce` if letters to them come back.
    pub kind: String,
    /// Why it does not reach them.
    pub why: String,
    /// Begin of the booking that it is about.
    pub starts: Option<chrono::DateTime<chrono::Utc>>,
}

/// What became of a letter that was to be queued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Queued {
    /// It waits under this key.
    Now(String),
    /// The same was told last, or waits to be told.
    AlreadyTold,
    /// The settings say that such letters are not written.
    NotWanted,
    /// It cannot be sent, and stands on the list for staff.
    NoAddress,
}

/// How a round of sending went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Round {
    /// Letters that the server has.
    pub sent: u32,
    /// Letters that wait for another time.
    pub deferred: u32,
    /// Letters that the server will never take.
    pub refused: u32,
    /// Letters that came to nothing before they could be sent.
    pub given_up: u32,
    /// Why the server cannot be used at all.
    pub unreachable: Option<String>,
}

/// Writes letters, keeps them until they are sent, and sends them.
#[derive(Clone)]
pub(crate) struct Outbox {
    stationery: Arc<Stationery>,
    sealer: Arc<Sealer>,
    one_round: Arc<tokio::sync::Mutex<()>>,
}

impl Outbox {
    pub(crate) fn new(stationery: Stationery, sealer: Arc<Sealer>) -> Self {
        Self { stationery: Arc::new(stationery), sealer, one_round: Arc::default() }
    }

    /// Whether bookers are written to at all.
    pub(crate) fn writes_to_bookers(&self) -> bool {
        let config = self.stationery.config();
        config.enabled && config.notifications
    }

    pub(crate) fn stationery(&self) -> &Stationery {
        &self.stationery
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbox")
    }
}

/// Hides who.
impl fmt::Debug for MailRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailRow({}, {:?}, {} attempts)", self.kind, self.state, self.attempts)
    }
}

/// Hides who.
impl fmt::Debug for Attention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attention({})", self.kind)
    }
}

#[cfg(test)]
mod tests;
