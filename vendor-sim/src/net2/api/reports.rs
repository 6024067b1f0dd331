//! Roll calls and IO boards.

use http::Method;
use serde_json::{Value, json};

use super::id;
use crate::call::{Answer, Call, Fields, Refusal, Reply};
use crate::net2::world::{Live, RollCall, World};

pub(super) fn roll_calls(world: &mut World, operator: i64, call: &Call, rest: &[&str]) -> Answer {
    match (&call.method, rest) {
        (&Method::GET, []) => Ok(Reply::list(world.roll_calls.values().map(shown))),
        (&Method::POST, []) => {
            let name = call.fields()?.text("name")?.unwrap_or_else(|| "Roll call".to_owned());
            let id = world.next_id("roll_call");
            let users = world.active_users().filter(|user| user.last_area.is_some()).map(|user| user.id).collect();
            let report = RollCall { id, name, users, ..RollCall::default() };
            let value = shown(&report);
            world.roll_calls.insert(id, report);
            Ok(Reply::json(value).with_status(world.switches.created_status))
        }
        (method, [report, rest @ ..]) => {
            let report = id(report)?;
            let known = world.roll_calls.get(&report).ok_or_else(Refusal::missing)?;
            match (method, rest) {
                (&Method::GET, []) => Ok(Reply::json(shown(known))),
                (&Method::GET, ["reportitems"]) => {
                    Ok(Reply::list(known.users.iter().map(|user| item(world, known, *user))))
                }
                (&Method::GET, ["reportitems", user]) => {
                    let user = id(user)?;
                    if !known.users.contains(&user) {
                        return Err(Refusal::missing());
                    }
                    Ok(Reply::json(item(world, known, user)))
                }
                (&Method::POST, ["reportitems", user, "safeupdates"]) => mark(world, report, id(user)?, Some(operator)),
                (&Method::DELETE, ["reportitems", user, "safeupdates", _by]) => mark(world, report, id(user)?, None),
                _ => Err(Refusal::missing()),
            }
        }
        _ => Err(Refusal::missing()),
    }
}

pub(super) fn io_boards(world: &mut World, call: &Call, rest: &[&str]) -> Answer {
    match (&call.method, rest) {
        (&Method::GET, []) => {
            Ok(Reply::list(world.io_boards.values().map(|board| json!({ "id": board.id, "name": board.name }))))
        }
        (method, [board, rest @ ..]) => {
            let board = world.io_boards.get_mut(&id(board)?).ok_or_else(Refusal::missing)?;
            let inputs: Vec<Value> = board
                .inputs
                .iter()
                .map(|(id, pressed)| json!({ "inputID": id, "name": format!("Input {id}"), "isPressed": pressed }))
                .collect();
            let outputs: Vec<Value> = board
                .outputs
                .iter()
                .map(|(id, on)| json!({ "outputID": id, "name": format!("Output {id}"), "isEnergised": on }))
                .collect();
            let head = json!({ "id": board.id, "name": board.name });
            match (method, rest) {
                (&Method::GET, []) => Ok(Reply::json(head)),
                (&Method::GET, ["inputs"]) => Ok(Reply::list(inputs)),
                (&Method::GET, ["outputs"]) => Ok(Reply::list(outputs)),
                (&Method::GET, ["detail"]) => {
                    Ok(Reply::json(json!({ "id": board.id, "name": board.name, "inputs": inputs, "outputs": outputs })))
                }
                (&Method::POST, ["relays"]) => {
                    let fields: Fields = call.fields()?;
                    let output = fields.int("relayId")?.or(fields.int("outputID")?).unwrap_or(1);
                    let open = fields.int("setting")?.unwrap_or(1) == 1;
                    board.outputs.insert(output, open);
                    Ok(Reply::empty(200))
                }
                _ => Err(Refusal::missing()),
            }
        }
        _ => Err(Refusal::missing()),
    }
}

fn shown(report: &RollCall) -> Value {
    json!({ "id": report.id, "name": report.name })
}

fn item(world: &World, report: &RollCall, user: i64) -> Value {
    let found = world.users.get(&user);
    json!({
        "userId": user,
        "firstName": found.and_then(|user| user.first_name.clone()),
        "lastName": found.and_then(|user| user.last_name.clone()),
        "isSafe": report.safe.contains_key(&user),
        "safeById": report.safe.get(&user),
    })
}

fn mark(world: &mut World, report: i64, user: i64, by: Option<i64>) -> Answer {
    let known = world.roll_calls.get_mut(&report).ok_or_else(Refusal::missing)?;
    if !known.users.contains(&user) {
        return Err(Refusal::missing());
    }
    match by {
        Some(by) => known.safe.insert(user, by),
        None => known.safe.remove(&user),
    };
    world.outbox.push(Live::RollCall { report, user, safe: by.is_some() });
    Ok(Reply::empty(200))
}
