//! Systems whose doors open for the people in them.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::{Record, Sink, SyncError};
use crate::model::{Device, ExternalId, Person, SecretText};

/// A system whose doors can be opened for a person: doors and code are fields of [`Person`].
///
/// What its records show, so that whoever reconciles them needs no knowledge of the vendor:
///
/// * only people who carry the system's marker; everybody else is foreign and neither shown nor ever changed,
/// * in `doors` the ids of all doors that open for the person now, and besides, in words of the system's own, whatever else
///   opens something or keeps the record from being as it should be with no door at all: a set without such words is
///   exactly what was asked for,
/// * in `pin` and `code` what was issued to the person, as secrets.
///
/// Writing `doors` replaces the whole set in one write where the system can, and is read back: what was not stored is an
/// error of the class `Invalid`, never a success.
#[async_trait]
pub trait DoorSystem: Sink<Person> {
    /// All doors.
    ///
    /// # Errors
    /// Whatever keeps the system from answering.
    async fn doors(&self) -> Result<Vec<Record<Device>>, SyncError>;

    /// All codes in use, of everybody: foreign people too.
    ///
    /// # Errors
    /// Whatever keeps the system from answering. A list that is not whole is an error.
    async fn codes(&self) -> Result<Vec<CodeInUse>, SyncError>;

    /// People without the marker who have one of these mail addresses (trimmed, case folded).
    ///
    /// # Errors
    /// Whatever keeps the system from answering.
    async fn strangers(&self, emails: &BTreeSet<String>) -> Result<Vec<Record<Person>>, SyncError>;

    /// Moves a door once. Never repeated, neither here nor by the caller: a second pulse may undo the first.
    ///
    /// # Errors
    /// `InDoubt` where no clear answer came.
    async fn command(&self, command: &DoorCommand) -> Result<(), SyncError>;
}

/// A code that somebody at a door system has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CodeInUse {
    /// Whose it is.
    pub holder: ExternalId,
    /// What it is.
    pub kind: CodeKind,
    /// The code: digits of a PIN with leading zeros, a number without them.
    pub code: SecretText,
}

/// What is shown at a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "typed or read: readers know nothing else")]
pub enum CodeKind {
    /// Typed into a keypad.
    Pin,
    /// Read from a card, fob or picture.
    Number,
}

/// One movement of one door.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DoorCommand {
    /// Opens for the door's own time.
    Open(ExternalId),
    /// Opens until it is closed.
    HoldOpen(ExternalId),
    /// Closes.
    Close(ExternalId),
}
