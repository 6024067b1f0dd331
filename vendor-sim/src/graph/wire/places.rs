//! Rooms and room lists.

use http::Method;
use serde_json::{Value, json};

use super::error::{Fail, Outcome};
use super::options::{link, number};
use crate::graph::render;
use crate::graph::sim::overlaid;
use crate::graph::world::{Permission, Room, World};
use crate::host::{Call, Reply};

/// Rooms on a page if the caller asks for no number.
const PAGE: usize = 100;

pub(super) fn answer(world: &World, call: &Call, rest: &[&str]) -> Outcome {
    if !world.may(Permission::PlaceReadAll) {
        return Err(Fail::new(
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        ));
    }
    if call.method != Method::GET {
        return Err(Fail::new(405, "Request_BadRequest", "Specified HTTP method is not allowed."));
    }
    if call.param("$filter").is_some() {
        return Err(Fail::new(400, "BadRequest", "This simulator does not filter places."));
    }
    match rest {
        [kind] if is(kind, "room") => {
            let shown: Vec<&Room> = world.rooms.values().filter(|room| !room.hidden).collect();
            let shown = if world.switches.places_empty { Vec::new() } else { shown };
            rooms(world, call, &shown, "places/microsoft.graph.room")
        }
        [kind] if is(kind, "roomlist") => {
            let lists: &[_] = if world.switches.places_empty { &[] } else { &world.lists };
            list(world, call, lists, render::room_list, "places/microsoft.graph.roomList")
        }
        [address, kind, what] if is(kind, "roomlist") && what.eq_ignore_ascii_case("rooms") => {
            let found = world.lists.iter().find(|list| list.address.eq_ignore_ascii_case(address));
            let list = found.ok_or_else(missing)?;
            let members: Vec<&Room> =
                list.rooms.iter().filter_map(|room| world.rooms.get(room)).filter(|room| !room.hidden).collect();
            rooms(world, call, &members, "places/microsoft.graph.room")
        }
        [place] => one(world, place),
        _ => Err(missing()),
    }
}

fn is(piece: &str, kind: &str) -> bool {
    piece.to_lowercase().strip_prefix("microsoft.graph.") == Some(kind)
}

fn missing() -> Fail {
    Fail::new(404, "ResourceNotFound", "Resource could not be discovered.")
}

fn one(world: &World, place: &str) -> Outcome {
    let typed = |value: Value, kind: &str| {
        overlaid(
            json!({ "@odata.type": format!("#microsoft.graph.{kind}") }),
            value.as_object().unwrap_or(&serde_json::Map::new()),
        )
    };
    let room = world.rooms.values().find(|room| {
        !room.hidden && (room.id == place || room.place_id == place || room.address.eq_ignore_ascii_case(place))
    });
    if let Some(room) = room {
        return Ok(Reply::json(200, &typed(render::room(world, room), "room")));
    }
    let list = world.lists.iter().find(|list| list.id == place || list.address.eq_ignore_ascii_case(place));
    list.map(|list| Reply::json(200, &typed(render::room_list(list), "roomList"))).ok_or_else(missing)
}

fn rooms(world: &World, call: &Call, all: &[&Room], what: &str) -> Outcome {
    list(world, call, all, |room| render::room(world, room), what)
}

fn list<T>(world: &World, call: &Call, all: &[T], show: impl Fn(&T) -> Value, what: &str) -> Outcome {
    let switches = &world.switches;
    let top = number(call, "$top")?.unwrap_or(PAGE).clamp(1, switches.rooms_page.max(1));
    let skip = number(call, "$skip")?.unwrap_or(0);
    let again = usize::from(switches.rooms_repeat && skip > 0);
    let select: Option<Vec<&str>> = call.param("$select").map(|text| text.split(',').map(str::trim).collect());
    let narrowed = |mut value: Value| {
        if let (Some(select), Some(object)) = (&select, value.as_object_mut()) {
            object.retain(|key, _| key == "id" || select.contains(&key.as_str()));
        }
        value
    };
    let items: Vec<Value> = all.iter().skip(skip - again).take(top + again).map(|item| narrowed(show(item))).collect();
    let mut body = json!({ "@odata.context": format!("{}/v1.0/$metadata#{what}", world.url) });
    if let Some(object) = body.as_object_mut() {
        if call.param("$count") == Some("true") && !switches.rooms_without_count {
            let count = i64::try_from(all.len()).unwrap_or(i64::MAX).saturating_add(switches.rooms_overcounted);
            object.insert("@odata.count".to_owned(), json!(count));
        }
        if skip + top < all.len() && !switches.rooms_without_next_link {
            let next = link(world, call, &[("$skip", (skip + top).to_string())]);
            object.insert("@odata.nextLink".to_owned(), json!(next));
        }
        object.insert("value".to_owned(), Value::Array(items));
    }
    Ok(Reply::json(200, &body))
}
