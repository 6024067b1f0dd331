//! What devices record, and what becomes of it.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use super::{EndpointName, ExternalId};

/// Identity of an event: its source, the life of the source's numbering, and the number. Content never decides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventKey {
    /// Where it comes from.
    pub endpoint: EndpointName,
    /// Life of the numbering; grows when the source starts again at a lower number.
    pub epoch: u32,
    /// The source's number, in its insertion order.
    pub number: i64,
}

/// One event of an access or sign-in system.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessEvent {
    /// The source's number, in its insertion order.
    pub number: i64,
    /// When it happened, with the offset of the source's clock.
    pub occurred: DateTime<FixedOffset>,
    /// What happened.
    pub class: EventClass,
    /// The source's own code of what happened, for reports.
    pub code: i64,
    /// Who, by the source's id.
    pub person: Option<ExternalId>,
    /// Where, by the source's id.
    pub device: Option<ExternalId>,
    /// Number shown at the reader.
    pub credential: Option<String>,
    /// Which way, if the source knows.
    pub direction: Direction,
    /// What stays the same when the source changes an event and numbers it anew; none where events never change.
    pub identity: Option<String>,
    /// What the source itself says against counting it.
    pub remark: Option<Remark>,
}

/// What a source says against counting an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Remark {
    /// The system made it up, such as signing everybody out at night.
    Automatic,
    /// It was taken back later.
    Voided,
    /// Somebody entered or imported it on behalf of the person.
    ByHand,
    /// It happened after the person was no longer to come.
    AfterLeaving,
}

/// An event on its way into an attendance system, in that system's ids.
#[derive(Clone, PartialEq, Eq)]
pub struct Clocking {
    /// The event it came from; makes delivery keyed.
    pub key: EventKey,
    /// What it becomes.
    pub kind: ClockingKind,
    /// Who, by the attendance side's id; an access record may be nobody's.
    pub person: Option<ExternalId>,
    /// Who, by the source's id, where the attendance side does not know the person and keeps such clockings for a clerk.
    pub stranger: Option<ExternalId>,
    /// Where, by the attendance side's id.
    pub device: ExternalId,
    /// When it happened.
    pub occurred: DateTime<FixedOffset>,
    /// What happened.
    pub class: EventClass,
    /// Number shown at the reader.
    pub credential: Option<String>,
    /// Which way.
    pub direction: Direction,
    /// What the source calls the event for good, if it does: [`AccessEvent::identity`].
    pub identity: Option<String>,
}

/// What a clocking becomes at the attendance side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClockingKind {
    /// An attendance booking.
    Attendance,
    /// An access record.
    Access,
}

/// What an event means, whatever its vendor calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventClass {
    /// Access granted.
    Granted,
    /// Access denied.
    Denied,
    /// Refused by anti-passback.
    AntiPassback,
    /// An exit button was pressed.
    ExitButton,
    /// A door opened, closed, was forced or left open.
    DoorState,
    /// Signed in at a kiosk.
    SignIn,
    /// Signed out at a kiosk.
    SignOut,
    /// Anything else.
    Other,
}

/// Which way a person passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Direction {
    /// In.
    In,
    /// Out.
    Out,
    /// Both sides of the device report their own direction.
    Both,
    /// Not known.
    #[default]
    Unknown,
}

impl fmt::Display for EventKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epoch == 0 {
            write!(f, "{}:{}", self.endpoint, self.number)
        } else {
            write!(f, "{}:{}.{}", self.endpoint, self.epoch, self.number)
        }
    }
}

/// Who and with which card stays out.
impl fmt::Debug for AccessEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessEvent")
            .field("number", &self.number)
            .field("occurred", &self.occurred)
            .field("class", &self.class)
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}

/// Who and with which card stays out.
impl fmt::Debug for Clocking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clocking")
            .field("key", &self.key)
            .field("kind", &self.kind)
            .field("device", &self.device)
            .field("occurred", &self.occurred)
            .finish_non_exhaustive()
    }
}

macro_rules! names {
    ($type:ident { $($variant:ident = $name:literal),* $(,)? }) => {
        impl $type {
            /// Its name in configuration, stores and reports.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($name => Ok(Self::$variant),)*
                    other => Err(UnknownName(other.to_owned())),
                }
            }
        }
    };
}

names!(ClockingKind { Attendance = "attendance", Access = "access" });
names!(EventClass {
    Granted = "granted",
    Denied = "denied",
    AntiPassback = "anti_passback",
    ExitButton = "exit_button",
    DoorState = "door_state",
    SignIn = "sign_in",
    SignOut = "sign_out",
    Other = "other",
});
names!(Direction { In = "in", Out = "out", Both = "both", Unknown = "unknown" });

/// The text is none of the known names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is none of the known names")]
pub struct UnknownName(String);
