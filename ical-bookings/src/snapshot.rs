//! What comes out of a body.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::hash::semantic_hash;
use crate::{Dialect, Problem};

/// One reading of a feed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// By start, then uid, then instance.
    pub bookings: Vec<Booking>,
    /// The first problems, in the order of the body.
    pub problems: Vec<Problem>,
    /// How many there were.
    pub problems_total: u64,
    /// Who wrote it.
    pub dialect: Dialect,
    /// Whether the body is proven whole. If not, a missing booking means nothing.
    pub complete: bool,
    /// How often the feed asks to be fetched, in whole seconds.
    pub refresh_seconds: Option<u64>,
    /// `VEVENT`s in the body, good and bad.
    pub events: usize,
}

/// A SHA-256 of something.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "http", derive(serde::Serialize, serde::Deserialize))]
pub struct Digest(pub [u8; 32]);

/// One stay of somebody in one or more resources.
///
/// What the bookings of a series have in common is kept once.
#[derive(Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "http", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Booking {
    /// Names the booking, or the series, within its feed.
    pub uid: Arc<str>,
    /// Of a series: the start that this one had before it was moved.
    pub instance: Option<DateTime<Utc>>,
    /// Begin.
    pub start: DateTime<Utc>,
    /// End, later than the begin and not part of it.
    pub end: DateTime<Utc>,
    /// In the order of the feed; nobody twice.
    pub people: Arc<[Person]>,
    /// In the order of the feed; none twice.
    pub resources: Arc<[String]>,
    /// Whether it stands.
    pub status: Status,
    /// Given in whole days.
    pub all_day: bool,
    /// Title, as the feed shows it.
    pub summary: Option<Arc<str>>,
    /// Beside a forged event: what was known of it before stays, nothing new may be granted.
    pub held: bool,
}

/// Somebody a booking names.
#[derive(Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "http", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Person {
    /// Mail address as written, without which a person gets no access.
    pub email: Option<String>,
    /// For display; identifies nobody.
    pub name: Option<String>,
    /// Whose booking it is.
    pub role: Role,
}

/// What a person has to do with a booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "http", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "http", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Role {
    /// `ORGANIZER`.
    Organizer,
    /// `ATTENDEE`.
    Attendee,
}

/// Whether a booking stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "http", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "http", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Status {
    /// It stands.
    #[default]
    Confirmed,
    /// It waits for an approval.
    Tentative,
    /// It was called off in so many words.
    Cancelled,
}

impl Snapshot {
    /// A hash that changes only when a booking comes, goes, moves, or is for others: where it is that of the last reading,
    /// nothing happened. Title, stamps and the order of the body do not count.
    pub fn semantic_hash(&self) -> Digest {
        semantic_hash(&self.bookings)
    }
}

impl Role {
    /// Its name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Organizer => "organizer",
            Self::Attendee => "attendee",
        }
    }
}

impl Status {
    /// Its name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Tentative => "tentative",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Booking {
    /// A confirmed booking that names nobody and nothing, for doubles in tests and other readers.
    pub fn new(uid: impl Into<Arc<str>>, start: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        Self {
            uid: uid.into(),
            instance: None,
            start,
            end,
            people: Arc::default(),
            resources: Arc::default(),
            status: Status::Confirmed,
            all_day: false,
            summary: None,
            held: false,
        }
    }
}

impl Person {
    /// Somebody in a role.
    pub fn new(role: Role, email: Option<String>, name: Option<String>) -> Self {
        Self { email, name, role }
    }
}

/// Hides who and what.
impl fmt::Debug for Booking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { uid, instance, start, end, people, resources, status, all_day, held, .. } = self;
        f.debug_struct("Booking")
            .field("uid", uid)
            .field("instance", instance)
            .field("start", start)
            .field("end", end)
            .field("people", &people.len())
            .field("resources", resources)
            .field("status", status)
            .field("all_day", all_day)
            .field("held", held)
            .finish_non_exhaustive()
    }
}

/// Hides who.
impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").field("role", &self.role).finish_non_exhaustive()
    }
}

/// Lower-case hexadecimal digits.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
