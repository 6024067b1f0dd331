//! Bookings of several links as one list.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sync_core::connector::{InvalidRecord, Record};
use sync_core::model::{Booking, BookingStatus, Participant, ParticipantRole};

use crate::http::{BookingKey, FeedState};
use crate::{Booking as Read, Dialect, Person, Problem, ProblemKind, Role, Status};

/// What the links know together.
pub(super) struct Merged {
    pub(super) records: Vec<Record<Booking>>,
    pub(super) invalid: Vec<InvalidRecord>,
}

/// One booking of one link.
struct Sighting<'a> {
    booking: &'a Read,
    dialect: Option<Dialect>,
    read_at: Option<DateTime<Utc>>,
}

/// Merges by uid and instance: the rooms of one booking are those of all links that show it.
///
/// A room that nobody configured makes a booking no less readable: whoever opens doors says that it has none.
pub(super) fn merge(feeds: &[(&str, FeedState)]) -> Merged {
    let mut sightings: BTreeMap<BookingKey, Vec<Sighting<'_>>> = BTreeMap::new();
    for (_, state) in feeds {
        for booking in state.bookings() {
            let sighting = Sighting { booking, dialect: state.dialect, read_at: state.last_good() };
            sightings.entry(BookingKey::of(booking)).or_default().push(sighting);
        }
    }
    let records = sightings.into_iter().filter_map(|(key, sightings)| {
        let value = one(sightings)?;
        Some(Record::new(key.to_string(), value))
    });
    let mut records: Vec<_> = records.collect();
    records.sort_by(|a, b| (a.value.start, a.id.as_str()).cmp(&(b.value.start, b.id.as_str())));
    Merged { records, invalid: invalid(feeds) }
}

/// Time and people as the link says that was read last; one that says it stands goes before one that says it does not, for
/// a room may refuse a booking that another one keeps.
fn one(mut sightings: Vec<Sighting<'_>>) -> Option<Booking> {
    sightings.sort_by_key(|seen| (rank(seen.booking.status), Reverse(seen.read_at)));
    let first = sightings.first()?;
    let same = || sightings.iter().filter(|seen| seen.booking.status == first.booking.status);
    let resources: BTreeSet<String> = same().flat_map(|seen| seen.booking.resources.iter().cloned()).collect();
    let people = same().map(people).find(|people| !people.is_empty()).unwrap_or_default();
    let doubtful = same().any(|seen| seen.booking.held);
    let Read { start, end, all_day, .. } = *first.booking;
    let series = sightings.iter().find_map(series);
    let status = status(first.booking.status);
    Some(Booking { start, end, resources, people, status, all_day, doubtful, series })
}

fn rank(status: Status) -> u8 {
    match status {
        Status::Confirmed => 0,
        Status::Tentative => 1,
        Status::Cancelled => 2,
    }
}

fn status(status: Status) -> BookingStatus {
    match status {
        Status::Confirmed => BookingStatus::Confirmed,
        Status::Tentative => BookingStatus::Tentative,
        Status::Cancelled => BookingStatus::Cancelled,
    }
}

/// Those with an address, the booker first.
fn people(seen: &Sighting<'_>) -> Vec<Participant> {
    let people = (0..).zip(&*seen.booking.people).filter_map(|(at, person)| {
        let email = person.email.clone().filter(|email| !email.trim().is_empty())?;
        Some(Participant { email, name: person.name.clone(), role: role(at, person, seen.dialect) })
    });
    let mut people: Vec<_> = people.collect();
    people.sort_by_key(|participant| participant.role);
    people
}

/// In a type-1 feed the only attendee is who holds the booking.
fn role(at: usize, person: &Person, dialect: Option<Dialect>) -> ParticipantRole {
    match person.role {
        Role::Organizer => ParticipantRole::Booker,
        Role::Attendee if at == 0 && dialect == Some(Dialect::Type1) => ParticipantRole::Booker,
        Role::Attendee => ParticipantRole::Attendee,
    }
}

/// Type 1 writes the number of a series before `_` and the start behind it, and so renames what is moved.
fn series(seen: &Sighting<'_>) -> Option<String> {
    let (number, ticks) = seen.booking.uid.split_once('_')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let ours = seen.dialect == Some(Dialect::Type1) && digits(number) && digits(ticks) && ticks.len() == 18;
    ours.then(|| number.to_owned())
}

/// What somebody must look at, once for each event and kind. Mere repairs are only counted, in the status.
fn invalid(feeds: &[(&str, FeedState)]) -> Vec<InvalidRecord> {
    let mut seen = BTreeSet::new();
    let mut invalid = Vec::new();
    for (name, state) in feeds {
        for problem in state.problems().iter().filter(|problem| matters(problem.kind)) {
            let id = problem.uid.clone().unwrap_or_else(|| format!("line {}", problem.line));
            let once = match &problem.uid {
                Some(uid) => (String::new(), uid.clone(), problem.kind),
                None => ((*name).to_owned(), id.clone(), problem.kind),
            };
            if seen.insert(once) {
                invalid.push(InvalidRecord::new(id, problem.kind.as_str(), why(name, problem)));
            }
        }
    }
    invalid
}

fn matters(kind: ProblemKind) -> bool {
    kind.costs_the_booking()
        || matches!(
            kind,
            ProblemKind::NoAddress
                | ProblemKind::Type2ScheduleLink
                | ProblemKind::RuleLimit
                | ProblemKind::TooManyPeople
                | ProblemKind::TooManyResources
        )
}

/// Names that are not configured, and the uid of a booking that has them.
pub(super) fn unknown_rooms<'a>(bookings: &'a [Read], known: &[String]) -> BTreeMap<&'a str, &'a str> {
    let mut unknown = BTreeMap::new();
    for booking in bookings {
        for room in booking.resources.iter().filter(|room| !known.contains(room)) {
            unknown.entry(room.as_str()).or_insert(&*booking.uid);
        }
    }
    unknown
}

fn why(feed: &str, problem: &Problem) -> String {
    format!("feed {feed}, line {}: {}", problem.line, problem.text)
}

#[cfg(test)]
mod tests;
