//! A believable site of any size.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::World;
use super::credential::{Credential, CredentialKey};
use super::log::Log;
use super::people::People;
use super::record::{AccessGroup, Controller, Direction, Door, Epoch, Event, Grant, Person, Reader};
use crate::clock::{Clock, Zone};
use crate::dice::Dice;

const FIRST: [&str; 12] =
    ["Mira", "Teo", "Anouk", "Jonas", "Zoë", "Łucja", "Emre", "Sofie", "Pieter", "Noor", "Ágnes", "Luc"];
const LAST: [&str; 12] = [
    "Vandenholt",
    "Marchetti",
    "De Smet",
    "Großmann",
    "O'Neill",
    "Kowalczyk",
    "Yıldız",
    "Lambert",
    "van der Meer",
    "El Amrani",
    "Szabó",
    "Peeters",
];
const DEPARTMENTS: [&str; 5] = ["Logistics", "Finance", "Production", "Sales & Marketing", "IT"];

/// The first id of a person.
const FIRST_PERSON: u32 = 101;

/// How a site is made.
#[derive(Debug, Clone)]
pub(in crate::pac) struct Plan {
    pub(in crate::pac) people: u32,
    pub(in crate::pac) events: u64,
    pub(in crate::pac) seed: u64,
    pub(in crate::pac) clock: Clock,
    pub(in crate::pac) zone: Zone,
}

impl World {
    pub(in crate::pac) fn made(plan: Plan) -> Self {
        let now = plan.clock.now();
        let people: Vec<Person> = (0..plan.people).map(|n| person(FIRST_PERSON + n, plan.seed)).collect();
        let made = Made { seed: plan.seed, people: plan.people, until: now, count: plan.events };
        Self {
            clock: plan.clock,
            zone: plan.zone,
            organisation: "Default organisation".to_owned(),
            people: People::from(people),
            groups: groups(),
            controllers: controllers(now),
            readers: readers(),
            doors: [6, 8].into_iter().map(|id| (id, Door::default())).collect(),
            events: Log::after_made(plan.events + 1),
            changes: Log::default(),
            epoch: epoch(plan.seed),
            holes: BTreeSet::new(),
            bookings: Vec::new(),
            commands: Vec::new(),
            late: TimeDelta::zero(),
            licensed_people: None,
            booked: BTreeSet::new(),
            next_person: FIRST_PERSON + plan.people,
            held: Vec::new(),
            made: (plan.events > 0).then_some(made),
            seed: plan.seed,
        }
    }
}

/// An epoch that follows from a number.
pub(super) fn epoch(seed: u64) -> Epoch {
    Epoch(Dice::new(seed ^ 0x0e90_c4a7).next())
}

fn groups() -> BTreeMap<u32, AccessGroup> {
    let group = |id, name: &str, default, readers: &[u32]| {
        (id, AccessGroup { id, name: name.to_owned(), default, enabled: true, readers: readers.to_vec() })
    };
    [group(1, "Everybody", true, &[11, 12]), group(4, "Warehouse day shift", false, &[])].into()
}

fn controllers(now: DateTime<Utc>) -> BTreeMap<u32, Controller> {
    let main = Controller {
        id: 2,
        name: "Main building".to_owned(),
        model: Some("500 series".to_owned()),
        serial: Some("00041877".to_owned()),
        online: true,
        answers: true,
        since: now,
    };
    [(2, main)].into()
}

fn readers() -> BTreeMap<u32, Reader> {
    let reader = |id, name: &str, door, door_name: &str, direction| {
        let reader =
            Reader { id, name: name.to_owned(), controller: 2, door, door_name: door_name.to_owned(), direction };
        (id, reader)
    };
    [
        reader(11, "Main entrance IN", 6, "Main entrance", Direction::In),
        reader(12, "Main entrance OUT", 6, "Main entrance", Direction::Out),
        reader(15, "Server room", 8, "Server room", Direction::None),
    ]
    .into()
}

