//! Control calls of the site.

use chrono::{DateTime, Utc};
use http::Method;
use serde_json::{Value, json};

use super::world::{BADGE, Class, Direction, GROUP, GroupKind, READER, World};
use crate::bridge::{Done, Sent, access, done, id_of, licence};
use crate::host::{Call, Reply};

/// What can be called.
pub(super) const CALLS: &[&str] = &[
    "GET /__control/state (numbers of what there is)",
    "GET /__control/badges, groups, readers (as the contract shows them)",
    "POST /__control/badges {\"first\", \"last\", \"biometric\"}",
    "POST /__control/badges/ID {\"first\", \"last\", \"card\", \"enabled\", \"groups\", \"locked_by\", \"valid_until\"}",
    "DELETE /__control/badges/ID",
    "POST /__control/groups {\"name\", \"kind\"}",
    "POST /__control/readers {\"name\", \"direction\"}",
    "DELETE /__control/groups/ID, /__control/readers/ID",
    "POST /__control/pass {\"badge\", \"reader\", \"granted\", \"at\", \"reason\"} (with at: delivered late)",
    "POST /__control/unknown-card {\"number\", \"reader\"}",
    "POST /__control/door-event {\"class\", \"reader\"}",
    "POST /__control/events/bulk {\"count\"}",
    "POST /__control/events/rebuild (another epoch)",
    "POST /__control/events/trim {\"oldest\"}",
    "POST /__control/changes/trim {\"oldest\"}, changes/reset",
    "GET|POST /__control/licence {\"active\", \"until\"}",
    "POST /__control/access {\"key\", \"key_name\", \"user\", \"password\"}",
];

/// Answers a control call; `None` if it is none.
pub(super) fn answer(world: &mut World, call: &Call, rest: &[&str]) -> Option<Reply> {
    let sent = Sent::of(call);
    let result = match (&call.method, rest) {
        (&Method::GET, ["state"]) => Ok(state(world)),
        (&Method::GET, [what @ ("badges" | "groups" | "readers")]) => Ok(list(world, what)),
        (&Method::POST, ["badges"]) => add_badge(world, &sent),
        (&Method::POST, ["badges", id]) => change_badge(world, &sent, id),
        (&Method::DELETE, [what, id]) => delete(world, what, id),
        (&Method::POST, ["groups"]) => add_group(world, &sent),
        (&Method::POST, ["readers"]) => add_reader(world, &sent),
        (&Method::POST, ["pass"]) => pass(world, &sent),
        (&Method::POST, ["unknown-card"]) => sent.id("reader", READER).map(|reader| {
            let id = world.unknown_card(sent.text("number").unwrap_or("999"), reader);
            json!({ "event": id })
        }),
        (&Method::POST, ["door-event"]) => {
            let class = Class::of(sent.text("class").unwrap_or("door.opened-by-operator"));
            let reader = sent.id("reader", READER).ok();
            Ok(json!({ "event": world.door_event(class, reader) }))
        }
        (&Method::POST, ["events", what]) => events(world, &sent, what),
        (&Method::POST, ["changes", "trim"]) => sent.number("oldest").map(|oldest| {
            world.trim_changes(oldest);
            json!({ "oldest": oldest })
        }),
        (&Method::POST, ["changes", "reset"]) => {
            world.reset_changes();
            Ok(state(world))
        }
        (_, ["licence"]) => licence(&mut world.licence, &sent, call.method == Method::POST),
        (&Method::POST, ["access"]) => access(&mut world.access, &sent),
        _ => return None,
    };
    Some(done(result))
}

fn state(world: &World) -> Value {
    json!({
        "badges": world.badges.len(),
        "groups": world.groups.len(),
        "readers": world.readers.len(),
        "events": world.events.len(),
        "changes": world.changes.len(),
        "epoch": world.epoch,
        "last_seq": world.last_seq(),
        "cursor": world.counters.cursor,
    })
}

