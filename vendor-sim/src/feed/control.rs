//! Control calls: everything a test may do to the simulator from outside.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::faults::Fault;
use super::injection::{ForgedEvent, title_with_line};
use super::server::{Server, Shared};
use super::world::{Booking, Link, World};
use crate::call::{Answer, Call, Fields, Refusal, Reply};
use crate::listen::{Connection, Order};
use crate::switching;

/// What can be called, for whoever asks.
const CALLS: [&str; 22] = [
    "GET /__control",
    "GET /__control/state",
    "GET|POST /__control/switches {\"name\": value, …}",
    "GET|POST /__control/clock {\"now\": \"…Z\", \"advance_seconds\": n, \"frozen\": true}",
    "GET|POST|DELETE /__control/faults {\"path\", \"nth\", \"times\", \"until\", \"action\", \"status\", \"retry_after\", \"location\", \"at\", \"delay_ms\", …}",
    "GET /__control/links",
    "POST /__control/key (another secret: all links so far are wrong)",
    "POST /__control/restart {\"down_ms\": n}",
    "POST /__control/certificate (with TLS: another one from the next connection on)",
    "GET|DELETE /__control/requests",
    "GET /__control/counts",
    "GET /__control/snapshots",
    "POST /__control/snapshots/NAME",
    "POST /__control/snapshots/NAME/restore",
    "GET|POST /__control/bookings {\"title\", \"notes\", \"rooms\": [names or ids], \"start\", \"end\", \"person\": {\"name\", \"email\"} or null, \"participants\": […], \"status\", \"private\", \"repeat\": {\"count\", \"every_days\"}}",
    "GET|PUT|DELETE /__control/bookings/ID (PUT changes what is named; \"shift_minutes\" moves)",
    "POST /__control/bookings/ID/following {\"shift_minutes\": n}",
    "POST /__control/bookings/ID/inject {\"kind\": \"short\"|\"whole\"|\"faithful\"|\"line\", \"room\", \"start\", \"end\", \"name\", \"email\", \"line\"}",
    "GET|POST /__control/rooms {\"name\"}",
    "DELETE /__control/rooms/ID (with the bookings that have no other)",
    "GET|POST /__control/people {\"name\", \"email\"}",
    "POST /__control/empty (all bookings are gone)",
];

/// Answers a control call.
pub(super) fn answer(shared: &Shared, connection: Connection, call: &Call) -> Reply {
    let segments: Vec<&str> = call.segments.iter().skip(1).map(String::as_str).collect();
    if (&call.method, segments.as_slice()) == (&Method::POST, &["restart"]) {
        let down = optional(call).ok().and_then(|fields| fields.int("down_ms").ok().flatten()).unwrap_or(0);
        let down = Duration::from_millis(u64::try_from(down).unwrap_or(0));
        shared.order(Order::Restart { down, spare: Some(connection) });
        return Reply::plain(200, json!({ "restarted": true }));
    }
    if (&call.method, segments.as_slice()) == (&Method::POST, &["certificate"]) {
        return certificate(shared).unwrap_or_else(Refusal::into_reply);
    }
    dispatch(&mut shared.lock(), call, &segments).unwrap_or_else(Refusal::into_reply)
}

fn certificate(shared: &Shared) -> Answer {
    let mut server = shared.lock();
    let acceptor = server.regenerate_certificate().map_err(|error| Refusal::invalid(error.to_string()))?;
    shared.order(Order::Certificate(acceptor));
    ok(&json!({ "fingerprint": server.tls.as_ref().map(|tls| &tls.fingerprint) }))
}

