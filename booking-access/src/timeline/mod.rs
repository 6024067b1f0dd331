//! A span of time to look at: what was booked, and who could open which door as the door system confirmed it.

mod svg;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use crate::store::{BookingState, PersonRow, all_people, live_bookings, timeline_between};
use crate::{Access, AccessError, address_key};

/// A span of time to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// From.
    pub from: DateTime<Utc>,
    /// To.
    pub to: DateTime<Utc>,
    /// What was booked, by resource and begin.
    pub bookings: Vec<Bar>,
    /// Who could open which door, by door and begin.
    pub rights: Vec<Bar>,
    #[serde(skip)]
    zone: Tz,
}

/// A bar of a timeline.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Bar {
    /// The resource, or the id of the door.
    pub lane: String,
    /// From.
    pub from: DateTime<Utc>,
    /// To; none while it lasts.
    pub to: Option<DateTime<Utc>>,
    /// Number of the person.
    pub person: i64,
    /// What the person is called.
    pub name: String,
    /// When doors open and close for a booking, grace included.
    pub window: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// It was called off, or is no longer listed.
    pub cancelled: bool,
}

impl Access {
    /// What was booked in a span of time, and who could open which door.
    ///
    /// # Errors
    /// The store.
    pub fn timeline(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Timeline, AccessError> {
        self.store().with(|connection| {
            let people = all_people(connection)?;
            let by_key: BTreeMap<&str, &PersonRow> = people.iter().map(|row| (row.key.as_str(), row)).collect();
            let by_id: BTreeMap<i64, &PersonRow> = people.iter().map(|row| (row.id, row)).collect();
            let mut bookings = Vec::new();
            for row in live_bookings(connection)? {
                let window = self.rules().window(&row);
                let cancelled = matches!(row.state, BookingState::Cancelled | BookingState::Gone);
                if window.0 >= to || window.1 <= from || !(cancelled || self.rules().confirmed(&row)) {
                    continue;
                }
                let keys = row.booking.people.iter().filter_map(|person| address_key(&person.email).ok());
                let known: Vec<&&PersonRow> = keys.filter_map(|key| by_key.get(key.as_str())).collect();
                for (resource, person) in
                    row.booking.resources.iter().flat_map(|name| known.iter().map(move |p| (name, p)))
                {
                    bookings.push(Bar {
                        lane: resource.clone(),
                        from: row.booking.start,
                        to: Some(row.booking.end),
                        person: person.id,
                        name: person.full_name(),
                        window: Some(window),
                        cancelled,
                    });
                }
            }
            let rights = timeline_between(connection, from, to)?.into_iter().map(|right| Bar {
                lane: right.door,
                from: right.opened,
                to: right.closed,
                person: right.person,
                name: by_id.get(&right.person).map_or_else(|| "(forgotten)".to_owned(), |row| row.full_name()),
                window: None,
                cancelled: false,
            });
            let mut rights: Vec<Bar> = rights.collect();
            bookings.sort();
            rights.sort();
            Ok(Timeline { from, to, bookings, rights, zone: self.zone() })
        })
    }
}

impl Timeline {
    /// The timeline as a picture: bookings above, actual rights below. `doors` are names of doors by id.
    pub fn svg(&self, doors: &BTreeMap<String, String>) -> String {
        svg::draw(self, doors)
    }
}

/// Names nobody.
impl std::fmt::Debug for Bar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bar")
            .field("lane", &self.lane)
            .field("from", &self.from)
            .field("to", &self.to)
            .field("person", &self.person)
            .finish_non_exhaustive()
    }
}
