//! The tenant's own control calls.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::wire::issue_token;
use super::world::{Attendee, ItemFault, Lifecycle, Meeting, Permission, Recurrence, Response, Room, Who, World};
use crate::host::{Call, Reply};

/// What can be called, for whoever asks.
pub(super) const CALLS: [&str; 17] = [
    "GET /__control/state",
    "GET|POST /__control/rooms {\"name\", \"address\", …} (POST adds or merges what is named)",
    "GET|DELETE /__control/rooms/ADDRESS",
    "GET|POST /__control/meetings {\"room\", \"organizer\": {\"name\", \"address\"}, \"attendees\": […], \"start\", \"end\", \"recurrence\": {…}, …}",
    "GET|PUT|DELETE /__control/meetings/ID {\"start\", \"end\", \"room\", \"shift_minutes\", \"response\", …} (DELETE forgets it)",
    "POST /__control/meetings/ID/cancel {\"day\": one occurrence}",
    "POST /__control/meetings/ID/move-occurrence {\"day\", \"start\", \"end\"}",
    "POST /__control/empty (no meeting is left)",
    "GET|POST /__control/consents {\"grant\": […], \"withdraw\": […]}",
    "POST /__control/deny {\"mailbox\"}, POST /__control/allow {\"mailbox\"}",
    "POST /__control/secret {\"value\"} (another secret), POST /__control/secret/expire",
    "POST /__control/token (gives one), POST /__control/tokens/revoke",
    "POST /__control/delta/expire",
    "GET /__control/subscriptions, POST /__control/subscriptions/ID/lifecycle {\"event\"}",
    "GET|DELETE /__control/mail",
    "GET /__control/load",
    "GET|POST|DELETE /__control/item-faults {\"path\", \"status\" (0: no answer), \"retry_after\", \"times\"}",
];

type Answer = Result<Value, Reply>;

/// Answers a control call that is the tenant's own.
pub(super) fn answer(world: &mut World, call: &Call, rest: &[&str]) -> Option<Reply> {
    let result = match rest {
        ["rooms", rest @ ..] => rooms(world, call, rest)?,
        ["meetings", rest @ ..] => meetings(world, call, rest)?,
        _ => others(world, call, rest)?,
    };
    Some(result.map_or_else(|reply| reply, |value| Reply::json(200, &value)))
}

fn rooms(world: &mut World, call: &Call, rest: &[&str]) -> Option<Answer> {
    let all = |world: &World| Ok(json!(world.rooms.values().collect::<Vec<_>>()));
    Some(match (&call.method, rest) {
        (&Method::GET, []) => all(world),
        (&Method::POST, []) => given::<Value>(call).and_then(|wanted| put_room(world, wanted)),
        (&Method::GET, [room]) => world.room(room).map(|room| json!(room)).ok_or_else(missing),
        (&Method::DELETE, [room]) => done(world.delete_room(room)),
        _ => return None,
    })
}

fn put_room(world: &mut World, wanted: Value) -> Answer {
    let address = wanted.get("address").and_then(Value::as_str).unwrap_or_default().to_owned();
    if address.is_empty() {
        return Err(refused("A room has an address."));
    }
    let mut record = world.room(&address).map_or_else(|| json!({}), |room| json!(room));
    if let (Some(record), Value::Object(wanted)) = (record.as_object_mut(), wanted) {
        record.extend(wanted);
    }
    let room: Room = typed(record)?;
    let key = world.insert_room(room);
    Ok(json!(world.rooms.get(&key)))
}

fn meetings(world: &mut World, call: &Call, rest: &[&str]) -> Option<Answer> {
    let (first, rest) = match rest.split_first() {
        None => (None, rest),
        Some((id, rest)) => (Some(id.parse::<u64>().ok()?), rest),
    };
    Some(match (&call.method, first, rest) {
        (&Method::GET, None, []) => Ok(json!(world.meetings().collect::<Vec<_>>())),
        (&Method::POST, None, []) => given::<Wish>(call).and_then(|wish| add(world, wish)),
        (&Method::GET, Some(id), []) => shown(world, id),
        (&Method::PUT, Some(id), []) => given::<Wish>(call).and_then(|wish| change(world, id, wish)),
        (&Method::DELETE, Some(id), []) => done(world.delete_meeting(id)),
        (&Method::POST, Some(id), ["cancel"]) => {
            let day = call.json().ok().and_then(|body| typed::<NaiveDate>(body.get("day")?.clone()).ok());
            done(match day {
                Some(day) => world.cancel_occurrence(id, day),
                None => world.cancel(id),
            })
        }
        (&Method::POST, Some(id), ["move-occurrence"]) => {
            given::<Moved>(call).and_then(|moved| done(world.move_occurrence(id, moved.day, moved.start, moved.end)))
        }
        _ => return None,
    })
}

/// What a control call wants of a meeting.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wish {
    room: Option<String>,
    rooms: Option<Vec<String>>,
    organizer: Option<Who>,
    attendees: Option<Vec<Attendee>>,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    shift_minutes: i64,
    all_day: Option<bool>,
    recurrence: Option<Recurrence>,
    subject: Option<String>,
    private: Option<bool>,
    cancelled: Option<bool>,
    show_as: Option<String>,
    response: Option<Response>,
}

