//! Rooms and events as the API writes them.

use chrono::{DateTime, NaiveDateTime, NaiveTime, SecondsFormat, Timelike, Utc};
use serde_json::{Map, Value, json};

use super::ids::event_id;
use super::sim::overlaid;
use super::world::{
    AttendeeKind, Ending, Instance, Key, Meeting, Permission, Processing, Recurrence, Response, Rhythm, Room, RoomList,
    Who, World,
};
use super::zones::windows_name;
use crate::clock::Zone;

/// How a caller wants events.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) zone: Zone,
    /// The zone's name as it was asked for.
    pub(super) zone_name: String,
    pub(super) immutable: bool,
    /// Keys that were asked for; none: all.
    pub(super) select: Option<Vec<String>>,
}

/// A room as the list shows it.
pub(super) fn room(world: &World, room: &Room) -> Value {
    let switches = &world.switches;
    let number = |number: Option<i64>| match number {
        Some(number) if switches.numbers_text => json!(number.to_string()),
        number => json!(number),
    };
    let booking_type = if switches.rooms_unknown_enums { "moonlit" } else { &room.booking_type };
    let teams = if switches.rooms_unknown_enums { "dreaming" } else { "unknown" };
    let (geo, wheel) = if switches.older_spelling {
        ("geocoordinates", "isWheelchairAccessible")
    } else {
        ("geoCoordinates", "isWheelChairAccessible")
    };
    let value = if switches.rooms_bare {
        json!({ "id": room.id, "displayName": room.name, "emailAddress": room.address })
    } else {
        json!({
            "id": room.id, "placeId": room.place_id, "displayName": room.name, "nickname": room.name,
            "emailAddress": room.address, "building": room.building, "floorNumber": number(room.floor),
            "floorLabel": null, "label": null, "capacity": number(room.capacity), "bookingType": booking_type,
            "phone": "", "address": null, geo: null, wheel: true, "audioDeviceName": null, "videoDeviceName": "",
            "displayDeviceName": null, "tags": [], "teamsEnabledState": teams, "parentId": null, "isManaged": true,
        })
    };
    overlaid(value, &room.overlay)
}

/// A room list.
pub(super) fn room_list(list: &RoomList) -> Value {
    json!({
        "id": list.id, "displayName": list.name, "emailAddress": list.address, "address": null, "phone": "",
        "geoCoordinates": null,
    })
}

/// An event of a room's calendar.
pub(super) fn event(world: &World, mailbox: &str, meeting: &Meeting, one: &Instance, look: &Look) -> Value {
    let mut value = whole_event(world, mailbox, meeting, one, look);
    if let Some(object) = value.as_object_mut() {
        for key in &meeting.without {
            object.remove(key);
        }
        if let Some(select) = &look.select {
            object.retain(|key, _| key == "id" || key.starts_with('@') || select.contains(key));
        }
    }
    value
}

/// An occurrence as delta shows it: without organizer and attendees.
pub(super) fn bare_event(world: &World, mailbox: &str, meeting: &Meeting, one: &Instance, look: &Look) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.event",
        "id": event_id(mailbox, one.key, look.immutable, world.switches.slashed_ids),
        "type": one.kind,
        "seriesMasterId": master_id(world, mailbox, one, look),
        "start": moment(world, meeting, one.start, look),
        "end": moment(world, meeting, one.end, look),
    })
}

