//! Events.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::world::{Event, READER, World};
use super::{Answer, common};
use crate::bridge::profile::Style;
use crate::bridge::{Envelope, Poll, Problem, envelope, id_of, limit, linked, skipped};
use crate::host::{Call, Reply};

/// What a call asks for.
struct Asked {
    after: Option<u64>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    reader: Option<u32>,
    class: Option<String>,
}

pub(super) fn list(world: &World, call: &Call) -> Answer {
    let (poll, asked) = (Poll::of(call)?, Asked::of(world, call)?);
    let paging = &world.front.profile.paging;
    let most = limit(paging, &common(world), call)?;
    kept(world, asked.after)?;
    let start = world.events.partition_point(|event| asked.after.is_some_and(|after| event.seq <= after));
    let rest = world.events.get(start..).unwrap_or_default();
    let mut wanted = rest.iter().filter(|event| asked.fits(event)).skip(skipped(paging, call, most)?);
    let found: Vec<&Event> = wanted.by_ref().take(most).collect();
    let more = wanted.next().is_some();
    if found.is_empty()
        && let Some(later) = poll.later(world.clock.now())
    {
        return Ok(later);
    }
    // What was looked through: up to the last item, or everything.
    let last = found.last().filter(|_| more).map_or(world.last_seq(), |event| event.seq);
    let next = (more && paging.style == Style::Link).then(|| linked(&common(world), call, "after", &last.to_string()));
    let total = (!paging.total.is_empty()).then(|| rest.iter().filter(|event| asked.fits(event)).count());
    Ok(answer(world, &found, next, total, last))
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

fn answer(world: &World, found: &[&Event], next: Option<String>, total: Option<usize>, last: u64) -> Reply {
    let (profile, time) = (&world.front.profile, world.time_form());
    let items: Vec<Value> = found.iter().map(|event| profile.show("event", world.event_json(event), &time)).collect();
    let parts = Envelope { items, next, total, as_of: None, last: Some(last.into()) };
    Reply::json(200, &envelope(&profile.paging, parts))
}

impl Asked {
    fn of(world: &World, call: &Call) -> Result<Self, Problem> {
        let after = match call.param("after").filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| Problem::validation("after", "This is no number"))?),
        };
        let reader = match call.param("reader").filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => Some(id_of(READER, text).ok_or_else(|| Problem::validation("reader", "This is no id"))?),
        };
        let class = call.param("class").filter(|text| !text.is_empty());
        Ok(Self {
            after,
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
