//! Calendars: views, single events, occurrences of a series.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use http::Method;
use serde_json::Value;

use super::error::{Fail, Outcome};
use super::options::{applied, link, list, look, page, range};
use super::{delta, mail};
use crate::graph::ids::event_key;
use crate::graph::render::{self, Look};
use crate::graph::world::{Instance, Key, Mailbox, Meeting, World, instances, occurrence};
use crate::host::{Call, Reply};

/// Answers a call of one mailbox.
pub(super) fn answer(world: &mut World, call: &Call, user: &str, rest: &[&str]) -> Outcome {
    if let [verb] = rest
        && verb.eq_ignore_ascii_case("sendMail")
    {
        return mail::send(world, call, user);
    }
    if !world.may_read_calendars() {
        return Err(denied());
    }
    let mailbox = mailbox(world, user)?;
    if call.method != Method::GET {
        return Err(Fail::new(405, "ErrorInvalidRequest", "The simulator's calendars are for reading only."));
    }
    let lower: Vec<String> = rest.iter().map(|piece| piece.to_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    match (lower.as_slice(), rest) {
        (["calendarview"] | ["calendar", "calendarview"], _) => view(world, call, &mailbox),
        (["calendarview", "delta"] | ["calendars", _, "calendarview", "delta"], _) => {
            delta::answer(world, call, &mailbox)
        }
        (["events", _] | ["calendar", "events", _], [.., id]) => one(world, call, &mailbox, id),
        (["events", _, "instances"] | ["calendar", "events", _, "instances"], [.., id, _]) => {
            occurrences(world, call, &mailbox, id)
        }
        _ => Err(Fail::new(400, "BadRequest", "Resource not found for the segment.")),
    }
}

pub(super) fn denied() -> Fail {
    Fail::new(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
}

/// The address of the mailbox that a caller names by object id or sign-in name.
pub(super) fn mailbox(world: &World, user: &str) -> Outcome<String> {
    let room = world.rooms.values().find(|room| room.user_id == user || room.upn.eq_ignore_ascii_case(user));
    let person = world.users.values().find(|known| known.id == user || known.address.eq_ignore_ascii_case(user));
    let state = room.map_or(if person.is_some() { Mailbox::Ready } else { Mailbox::Missing }, |room| room.mailbox);
    match state {
        Mailbox::Ready => {}
        Mailbox::NotEnabled => {
            let message = "The mailbox is either inactive, soft-deleted, or is hosted on-premise.";
            return Err(Fail::new(404, "MailboxNotEnabledForRESTAPI", message));
        }
        Mailbox::Missing => {
            return Err(Fail::new(404, &world.switches.missing_user_code, "The requested user is invalid."));
        }
    }
    let address = room.map(|room| &room.address).or(person.map(|person| &person.address));
    let address = address.map(|address| address.to_lowercase()).unwrap_or_default();
    let spared = world.switches.policy_spares_basic && !world.may(crate::graph::Permission::CalendarsRead);
    if world.denied.contains(&address) && !spared {
        let message =
            "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings.";
        return Err(Fail::new(403, "ErrorAccessDenied", message));
    }
    Ok(address)
}

fn view(world: &World, call: &Call, mailbox: &str) -> Outcome {
    let (look, (from, to)) = (look(world, call)?, range(call)?);
    let mut found = world.view(mailbox, from, to);
    order(&mut found, call)?;
    events(world, call, mailbox, &look, &found)
}

/// Sorts as asked; else in an order nobody can rely on.
fn order(found: &mut [Instance], call: &Call) -> Outcome<()> {
    let Some(wish) = call.param("$orderby") else {
        found.sort_by_key(|one| (one.key.meeting.wrapping_mul(0x9e37_79b9_7f4a_7c15), one.key.day));
        return Ok(());
    };
    let wish = wish.trim().to_lowercase();
    let (what, down) = match wish.strip_suffix(" desc") {
        Some(what) => (what.trim(), true),
        None => (wish.strip_suffix(" asc").unwrap_or(&wish).trim(), false),
    };
    let by: fn(&Instance) -> DateTime<Utc> = match what {
        "start/datetime" => |one| one.start,
        "end/datetime" => |one| one.end,
        _ => return Err(Fail::new(400, "BadRequest", "The simulator sorts by start/dateTime or end/dateTime.")),
    };
    if down {
        found.sort_by_key(|one| (Reverse(by(one)), one.key));
    } else {
        found.sort_by_key(|one| (by(one), one.key));
    }
    Ok(())
}

fn events(world: &World, call: &Call, mailbox: &str, look: &Look, found: &[Instance]) -> Outcome {
    let page = page(found, call, &world.switches)?;
    let items: Vec<Value> = page
        .items
        .iter()
        .filter_map(|one| Some(render::event(world, mailbox, world.meeting(one.key.meeting)?, one, look)))
        .collect();
    let next = page.next.map(|skip| link(world, call, &[("$skip", skip.to_string())]));
    Ok(list(world, call, "users/calendarView", items, next))
}

fn one(world: &World, call: &Call, mailbox: &str, id: &str) -> Outcome {
    let look = look(world, call)?;
    let (meeting, one) = find(world, mailbox, id)?;
    let event = render::event(world, mailbox, meeting, &one, &look);
    Ok(applied(Reply::json(200, &event), call))
}

fn occurrences(world: &World, call: &Call, mailbox: &str, id: &str) -> Outcome {
    let (look, (from, to)) = (look(world, call)?, range(call)?);
    let (meeting, one) = find(world, mailbox, id)?;
    if one.kind != "seriesMaster" {
        return Err(Fail::new(400, "ErrorInvalidRecurrence", "The event is not the master of a series."));
    }
    let mut found = instances(meeting, world.zone, (from, to), world.switches.touching);
    found.sort_by_key(|one| (one.start, one.key));
    events(world, call, mailbox, &look, &found)
}

fn find<'a>(world: &'a World, mailbox: &str, id: &str) -> Outcome<(&'a Meeting, Instance)> {
    let key: Key =
        event_key(mailbox, id).ok_or_else(|| Fail::new(400, "ErrorInvalidIdMalformed", "Id is malformed."))?;
    let meeting = world.meeting_in(mailbox, key.meeting).ok_or_else(Fail::not_found)?;
    let one = match key.day {
        None => Some(Instance::whole(meeting)),
        Some(day) => occurrence(meeting, world.zone, day),
    };
    Ok((meeting, one.ok_or_else(Fail::not_found)?))
}