fn whole_event(world: &World, mailbox: &str, meeting: &Meeting, one: &Instance, look: &Look) -> Value {
    let switches = &world.switches;
    let room = world.rooms.get(mailbox);
    let version = format!("{:x}-{:x}", meeting.id, meeting.version);
    let response = response(room, meeting, mailbox);
    let strange = |usual: &str| if switches.unknown_enums { "somethingNew".to_owned() } else { usual.to_owned() };
    let zone_name = windows_name(meeting.zone.unwrap_or(world.zone));
    let uid = match one.key.day.filter(|_| switches.uid_per_occurrence) {
        Some(day) => format!("{}{}", meeting.uid, day.format("%Y%m%d")),
        None => meeting.uid.clone(),
    };
    let title = subject(world, room, meeting, one.cancelled);
    let sensitivity = if meeting.private && switches.keep_private { "private" } else { "normal" };
    let name = room.map_or("", |room| room.name.as_str());
    let answered = if matches!(response, Response::Accepted | Response::TentativelyAccepted | Response::Declined) {
        stamp(meeting.created + chrono::TimeDelta::seconds(2))
    } else {
        "0001-01-01T00:00:00Z".to_owned()
    };
    let mut value = json!({
        "@odata.etag": format!("W/\"{version}==\""),
        "id": event_id(mailbox, one.key, look.immutable, switches.slashed_ids),
        "createdDateTime": stamp(meeting.created),
        "lastModifiedDateTime": stamp(meeting.changed),
        "changeKey": format!("{version}=="),
        "categories": [],
        "originalStartTimeZone": zone_name,
        "originalEndTimeZone": zone_name,
        "iCalUId": uid,
        "hasAttachments": false,
        "subject": title,
        "importance": "normal",
        "sensitivity": strange(sensitivity),
        "isAllDay": meeting.all_day,
        "isCancelled": one.cancelled,
        "isOrganizer": response == Response::Organizer,
        "responseRequested": true,
        "seriesMasterId": master_id(world, mailbox, one, look),
        "showAs": strange(&show_as(world, meeting, one.cancelled, response)),
        "type": one.kind,
        "isOnlineMeeting": false,
        "hideAttendees": meeting.hide_attendees || switches.hide_attendees,
        "recurrence": meeting.recurrence.as_ref().filter(|_| one.kind == "seriesMaster").map(|recurrence| pattern(world, meeting, recurrence)),
        "responseStatus": { "response": strange(word(response)), "time": answered },
        "start": moment(world, meeting, one.start, look),
        "end": moment(world, meeting, one.end, look),
        "location": { "displayName": name, "locationType": "conferenceRoom" },
        "locations": [{ "displayName": name, "locationType": "conferenceRoom" }],
        "attendees": attendees(world, mailbox, meeting),
        "organizer": meeting.organizer.as_ref().map(|who| json!({ "emailAddress": address(who) })),
    });
    if switches.unknown_enums
        && let Some(object) = value.as_object_mut()
    {
        object.insert("importance".to_owned(), json!("somethingNew"));
    }
    if world.may(Permission::CalendarsRead)
        && let Some(object) = value.as_object_mut()
    {
        // Rooms delete what an invitation says.
        object.insert("bodyPreview".to_owned(), json!(""));
        object.insert("body".to_owned(), json!({ "contentType": "text", "content": "" }));
    }
    overlaid(value, &meeting.overlay)
}

fn subject(world: &World, room: Option<&Room>, meeting: &Meeting, cancelled: bool) -> String {
    let organizer = meeting.organizer.as_ref().map_or("", |who| who.name.as_str());
    let by_panel =
        room.zip(meeting.organizer.as_ref()).is_some_and(|(room, who)| room.address.eq_ignore_ascii_case(&who.address));
    let text = if world.switches.keep_subject || by_panel { &meeting.subject } else { organizer };
    if cancelled { format!("Canceled: {text}") } else { text.to_owned() }
}

/// What the room answered.
pub(super) fn response(room: Option<&Room>, meeting: &Meeting, mailbox: &str) -> Response {
    if let Some(response) = meeting.responses.get(mailbox) {
        return *response;
    }
    let organizer = meeting.organizer.as_ref();
    if organizer.is_some_and(|who| who.address.eq_ignore_ascii_case(mailbox)) {
        return Response::Organizer;
    }
    match room.map(|room| room.processing).unwrap_or_default() {
        Processing::AutoAccept => Response::Accepted,
        Processing::Delegate => Response::TentativelyAccepted,
        _ => Response::NotResponded,
    }
}

fn show_as(world: &World, meeting: &Meeting, cancelled: bool, response: Response) -> String {
    if let Some(text) = &meeting.show_as {
        return text.clone();
    }
    let pending = if world.switches.pending_as_free { "free" } else { "tentative" };
    let text = match response {
        _ if cancelled => "free",
        Response::Accepted | Response::Organizer => "busy",
        Response::Declined => "free",
        _ => pending,
    };
    text.to_owned()
}

