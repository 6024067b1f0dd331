//! What a server says of itself when a session begins.

use super::{Cursor, Epoch, LogStream};
use chrono::TimeDelta;
use uuid::Uuid;

macro_rules! capabilities {
    ($( $(#[$note:meta])* $variant:ident = $text:literal, )+) => {
        /// Something that a server can do, all or nothing.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Capability {
            $( $(#[$note])* $variant, )+
        }

        impl Capability {
            /// Every capability.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )+];

            /// Its name.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )+ }
            }

            /// The capability of that name.
            pub fn of(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|capability| capability.as_str() == text)
            }
        }
    };
}

capabilities! {
    /// Read access groups, controllers and readers.
    DefinitionsRead = "definitions.read",
    /// Read the state of controllers and doors.
    StatusRead = "status.read",
    /// Read people.
    PeopleRead = "people.read",
    /// Write people.
    PeopleWrite = "people.write",
    /// Delete people.
    PeopleDelete = "people.delete",
    /// Write credentials.
    CredentialsWrite = "credentials.write",
    /// Write memberships of access groups.
    GroupsWrite = "groups.write",
    /// Read the log of events.
    EventsRead = "events.read",
    /// Be told of events.
    EventsPush = "events.push",
    /// Read the log of changes.
    ChangesRead = "changes.read",
    /// Be told of changes.
    ChangesPush = "changes.push",
    /// Release doors.
    DoorOpen = "door.open",
    /// Repeat a write safely with the same key.
    Idempotency = "idempotency",
    /// Hand over attendance bookings (an extension of this project).
    BookingsWrite = "bookings.write",
}

impl std::fmt::Display for Capability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much a server takes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a message.
    pub max_frame: u32,
    /// Requests without an answer yet.
    pub max_in_flight: u16,
    /// People on a page.
    pub max_page: u16,
    /// Records of a log that are not acknowledged yet.
    pub max_window: u16,
    /// Silence after which the server hangs up.
    pub idle_seconds: u16,
    /// Longest release of a door.
    pub max_door_seconds: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_frame: 8_388_608,
            max_in_flight: 8,
            max_page: 500,
            max_window: 500,
            idle_seconds: 90,
            max_door_seconds: 60,
        }
    }
}

/// What a log holds when the session begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogPosition {
    /// Which log.
    pub stream: LogStream,
    /// Which life of it.
    pub epoch: Epoch,
    /// Oldest record that is kept.
    pub first: u64,
    /// Number of the record to come.
    pub next: u64,
}

impl LogPosition {
    /// A log that keeps `first` up to but not including `next`.
    pub const fn new(stream: LogStream, epoch: Epoch, first: u64, next: u64) -> Self {
        Self { stream, epoch, first, next }
    }

    /// From the oldest record on.
    pub const fn start(&self) -> Cursor {
        Cursor::new(self.epoch, self.first.saturating_sub(1))
    }

    /// From now on.
    pub const fn head(&self) -> Cursor {
        Cursor::new(self.epoch, self.next.saturating_sub(1))
    }
}

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerInfo {
    /// Which driver speaks with it; `oem1` is this project's own profile, not PAC's.
    pub driver: &'static str,
    /// Name of the server.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Version of the profile in use.
    pub profile: u8,
    /// Number of the session.
    pub session: Uuid,
    /// Its time zone, an IANA name.
    pub time_zone: String,
    /// Name of the organisation.
    pub organisation: String,
    /// Label that our own changes carry.
    pub origin: String,
    /// How much it takes at once.
    pub limits: Limits,
    /// What it can do.
    pub capabilities: Vec<Capability>,
    /// What its logs hold.
    pub logs: Vec<LogPosition>,
    /// Its clock less ours, when the session began.
    pub clock_skew: TimeDelta,
    /// TLS version in use, such as `TLS 1.3`; empty where that is not known.
    pub tls: String,
}

impl ServerInfo {
    /// A server that can do nothing.
    pub fn new(driver: &'static str, name: impl Into<String>) -> Self {
        Self {
            driver,
            name: name.into(),
            version: String::new(),
            profile: 1,
            session: Uuid::nil(),
            time_zone: "UTC".to_owned(),
            organisation: String::new(),
            origin: String::new(),
            limits: Limits::default(),
            capabilities: Vec::new(),
            logs: Vec::new(),
            clock_skew: TimeDelta::zero(),
            tls: String::new(),
        }
    }

    /// What a log holds.
    pub fn log(&self, stream: LogStream) -> Option<&LogPosition> {
        self.logs.iter().find(|log| log.stream == stream)
    }

    /// Whether it can do that.
    pub fn supports(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }
}

/// What a difference of clocks means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClockState {
    /// At most a minute.
    Good,
    /// More than a minute: a warning.
    Off,
    /// More than a day: events are kept and not booked.
    Unusable,
}

impl ClockState {
    /// What that difference means.
    pub fn of(skew: TimeDelta) -> Self {
        let skew = skew.abs();
        if skew > TimeDelta::hours(24) {
            Self::Unusable
        } else if skew > TimeDelta::seconds(60) {
            Self::Off
        } else {
            Self::Good
        }
    }
}
