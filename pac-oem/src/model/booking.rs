//! Attendance bookings handed to PAC: an extension of this project, not part of any interface of PAC's.

use super::{Direction, PacError, PacErrorKind, PersonId};
use chrono::{DateTime, FixedOffset};
use std::fmt;

/// An attendance booking to be handed over; the server takes each key once.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BookingDraft {
    /// What tells it from all others, 64 characters at most.
    pub key: String,
    /// Whose.
    pub person: PersonId,
    /// When.
    pub time: DateTime<FixedOffset>,
    /// Which way.
    pub direction: Direction,
    /// Name of the terminal.
    pub terminal: Option<String>,
    /// Code of the mission.
    pub mc: Option<String>,
    /// Code of the cost centre.
    pub cc: Option<String>,
}

impl BookingDraft {
    /// A booking without terminal and codes.
    pub fn new(key: impl Into<String>, person: PersonId, time: DateTime<FixedOffset>, direction: Direction) -> Self {
        Self { key: key.into(), person, time, direction, terminal: None, mc: None, cc: None }
    }

    /// Whether the server can take it.
    ///
    /// # Errors
    /// `Validation`, with the path of the value.
    pub fn check(&self) -> Result<(), PacError> {
        let invalid = |text: &str, name: &str| {
            Err(PacError::new(PacErrorKind::Validation, text).with_path(format!("BookingPut/Booking/@{name}")))
        };
        if self.key.is_empty() {
            return invalid("a booking needs a key", "key");
        }
        if self.direction == Direction::Unknown {
            return invalid("a booking goes in, out, or neither way", "direction");
        }
        for (value, name) in [
            (Some(&self.key), "key"),
            (self.terminal.as_ref(), "terminal"),
            (self.mc.as_ref(), "mc"),
            (self.cc.as_ref(), "cc"),
        ] {
            if value.is_some_and(|value| value.chars().count() > 64) {
                return invalid("64 characters are allowed", name);
            }
        }
        Ok(())
    }
}

impl fmt::Debug for BookingDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BookingDraft")
            .field("key", &self.key)
            .field("person", &self.person)
            .field("direction", &self.direction)
            .finish_non_exhaustive()
    }
}
