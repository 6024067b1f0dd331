//! Info, lookups and changes.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use super::problem::Problem;
use super::{Answer, read};
use crate::astrow::switches::Switches;
use crate::astrow::world::{Change, World, cursor_text};
use crate::host::{Call, Reply};

pub(super) fn info(world: &World) -> Reply {
    let licences: Vec<&String> = world.licences.iter().filter(|name| world.licensed(name)).collect();
    Reply::json(
        200,
        &json!({
            "product": "Astrow simulator",
            "version": world.version,
            "timeZone": world.zone.name(),
            "hexBadges": world.hex_badges,
            "licences": licences,
            "now": world.stamp(world.clock.now()),
            "changesNext": cursor_text(world.changes.next()),
        }),
    )
}

pub(super) fn lookups(world: &World) -> Reply {
    Reply::json(200, &json!(world.lookups))
}

/// Changes from a cursor on; without one, from now on.
pub(super) fn changes(world: &mut World, call: &Call) -> Result<Answer, Problem> {
    let until = read::wait(call)?;
    let limit = read::limit(call, world.switches.page_size)?;
    if Switches::take(&mut world.switches.cursor_expired) {
        return Err(expired());
    }
    let now = world.clock.now();
    let kept = TimeDelta::try_days(world.switches.changes_days);
    world
        .changes
        .expire(kept.and_then(|kept| now.checked_sub_signed(kept)).unwrap_or(chrono::DateTime::<Utc>::MIN_UTC));
    let next = world.changes.next();
    let asked = read::cursor(call, "c-")?;
    let from = asked.unwrap_or(next);
    if from < world.changes.oldest() {
        return Err(expired());
    }
    // A cursor of the future: what it was given for is gone, as after a restore.
    let reset = from > next;
    let items: Vec<Value> = world.changes.from(from).take(limit).map(|change| change_json(world, change)).collect();
    // Whoever has no cursor is told one at once: what came while waiting would be missed.
    if items.is_empty() && !reset && asked.is_some() && now < until {
        return Ok(Answer::Later(until));
    }
    let next = if reset { next } else { from + items.len() as u64 };
    Ok(Reply::json(200, &json!({ "items": items, "next": cursor_text(next), "reset": reset })).into())
}

fn change_json(world: &World, change: &Change) -> Value {
    let mut shown = json!(change);
    if let Some(members) = shown.as_object_mut() {
        members.insert("at".to_owned(), json!(world.stamp(change.at)));
    }
    shown
}

fn expired() -> Problem {
    Problem::new(410, "cursor-expired", "Changes this old are gone").field("cursor")
}
