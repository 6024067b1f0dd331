//! Orders to doors and to the building.

use http::Method;
use serde_json::json;

use crate::call::{Answer, Call, Fields, Refusal, Reply};
use crate::net2::world::{DoorOrder, World};

pub(super) fn answer(world: &mut World, operator: i64, call: &Call, rest: &[&str]) -> Answer {
    if call.method != Method::POST {
        return Err(Refusal::missing());
    }
    match rest {
        ["door", "open"] => order(world, operator, call, DoorOrder::Open { for_ms: None }),
        ["door", "holdopen"] => order(world, operator, call, DoorOrder::Hold),
        ["door", "close"] => order(world, operator, call, DoorOrder::Close),
        ["door", "control"] => control(world, operator, call),
        ["antipassback", "reset"] => {
            let user = call.fields()?.need_int("userId")?;
            if !world.users.contains_key(&user) {
                return Err(Refusal::invalid("There is no such user."));
            }
            world.note(576, 0);
            Ok(Reply::empty(200))
        }
        ["controllockdown"] => lockdown(world, call),
        _ => Err(Refusal::missing()),
    }
}

fn order(world: &mut World, operator: i64, call: &Call, order: DoorOrder) -> Answer {
    let door = known_door(world, &call.fields()?)?;
    world.order_door(door, order, operator);
    Ok(Reply::empty(200))
}

fn control(world: &mut World, operator: i64, call: &Call) -> Answer {
    let fields = call.fields()?;
    let door = known_door(world, &fields)?;
    let relay = fields.value("relayFunction").ok_or_else(|| Refusal::invalid("relayFunction is required."))?;
    let relay = Fields::from_json(relay)?;
    if !matches!(relay.text("relayId")?.as_deref(), Some("Relay1" | "Relay2")) {
        return Err(Refusal::invalid("There is no such relay."));
    }
    let for_ms = relay.int("relayOpenTime")?;
    let order = match relay.text("relayAction")?.as_deref() {
        Some("TimedOpen") => DoorOrder::Open { for_ms },
        Some("HoldOpen" | "Hold" | "Latch") => DoorOrder::Hold,
        Some("Close") => DoorOrder::Close,
        _ => return Err(Refusal::invalid("There is no such relay action.")),
    };
    world.order_door(door, order, operator);
    Ok(Reply::empty(200))
}

fn lockdown(world: &mut World, call: &Call) -> Answer {
    let wanted = call.fields()?.flag("lockdown")?.ok_or_else(|| Refusal::invalid("lockdown is required."))?;
    if world.switches.lockdown_without_rules {
        return Ok(Reply::json(json!({ "output": { "errors": ["No lockdown rule is set up."] } })));
    }
    world.lockdown = wanted;
    world.note(if wanted { 590 } else { 591 }, 0);
    Ok(Reply::json(json!({ "output": { "errors": [] } })))
}

fn known_door(world: &World, fields: &Fields) -> Result<i64, Refusal> {
    let door = fields.need_int("doorId")?;
    if world.doors.contains_key(&door) { Ok(door) } else { Err(Refusal::new(404, "There is no such door.")) }
}
