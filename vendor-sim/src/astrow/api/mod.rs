//! The interface `bridge-rest v1`: which call goes where.

mod bookings;
mod employees;
mod front;
mod idempotency;
mod lists;
mod pac;
mod patch;
mod problem;
mod read;

use std::time::Duration;

use chrono::{DateTime, Utc};
use front::Caller;
pub(crate) use front::{Front, arrived};
use http::Method;
use idempotency::Made;
use problem::Problem;
use serde_json::{Map, Value};

use super::world::{Employee, World};
use crate::host::{Call, Reply};

/// Largest body.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// An answer, or the moment until which the caller waits for one.
enum Answer {
    Now(Reply),
    Later(DateTime<Utc>),
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Self::Now(reply)
    }
}

/// Answers a call.
pub(super) fn answer(world: &mut World, call: &Call) -> Reply {
    let answer = match world.front.refused(call) {
        Some(problem) => Err(problem),
        None => routed(world, call),
    };
    let reply = match answer {
        Ok(Answer::Now(reply)) => reply,
        Ok(Answer::Later(until)) => return Reply::later(until),
        Err(problem) => problem.reply(),
    };
    let reply = if world.front.unanswered(call) { Reply::dropped() } else { reply };
    reply.after(Duration::from_millis(world.switches.delay_ms))
}

/// An error that somebody asked for.
pub(super) fn failure(status: u16) -> Reply {
    Problem::of_status(status).reply()
}

/// The employee as somebody wants it who changes these members.
pub(super) fn patched(world: &World, pers_no: u32, members: &Map<String, Value>) -> Result<Employee, String> {
    patch::patched(world, pers_no, members).map_err(Problem::text)
}

/// How a call is counted: as `PATCH /api/pac-bridge/v1/employees/{id}`.
pub(super) fn shape(call: &Call) -> String {
    let id = |piece: &str| piece.bytes().all(|b| b.is_ascii_digit()) || uuid::Uuid::parse_str(piece).is_ok();
    let pieces = call.segments.iter().map(|piece| if id(piece) { "{id}" } else { piece.as_str() });
    format!("{} /{}", call.method, pieces.collect::<Vec<_>>().join("/"))
}

fn routed(world: &mut World, call: &Call) -> Result<Answer, Problem> {
    let pieces = call.pieces();
    let ["api", "pac-bridge", "v1", rest @ ..] = pieces.as_slice() else { return Err(Problem::not_found()) };
    if call.body.len() > LARGEST_BODY {
        return Err(Problem::new(413, "body-too-large", "A body has at most 4 MiB"));
    }
    if call.method == Method::POST && rest == ["session"] {
        return front::open(world, call).map(Answer::Now);
    }
    let caller = front::admit(world, call)?;
    let reply = match (call.method.as_str(), rest) {
        ("DELETE", ["session"]) => front::close(world, call),
        ("POST", _) => post(world, call, rest, &caller)?,
        ("GET", ["info"]) => lists::info(world),
        ("GET", ["lookups"]) => lists::lookups(world),
        ("GET", ["changes"]) => return lists::changes(world, call),
        ("GET", ["employees"]) => employees::list(world, call)?,
        ("GET", ["employees", id]) => employees::one(world, id)?,
        ("PATCH", ["employees", id]) => employees::patch(world, call, id, &caller)?,
        ("DELETE", ["employees", id]) => employees::delete(world, call, id, &caller)?,
        ("PUT", ["employees", id, "pac"]) => employees::put_pac(world, call, id, &caller)?,
        ("GET", ["bookings"]) => bookings::list(world, call)?,
        ("PUT", ["pac", "definitions"]) => pac::put_definitions(world, call)?,
        ("GET", ["pac", "readers"]) => pac::readers(world),
        ("GET", ["pac", "commands"]) => return pac::commands(world, call),
        ("GET", ["rollcall"]) => pac::roll_call(world)?,
        ("PUT", ["service"]) => pac::heartbeat(world, call)?,
        _ => return Err(unknown(rest)),
    };
    Ok(reply.into())
}

/// A POST, or the answer that its key had before.
fn post(world: &mut World, call: &Call, rest: &[&str], caller: &Caller) -> Result<Reply, Problem> {
    let key = idempotency::key_of(call, world.switches.key_required)?;
    let now = world.clock.now();
    if let Some(key) = key
        && let Some(made) = world.front.remembered.known(key, call, now)?
    {
        return Ok(shown(world, made));
    }
    let made = match rest {
        ["employees"] => Made::Reply(employees::create(world, call, caller)?),
        ["bookings"] => Made::Outcomes(bookings::take(world, call)?),
        ["pac", "events"] => Made::Reply(pac::events(world, call)?),
        ["pac", "commands", id] => Made::Reply(pac::report(world, call, id)?),
        ["rollcall", "confirmations"] => Made::Reply(pac::confirm(world, call)?),
        _ => return Err(unknown(rest)),
    };
    if let Some(key) = key {
        world.front.remembered.keep(key, call, made.clone(), now);
    }
    Ok(shown(world, made))
}

fn shown(world: &World, made: Made) -> Reply {
    match made {
        Made::Reply(reply) => reply,
        Made::Outcomes(outcomes) => bookings::outcomes(world, &outcomes),
    }
}

/// There is no such resource, or not with this method.
fn unknown(rest: &[&str]) -> Problem {
    let known = matches!(
        rest,
        ["session" | "info" | "lookups" | "changes" | "employees" | "bookings" | "rollcall" | "service"]
            | ["employees", _]
            | ["employees", _, "pac"]
            | ["pac", "definitions" | "readers" | "events" | "commands"]
            | ["pac", "commands", _]
            | ["rollcall", "confirmations"]
    );
    if known { Problem::new(405, "method-not-allowed", "Not with this method") } else { Problem::not_found() }
}
