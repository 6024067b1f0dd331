//! Changes of badges, groups and readers that the record of changes knows of.

use serde_json::Value;

use super::{
    Badge, Change, Controller, Credential, CredentialKind, CredentialState, Direction, Door, Entity, Group, GroupKind,
    Membership, Op, Reader, World,
};

/// Who changes things at a workstation.
const RECEPTION: &str = "user:reception.desk";

impl World {
    /// A new person with a card and the first access group; gives the number of the badge.
    pub fn add_person(&mut self, first: &str, last: &str) -> u32 {
        let number = self.free_card();
        let groups = self.groups.keys().next().map(|group| Membership::of(*group)).into_iter().collect();
        let card = self.card(&number);
        let badge = self.new_badge(Some(first), Some(last), vec![card], groups);
        self.insert_badge(badge, RECEPTION)
    }

    /// A new person with a fingerprint and no card.
    pub fn add_biometric_person(&mut self, first: &str, last: &str) -> u32 {
        let groups = self.groups.keys().next().map(|group| Membership::of(*group)).into_iter().collect();
        let finger = self.credential(CredentialKind::Biometric, None);
        let badge = self.new_badge(Some(first), Some(last), vec![finger], groups);
        self.insert_badge(badge, RECEPTION)
    }

    /// Changes a badge as somebody at a workstation does; `None` if there is none.
    ///
    /// Version, time and the record of changes follow if anything differs.
    pub fn change_badge<T>(&mut self, badge: u32, change: impl FnOnce(&mut Badge) -> T) -> Option<T> {
        self.change_badge_as(badge, RECEPTION, change)
    }

    /// Another name; the shown text is both together.
    pub fn rename(&mut self, badge: u32, first: &str, last: &str) {
        self.change_badge(badge, |badge| {
            badge.first_name = Some(first.to_owned()).filter(|name| !name.is_empty());
            badge.last_name = Some(last.to_owned()).filter(|name| !name.is_empty());
            format!("{first} {last}").trim().clone_into(&mut badge.name);
        });
    }

    /// Another card instead of the main one.
    pub fn recard(&mut self, badge: u32, number: &str) {
        let mut new = self.card(number);
        self.change_badge(badge, |badge| {
            let main = badge.main_card().map(|card| card.id);
            new.primary = true;
            badge.credentials.retain(|credential| Some(credential.id) != main);
            badge.credentials.insert(0, new);
        });
    }

    /// Disables a badge.
    pub fn disable(&mut self, badge: u32) {
        self.change_badge(badge, |badge| badge.enabled = false);
    }

    /// Enables a badge.
    pub fn enable(&mut self, badge: u32) {
        self.change_badge(badge, |badge| badge.enabled = true);
    }

    /// Other access groups, without limits in time.
    pub fn set_groups(&mut self, badge: u32, groups: &[u32]) {
        self.change_badge(badge, |badge| badge.groups = groups.iter().copied().map(Membership::of).collect());
    }

    /// Deletes a badge; its events stay.
    pub fn delete(&mut self, badge: u32) {
        self.delete_badge_as(badge, RECEPTION);
    }

    /// Somebody opens the badge at a workstation: writes are refused until [`World::unlock`].
    pub fn lock(&mut self, badge: u32, who: &str) {
        if let Some(badge) = self.badges.get_mut(&badge) {
            badge.locked_by = Some(who.to_owned());
        }
    }

    /// The badge is closed again.
    pub fn unlock(&mut self, badge: u32) {
        if let Some(badge) = self.badges.get_mut(&badge) {
            badge.locked_by = None;
        }
    }

    /// A new access group.
    pub fn add_group(&mut self, name: &str, kind: GroupKind) -> u32 {
        self.add_group_as(name, kind, None, RECEPTION)
    }

    /// Changes an access group; `None` if there is none.
    pub fn change_group<T>(&mut self, group: u32, change: impl FnOnce(&mut Group) -> T) -> Option<T> {
        self.change_group_as(group, RECEPTION, change)
    }

    /// Deletes an access group; badges lose it.
    pub fn delete_group(&mut self, group: u32) {
        if self.groups.remove(&group).is_none() {
            return;
        }
        let members: Vec<u32> = self
            .badges
            .values()
            .filter(|badge| badge.groups.iter().any(|one| one.group == group))
            .map(|badge| badge.id)
            .collect();
        for badge in members {
            self.change_badge(badge, |badge| badge.groups.retain(|one| one.group != group));
        }
        self.note(Entity::AccessGroup, Op::Delete, group, Vec::new(), RECEPTION);
    }

    /// A new reader at a door of its own.
    pub fn add_reader(&mut self, name: &str, direction: Direction) -> u32 {
        self.counters.reader += 1;
        let id = self.counters.reader;
        let reader = Reader {
            id,
            name: name.to_owned(),
            door: Some(Door { id, name: name.to_owned() }),
            direction,
            controller: Some(Controller { id: 1 + id / 8, name: format!("Controller {}", 1 + id / 8) }),
            technology: vec!["card".to_owned(), "fingerprint".to_owned()],
            enabled: true,
            online: Some(true),
            updated_at: self.now(),
            revision: 1,
        };
        self.readers.insert(id, reader);
        self.note(Entity::Reader, Op::Add, id, Vec::new(), RECEPTION);
        id
    }

    /// Changes a reader; `None` if there is none.
    pub fn change_reader<T>(&mut self, reader: u32, change: impl FnOnce(&mut Reader) -> T) -> Option<T> {
        let now = self.now();
        let before = self.readers.get(&reader).map(|reader| self.reader_json(reader))?;
        let result = self.readers.get_mut(&reader).map(change);
        let after = self.readers.get(&reader).map(|reader| self.reader_json(reader))?;
        let fields = differing(&before, &after);
        if let (false, Some(reader)) = (fields.is_empty(), self.readers.get_mut(&reader)) {
            (reader.revision, reader.updated_at) = (reader.revision + 1, now);
            let id = reader.id;
            self.note(Entity::Reader, Op::Edit, id, fields, RECEPTION);
        }
        result
    }

