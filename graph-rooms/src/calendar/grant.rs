//! Which events give access, and to whom: a pure function.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::Window;
use super::event::{AttendeeKind, Event, EventKind, Mailbox, Response, ShowAs};
use super::interval::Interval;
use crate::address::Address;

/// What the operator decides about access.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rules {
    /// Zone of the building: whole days are its days.
    pub zone: Tz,
    /// Whether a booking gives access while it waits for approval.
    pub pending: bool,
    /// Whether a booking gives access that is shown as free.
    pub free: bool,
    /// Whether attendees may come as well, or the organizer only.
    pub attendees: bool,
    /// What to do with organizers from elsewhere.
    pub external_organizers: ExternalOrganizers,
    /// Mail domains of the house. Without any, nobody is from elsewhere.
    pub own_domains: BTreeSet<String>,
    /// Mail domains that attendees may be of; with none, all.
    pub attendee_domains: BTreeSet<String>,
    /// Addresses of groups. They are no people.
    pub groups: BTreeSet<Address>,
    /// Addresses of all rooms that are known. They are no people.
    pub rooms: BTreeSet<Address>,
}

/// What to do with bookings of organizers from elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExternalOrganizers {
    /// They give no access and are listed.
    #[default]
    Report,
    /// They are like any other.
    Allow,
}

/// A booking that gives access.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoomBooking {
    /// The event, within its calendar.
    pub event_id: String,
    /// The meeting, the same in all calendars; occurrences of a series may share it.
    pub i_cal_uid: Option<String>,
    /// Begin, inclusive.
    pub start: DateTime<Utc>,
    /// End, exclusive.
    pub end: DateTime<Utc>,
    /// It was given in whole days.
    pub all_day: bool,
    /// Who booked, if that is a person with an address.
    pub booker: Option<Person>,
    /// Who else may come; empty unless attendees may.
    pub attendees: Vec<Person>,
    /// What somebody should know about it.
    pub notes: Vec<Note>,
}

/// Somebody with an address. Hidden in `Debug`.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Person {
    /// Address as it was written.
    pub email: String,
    /// Name, if there is one. It identifies nobody.
    pub name: Option<String>,
}

/// An event that gives no access.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The event, within its calendar.
    pub event_id: String,
    /// The meeting, the same in all calendars.
    pub i_cal_uid: Option<String>,
    /// Begin.
    pub start: DateTime<Utc>,
    /// End.
    pub end: DateTime<Utc>,
    /// Why.
    pub reason: Reason,
}

/// Why an event gives no access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// It was called off.
    Cancelled,
    /// It is a series as a whole, which is no booking.
    SeriesMaster,
    /// The room has declined it.
    Declined,
    /// The room gave an answer that is not known.
    UnknownResponse,
    /// It is shown as free.
    Free,
    /// It waits for approval.
    Pending,
    /// It does not end after it begins.
    EmptyTime,
    /// It has nothing in common with the window.
    OutsideWindow,
    /// Its organizer is from elsewhere.
    ExternalOrganizer,
}

/// What somebody should know about a booking that gives access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Note {
    /// Nobody can be named, so nobody gets access.
    NoPerson,
    /// The organizer has no mail address that could be used.
    UnknownOrganizer,
    /// An attendee is a group: its members are not known.
    Group,
    /// An attendee has no mail address that could be used.
    UnknownAttendee,
    /// An attendee is of a domain that is not allowed.
    AttendeeDomain,
    /// It says that it is given in whole days, and is not.
    OddDay,
}

impl Reason {
    /// Stable word for logs and pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::SeriesMaster => "series_master",
            Self::Declined => "declined",
            Self::UnknownResponse => "unknown_response",
            Self::Free => "free",
            Self::Pending => "pending",
            Self::EmptyTime => "empty_time",
            Self::OutsideWindow => "outside_window",
            Self::ExternalOrganizer => "external_organizer",
        }
    }

    /// The same for a person.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Cancelled => "it was called off",
            Self::SeriesMaster => "it is a series as a whole",
            Self::Declined => "the room has declined it",
            Self::UnknownResponse => "the room's answer is one that is not known",
            Self::Free => "it is shown as free",
            Self::Pending => "it waits for approval",
            Self::EmptyTime => "it does not end after it begins",
            Self::OutsideWindow => "it is outside of the time that is looked at",
            Self::ExternalOrganizer => "its organizer is from elsewhere, which the settings do not allow",
        }
    }
}

impl Note {
    /// Stable word for logs and pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoPerson => "no_person",
            Self::UnknownOrganizer => "unknown_organizer",
            Self::Group => "group",
            Self::UnknownAttendee => "unknown_attendee",
            Self::AttendeeDomain => "attendee_domain",
            Self::OddDay => "odd_day",
        }
    }

    /// The same for a person.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NoPerson => "nobody can be named who may come",
            Self::UnknownOrganizer => "its organizer has no mail address that could be used",
            Self::Group => "an attendee is a group, whose members are not known",
            Self::UnknownAttendee => "an attendee has no mail address that could be used",
            Self::AttendeeDomain => "an attendee is of a mail domain that is not allowed",
            Self::OddDay => "it is said to be of whole days, but begins or ends during one",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person")
    }
}