#[derive(Debug, Deserialize)]
struct Moved {
    day: NaiveDate,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

fn add(world: &mut World, wish: Wish) -> Answer {
    if wish.start.is_none() || wish.end.is_none() || (wish.room.is_none() && wish.rooms.is_none()) {
        return Err(refused("A meeting has a start, an end and a room."));
    }
    let id = world.insert_meeting(Meeting::default());
    change(world, id, wish)
}

fn change(world: &mut World, id: u64, wish: Wish) -> Answer {
    let named = wish.room.into_iter().chain(wish.rooms.into_iter().flatten());
    let rooms: Vec<String> = named.map(|room| world.room_for(&room)).collect();
    let shift = TimeDelta::try_minutes(wish.shift_minutes).ok_or_else(|| refused("The shift is too large."))?;
    let found = world.change_meeting(id, |meeting| {
        if !rooms.is_empty() {
            meeting.rooms = rooms;
        }
        meeting.organizer = wish.organizer.or(meeting.organizer.take());
        meeting.attendees = wish.attendees.unwrap_or(std::mem::take(&mut meeting.attendees));
        meeting.start = wish.start.unwrap_or(meeting.start) + shift;
        meeting.end = wish.end.unwrap_or(meeting.end) + shift;
        meeting.all_day = wish.all_day.unwrap_or(meeting.all_day);
        meeting.recurrence = wish.recurrence.or(meeting.recurrence.take());
        meeting.subject = wish.subject.unwrap_or(std::mem::take(&mut meeting.subject));
        meeting.private = wish.private.unwrap_or(meeting.private);
        meeting.cancelled = wish.cancelled.unwrap_or(meeting.cancelled);
        meeting.show_as = wish.show_as.or(meeting.show_as.take());
        if let Some(response) = wish.response {
            meeting.responses = meeting.rooms.iter().map(|room| (room.clone(), response)).collect();
        }
    });
    if found { shown(world, id) } else { Err(missing()) }
}

fn others(world: &mut World, call: &Call, rest: &[&str]) -> Option<Answer> {
    let text = |name: &str| {
        let body = call.json().unwrap_or_default();
        body.get(name)
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
            .ok_or_else(|| refused(&format!("{name} is needed.")))
    };
    Some(match (&call.method, rest) {
        (&Method::GET, ["state"]) => Ok(world.dump()),
        (&Method::POST, ["empty"]) => {
            world.clear_meetings();
            done(true)
        }
        (&Method::GET, ["consents"]) => Ok(json!(world.app.consents)),
        (&Method::POST, ["consents"]) => given::<Consents>(call).map(|wanted| {
            wanted.grant.into_iter().for_each(|one| world.grant(one));
            wanted.withdraw.into_iter().for_each(|one| world.withdraw_consent(one));
            json!(world.app.consents)
        }),
        (&Method::POST, ["deny"]) => text("mailbox").map(|mailbox| {
            world.deny_mailbox(&mailbox);
            json!(world.denied)
        }),
        (&Method::POST, ["allow"]) => text("mailbox").map(|mailbox| {
            world.allow_mailbox(&mailbox);
            json!(world.denied)
        }),
        (&Method::POST, ["secret"]) => text("value").and_then(|value| {
            world.add_secret(&value);
            done(true)
        }),
        (&Method::POST, ["secret", "expire"]) => {
            world.expire_secrets();
            done(true)
        }
        (&Method::POST, ["token"]) => Ok(json!({ "access_token": issue_token(world) })),
        (&Method::POST, ["tokens", "revoke"]) => {
            world.revoke_tokens();
            done(true)
        }
        (&Method::POST, ["delta", "expire"]) => {
            world.expire_delta_tokens();
            done(true)
        }
        (&Method::GET, ["subscriptions"]) => Ok(json!(world.subscriptions())),
        (&Method::POST, ["subscriptions", id, "lifecycle"]) => text("event").and_then(|event| {
            let event: Lifecycle = typed(Value::from(event))?;
            done(world.tell_lifecycle(id, &event))
        }),
        (&Method::GET, ["mail"]) => {
            let mails = world.sent.iter().map(|mail| json!({ "at": mail.at, "from": mail.from, "mime": mail.text() }));
            Ok(mails.collect())
        }
        (&Method::DELETE, ["mail"]) => {
            world.sent.clear();
            done(true)
        }
        (&Method::GET, ["load"]) => Ok(json!(world.load)),
        (&Method::GET, ["item-faults"]) => Ok(json!(world.item_faults)),
        (&Method::POST, ["item-faults"]) => given::<ItemFault>(call).map(|fault| {
            world.item_faults.push(fault);
            json!(world.item_faults)
        }),
        (&Method::DELETE, ["item-faults"]) => {
            world.item_faults.clear();
            done(true)
        }
        _ => return None,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Consents {
    grant: Vec<Permission>,
    withdraw: Vec<Permission>,
}

fn shown(world: &World, id: u64) -> Answer {
    world.meeting(id).map(|meeting| json!(meeting)).ok_or_else(missing)
}

fn done(found: bool) -> Answer {
    if found { Ok(json!({ "ok": true })) } else { Err(missing()) }
}

fn given<T: DeserializeOwned>(call: &Call) -> Result<T, Reply> {
    call.json().map_err(|_| refused("The body is not JSON.")).and_then(typed)
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Reply> {
    serde_json::from_value(value).map_err(|error| refused(&error.to_string()))
}

fn refused(message: &str) -> Reply {
    Reply::json(400, &json!({ "message": message }))
}

fn missing() -> Reply {
    Reply::json(404, &json!({ "message": "There is no such thing." }))
}
