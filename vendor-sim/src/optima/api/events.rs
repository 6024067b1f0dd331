//! Events.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::super::world::{Event, READER, World};
use super::Answer;
use crate::bridge::{Poll, Problem, Site, followed, id_of, position};
use crate::host::Call;

/// What a call asks for.
struct Asked {
    after: Option<u64>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    reader: Option<u32>,
    class: Option<String>,
}

pub(super) fn list(world: &World, call: &Call) -> Answer {
    let (poll, asked) = (Poll::of(&world.front.profile, call)?, Asked::of(world, call)?);
    kept(world, asked.after)?;
    let start = world.events.partition_point(|event| asked.after.is_some_and(|after| event.seq <= after));
    let rest = world.events.get(start..).unwrap_or_default();
    let wanted = rest.iter().filter(|event| asked.fits(event));
    let time = world.time_form();
    let show = |event: &Event| world.front.profile.show("event", world.event_json(event), &time);
    followed(world, call, poll, world.last_seq(), wanted, |event| event.seq, show)
}

/// A position older than the store keeps is told where the store begins.
fn kept(world: &World, after: Option<u64>) -> Result<(), Problem> {
    let oldest = world.events_from;
    match after {
        Some(after) if after.saturating_add(1) < oldest => {
            Err(Problem::cursor_expired(format!("Oldest event is {oldest}"))
                .with("current", json!({ "oldestSeq": oldest, "epoch": world.epoch })))
        }
        _ => Ok(()),
    }
}

impl Asked {
    fn of(world: &World, call: &Call) -> Result<Self, Problem> {
        let reader = match world.front.profile.asked(call, "reader").filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => Some(id_of(READER, text).ok_or_else(|| Problem::validation("reader", "This is no id"))?),
        };
        let class = world.front.profile.asked(call, "class").filter(|text| !text.is_empty());
        Ok(Self {
            after: position(&world.front.profile, call)?,
            from: world.front.instant(call, "from", world.zone)?,
            to: world.front.instant(call, "to", world.zone)?,
            reader,
            class: class.map(|class| world.front.profile.word("event", "/class", class)),
        })
    }

    /// `to` is not itself in the span.
    fn fits(&self, event: &Event) -> bool {
        self.from.is_none_or(|from| from <= event.at)
            && self.to.is_none_or(|to| event.at < to)
            && self.reader.is_none_or(|reader| event.reader == Some(reader))
            && self.class.as_deref().is_none_or(|class| event.class.word() == class)
    }
}
