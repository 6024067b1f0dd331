//! A booking, what becomes of it, and why.

use chrono::{DateTime, FixedOffset, Utc};
use serde::{Deserialize, Serialize};

/// Which way somebody went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Direction {
    /// In.
    In,
    /// Out.
    Out,
    /// Astrow finds out.
    #[default]
    Auto,
}

/// Why a booking is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rejection {
    /// The same person, moment, terminal and direction under another key.
    Duplicate,
    /// There is no such terminal.
    UnknownTerminal,
    /// The terminal is not in the employee's terminal group.
    TerminalNotInGroup,
    /// The employee is not active on that day.
    InactiveEmployee,
    /// The day is frozen.
    FrozenPeriod,
    /// A roll call runs.
    RollCall,
    /// The time or a code is out of range.
    OutOfRange,
}

impl Rejection {
    /// The code on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::UnknownTerminal => "unknown-terminal",
            Self::TerminalNotInGroup => "terminal-not-in-group",
            Self::InactiveEmployee => "inactive-employee",
            Self::FrozenPeriod => "frozen-period",
            Self::RollCall => "roll-call",
            Self::OutOfRange => "out-of-range",
        }
    }

    /// The details on the wire.
    pub(crate) fn details(self) -> &'static str {
        match self {
            Self::Duplicate => "The same booking is there under another key",
            Self::UnknownTerminal => "There is no terminal with this serial",
            Self::TerminalNotInGroup => "The terminal is not in the employee's terminal group",
            Self::InactiveEmployee => "The employee has no active contract on this day",
            Self::FrozenPeriod => "The period is frozen",
            Self::RollCall => "A roll call is running",
            Self::OutOfRange => "Time or code out of range",
        }
    }
}

/// What became of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BookingState {
    /// It is in the calculations.
    Processed,
    /// Its badge is unknown: it waits in the booking queue.
    Queued,
    /// It is refused.
    Rejected(Rejection),
    /// It went with its employee.
    Deleted,
}

/// Where a booking came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BookingSource {
    /// The API.
    Api,
    /// A file.
    File,
    /// A terminal of Astrow.
    Terminal,
}

/// What kind of booking Astrow makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// First of the day.
    Go,
    /// In again.
    In,
    /// Out.
    Out,
}

/// The event of PAC behind a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacEvent {
    /// Numbering that `seq` belongs to.
    pub epoch: String,
    /// Number of the event.
    pub seq: u64,
}

/// One booking, as tests look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// Astrow's id.
    pub id: String,
    /// The sender's key.
    pub key: String,
    /// Badge number as it was sent.
    pub badge_no: String,
    /// Whose it is.
    pub pers_no: Option<u32>,
    /// When.
    pub at: DateTime<Utc>,
    /// Serial of the terminal.
    pub terminal_serial: String,
    /// Which way.
    pub direction: Direction,
    /// Master code.
    pub mc: Option<String>,
    /// Cost centre.
    pub cc: Option<String>,
    /// The event behind it.
    pub pac_event: Option<PacEvent>,
    /// What became of it.
    pub state: BookingState,
    /// Where it came from.
    pub source: BookingSource,
    /// What Astrow makes of it, once processed.
    pub kind: Kind,
}

/// A booking on its way in.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Incoming {
    pub(crate) key: String,
    pub(crate) badge_no: String,
    #[serde(default)]
    pub(crate) pers_no: Option<u32>,
    pub(crate) at: DateTime<FixedOffset>,
    pub(crate) terminal_serial: String,
    #[serde(default)]
    pub(crate) direction: Direction,
    #[serde(default)]
    pub(crate) mc: Option<String>,
    #[serde(default)]
    pub(crate) cc: Option<String>,
    #[serde(default)]
    pub(crate) pac_event: Option<PacEvent>,
}
