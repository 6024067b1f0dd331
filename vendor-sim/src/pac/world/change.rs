//! Changes of records, by whomever, with their traces in the log.

use super::World;
use super::record::{AccessGroup, Change, Controller, Entity, Grant, Op, Person, Reader};

/// Who changes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// As `operator:sim` or `oem:head-office-bridge`.
    pub label: String,
    /// The operator's name.
    pub operator: Option<String>,
}

impl Origin {
    /// The operator of the simulator.
    pub fn operator() -> Self {
        Self { label: "operator:sim".to_owned(), operator: Some("Simulator".to_owned()) }
    }

    /// A client or a part of the system.
    pub fn label(label: &str) -> Self {
        Self { label: label.to_owned(), operator: None }
    }
}

/// What a write has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pac) struct Saved {
    pub(in crate::pac) id: u32,
    pub(in crate::pac) rev: u32,
    pub(in crate::pac) created: bool,
    pub(in crate::pac) changed: bool,
}

impl World {
    /// The operator adds a person; the id. Without access groups the person gets the default one.
    pub fn add_person(&mut self, person: Person) -> u32 {
        self.create(person, &Origin::operator()).id
    }

    /// The operator changes a person; false if nothing is changed, or nobody is there.
    pub fn edit_person(&mut self, id: u32, edit: impl FnOnce(&mut Person)) -> bool {
        let Some(mut person) = self.people.get(&id).cloned() else { return false };
        edit(&mut person);
        self.save(person, &Origin::operator()).is_some_and(|saved| saved.changed)
    }

    /// The operator deletes a person; false if nobody is there.
    pub fn delete_person(&mut self, id: u32) -> bool {
        self.delete(id, &Origin::operator())
    }

    /// An operator opens a record for editing, or closes it.
    pub fn lock_person(&mut self, id: u32, holder: Option<&str>) {
        if let Some(person) = self.people.get_mut(id) {
            person.locked_by = holder.map(str::to_owned);
        }
    }

    /// The operator adds or changes an access group; a default one takes that from the others.
    pub fn put_group(&mut self, group: AccessGroup) {
        if group.default {
            self.groups.values_mut().for_each(|other| other.default = false);
        }
        let id = group.id;
        let new = self.groups.insert(id, group).is_none();
        self.note_definition(Entity::AccessGroup, id, if new { Op::Created } else { Op::Updated });
    }

    /// The operator deletes an access group; persons lose it.
    pub fn delete_group(&mut self, id: u32) {
        if self.groups.remove(&id).is_none() {
            return;
        }
        let holders: Vec<u32> =
            self.people.values().filter(|person| person.groups.iter().any(|g| g.group == id)).map(|p| p.id).collect();
        for holder in holders {
            self.edit_person(holder, |person| person.groups.retain(|grant| grant.group != id));
        }
        self.note_definition(Entity::AccessGroup, id, Op::Deleted);
    }

    /// The operator adds or changes a reader.
    pub fn put_reader(&mut self, reader: Reader) {
        let (id, door) = (reader.id, reader.door);
        let new = self.readers.insert(id, reader).is_none();
        self.doors.entry(door).or_default();
        self.note_definition(Entity::Reader, id, if new { Op::Created } else { Op::Updated });
    }

    /// The operator deletes a reader.
    pub fn delete_reader(&mut self, id: u32) {
        if self.readers.remove(&id).is_some() {
            self.note_definition(Entity::Reader, id, Op::Deleted);
        }
    }

    /// The operator adds or changes a controller.
    pub fn put_controller(&mut self, controller: Controller) {
        let id = controller.id;
        let new = self.controllers.insert(id, controller).is_none();
        self.note_definition(Entity::Controller, id, if new { Op::Created } else { Op::Updated });
    }

    /// Adds a person with an id of the server.
    pub(in crate::pac) fn create(&mut self, mut person: Person, origin: &Origin) -> Saved {
        person.id = self.next_person;
        person.rev = 1;
        person.created_by.clone_from(&origin.label);
        self.next_person += 1;
        if person.groups.is_empty() {
            person.groups.extend(self.groups.values().find(|group| group.default).map(|group| Grant::of(group.id)));
        }
        let id = person.id;
        self.note(Op::Created, &person, origin);
        self.people.put(person);
        Saved { id, rev: 1, created: true, changed: true }
    }

    /// Stores a person as it is to be; nothing happens if it is so already. `None` if nobody is there.
    pub(in crate::pac) fn save(&mut self, mut person: Person, origin: &Origin) -> Option<Saved> {
        let id = person.id;
        let old = self.people.get(&id)?;
        person.rev = old.rev;
        person.created_by.clone_from(&old.created_by);
        let changed = *old != person;
        if changed {
            person.rev += 1;
            self.note(Op::Updated, &person, origin);
        }
        let rev = person.rev;
        self.people.put(person);
        Some(Saved { id, rev, created: false, changed })
    }

    pub(in crate::pac) fn delete(&mut self, id: u32, origin: &Origin) -> bool {
        let Some(person) = self.people.take(id) else { return false };
        self.note(Op::Deleted, &person, origin);
        true
    }

    fn note(&mut self, op: Op, person: &Person, origin: &Origin) {
        let change = Change {
            time: self.now(),
            entity: Entity::Person,
            op,
            id: person.id,
            ext: person.ext.clone(),
            rev: (op != Op::Deleted).then_some(person.rev),
            origin: origin.label.clone(),
            operator: origin.operator.clone(),
        };
        self.put_change(change);
    }

    fn note_definition(&mut self, entity: Entity, id: u32, op: Op) {
        let origin = Origin::operator();
        let time = self.now();
        self.put_change(Change {
            time,
            entity,
            op,
            id,
            ext: None,
            rev: None,
            origin: origin.label,
            operator: origin.operator,
        });
    }
}
