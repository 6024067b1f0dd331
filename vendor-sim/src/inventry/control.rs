//! Control calls of the school.

use http::Method;
use serde_json::{Value, json};

use super::world::{DeviceKind, EVENT, EventType, PersonType, World};
use crate::bridge::{Done, Sent, access, done, id_of, licence};
use crate::host::{Call, Reply};

/// What can be called.
pub(super) const CALLS: &[&str] = &[
    "GET /__control/state (numbers of what there is)",
    "GET /__control/people, departments, devices (as the contract shows them)",
    "POST /__control/people {\"forename\", \"surname\", \"type\"}",
    "POST /__control/people/ID {\"forename\", \"surname\", \"card\", \"enabled\", \"departments\"}",
    "POST /__control/people/ID/merge {\"into\"}",
    "POST /__control/departments {\"name\"}, departments/ID {\"name\", \"enabled\"}",
    "POST /__control/devices {\"name\", \"kind\"}, devices/ID {\"name\", \"enabled\"}",
    "DELETE /__control/people/ID, departments/ID, devices/ID, events/ID",
    "POST /__control/sign {\"person\", \"device\", \"type\": \"sign_in\", \"at\"} (with at: stored late)",
    "POST /__control/sign-out-all {\"at\"} (as at night)",
    "POST /__control/events/ID {\"at\"} or {\"voided\": true} (a new version)",
    "POST /__control/events/bulk {\"count\"}",
    "POST /__control/events/trim {\"oldest\"}",
    "POST /__control/deletions/trim {\"oldest\"}, deletions/reset",
    "GET|POST /__control/licence {\"active\", \"until\"}",
    "POST /__control/access {\"key\", \"user\", \"password\"}",
];

/// Answers a control call; `None` if it is none.
pub(super) fn answer(world: &mut World, call: &Call, rest: &[&str]) -> Option<Reply> {
    let sent = Sent::of(call);
    let result = match (&call.method, rest) {
        (&Method::GET, ["state"]) => Ok(state(world)),
        (&Method::GET, [what @ ("people" | "departments" | "devices")]) => Ok(list(world, what)),
        (&Method::POST, ["people", rest @ ..]) => people(world, &sent, rest),
        (&Method::POST, ["departments", rest @ ..]) => departments(world, &sent, rest),
        (&Method::POST, ["devices", rest @ ..]) => devices(world, &sent, rest),
        (&Method::DELETE, [what, id]) => delete(world, what, id),
        (&Method::POST, ["sign"]) => sign(world, &sent),
        (&Method::POST, ["sign-out-all"]) => sent.instant("at").map(|at| {
            world.sign_out_all(at.unwrap_or_else(|| world.now()));
            state(world)
        }),
        (&Method::POST, ["events", what]) => events(world, &sent, what),
        (&Method::POST, ["deletions", "trim"]) => sent.number("oldest").map(|oldest| {
            world.trim_deletions(oldest);
            state(world)
        }),
        (&Method::POST, ["deletions", "reset"]) => {
            world.reset_deletions();
            Ok(state(world))
        }
        (_, ["licence"]) => licence(&mut world.licence, &sent, call.method == Method::POST),
        (&Method::POST, ["access"]) => access(&mut world.access, &sent),
        _ => return None,
    };
    Some(done(result))
}

fn state(world: &World) -> Value {
    json!({
        "people": world.people.len(),
        "personnel": world.personnel().count(),
        "departments": world.departments.len(),
        "devices": world.devices.len(),
        "events": world.events.len(),
        "visits": world.visits.len(),
        "on_site": world.present().count(),
        "last_seq": world.last_seq(),
        "cursor": world.counters.cursor,
    })
}

fn list(world: &World, what: &str) -> Value {
    match what {
        "people" => world.people.values().map(|person| world.person_json(person)).collect(),
        "departments" => world.departments.values().map(|one| world.department_json(one)).collect(),
        _ => world.devices.values().map(|device| world.device_json(device)).collect(),
    }
}

