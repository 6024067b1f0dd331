//! The record of changes.

use serde_json::{Value, json};

use super::super::world::{CURSOR, World};
use super::Answer;
use crate::bridge::{Poll, Problem, Site, by_cursor, limit};
use crate::host::{Call, Reply};

pub(super) fn list(world: &World, call: &Call) -> Answer {
    let poll = Poll::of(&world.front.profile, call)?;
    let newest = world.counters.cursor;
    let cursor = match world.front.profile.asked(call, "cursor").filter(|text| !text.is_empty()) {
        None => world.changes_from.saturating_sub(1),
        Some("now") => return Ok(answer(world, Vec::new(), newest, false)),
        Some(text) => {
            let number = text.strip_prefix(CURSOR).unwrap_or(text).parse();
            number.map_err(|_| Problem::validation("cursor", "This is no cursor"))?
        }
    };
    if cursor.saturating_add(1) < world.changes_from {
        return Err(Problem::cursor_expired(format!("Oldest change is {CURSOR}{}", world.changes_from))
            .with("current", json!({ "oldest": format!("{CURSOR}{}", world.changes_from) })));
    }
    if cursor > newest {
        // The record is not the one that gave this cursor: whoever follows has to read everything again.
        return Ok(answer(world, Vec::new(), newest, true));
    }
    let most = limit(&world.front.profile.paging, &world.common(), call)?;
    let start = world.changes.partition_point(|change| change.cursor <= cursor);
    let found: Vec<_> = world.changes.iter().skip(start).take(most).collect();
    let Some(last) = found.last().map(|change| change.cursor) else {
        let nothing = || answer(world, Vec::new(), newest, false);
        return Ok(poll.later(world.clock.now()).unwrap_or_else(nothing));
    };
    Ok(answer(world, found.into_iter().map(|change| world.change_json(change)).collect(), last, false))
}

fn answer(world: &World, items: Vec<Value>, next: u64, reset: bool) -> Reply {
    by_cursor(world, "change", items, format!("{CURSOR}{next}"), reset)
}
