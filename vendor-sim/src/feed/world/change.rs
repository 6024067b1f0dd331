//! Edits that keep what hangs together in step.

use chrono::{DateTime, Days, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::{Booking, Person, Room, World};

impl World {
    /// Adds a room, returns the id.
    pub fn add_room(&mut self, name: &str) -> i64 {
        let id = self.next_id("room");
        let public_id = self.invented("room", id, 13);
        self.rooms.insert(id, Room { id, name: name.to_owned(), public_id });
        id
    }

    /// Removes a room with the bookings that have no other.
    pub fn delete_room(&mut self, id: i64) -> bool {
        for booking in self.bookings.values_mut() {
            booking.rooms.retain(|room| *room != id);
        }
        self.bookings.retain(|_, booking| !booking.rooms.is_empty());
        self.rooms.remove(&id).is_some()
    }

    /// The person with this address, added if new; the name is taken over.
    pub fn person(&mut self, name: &str, email: &str) -> i64 {
        if let Some(id) = self.person_with(email).map(|person| person.id) {
            if let Some(person) = self.people.get_mut(&id) {
                name.clone_into(&mut person.name);
                email.clone_into(&mut person.email);
            }
            return id;
        }
        let id = self.next_id("person");
        let public_id = self.invented("person", id, 13);
        self.people.insert(id, Person { id, name: name.to_owned(), email: email.to_owned(), public_id });
        id
    }

    /// Books one room for one person: the short way. Returns the id; a room that is unknown is added.
    pub fn book(&mut self, room: &str, person: (&str, &str), start: DateTime<Utc>, end: DateTime<Utc>) -> i64 {
        let room = match self.room_named(room).map(|room| room.id) {
            Some(id) => id,
            None => self.add_room(room),
        };
        let holder = Some(self.person(person.0, person.1));
        self.add_booking(Booking {
            title: "meeting".into(),
            rooms: vec![room],
            holder,
            start,
            end,
            ..Booking::default()
        })
    }

    /// Adds a booking; id, series, reference and time of making are filled in. Returns the id.
    pub fn add_booking(&mut self, mut booking: Booking) -> i64 {
        booking.id = self.next_id("booking");
        if booking.series == 0 {
            booking.series = self.next_id("series");
        }
        if booking.reference.is_empty() {
            booking.reference = self.invented("booking", booking.id, 22);
        }
        if booking.created == DateTime::<Utc>::default() {
            booking.created = self.now();
        }
        let id = booking.id;
        self.bookings.insert(id, booking);
        id
    }

    /// Adds `count` bookings, `every_days` apart by the venue's wall clock, as one series. Returns the ids.
    pub fn add_series(&mut self, first: &Booking, count: usize, every_days: u64) -> Vec<i64> {
        let series = if first.series == 0 { self.next_id("series") } else { first.series };
        let zone = self.zone;
        let later = |time: DateTime<Utc>, days: u64| {
            let local = zone.local(time);
            zone.instant(local.checked_add_days(Days::new(days)).unwrap_or(local))
        };
        (0..count)
            .zip((0_u64..).map(|number| number * every_days))
            .map(|(_, days)| {
                let (start, end) = (later(first.start, days), later(first.end, days));
                self.add_booking(Booking { series, reference: String::new(), start, end, ..first.clone() })
            })
            .collect()
    }

    /// Changes a booking; `None` if there is none.
    pub fn change_booking<T>(&mut self, id: i64, change: impl FnOnce(&mut Booking) -> T) -> Option<T> {
        let now = self.now();
        let series = self.bookings.get(&id)?.series;
        let instances = self.bookings.values().filter(|booking| booking.series == series).count();
        let booking = self.bookings.get_mut(&id)?;
        let result = change(booking);
        booking.changed = Some(now);
        if instances > 1 {
            // The program makes the instance anew.
            booking.created = now;
        }
        Some(result)
    }

    /// Moves a booking.
    pub fn move_booking(&mut self, id: i64, start: DateTime<Utc>, end: DateTime<Utc>) -> bool {
        self.change_booking(id, |booking| (booking.start, booking.end) = (start, end)).is_some()
    }

    /// Moves a booking and all that follow in its series; returns how many.
    pub fn move_this_and_following(&mut self, id: i64, by: TimeDelta) -> usize {
        let Some(first) = self.bookings.get(&id).cloned() else { return 0 };
        let following: Vec<i64> = self
            .bookings
            .values()
            .filter(|booking| booking.series == first.series && booking.start >= first.start)
            .map(|booking| booking.id)
            .collect();
        for id in &following {
            self.change_booking(*id, |booking| (booking.start, booking.end) = (booking.start + by, booking.end + by));
        }
        following.len()
    }

    /// Deletes a booking; feeds simply no longer list it.
    pub fn cancel(&mut self, id: i64) -> bool {
        self.bookings.remove(&id).is_some()
    }

    /// Another secret for all links; the old links are wrong from now on.
    pub fn change_key(&mut self) -> String {
        let number = self.next_id("key");
        self.key = self.invented("key", number, 32);
        self.key.clone()
    }

    /// Letters that look random and repeat for the same venue and number.
    fn invented(&self, what: &str, number: i64, length: usize) -> String {
        let hash = hex::encode(Sha256::digest(format!("{}/{what}/{number}", self.host)));
        hash.chars().take(length).collect()
    }
}