    /// Deletes a reader.
    pub fn delete_reader(&mut self, reader: u32) {
        if self.readers.remove(&reader).is_some() {
            self.note(Entity::Reader, Op::Delete, reader, Vec::new(), RECEPTION);
        }
    }

    /// The record of changes before this cursor is gone.
    pub fn trim_changes(&mut self, oldest: u64) {
        self.changes.retain(|change| change.cursor >= oldest);
        self.changes_from = oldest;
    }

    /// The record of changes begins anew: whoever comes with an older cursor is told to read everything again.
    pub fn reset_changes(&mut self) {
        self.changes.clear();
        (self.counters.cursor, self.changes_from) = (0, 0);
    }

    /// A new credential that nobody has yet.
    pub fn credential(&mut self, kind: CredentialKind, number: Option<&str>) -> Credential {
        self.counters.credential += 1;
        Credential {
            id: self.counters.credential,
            kind,
            number: number.map(Into::into),
            facility: None,
            state: CredentialState::Active,
            primary: kind == CredentialKind::Card,
            from: None,
            until: None,
        }
    }

    pub(crate) fn card(&mut self, number: &str) -> Credential {
        self.credential(CredentialKind::Card, Some(number))
    }

    /// A card number spread over eight digits, different for every credential to come.
    pub(crate) fn free_card(&self) -> String {
        let next = u64::from(self.counters.credential) + 1;
        (10_000_000 + (next * 7_919 + 1_234_567) % 89_999_999).to_string()
    }

    pub(crate) fn new_badge(
        &self,
        first: Option<&str>,
        last: Option<&str>,
        credentials: Vec<Credential>,
        groups: Vec<Membership>,
    ) -> Badge {
        let now = self.now();
        let name = [first, last].into_iter().flatten().collect::<Vec<_>>().join(" ");
        Badge {
            id: 0,
            first_name: first.map(str::to_owned),
            last_name: last.map(str::to_owned),
            name,
            reference: None,
            enabled: true,
            valid_from: None,
            valid_until: None,
            groups,
            credentials,
            created_at: now,
            updated_at: now,
            revision: 1,
            locked_by: None,
        }
    }

    /// Puts a badge in with the next number and notes it.
    pub(crate) fn insert_badge(&mut self, mut badge: Badge, origin: &str) -> u32 {
        self.counters.badge += 1;
        badge.id = self.counters.badge;
        let id = badge.id;
        self.badges.insert(id, badge);
        self.note(Entity::Badge, Op::Add, id, Vec::new(), origin);
        id
    }

    pub(crate) fn change_badge_as<T>(
        &mut self,
        badge: u32,
        origin: &str,
        change: impl FnOnce(&mut Badge) -> T,
    ) -> Option<T> {
        let now = self.now();
        let before = self.badges.get(&badge).map(|badge| self.badge_json(badge))?;
        let result = self.badges.get_mut(&badge).map(change);
        let after = self.badges.get(&badge).map(|badge| self.badge_json(badge))?;
        let fields = differing(&before, &after);
        if let (false, Some(badge)) = (fields.is_empty(), self.badges.get_mut(&badge)) {
            (badge.revision, badge.updated_at) = (badge.revision + 1, now);
            let id = badge.id;
            self.note(Entity::Badge, Op::Edit, id, fields, origin);
        }
        result
    }

    pub(crate) fn delete_badge_as(&mut self, badge: u32, origin: &str) {
        if let Some(gone) = self.badges.remove(&badge) {
            self.former.insert(badge, gone.name);
            self.note(Entity::Badge, Op::Delete, badge, Vec::new(), origin);
        }
    }

    pub(crate) fn add_group_as(&mut self, name: &str, kind: GroupKind, reference: Option<String>, origin: &str) -> u32 {
        self.counters.group += 1;
        let id = self.counters.group;
        let updated_at = self.now();
        let group = Group {
            id,
            name: name.to_owned(),
            kind,
            enabled: true,
            reference,
            readers: Vec::new(),
            updated_at,
            revision: 1,
        };
        self.groups.insert(id, group);
        self.note(Entity::AccessGroup, Op::Add, id, Vec::new(), origin);
        id
    }

    pub(crate) fn change_group_as<T>(
        &mut self,
        group: u32,
        origin: &str,
        change: impl FnOnce(&mut Group) -> T,
    ) -> Option<T> {
        let now = self.now();
        let before = self.groups.get(&group).map(|group| self.group_json(group))?;
        let result = self.groups.get_mut(&group).map(change);
        let after = self.groups.get(&group).map(|group| self.group_json(group))?;
        let fields = differing(&before, &after);
        if let (false, Some(group)) = (fields.is_empty(), self.groups.get_mut(&group)) {
            (group.revision, group.updated_at) = (group.revision + 1, now);
            let id = group.id;
            self.note(Entity::AccessGroup, Op::Edit, id, fields, origin);
        }
        result
    }

    fn note(&mut self, entity: Entity, op: Op, id: u32, fields: Vec<String>, origin: &str) {
        self.counters.cursor += 1;
        let (cursor, at) = (self.counters.cursor, self.now());
        self.changes.push(Change { cursor, at, entity, op, id, fields, origin: origin.to_owned() });
    }
}

/// Members with another value.
fn differing(before: &Value, after: &Value) -> Vec<String> {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else { return Vec::new() };
    after.iter().filter(|(name, value)| before.get(*name) != Some(value)).map(|(name, _)| name.clone()).collect()
}
