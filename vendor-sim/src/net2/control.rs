//! Control calls: everything a test may do to the simulator from outside.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::faults::Fault;
use super::server::{Server, Shared};
use super::session::MFA_CODE;
use super::world::{CodeSpan, Event, World};
use crate::call::{Answer, Call, Fields, Refusal, Reply};
use crate::listen::{Connection, Order};
use crate::switching;

/// What can be called, for whoever asks.
const CALLS: [&str; 28] = [
    "GET /__control",
    "GET /__control/state[?without=events,…]",
    "GET|POST /__control/switches {\"name\": value, …}",
    "GET|POST /__control/clock {\"now\": \"…Z\", \"advance_seconds\": n, \"frozen\": true}",
    "GET|POST|DELETE /__control/faults {\"method\", \"path\", \"nth\", \"times\", \"action\", \"status\", \"body\", \"delay_ms\", …}",
    "POST /__control/restart {\"down_ms\": n}",
    "POST /__control/certificate (with TLS: another one from the next connection on)",
    "POST /__control/drop-live",
    "GET|DELETE /__control/requests",
    "GET /__control/counts",
    "GET /__control/snapshots",
    "POST /__control/snapshots/NAME",
    "POST /__control/snapshots/NAME/restore",
    "POST /__control/events (one object or a list; \"hold\": true keeps it in its controller)",
    "POST /__control/events/bulk {\"count\": n, \"users\": [ids], \"door\": serial}",
    "POST /__control/events/upload",
    "POST /__control/pass {\"user\": id, \"door\": serial, \"entering\": true}",
    "POST /__control/unknown-card {\"card\": n, \"door\": serial}",
    "POST /__control/wrong-pin {\"door\": serial, \"times\": n}",
    "GET /__control/permitted?user=&door=&entering=",
    "GET /__control/rights[?user=&door=&email=&at=] (who could open which door when)",
    "DELETE /__control/rights (the record begins anew)",
    "GET /__control/codes[?user=&code=&at=] (who held which PIN or token when)",
    "GET|POST /__control/{users|departments|access_levels|areas|timezones|doors|door_groups|operators|licences}",
    "GET|PUT|DELETE /__control/{the same}/ID (PUT merges what is named)",
    "POST /__control/empty {\"what\": \"users\"}",
    "GET /__control/mfa",
    "GET /__control/live",
];

/// Answers a control call.
pub(crate) fn answer(shared: &Shared, connection: Connection, call: &Call) -> Reply {
    let segments: Vec<&str> = call.segments.iter().skip(1).map(String::as_str).collect();
    let mut server = shared.lock();
    let result = match (&call.method, segments.as_slice()) {
        (&Method::POST, ["restart"]) => {
            server.restart();
            let down = optional(call).ok().and_then(|fields| fields.int("down_ms").ok().flatten()).unwrap_or(0);
            let down = Duration::from_millis(u64::try_from(down).unwrap_or(0));
            shared.order(Order::Restart { down, spare: Some(connection) });
            Ok(Reply::plain(200, json!({ "restarted": true })))
        }
        (&Method::POST, ["certificate"]) => server.regenerate_certificate().map_or_else(
            |error| Err(Refusal::invalid(error.to_string())),
            |acceptor| {
                shared.order(Order::Certificate(acceptor));
                Ok(Reply::plain(200, json!({ "fingerprint": server.tls.as_ref().map(|tls| &tls.fingerprint) })))
            },
        ),
        _ => dispatch(&mut server, call, &segments),
    };
    if call.method != Method::GET {
        server.dirty = true;
        server.world.record_rights();
    }
    server.settle();
    result.unwrap_or_else(Refusal::into_reply)
}

