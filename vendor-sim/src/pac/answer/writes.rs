//! Writes of persons, their groups and their credentials.

use super::Ask;
use crate::pac::faults::Kind;
use crate::pac::wire::element::Element;
use crate::pac::wire::records::{self, MOST_CREDENTIALS};
use crate::pac::wire::refusal::{Code, Refusal};
use crate::pac::wire::view::View;
use crate::pac::world::{CredentialKey, Grant, Origin, Person, Saved};

impl Ask<'_> {
    pub(super) fn person_put(&mut self) -> Result<Element, Refusal> {
        let view = self.body.one("Person")?;
        let mode = self.body.needed_word("mode", Mode::named)?;
        let wanted = records::read_person(&view)?;
        let id = view.id("id")?;
        let old = self.target(mode, id, &wanted, &view)?;
        only_writable(&view, old.as_ref())?;
        if let Some(old) = &old {
            self.writable(old.id)?;
        }
        self.groups_exist(&view, &wanted.groups)?;
        let holder = old.as_ref().map(|old| old.id);
        for credential in &wanted.credentials {
            self.free(&credential.key, holder, "PersonPut/Person/Credential")?;
        }
        let Some(old) = old else {
            self.licence()?;
            return Ok(saved(self.state.world.create(wanted, &self.origin)));
        };
        let kept = Person { id: old.id, locked_by: old.locked_by, read_only: old.read_only, ..wanted };
        self.save(kept)
    }

    pub(super) fn person_state(&mut self) -> Result<Element, Refusal> {
        let id = self.body.needed_id("id")?;
        let active = self.body.needed_flag("active")?;
        let until = self.body.time("until")?;
        let person = Person { active, until, ..self.writable(id)? };
        if person.from.zip(until).is_some_and(|(from, until)| from > until) {
            return Err(self.body.invalid("until", "The end is before the beginning."));
        }
        self.save(person)
    }

    pub(super) fn person_delete(&mut self) -> Result<Element, Refusal> {
        let id = self.body.needed_id("id")?;
        let existed = self.state.world.people.contains_key(&id);
        if existed {
            self.writable(id)?;
            self.state.world.delete(id, &self.origin);
        }
        Ok(Element::new("Deleted").with("id", id).with("existed", existed))
    }

    pub(super) fn groups_set(&mut self) -> Result<Element, Refusal> {
        let groups = records::read_groups(&self.body)?;
        let id = self.body.needed_id("person")?;
        let person = Person { groups, ..self.writable(id)? };
        self.groups_exist(&self.body, &person.groups)?;
        self.save(person)
    }

    pub(super) fn credential_set(&mut self) -> Result<Element, Refusal> {
        let id = self.body.needed_id("person")?;
        let moving = self.body.needed_flag("move")?;
        let credential = records::read_credential(&self.body.one("Credential")?)?;
        let mut person = self.writable(id)?;
        let full = person.credentials.len() >= MOST_CREDENTIALS;
        match person.credentials.iter_mut().find(|own| own.key == credential.key) {
            Some(own) => *own = credential,
            None if full => {
                let message = format!("There is room for {MOST_CREDENTIALS} credentials.");
                return Err(Refusal::new(Code::LimitExceeded, message).at("CredentialSet/Credential"));
            }
            None => {
                if moving {
                    self.take_away(&credential.key)?;
                } else {
                    self.free(&credential.key, Some(id), "CredentialSet/Credential")?;
                }
                person.credentials.push(credential);
            }
        }
        self.save(person)
    }

    pub(super) fn credential_remove(&mut self) -> Result<Element, Refusal> {
        let id = self.body.needed_id("person")?;
        let key = records::read_key(&self.body, ["type", "number"])?;
        let mut person = self.writable(id)?;
        person.credentials.retain(|own| own.key != key);
        self.save(person)
    }

    /// The person that a put means, if there is one.
    fn target(&self, mode: Mode, id: Option<u32>, wanted: &Person, view: &View<'_>) -> Result<Option<Person>, Refusal> {
        let people = &self.state.world.people;
        let with_ext = wanted.ext.as_deref().and_then(|ext| people.with_ext(ext));
        let with_id = id.and_then(|id| people.get(&id));
        let found = match mode {
            Mode::Create => {
                if id.is_some() {
                    return Err(Refusal::new(Code::ReadOnly, "The server gives the id.").at(view.at("id")));
                }
                None
            }
            Mode::Update if id.is_none() && wanted.ext.is_none() => {
                return Err(view.invalid("id", "An update names a person by id or ext."));
            }
            // An update by id must find that person; ext is then an attribute like others.
            Mode::Update => Some(
                if id.is_some() { with_id } else { with_ext }
                    .ok_or_else(|| Refusal::new(Code::NotFound, "There is no such person.").at(view.path.clone()))?,
            ),
            Mode::Upsert => with_id.or(with_ext),
        };
        if let Some(other) = with_ext
            && found.is_none_or(|found| found.id != other.id)
        {
            let message = "Another person has this ext.";
            let refusal = Refusal::new(Code::AlreadyExists, message).at(view.at("ext")).rev(other.rev);
            return Err(refusal.holder(format!("person:{}", other.id)));
        }
        Ok(found.cloned())
    }

    /// A person that this client may write now, at the revision it knows.
    fn writable(&mut self, id: u32) -> Result<Person, Refusal> {
        let if_rev: Option<u32> = self.body.number("ifRev", 0..=u64::from(u32::MAX))?;
        if if_rev.is_some() && self.state.faults.meet(Kind::Stale, &self.body.element.name) {
            // Somebody else writes at the same moment; field 20 is where it shows.
            let time = self.state.world.now().to_rfc3339();
            self.state.world.edit_person(id, |person| {
                person.fields.insert(20, format!("edited {time} at {}", person.rev));
            });
        }
        let missing = || Refusal::new(Code::NotFound, "There is no such person.").at(self.body.path.clone());
        let person = self.state.world.people.get(&id).ok_or_else(missing)?;
        if let Some(holder) = &person.locked_by {
            let refusal = Refusal::new(Code::RecordLocked, "The record is open for editing.");
            return Err(refusal.after_ms(self.state.settings.retry_after_ms()).holder(holder.clone()));
        }
        if person.read_only {
            return Err(Refusal::new(Code::ReadOnly, "Clients cannot write this record.").at(self.body.path.clone()));
        }
        if if_rev.is_some_and(|rev| rev != person.rev) {
            let refusal = Refusal::new(Code::RevisionConflict, "The record has changed since it was read.");
            return Err(refusal.at(self.body.at("ifRev")).rev(person.rev));
        }
        Ok(person.clone())
    }

    fn groups_exist(&self, view: &View<'_>, groups: &[Grant]) -> Result<(), Refusal> {
        match groups.iter().find(|grant| !self.state.world.groups.contains_key(&grant.group)) {
            None => Ok(()),
            Some(grant) => {
                let message = format!("There is no access group {}.", grant.group);
                Err(Refusal::new(Code::ReferenceMissing, message).at(format!("{}/Group/@id", view.path)))
            }
        }
    }

    /// Whether nobody else has this credential.
    fn free(&self, key: &CredentialKey, holder: Option<u32>, path: &str) -> Result<(), Refusal> {
        match self.state.world.people.holding(key) {
            Some(other) if Some(other.id) != holder => {
                let refusal = Refusal::new(Code::CredentialInUse, "Another person has this credential.").at(path);
                Err(refusal.holder(format!("person:{}", other.id)))
            }
            _ => Ok(()),
        }
    }

    /// Takes a credential from whoever has it.
    fn take_away(&mut self, key: &CredentialKey) -> Result<(), Refusal> {
        let Some(mut other) = self.state.world.people.holding(key).cloned() else { return Ok(()) };
        if let Some(holder) = &other.locked_by {
            let refusal = Refusal::new(Code::RecordLocked, "The other record is open for editing.");
            return Err(refusal.after_ms(self.state.settings.retry_after_ms()).holder(holder.clone()));
        }
        other.credentials.retain(|own| own.key != *key);
        let origin = Origin::clone(&self.origin);
        self.state.world.save(other, &origin);
        Ok(())
    }

    fn licence(&self) -> Result<(), Refusal> {
        let world = &self.state.world;
        if world.licensed_people.is_some_and(|most| world.people.len() >= most) {
            return Err(Refusal::new(Code::LimitExceeded, "The licence allows no more persons.").at("PersonPut/Person"));
        }
        Ok(())
    }

    fn save(&mut self, person: Person) -> Result<Element, Refusal> {
        let saving = self.state.world.save(person, &self.origin);
        saving.map(saved).ok_or_else(|| Refusal::new(Code::NotFound, "There is no such person."))
    }
}

/// What the server keeps may stand in a put only as it is.
fn only_writable(view: &View<'_>, old: Option<&Person>) -> Result<(), Refusal> {
    let read_only = |name: &str| Refusal::new(Code::ReadOnly, "The server keeps this.").at(view.at(name));
    let rev: Option<u32> = view.number("rev", 0..=u64::from(u32::MAX))?;
    if rev.is_some() && rev != old.map(|old| old.rev) {
        return Err(read_only("rev"));
    }
    if view.text("createdBy").is_some_and(|by| old.is_none_or(|old| old.created_by != by)) {
        return Err(read_only("createdBy"));
    }
    Ok(())
}

fn saved(saved: Saved) -> Element {
    Element::new("Saved")
        .with("id", saved.id)
        .with("rev", saved.rev)
        .with("created", saved.created)
        .with("changed", saved.changed)
}

#[derive(Debug, Clone, Copy)]
enum Mode {
    Create,
    Update,
    Upsert,
}

impl Mode {
    fn named(text: &str) -> Option<Self> {
        match text {
            "create" => Some(Self::Create),
            "update" => Some(Self::Update),
            "upsert" => Some(Self::Upsert),
            _ => None,
        }
    }
}
