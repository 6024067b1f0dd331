//! Somebody shows a credential at a reader.

use chrono::{DateTime, Utc};

use super::World;
use super::credential::{Credential, CredentialKey, CredentialState};
use super::record::{Event, Person, Reader};

/// Who is at the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Who {
    /// A person with the first of the own credentials that opens doors, or with the first one.
    Person(u32),
    /// Whoever has this credential.
    Credential(CredentialKey),
}

impl From<u32> for Who {
    fn from(id: u32) -> Self {
        Self::Person(id)
    }
}

impl From<CredentialKey> for Who {
    fn from(key: CredentialKey) -> Self {
        Self::Credential(key)
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swiped {
    /// Number of the event; `None` while the controller keeps it, being off line.
    pub seq: Option<u64>,
    /// Why the door stayed shut; `None` if it opened.
    pub denied: Option<&'static str>,
}

impl World {
    /// Somebody is at a reader; `at` is now if not given. An unknown reader is a reader of no controller.
    pub fn swipe(&mut self, reader: u32, who: impl Into<Who>, at: Option<DateTime<Utc>>) -> Swiped {
        let now = self.now();
        let time = at.unwrap_or_else(|| now.checked_sub_signed(self.late).unwrap_or(now));
        let place = self.readers.get(&reader).cloned().unwrap_or_else(|| Reader { id: reader, ..Reader::default() });
        let (person, credential, denied) = self.judge(&place, &who.into(), time);
        let event = Event {
            time,
            received: now,
            kind: if denied.is_some() { "access.denied" } else { "access.granted" }.to_owned(),
            severity: if denied.is_some() { "warning" } else { "success" }.to_owned(),
            reason: denied.map(str::to_owned),
            controller: (place.controller > 0).then_some(place.controller),
            reader: Some(reader),
            door: (place.door > 0).then_some(place.door),
            direction: Some(place.direction),
            person: person.as_ref().map(|person| person.id),
            ext: person.and_then(|person| person.ext),
            credential,
            ..Event::default()
        };
        if self.controllers.get(&place.controller).is_some_and(|controller| !controller.online) {
            self.held.push(event);
            return Swiped { seq: None, denied };
        }
        Swiped { seq: Some(self.put_event(event)), denied }
    }

    /// A controller goes off line and keeps its events, or comes back and delivers them.
    pub fn set_online(&mut self, controller: u32, online: bool) {
        let now = self.now();
        let Some(found) = self.controllers.get_mut(&controller) else { return };
        if found.online == online {
            return;
        }
        found.online = online;
        found.since = now;
        let (kind, severity) = if online { ("device.online", "success") } else { ("device.offline", "error") };
        self.put_event(Event {
            time: now,
            received: now,
            kind: kind.to_owned(),
            severity: severity.to_owned(),
            controller: Some(controller),
            ..Event::default()
        });
        if online {
            let (mine, others) =
                std::mem::take(&mut self.held).into_iter().partition(|event| event.controller == Some(controller));
            self.held = others;
            let mine: Vec<Event> = mine;
            for event in mine {
                self.put_event(Event { received: now, ..event });
            }
        }
    }

    /// Who it is, with what, and why the door stays shut.
    fn judge(
        &self,
        reader: &Reader,
        who: &Who,
        time: DateTime<Utc>,
    ) -> (Option<Person>, Option<CredentialKey>, Option<&'static str>) {
        match who {
            Who::Person(id) => match self.people.get(id) {
                None => (None, None, Some("unknown-credential")),
                Some(person) => {
                    let good = person.credentials.iter().find(|credential| barred(credential, time).is_none());
                    let shown = good.or_else(|| person.credentials.first());
                    let denied =
                        shown.and_then(|shown| barred(shown, time)).or_else(|| self.unwelcome(person, reader, time));
                    (Some(person.clone()), shown.map(|shown| shown.key.clone()), denied)
                }
            },
            Who::Credential(key) => {
                let person = self.people.holding(key);
                let shown = person.and_then(|person| person.credentials.iter().find(|own| own.key == *key));
                let denied = match (person, shown) {
                    (Some(person), Some(shown)) => barred(shown, time).or_else(|| self.unwelcome(person, reader, time)),
                    _ => Some("unknown-credential"),
                };
                (person.cloned(), Some(key.clone()), denied)
            }
        }
    }

    /// Why a person may not come in here.
    fn unwelcome(&self, person: &Person, reader: &Reader, time: DateTime<Utc>) -> Option<&'static str> {
        if !person.active || !within(time, person.from, person.until) {
            return Some("person-inactive");
        }
        let mut known = false;
        for grant in &person.groups {
            let Some(group) = self.groups.get(&grant.group) else { continue };
            if !group.enabled || !(group.readers.is_empty() || group.readers.contains(&reader.id)) {
                continue;
            }
            if within(time, grant.from, grant.until) {
                return None;
            }
            known = true;
        }
        Some(if known { "not-permitted-at-this-time" } else { "unauthorized" })
    }
}

/// Why a credential opens nothing.
fn barred(credential: &Credential, time: DateTime<Utc>) -> Option<&'static str> {
    match credential.state {
        CredentialState::Lost => Some("credential-lost"),
        CredentialState::Suspended => Some("credential-not-enabled"),
        CredentialState::Active if credential.from.is_some_and(|from| time < from) => Some("credential-not-active"),
        CredentialState::Active if credential.until.is_some_and(|until| time > until) => Some("credential-expired"),
        CredentialState::Active => None,
    }
}

fn within(time: DateTime<Utc>, from: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>) -> bool {
    from.is_none_or(|from| from <= time) && until.is_none_or(|until| time <= until)
}
