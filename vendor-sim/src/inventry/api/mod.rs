//! The resources, as the contract has them. All are only read.

mod deletions;
mod events;
mod lists;
mod version;

use http::Method;
use serde_json::json;

use super::world::World;
use crate::bridge::profile::{Profile, instant_text, places};
use crate::bridge::{Admission, Problem, Site};
use crate::host::{Call, Reply};

pub(super) type Answer = Result<Reply, Problem>;

/// Answers a call.
pub(super) fn answer(world: &mut World, call: &Call) -> Answer {
    let (name, places) = route(world, call).ok_or_else(|| Problem::not_found("There is no such path"))?;
    let place = places.into_iter().next().map(|(_, value)| value).unwrap_or_default();
    if name == "session" {
        return session(world, call);
    }
    admit(world, call, needed(&world.front.profile, name, call))?;
    if call.method != Method::GET {
        return Err(Problem::not_found("Everything here is only read"));
    }
    if name == "info" {
        return Ok(info(world));
    }
    if version::too_old(&world.switches.version) {
        return Err(Problem::version_unsupported(&world.switches.version));
    }
    match name {
        "sites" => lists::sites(world, call),
        "departments" => lists::departments(world, call),
        "personnel" => lists::personnel(world, call),
        "person" => lists::person(world, &place),
        "devices" => lists::devices(world, call),
        "on_site" => lists::on_site(world, call),
        "deletions" => deletions::list(world, call),
        "by_day" => events::by_day(world, call, &place),
        _ if world.serves_visits() => events::visits(world, call),
        _ => events::list(world, call),
    }
}

/// What a path means; the path of a day is there only when visits are served.
fn route(world: &World, call: &Call) -> Option<(&'static str, Vec<(String, String)>)> {
    let profile = &world.front.profile;
    let by_day = || places(&format!("{}{}", profile.base, profile.by_day_path), &call.path);
    let day = if world.serves_visits() && !profile.by_day_path.is_empty() { by_day() } else { None };
    profile.route(&call.path).or_else(|| day.map(|places| ("by_day", places)))
}

/// The capability that a call needs; `info` needs none.
fn needed(profile: &Profile, name: &str, call: &Call) -> Option<&'static str> {
    let waits = profile.asked(call, "wait").is_some_and(|wait| wait != "0");
    Some(match name {
        "info" => return None,
        "sites" => "sites",
        "departments" => "departments",
        "personnel" | "person" => "personnel",
        "devices" => "devices",
        "on_site" => "on-site",
        "deletions" => "deletions",
        "events" if waits => "events.follow",
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
        "product": "InVentry simulator",
        "version": world.switches.version,
        "organisation": world.organisation,
        "timeZone": world.zone,
        "now": instant_text(now),
        "capabilities": world.capabilities(),
        "licence": world.licence.json(now.date_naive()),
    });
    world.shown(200, "info", info)
}
