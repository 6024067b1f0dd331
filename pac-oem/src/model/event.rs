//! What happened at doors.

use super::{CommandId, ControllerId, CredentialKey, CredentialType, Direction, DoorId, PersonId, ReaderId, words};
use chrono::{DateTime, FixedOffset};
use std::fmt;

words! {
    /// How grave an event is; the colour of its row.
    Severity {
        /// Done as wished.
        Success = "success",
        /// Worth knowing.
        Info = "info",
        /// Under way.
        Progress = "progress",
        /// Not as wished.
        Warning = "warning",
        /// Somebody must look.
        Alarm = "alarm",
        /// Something is broken.
        Error = "error",
    }
}

macro_rules! event_types {
    ($( $(#[$note:meta])* $variant:ident = $text:literal, )+) => {
        /// What happened; an open list.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum EventType {
            $( $(#[$note])* $variant, )+
            /// Something that this version does not know; shown, never booked.
            Other(String),
        }

        impl EventType {
            /// The word as it is written.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )+
                    Self::Other(text) => text,
                }
            }

            /// Reads a word.
            pub fn of(text: &str) -> Self {
                match text {
                    $( $text => Self::$variant, )+
                    other => Self::Other(other.to_owned()),
                }
            }
        }
    };
}

event_types! {
    /// Somebody may pass.
    Granted = "access.granted",
    /// Somebody might have passed and did not.
    GrantedNotUsed = "access.granted-not-used",
    /// Somebody may not pass.
    Denied = "access.denied",
    /// Somebody may pass, and was forced to ask.
    Duress = "access.duress",
    /// Somebody pressed the button to go out.
    RequestToExit = "request-to-exit",
    /// A door was opened.
    DoorOpened = "door.opened",
    /// A door was closed.
    DoorClosed = "door.closed",
    /// A door was opened without leave.
    DoorForced = "door.forced",
    /// A door stands open for too long.
    DoorHeld = "door.held",
    /// A door is as it should be again.
    DoorRestored = "door.restored",
    /// A command is being carried out.
    CommandStarted = "command.started",
    /// A command was carried out.
    CommandDone = "command.done",
    /// A command could not be carried out.
    CommandFailed = "command.failed",
    /// A controller or reader cannot be reached.
    DeviceOffline = "device.offline",
    /// It can be reached again.
    DeviceOnline = "device.online",
    /// Somebody meddles with a device.
    TamperOn = "tamper.on",
    /// Nobody does any more.
    TamperOff = "tamper.off",
    /// A controller lost its power.
    PowerFail = "power.fail",
    /// It has power again.
    PowerRestored = "power.restored",
    /// The server lost records of its log.
    LogLost = "log.lost",
    /// An operator did something.
    OperatorAction = "operator.action",
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something happened at a door, a device or the server.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Position in the log.
    pub seq: u64,
    /// When it happened at the controller; book by this.
    pub time: DateTime<FixedOffset>,
    /// When the server stored it; days later for a controller that was away.
    pub received: DateTime<FixedOffset>,
    /// What happened.
    pub kind: EventType,
    /// How grave it is.
    pub severity: Severity,
    /// Why somebody may not pass, such as `credential-expired`; an open list.
    pub reason: Option<String>,
    /// Which controller.
    pub controller: Option<ControllerId>,
    /// Which reader.
    pub reader: Option<ReaderId>,
    /// Which door.
    pub door: Option<DoorId>,
    /// Which way.
    pub direction: Option<Direction>,
    /// Who.
    pub person: Option<PersonId>,
    /// External key of that person.
    pub ext: Option<String>,
    /// Type of the credential that was shown.
    pub credential_type: Option<CredentialType>,
    /// Number of the credential that was shown.
    pub credential_number: Option<String>,
    /// Facility of the credential that was shown.
    pub facility: Option<u8>,
    /// Which command.
    pub command: Option<CommandId>,
    /// Name of the operator.
    pub operator: Option<String>,
    /// The source system's own code.
    pub native: Option<String>,
    /// More in words.
    pub text: Option<String>,
}

impl Event {
    /// An event that was stored when it happened, without anything else.
    pub fn new(seq: u64, time: DateTime<FixedOffset>, kind: EventType, severity: Severity) -> Self {
        Self {
            seq,
            time,
            received: time,
            kind,
            severity,
            reason: None,
            controller: None,
            reader: None,
            door: None,
            direction: None,
            person: None,
            ext: None,
            credential_type: None,
            credential_number: None,
            facility: None,
            command: None,
            operator: None,
            native: None,
            text: None,
        }
    }

    /// The credential that was shown.
    pub fn credential(&self) -> Option<CredentialKey> {
        Some(CredentialKey::new(self.credential_type?, self.credential_number.clone()?, self.facility))
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("seq", &self.seq)
            .field("time", &self.time)
            .field("kind", &self.kind)
            .field("severity", &self.severity)
            .field("reason", &self.reason)
            .field("reader", &self.reader)
            .field("door", &self.door)
            .field("person", &self.person)
            .field("command", &self.command)
            .finish_non_exhaustive()
    }
}
