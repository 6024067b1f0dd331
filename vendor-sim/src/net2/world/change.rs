//! Edits of the site that keep what hangs together in step, each noted in the event log as the server would.

use super::{AccessLevel, Department, Door, DoorGroup, Event, PRIVATE_LEVEL, Token, User, World, texts};

/// Sub-types of change events.
const ADDED: i64 = 590;
const MODIFIED: i64 = 591;
const DELETED: i64 = 592;

impl World {
    /// Adds a user with these names, returns the id.
    pub fn add_user(&mut self, first: &str, last: &str) -> i64 {
        let named = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        self.insert_user(User { first_name: named(first), last_name: named(last), ..User::default() })
    }

    /// Adds a user; the id in the record is ignored. Returns the new one.
    pub fn insert_user(&mut self, mut user: User) -> i64 {
        user.id = self.next_id("user");
        user.active = true;
        let id = user.id;
        self.users.insert(id, user);
        self.record_rights_of(id);
        self.note_user(id, ADDED);
        id
    }

    /// Changes a user and notes it; `None` if there is no such active user.
    pub fn change_user<T>(&mut self, id: i64, change: impl FnOnce(&mut User) -> T) -> Option<T> {
        let result = self.users.get_mut(&id).filter(|user| user.active).map(change)?;
        self.record_rights_of(id);
        self.note_user(id, MODIFIED);
        Some(result)
    }

    /// Deletes a user as the API does: no longer listed, tokens free again. `false` if there is none.
    pub fn delete_user(&mut self, id: i64) -> bool {
        let Some(user) = self.users.get_mut(&id).filter(|user| user.active) else { return false };
        user.active = false;
        user.tokens.clear();
        user.levels.clear();
        user.individual.clear();
        user.department = 0;
        user.pin = None;
        self.record_rights_of(id);
        self.note_user(id, DELETED);
        true
    }

    /// Deletes a user together with all traces in the log.
    pub fn purge_user(&mut self, id: i64) -> bool {
        let known = self.users.remove(&id).is_some();
        if known {
            self.record_rights_of(id);
            self.events.retain(|event| event.user_id != Some(id));
        }
        known
    }

    /// Gives a user a token; `None` if the user is unknown or the value is issued already.
    pub fn add_token(&mut self, user: i64, token_type: &str, token_value: &str) -> Option<i64> {
        if self.holder(token_value).is_some() {
            return None;
        }
        let token =
            Token { id: 0, token_type: token_type.to_owned(), token_value: token_value.to_owned(), is_lost: false };
        self.issue_token(user, token).map(|token| token.id)
    }

    /// Gives a user a token with the next id; ids begin at 0.
    pub(crate) fn issue_token(&mut self, user: i64, mut token: Token) -> Option<Token> {
        if !self.users.get(&user)?.active {
            return None;
        }
        token.id = self.next_id("token") - 1;
        self.change_user(user, |user| user.tokens.push(token.clone()))?;
        Some(token)
    }

    /// Adds a department, returns the id.
    pub fn add_department(&mut self, name: &str) -> i64 {
        let id = self.next_id("department");
        self.departments.insert(id, Department { id, name: name.to_owned() });
        id
    }

    /// Removes a department; its users have none afterwards.
    pub fn delete_department(&mut self, id: i64) -> bool {
        for user in self.users.values_mut().filter(|user| user.department == id) {
            user.department = 0;
        }
        self.departments.remove(&id).is_some()
    }

    /// Adds an access level, returns the id.
    pub fn add_access_level(&mut self, name: &str) -> i64 {
        let id = self.next_id("access_level");
        self.access_levels.insert(id, AccessLevel { id, name: name.to_owned(), rows: Vec::new() });
        self.note(572, ADDED);
        id
    }

    /// Removes an access level, from its users too.
    pub fn delete_access_level(&mut self, id: i64) -> bool {
        for user in self.users.values_mut() {
            user.levels.retain(|level| *level != id);
        }
        let known = self.access_levels.remove(&id).is_some();
        if known {
            self.record_rights();
            self.note(572, DELETED);
        }
        known
    }

    /// Adds a door with two readers and two areas, returns its serial number.
    pub fn add_door(&mut self, name: &str) -> i64 {
        let id = self.doors.keys().next_back().copied().unwrap_or(7_000_000) + 37;
        self.install_door(id, name, 0);
        id
    }

    /// Adds a door group, returns the id.
    pub fn add_door_group(&mut self, name: &str) -> i64 {
        let id = self.next_id("door_group");
        self.door_groups.insert(id, DoorGroup { id, name: name.to_owned() });
        id
    }

    pub(crate) fn install_door(&mut self, id: i64, name: &str, group: i64) {
        let (area_in, area_out) = (self.add_area(&format!("{name} (In)")), self.add_area(&format!("{name} (Out)")));
        let (reader_in, reader_out) = (self.next_id("peripheral"), self.next_id("peripheral"));
        let door =
            Door { id, name: name.to_owned(), group, area_in, area_out, reader_in, reader_out, ..Door::default() };
        self.doors.insert(id, door);
    }

    /// The name of an access level in the server's language; private ones included.
    pub(crate) fn level_name(&self, id: i64) -> Option<String> {
        if id <= 1 {
            return texts::level_text(id, self.switches.localised_texts).map(str::to_owned);
        }
        if id > PRIVATE_LEVEL {
            return self.users.get(&(id - PRIVATE_LEVEL)).map(|user| format!("Individual: {}", user.name()));
        }
        self.access_levels.get(&id).map(|level| level.name.clone())
    }

    /// The name of a timezone in the server's language.
    pub(crate) fn timezone_name(&self, id: i64) -> Option<String> {
        texts::timezone_text(id, self.switches.localised_texts)
            .map(str::to_owned)
            .or_else(|| self.timezones.get(&id).map(|timezone| timezone.name.clone()))
    }

    pub(crate) fn note_user(&mut self, user: i64, what: i64) {
        self.put_event(Event { event_type: 570, sub_type: what, user_id: Some(user), ..Event::default() });
    }

    pub(crate) fn note(&mut self, event_type: i64, what: i64) {
        self.put_event(Event { event_type, sub_type: what, ..Event::default() });
    }

    fn add_area(&mut self, name: &str) -> i64 {
        let id = self.next_id("area");
        self.areas.insert(id, super::Area { id, name: name.to_owned() });
        id
    }
}