fn dispatch(server: &mut Server, call: &Call, segments: &[&str]) -> Answer {
    let get = call.method == Method::GET;
    let done = || Ok(Reply::plain(200, json!({ "ok": true })));
    match (&call.method, segments) {
        (&Method::GET, []) => Ok(Reply::plain(200, json!({ "calls": CALLS }))),
        (&Method::GET, ["state"]) => state(&server.world, call),
        (_, ["switches"]) => switches(&mut server.world, call, get),
        (_, ["clock"]) => clock(&mut server.world, call, get),
        (_, ["faults"]) => faults(server, call),
        (&Method::POST, ["drop-live"]) => {
            server.hub.close_all();
            done()
        }
        (&Method::GET, ["live"]) => Ok(Reply::plain(200, json!({ "open": server.hub.open_count() }))),
        (&Method::GET, ["requests"]) => Ok(Reply::plain(200, json!(server.log.entries()))),
        (&Method::DELETE, ["requests"]) => {
            server.log.clear();
            done()
        }
        (&Method::GET, ["counts"]) => Ok(Reply::plain(200, json!(server.log.counts()))),
        (&Method::GET, ["snapshots"]) => Ok(Reply::plain(200, json!(server.snapshots.keys().collect::<Vec<_>>()))),
        (&Method::POST, ["snapshots", name]) => {
            server.snapshots.insert((*name).to_owned(), server.world.clone());
            done()
        }
        (&Method::POST, ["snapshots", name, "restore"]) => {
            let older = server.snapshots.get(*name).cloned().ok_or_else(Refusal::missing)?;
            server.world.restore(older);
            done()
        }
        (&Method::GET, ["mfa"]) => Ok(Reply::plain(200, json!({ "code": MFA_CODE }))),
        (&Method::GET, ["rights"]) => rights(&mut server.world, call),
        (&Method::DELETE, ["rights"]) => {
            server.world.forget_rights();
            done()
        }
        (&Method::GET, ["codes"]) => codes(&mut server.world, call),
        (&Method::POST, ["empty"]) => empty(&mut server.world, call),
        (_, ["events", ..] | ["pass" | "unknown-card" | "wrong-pin" | "permitted"]) => {
            happen(&mut server.world, call, segments)
        }
        (_, [what, rest @ ..]) => collection(&mut server.world, call, what, rest),
        _ => Err(Refusal::missing()),
    }
}

fn state(world: &World, call: &Call) -> Answer {
    let mut dump = world.dump().map_err(|error| Refusal::new(500, error.to_string()))?;
    if let Some(dump) = dump.as_object_mut() {
        for name in call.param("without").unwrap_or_default().split(',') {
            dump.remove(name.trim());
        }
    }
    Ok(Reply::plain(200, dump))
}

fn switches(world: &mut World, call: &Call, get: bool) -> Answer {
    if !get {
        let wanted = switching::from_control(&world.switches, &call.json()?);
        world.switches = wanted.map_err(|error| Refusal::invalid(format!("{error:#}")))?;
    }
    Ok(Reply::plain(200, json!(world.switches)))
}

fn clock(world: &mut World, call: &Call, get: bool) -> Answer {
    if !get {
        let fields = call.fields()?;
        if let Some(text) = fields.text("now")? {
            let time = DateTime::parse_from_rfc3339(&text).map_err(|_| Refusal::invalid("now is not a time."))?;
            world.clock.set(time.to_utc());
        }
        if let Some(seconds) = fields.int("advance_seconds")? {
            let step = TimeDelta::try_seconds(seconds).ok_or_else(|| Refusal::invalid("The step is too large."))?;
            world.clock.advance(step);
        }
        match fields.flag("frozen")? {
            Some(true) => world.clock.freeze(),
            Some(false) => world.clock.run(),
            None => {}
        }
    }
    let now: DateTime<Utc> = world.now();
    let local = world.local_now().to_string();
    Ok(Reply::plain(200, json!({ "now": now, "local": local, "frozen": world.clock.is_frozen() })))
}

fn faults(server: &mut Server, call: &Call) -> Answer {
    match call.method {
        Method::POST => {
            let value = call.json()?;
            let new: Vec<Fault> = match value {
                Value::Array(items) => items.into_iter().map(typed).collect::<Result<_, _>>()?,
                one => vec![typed(one)?],
            };
            server.faults.extend(new);
        }
        Method::DELETE => server.faults.clear(),
        _ => {}
    }
    Ok(Reply::plain(200, json!(server.faults)))
}

fn empty(world: &mut World, call: &Call) -> Answer {
    match call.fields()?.text("what")?.as_deref() {
        Some("users") => world.users.clear(),
        Some("departments") => world.departments.clear(),
        Some("doors") => world.doors.clear(),
        Some("events") => world.events.clear(),
        _ => return Err(Refusal::invalid("what is one of users, departments, doors, events.")),
    }
    Ok(Reply::plain(200, json!({ "ok": true })))
}