fn dispatch(server: &mut Server, call: &Call, segments: &[&str]) -> Answer {
    let get = call.method == Method::GET;
    match (&call.method, segments) {
        (&Method::GET, []) => ok(&json!({ "calls": CALLS })),
        (&Method::GET, ["state"]) => ok(&server.world.dump().map_err(|error| Refusal::new(500, error.to_string()))?),
        (_, ["switches"]) => switches(&mut server.world, call, get),
        (_, ["clock"]) => clock(&mut server.world, call, get),
        (_, ["faults"]) => faults(server, call),
        (&Method::GET, ["links"]) => ok(&links(&server.world)),
        (&Method::POST, ["key"]) => {
            server.world.change_key();
            ok(&links(&server.world))
        }
        (&Method::GET, ["requests"]) => ok(&server.log.entries()),
        (&Method::DELETE, ["requests"]) => {
            server.log.clear();
            done()
        }
        (&Method::GET, ["counts"]) => ok(&server.log.counts()),
        (&Method::GET, ["snapshots"]) => ok(&server.snapshots.keys().collect::<Vec<_>>()),
        (&Method::POST, ["snapshots", name]) => {
            server.snapshots.insert((*name).to_owned(), server.world.clone());
            done()
        }
        (&Method::POST, ["snapshots", name, "restore"]) => {
            let older = server.snapshots.get(*name).cloned().ok_or_else(Refusal::missing)?;
            server.world.restore(older);
            done()
        }
        (_, ["bookings", rest @ ..]) => bookings(&mut server.world, call, rest),
        (_, ["rooms", rest @ ..]) => rooms(&mut server.world, call, rest),
        (_, ["people"]) => people(&mut server.world, call),
        (&Method::POST, ["empty"]) => {
            server.world.bookings.clear();
            done()
        }
        _ => Err(Refusal::missing()),
    }
}

fn switches(world: &mut World, call: &Call, get: bool) -> Answer {
    if !get {
        let wanted = switching::from_control(&world.switches, &call.json()?);
        world.switches = wanted.map_err(|error| Refusal::invalid(format!("{error:#}")))?;
    }
    ok(&world.switches)
}

fn clock(world: &mut World, call: &Call, get: bool) -> Answer {
    if !get {
        let fields = call.fields()?;
        if let Some(now) = time(&fields, "now")? {
            world.clock.set(now);
        }
        if let Some(seconds) = fields.int("advance_seconds")? {
            let step = TimeDelta::try_seconds(seconds).ok_or_else(|| Refusal::invalid("That is too far."))?;
            world.clock.advance(step);
        }
        match fields.flag("frozen")? {
            Some(true) => world.clock.freeze(),
            Some(false) => world.clock.run(),
            None => {}
        }
    }
    ok(&json!({ "now": world.now(), "frozen": world.clock.is_frozen() }))
}

fn faults(server: &mut Server, call: &Call) -> Answer {
    match call.method {
        Method::GET => {}
        Method::POST => {
            let wanted = call.json()?;
            let list = if wanted.is_array() { typed(wanted)? } else { vec![typed::<Fault>(wanted)?] };
            server.faults.extend(list);
        }
        Method::DELETE => server.faults.clear(),
        _ => return Err(Refusal::missing()),
    }
    ok(&server.faults)
}

fn links(world: &World) -> Value {
    let rooms: Vec<Value> = world
        .rooms
        .values()
        .map(|room| json!({ "id": room.id, "name": room.name, "path": world.path(Link::Room(room.id)) }))
        .collect();
    let people: Vec<Value> = world
        .people
        .values()
        .filter_map(|person| {
            let path = world.path(Link::Person(person.id))?;
            Some(json!({ "id": person.id, "email": person.email, "path": path }))
        })
        .collect();
    json!({
        "venue": world.path(Link::Venue),
        "group": world.path(Link::Group),
        "rooms": rooms,
        "people": people,
    })
}