fn people(world: &mut World, sent: &Sent, rest: &[&str]) -> Done {
    let id = match rest {
        [] => {
            let kind = PersonType::of(sent.text("type").unwrap_or("personnel")).ok_or("there is no such type")?;
            let (forename, surname) = (sent.text("forename").unwrap_or_default(), sent.needed("surname")?);
            world.add_somebody(kind, forename, surname)
        }
        [id] => change_person(world, sent, id)?,
        [id, "merge"] => {
            let (from, into) = (id_of("", id).ok_or("this is no id")?, sent.id("into", "")?);
            world.merge(from, into);
            into
        }
        _ => return Err("there is no such call".to_owned()),
    };
    world.people.get(&id).map(|person| world.person_json(person)).ok_or_else(|| "there is no such person".to_owned())
}

fn change_person(world: &mut World, sent: &Sent, id: &str) -> Result<u32, String> {
    let id = id_of("", id).filter(|id| world.people.contains_key(id)).ok_or("there is no such person")?;
    if let (Some(forename), Some(surname)) = (sent.text("forename"), sent.text("surname")) {
        world.rename(id, forename, surname);
    }
    if let Some(card) = sent.text("card") {
        world.recard(id, card);
    }
    if let Some(enabled) = sent.flag("enabled") {
        world.change_person(id, |person| person.enabled = enabled);
    }
    if let Some(departments) = sent.ids("departments", "")? {
        world.set_departments(id, &departments);
    }
    Ok(id)
}

fn departments(world: &mut World, sent: &Sent, rest: &[&str]) -> Done {
    let id = match rest {
        [] => world.add_department(sent.needed("name")?),
        [id] => id_of("", id).filter(|id| world.departments.contains_key(id)).ok_or("there is no such department")?,
        _ => return Err("there is no such call".to_owned()),
    };
    world.change_department(id, |department| {
        if let Some(name) = sent.text("name") {
            name.clone_into(&mut department.name);
        }
        department.enabled = sent.flag("enabled").unwrap_or(department.enabled);
    });
    world.departments.get(&id).map(|one| world.department_json(one)).ok_or_else(String::new)
}

fn devices(world: &mut World, sent: &Sent, rest: &[&str]) -> Done {
    let id = match rest {
        [] => {
            let kind = DeviceKind::of(sent.text("kind").unwrap_or("kiosk")).ok_or("there is no such kind")?;
            world.add_device(sent.needed("name")?, kind)
        }
        [id] => id_of("", id).filter(|id| world.devices.contains_key(id)).ok_or("there is no such device")?,
        _ => return Err("there is no such call".to_owned()),
    };
    world.change_device(id, |device| {
        if let Some(name) = sent.text("name") {
            name.clone_into(&mut device.name);
        }
        device.enabled = sent.flag("enabled").unwrap_or(device.enabled);
    });
    world.devices.get(&id).map(|device| world.device_json(device)).ok_or_else(String::new)
}

fn delete(world: &mut World, what: &str, id: &str) -> Done {
    let number = id.strip_prefix(EVENT).unwrap_or(id).parse::<u64>().map_err(|_| format!("{id} is no id"))?;
    let short = u32::try_from(number).unwrap_or(0);
    match what {
        "people" => world.delete(short),
        "departments" => world.delete_department(short),
        "devices" => world.delete_device(short),
        "events" => world.delete_event(number),
        _ => return Err(format!("there are no {what}")),
    }
    Ok(json!({ "ok": true }))
}

fn sign(world: &mut World, sent: &Sent) -> Done {
    let person = sent.id("person", "")?;
    let device = sent.id("device", "").ok();
    let kind = EventType::of(sent.text("type").unwrap_or("sign_in")).ok_or("there is no such type")?;
    let event = match sent.instant("at")? {
        Some(at) => world.sign_late(kind, person, device, at),
        None => world.sign(kind, person, device),
    };
    Ok(json!({ "event": world.event_id(event), "seq": world.last_seq() }))
}

fn events(world: &mut World, sent: &Sent, what: &str) -> Done {
    match what {
        "bulk" => world.bulk_events(usize::try_from(sent.number("count")?).unwrap_or(0)),
        "trim" => world.trim_events(sent.number("oldest")?),
        id => {
            let id = id.strip_prefix(EVENT).unwrap_or(id).parse().map_err(|_| format!("{id} is no id"))?;
            let done = match (sent.flag("voided"), sent.instant("at")?) {
                (Some(true), _) => world.void(id),
                (_, Some(at)) => world.correct(id, at),
                _ => return Err("at or voided is missing".to_owned()),
            };
            done.ok_or("there is no such event")?;
        }
    }
    Ok(state(world))
}
