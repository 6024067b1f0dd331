//! The simulated booking system: rooms, people, bookings, links.

mod change;
mod links;
mod record;
mod seed;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub(crate) use links::Asked;
pub use links::Link;
pub use record::{Booking, Person, Room, Status, Style};
pub(crate) use seed::{SeedPlan, seed};

use super::switches::Switches;
use crate::clock::{Clock, Zone};

/// The whole booking system.
///
/// Fields may be read and changed freely; the methods keep what hangs together in step.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct World {
    /// The clock.
    #[serde(skip)]
    pub clock: Clock,
    /// The switches.
    #[serde(skip)]
    pub switches: Switches,
    /// Whose feeds these look like.
    pub style: Style,
    /// The venue's time zone.
    pub zone: Zone,
    /// The venue's name.
    pub name: String,
    /// Host name that the system believes to have; it stands in uids and links of events.
    pub host: String,
    /// The secret of all links; another one makes all links wrong.
    pub key: String,
    /// Number of the link for the whole venue (Skedda); the link of room `n` has `n` more.
    pub first_link: i64,
    /// Public id of the schedule (Booked).
    pub schedule: String,
    /// Public id of the group of all rooms (Booked).
    pub group: String,
    /// Rooms by id.
    pub rooms: BTreeMap<i64, Room>,
    /// People by id.
    pub people: BTreeMap<i64, Person>,
    /// Bookings by id; deleted ones are gone.
    pub bookings: BTreeMap<i64, Booking>,
    /// Who owns bookings without holder where the writer needs an owner (Booked).
    pub desk: Person,
    /// Highest ids given so far, by what they name.
    pub counters: BTreeMap<String, i64>,
}

impl World {
    /// What the clock shows.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The room with this name.
    pub fn room_named(&self, name: &str) -> Option<&Room> {
        self.rooms.values().find(|room| room.name == name)
    }

    /// The person with this address, without case.
    pub fn person_with(&self, email: &str) -> Option<&Person> {
        self.people.values().find(|person| person.email.eq_ignore_ascii_case(email))
    }

    /// The uid that the feed gives a booking now.
    pub fn uid(&self, booking: i64) -> Option<String> {
        self.bookings.get(&booking).map(|booking| super::render::uid(self, booking))
    }

    /// The body that a link answers with now, as the writer makes it.
    pub fn body(&self, link: Link) -> String {
        super::render::body(self, &super::render::Page::new(self, link))
    }

    /// Everything as JSON in a fixed order, without clock and switches.
    ///
    /// # Errors
    /// Only if it cannot be written as JSON.
    pub fn dump(&self) -> anyhow::Result<serde_json::Value> {
        Ok(serde_json::to_value(self)?)
    }

    /// Takes over an older copy; clock and switches stay.
    pub fn restore(&mut self, older: World) {
        let (clock, switches) = (self.clock.clone(), self.switches.clone());
        *self = older;
        self.clock = clock;
        self.switches = switches;
    }

    /// The next free id; ids are never given twice.
    pub(crate) fn next_id(&mut self, what: &str) -> i64 {
        let counter = self.counters.entry(what.to_owned()).or_insert(0);
        *counter += 1;
        *counter
    }
}
