//! Doors, their status, door groups.

use http::Method;
use serde_json::{Value, json};

use super::id;
use crate::call::{Answer, Call, Refusal, Reply};
use crate::net2::world::{Door, World};

pub(super) fn answer(world: &World, call: &Call, rest: &[&str]) -> Answer {
    match (&call.method, rest) {
        (&Method::GET, []) => Ok(Reply::list(world.doors.values().map(shown))),
        (&Method::GET, ["status"]) => {
            Ok(Reply::list(world.doors.values().map(|door| json!({ "id": door.id, "status": status(door) }))))
        }
        (&Method::GET, [door]) => world.doors.get(&id(door)?).map(shown).map(Reply::json).ok_or_else(Refusal::missing),
        _ => Err(Refusal::missing()),
    }
}

pub(super) fn groups(world: &World, call: &Call, rest: &[&str]) -> Answer {
    let members = |group: i64| Reply::list(world.doors.values().filter(|door| door.group == group).map(shown));
    let one = |group: i64| {
        let group = world.door_groups.get(&group).ok_or_else(Refusal::missing)?;
        Ok::<Value, Refusal>(json!({ "id": group.id, "name": group.name }))
    };
    match (&call.method, rest) {
        (&Method::GET, []) => Ok(Reply::list(world.door_groups.keys().filter_map(|group| one(*group).ok()))),
        (&Method::GET, ["root", "doors"]) => Ok(members(0)),
        (&Method::GET, [group]) => one(id(group)?).map(Reply::json),
        (&Method::GET, [group, "doors"]) => {
            let group = id(group)?;
            one(group).map(|_| members(group))
        }
        _ => Err(Refusal::missing()),
    }
}

/// The six flags of a door.
pub(crate) fn status(door: &Door) -> Value {
    json!({
        "doorRelayOpen": door.relay_open,
        "doorContactClosed": door.contact_closed,
        "alarmTripped": door.alarm_tripped,
        "intruderAlarmArmed": door.intruder_armed,
        "psuContactClosed": door.psu_closed,
        "tamperContactClosed": door.tamper_closed,
    })
}

fn shown(door: &Door) -> Value {
    json!({ "id": door.id, "name": door.name })
}
