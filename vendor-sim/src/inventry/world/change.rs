//! Changes of people, departments and devices.

use super::{Deleted, Deletion, Department, Device, DeviceKind, Direction, Person, PersonType, Place, World};

impl World {
    /// A new member of staff in the first department, with a card.
    pub fn add_person(&mut self, forename: &str, surname: &str) -> u32 {
        self.add_somebody(PersonType::Personnel, forename, surname)
    }

    /// Somebody new of any type.
    pub fn add_somebody(&mut self, person_type: PersonType, forename: &str, surname: &str) -> u32 {
        self.counters.person += 1;
        let (id, now) = (self.counters.person, self.now());
        let staff = person_type == PersonType::Personnel;
        let departments = self.departments.keys().next().copied().filter(|_| staff).into_iter().collect();
        let card = super::Credential { kind: "card".to_owned(), number: Some(card_number(id)), primary: true };
        let person = Person {
            id,
            person_type,
            title: None,
            forename: forename.to_owned(),
            surname: surname.to_owned(),
            display_name: format!("{forename} {surname}").trim().to_owned(),
            departments,
            date_of_birth: None,
            gender: None,
            cars: Vec::new(),
            address: None,
            email: None,
            mobile: None,
            staff_code: None,
            credentials: if staff { vec![card] } else { Vec::new() },
            enabled: true,
            sites: self.sites.keys().next().copied().into_iter().collect(),
            source: Some(if staff { "mis" } else { "manual" }.to_owned()),
            created_at: now,
            updated_at: now,
        };
        self.people.insert(id, person);
        id
    }

    /// Changes a person; `None` if there is none. The time of the change follows if anything differs.
    pub fn change_person<T>(&mut self, person: u32, change: impl FnOnce(&mut Person) -> T) -> Option<T> {
        let now = self.now();
        let person = self.people.get_mut(&person)?;
        let before = person.clone();
        let result = change(person);
        if *person != before {
            person.updated_at = now;
        }
        Some(result)
    }

    /// Another name.
    pub fn rename(&mut self, person: u32, forename: &str, surname: &str) {
        self.change_person(person, |person| {
            forename.clone_into(&mut person.forename);
            surname.clone_into(&mut person.surname);
            format!("{forename} {surname}").trim().clone_into(&mut person.display_name);
        });
    }

    /// Another card instead of the cards so far.
    pub fn recard(&mut self, person: u32, number: &str) {
        let card = super::Credential { kind: "card".to_owned(), number: Some(number.to_owned()), primary: true };
        self.change_person(person, |person| {
            person.credentials.retain(|credential| credential.kind != "card");
            person.credentials.insert(0, card);
        });
    }

    /// Other departments, the main one first.
    pub fn set_departments(&mut self, person: u32, departments: &[u32]) {
        self.change_person(person, |person| person.departments = departments.to_vec());
    }

    /// Disables the record of a person.
    pub fn disable(&mut self, person: u32) {
        self.change_person(person, |person| person.enabled = false);
    }

    /// Enables the record of a person.
    pub fn enable(&mut self, person: u32) {
        self.change_person(person, |person| person.enabled = true);
    }

    /// Deletes a person; the events stay.
    pub fn delete(&mut self, person: u32) {
        if self.people.remove(&person).is_some() {
            self.on_site.remove(&person);
            self.deleted(Deleted::Person, person.into(), None);
        }
    }

    /// Two records were the same person: the first is gone, the second stays. The events keep the id they have.
    pub fn merge(&mut self, from: u32, into: u32) {
        if from != into && self.people.contains_key(&into) && self.people.remove(&from).is_some() {
            self.on_site.remove(&from);
            self.deleted(Deleted::Person, from.into(), Some(into));
        }
    }

    /// A new site.
    pub fn add_site(&mut self, name: &str) -> u32 {
        let id = self.sites.keys().next_back().map_or(1, |last| last + 1);
        self.sites.insert(id, Place { id, name: name.to_owned(), zone: None });
        id
    }

    /// A new department.
    pub fn add_department(&mut self, name: &str) -> u32 {
        self.counters.department += 1;
        let (id, updated_at) = (self.counters.department, self.now());
        self.departments.insert(id, Department { id, name: name.to_owned(), enabled: true, updated_at });
        id
    }

    /// Changes a department; `None` if there is none.
    pub fn change_department<T>(&mut self, department: u32, change: impl FnOnce(&mut Department) -> T) -> Option<T> {
        let now = self.now();
        let department = self.departments.get_mut(&department)?;
        let before = department.clone();
        let result = change(department);
        if *department != before {
            department.updated_at = now;
        }
        Some(result)
    }

    /// Another name of a department.
    pub fn rename_department(&mut self, department: u32, name: &str) {
        self.change_department(department, |department| name.clone_into(&mut department.name));
    }

    /// Deletes a department; people lose it.
    pub fn delete_department(&mut self, department: u32) {
        if self.departments.remove(&department).is_none() {
            return;
        }
        let members: Vec<u32> = self
            .people
            .values()
            .filter(|person| person.departments.contains(&department))
            .map(|person| person.id)
            .collect();
        for person in members {
            self.change_person(person, |person| person.departments.retain(|one| *one != department));
        }
        self.deleted(Deleted::Department, department.into(), None);
    }

    /// A new device at the first site.
    pub fn add_device(&mut self, name: &str, kind: DeviceKind) -> u32 {
        self.counters.device += 1;
        let (id, updated_at) = (self.counters.device, self.now());
        let site = self.sites.keys().next().copied().unwrap_or(1);
        let device =
            Device { id, name: name.to_owned(), site, kind, direction: Direction::Both, enabled: true, updated_at };
        self.devices.insert(id, device);
        id
    }

    /// Changes a device; `None` if there is none.
    pub fn change_device<T>(&mut self, device: u32, change: impl FnOnce(&mut Device) -> T) -> Option<T> {
        let now = self.now();
        let device = self.devices.get_mut(&device)?;
        let before = device.clone();
        let result = change(device);
        if *device != before {
            device.updated_at = now;
        }
        Some(result)
    }

    /// Deletes a device; its events stay.
    pub fn delete_device(&mut self, device: u32) {
        if self.devices.remove(&device).is_some() {
            self.deleted(Deleted::Device, device.into(), None);
        }
    }

    /// The list of deletions before this cursor is gone.
    pub fn trim_deletions(&mut self, oldest: u64) {
        self.deletions.retain(|deletion| deletion.cursor >= oldest);
        self.deletions_from = oldest;
    }

    /// The list of deletions begins anew: whoever comes with an older cursor is told to read everything again.
    pub fn reset_deletions(&mut self) {
        self.deletions.clear();
        (self.counters.cursor, self.deletions_from) = (0, 0);
    }

    pub(crate) fn deleted(&mut self, entity: Deleted, id: u64, merged_into: Option<u32>) {
        self.counters.cursor += 1;
        let (cursor, at) = (self.counters.cursor, self.now());
        self.deletions.push(Deletion { cursor, entity, id, at, merged_into });
    }
}

/// Spread over eight digits, different for every id.
pub(crate) fn card_number(id: u32) -> String {
    (10_000_000 + (u64::from(id) * 7_919 + 1_234_567) % 89_999_999).to_string()
}
