//! Bookings and people for tests.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeZone as _, Utc};
use sync_core::model::{Booking, Participant, ParticipantRole};

use crate::store::{BookingRow, BookingState, PersonRow};

/// A time of one day.
pub(crate) fn at(hour: u32, minute: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2027, 3, 1, hour, minute, 0).unwrap()
}

pub(crate) fn participant(email: &str) -> Participant {
    Participant { email: email.to_owned(), name: None, role: ParticipantRole::Booker }
}

pub(crate) fn plain(email: &str, resource: &str, start: DateTime<Utc>, end: DateTime<Utc>) -> Booking {
    Booking {
        start,
        end,
        resources: BTreeSet::from([resource.to_owned()]),
        people: vec![participant(email)],
        ..Booking::default()
    }
}

pub(crate) fn booking(id: i64, email: &str, resource: &str, start: DateTime<Utc>, end: DateTime<Utc>) -> BookingRow {
    BookingRow {
        id,
        source: "rooms".to_owned(),
        key: format!("key-{id}"),
        booking: plain(email, resource, start, end),
        state: BookingState::Live,
        exact: false,
        doubtful: false,
        missing: 0,
        first_seen: at(0, 0),
        changed: at(0, 0),
    }
}

pub(crate) fn person(id: i64, email: &str) -> PersonRow {
    PersonRow { id, ..PersonRow::new(email, email, at(0, 0)) }
}