fn happen(world: &mut World, call: &Call, segments: &[&str]) -> Answer {
    match (&call.method, segments) {
        (&Method::POST, ["events"]) => add_events(world, call.json()?),
        (&Method::POST, ["events", "bulk"]) => bulk_events(world, &call.fields()?),
        (&Method::POST, ["events", "upload"]) => {
            Ok(Reply::plain(200, json!({ "uploaded": world.upload_held_events() })))
        }
        (&Method::POST, ["pass"]) => {
            let fields = call.fields()?;
            let entering = fields.flag("entering")?.unwrap_or(true);
            let opened = world.pass(fields.need_int("user")?, fields.need_int("door")?, entering);
            Ok(Reply::plain(200, json!({ "opened": opened })))
        }
        (&Method::POST, ["unknown-card"]) => {
            let fields = call.fields()?;
            world.show_unknown_card(fields.need_int("card")?, fields.need_int("door")?);
            Ok(Reply::plain(200, json!({ "ok": true })))
        }
        (&Method::POST, ["wrong-pin"]) => {
            let fields = call.fields()?;
            let door = fields.need_int("door")?;
            (0..fields.int("times")?.unwrap_or(1)).for_each(|_| world.type_wrong_pin(door));
            Ok(Reply::plain(200, json!({ "ok": true })))
        }
        (&Method::GET, ["permitted"]) => {
            let number = |name| call.param(name).and_then(|text| text.parse().ok()).unwrap_or(-1);
            let entering = call.param("entering").is_none_or(|text| text != "false");
            let permitted = world.permitted(number("user"), number("door"), entering, world.now());
            Ok(Reply::plain(200, json!({ "permitted": permitted })))
        }
        _ => Err(Refusal::missing()),
    }
}

fn add_events(world: &mut World, value: Value) -> Answer {
    let items = match value {
        Value::Array(items) => items,
        one => vec![one],
    };
    let mut ids = Vec::new();
    for mut item in items {
        let hold = item.as_object_mut().and_then(|object| object.remove("hold")) == Some(Value::Bool(true));
        let event: Event = typed(item)?;
        if hold {
            world.hold_event(event);
        } else {
            ids.push(world.put_event(event));
        }
    }
    Ok(Reply::plain(200, json!({ "ids": ids })))
}

/// Many granted events, one a second up to now, for speed tests.
fn bulk_events(world: &mut World, fields: &Fields) -> Answer {
    let count = fields.need_int("count")?;
    let listed = fields.list("users")?.map(|list| list.iter().filter_map(Value::as_i64).collect());
    let users: Vec<i64> = listed.unwrap_or_else(|| world.active_users().map(|user| user.id).collect());
    let door = fields.int("door")?.or_else(|| world.doors.keys().next().copied());
    let now = world.now();
    for (number, user) in (0..count).zip(users.iter().cycle()) {
        let back = TimeDelta::try_seconds(count - number).unwrap_or_default();
        world.put_event(Event {
            time: now.checked_sub_signed(back).unwrap_or(now),
            event_type: 20,
            address: door,
            sub_address: Some(1 + number % 2),
            user_id: Some(*user),
            ..Event::default()
        });
    }
    Ok(Reply::plain(200, json!({ "last": world.events.last().map(|event| event.id) })))
}

/// Who could open which door when.
fn rights(world: &mut World, call: &Call) -> Answer {
    let (user, door, at) = (number(call, "user")?, number(call, "door")?, moment(call)?);
    let mut found = world.all_rights();
    found.retain(|one| user.is_none_or(|user| one.user == user));
    if let Some(email) = call.param("email") {
        found.retain(|one| one.email.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(email)));
    }
    for one in &mut found {
        one.codes.clear();
        one.spans.retain(|span| at.is_none_or(|at| span.contains(at)) && door.is_none_or(|door| span.opens(door)));
    }
    if door.is_some() {
        found.retain(|one| !one.spans.is_empty());
    }
    let mut shown = json!(found);
    for one in shown.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        one.remove("codes");
    }
    Ok(Reply::plain(200, shown))
}

/// Who held which code when.
fn codes(world: &mut World, call: &Call) -> Answer {
    let (user, at) = (number(call, "user")?, moment(call)?);
    let mut shown = Vec::new();
    for one in world.all_rights().iter().filter(|one| user.is_none_or(|user| one.user == user)) {
        let wanted = |code: &&CodeSpan| {
            let held = at.is_none_or(|at| code.from <= at && code.to.is_none_or(|to| at < to));
            held && call.param("code").is_none_or(|value| code.value == value)
        };
        for code in one.codes.iter().filter(wanted) {
            let mut line = json!(code);
            if let Some(line) = line.as_object_mut() {
                line.insert("user".into(), json!(one.user));
                line.insert("name".into(), json!(one.name));
                line.insert("email".into(), json!(one.email));
            }
            shown.push(line);
        }
    }
    Ok(Reply::plain(200, json!(shown)))
}

