//! What was deleted.

use serde_json::{Value, json};

use super::super::world::{CURSOR, World};
use super::Answer;
use crate::bridge::{Problem, Site, by_cursor, limit};
use crate::host::{Call, Reply};

pub(super) fn list(world: &World, call: &Call) -> Answer {
    let newest = world.counters.cursor;
    let after = match world.front.profile.asked(call, "after").filter(|text| !text.is_empty()) {
        None => world.deletions_from.saturating_sub(1),
        Some("now") => newest,
        Some(text) => {
            let number = text.strip_prefix(CURSOR).unwrap_or(text).parse();
            number.map_err(|_| Problem::validation("after", "This is no cursor"))?
        }
    };
    if after.saturating_add(1) < world.deletions_from {
        let oldest = format!("{CURSOR}{}", world.deletions_from);
        return Err(Problem::cursor_expired(format!("Oldest deletion is {oldest}"))
            .with("current", json!({ "oldest": oldest })));
    }
    if after > newest {
        // The list is not the one that gave this cursor: whoever follows has to read everything again.
        return Ok(answer(world, Vec::new(), newest, true));
    }
    let most = limit(&world.front.profile.paging, &world.common(), call)?;
    let start = world.deletions.partition_point(|deletion| deletion.cursor <= after);
    let found: Vec<_> = world.deletions.iter().skip(start).take(most).collect();
    let last = found.last().map_or(newest, |deletion| deletion.cursor);
    Ok(answer(world, found.into_iter().map(|deletion| world.deletion_json(deletion)).collect(), last, false))
}

fn answer(world: &World, items: Vec<Value>, next: u64, reset: bool) -> Reply {
    by_cursor(world, "deletion", items, format!("{CURSOR}{next}"), reset)
}
