//! The site behind the server: persons, definitions, logs.

mod change;
mod credential;
mod door;
mod log;
mod people;
mod record;
mod seed;
mod swipe;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub use self::change::Origin;
pub(super) use self::change::Saved;
pub use self::credential::{Credential, CredentialKey, CredentialState};
pub(super) use self::door::Refused;
pub use self::log::Log;
pub use self::people::People;
pub use self::record::{
    AccessGroup, Booking, Change, Controller, Direction, Door, DoorCommand, Entity, Epoch, Event, Grant, Op, Person,
    Reader, Stream,
};
pub(super) use self::seed::Plan;
pub use self::swipe::{Swiped, Who};
use crate::clock::{Clock, Zone};

/// All that the server knows.
///
/// Records that are changed here directly write no log; the methods do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct World {
    /// The server's clock.
    #[serde(skip)]
    pub clock: Clock,
    /// The site's time zone.
    pub zone: Zone,
    /// Name of the organisation.
    pub organisation: String,
    /// Persons.
    pub people: People,
    /// Access groups by id.
    pub groups: BTreeMap<u32, AccessGroup>,
    /// Controllers by id.
    pub controllers: BTreeMap<u32, Controller>,
    /// Readers by id.
    pub readers: BTreeMap<u32, Reader>,
    /// What doors show, by id.
    pub doors: BTreeMap<u32, Door>,
    /// What happened; [`event`](Self::event) also reads those that are not stored.
    pub events: Log<Event>,
    /// Which records changed.
    pub changes: Log<Change>,
    /// Life of both logs.
    pub epoch: Epoch,
    /// Events that nobody is told of, by number: holes in the log.
    pub holes: BTreeSet<u64>,
    /// Bookings that clients sent.
    pub bookings: Vec<Booking>,
    /// Door commands that were carried out.
    pub commands: Vec<DoorCommand>,
    /// So much later than it happens an event comes, unless its time is given.
    #[serde(skip, default = "TimeDelta::zero")]
    pub late: TimeDelta,
    /// Most persons that the licence allows.
    pub licensed_people: Option<usize>,
    booked: BTreeSet<String>,
    next_person: u32,
    held: Vec<Event>,
    made: Option<seed::Made>,
    seed: u64,
}

impl World {
    /// What the server's clock shows, in whole milliseconds.
    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.clock.now().timestamp_millis()).unwrap_or_default()
    }

    /// An event by its number.
    pub fn event(&self, seq: u64) -> Option<Event> {
        if self.events.is_made(seq) {
            return self.made.as_ref().map(|made| made.event(seq));
        }
        self.events.get(seq).cloned()
    }

    /// Appends an event; its number.
    pub fn put_event(&mut self, event: Event) -> u64 {
        let now = self.now();
        let made = self.made.as_ref();
        self.events.push(event, now, |seq, row| match (row, made) {
            (Some(row), _) => row.received,
            (None, Some(made)) => made.time(seq),
            (None, None) => now,
        })
    }

    pub(super) fn put_change(&mut self, change: Change) -> u64 {
        let now = self.now();
        self.changes.push(change, now, |_, row| row.map_or(now, |row| row.time))
    }

    /// The bounds of a log: oldest number, number to come.
    pub(super) fn bounds(&self, stream: Stream) -> (u64, u64) {
        match stream {
            Stream::Events => (self.events.first(), self.events.next()),
            Stream::Changes => (self.changes.first(), self.changes.next()),
        }
    }

    pub(super) fn has_booking(&self, key: &str) -> bool {
        self.booked.contains(key)
    }

    /// Takes a booking, each key once.
    pub(super) fn take_booking(&mut self, booking: Booking) {
        if self.booked.insert(booking.key.clone()) {
            self.bookings.push(booking);
        }
    }

    /// The logs begin anew: stored records stay and are numbered from 1 in another epoch.
    pub fn new_epoch(&mut self) {
        self.epoch = seed::epoch(self.epoch.0 ^ self.seed);
        self.events.renumber();
        self.changes.renumber();
        self.holes.clear();
    }

    /// Keeps the newest `keep` records of both logs.
    pub fn trim_log(&mut self, keep: u64) {
        self.events.trim(keep);
        self.changes.trim(keep);
    }

    /// Loses the newest stored records of a log, as the restore of an older copy without another epoch does.
    pub fn lose_newest(&mut self, stream: Stream, count: u64) {
        match stream {
            Stream::Events => self.events.lose(count),
            Stream::Changes => self.changes.lose(count),
        }
    }
}