fn number(call: &Call, name: &str) -> Result<Option<i64>, Refusal> {
    let wrong = |_| Refusal::invalid(format!("{name} is a number."));
    call.param(name).map(|text| text.parse().map_err(wrong)).transpose()
}

fn moment(call: &Call) -> Result<Option<DateTime<Utc>>, Refusal> {
    let wrong = |_| Refusal::invalid("at is a time like 2027-03-01T09:00:00Z.");
    call.param("at").map(|text| text.parse().map_err(wrong)).transpose()
}

fn collection(world: &mut World, call: &Call, what: &str, rest: &[&str]) -> Answer {
    let id = match rest {
        [] => None,
        [id] => Some(*id),
        _ => return Err(Refusal::missing()),
    };
    match what {
        "users" if id.is_none() && call.method == Method::POST => {
            let id = world.insert_user(typed(call.json()?)?);
            Ok(Reply::plain(200, json!(world.users.get(&id))))
        }
        "users" => records(&mut world.users, &mut world.counters, "user", call, id),
        "departments" => records(&mut world.departments, &mut world.counters, "department", call, id),
        "access_levels" => records(&mut world.access_levels, &mut world.counters, "access_level", call, id),
        "areas" => records(&mut world.areas, &mut world.counters, "area", call, id),
        "timezones" => records(&mut world.timezones, &mut world.counters, "timezone", call, id),
        "doors" if id.is_none() && call.method == Method::POST => {
            let id = world.add_door(&call.fields()?.text("name")?.unwrap_or_default());
            Ok(Reply::plain(200, json!(world.doors.get(&id))))
        }
        "doors" => records(&mut world.doors, &mut world.counters, "door", call, id),
        "door_groups" => records(&mut world.door_groups, &mut world.counters, "door_group", call, id),
        "operators" => records(&mut world.operators, &mut world.counters, "operator", call, id),
        "licences" => licence(world, call, id),
        _ => Err(Refusal::missing()),
    }
}

/// Reads, adds, merges into, removes one record; checks nothing.
fn records<T: Serialize + DeserializeOwned>(
    all: &mut BTreeMap<i64, T>,
    counters: &mut BTreeMap<String, i64>,
    what: &str,
    call: &Call,
    id: Option<&str>,
) -> Answer {
    let id = id.map(|id| id.parse::<i64>().map_err(|_| Refusal::missing())).transpose()?;
    match (&call.method, id) {
        (&Method::GET, None) => Ok(Reply::plain(200, json!(all.values().collect::<Vec<_>>()))),
        (&Method::POST, None) => {
            let counter = counters.entry(what.to_owned()).or_insert(0);
            *counter += 1;
            let id = *counter;
            put(all, id, call.json()?)
        }
        (&Method::GET, Some(id)) => all.get(&id).map(|one| Reply::plain(200, json!(one))).ok_or_else(Refusal::missing),
        (&Method::PUT, Some(id)) => put(all, id, call.json()?),
        (&Method::DELETE, Some(id)) => {
            all.remove(&id).map(|_| Reply::plain(200, json!({ "ok": true }))).ok_or_else(Refusal::missing)
        }
        _ => Err(Refusal::missing()),
    }
}

fn put<T: Serialize + DeserializeOwned>(all: &mut BTreeMap<i64, T>, id: i64, changes: Value) -> Answer {
    let mut record = all.get(&id).map_or_else(|| json!({}), |known| json!(known));
    if let (Some(record), Value::Object(changes)) = (record.as_object_mut(), changes) {
        record.extend(changes);
        record.insert("id".to_owned(), Value::from(id));
    }
    let record: T = typed(record)?;
    let shown = json!(record);
    all.insert(id, record);
    Ok(Reply::plain(200, shown))
}

fn licence(world: &mut World, call: &Call, id: Option<&str>) -> Answer {
    match (&call.method, id) {
        (&Method::GET, None) => {}
        (&Method::PUT, Some(id)) => drop(world.licences.insert(id.to_owned(), typed(call.json()?)?)),
        (&Method::DELETE, Some(id)) => drop(world.licences.remove(id)),
        _ => return Err(Refusal::missing()),
    }
    Ok(Reply::plain(200, json!(world.licences)))
}

fn optional(call: &Call) -> Result<Fields, Refusal> {
    if call.body.is_empty() { Fields::from_json(&json!({})) } else { call.fields() }
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Refusal> {
    serde_json::from_value(value).map_err(|error| Refusal::invalid(error.to_string()))
}
