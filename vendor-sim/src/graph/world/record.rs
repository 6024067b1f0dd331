//! What there is in a tenant.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::series::Recurrence;
use crate::clock::Zone;

/// What state a room's mailbox is in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mailbox {
    /// In the cloud.
    #[default]
    Ready,
    /// On premises, inactive or unlicensed: 404 `MailboxNotEnabledForRESTAPI`.
    NotEnabled,
    /// There is none: 404.
    Missing,
}

/// What a room does with a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Processing {
    /// Accepts.
    #[default]
    AutoAccept,
    /// Waits for a delegate.
    Delegate,
    /// Notes it and waits for somebody, as old rooms do.
    AutoUpdate,
}

/// A room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Room {
    /// Id in `places`; may change.
    pub id: String,
    /// Id that never changes.
    pub place_id: String,
    /// Object id of the mailbox.
    pub user_id: String,
    /// Sign-in name of the mailbox; the address, normally.
    pub upn: String,
    /// Address as it was typed in.
    pub address: String,
    /// Name.
    pub name: String,
    /// Building.
    pub building: Option<String>,
    /// Floor.
    pub floor: Option<i64>,
    /// Seats.
    pub capacity: Option<i64>,
    /// `standard`, `reserved` or whatever else.
    pub booking_type: String,
    /// Not in the address list, so not in `places`.
    pub hidden: bool,
    /// State of the mailbox.
    pub mailbox: Mailbox,
    /// What it does with a request.
    pub processing: Processing,
    /// Whether it takes requests from outside; Exchange's own default is no.
    pub takes_external: bool,
    /// Any JSON over what the list shows: a malformed record.
    pub overlay: Map<String, Value>,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            id: String::new(),
            place_id: String::new(),
            user_id: String::new(),
            upn: String::new(),
            address: String::new(),
            name: String::new(),
            building: None,
            floor: None,
            capacity: Some(8),
            booking_type: "standard".to_owned(),
            hidden: false,
            mailbox: Mailbox::default(),
            processing: Processing::default(),
            takes_external: true,
            overlay: Map::new(),
        }
    }
}

/// A room list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoomList {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Address.
    pub address: String,
    /// Addresses of its rooms in small letters.
    pub rooms: Vec<String>,
}

/// Somebody with a mailbox.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct User {
    /// Object id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Address and sign-in name.
    pub address: String,
}

/// A name with an address, as invitations carry them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Who {
    /// Name.
    pub name: String,
    /// Address: a person's, a list's, an X.500 name, or empty.
    pub address: String,
}

impl Who {
    /// This name with this address.
    pub fn new(name: &str, address: &str) -> Self {
        Self { name: name.to_owned(), address: address.to_owned() }
    }
}

impl From<(&str, &str)> for Who {
    fn from((name, address): (&str, &str)) -> Self {
        Self::new(name, address)
    }
}

/// In which place somebody is invited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum AttendeeKind {
    /// Needed.
    #[default]
    Required,
    /// Welcome.
    Optional,
    /// A room or a thing.
    Resource,
}

/// Somebody's answer to an invitation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Response {
    /// None is known.
    #[default]
    None,
    /// It is theirs.
    Organizer,
    /// Perhaps.
    TentativelyAccepted,
    /// Yes.
    Accepted,
    /// No.
    Declined,
    /// Not yet.
    NotResponded,
}

/// Somebody invited, as the invitation lists them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attendee {
    /// Who.
    pub who: Who,
    /// In which place.
    pub kind: AttendeeKind,
    /// What the room's copy knows of the answer: nothing, normally.
    pub response: Response,
}

impl Attendee {
    /// Somebody needed.
    pub fn required(name: &str, address: &str) -> Self {
        Self { who: Who::new(name, address), ..Self::default() }
    }
}

/// What differs for one occurrence of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Exception {
    /// It is held at another time.
    Moved {
        /// Begin.
        start: DateTime<Utc>,
        /// End.
        end: DateTime<Utc>,
    },
    /// It is called off; the room keeps it, marked as cancelled.
    Cancelled,
    /// It is gone from the calendar.
    Removed,
}

