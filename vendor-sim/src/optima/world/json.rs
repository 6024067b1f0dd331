//! Records as the contract shows them, before a profile moves anything.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{
    BADGE, Badge, CONTROLLER, CREDENTIAL, CURSOR, Change, Credential, CredentialKind, DOOR, Entity, Event, GROUP,
    Group, READER, Reader, World,
};
use crate::bridge::profile::instant_text;
use crate::bridge::{etag, id_json};

impl World {
    fn id(&self, prefix: &str, id: u32) -> Value {
        id_json(prefix, id, self.switches.numeric_ids)
    }

    pub(crate) fn badge_json(&self, badge: &Badge) -> Value {
        let groups = badge.groups.iter().map(|group| {
            json!({ "id": self.id(GROUP, group.group), "from": optional(group.from), "until": optional(group.until) })
        });
        json!({
            "id": self.id(BADGE, badge.id),
            "firstName": badge.first_name,
            "lastName": badge.last_name,
            "name": badge.name,
            "reference": badge.reference,
            "state": if badge.enabled { "enabled" } else { "disabled" },
            "validFrom": optional(badge.valid_from),
            "validUntil": optional(badge.valid_until),
            "accessGroups": groups.collect::<Vec<_>>(),
            "credentials": badge.credentials.iter().map(|credential| self.credential_json(credential)).collect::<Vec<_>>(),
            "createdAt": instant_text(badge.created_at),
            "updatedAt": instant_text(badge.updated_at),
            "etag": etag(badge.revision),
        })
    }

    /// Of a credential that is no card only its existence is shown.
    fn credential_json(&self, credential: &Credential) -> Value {
        let mut shown = json!({
            "id": self.id(CREDENTIAL, credential.id),
            "type": credential.kind.word(),
            "state": credential.state.word(),
            "primary": credential.primary,
        });
        if let (CredentialKind::Card, Some(shown)) = (credential.kind, shown.as_object_mut()) {
            shown.insert("number".to_owned(), credential.number.as_deref().into());
            shown.insert("facility".to_owned(), credential.facility.clone().into());
            shown.insert("from".to_owned(), optional(credential.from));
            shown.insert("until".to_owned(), optional(credential.until));
        }
        shown
    }

    pub(crate) fn group_json(&self, group: &Group) -> Value {
        json!({
            "id": self.id(GROUP, group.id),
            "name": group.name,
            "kind": group.kind.word(),
            "enabled": group.enabled,
            "reference": group.reference,
            "readers": group.readers.iter().map(|reader| self.id(READER, *reader)).collect::<Vec<_>>(),
            "updatedAt": instant_text(group.updated_at),
            "etag": etag(group.revision),
        })
    }

    pub(crate) fn reader_json(&self, reader: &Reader) -> Value {
        let door = reader.door.as_ref().map(|door| json!({ "id": self.id(DOOR, door.id), "name": door.name }));
        let controller = reader.controller.as_ref();
        json!({
            "id": self.id(READER, reader.id),
            "name": reader.name,
            "door": door,
            "direction": reader.direction.word(),
            "controller": controller.map(|one| json!({ "id": self.id(CONTROLLER, one.id), "name": one.name })),
            "technology": reader.technology,
            "enabled": reader.enabled,
            "online": reader.online,
            "updatedAt": instant_text(reader.updated_at),
            "etag": etag(reader.revision),
        })
    }

    pub(crate) fn change_json(&self, change: &Change) -> Value {
        let prefix = match change.entity {
            Entity::Badge => BADGE,
            Entity::AccessGroup => GROUP,
            Entity::Reader => READER,
        };
        let mut shown = json!({
            "cursor": format!("{CURSOR}{}", change.cursor),
            "at": instant_text(change.at),
            "entity": change.entity.word(),
            "op": change.op.word(),
            "id": self.id(prefix, change.id),
            "origin": change.origin,
        });
        if let (false, Some(shown)) = (change.fields.is_empty(), shown.as_object_mut()) {
            shown.insert("fields".to_owned(), json!(change.fields));
        }
        shown
    }

    pub(crate) fn event_json(&self, event: &Event) -> Value {
        let mut shown = Map::new();
        let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
        // Without a place for `seq`, ids have to be rising numbers.
        let seq_shown = self.front.profile.shows("event", "/seq");
        put(
            "id",
            match (seq_shown, self.switches.numeric_ids) {
                (false, _) => event.seq.into(),
                (true, true) => event.id.into(),
                (true, false) => format!("e-{:x}", event.id).into(),
            },
        );
        put("seq", event.seq.into());
        put("epoch", self.epoch.as_str().into());
        put("at", instant_text(event.at).into());
        put("receivedAt", instant_text(event.received_at).into());
        put("class", event.class.word().into());
        put("code", event.code.into());
        put("badge", event.badge.map_or(Value::Null, |badge| self.named_badge(badge)));
        put(
            "credential",
            event.credential.as_ref().map_or(Value::Null, |shown| match &shown.number {
                Some(number) => json!({ "type": shown.kind.word(), "number": &**number }),
                None => json!({ "type": shown.kind.word() }),
            }),
        );
        let reader = event.reader.and_then(|reader| self.readers.get(&reader));
        let door = reader.and_then(|reader| reader.door.as_ref());
        put(
            "reader",
            event.reader.map_or(
                Value::Null,
                |id| json!({ "id": self.id(READER, id), "name": reader.map(|reader| reader.name.as_str()) }),
            ),
        );
        put("door", door.map_or(Value::Null, |door| json!({ "id": self.id(DOOR, door.id), "name": door.name })));
        put("direction", event.direction.word().into());
        put("reason", event.reason.as_deref().into());
        Value::Object(shown)
    }

    fn named_badge(&self, badge: u32) -> Value {
        let name = self.badges.get(&badge).map(|badge| &badge.name).or_else(|| self.former.get(&badge));
        json!({ "id": self.id(BADGE, badge), "name": name })
    }
}

fn optional(at: Option<DateTime<Utc>>) -> Value {
    at.map_or(Value::Null, |at| instant_text(at).into())
}
