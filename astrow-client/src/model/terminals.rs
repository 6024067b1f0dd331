//! The terminal view: events, commands, and whether the bridge is alive.

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::hidden::shows;
use super::id::PersNo;
use super::words::{CommandKind, CommandWord, Health, Severity, ShownStatus};

/// An event for the terminal view.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TerminalEvent {
    /// The life of PAC's log.
    pub epoch: String,
    /// Its number in that life.
    pub seq: u64,
    /// When.
    pub at: DateTime<FixedOffset>,
    /// What, in PAC's words.
    #[serde(rename = "type")]
    pub kind: String,
    /// How its row is coloured.
    pub severity: Severity,
    /// The reader.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader_id: Option<u32>,
    /// The door.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub door_id: Option<u32>,
    /// The controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller_id: Option<u32>,
    /// The person in PAC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person_id: Option<u32>,
    /// The employee in Astrow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pers_no: Option<PersNo>,
    /// The person's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person_name: Option<String>,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What became of its booking.
    pub booking_status: ShownStatus,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub booking_details: Option<String>,
}

/// Something that a user of Astrow asks of PAC.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Command {
    /// Its number.
    pub id: Uuid,
    /// What it asks for.
    pub kind: CommandKind,
    /// The reader.
    pub reader_id: Option<u32>,
    /// The user.
    pub requested_by: Option<String>,
    /// When it was given.
    pub requested_at: Option<DateTime<FixedOffset>>,
    /// From when on it must not be carried out any more.
    pub expires_at: DateTime<FixedOffset>,
}

/// How far a command is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CommandState {
    /// How far.
    pub state: CommandWord,
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A sign of life of a bridge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Heartbeat {
    /// Name of the bridge.
    pub instance: String,
    /// Its version.
    pub version: String,
    /// Since when it runs.
    pub started_at: DateTime<FixedOffset>,
    /// Whether it is connected to PAC.
    pub pac_connected: bool,
    /// When PAC last answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_pac_contact: Option<DateTime<FixedOffset>>,
    /// When people were last brought into agreement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_sync: Option<DateTime<FixedOffset>>,
    /// How it is.
    pub state: Health,
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl TerminalEvent {
    /// An event without place, person and booking.
    pub fn new(
        epoch: impl Into<String>,
        seq: u64,
        at: DateTime<FixedOffset>,
        kind: impl Into<String>,
        severity: Severity,
    ) -> Self {
        Self {
            epoch: epoch.into(),
            seq,
            at,
            kind: kind.into(),
            severity,
            reader_id: None,
            door_id: None,
            controller_id: None,
            person_id: None,
            pers_no: None,
            person_name: None,
            text: None,
            booking_status: ShownStatus::None,
            booking_details: None,
        }
    }

    /// Sets further members.
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }
}

impl Command {
    /// Whether it must not be carried out any more.
    pub fn is_over(&self, now: DateTime<FixedOffset>) -> bool {
        now >= self.expires_at
    }
}

impl CommandState {
    /// How far it is, without words.
    pub const fn new(state: CommandWord) -> Self {
        Self { state, message: None }
    }

    /// The same in words.
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }
}

impl Heartbeat {
    /// A bridge without a connection to PAC, of which nothing is wrong yet.
    pub fn new(instance: impl Into<String>, version: impl Into<String>, started_at: DateTime<FixedOffset>) -> Self {
        Self {
            instance: instance.into(),
            version: version.into(),
            started_at,
            pac_connected: false,
            last_pac_contact: None,
            last_sync: None,
            state: Health::Ok,
            message: None,
        }
    }

    /// Sets further members.
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }
}

shows! { TerminalEvent: epoch, seq, at, kind, severity, reader_id, door_id, booking_status }
