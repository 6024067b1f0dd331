//! Users, their department, portrait and deletion.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};

use super::{id, permissions, tokens, user_fields};
use crate::call::{Answer, Body, Call, Refusal, Reply, int};
use crate::net2::switches::NoneDepartment;
use crate::net2::world::{TOKEN_TYPES, User, World};

/// Largest portrait in bytes.
const LARGEST_IMAGE: usize = 3_670_016;

pub(super) fn answer(world: &mut World, call: &Call, rest: &[&str]) -> Answer {
    match (&call.method, rest) {
        (&Method::GET, []) => Ok(list(world)),
        (&Method::POST, []) => create(world, call),
        (&Method::DELETE, []) => delete_many(world, call),
        (&Method::GET, ["token", "types"]) => {
            Ok(Reply::list((0..).zip(TOKEN_TYPES).map(|(id, name): (i64, _)| json!({ "id": id, "name": name }))))
        }
        (&Method::GET, ["customfieldnames"]) => Ok(Reply::list(world.custom_fields.keys().map(|id| field(world, *id)))),
        (&Method::GET, ["customfieldnames", number]) => match field(world, id(number)?) {
            Value::Null => Err(Refusal::missing()),
            found => Ok(Reply::json(found)),
        },
        (_, [user, rest @ ..]) => of_user(world, call, known(world, id(user)?)?, rest),
        _ => Err(Refusal::missing()),
    }
}

fn of_user(world: &mut World, call: &Call, user: i64, rest: &[&str]) -> Answer {
    match (&call.method, rest) {
        (&Method::GET, []) => Ok(Reply::json(shown(world, user))),
        (&Method::PUT, []) => update(world, call, user),
        (&Method::DELETE, []) => {
            protect_engineer(user)?;
            world.delete_user(user);
            Ok(Reply::empty(200))
        }
        (_, ["departments"]) => department(world, call, user),
        (_, ["doorpermissionset"]) => permissions::answer(world, call, user),
        (_, ["tokens", rest @ ..]) => tokens::answer(world, call, user, rest),
        (_, ["image"]) => image(world, call, user),
        _ => Err(Refusal::missing()),
    }
}

/// The id, if the API shows a user with it.
fn known(world: &World, user: i64) -> Result<i64, Refusal> {
    let engineer = user == 0 && world.switches.list_system_engineer;
    let listed = engineer || world.users.get(&user).is_some_and(|user| user.active);
    if listed { Ok(user) } else { Err(Refusal::missing()) }
}

fn protect_engineer(user: i64) -> Result<(), Refusal> {
    if user == 0 { Err(Refusal::new(403, "The system engineer cannot be changed.")) } else { Ok(()) }
}

fn list(world: &World) -> Reply {
    let with_permissions = !world.switches.list_users_without_permissions;
    let engineer =
        world.switches.list_system_engineer.then(|| user_fields::shown(world, &engineer(), with_permissions));
    let users = world.active_users().map(|user| user_fields::shown(world, user, with_permissions));
    Reply::list(engineer.into_iter().chain(users))
}

fn engineer() -> User {
    User { first_name: Some("System".into()), last_name: Some("engineer".into()), levels: vec![1], ..User::default() }
}

fn shown(world: &World, user: i64) -> Value {
    world
        .users
        .get(&user)
        .map_or_else(|| user_fields::shown(world, &engineer(), true), |user| user_fields::shown(world, user, true))
}

fn create(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields()?;
    let mut user = User::default();
    user_fields::apply(world, &mut user, &fields, true)?;
    if let Some(set) = fields.value("doorAccessPermissionSet")
        && !world.switches.create_user_ignores_permission_set
    {
        permissions::apply(world, &mut user, set)?;
    }
    let id = world.insert_user(user);
    Ok(Reply::json(shown(world, id)).with_status(world.switches.created_status))
}

fn update(world: &mut World, call: &Call, user: i64) -> Answer {
    protect_engineer(user)?;
    let fields = call.fields()?;
    if fields.int("id")?.is_some_and(|other| other != user) {
        return Err(Refusal::invalid("The id in the body is not the id in the path."));
    }
    let mut changed = world.users.get(&user).cloned().ok_or_else(Refusal::missing)?;
    user_fields::apply(world, &mut changed, &fields, false)?;
    world.change_user(user, |user| *user = changed);
    Ok(Reply::json(shown(world, user)))
}

fn delete_many(world: &mut World, call: &Call) -> Answer {
    let purge = call.param("purge").is_some_and(|purge| purge.eq_ignore_ascii_case("true"));
    let ids = call.json()?;
    let ids = ids.as_array().ok_or_else(|| Refusal::invalid("A list of ids is expected."))?;
    let ids: Vec<i64> = ids
        .iter()
        .map(|value| int(value).ok_or_else(|| Refusal::invalid("An id is not valid.")))
        .collect::<Result<_, _>>()?;
    for user in ids {
        protect_engineer(user)?;
        if purge {
            world.purge_user(user);
        } else {
            world.delete_user(user);
        }
    }
    Ok(Reply::empty(200))
}

fn department(world: &mut World, call: &Call, user: i64) -> Answer {
    match call.method {
        Method::GET => {
            let department = world.users.get(&user).map_or(0, |user| user.department);
            Ok(match (world.departments.get(&department), world.switches.none_department) {
                (Some(found), _) => Reply::list([json!({ "id": found.id, "name": found.name })]),
                (None, NoneDepartment::Empty) => Reply::list([]),
                (None, NoneDepartment::Zero) => Reply::list([json!({ "id": 0, "name": "(none)" })]),
                (None, NoneDepartment::Null) => Reply::json(Value::Null),
            })
        }
        Method::PUT => {
            protect_engineer(user)?;
            let wanted = call.fields()?.need_int("id")?;
            if wanted != 0 && !world.departments.contains_key(&wanted) {
                return Err(Refusal::invalid("There is no such department."));
            }
            world.change_user(user, |user| user.department = wanted);
            Ok(Reply::empty(204))
        }
        Method::DELETE => {
            protect_engineer(user)?;
            world.change_user(user, |user| user.department = 0);
            Ok(Reply::empty(204))
        }
        _ => Err(Refusal::missing()),
    }
}

fn image(world: &mut World, call: &Call, user: i64) -> Answer {
    match call.method {
        Method::GET => {
            let image = world.users.get(&user).and_then(|user| user.image.clone()).ok_or_else(Refusal::missing)?;
            if world.switches.image_json {
                return Ok(Reply::json(json!({ "base64Data": image })));
            }
            let bytes = STANDARD.decode(image).unwrap_or_default();
            Ok(Reply { status: 200, body: Body::Bytes("image/jpeg", bytes) })
        }
        Method::PUT => {
            let text = call.fields()?.text("base64Data")?.ok_or_else(|| Refusal::invalid("base64Data is required."))?;
            let bytes = STANDARD.decode(&text).map_err(|_| Refusal::invalid("The image is not base64."))?;
            if bytes.len() > LARGEST_IMAGE {
                return Ok(Reply::html(413, "Request Entity Too Large"));
            }
            world.change_user(user, |user| user.image = Some(text));
            Ok(Reply::empty(204))
        }
        Method::DELETE => {
            world.change_user(user, |user| user.image = None);
            Ok(Reply::empty(204))
        }
        _ => Err(Refusal::missing()),
    }
}

fn field(world: &World, id: i64) -> Value {
    world.custom_fields.get(&id).map_or(
        Value::Null,
        |field| json!({ "id": field.id, "name": field.name, "type": 0, "maxLength": field.max_length }),
    )
}