fn attendees(world: &World, mailbox: &str, meeting: &Meeting) -> Vec<Value> {
    let entry = |who: &Who, kind: AttendeeKind, response: Response| {
        let kind = if world.switches.unknown_enums { json!("somethingNew") } else { json!(kind) };
        let time = if response == Response::None { "0001-01-01T00:00:00Z".to_owned() } else { stamp(meeting.created) };
        json!({ "type": kind, "status": { "response": word(response), "time": time }, "emailAddress": address(who) })
    };
    let hidden = meeting.hide_attendees || world.switches.hide_attendees;
    let mut all = Vec::new();
    if !hidden {
        all.extend(
            meeting
                .organizer
                .iter()
                .filter(|_| meeting.lists_organizer)
                .map(|who| entry(who, AttendeeKind::Required, Response::None)),
        );
        all.extend(meeting.attendees.iter().take(500).map(|one| entry(&one.who, one.kind, one.response)));
    }
    for room in meeting.rooms.iter().filter(|room| !hidden || *room == mailbox) {
        let answer = response(world.rooms.get(room), meeting, room);
        // A room that booked itself invites nobody of that name.
        if answer != Response::Organizer {
            let who =
                world.rooms.get(room).map_or_else(|| Who::new(room, room), |room| Who::new(&room.name, &room.address));
            // The answer of another room is known to the organizer only.
            let shown = if room == mailbox { answer } else { Response::None };
            all.push(entry(&who, AttendeeKind::Resource, shown));
        }
    }
    all
}

fn address(who: &Who) -> Value {
    json!({ "name": who.name, "address": who.address })
}

fn word(response: Response) -> &'static str {
    match response {
        Response::None => "none",
        Response::Organizer => "organizer",
        Response::TentativelyAccepted => "tentativelyAccepted",
        Response::Accepted => "accepted",
        Response::Declined => "declined",
        Response::NotResponded => "notResponded",
    }
}

fn master_id(world: &World, mailbox: &str, one: &Instance, look: &Look) -> Option<String> {
    let key = Key { day: None, ..one.key };
    one.key.day.map(|_| event_id(mailbox, key, look.immutable, world.switches.slashed_ids))
}

/// Begin or end of an event. Whole days are shown as midnight, whatever zone was asked for.
fn moment(world: &World, meeting: &Meeting, at: DateTime<Utc>, look: &Look) -> Value {
    let local = if meeting.all_day {
        meeting.zone.unwrap_or(world.zone).local(at).date().and_time(NaiveTime::MIN)
    } else {
        look.zone.local(at)
    };
    json!({ "dateTime": clock_text(local, world.switches.fraction_digits), "timeZone": look.zone_name })
}

fn clock_text(local: NaiveDateTime, digits: usize) -> String {
    let text = local.format("%Y-%m-%dT%H:%M:%S").to_string();
    let nanos = format!("{:09}", local.nanosecond());
    match nanos.get(..digits.min(9)).filter(|digits| !digits.is_empty()) {
        Some(fraction) => format!("{text}.{fraction}"),
        None => text,
    }
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true).replace('Z', "0Z")
}

/// A recurrence in the terms of the API.
fn pattern(world: &World, meeting: &Meeting, recurrence: &Recurrence) -> Value {
    let zone = meeting.zone.unwrap_or(world.zone);
    let first = zone.local(meeting.start).date();
    let day_name = |day: &chrono::Weekday| {
        ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
            .get(usize::try_from(day.num_days_from_monday()).unwrap_or(0))
            .copied()
            .unwrap_or("monday")
    };
    let mut pattern = Map::new();
    pattern.insert("interval".to_owned(), json!(recurrence.interval.max(1)));
    let (kind, more) = match &recurrence.rhythm {
        Rhythm::Daily => ("daily", json!({})),
        Rhythm::Weekly(days) => {
            let days: Vec<_> = days.iter().map(day_name).collect();
            ("weekly", json!({ "daysOfWeek": days, "firstDayOfWeek": "monday" }))
        }
        Rhythm::Monthly => ("absoluteMonthly", json!({ "dayOfMonth": chrono::Datelike::day(&first) })),
        Rhythm::MonthlyOn(number, day) => {
            let names = ["first", "second", "third", "fourth"];
            let index = usize::try_from(*number).ok().and_then(|number| number.checked_sub(1));
            let index = index.and_then(|index| names.get(index)).copied().unwrap_or("last");
            ("relativeMonthly", json!({ "daysOfWeek": [day_name(day)], "index": index }))
        }
    };
    pattern.insert("type".to_owned(), json!(kind));
    if let Value::Object(more) = more {
        pattern.extend(more);
    }
    let range = match recurrence.ending {
        Ending::After(count) => json!({ "type": "numbered", "startDate": first, "numberOfOccurrences": count }),
        Ending::On(day) => json!({ "type": "endDate", "startDate": first, "endDate": day }),
        Ending::Never => json!({ "type": "noEnd", "startDate": first, "endDate": "0001-01-01" }),
    };
    let range = overlaid(range, &Map::from_iter([("recurrenceTimeZone".to_owned(), json!(windows_name(zone)))]));
    json!({ "pattern": pattern, "range": range })
}
