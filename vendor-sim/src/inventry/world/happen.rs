//! Who signs in and out.

use std::sync::Arc;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use super::{Deleted, DeviceKind, Event, EventType, Method, PersonType, Visit, World};

impl World {
    /// Somebody signs in now; without a device it is told without one. Gives the number of the event.
    pub fn sign_in(&mut self, person: u32, device: Option<u32>) -> u64 {
        self.sign(EventType::SignIn, person, device)
    }

    /// Somebody signs out now.
    pub fn sign_out(&mut self, person: u32, device: Option<u32>) -> u64 {
        self.sign(EventType::SignOut, person, device)
    }

    /// Anything that somebody does now.
    pub fn sign(&mut self, event_type: EventType, person: u32, device: Option<u32>) -> u64 {
        let now = self.now();
        let event = self.signed(event_type, person, device, now);
        self.put_event(event)
    }

    /// The same at an earlier time, stored only now: a device was offline.
    pub fn sign_late(&mut self, event_type: EventType, person: u32, device: Option<u32>, at: DateTime<Utc>) -> u64 {
        let mut event = self.signed(event_type, person, device, at);
        event.recorded_at = self.now();
        self.put_event(event)
    }

    /// An operator gives an event another time: a new version with the same id. Gives its `seq`.
    pub fn correct(&mut self, event: u64, at: DateTime<Utc>) -> Option<u64> {
        self.revise(event, |event| event.at = at)
    }

    /// An event is taken back: a new version with the same id.
    pub fn void(&mut self, event: u64) -> Option<u64> {
        self.revise(event, |event| event.voided = true)
    }

    /// Any other new version of an event.
    pub fn revise(&mut self, event: u64, change: impl FnOnce(&mut Event)) -> Option<u64> {
        let mut next = self.events.iter().rev().find(|known| known.id == event)?.clone();
        next.rev += 1;
        (next.method, next.automatic) = (Method::Operator, false);
        next.recorded_at = self.now();
        change(&mut next);
        Some(self.append(next))
    }

    /// Deletes an event with all its versions.
    pub fn delete_event(&mut self, event: u64) {
        let before = self.events.len();
        self.events.retain(|known| known.id != event);
        if self.events.len() < before {
            self.deleted(Deleted::Event, event, None);
        }
    }

    /// Puts any event at the end; id and `seq` are given here, and the visit of an ending.
    pub fn put_event(&mut self, mut event: Event) -> u64 {
        self.counters.event += 1;
        event.id = self.counters.event;
        let open = self.on_site.get(&event.person).copied();
        event.visit = match event.event_type {
            EventType::SignIn => {
                self.counters.visit += 1;
                Some(self.counters.visit)
            }
            EventType::Safe | EventType::Drill => event.visit,
            _ => open,
        };
        let id = event.id;
        self.append(event);
        id
    }

    /// So many events, one a second up to now: staff in turn sign in, then out.
    pub fn bulk_events(&mut self, count: usize) {
        let people: Vec<u32> = self.personnel().map(|person| person.id).collect();
        let device = self.devices.keys().next().copied();
        let start = self.now() - TimeDelta::seconds(i64::try_from(count).unwrap_or(0));
        self.events.reserve(count);
        for (number, second) in (0..count).zip(1..) {
            let turn = |number: usize| number.checked_rem(people.len()).and_then(|at| people.get(at)).copied();
            let (Some(person), rounds) = (turn(number), number.checked_div(people.len()).unwrap_or(0)) else { return };
            let event_type = if rounds.is_multiple_of(2) { EventType::SignIn } else { EventType::SignOut };
            let event = self.signed(event_type, person, device, start + TimeDelta::seconds(second));
            self.put_event(event);
        }
    }

    /// Events before this `seq` are gone.
    pub fn trim_events(&mut self, oldest: u64) {
        self.events.retain(|event| event.seq >= oldest);
        self.events_from = oldest;
    }

    /// Signs out whoever is still on site at 23:59 of every day up to now, when the switch says so.
    ///
    /// Every call does this first.
    pub fn tick(&mut self) {
        let now = self.now();
        // A clock that jumps by years makes no more nights than this.
        for _ in 0..400 {
            let day = match self.night {
                Some(night) => night.succ_opt(),
                None => self.zone.local(now).date().pred_opt(),
            };
            let Some(day) = day else { return };
            let late = NaiveTime::from_hms_opt(23, 59, 0).unwrap_or_default();
            let at = self.zone.instant(day.and_time(late));
            if now < at {
                return;
            }
            self.night = Some(day);
            if self.switches.auto_sign_out {
                self.sign_out_all(at);
            }
        }
    }