fn list(world: &World, what: &str) -> Value {
    match what {
        "badges" => world.badges.values().map(|badge| world.badge_json(badge)).collect(),
        "groups" => world.groups.values().map(|group| world.group_json(group)).collect(),
        _ => world.readers.values().map(|reader| world.reader_json(reader)).collect(),
    }
}

fn add_badge(world: &mut World, sent: &Sent) -> Done {
    let (first, last) = (sent.text("first").unwrap_or_default(), sent.text("last").unwrap_or_default());
    let biometric = sent.flag("biometric").unwrap_or(false);
    let id = if biometric { world.add_biometric_person(first, last) } else { world.add_person(first, last) };
    world.badges.get(&id).map(|badge| world.badge_json(badge)).ok_or_else(String::new)
}

fn change_badge(world: &mut World, sent: &Sent, id: &str) -> Done {
    let id = id_of(BADGE, id).filter(|id| world.badges.contains_key(id)).ok_or("there is no such badge")?;
    if let (Some(first), Some(last)) = (sent.text("first"), sent.text("last")) {
        world.rename(id, first, last);
    }
    if let Some(card) = sent.text("card") {
        world.recard(id, card);
    }
    if let Some(enabled) = sent.flag("enabled") {
        world.change_badge(id, |badge| badge.enabled = enabled);
    }
    if let Some(groups) = sent.ids("groups", GROUP)? {
        world.set_groups(id, &groups);
    }
    if let Some(until) = sent.value("valid_until") {
        let until: Option<DateTime<Utc>> =
            serde_json::from_value(until.clone()).map_err(|_| "valid_until is no time")?;
        world.change_badge(id, |badge| badge.valid_until = until);
    }
    match sent.value("locked_by") {
        Some(Value::String(who)) => world.lock(id, who),
        Some(Value::Null) => world.unlock(id),
        _ => {}
    }
    world.badges.get(&id).map(|badge| world.badge_json(badge)).ok_or_else(String::new)
}

fn delete(world: &mut World, what: &str, id: &str) -> Done {
    let wrong = || format!("{id} is no id");
    match what {
        "badges" => world.delete(id_of(BADGE, id).ok_or_else(wrong)?),
        "groups" => world.delete_group(id_of(GROUP, id).ok_or_else(wrong)?),
        "readers" => world.delete_reader(id_of(READER, id).ok_or_else(wrong)?),
        _ => return Err(format!("there are no {what}")),
    }
    Ok(json!({ "ok": true }))
}

fn add_group(world: &mut World, sent: &Sent) -> Done {
    let name = sent.needed("name")?;
    let kind = GroupKind::of(sent.text("kind").unwrap_or("access-group")).ok_or("there is no such kind")?;
    let id = world.add_group(name, kind);
    world.groups.get(&id).map(|group| world.group_json(group)).ok_or_else(String::new)
}

fn add_reader(world: &mut World, sent: &Sent) -> Done {
    let name = sent.needed("name")?;
    let direction = Direction::of(sent.text("direction").unwrap_or("in")).ok_or("there is no such direction")?;
    let id = world.add_reader(name, direction);
    world.readers.get(&id).map(|reader| world.reader_json(reader)).ok_or_else(String::new)
}

fn pass(world: &mut World, sent: &Sent) -> Done {
    let (badge, reader) = (sent.id("badge", BADGE)?, sent.id("reader", READER)?);
    let granted = sent.flag("granted").unwrap_or(true);
    let at = sent.instant("at")?;
    let event = match (at, sent.text("reason")) {
        (Some(at), _) => world.late_pass(badge, reader, granted, at),
        (None, Some(reason)) => world.deny(badge, reader, reason),
        (None, None) => world.pass(badge, reader, granted),
    };
    Ok(json!({ "event": event, "seq": world.last_seq() }))
}

fn events(world: &mut World, sent: &Sent, what: &str) -> Done {
    match what {
        "bulk" => world.bulk_events(usize::try_from(sent.number("count")?).unwrap_or(0)),
        "rebuild" => world.rebuild_events(),
        "trim" => world.trim_events(sent.number("oldest")?),
        _ => return Err(format!("events cannot {what}")),
    }
    Ok(state(world))
}
