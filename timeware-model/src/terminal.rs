//! Terminals: rows of `tterminal`, with the settings that stand in `bridge_terminal` (rules W7, W11).

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;

use crate::config::ConfigurationCodes;
use crate::employee::Field;
use crate::error::{Error, Result};
use crate::ids::TerminalId;

/// A terminal with its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Terminal {
    /// The id.
    pub id: TerminalId,
    /// Its number at the site.
    pub number: i64,
    /// The name; follows the device.
    pub description: String,
    /// The kind; a change made at the site's own screen counts.
    pub kind: TerminalKind,
    /// Events are not taken.
    pub suspended: bool,
    /// Address or serial number; empty for terminals made by a link.
    pub ip_address: Option<String>,
    /// Free text; one line says where the terminal came from.
    pub notepad: Option<String>,
    /// Keeps the last place of people.
    pub roll_call: bool,
    /// Direction as the site's own column has it.
    pub r1_direction: Option<i64>,
    /// Zone of the roll call.
    pub zone: Option<i64>,
    /// Local time of the last good event read.
    pub poll_success: Option<NaiveDateTime>,
    /// What its events are taken as.
    pub role: TerminalRole,
    /// Which way its events go.
    pub direction: TerminalDirection,
    /// Zone of its clock.
    pub time_zone: Tz,
    /// Events count from this instant on.
    pub take_from: Option<DateTime<Utc>>,
    /// External id of the receipt of the source that the reader asked about.
    pub receipt: Option<String>,
}

impl Terminal {
    /// Where the terminal came from, as its notepad says.
    pub fn origin(&self) -> Option<Origin> {
        self.notepad.as_deref().and_then(Origin::from_notepad)
    }
}

/// The device type of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TerminalKind {
    /// Access control device.
    Access,
    /// Attendance device.
    Attendance,
    /// Fire alarm monitor.
    FireAlarm,
    /// A code that the settings do not name: listed, never read, never changed.
    Unknown(i64),
}

impl TerminalKind {
    pub(crate) fn from_code(code: i64, codes: &ConfigurationCodes) -> Self {
        match code {
            code if code == codes.access => Self::Access,
            code if code == codes.attendance => Self::Attendance,
            code if code == codes.fire_alarm => Self::FireAlarm,
            code => Self::Unknown(code),
        }
    }

    pub(crate) fn code(self, codes: &ConfigurationCodes) -> i64 {
        match self {
            Self::Access => codes.access,
            Self::Attendance => codes.attendance,
            Self::FireAlarm => codes.fire_alarm,
            Self::Unknown(code) => code,
        }
    }

    /// The role that goes with the kind.
    pub fn role(self) -> TerminalRole {
        match self {
            Self::Attendance => TerminalRole::Attendance,
            Self::FireAlarm => TerminalRole::FireAlarm,
            Self::Access | Self::Unknown(_) => TerminalRole::Access,
        }
    }
}

macro_rules! word {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// The word stored.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::Error;

            fn from_str(text: &str) -> crate::Result<Self> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(crate::Error::rejected($what, format!("`{text}` is none of {}", [$($word),+].join(", ")))),
                }
            }
        }
    };
}
pub(crate) use word;

word!(
    /// What the events of a terminal are taken as.
    TerminalRole, "role" {
        /// Bookings.
        Attendance = "attendance",
        /// Access records.
        Access = "access",
        /// Nothing but the roll call.
        FireAlarm = "fire_alarm",
        /// Marks people safe; never a booking.
        Muster = "muster",
    }
);
word!(
    /// Which way the events of a terminal go.
    TerminalDirection, "direction" {
        /// In.
        In = "I",
        /// Out.
        Out = "O",
        /// Both sides; each event says its own.
        Both = "B",
        /// Not known.
        Unknown = "U",
    }
);

/// A terminal to create.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewTerminal {
    /// The name of the door, reader or device.
    pub description: String,
    /// Where it comes from; stands in the notepad.
    pub origin: Option<Origin>,
    /// Zone of its clock; `None` = the one of the settings.
    pub time_zone: Option<Tz>,
    /// Which way its events go, where the source knows.
    pub direction: TerminalDirection,
}

impl NewTerminal {
    /// A terminal with this name.
    pub fn new(description: impl Into<String>) -> Self {
        Self { description: description.into(), origin: None, time_zone: None, direction: TerminalDirection::Unknown }
    }

