//! The road of a call: token endpoint, sign-in, limits, resource, the way out.

mod batch;
mod delta;
mod error;
mod events;
mod mail;
mod options;
mod places;
mod subscriptions;
mod token;

use std::io::Write;
use std::time::Duration;

use chrono::TimeDelta;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::world::World;
use crate::host::{Call, Reply};
use error::{Fail, Outcome, client_request_id, request_id, throttled};

pub(super) use error::failure;
pub(super) use token::issue as issue_token;

/// How long a mailbox's calls are counted together.
const RATE_WINDOW: TimeDelta = TimeDelta::minutes(10);

/// Answers a call.
pub(super) fn answer(world: &mut World, call: &Call) -> Reply {
    if token::is_token_call(call) {
        let tenant = call.segments.first().cloned().unwrap_or_default();
        return with_ids(token::answer(world, call, &tenant), call);
    }
    if let Some(fail) = too_busy(world, call) {
        world.load.refused += 1;
        return with_ids(fail.reply(world, call), call);
    }
    let reply = with_ids(routed(world, call), call);
    let reply = packed(truncated(reply, world), world, call);
    reply.after(Duration::from_millis(world.switches.latency_ms))
}

/// The answer of Graph, sign-in included, as a batch needs it too.
fn routed(world: &mut World, call: &Call) -> Reply {
    let result = signed_in(world, call).and_then(|()| resource(world, call));
    result.unwrap_or_else(|fail| {
        if fail.code == "html" {
            Reply::error_page(fail.status, "Internal Server Error")
        } else {
            fail.reply(world, call)
        }
    })
}

fn resource(world: &mut World, call: &Call) -> Outcome {
    match call.pieces().as_slice() {
        ["v1.0", "$batch"] => batch::answer(world, call),
        ["v1.0", "places", rest @ ..] => places::answer(world, call, rest),
        ["v1.0", "users", user, rest @ ..] => events::answer(world, call, user, rest),
        ["v1.0", "subscriptions", rest @ ..] => subscriptions::answer(world, call, rest),
        _ => Err(Fail::new(400, "BadRequest", "Resource not found for the segment.")),
    }
}

fn signed_in(world: &World, call: &Call) -> Outcome<()> {
    let refuse = |message| Err(Fail::new(401, "InvalidAuthenticationToken", message));
    let Some(token) = call.bearer() else { return refuse("Access token is empty.") };
    match world.tokens.get(token) {
        None => refuse("Access token validation failure. Invalid audience or signature."),
        Some(token) if token.expires <= world.now() => refuse("Lifetime validation failed, the token is expired."),
        Some(_) => Ok(()),
    }
}

/// The mailbox a call is about, as it names it.
fn mailbox_of(call: &Call) -> Option<String> {
    match call.pieces().as_slice() {
        ["v1.0", "users", user, ..] => Some(user.to_lowercase()),
        _ => None,
    }
}

/// Counts a call of a mailbox in.
pub(super) fn arrived(world: &mut World, call: &Call) {
    let Some(mailbox) = mailbox_of(call) else { return };
    let now = world.now();
    let load = &mut world.load;
    load.in_flight += 1;
    load.peak = load.peak.max(load.in_flight);
    let entry = load.mailboxes.entry(mailbox).or_insert((now, 0));
    if now >= entry.0 + RATE_WINDOW {
        *entry = (now, 0);
    }
    entry.1 += 1;
}

/// Counts a call of a mailbox out.
pub(super) fn left(world: &mut World, call: &Call) {
    if mailbox_of(call).is_some() {
        world.load.in_flight = world.load.in_flight.saturating_sub(1);
    }
}

fn too_busy(world: &World, call: &Call) -> Option<Fail> {
    let mailbox = mailbox_of(call)?;
    let (switches, load) = (&world.switches, &world.load);
    if switches.concurrency > 0 && load.in_flight > switches.concurrency {
        return Some(throttled(world, "Application is over its MailboxConcurrency limit."));
    }
    let count = load.mailboxes.get(&mailbox).map_or(0, |(_, count)| *count);
    let many = switches.mailbox_rate > 0 && count > switches.mailbox_rate;
    many.then(|| throttled(world, "Application is over its rate limit."))
}

/// With the ids that every answer carries.
fn with_ids(reply: Reply, call: &Call) -> Reply {
    reply.header("request-id", &request_id(call)).header("client-request-id", &client_request_id(call))
}

fn truncated(mut reply: Reply, world: &World) -> Reply {
    if world.switches.truncated_json && reply.status == 200 {
        reply.body.truncate(reply.body.len() / 2);
    }
    reply
}

fn packed(mut reply: Reply, world: &World, call: &Call) -> Reply {
    let wanted = call.header("accept-encoding").is_some_and(|kinds| kinds.contains("gzip"));
    if !world.switches.gzip || !wanted || reply.body.is_empty() {
        return reply;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    match encoder.write_all(&reply.body).and_then(|()| encoder.finish()) {
        Ok(bytes) => {
            reply.body = bytes;
            reply.header("Content-Encoding", "gzip")
        }
        Err(_) => reply,
    }
}

/// `GET /v1.0/users/{id}/calendar/calendarView`: how a call is counted.
pub(super) fn shape(call: &Call) -> String {
    let mut shape = format!("{} ", call.method);
    if token::is_token_call(call) {
        return shape + "/{tenant}/oauth2/v2.0/token";
    }
    let pieces = call.pieces();
    for (at, piece) in pieces.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| pieces.get(before)).map(|piece| piece.to_lowercase());
        let place = !piece.to_lowercase().starts_with("microsoft.graph.");
        let id = match before.as_deref() {
            Some("users" | "events" | "subscriptions" | "calendars") => true,
            Some("places") => place,
            _ => false,
        };
        shape.push('/');
        shape.push_str(if id { "{id}" } else { piece });
    }
    shape
}
