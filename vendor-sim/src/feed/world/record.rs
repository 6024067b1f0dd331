//! The records of the booking system.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Whose feeds these look like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Style {
    /// Skedda and alike (type 1).
    #[default]
    Skedda,
    /// Booked, `LibreBooking` and alike (type 2).
    Booked,
}

impl Style {
    /// The style with this name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "skedda" => Some(Self::Skedda),
            "booked" => Some(Self::Booked),
            _ => None,
        }
    }
}

/// A room that can be booked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Room {
    /// Id.
    pub id: i64,
    /// Name as it was typed in.
    pub name: String,
    /// Id in links (Booked).
    pub public_id: String,
}

/// Somebody who books.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// Id.
    pub id: i64,
    /// Whole name as it was typed in.
    pub name: String,
    /// Mail address.
    pub email: String,
    /// Id in links (Booked).
    pub public_id: String,
}

/// Where a booking stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// Stands.
    #[default]
    Confirmed,
    /// Waits for approval; Skedda does not list it.
    Pending,
}

/// One booking; an instance of a series is one of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Booking {
    /// Id.
    pub id: i64,
    /// Series it belongs to; a single booking is a series of its own. 0 asks for a new one.
    pub series: i64,
    /// Reference number (Booked); empty asks for a new one.
    pub reference: String,
    /// Title.
    pub title: String,
    /// Notes or description.
    pub notes: String,
    /// Rooms by id, the one that was chosen first first.
    pub rooms: Vec<i64>,
    /// Who holds it; none: the venue itself.
    pub holder: Option<i64>,
    /// Who takes part.
    pub participants: Vec<i64>,
    /// Begin.
    pub start: DateTime<Utc>,
    /// End.
    pub end: DateTime<Utc>,
    /// Where it stands.
    pub status: Status,
    /// Who booked and why is hidden.
    pub private: bool,
    /// A reminder so many minutes before it begins; 0 for none.
    pub reminder_minutes: i64,
    /// When it was made; the epoch stands for now.
    pub created: DateTime<Utc>,
    /// When it was last changed; none if never.
    pub changed: Option<DateTime<Utc>>,
}
