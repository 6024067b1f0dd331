//! Access levels with their rows, areas and area groups.

use http::Method;
use serde_json::{Value, json};

use super::id;
use crate::call::{Answer, Call, Fields, Refusal, Reply};
use crate::net2::world::{Row, World};

pub(super) fn answer(world: &mut World, call: &Call, rest: &[&str]) -> Answer {
    match (&call.method, rest) {
        (&Method::GET, []) => Ok(list(world)),
        (&Method::POST, []) => create(world, &call.fields()?),
        (&Method::GET, ["areas"]) => {
            Ok(Reply::list(world.areas.values().map(|area| json!({ "areaID": area.id, "name": area.name }))))
        }
        (method, [level, rest @ ..]) => {
            let level = id(level)?;
            let name = world.level_name(level).ok_or_else(Refusal::missing)?;
            match (method, rest) {
                (&Method::GET, []) => Ok(Reply::json(json!({ "id": level, "name": name }))),
                (&Method::GET, ["detail"]) => Ok(Reply::json(detail(world, level, &name))),
                (&Method::PUT | &Method::DELETE, []) if !changeable(world, level) => {
                    Err(Refusal::invalid("This access level cannot be changed."))
                }
                (&Method::PUT, []) => update(world, level, &call.fields()?),
                (&Method::DELETE, []) => {
                    world.delete_access_level(level);
                    Ok(Reply::empty(204))
                }
                _ => Err(Refusal::missing()),
            }
        }
        _ => Err(Refusal::missing()),
    }
}

pub(super) fn area_groups(world: &World, call: &Call, rest: &[&str]) -> Answer {
    let shown = |id: &i64| {
        world.area_groups.get(id).map(|group| json!({ "id": group.id, "name": group.name, "areas": group.areas }))
    };
    match (&call.method, rest) {
        (&Method::GET, []) => Ok(Reply::list(world.area_groups.keys().filter_map(shown))),
        (&Method::GET, [group]) => shown(&id(group)?).map(Reply::json).ok_or_else(Refusal::missing),
        _ => Err(Refusal::missing()),
    }
}

fn changeable(world: &World, level: i64) -> bool {
    level > 1 && world.access_levels.contains_key(&level)
}

fn list(world: &World) -> Reply {
    let levels = world.access_levels.keys().map(|id| (*id, world.level_name(*id).unwrap_or_default()));
    let private = world
        .active_users()
        .filter(|_| world.switches.list_private_levels)
        .map(|user| world.shown_level(user))
        .filter(|(id, _)| *id > crate::net2::world::PRIVATE_LEVEL);
    Reply::list(levels.chain(private).map(|(id, name)| json!({ "id": id, "name": name })))
}

fn detail(world: &World, id: i64, name: &str) -> Value {
    let rows: Vec<Row> = match world.access_levels.get(&id) {
        // The level for everything has a row for each area.
        Some(_) if id == 1 => world.areas.keys().map(|area| Row { area: *area, timezone: 1 }).collect(),
        Some(level) => level.rows.clone(),
        None => private_rows(world, id),
    };
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "areaID": row.area,
                "areaName": world.areas.get(&row.area).map(|area| area.name.clone()),
                "timezoneID": row.timezone,
                "timezoneName": world.timezone_name(row.timezone),
            })
        })
        .collect();
    json!({ "id": id, "name": name, "detailRows": rows })
}

fn private_rows(world: &World, id: i64) -> Vec<Row> {
    let Some(user) = world.users.get(&(id - crate::net2::world::PRIVATE_LEVEL)) else { return Vec::new() };
    let levels = user.levels.iter().filter_map(|level| world.access_levels.get(level));
    let own = user.individual.iter().map(|one| Row { area: one.area, timezone: one.timezone });
    levels.flat_map(|level| level.rows.iter().copied()).chain(own).collect()
}

fn create(world: &mut World, fields: &Fields) -> Answer {
    let (name, rows) = (name(fields)?, rows(world, fields)?);
    let id = world.add_access_level(&name);
    if let Some(level) = world.access_levels.get_mut(&id) {
        level.rows = rows;
    }
    Ok(Reply::json(detail(world, id, &name)).with_status(world.switches.created_status))
}

fn update(world: &mut World, id: i64, fields: &Fields) -> Answer {
    let (name, rows) = (name(fields)?, rows(world, fields)?);
    let keep = rows.is_empty() && world.switches.empty_rows_keep_rows && !has_rows(fields)?;
    if let Some(level) = world.access_levels.get_mut(&id) {
        level.name.clone_from(&name);
        if !keep {
            level.rows = rows;
        }
    }
    world.record_rights();
    world.note(572, 591);
    Ok(Reply::json(detail(world, id, &name)))
}

fn name(fields: &Fields) -> Result<String, Refusal> {
    let name = fields.text("name")?.filter(|name| !name.trim().is_empty());
    name.ok_or_else(|| Refusal::invalid("A name is required."))
}

fn has_rows(fields: &Fields) -> Result<bool, Refusal> {
    Ok(fields.list("detailRows")?.is_some_and(|rows| !rows.is_empty()))
}

/// Rows with timezone 0 mean none.
fn rows(world: &World, fields: &Fields) -> Result<Vec<Row>, Refusal> {
    let mut rows = Vec::new();
    for value in fields.list("detailRows")?.into_iter().flatten() {
        let row = Fields::from_json(value)?;
        let row = Row { area: row.need_int("areaID")?, timezone: row.need_int("timezoneID")? };
        if !world.areas.contains_key(&row.area) || !world.timezones.contains_key(&row.timezone) {
            return Err(Refusal::invalid("An area or timezone is unknown."));
        }
        if row.timezone != 0 {
            rows.push(row);
        }
    }
    Ok(rows)
}
