//! Records as the contract shows them, before a profile moves anything.

use serde_json::{Map, Value, json};

use super::{
    Address, CURSOR, Credential, Deletion, Department, Device, EVENT, Event, Person, Place, VISIT, Visit, World,
};
use crate::bridge::id_json;
use crate::bridge::profile::{IN_AT, OUT_AT, instant_text};

impl World {
    fn id(&self, id: u32) -> Value {
        id_json("", id, self.switches.numeric_ids)
    }

    fn long_id(&self, prefix: &str, id: u64) -> Value {
        if self.switches.numeric_ids { id.into() } else { format!("{prefix}{id}").into() }
    }

    fn ids(&self, ids: &[u32]) -> Vec<Value> {
        ids.iter().map(|id| self.id(*id)).collect()
    }

    pub(crate) fn site_json(&self, site: &Place) -> Value {
        json!({ "id": self.id(site.id), "name": site.name, "timeZone": site.zone })
    }

    pub(crate) fn department_json(&self, department: &Department) -> Value {
        let shown = json!({
            "id": self.id(department.id),
            "name": department.name,
            "enabled": department.enabled,
            "updatedAt": instant_text(department.updated_at),
        });
        self.dated(shown)
    }

    pub(crate) fn person_json(&self, person: &Person) -> Value {
        let named = !self.switches.display_names_only;
        let shown = json!({
            "id": self.id(person.id),
            "personType": person.person_type.word(),
            "title": person.title,
            "forename": named.then_some(&person.forename),
            "surname": named.then_some(&person.surname),
            "displayName": person.display_name,
            "departmentIds": self.ids(&person.departments),
            "dateOfBirth": person.date_of_birth.map(|day| day.to_string()),
            "gender": person.gender,
            "carRegistrations": person.cars,
            "address": person.address.as_ref().map(address),
            "email": person.email,
            "mobile": person.mobile,
            "staffCode": person.staff_code,
            "credentials": person.credentials.iter().map(credential).collect::<Vec<_>>(),
            "enabled": person.enabled,
            "siteIds": self.ids(&person.sites),
            "source": person.source,
            "createdAt": instant_text(person.created_at),
            "updatedAt": instant_text(person.updated_at),
        });
        self.dated(shown)
    }

    pub(crate) fn device_json(&self, device: &Device) -> Value {
        let shown = json!({
            "id": self.id(device.id),
            "name": device.name,
            "siteId": self.id(device.site),
            "kind": device.kind.word(),
            "virtual": device.is_virtual(),
            "direction": device.direction.word(),
            "enabled": device.enabled,
            "updatedAt": instant_text(device.updated_at),
        });
        self.dated(shown)
    }

    /// Without the time of the last change, when the server does not tell it.
    fn dated(&self, mut shown: Value) -> Value {
        if let (true, Some(members)) = (self.switches.without_updated_at, shown.as_object_mut()) {
            members.remove("updatedAt");
        }
        shown
    }

    pub(crate) fn event_json(&self, event: &Event) -> Value {
        json!({
            "id": self.long_id(EVENT, event.id),
            "seq": event.seq,
            "rev": event.rev,
            "type": event.event_type.word(),
            "personId": self.id(event.person),
            "personType": event.person_type.word(),
            "deviceId": event.device.map(|device| self.id(device)),
            "siteId": self.id(event.site),
            "at": instant_text(event.at),
            "recordedAt": instant_text(event.recorded_at),
            "method": event.method.word(),
            "automatic": event.automatic,
            "visitId": event.visit.map(|visit| self.long_id(VISIT, visit)),
            "reason": event.reason.as_deref(),
            "voided": event.voided,
        })
    }

    pub(crate) fn visit_json(&self, visit: &Visit) -> Value {
        let mut shown = Map::new();
        let mut put = |name: &str, value: Value| shown.insert(name.trim_start_matches('/').to_owned(), value);
        put("id", self.long_id(VISIT, visit.id));
        put("seq", visit.seq.into());
        put("rev", visit.rev.into());
        put("personId", self.id(visit.person));
        put("personType", visit.person_type.word().into());
        put("deviceId", visit.device.map_or(Value::Null, |device| self.id(device)));
        put("outDeviceId", visit.out_device.map_or(Value::Null, |device| self.id(device)));
        put("siteId", self.id(visit.site));
        put(IN_AT, instant_text(visit.in_at).into());
        put(OUT_AT, visit.out_at.map_or(Value::Null, |at| instant_text(at).into()));
        put("status", if visit.out_at.is_some() { "signed_out" } else { "signed_in" }.into());
        put("recordedAt", instant_text(visit.recorded_at).into());
        put("method", visit.method.word().into());
        put("automatic", visit.automatic.into());
        put("voided", visit.voided.into());
        Value::Object(shown)
    }

    pub(crate) fn presence_json(&self, visit: &Visit) -> Value {
        let name = self.people.get(&visit.person).map(|person| person.display_name.as_str());
        json!({
            "personId": self.id(visit.person),
            "personType": visit.person_type.word(),
            "displayName": name,
            "siteId": self.id(visit.site),
            "since": instant_text(visit.in_at),
            "deviceId": visit.device.map(|device| self.id(device)),
        })
    }

    pub(crate) fn deletion_json(&self, deletion: &Deletion) -> Value {
        let id = match deletion.entity {
            super::Deleted::Event => self.long_id(EVENT, deletion.id),
            _ => self.long_id("", deletion.id),
        };
        let mut shown = json!({
            "cursor": format!("{CURSOR}{}", deletion.cursor),
            "entity": deletion.entity.word(),
            "id": id,
            "at": instant_text(deletion.at),
        });
        if let (Some(into), Some(members)) = (deletion.merged_into, shown.as_object_mut()) {
            members.insert("mergedInto".to_owned(), self.id(into));
        }
        shown
    }
}

fn address(address: &Address) -> Value {
    json!({
        "houseNameNumber": address.house_name_number,
        "line1": address.line1,
        "line2": address.line2,
        "town": address.town,
        "county": address.county,
        "postCode": address.post_code,
        "country": address.country,
    })
}

fn credential(credential: &Credential) -> Value {
    json!({ "type": credential.kind, "number": credential.number, "primary": credential.primary })
}
