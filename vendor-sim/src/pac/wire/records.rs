//! Records as elements, and back.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::element::Element;
use super::refusal::{Code, Refusal};
use super::view::View;
use crate::clock::Zone;
use crate::pac::world::{Change, Credential, CredentialKey, CredentialState, Event, Grant, Person};

/// Most groups, credentials and fields of a person.
pub(in crate::pac) const MOST_GROUPS: usize = 32;
pub(in crate::pac) const MOST_CREDENTIALS: usize = 16;
const MOST_FIELDS: usize = 20;

/// A time with offset and milliseconds.
pub(in crate::pac) fn stamp(zone: Zone, time: DateTime<Utc>) -> String {
    zone.event_text(time)
}

pub(in crate::pac) fn person(person: &Person, zone: Zone) -> Element {
    let time = |time: Option<DateTime<Utc>>| time.map(|time| stamp(zone, time));
    let groups = person.groups.iter().map(|grant| {
        Element::new("Group")
            .with("id", grant.group)
            .with_some("from", time(grant.from))
            .with_some("until", time(grant.until))
    });
    let credentials = person.credentials.iter().map(|credential| {
        key(Element::new("Credential"), ["type", "number"], &credential.key)
            .with("state", credential.state)
            .with_some("from", time(credential.from))
            .with_some("until", time(credential.until))
    });
    let fields = person.fields.iter().map(|(n, value)| Element::new("Field").with("n", n).with("value", value));
    Element::new("Person")
        .with("id", person.id)
        .with("rev", person.rev)
        .with_some("ext", person.ext.as_ref())
        .with("first", &person.first)
        .with_some("middle", person.middle.as_ref())
        .with_some("last", person.last.as_ref())
        .with_some("employeeNo", person.employee_no.as_ref())
        .with_some("department", person.department.as_ref())
        .with_some("email", person.email.as_ref())
        .with("active", person.active)
        .with_some("from", time(person.from))
        .with_some("until", time(person.until))
        .with("createdBy", &person.created_by)
        .holding(groups)
        .holding(credentials)
        .holding(fields)
}

/// Writes kind, number and facility of a credential.
fn key(element: Element, [kind, number]: [&str; 2], key: &CredentialKey) -> Element {
    element.with(kind, key.kind()).with(number, key.number()).with_some("facility", key.facility())
}

pub(in crate::pac) fn event(seq: u64, event: &Event, zone: Zone) -> Element {
    let element = Element::new("Event")
        .with("seq", seq)
        .with("time", stamp(zone, event.time))
        .with("received", stamp(zone, event.received))
        .with("type", &event.kind)
        .with("severity", &event.severity)
        .with_some("reason", event.reason.as_ref())
        .with_some("controller", event.controller)
        .with_some("reader", event.reader)
        .with_some("door", event.door)
        .with_some("direction", event.direction)
        .with_some("person", event.person)
        .with_some("ext", event.ext.as_ref());
    let element = match &event.credential {
        Some(credential) => key(element, ["credType", "credNumber"], credential),
        None => element,
    };
    element
        .with_some("command", event.command)
        .with_some("operator", event.operator.as_ref())
        .with_some("native", event.native.as_ref())
        .with_some("text", event.text.as_ref())
}

pub(in crate::pac) fn change(seq: u64, change: &Change, zone: Zone) -> Element {
    Element::new("Change")
        .with("seq", seq)
        .with("time", stamp(zone, change.time))
        .with("entity", change.entity)
        .with("op", change.op)
        .with("id", change.id)
        .with_some("ext", change.ext.as_ref())
        .with_some("rev", change.rev)
        .with("origin", &change.origin)
        .with_some("operator", change.operator.as_ref())
}