    /// The system signs out whoever came before this time.
    pub fn sign_out_all(&mut self, at: DateTime<Utc>) {
        let open: Vec<(u32, u32)> =
            self.present().filter(|visit| visit.in_at < at).map(|visit| (visit.person, visit.site)).collect();
        for (person, site) in open {
            let mut event = self.signed(EventType::SignOut, person, None, at);
            (event.method, event.automatic, event.site) = (Method::Automatic, true, site);
            self.put_event(event);
        }
    }

    pub(crate) fn signed(&self, event_type: EventType, person: u32, device: Option<u32>, at: DateTime<Utc>) -> Event {
        let known = self.people.get(&person);
        let on = device.and_then(|device| self.devices.get(&device));
        let carded = known.is_some_and(|person| person.credentials.iter().any(|one| one.kind == "card"));
        let method = match on.map(|device| device.kind) {
            Some(DeviceKind::App) => Method::App,
            Some(DeviceKind::Web) => Method::Web,
            Some(DeviceKind::Console) => Method::Operator,
            _ if carded => Method::Card,
            _ => Method::Touch,
        };
        let first_site = known.and_then(|person| person.sites.first().copied());
        Event {
            id: 0,
            seq: 0,
            rev: 1,
            event_type,
            person,
            person_type: known.map_or(PersonType::Personnel, |person| person.person_type),
            device,
            site: on.map(|device| device.site).or(first_site).unwrap_or(1),
            at,
            recorded_at: at,
            method,
            automatic: false,
            visit: None,
            reason: (event_type == EventType::BreakOut).then(|| Arc::from("lunch")),
            voided: false,
        }
    }

    /// Gives the event the next `seq` and keeps the visits in step.
    fn append(&mut self, mut event: Event) -> u64 {
        self.counters.seq += 1;
        event.seq = self.counters.seq;
        self.visited(&event);
        self.events.push(event);
        self.counters.seq
    }

    fn visited(&mut self, event: &Event) {
        let Some(id) = event.visit else { return };
        match event.event_type {
            EventType::SignIn => self.came(id, event),
            EventType::SignOut => self.went(id, event),
            _ => {}
        }
    }

    fn came(&mut self, id: u64, event: &Event) {
        let open = || Visit {
            id,
            seq: event.seq,
            rev: 0,
            person: event.person,
            person_type: event.person_type,
            site: event.site,
            device: event.device,
            out_device: None,
            in_at: event.at,
            out_at: None,
            recorded_at: event.recorded_at,
            method: event.method,
            automatic: event.automatic,
            voided: false,
        };
        let visit = self.visits.entry(id).or_insert_with(open);
        (visit.in_at, visit.voided) = (event.at, event.voided);
        let still = visit.out_at.is_none() && !visit.voided;
        self.changed(id, event);
        match (still, self.on_site.get(&event.person)) {
            (true, known) if known.is_none_or(|known| *known <= id) => _ = self.on_site.insert(event.person, id),
            (false, Some(known)) if *known == id => _ = self.on_site.remove(&event.person),
            _ => {}
        }
    }

    fn went(&mut self, id: u64, event: &Event) {
        let Some(visit) = self.visits.get_mut(&id) else { return };
        visit.out_at = (!event.voided).then_some(event.at);
        (visit.out_device, visit.automatic) = (event.device, event.automatic);
        self.changed(id, event);
        if !event.voided && self.on_site.get(&event.person) == Some(&id) {
            self.on_site.remove(&event.person);
        }
    }

    /// A visit is completed or corrected: it moves to the end of the order.
    fn changed(&mut self, id: u64, event: &Event) {
        if let Some(visit) = self.visits.get_mut(&id) {
            self.visit_order.remove(&visit.seq);
            (visit.seq, visit.rev) = (event.seq, visit.rev + 1);
            (visit.recorded_at, visit.method) = (event.recorded_at, event.method);
            self.visit_order.insert(event.seq, id);
        }
    }
}
