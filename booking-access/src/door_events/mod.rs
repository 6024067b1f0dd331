//! What happened at the doors, watched for what staff should know: guesses, and bookings to which nobody came.
//!
//! Whoever reads the door system hands events over with [`Access::take_door_events`](crate::Access::take_door_events). What
//! was seen is kept, so that a restart counts nothing twice. Nothing here does anything to a door.

mod config;
mod guesses;
mod no_show;
mod place;
mod take;

use std::fmt;

use chrono::{DateTime, Utc};

pub use config::WatchConfig;
pub use place::Place;
pub use take::DoorNews;

/// Something that happened at a door. It holds no PIN, no code and no token.
#[derive(Clone, PartialEq, Eq)]
pub struct DoorEvent {
    /// The door system's number.
    pub number: i64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The door, by its id.
    pub door: Option<String>,
    /// Who, by the door system's id.
    pub user: Option<String>,
    /// What happened.
    pub kind: DoorEventKind,
}

/// What happened at a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DoorEventKind {
    /// Somebody was let in.
    Admitted,
    /// A PIN, code or token was refused that nobody has: what somebody who guesses leaves behind.
    Guess,
    /// The controller of the door does not answer; its events come later.
    ControllerSilent,
    /// The controller of the door is back.
    ControllerBack,
    /// Anything else.
    Other,
}

/// What one look at the events of a door system showed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "whoever reads events writes it as a literal")]
pub struct DoorReading {
    /// When the door system was asked.
    pub asked: DateTime<Utc>,
    /// The events, by number. Those that were shown before may be among them.
    pub events: Vec<DoorEvent>,
    /// The largest number in the answer, events that could not be read included; 0 if there was none.
    pub newest: i64,
    /// Where to go on, as the reader writes it.
    pub cursor: String,
}

/// Names nobody.
impl fmt::Debug for DoorEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DoorEvent").field("number", &self.number).field("kind", &self.kind).finish_non_exhaustive()
    }
}
