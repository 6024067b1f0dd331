//! What happens at the site: events, movements of doors, people passing.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Event, Live, World};

/// Order to a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DoorOrder {
    Open { for_ms: Option<i64> },
    Hold,
    Close,
}

impl World {
    /// Appends an event to the log and fills in what was left out; returns its id.
    pub fn put_event(&mut self, event: Event) -> i64 {
        let mut event = self.completed(event);
        let last = self.events.last().map_or(0, |last| last.id);
        let counter = self.counters.entry("event".to_owned()).or_insert(0);
        *counter = (*counter).max(last) + 1;
        if event.id > last {
            *counter = event.id;
        } else {
            event.id = *counter;
        }
        let id = event.id;
        self.outbox.push(Live::Event(Box::new(event.clone())));
        self.events.push(event);
        id
    }

    /// Keeps an event in its controller: it gets an id only when uploaded.
    pub fn hold_event(&mut self, event: Event) {
        let event = self.completed(event);
        self.held_events.push(event);
    }

    /// Uploads everything the controllers kept; returns how many events that were.
    pub fn upload_held_events(&mut self) -> usize {
        let held = std::mem::take(&mut self.held_events);
        let count = held.len();
        for event in held {
            self.put_event(Event { id: 0, ..event });
        }
        count
    }

    /// Somebody shows the first token at a door; `true` if it opened. With `late_events` the controller keeps it.
    pub fn pass(&mut self, user: i64, door: i64, entering: bool) -> bool {
        let now = self.now();
        let granted = self.permitted(user, door, entering, now);
        let token = self.users.get(&user).and_then(|user| user.tokens.iter().find(|token| !token.is_lost).cloned());
        let Some(station) = self.doors.get(&door).cloned() else { return false };
        let (area, reader, sub) =
            if entering { (station.area_in, station.reader_in, 1) } else { (station.area_out, station.reader_out, 2) };
        let card = token.and_then(|token| token.token_value.parse().ok());
        let event = Event {
            event_type: if granted { 20 } else { 23 },
            sub_type: if granted { 0 } else { 20 },
            address: Some(door),
            peripheral: Some(reader),
            sub_address: Some(sub),
            card_no: card,
            user_id: Some(user),
            ..Event::default()
        };
        self.log_at_controller(event);
        if granted {
            if let Some(user) = self.users.get_mut(&user) {
                user.last_area = Some(area);
                user.last_access = Some(now);
            }
            self.log_at_controller(Event { event_type: 28, address: Some(door), sub_type: 0, ..Event::default() });
            self.move_door(door, true);
            self.close_later(door, station.open_time_ms);
        }
        granted
    }

    /// Shows a card that nobody owns.
    pub fn show_unknown_card(&mut self, card: i64, door: i64) {
        let reader = self.doors.get(&door).map(|door| door.reader_in);
        self.log_at_controller(Event {
            event_type: 23,
            sub_type: 22,
            address: Some(door),
            peripheral: reader,
            sub_address: Some(1),
            card_no: Some(card),
            ..Event::default()
        });
    }

    /// Types a PIN at a keypad that nobody has. The log does not hold what was typed.
    pub fn type_wrong_pin(&mut self, door: i64) {
        let reader = self.doors.get(&door).map(|door| door.reader_in);
        self.log_at_controller(Event {
            event_type: 24,
            address: Some(door),
            peripheral: reader,
            sub_address: Some(1),
            ..Event::default()
        });
    }

    /// Carries out an order to a door and logs it as the server does.
    pub(crate) fn order_door(&mut self, door: i64, order: DoorOrder, operator: i64) {
        self.put_event(Event {
            event_type: 580,
            sub_type: 61,
            address: Some(door),
            user_id: Some(operator),
            ..Event::default()
        });
        let closing = order == DoorOrder::Close && !self.switches.momentary_relay;
        self.put_event(Event { event_type: if closing { 47 } else { 46 }, address: Some(door), ..Event::default() });
        if self.switches.door_command_lies {
            return;
        }
        let configured = self.doors.get(&door).map_or(0, |door| door.open_time_ms);
        if let Some(door) = self.doors.get_mut(&door) {
            door.pulses += i64::from(!closing);
            door.held = order == DoorOrder::Hold && !self.switches.momentary_relay;
        }
        self.closings.retain(|(_, other)| *other != door);
        self.move_door(door, !closing);
        match order {
            DoorOrder::Open { for_ms } => self.close_later(door, for_ms.unwrap_or(configured)),
            _ if self.switches.momentary_relay => self.close_later(door, configured),
            _ => {}
        }
    }

    /// Does what time brings: doors close.
    pub(crate) fn tick(&mut self) -> bool {
        let now = self.now();
        let (due, later): (Vec<_>, Vec<_>) = self.closings.drain(..).partition(|(at, _)| *at <= now);
        self.closings = later;
        for (at, door) in &due {
            self.put_event(Event { time: *at, event_type: 47, address: Some(*door), ..Event::default() });
            self.move_door(*door, false);
        }
        !due.is_empty()
    }

    fn log_at_controller(&mut self, event: Event) {
        if self.switches.late_events {
            self.hold_event(event);
        } else {
            self.put_event(event);
        }
    }

    fn close_later(&mut self, door: i64, after_ms: i64) {
        let after = TimeDelta::try_milliseconds(after_ms).unwrap_or_else(|| TimeDelta::seconds(7));
        if let Some(at) = self.now().checked_add_signed(after) {
            self.closings.push((at, door));
        }
    }

    fn move_door(&mut self, door: i64, open: bool) {
        if let Some(door) = self.doors.get_mut(&door) {
            door.relay_open = open;
            door.contact_closed = door.contact_closed.map(|_| !open);
        }
        self.outbox.push(Live::Door { door, locked: !open });
        self.outbox.push(Live::DoorStatus { door });
    }

    fn completed(&self, mut event: Event) -> Event {
        if event.time == DateTime::<Utc>::UNIX_EPOCH {
            event.time = self.now();
        }
        if let Some(user) = event.user_id.filter(|id| *id > 0).and_then(|id| self.users.get(&id))
            && event.first_name.is_none()
            && event.surname.is_none()
        {
            event.first_name.clone_from(&user.first_name);
            event.middle_name.clone_from(&user.middle_name);
            event.surname.clone_from(&user.last_name);
        }
        if let Some(door) = event.address.and_then(|id| self.doors.get(&id)) {
            event.device_name.get_or_insert_with(|| format!("{} - ACU:{}", door.name, door.id));
            event.door_group.get_or_insert(door.group);
        }
        event.priority.get_or_insert(15);
        event
    }
}
