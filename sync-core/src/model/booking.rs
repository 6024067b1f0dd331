//! Bookings of rooms and desks, as feeds and calendars tell them.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Entity, EntityKind, Field};

/// A booking of one or more resources, one occurrence of it.
///
/// Bookings are read and never written, so that they have no table of fields. A record of a source stands for one
/// occurrence; its id names it within the source and stays the same from read to read. What people wrote into it, such as
/// subject and notes, is left at the source.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// Begin, inclusive.
    pub start: DateTime<Utc>,
    /// End, exclusive; later than the begin.
    pub end: DateTime<Utc>,
    /// Names of the booked resources as the configuration spells them.
    pub resources: BTreeSet<String>,
    /// Who may come, the booker first; empty if nobody can be named.
    pub people: Vec<Participant>,
    /// Whether it stands.
    pub status: BookingStatus,
    /// It was given in whole days.
    pub all_day: bool,
    /// The source doubts it: what was known of it before stays in force, nothing new is given.
    pub doubtful: bool,
    /// What stays the same where the source renames a booking that was moved.
    pub series: Option<String>,
}

/// Somebody who takes part in a booking.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Participant {
    /// Mail address as it was written; never empty.
    pub email: String,
    /// Display name, if there is one. It identifies nobody.
    pub name: Option<String>,
    /// Whose booking it is.
    pub role: ParticipantRole,
}

/// What somebody has to do with a booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "one holds it, the others come along")]
pub enum ParticipantRole {
    /// It is this person's booking.
    Booker,
    /// Invited to it.
    Attendee,
}

/// Whether a booking stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "the three states of iCalendar; whoever reads them must decide on each")]
pub enum BookingStatus {
    /// It stands.
    #[default]
    Confirmed,
    /// It waits for somebody's approval.
    Tentative,
    /// It was called off in so many words.
    Cancelled,
}

impl Entity for Booking {
    const KIND: EntityKind = EntityKind::Booking;
    const CARRIES_RIGHTS: bool = true;

    fn fields() -> &'static [Field<Self>] {
        &[]
    }

    fn title(&self) -> String {
        self.resources.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

impl Participant {
    /// The address in the form in which two are the same person: trimmed, case folded.
    pub fn key(&self) -> String {
        self.email.trim().to_lowercase()
    }
}

impl BookingStatus {
    /// Its name in reports and stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Tentative => "tentative",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for BookingStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Hides who.
impl fmt::Debug for Booking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { start, end, resources, people, status, all_day, doubtful, .. } = self;
        f.debug_struct("Booking")
            .field("start", start)
            .field("end", end)
            .field("resources", resources)
            .field("people", &people.len())
            .field("status", status)
            .field("all_day", all_day)
            .field("doubtful", doubtful)
            .finish_non_exhaustive()
    }
}

/// Hides who.
impl fmt::Debug for Participant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Participant").field("role", &self.role).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_names_nobody_and_addresses_are_compared_folded() {
        let email = " Maya.O@Example.org".to_owned();
        let maya = Participant { email, name: Some("Maya".to_owned()), role: ParticipantRole::Booker };
        assert_eq!(maya.key(), "maya.o@example.org");
        let booking = Booking { people: vec![maya], ..Booking::default() };
        assert!(!format!("{booking:?}{:?}", booking.people).contains("aya"));
    }
}
