//! Who comes with a booking, and what they are called.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use sync_core::model::{Booking, ParticipantRole};

use crate::grants::Rules;
use crate::store::{BookingRow, PersonRow, insert_person, update_person};
use crate::{AccessConfig, AccessError, address_key, resource_name, split_name};

/// A booking with the names of its resources in their common form and without those who do not count.
pub(super) fn tidy(mut booking: Booking, config: &AccessConfig) -> Booking {
    booking.resources = booking.resources.iter().map(|name| resource_name(name)).collect();
    booking.people.retain(|person| person.role == ParticipantRole::Booker || config.welcomes(&person.key()));
    booking
}

/// Makes a person of everybody who has a right by now, and follows changed names.
pub(super) fn keep_people(
    connection: &Connection,
    bookings: &[BookingRow],
    people: &mut Vec<PersonRow>,
    rules: &Rules,
    now: DateTime<Utc>,
) -> Result<(), AccessError> {
    let given = given_names(bookings, rules, now);
    let known: BTreeSet<String> = people.iter().map(|person| person.key.clone()).collect();
    for (key, names) in given.iter().filter(|(key, _)| !known.contains(*key)) {
        let mut person = PersonRow::new(key, &names.address, now);
        person.take_name(names.latest.1.clone());
        person.id = insert_person(connection, &person)?;
        people.push(person);
    }
    for person in people.iter_mut().filter(|person| known.contains(&person.key)) {
        let Some(names) = given.get(&person.key) else { continue };
        // A name stays as long as somebody still gives it, so that two sources do not fight over it.
        if !names.all.contains(&person.name) {
            person.take_name(names.latest.1.clone());
            update_person(connection, person)?;
        }
    }
    Ok(())
}

struct Given {
    address: String,
    all: BTreeSet<Option<String>>,
    latest: (DateTime<Utc>, Option<String>),
}

/// The names that bookings in force give to people.
fn given_names(bookings: &[BookingRow], rules: &Rules, now: DateTime<Utc>) -> BTreeMap<String, Given> {
    let mut given: BTreeMap<String, Given> = BTreeMap::new();
    let counts = |row: &&BookingRow| {
        let known = row.booking.resources.iter().any(|name| rules.doors(name).is_some());
        known && rules.confirmed(row) && rules.window(row).1 > now
    };
    for row in bookings.iter().filter(counts) {
        for participant in &row.booking.people {
            let Ok(key) = address_key(&participant.email) else { continue };
            let name = participant.name.clone().filter(|name| !name.trim().is_empty());
            let latest = (row.booking.start, name.clone());
            let entry = given.entry(key).or_insert_with(|| Given {
                address: participant.email.clone(),
                all: BTreeSet::new(),
                latest: latest.clone(),
            });
            entry.all.insert(name);
            // A name is better than none.
            let rank = |(at, name): &(DateTime<Utc>, Option<String>)| (name.is_some(), *at, name.clone());
            if rank(&latest) > rank(&entry.latest) {
                entry.latest = latest;
            }
        }
    }
    given
}

impl PersonRow {
    fn take_name(&mut self, name: Option<String>) {
        (self.first_name, self.last_name) = split_name(name.as_deref(), &self.address);
        self.name = name;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::testing::{at, booking};

    fn named(id: i64, name: &str, hour: u32) -> BookingRow {
        let mut row = booking(id, "Ann@x.example", "Room 1", at(hour, 0), at(hour + 1, 0));
        row.booking.people[0].name = Some(name.to_owned());
        row
    }

    #[test]
    fn a_name_stays_while_somebody_gives_it_and_follows_when_nobody_does() {
        let rules = Rules::new(&AccessConfig::with_resources([("Room 1", ["1"])]));
        let store = Store::in_memory().unwrap();
        let mut people = Vec::new();
        let mut keep = |rows: &[BookingRow]| {
            store.with(|connection| keep_people(connection, rows, &mut people, &rules, at(8, 0))).unwrap();
            assert_eq!(people.len(), 1);
            people[0].full_name()
        };
        assert_eq!(keep(&[named(1, "Ann Ask", 10)]), "Ann Ask");
        assert_eq!(keep(&[named(1, "Ann Ask", 10), named(2, "A. Ask", 12)]), "Ann Ask");
        assert_eq!(keep(&[named(2, "A. Ask", 12)]), "A. Ask");
    }
}
