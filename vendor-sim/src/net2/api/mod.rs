//! The resources below `/api/v1`.

mod access_levels;
mod commands;
mod departments;
mod doors;
mod events;
mod permissions;
mod reports;
mod settings;
mod timezones;
mod tokens;
mod user_fields;
mod users;

use super::world::World;
use crate::call::{Answer, Call, Refusal};
pub(crate) use doors::status as door_status;
pub(crate) use settings::operators;

/// Answers a call of a signed-in operator; `rest` is the path below the root.
pub(crate) fn answer(world: &mut World, operator: i64, call: &Call, rest: &[&str]) -> Answer {
    forbidden(world, call, rest)?;
    let Some((first, rest)) = rest.split_first() else { return Err(Refusal::missing()) };
    match *first {
        "operators" => settings::operators(world, call, rest),
        "users" => users::answer(world, call, rest),
        "departments" => departments::answer(world, call, rest),
        "accesslevels" => access_levels::answer(world, call, rest),
        "areagroups" => access_levels::area_groups(world, call, rest),
        "timezones" => timezones::answer(world, call, rest),
        "doors" => doors::answer(world, call, rest),
        "doorgroups" => doors::groups(world, call, rest),
        "commands" => commands::answer(world, operator, call, rest),
        "events" => events::answer(world, operator, call, rest),
        "rollcallreports" => reports::roll_calls(world, operator, call, rest),
        "ioboards" => reports::io_boards(world, call, rest),
        "serversettings" => settings::server(world, call, rest),
        "versions" => settings::versions(call, rest),
        "customquery" => settings::custom_query(world, call, rest),
        _ => Err(Refusal::missing()),
    }
}

/// Refuses what the operator may not do.
fn forbidden(world: &World, call: &Call, rest: &[&str]) -> Result<(), Refusal> {
    let path = format!("/{}", rest.join("/"));
    let hit = world.switches.forbid_operator.iter().any(|rule| {
        let (method, prefix) =
            rule.split_once(' ').map_or((None, rule.as_str()), |(method, path)| (Some(method), path));
        let prefix = format!("/{}", prefix.trim().trim_start_matches('/').to_lowercase());
        method.is_none_or(|method| call.method.as_str().eq_ignore_ascii_case(method)) && path.starts_with(&prefix)
    });
    if hit { Err(Refusal::new(403, "The operator has no right to do this.")) } else { Ok(()) }
}

/// An id in a path.
fn id(text: &str) -> Result<i64, Refusal> {
    text.parse().map_err(|_| Refusal::missing())
}
