//! Timezones and day kinds.

use chrono::NaiveTime;
use http::Method;
use serde_json::{Value, json};

use super::id;
use crate::call::{Answer, Call, Fields, Refusal, Reply};
use crate::net2::world::{Slot, Timezone, World, day_name};

pub(super) fn answer(world: &mut World, call: &Call, rest: &[&str]) -> Answer {
    match (&call.method, rest) {
        (&Method::GET, []) => Ok(Reply::list(world.timezones.keys().map(|id| shown(world, *id)))),
        (&Method::POST, []) => store(world, None, &call.fields()?),
        (&Method::GET, ["days"]) => {
            let custom: Vec<i64> = world.custom_days.keys().copied().collect();
            Ok(Reply::list((1..=7).chain(custom).filter_map(|day| shown_day(world, day))))
        }
        (&Method::GET, ["days", day]) => shown_day(world, id(day)?).map(Reply::json).ok_or_else(Refusal::missing),
        (method, [timezone, rest @ ..]) => {
            let timezone = id(timezone)?;
            if !world.timezones.contains_key(&timezone) {
                return Err(Refusal::missing());
            }
            match (method, rest) {
                (&Method::GET, []) => Ok(Reply::json(shown(world, timezone))),
                (&Method::GET, ["detail"]) => Ok(Reply::json(detail(world, timezone))),
                (&Method::PUT | &Method::DELETE, []) if timezone <= 1 => {
                    Err(Refusal::invalid("This timezone cannot be changed."))
                }
                (&Method::PUT, []) => store(world, Some(timezone), &call.fields()?),
                (&Method::DELETE, []) => remove(world, timezone),
                _ => Err(Refusal::missing()),
            }
        }
        _ => Err(Refusal::missing()),
    }
}

fn store(world: &mut World, id: Option<i64>, fields: &Fields) -> Answer {
    let name = fields.text("name")?.filter(|name| !name.trim().is_empty());
    let name = name.ok_or_else(|| Refusal::invalid("A name is required."))?;
    let mut slots = Vec::new();
    for value in fields.list("timeslots")?.into_iter().flatten() {
        slots.push(slot(world, &Fields::from_json(value)?)?);
    }
    let new = id.is_none();
    let id = id.unwrap_or_else(|| world.next_id("timezone"));
    world.timezones.insert(id, Timezone { id, name, slots });
    world.note(571, if new { 590 } else { 591 });
    let status = if new { world.switches.created_status } else { 200 };
    Ok(Reply::json(detail(world, id)).with_status(status))
}

fn slot(world: &mut World, fields: &Fields) -> Result<Slot, Refusal> {
    let day = fields.need_int("dayID")?;
    if shown_day(world, day).is_none() {
        return Err(Refusal::invalid("There is no such day."));
    }
    let slot = Slot {
        id: world.next_id("slot"),
        day,
        start: minute(fields.text("startTime")?)?,
        end: minute(fields.text("endTime")?)?,
    };
    Ok(slot)
}

/// Reads `HH:mm`, with seconds, or behind a date.
fn minute(text: Option<String>) -> Result<String, Refusal> {
    let text = text.unwrap_or_default();
    let time = text.split_once('T').map_or(text.as_str(), |(_, time)| time);
    ["%H:%M", "%H:%M:%S"]
        .iter()
        .find_map(|format| NaiveTime::parse_from_str(time, format).ok())
        .map(|time| time.format("%H:%M").to_string())
        .ok_or_else(|| Refusal::invalid("A time is not valid."))
}

fn remove(world: &mut World, id: i64) -> Answer {
    if world.access_levels.values().any(|level| level.rows.iter().any(|row| row.timezone == id)) {
        return Err(Refusal::invalid("The timezone is in use."));
    }
    world.timezones.remove(&id);
    world.note(571, 592);
    Ok(Reply::empty(204))
}

fn shown(world: &World, id: i64) -> Value {
    json!({ "id": id, "name": world.timezone_name(id) })
}

fn detail(world: &World, id: i64) -> Value {
    let slots: Vec<Value> = world
        .timezones
        .get(&id)
        .into_iter()
        .flat_map(|timezone| &timezone.slots)
        .map(|slot| json!({ "slotID": slot.id, "startTime": slot.start, "endTime": slot.end, "dayID": slot.day }))
        .collect();
    json!({ "id": id, "name": world.timezone_name(id), "timeslots": slots })
}

fn shown_day(world: &World, day: i64) -> Option<Value> {
    let name = day_name(day).map(str::to_owned).or_else(|| world.custom_days.get(&day).cloned())?;
    Some(json!({ "id": day, "name": name }))
}
