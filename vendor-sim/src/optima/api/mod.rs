//! The resources, as the contract has them.

mod badges;
mod changes;
mod events;
mod groups;
mod sent;

use http::Method;
use serde_json::{Value, json};

use super::world::{READER, World};
use crate::bridge::profile::{Profile, instant_text};
use crate::bridge::{Admission, Mark, Problem, Site, fits, id_of};
use crate::host::{Call, Reply};

pub(super) type Answer = Result<Reply, Problem>;

/// Largest body taken.
const LARGEST_BODY: usize = 1024 * 1024;

/// Answers a call.
pub(super) fn answer(world: &mut World, call: &Call) -> Answer {
    let (name, places) =
        world.front.profile.route(&call.path).ok_or_else(|| Problem::not_found("There is no such path"))?;
    let id = places.into_iter().next().map(|(_, value)| value).unwrap_or_default();
    if name == "session" {
        return session(world, call);
    }
    admit(world, call, needed(&world.front.profile, name, call))?;
    if call.body.len() > LARGEST_BODY {
        return Err(Problem::validation("", "A body has at most 1 MiB"));
    }
    match (&call.method, name) {
        (&Method::GET, "info") => Ok(info(world)),
        (&Method::GET, "access_groups") => groups::list(world, call),
        (&Method::POST, "access_groups") => groups::create(world, call),
        (&Method::GET, "access_group") => groups::read(world, &id),
        (&Method::PATCH, "access_group") => groups::change(world, call, &id),
        (&Method::GET, "readers") => readers(world, call),
        (&Method::GET, "reader") => reader(world, &id),
        (&Method::GET, "badges") => badges::list(world, call),
        (&Method::POST, "badges") => badges::create(world, call),
        (&Method::GET, "badge") => badges::read(world, &id),
        (&Method::PATCH, "badge") => badges::change(world, call, &id),
        (&Method::DELETE, "badge") => badges::delete(world, call, &id),
        (&Method::GET, "changes") => changes::list(world, call),
        (&Method::GET, "events") => events::list(world, call),
        _ => Err(Problem::not_found(format!("{} is not offered here", call.method))),
    }
}

/// The capability that a call needs; `info` needs none.
fn needed(profile: &Profile, name: &str, call: &Call) -> Option<&'static str> {
    let waits = profile.asked(call, "wait").is_some_and(|wait| wait != "0");
    Some(match (name, &call.method) {
        ("info", _) => return None,
        ("access_groups" | "access_group", &Method::GET) => "access-groups",
        ("access_groups" | "access_group", _) => "access-groups.write",
        ("readers" | "reader", _) => "readers",
        ("badges" | "badge", &Method::GET) => "badges",
        ("badge", &Method::DELETE) => "badges.delete",
        ("badges" | "badge", _) => "badges.write",
        ("changes", _) => "changes",
        ("events", _) if waits => "events.follow",
        _ => "events",
    })
}

fn admit(world: &mut World, call: &Call, needs: Option<&str>) -> Result<(), Problem> {
    let (common, now, capabilities) = (world.switches.common(), world.now(), world.capabilities());
    let World { front, access, licence, .. } = world;
    front.admit(call, &Admission { access, licence, common: &common, now, capabilities: &capabilities, needs })
}

fn session(world: &mut World, call: &Call) -> Answer {
    world.front.refusal(call)?;
    let (now, time) = (world.now(), world.time_form());
    let access = world.access.clone();
    world.front.session(call, &access, now, &time)
}

fn info(world: &World) -> Reply {
    let now = world.now();
    let info = json!({
        "product": "Optima simulator",
        "version": world.version,
        "site": world.site,
        "timeZone": world.zone,
        "now": instant_text(now),
        "capabilities": world.capabilities(),
        "licence": world.licence.json(now.date_naive()),
        "limits": { "credentialsPerBadge": world.credentials_per_badge, "nameLength": world.name_length },
    });
    world.shown(200, "info", info)
}

fn readers(world: &World, call: &Call) -> Answer {
    let all = world.readers.values().map(|reader| (Mark::id(reader.id), reader)).collect();
    let page = world.paged(call, READER, all)?;
    Ok(world.listed("reader", page.map(|reader| world.reader_json(reader)), None))
}

fn reader(world: &World, id: &str) -> Answer {
    let reader = id_of(READER, id).and_then(|id| world.readers.get(&id));
    let reader = reader.ok_or_else(|| Problem::not_found(format!("There is no reader {id}")))?;
    Ok(single(world, 200, "reader", world.reader_json(reader)))
}

/// One object with its version in the head, too.
pub(super) fn single(world: &World, status: u16, kind: &str, object: Value) -> Reply {
    let tag = object.get("etag").and_then(Value::as_str).unwrap_or_default().to_owned();
    world.shown(status, kind, object).header("ETag", &tag)
}

/// Lets a write through if its `If-Match` fits; else shows the current state.
pub(super) fn unchanged(world: &World, call: &Call, revision: u64, kind: &str, object: Value) -> Result<(), Problem> {
    if fits(call.header("if-match"), revision) {
        return Ok(());
    }
    Err(Problem::precondition_failed(world.front.profile.show(kind, object, &world.time_form())))
}

/// Where changes of this caller come from.
pub(super) fn origin(world: &World) -> String {
    format!("api:{}", world.access.key_name)
}