/// A meeting, single or a series. Each room on it has its own copy, made of this.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own that an invitation has")]
pub struct Meeting {
    /// Id; 0 asks for a new one.
    pub id: u64,
    /// `iCalUId`; empty asks for a new one.
    pub uid: String,
    /// Subject as the organizer typed it.
    pub subject: String,
    /// Text of the invitation.
    pub body: String,
    /// Whose it is; none: the copy has no organizer at all.
    pub organizer: Option<Who>,
    /// Who is invited, rooms apart.
    pub attendees: Vec<Attendee>,
    /// Rooms by address, in small letters.
    pub rooms: Vec<String>,
    /// Begin of the (first) meeting; of an all-day one midnight in its zone.
    pub start: DateTime<Utc>,
    /// Its end.
    pub end: DateTime<Utc>,
    /// For whole days.
    pub all_day: bool,
    /// Zone it was made in; a series repeats on that zone's wall clock. None: the mailbox's.
    pub zone: Option<Zone>,
    /// How it repeats.
    pub recurrence: Option<Recurrence>,
    /// Occurrences that differ, by the day they would have been on.
    pub exceptions: BTreeMap<NaiveDate, Exception>,
    /// Called off, and still in the rooms' calendars.
    pub cancelled: bool,
    /// Marked private by the organizer.
    pub private: bool,
    /// The organizer hides who is invited.
    pub hide_attendees: bool,
    /// The organizer is among the attendees too, as some clients do.
    pub lists_organizer: bool,
    /// What rooms answered, by address; a room not named here does as its processing says.
    pub responses: BTreeMap<String, Response>,
    /// What it shows as; none: as the answer says.
    pub show_as: Option<String>,
    /// When it was made; the epoch stands for now.
    pub created: DateTime<Utc>,
    /// When it was last changed.
    pub changed: DateTime<Utc>,
    /// Counts its changes.
    pub version: u64,
    /// Any JSON over what the API shows of its events: a malformed record.
    pub overlay: Map<String, Value>,
    /// Keys the API leaves out of its events.
    pub without: Vec<String>,
}

impl Meeting {
    /// A single meeting in one room.
    pub fn new(room: &str, organizer: impl Into<Who>, start: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        Self {
            organizer: Some(organizer.into()),
            rooms: vec![room.to_lowercase()],
            start,
            end,
            subject: "Meeting".to_owned(),
            ..Self::default()
        }
    }

    /// Repeats so.
    pub fn repeated(mut self, recurrence: Recurrence) -> Self {
        self.recurrence = Some(recurrence);
        self
    }

    /// With somebody more.
    pub fn with(mut self, attendee: Attendee) -> Self {
        self.attendees.push(attendee);
        self
    }
}

/// A mail that went out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentMail {
    /// When.
    pub at: DateTime<Utc>,
    /// Address of the mailbox it was sent from.
    pub from: String,
    /// The mail itself, decoded.
    pub mime: Vec<u8>,
}

impl SentMail {
    /// The mail as text, as far as it is text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.mime).into_owned()
    }
}

/// What a batch does to an item whose path fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ItemFault {
    /// Path with `*` for any text, without `/v1.0` and query, decoded; case does not matter.
    pub path: String,
    /// Status of the item; 0 leaves it out of the answer.
    pub status: u16,
    /// `Retry-After` among the item's headers.
    pub retry_after: Option<String>,
    /// How many items are met.
    pub times: u64,
}

impl Default for ItemFault {
    fn default() -> Self {
        Self { path: "*".to_owned(), status: 429, retry_after: None, times: 1 }
    }
}

impl ItemFault {
    /// One item on this path gets this status; 0 leaves it out.
    pub fn on(path: &str, status: u16) -> Self {
        Self { path: path.to_owned(), status, ..Self::default() }
    }
}