fn person(id: u32, seed: u64) -> Person {
    let mut dice = Dice::new(seed ^ (u64::from(id) << 20));
    let mut groups = vec![Grant::of(1)];
    if dice.one_in(3) {
        groups.push(Grant::of(4));
    }
    Person {
        id,
        rev: 1,
        first: dice.pick(&FIRST, "Mira").to_owned(),
        last: Some(dice.pick(&LAST, "Lambert").to_owned()),
        employee_no: Some(format!("E-{id}")),
        department: Some(dice.pick(&DEPARTMENTS, "IT").to_owned()),
        active: true,
        created_by: "system:seed".to_owned(),
        groups,
        credentials: vec![Credential::of(credential(id))],
        ..Person::default()
    }
}

/// A number of its own for every person, of all three kinds.
fn credential(id: u32) -> CredentialKey {
    // Multiplied by an odd number, different ids stay different.
    let mixed = id.wrapping_mul(2_654_435_761);
    match id % 4 {
        0 => {
            let [_, facility, high, low] = id.to_be_bytes();
            CredentialKey::Wiegand26(facility, u16::from_be_bytes([high, low]))
        }
        1 => CredentialKey::OneProx(format!("04{mixed:08X}E580")),
        _ => CredentialKey::PacProx(format!("{mixed:08X}")),
    }
}

/// Events that are not stored: each follows from its number.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Made {
    seed: u64,
    people: u32,
    until: DateTime<Utc>,
    count: u64,
}

impl Made {
    /// Evenly over the thirty days before the start.
    pub(super) fn time(&self, seq: u64) -> DateTime<Utc> {
        let span = u64::try_from(TimeDelta::days(30).num_milliseconds()).unwrap_or(0);
        let before = u128::from(span) * u128::from(self.count.saturating_sub(seq) + 1) / u128::from(self.count.max(1));
        let before = TimeDelta::milliseconds(i64::try_from(before).unwrap_or(0));
        let time = self.until.checked_sub_signed(before).unwrap_or(self.until);
        DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap_or(time)
    }

    pub(super) fn event(&self, seq: u64) -> Event {
        let mut dice = Dice::new(self.seed ^ seq.rotate_left(17));
        let person = FIRST_PERSON + u32::try_from(dice.below(self.people)).unwrap_or(0);
        let (reader, direction) = if dice.one_in(2) { (11, Direction::In) } else { (12, Direction::Out) };
        let time = self.time(seq);
        Event {
            time,
            received: time.checked_add_signed(TimeDelta::milliseconds(400)).unwrap_or(time),
            kind: "access.granted".to_owned(),
            severity: "success".to_owned(),
            controller: Some(2),
            reader: Some(reader),
            door: Some(6),
            direction: Some(direction),
            person: (self.people > 0).then_some(person),
            credential: Some(credential(person)),
            ..Event::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(people: u32, events: u64) -> Plan {
        let clock = Clock::standing_at(DateTime::UNIX_EPOCH + TimeDelta::days(20_000));
        Plan { people, events, seed: 7, clock, zone: Zone::default() }
    }

    #[test]
    fn everybody_has_a_credential_of_their_own() {
        let world = World::made(plan(5_000, 0));
        let distinct: BTreeSet<_> = world.people.values().flat_map(|p| &p.credentials).map(|c| c.key.clone()).collect();
        assert_eq!(distinct.len(), 5_000);
        let readable = |key: &CredentialKey| key.to_string().parse::<CredentialKey>().is_ok();
        assert!(distinct.iter().all(readable));
    }

    #[test]
    fn made_events_are_the_same_every_time_and_in_order() {
        let world = World::made(plan(50, 2_000_000));
        assert_eq!(world.event(1_234_567), world.event(1_234_567));
        assert!(world.event(1).unwrap().time < world.event(2_000_000).unwrap().time);
        assert!(world.event(2_000_000).unwrap().time < world.now());
        assert_eq!(world.event(2_000_001), None);
    }
}
