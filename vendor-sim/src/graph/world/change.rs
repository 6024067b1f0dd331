//! What can be done to rooms and meetings.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::World;
use super::record::{Attendee, Exception, Meeting, Response, Room, RoomList, User, Who};
use crate::graph::ids::guid;

impl World {
    /// Adds a room with this name and address.
    pub fn add_room(&mut self, name: &str, address: &str) -> String {
        self.insert_room(Room { name: name.to_owned(), address: address.to_owned(), ..Room::default() })
    }

    /// Adds a room; ids that are empty are made. Gives the key it is known by: its address in small letters.
    pub fn insert_room(&mut self, mut room: Room) -> String {
        let key = room.address.to_lowercase();
        for (id, what) in [(&mut room.id, "room"), (&mut room.place_id, "place"), (&mut room.user_id, "user")] {
            if id.is_empty() {
                *id = guid(&format!("{what} {key}"));
            }
        }
        if room.upn.is_empty() {
            room.upn.clone_from(&room.address);
        }
        self.calendars.entry(key.clone()).or_default();
        self.rooms.insert(key.clone(), room);
        key
    }

    /// Changes a room, by address or name. Whether there is one.
    pub fn change_room(&mut self, room: &str, change: impl FnOnce(&mut Room)) -> bool {
        let Some(key) = self.room(room).map(|room| room.address.to_lowercase()) else { return false };
        self.rooms.get_mut(&key).map(change).is_some()
    }

    /// Gives a room another name.
    pub fn rename_room(&mut self, room: &str, name: &str) -> bool {
        self.change_room(room, |room| name.clone_into(&mut room.name))
    }

    /// Deletes a room with its mailbox and calendar.
    pub fn delete_room(&mut self, room: &str) -> bool {
        let Some(key) = self.room(room).map(|room| room.address.to_lowercase()) else { return false };
        self.rooms.remove(&key);
        self.calendars.remove(&key);
        for list in &mut self.lists {
            list.rooms.retain(|known| *known != key);
        }
        for meeting in self.meetings.values_mut() {
            meeting.rooms.retain(|known| *known != key);
        }
        true
    }

    /// Adds a room list.
    pub fn add_room_list(&mut self, name: &str, address: &str, rooms: &[&str]) {
        let rooms = rooms.iter().filter_map(|room| self.room(room)).map(|room| room.address.to_lowercase()).collect();
        let (name, address) = (name.to_owned(), address.to_owned());
        self.lists.push(RoomList { id: guid(&format!("list {address}")), name, address, rooms });
    }

    /// Adds somebody with a mailbox.
    pub fn add_user(&mut self, name: &str, address: &str) {
        let user = User { id: guid(&format!("user {address}")), name: name.to_owned(), address: address.to_owned() };
        self.users.insert(address.to_lowercase(), user);
    }

