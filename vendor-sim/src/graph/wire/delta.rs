//! Incremental reading of a calendar.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::{Fail, Outcome};
use super::options::{applied, link, look, preference, range};
use crate::graph::ids::event_id;
use crate::graph::render::{self, Look};
use crate::graph::switches::Expired;
use crate::graph::world::{Change, Exception, Instance, Key, Meeting, Permission, World, instances};
use crate::host::{Call, Reply};

const PAGE: usize = 10;

/// What a token stands for.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    generation: u64,
    mailbox: String,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// Changes after this one; none: everything.
    since: Option<u64>,
    /// Up to this one.
    until: u64,
    offset: usize,
}

pub(super) fn answer(world: &World, call: &Call, mailbox: &str) -> Outcome {
    if world.switches.delta_needs_read && !world.may(Permission::CalendarsRead) {
        return Err(super::events::denied());
    }
    for option in ["$select", "$filter", "$expand", "$orderby", "$search", "$top"] {
        if call.param(option).is_some() {
            let message = format!("The query option '{option}' is not supported by delta.");
            return Err(Fail::new(400, "ErrorInvalidUrlQuery", &message));
        }
    }
    if world.switches.delta_504 {
        return Err(Fail::new(504, "UnknownError", ""));
    }
    let look = Look { select: None, ..look(world, call)? };
    let state = state(world, call, mailbox)?;
    let all = match state.since {
        None => everything(world, &state, &look),
        Some(since) => changed(world, &state, since, &look),
    };
    let wish = preference(call, "odata.maxpagesize").and_then(|text| text.parse().ok());
    let size: usize = wish.unwrap_or(PAGE).max(1);
    let end = state.offset + size;
    let items: Vec<Value> = all.iter().skip(state.offset).take(size).cloned().collect();
    let (name, token) = if end < all.len() {
        ("@odata.nextLink", ("$skiptoken", State { offset: end, ..state }))
    } else {
        // The next round begins where this one ended.
        let next = State { since: Some(state.until), offset: 0, ..state };
        ("@odata.deltaLink", ("$deltatoken", next))
    };
    let (option, state) = token;
    let bare = Call { query: Vec::new(), ..call.clone() };
    let body = json!({
        "@odata.context": format!("{}/v1.0/$metadata#Collection(event)", world.url),
        name: link(world, &bare, &[(option, written(&state))]),
        "value": items,
    });
    Ok(applied(Reply::json(200, &body), call))
}

fn written(state: &State) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_string(state).unwrap_or_default())
}

fn state(world: &World, call: &Call, mailbox: &str) -> Outcome<State> {
    let latest =
        world.calendars.get(mailbox).and_then(|calendar| calendar.changes.last()).map_or(0, |last| last.number);
    let Some(token) = call.param("$deltatoken").or(call.param("$skiptoken")) else {
        let (from, to) = range(call)?;
        let mailbox = mailbox.to_owned();
        return Ok(State { generation: world.generation, mailbox, from, to, since: None, until: latest, offset: 0 });
    };
    let read = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| serde_json::from_slice::<State>(&bytes).ok());
    let Some(state) = read.filter(|state| state.mailbox == mailbox) else {
        return Err(Fail::new(400, "syncStateInvalid", "The sync state is not valid."));
    };
    if state.generation != world.generation {
        return Err(expired(world, call, &state));
    }
    // A fresh round sees what there is now; the pages after it keep to the same end.
    Ok(if call.param("$deltatoken").is_some() { State { until: latest, ..state } } else { state })
}

fn expired(world: &World, call: &Call, state: &State) -> Fail {
    let message = "The sync state generation is not found; a full synchronization is needed.";
    match world.switches.delta_expired {
        Expired::Gone => Fail::new(410, "SyncStateNotFound", message),
        Expired::GoneWithLocation => {
            let bare = Call { query: Vec::new(), ..call.clone() };
            let start = ("startDateTime", state.from.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
            let end = ("endDateTime", state.to.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
            Fail::new(410, "resyncRequired", message).header("Location", &link(world, &bare, &[start, end]))
        }
        Expired::BadRequest => Fail::new(400, "syncStateNotFound", message),
        Expired::NotFound => Fail::new(404, "syncStateInvalid", message),
    }
}

/// A full round: single meetings whole, series as their master and bare occurrences.
fn everything(world: &World, state: &State, look: &Look) -> Vec<Value> {
    let mut found = world.view(&state.mailbox, state.from, state.to);
    found.sort_by_key(|one| (one.start, one.key));
    let shown: BTreeSet<u64> = found.iter().map(|one| one.key.meeting).collect();
    let masters = world.series_in(&state.mailbox).filter(|meeting| shown.contains(&meeting.id));
    let mut items: Vec<Value> =
        masters.map(|meeting| whole(world, state, meeting, &Instance::whole(meeting), look)).collect();
    items.extend(
        found.iter().filter_map(|one| Some(shown_as(world, state, world.meeting(one.key.meeting)?, one, look))),
    );
    items
}

/// What changed since the last round.
fn changed(world: &World, state: &State, since: u64, look: &Look) -> Vec<Value> {
    let Some(calendar) = world.calendars.get(&state.mailbox) else { return Vec::new() };
    let new = calendar.changes.iter().rev().take_while(|change| change.number > since);
    let new: Vec<&Change> = new.filter(|change| change.number <= state.until).collect();
    let ids: BTreeSet<u64> = new.iter().map(|change| change.meeting).collect();
    ids.into_iter().flat_map(|id| changed_meeting(world, state, id, look)).collect()
}

fn changed_meeting(world: &World, state: &State, id: u64, look: &Look) -> Vec<Value> {
    let range = (state.from, state.to);
    let Some(meeting) = world.meeting_in(&state.mailbox, id) else {
        return world
            .keys_gone(&state.mailbox, id, range)
            .into_iter()
            .map(|key| removed(world, state, key, look))
            .collect();
    };
    let found = instances(meeting, world.zone, range, world.switches.touching);
    if found.is_empty() {
        // Told for meetings outside the window, too.
        return vec![removed(world, state, Key { meeting: id, day: None }, look)];
    }
    let mut items = Vec::new();
    if meeting.recurrence.is_some() {
        items.push(whole(world, state, meeting, &Instance::whole(meeting), look));
    }
    items.extend(found.iter().map(|one| shown_as(world, state, meeting, one, look)));
    if world.switches.delta_tells_occurrences {
        let gone = meeting.exceptions.iter().filter(|(_, exception)| **exception == Exception::Removed);
        items.extend(gone.map(|(day, _)| removed(world, state, Key { meeting: id, day: Some(*day) }, look)));
    }
    items
}

fn shown_as(world: &World, state: &State, meeting: &Meeting, one: &Instance, look: &Look) -> Value {
    if one.kind == "occurrence" {
        return render::bare_event(world, &state.mailbox, meeting, one, look);
    }
    whole(world, state, meeting, one, look)
}

fn whole(world: &World, state: &State, meeting: &Meeting, one: &Instance, look: &Look) -> Value {
    let mut value = render::event(world, &state.mailbox, meeting, one, look);
    if let Some(object) = value.as_object_mut() {
        object.insert("@odata.type".to_owned(), json!("#microsoft.graph.event"));
    }
    value
}

fn removed(world: &World, state: &State, key: Key, look: &Look) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.event",
        "id": event_id(&state.mailbox, key, look.immutable, world.switches.slashed_ids),
        "@removed": { "reason": "deleted" },
    })
}