/// Reads what a client may write of a person; id, revision and origin are not among it.
pub(in crate::pac) fn read_person(view: &View<'_>) -> Result<Person, Refusal> {
    let first = view.need("first", view.label("first", 64)?)?;
    if first.trim().is_empty() {
        return Err(view.invalid("first", "A person needs a first name."));
    }
    let person = Person {
        ext: view.label("ext", 64)?,
        first,
        middle: view.label("middle", 64)?,
        last: view.label("last", 64)?,
        employee_no: view.label("employeeNo", 64)?,
        department: view.label("department", 64)?,
        email: view.label("email", 256)?,
        active: view.needed_flag("active")?,
        from: view.time("from")?,
        until: view.time("until")?,
        groups: read_groups(view)?,
        credentials: read_credentials(view)?,
        fields: read_fields(view)?,
        ..Person::default()
    };
    in_order(view, person.from, person.until)?;
    Ok(person)
}

/// Reads the children `Group`.
pub(in crate::pac) fn read_groups(view: &View<'_>) -> Result<Vec<Grant>, Refusal> {
    let mut grants = Vec::new();
    let mut seen = BTreeSet::new();
    for group in view.each("Group") {
        let grant = Grant { group: group.needed_id("id")?, from: group.time("from")?, until: group.time("until")? };
        in_order(&group, grant.from, grant.until)?;
        if !seen.insert(grant.group) {
            return Err(group.invalid("id", "The group is named twice."));
        }
        grants.push(grant);
    }
    bounded(view, "Group", grants.len(), MOST_GROUPS)?;
    Ok(grants)
}

fn read_credentials(view: &View<'_>) -> Result<Vec<Credential>, Refusal> {
    let mut credentials: Vec<Credential> = Vec::new();
    for child in view.each("Credential") {
        let credential = read_credential(&child)?;
        if credentials.iter().any(|known| known.key == credential.key) {
            return Err(child.invalid("number", "The credential is named twice."));
        }
        credentials.push(credential);
    }
    bounded(view, "Credential", credentials.len(), MOST_CREDENTIALS)?;
    Ok(credentials)
}

fn read_fields(view: &View<'_>) -> Result<BTreeMap<u8, String>, Refusal> {
    let mut fields = BTreeMap::new();
    for child in view.each("Field") {
        let n = child.need("n", child.number("n", 1..=20)?)?;
        let value = child.need("value", child.label("value", 256)?)?;
        if fields.insert(n, value).is_some() {
            return Err(child.invalid("n", "The field is named twice."));
        }
    }
    bounded(view, "Field", fields.len(), MOST_FIELDS)?;
    Ok(fields)
}

/// Reads a credential whole.
pub(in crate::pac) fn read_credential(view: &View<'_>) -> Result<Credential, Refusal> {
    let credential = Credential {
        key: read_key(view, ["type", "number"])?,
        state: view.needed_word("state", CredentialState::named)?,
        from: view.time("from")?,
        until: view.time("until")?,
    };
    in_order(view, credential.from, credential.until)?;
    Ok(credential)
}

/// Reads kind, number and facility of a credential.
pub(in crate::pac) fn read_key(view: &View<'_>, [kind, number]: [&str; 2]) -> Result<CredentialKey, Refusal> {
    let kind = view.need(kind, view.text(kind))?;
    let digits = view.need(number, view.text(number))?;
    let facility = view.number("facility", 0..=255)?;
    CredentialKey::read(kind, digits, facility)
        .map_err(|error| Refusal::new(Code::CredentialFormat, error.to_string()).at(view.at(number)))
}

fn in_order(view: &View<'_>, from: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>) -> Result<(), Refusal> {
    match (from, until) {
        (Some(from), Some(until)) if from > until => Err(view.invalid("until", "The end is before the beginning.")),
        _ => Ok(()),
    }
}

fn bounded(view: &View<'_>, name: &str, count: usize, most: usize) -> Result<(), Refusal> {
    if count <= most {
        return Ok(());
    }
    let message = format!("There is room for {most} of {name}.");
    Err(Refusal::new(Code::LimitExceeded, message).at(format!("{}/{name}", view.path)))
}
