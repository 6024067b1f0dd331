//! Departments.

use http::Method;
use serde_json::{Value, json};

use super::{id, user_fields};
use crate::call::{Answer, Call, Refusal, Reply};
use crate::net2::world::World;

pub(super) fn answer(world: &mut World, call: &Call, rest: &[&str]) -> Answer {
    match (&call.method, rest) {
        (&Method::GET, []) => {
            let zero = world.switches.list_department_zero.then(|| json!({ "id": 0, "name": none(world) }));
            let all = world.departments.keys().map(|id| shown(world, *id));
            Ok(Reply::list(zero.into_iter().chain(all)))
        }
        (&Method::POST, []) => {
            let name = name(call)?;
            let id = world.add_department(&name);
            Ok(Reply::json(shown(world, id)).with_status(world.switches.created_status))
        }
        (&Method::GET, ["root", "users"]) => Ok(users(world, 0)),
        (_, [department, rest @ ..]) => of_department(world, call, id(department)?, rest),
        _ => Err(Refusal::missing()),
    }
}

fn of_department(world: &mut World, call: &Call, id: i64, rest: &[&str]) -> Answer {
    if id == 0 && call.method != Method::GET {
        return Err(Refusal::invalid("This department cannot be changed."));
    }
    if id == 0 && rest.is_empty() && world.switches.list_department_zero {
        return Ok(Reply::json(json!({ "id": 0, "name": none(world) })));
    }
    if id != 0 && !world.departments.contains_key(&id) {
        return Err(Refusal::missing());
    }
    match (&call.method, rest) {
        (&Method::GET, []) if id != 0 => Ok(Reply::json(shown(world, id))),
        (&Method::GET, ["users"]) => Ok(users(world, id)),
        (&Method::PUT, []) => {
            let name = name(call)?;
            if let Some(department) = world.departments.get_mut(&id) {
                department.name = name;
            }
            Ok(Reply::json(shown(world, id)))
        }
        (&Method::DELETE, []) => {
            world.delete_department(id);
            Ok(Reply::empty(204))
        }
        _ => Err(Refusal::missing()),
    }
}

fn name(call: &Call) -> Result<String, Refusal> {
    let name = call.fields()?.text("name")?.filter(|name| !name.trim().is_empty());
    name.ok_or_else(|| Refusal::invalid("A name is required."))
}

fn users(world: &World, department: i64) -> Reply {
    let with_permissions = !world.switches.list_users_without_permissions;
    let members = world.active_users().filter(|user| user.department == department);
    Reply::list(members.map(|user| user_fields::shown(world, user, with_permissions)))
}

fn shown(world: &World, id: i64) -> Value {
    json!({ "id": id, "name": world.departments.get(&id).map(|department| department.name.clone()) })
}

fn none(world: &World) -> &'static str {
    if world.switches.localised_texts { "(ingen)" } else { "(none)" }
}
