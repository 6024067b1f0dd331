//! The record of changes.

use serde_json::{Map, Value, json};

use super::super::world::{CURSOR, World};
use super::{Answer, common};
use crate::bridge::profile::put;
use crate::bridge::{Poll, Problem, limit};
use crate::host::{Call, Reply};

pub(super) fn list(world: &World, call: &Call) -> Answer {
    let poll = Poll::of(call)?;
    let newest = world.counters.cursor;
    let cursor = match call.param("cursor").filter(|text| !text.is_empty()) {
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
    let most = limit(&world.front.profile.paging, &common(world), call)?;
    let start = world.changes.partition_point(|change| change.cursor <= cursor);
    let found: Vec<_> = world.changes.iter().skip(start).take(most).collect();
    let Some(last) = found.last().map(|change| change.cursor) else {
        let nothing = || answer(world, Vec::new(), cursor, false);
        return Ok(poll.later(world.clock.now()).unwrap_or_else(nothing));
    };
    Ok(answer(world, found.into_iter().map(|change| world.change_json(change)).collect(), last, false))
}

fn answer(world: &World, items: Vec<Value>, next: u64, reset: bool) -> Reply {
    let (profile, time) = (&world.front.profile, world.time_form());
    let items: Vec<Value> = items.into_iter().map(|item| profile.show("change", item, &time)).collect();
    let mut body = Value::Object(Map::new());
    let place = |wanted: &'static str, own: &str| if own.is_empty() { wanted.to_owned() } else { own.to_owned() };
    put(&mut body, &place("/items", &profile.paging.items), items.into());
    put(&mut body, &place("/next", &profile.paging.next), format!("{CURSOR}{next}").into());
    put(&mut body, "/reset", reset.into());
    Reply::json(200, &body)
}