/// Whether an event gives access, and to whom. `room` is the address of the room whose calendar it is in.
///
/// # Errors
/// Not a failure: why it gives none.
pub fn grant(
    event: &Event,
    interval: Interval,
    room: Option<&Address>,
    window: Window,
    rules: &Rules,
) -> Result<RoomBooking, Refusal> {
    let Interval { start, end, all_day, odd_day } = interval;
    if let Some(reason) = refused(event, interval, room, window, rules) {
        let (event_id, i_cal_uid) = (event.id.clone(), event.i_cal_uid.clone());
        return Err(Refusal { event_id, i_cal_uid, start, end, reason });
    }
    let mut notes = BTreeSet::new();
    if odd_day {
        notes.insert(Note::OddDay);
    }
    let (booker, attendees) = people(event, room, rules, &mut notes);
    if booker.is_none() && attendees.is_empty() {
        notes.insert(Note::NoPerson);
    }
    Ok(RoomBooking {
        event_id: event.id.clone(),
        i_cal_uid: event.i_cal_uid.clone(),
        start,
        end,
        all_day,
        booker,
        attendees,
        notes: notes.into_iter().collect(),
    })
}

fn refused(event: &Event, interval: Interval, room: Option<&Address>, window: Window, rules: &Rules) -> Option<Reason> {
    let response = event.response();
    let is_free = matches!(event.show_as, Some(ShowAs::Free)) && !rules.free;
    if event.is_cancelled {
        Some(Reason::Cancelled)
    } else if event.kind == Some(EventKind::SeriesMaster) {
        Some(Reason::SeriesMaster)
    } else if response == Some(&Response::Declined) {
        Some(Reason::Declined)
    } else if matches!(response, Some(Response::Unknown(_))) {
        Some(Reason::UnknownResponse)
    } else if is_free {
        Some(Reason::Free)
    } else if !matches!(response, Some(Response::Accepted | Response::Organizer)) && !rules.pending {
        Some(Reason::Pending)
    } else if interval.start >= interval.end {
        Some(Reason::EmptyTime)
    } else if !window.meets(interval.start, interval.end) {
        Some(Reason::OutsideWindow)
    } else if rules.external_organizers == ExternalOrganizers::Report && is_external(event, room, rules) {
        Some(Reason::ExternalOrganizer)
    } else {
        None
    }
}

/// Whether the organizer is certainly from elsewhere.
fn is_external(event: &Event, room: Option<&Address>, rules: &Rules) -> bool {
    let organizer = event.organizer.as_ref().and_then(|organizer| organizer.email_address.key());
    organizer.is_some_and(|address| {
        !rules.own_domains.is_empty()
            && Some(&address) != room
            && !rules.rooms.contains(&address)
            && !rules.own_domains.contains(address.domain())
    })
}

fn people(
    event: &Event,
    room: Option<&Address>,
    rules: &Rules,
    notes: &mut BTreeSet<Note>,
) -> (Option<Person>, Vec<Person>) {
    let is_room = |address: &Address| Some(address) == room || rules.rooms.contains(address);
    let mut seen = BTreeSet::new();
    let organizer = event.organizer.as_ref().map(|organizer| &organizer.email_address);
    let booker = match organizer.and_then(|mailbox| Some((mailbox, mailbox.key()?))) {
        None => {
            notes.insert(Note::UnknownOrganizer);
            None
        }
        // Booked at the room itself.
        Some((_, address)) if is_room(&address) => None,
        Some((_, address)) if rules.groups.contains(&address) => {
            notes.insert(Note::Group);
            None
        }
        Some((mailbox, address)) => {
            seen.insert(address);
            person(mailbox)
        }
    };
    let mut attendees = Vec::new();
    for attendee in event.attendees.iter().filter(|_| rules.attendees) {
        let declined = attendee.status.as_ref().is_some_and(|status| status.response == Some(Response::Declined));
        if attendee.kind == Some(AttendeeKind::Resource) || declined {
            continue;
        }
        let Some(address) = attendee.email_address.key() else {
            notes.insert(Note::UnknownAttendee);
            continue;
        };
        if is_room(&address) {
            continue;
        }
        if rules.groups.contains(&address) {
            notes.insert(Note::Group);
        } else if !rules.attendee_domains.is_empty() && !rules.attendee_domains.contains(address.domain()) {
            if !seen.contains(&address) {
                notes.insert(Note::AttendeeDomain);
            }
        } else if seen.insert(address) {
            attendees.extend(person(&attendee.email_address));
        }
    }
    (booker, attendees)
}

fn person(mailbox: &Mailbox) -> Option<Person> {
    let email = mailbox.address.as_deref()?.trim().to_owned();
    Some(Person { email, name: mailbox.name.clone() })
}