    /// Books a room, by address or name, with an invitation of this organizer; gives the meeting's id.
    ///
    /// A room nobody knows is added, with an address made of its name.
    pub fn book(
        &mut self,
        room: &str,
        organizer: (&str, &str),
        attendees: &[(&str, &str)],
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> u64 {
        let room = self.room_for(room);
        let attendees = attendees.iter().map(|(name, address)| Attendee::required(name, address)).collect();
        self.insert_meeting(Meeting { attendees, ..Meeting::new(&room, organizer, start, end) })
    }

    /// Books a room at its own panel: the room is the organizer.
    pub fn book_at_panel(&mut self, room: &str, start: DateTime<Utc>, end: DateTime<Utc>) -> u64 {
        let key = self.room_for(room);
        let organizer = self.rooms.get(&key).map_or_else(Who::default, |room| Who::new(&room.name, &room.address));
        self.insert_meeting(Meeting::new(&key, organizer, start, end))
    }

    /// Adds a meeting; what is empty in it is made.
    pub fn insert_meeting(&mut self, mut meeting: Meeting) -> u64 {
        let now = self.now();
        if meeting.id == 0 {
            meeting.id = self.next();
        }
        if meeting.uid.is_empty() {
            meeting.uid = format!("040000008200E00074C5B7101A82E00800000000{:016X}", meeting.id.wrapping_mul(0x9e37));
        }
        if meeting.created == DateTime::UNIX_EPOCH {
            meeting.created = now;
        }
        meeting.changed = now;
        meeting.rooms = meeting.rooms.iter().map(|room| room.to_lowercase()).collect();
        let id = meeting.id;
        if self.reaches_its_rooms(&meeting) {
            self.store(meeting);
        } else {
            // A room that takes no requests from outside never hears of it.
            self.store(Meeting { rooms: Vec::new(), ..meeting });
        }
        id
    }

    /// Changes a meeting; whether there is one.
    pub fn change_meeting(&mut self, id: u64, change: impl FnOnce(&mut Meeting)) -> bool {
        let Some(mut meeting) = self.meetings.get(&id).cloned() else { return false };
        change(&mut meeting);
        meeting.version += 1;
        meeting.changed = self.now();
        meeting.rooms = meeting.rooms.iter().map(|room| room.to_lowercase()).collect();
        self.store(meeting);
        true
    }

    /// Moves a meeting, or a whole series.
    pub fn move_meeting(&mut self, id: u64, start: DateTime<Utc>, end: DateTime<Utc>) -> bool {
        self.change_meeting(id, |meeting| {
            meeting.start = start;
            meeting.end = end;
        })
    }

    /// Moves a meeting to another room, by address or name; it leaves all others.
    pub fn move_to_room(&mut self, id: u64, room: &str) -> bool {
        let room = self.room_for(room);
        self.change_meeting(id, |meeting| {
            meeting.rooms = vec![room];
            meeting.responses.clear();
        })
    }

    /// Cancels a meeting; rooms keep it, marked, unless the switch `remove_cancelled` is on.
    pub fn cancel(&mut self, id: u64) -> bool {
        if self.switches.remove_cancelled {
            return self.delete_meeting(id);
        }
        self.change_meeting(id, |meeting| meeting.cancelled = true)
    }

    /// Deletes a meeting from all calendars.
    pub fn delete_meeting(&mut self, id: u64) -> bool {
        self.take_out(id).is_some()
    }

    /// Deletes all meetings.
    pub fn clear_meetings(&mut self) {
        let ids: Vec<u64> = self.meetings.keys().copied().collect();
        for id in ids {
            self.delete_meeting(id);
        }
    }

    /// Cancels one occurrence of a series, by the day it would be on.
    pub fn cancel_occurrence(&mut self, id: u64, day: NaiveDate) -> bool {
        let exception = if self.switches.remove_cancelled { Exception::Removed } else { Exception::Cancelled };
        self.except(id, day, exception)
    }

    /// Deletes one occurrence of a series from the calendars.
    pub fn delete_occurrence(&mut self, id: u64, day: NaiveDate) -> bool {
        self.except(id, day, Exception::Removed)
    }

    /// Moves one occurrence of a series.
    pub fn move_occurrence(&mut self, id: u64, day: NaiveDate, start: DateTime<Utc>, end: DateTime<Utc>) -> bool {
        self.except(id, day, Exception::Moved { start, end })
    }

    /// Ends a meeting that has begun, as a room does that nobody checked in to.
    pub fn release(&mut self, id: u64) -> bool {
        let now = self.now();
        self.change_meeting(id, |meeting| meeting.end = now.max(meeting.start + TimeDelta::minutes(1)))
    }

    /// Sets what a room answered; what it says counts for every room of the meeting.
    pub fn respond(&mut self, id: u64, response: Response) -> bool {
        self.change_meeting(id, |meeting| {
            meeting.responses = meeting.rooms.iter().map(|room| (room.clone(), response)).collect();
        })
    }

    fn except(&mut self, id: u64, day: NaiveDate, exception: Exception) -> bool {
        let zone = self.zone;
        let held = |meeting: &Meeting| super::series::held_on(meeting, zone, day);
        if !self.meetings.get(&id).is_some_and(held) {
            return false;
        }
        self.change_meeting(id, |meeting| meeting.exceptions.extend([(day, exception)]))
    }

    /// The key of a room by address or name, added if need be.
    pub(in crate::graph) fn room_for(&mut self, room: &str) -> String {
        if let Some(room) = self.room(room) {
            return room.address.to_lowercase();
        }
        if room.contains('@') {
            return self.add_room(room, room);
        }
        let letters = room.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' });
        let address = format!("{}@{}", letters.collect::<String>().to_lowercase(), self.domain);
        self.add_room(room, &address)
    }

    /// Whether an address is outside the tenant.
    pub(in crate::graph) fn is_external(&self, address: &str) -> bool {
        let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
        !domain.is_empty()
            && !domain.eq_ignore_ascii_case(&self.domain)
            && !self.rooms.contains_key(&address.to_lowercase())
    }

    fn reaches_its_rooms(&self, meeting: &Meeting) -> bool {
        let external = meeting.organizer.as_ref().is_some_and(|who| self.is_external(&who.address));
        let refused = |room: &String| self.rooms.get(room).is_some_and(|room| !room.takes_external);
        !(external && meeting.rooms.iter().any(refused))
    }
}