fn bookings(world: &mut World, call: &Call, rest: &[&str]) -> Answer {
    match (&call.method, rest) {
        (&Method::GET, []) => ok(&world.bookings.values().map(|booking| shown(world, booking)).collect::<Vec<_>>()),
        (&Method::POST, []) => create(world, &call.json()?),
        (method, [id, rest @ ..]) => {
            let id: i64 = id.parse().map_err(|_| Refusal::missing())?;
            let booking = world.bookings.get(&id).cloned().ok_or_else(Refusal::missing)?;
            match (method, rest) {
                (&Method::GET, []) => {}
                (&Method::PUT, []) => {
                    let mut wanted = booking;
                    apply(world, &mut wanted, &call.json()?)?;
                    world.change_booking(id, |booking| *booking = wanted);
                }
                (&Method::DELETE, []) => {
                    world.cancel(id);
                    return done();
                }
                (&Method::POST, ["following"]) => {
                    let by = minutes(&call.fields()?)?.unwrap_or_default();
                    let moved = world.move_this_and_following(id, by);
                    return ok(&json!({ "moved": moved }));
                }
                (&Method::POST, ["inject"]) => {
                    let title = injected(&call.fields()?, &booking, &world.host)?;
                    world.change_booking(id, |booking| booking.title = title);
                }
                _ => return Err(Refusal::missing()),
            }
            ok(&world.bookings.get(&id).map(|booking| shown(world, booking)))
        }
        _ => Err(Refusal::missing()),
    }
}

fn create(world: &mut World, body: &Value) -> Answer {
    let mut body = body.clone();
    let repeat = body.as_object_mut().and_then(|object| object.remove("repeat"));
    let mut booking = Booking { title: "meeting".into(), ..Booking::default() };
    apply(world, &mut booking, &body)?;
    if booking.end <= booking.start {
        return Err(Refusal::invalid("A booking needs a start and a later end."));
    }
    let Some(repeat) = repeat else {
        let id = world.add_booking(booking);
        return ok(&world.bookings.get(&id).map(|booking| shown(world, booking)));
    };
    let repeat = Fields::from_json(&repeat)?;
    let count = usize::try_from(repeat.need_int("count")?).unwrap_or(0).min(10_000);
    let days = u64::try_from(repeat.int("every_days")?.unwrap_or(7)).unwrap_or(7);
    let ids = world.add_series(&booking, count, days);
    let made = ids.iter().filter_map(|id| world.bookings.get(id)).map(|booking| shown(world, booking));
    ok(&made.collect::<Vec<_>>())
}

fn shown(world: &World, booking: &Booking) -> Value {
    let person = |id: &i64| world.people.get(id).map(|person| json!({ "name": person.name, "email": person.email }));
    let mut shown = json!(booking);
    if let Some(shown) = shown.as_object_mut() {
        let rooms: Vec<&str> =
            booking.rooms.iter().filter_map(|room| world.rooms.get(room)).map(|room| room.name.as_str()).collect();
        shown.remove("holder");
        shown.insert("rooms".into(), json!(rooms));
        shown.insert("person".into(), json!(booking.holder.as_ref().and_then(person)));
        shown.insert("participants".into(), booking.participants.iter().filter_map(person).collect());
        shown.insert("uid".into(), json!(world.uid(booking.id)));
    }
    shown
}

/// Takes over what the body names; rooms and people that are new are added.
fn apply(world: &mut World, booking: &mut Booking, body: &Value) -> Result<(), Refusal> {
    let mut object = body.as_object().cloned().ok_or_else(|| Refusal::invalid("An object is expected."))?;
    if let Some(rooms) = object.remove("rooms") {
        let rooms = rooms.as_array().ok_or_else(|| Refusal::invalid("rooms is a list."))?;
        booking.rooms = rooms.iter().map(|room| room_id(world, room)).collect::<Result<_, _>>()?;
    }
    match object.remove("person") {
        None => {}
        Some(Value::Null) => booking.holder = None,
        Some(person) => booking.holder = Some(person_id(world, &person)?),
    }
    if let Some(people) = object.remove("participants") {
        let people = people.as_array().ok_or_else(|| Refusal::invalid("participants is a list."))?;
        booking.participants = people.iter().map(|person| person_id(world, person)).collect::<Result<_, _>>()?;
    }
    let by = minutes(&Fields::from_json(&Value::Object(object.clone()))?)?;
    object.remove("shift_minutes");
    let mut record: Map<String, Value> = json!(booking).as_object().cloned().unwrap_or_default();
    if let Some(unknown) =
        object.keys().find(|key| !record.contains_key(*key) || ["id", "holder"].contains(&key.as_str()))
    {
        return Err(Refusal::invalid(format!("'{unknown}' cannot be set.")));
    }
    record.extend(object);
    *booking = typed(Value::Object(record))?;
    if let Some(by) = by {
        (booking.start, booking.end) = (booking.start + by, booking.end + by);
    }
    Ok(())
}