    /// Says where it comes from.
    pub fn origin(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }

    /// Says which way its events go.
    pub fn direction(mut self, direction: TerminalDirection) -> Self {
        self.direction = direction;
        self
    }

    /// Says in which zone its clock is.
    pub fn time_zone(mut self, zone: Tz) -> Self {
        self.time_zone = Some(zone);
        self
    }
}

/// Settings of a terminal to change; what is not named stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TerminalChange {
    /// The kind; the role follows unless it is named too.
    pub kind: Option<TerminalKind>,
    /// Takes it in or out of service; `Some(false)` needs a `take_from` unless one is set already.
    pub suspended: Option<bool>,
    /// What its events are taken as.
    pub role: Option<TerminalRole>,
    /// Which way its events go.
    pub direction: Option<TerminalDirection>,
    /// Zone of its clock.
    pub time_zone: Option<Tz>,
    /// Events count from this instant on.
    pub take_from: Field<DateTime<Utc>>,
    /// Keeps the last place of people.
    pub roll_call: Option<bool>,
    /// Zone of the roll call.
    pub zone: Field<i64>,
}

impl TerminalChange {
    /// Puts a terminal into service: its kind, and from when on its events count.
    pub fn release(kind: TerminalKind, take_from: DateTime<Utc>) -> Self {
        Self { kind: Some(kind), suspended: Some(false), take_from: Field::Set(take_from), ..Self::default() }
    }

    /// Sets which way its events go.
    pub fn direction(mut self, direction: TerminalDirection) -> Self {
        self.direction = Some(direction);
        self
    }

    /// Sets whether it keeps the last place of people.
    pub fn roll_call(mut self, on: bool) -> Self {
        self.roll_call = Some(on);
        self
    }
}

/// Where a terminal comes from: the line `bridge=source:external id` of its notepad.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// The source.
    pub source: String,
    /// Its id there.
    pub external_id: String,
}

const NOTEPAD_KEY: &str = "bridge=";

impl Origin {
    /// A terminal of `source` with its id there.
    ///
    /// # Errors
    /// `Rejected` when a part is empty or holds a line end, or the source a colon.
    pub fn new(source: impl Into<String>, external_id: impl Into<String>) -> Result<Self> {
        let (source, external_id) = (source.into(), external_id.into());
        let broken = |text: &str| text.trim().is_empty() || text.contains(['\r', '\n']);
        if broken(&source) || broken(&external_id) || source.contains(':') {
            return Err(Error::rejected("origin", "source and id must be one line, the source without a colon"));
        }
        Ok(Self { source, external_id })
    }

    /// Reads it from a notepad.
    pub fn from_notepad(notepad: &str) -> Option<Self> {
        let line = notepad.lines().find_map(|line| line.trim().strip_prefix(NOTEPAD_KEY))?;
        let (source, external_id) = line.split_once(':')?;
        Self::new(source, external_id).ok()
    }

    /// Writes it into a notepad; all other text stays.
    pub fn into_notepad(&self, notepad: &str) -> String {
        let ours = format!("{NOTEPAD_KEY}{}:{}", self.source, self.external_id);
        let others = notepad.lines().filter(|line| !line.trim().starts_with(NOTEPAD_KEY));
        std::iter::once(ours.as_str()).chain(others).collect::<Vec<_>>().join("\r\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notepad_line_leaves_other_text_alone() {
        let origin = Origin::new("net2-hq", "7000123/in").unwrap();
        let notepad = origin.into_notepad("timezone=1\r\nbridge=old:1\r\nring the bell");
        assert_eq!(notepad, "bridge=net2-hq:7000123/in\r\ntimezone=1\r\nring the bell");
        assert_eq!(Origin::from_notepad(&notepad), Some(origin));
        assert_eq!(Origin::from_notepad("bridge=\nx"), None);
    }

    #[test]
    fn kinds_follow_the_codes_of_the_site() {
        let codes = ConfigurationCodes { access: 40, ..ConfigurationCodes::default() };
        assert_eq!(TerminalKind::from_code(40, &codes), TerminalKind::Access);
        assert_eq!(TerminalKind::from_code(4, &codes), TerminalKind::Unknown(4));
        assert_eq!(TerminalKind::Unknown(4).code(&codes), 4);
    }
}