fn room_id(world: &mut World, room: &Value) -> Result<i64, Refusal> {
    match room {
        Value::String(name) => {
            let known = world.room_named(name).map(|room| room.id);
            Ok(known.unwrap_or_else(|| world.add_room(name)))
        }
        other => other
            .as_i64()
            .filter(|id| world.rooms.contains_key(id))
            .ok_or_else(|| Refusal::invalid("A room is a name or a known id.")),
    }
}

fn person_id(world: &mut World, person: &Value) -> Result<i64, Refusal> {
    if let Some(id) = person.as_i64().filter(|id| world.people.contains_key(id)) {
        return Ok(id);
    }
    let fields = Fields::from_json(person)?;
    let email = fields.text("email")?.ok_or_else(|| Refusal::invalid("A person has an email, or is a known id."))?;
    let name = fields.text("name")?.unwrap_or_else(|| email.clone());
    Ok(world.person(&name, &email))
}

fn injected(fields: &Fields, booking: &Booking, host: &str) -> Result<String, Refusal> {
    let text = |name: &str, usual: &str| fields.text(name).map(|text| text.unwrap_or_else(|| usual.to_owned()));
    let forged = ForgedEvent {
        visible: text("visible", "harmless")?,
        room: text("room", "")?,
        start: time(fields, "start")?.unwrap_or(booking.start),
        end: time(fields, "end")?.unwrap_or(booking.end),
        name: text("name", "x")?,
        email: text("email", "x@example.com")?,
    };
    match text("kind", "short")?.as_str() {
        "short" => Ok(forged.short_title()),
        "whole" => Ok(forged.whole_title()),
        "faithful" => Ok(forged.faithful_title(host)),
        "line" => Ok(title_with_line(&forged.visible, &text("line", "LOCATION:Hall")?)),
        _ => Err(Refusal::invalid("kind is short, whole, faithful or line.")),
    }
}

fn rooms(world: &mut World, call: &Call, rest: &[&str]) -> Answer {
    match (&call.method, rest) {
        (&Method::GET, []) => {}
        (&Method::POST, []) => {
            let name = call.fields()?.text("name")?.ok_or_else(|| Refusal::invalid("name is required."))?;
            world.add_room(&name);
        }
        (&Method::DELETE, [id]) => {
            if !world.delete_room(id.parse().map_err(|_| Refusal::missing())?) {
                return Err(Refusal::missing());
            }
        }
        _ => return Err(Refusal::missing()),
    }
    ok(&world.rooms.values().collect::<Vec<_>>())
}

fn people(world: &mut World, call: &Call) -> Answer {
    match call.method {
        Method::GET => {}
        Method::POST => {
            person_id(world, &call.json()?)?;
        }
        _ => return Err(Refusal::missing()),
    }
    ok(&world.people.values().collect::<Vec<_>>())
}

fn minutes(fields: &Fields) -> Result<Option<TimeDelta>, Refusal> {
    let too_far = || Refusal::invalid("That is too far.");
    fields.int("shift_minutes")?.map(|minutes| TimeDelta::try_minutes(minutes).ok_or_else(too_far)).transpose()
}

fn time(fields: &Fields, name: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
    let wrong = |_| Refusal::invalid(format!("{name} is a time like 2027-03-01T09:00:00Z."));
    fields.text(name)?.map(|text| text.parse().map_err(wrong)).transpose()
}

fn optional(call: &Call) -> Result<Fields, Refusal> {
    if call.body.is_empty() { Fields::from_json(&json!({})) } else { call.fields() }
}

#[expect(clippy::unnecessary_wraps, reason = "an answer like all others")]
fn ok(value: &impl Serialize) -> Answer {
    Ok(Reply::plain(200, json!(value)))
}

fn done() -> Answer {
    ok(&json!({ "ok": true }))
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Refusal> {
    serde_json::from_value(value).map_err(|error| Refusal::invalid(error.to_string()))
}
