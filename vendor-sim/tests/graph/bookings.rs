use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Value, json};
use vendor_sim::graph::{Attendee, GraphSim, Mailbox, Meeting, Permission, Processing, Response, Zone};

use crate::client::{at, begins, events, get, get_as, quiet, week};

const ROOM: &str = "quay1@example.org";
const ADA: (&str, &str) = ("Ada Quist", "ada.quist@example.org");

fn booked(sim: &GraphSim, start: &str, minutes: i64) -> u64 {
    let start = at(start);
    sim.world(|world| {
        world.book(ROOM, ADA, &[("Guest", "guest@partner.example")], start, start + TimeDelta::minutes(minutes))
    })
}

#[tokio::test]
async fn a_room_shows_its_copy_of_a_meeting() {
    let sim = quiet().start().await.unwrap();
    let id = booked(&sim, "2026-03-03T09:30:00Z", 60);
    let all = events(&sim, ROOM).await;
    let event = &all[0];
    assert_eq!(event["start"], json!({ "dateTime": "2026-03-03T09:30:00.0000000", "timeZone": "UTC" }));
    assert_eq!(event["end"]["dateTime"], "2026-03-03T10:30:00.0000000");
    for (key, value) in [
        ("type", json!("singleInstance")),
        ("seriesMasterId", Value::Null),
        ("isAllDay", json!(false)),
        ("isCancelled", json!(false)),
        ("showAs", json!("busy")),
        ("sensitivity", json!("normal")),
        ("subject", json!("Ada Quist")),
        ("hideAttendees", json!(false)),
        ("organizer", json!({ "emailAddress": { "name": "Ada Quist", "address": "ada.quist@example.org" } })),
    ] {
        assert_eq!(event[key], value, "{key}");
    }
    assert_eq!(event["responseStatus"]["response"], "accepted");
    assert_eq!(event["attendees"][0]["emailAddress"]["address"], "guest@partner.example");
    assert_eq!(event["attendees"][0]["status"], json!({ "response": "none", "time": "0001-01-01T00:00:00Z" }));
    assert_eq!(event["attendees"][1]["type"], "resource");
    assert!(event.get("body").is_none());

    sim.world(|world| world.grant(Permission::CalendarsRead));
    assert_eq!(events(&sim, ROOM).await[0]["body"]["content"], "");

    let etag = event["@odata.etag"].clone();
    sim.world(|world| world.cancel(id));
    let cancelled = &events(&sim, ROOM).await[0];
    assert_eq!(
        (&cancelled["isCancelled"], &cancelled["showAs"], &cancelled["id"]),
        (&json!(true), &json!("free"), &event["id"])
    );
    assert_ne!(cancelled["@odata.etag"], etag);
    sim.world(|world| world.delete_meeting(id));
    assert_eq!(events(&sim, ROOM).await.len(), 0);
}

#[tokio::test]
async fn without_top_there_are_ten_and_the_next_link_brings_the_rest() {
    let sim = quiet().start().await.unwrap();
    for hour in 8..19 {
        booked(&sim, &format!("2026-03-03T{hour:02}:00:00Z"), 30);
    }
    let first = get(&sim, &week("quay1%40example.org")).await;
    assert_eq!(first.values().len(), 10);
    let link = first.json["@odata.nextLink"].as_str().unwrap().to_owned();
    assert!(
        link.contains("/users/quay1%40example.org/") && link.contains("startDateTime=2026-03-01T00%3a00%3a00Z"),
        "{link}"
    );
    assert_eq!(get(&sim, &link).await.values().len(), 1);

    let sorted = format!("{}&$orderby=start/dateTime&$top=4&$select=start,organizer", week(ROOM));
    let page = get(&sim, &sorted).await;
    assert_eq!(begins(page.values()), ["2026-03-03T08:00", "2026-03-03T09:00", "2026-03-03T10:00", "2026-03-03T11:00"]);
    let keys: BTreeSet<&str> = page.values()[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, BTreeSet::from(["@odata.etag", "id", "start", "organizer"]));
    let unsorted = get(&sim, &format!("{}&$top=100", week(ROOM))).await;
    let in_order = begins(unsorted.values()).is_sorted();
    assert!(!in_order, "nobody may rely on the order");

    sim.world(|world| world.switches.duplicates_at_border = true);
    let second = get(&sim, page.json["@odata.nextLink"].as_str().unwrap()).await;
    assert_eq!(begins(second.values())[..2], ["2026-03-03T11:00", "2026-03-03T12:00"]);
    sim.world(|world| world.switches.empty_page_first = true);
    let empty = get(&sim, &sorted).await;
    assert!(empty.values().is_empty() && empty.json["@odata.nextLink"].is_string());
    sim.world(|world| {
        world.switches.empty_page_first = false;
        world.switches.next_link_host = "https://elsewhere.example".to_owned();
    });
    assert!(
        get(&sim, &sorted).await.json["@odata.nextLink"]
            .as_str()
            .unwrap()
            .starts_with("https://elsewhere.example/v1.0/")
    );
    sim.world(|world| {
        world.switches.next_link_host = String::new();
        world.switches.next_link_loops = true;
    });
    let link = page.json["@odata.nextLink"].as_str().unwrap();
    assert_eq!(get(&sim, link).await.json["@odata.nextLink"], link);
    sim.world(|world| world.switches.events_without_next_link = true);
    assert!(get(&sim, &sorted).await.json.get("@odata.nextLink").is_none());
}

#[tokio::test]
async fn times_follow_the_preference_of_each_call() {
    let sim = quiet().zone(Zone::named("Europe/Berlin").unwrap()).start().await.unwrap();
    booked(&sim, "2026-03-03T09:30:00Z", 60);
    for (prefer, time, zone) in [
        ("outlook.timezone=\"UTC\"", "2026-03-03T09:30:00.0000000", "UTC"),
        (
            "IdType=\"ImmutableId\", outlook.timezone=\"W. Europe Standard Time\"",
            "2026-03-03T10:30:00.0000000",
            "W. Europe Standard Time",
        ),
        ("outlook.timezone=\"America/New_York\"", "2026-03-03T04:30:00.0000000", "America/New_York"),
    ] {
        let got = get_as(&sim, &week(ROOM), prefer).await;
        assert_eq!(got.values()[0]["start"], json!({ "dateTime": time, "timeZone": zone }));
        assert!(got.header("preference-applied").contains("outlook.timezone"));
        assert_eq!(got.values()[0]["originalStartTimeZone"], "W. Europe Standard Time");
    }
    let plain = get(&sim, &week(ROOM)).await.values()[0]["id"].clone();
    let immutable = get_as(&sim, &week(ROOM), "IdType=\"ImmutableId\"").await.values()[0]["id"].clone();
    assert_ne!(plain, immutable);
    let bad = get_as(&sim, &week(ROOM), "outlook.timezone=\"Middle Earth\"").await;
    assert_eq!((bad.status, bad.code()), (400, "TimeZoneNotSupportedException"));
    sim.world(|world| {
        world.switches.bad_zone_html = true;
        world.switches.fraction_digits = 3;
        world.switches.ignore_zone = true;
    });
    let bad = get_as(&sim, &week(ROOM), "outlook.timezone=\"Middle Earth\"").await;
    assert_eq!((bad.status, bad.header("content-type")), (500, "text/html"));
    let ignored = get_as(&sim, &week(ROOM), "outlook.timezone=\"UTC\"").await;
    assert_eq!(
        ignored.values()[0]["start"],
        json!({ "dateTime": "2026-03-03T10:30:00.000", "timeZone": "W. Europe Standard Time" })
    );
}

#[tokio::test]
async fn whole_days_are_midnight_in_any_zone_and_matched_by_their_instant() {
    let sim = quiet().zone(Zone::named("Pacific/Auckland").unwrap()).start().await.unwrap();
    // Midnight of 5 March in Auckland.
    let start = at("2026-03-04T11:00:00Z");
    sim.world(|world| {
        let day = Meeting::new(ROOM, ADA, start, start + TimeDelta::hours(48));
        world.insert_meeting(Meeting { all_day: true, ..day })
    });
    for zone in ["UTC", "Hawaiian Standard Time"] {
        let event = get_as(&sim, &week(ROOM), &format!("outlook.timezone=\"{zone}\"")).await.values()[0].clone();
        assert_eq!(event["start"], json!({ "dateTime": "2026-03-05T00:00:00.0000000", "timeZone": zone }));
        assert_eq!(event["end"]["dateTime"], "2026-03-07T00:00:00.0000000");
        assert_eq!(event["isAllDay"], true);
    }
    let path = |from, to| format!("/users/{ROOM}/calendarView?startDateTime={from}&endDateTime={to}");
    assert_eq!(get(&sim, &path("2026-03-04T10:00:00Z", "2026-03-04T12:00:00Z")).await.values().len(), 1);
    assert_eq!(get(&sim, &path("2026-03-06T12:00:00Z", "2026-03-07T00:00:00Z")).await.values().len(), 0);
}

#[tokio::test]
async fn what_overlaps_the_range_is_in_it_and_what_touches_is_not() {
    let sim = quiet().start().await.unwrap();
    booked(&sim, "2026-03-03T09:00:00Z", 60);
    booked(&sim, "2026-03-03T11:00:00Z", 60);
    let long = booked(&sim, "2026-03-02T00:00:00Z", 3 * 24 * 60);
    let path = format!(
        "/users/{ROOM}/calendarView?startDateTime=2026-03-03T10:00:00Z&endDateTime=2026-03-03T12:00:00%2B01:00"
    );
    let found = get(&sim, &path).await;
    assert_eq!(begins(found.values()), ["2026-03-02T00:00"]);
    sim.world(|world| world.switches.touching = true);
    assert_eq!(get(&sim, &path).await.values().len(), 3);
    sim.world(|world| world.delete_meeting(long));
    assert_eq!(get(&sim, &path).await.values().len(), 2);
    for (query, code) in [
        ("", "ErrorInvalidParameter"),
        ("?startDateTime=yesterday&endDateTime=2026-03-03T12:00:00Z", "ErrorInvalidParameter"),
        ("?startDateTime=2026-03-03T12:00:00Z&endDateTime=2030-03-03T12:00:00Z", "ErrorCalendarViewRangeTooBig"),
    ] {
        let got = get(&sim, &format!("/users/{ROOM}/calendarView{query}")).await;
        assert_eq!((got.status, got.code()), (400, code));
    }
}

#[tokio::test]
async fn pending_declined_panel_external_and_hidden_meetings_look_as_the_contract_says() {
    let sim = quiet().start().await.unwrap();
    let (start, end) = (at("2026-03-03T09:00:00Z"), at("2026-03-03T10:00:00Z"));
    let show = async |event: Meeting| {
        let id = sim.world(|world| world.insert_meeting(event));
        let shown = events(&sim, ROOM).await.pop();
        sim.world(|world| world.delete_meeting(id));
        shown
    };
    let plain = || Meeting::new(ROOM, ADA, start, end);
    let answered = |response| Meeting { responses: [(ROOM.to_owned(), response)].into(), ..plain() };
    let summary = |event: &Value| (event["responseStatus"]["response"].clone(), event["showAs"].clone());
    let pending = show(answered(Response::NotResponded)).await.unwrap();
    assert_eq!(summary(&pending), (json!("notResponded"), json!("tentative")));
    assert_eq!(pending["responseStatus"]["time"], "0001-01-01T00:00:00Z");
    assert_eq!(summary(&show(answered(Response::Declined)).await.unwrap()), (json!("declined"), json!("free")));
    let panel = sim.world(|world| world.book_at_panel("Quay 1", start, end));
    let shown = events(&sim, ROOM).await[0].clone();
    assert_eq!(summary(&shown), (json!("organizer"), json!("busy")));
    assert_eq!((&shown["organizer"]["emailAddress"]["address"], &shown["attendees"]), (&json!(ROOM), &json!([])));
    sim.world(|world| world.delete_meeting(panel));

    let hidden =
        Meeting { hide_attendees: true, private: true, ..plain() }.with(Attendee::required("Guest", "g@x.example"));
    let shown = show(hidden.clone()).await.unwrap();
    assert_eq!((shown["attendees"].as_array().unwrap().len(), &shown["sensitivity"]), (1, &json!("normal")));
    sim.world(|world| world.switches.keep_private = true);
    assert_eq!(show(hidden).await.unwrap()["sensitivity"], "private");

    let odd = Meeting {
        overlay: json!({ "organizer": { "emailAddress": { "name": "Old", "address": "/o=Org/ou=x" } }, "showAs": "elsewhere" })
            .as_object()
            .unwrap()
            .clone(),
        without: vec!["subject".to_owned()],
        ..plain()
    };
    let shown = show(odd).await.unwrap();
    assert_eq!((&shown["organizer"]["emailAddress"]["address"], shown.get("subject")), (&json!("/o=Org/ou=x"), None));

    let outside = || Meeting { organizer: Some(("Nia", "nia@client.example").into()), ..plain() };
    assert!(show(outside()).await.is_some());
    sim.world(|world| world.change_room(ROOM, |room| room.takes_external = false));
    assert_eq!(show(outside()).await, None);
    sim.world(|world| world.change_room(ROOM, |room| room.processing = Processing::Delegate));
    assert_eq!(summary(&show(plain()).await.unwrap()), (json!("tentativelyAccepted"), json!("tentative")));
    sim.world(|world| {
        world.switches.pending_as_free = true;
        world.switches.unknown_enums = true;
    });
    assert_eq!(summary(&show(plain()).await.unwrap()), (json!("somethingNew"), json!("somethingNew")));
}

#[tokio::test]
async fn a_meeting_in_two_rooms_has_one_uid_and_moves_from_room_to_room() {
    let sim = quiet().start().await.unwrap();
    let other = "harbour1@example.org";
    let id = booked(&sim, "2026-03-03T09:00:00Z", 60);
    sim.world(|world| world.change_meeting(id, |meeting| meeting.rooms.push(other.to_owned())));
    let (here, there) = (events(&sim, ROOM).await, events(&sim, other).await);
    assert_eq!(here[0]["iCalUId"], there[0]["iCalUId"]);
    assert_ne!(here[0]["id"], there[0]["id"]);
    sim.world(|world| world.move_to_room(id, "Harbour 1"));
    assert_eq!((events(&sim, ROOM).await.len(), events(&sim, other).await.len()), (0, 1));
    sim.world(|world| world.move_meeting(id, at("2026-03-04T09:00:00Z"), at("2026-03-04T10:00:00Z")));
    assert_eq!(begins(&events(&sim, other).await), ["2026-03-04T09:00"]);
    sim.world(|world| {
        world.clock.set(at("2026-03-04T09:20:00Z"));
        world.release(id)
    });
    assert_eq!(events(&sim, other).await[0]["end"]["dateTime"], "2026-03-04T09:20:00.0000000");
}

#[tokio::test]
async fn mailboxes_can_be_denied_renamed_missing_and_not_enabled() {
    let sim = quiet().start().await.unwrap();
    let harbour = "harbour1@example.org";
    let ask = async |user: &str| {
        let got = get(&sim, &week(user)).await;
        (got.status, got.code().to_owned())
    };
    sim.world(|world| world.deny_mailbox("Quay 1"));
    assert_eq!(ask(ROOM).await, (403, "ErrorAccessDenied".to_owned()));
    assert_eq!(ask(harbour).await.0, 200);
    sim.world(|world| world.switches.policy_spares_basic = true);
    assert_eq!(ask(ROOM).await.0, 200);
    sim.world(|world| world.allow_mailbox(ROOM));

    let object = sim.world(|world| {
        world.change_room(harbour, |room| room.upn = "hb@example.org".to_owned());
        world.room(harbour).unwrap().user_id.clone()
    });
    assert_eq!(ask(harbour).await, (404, "ErrorInvalidUser".to_owned()));
    assert_eq!((ask(&object).await.0, ask("HB@example.org").await.0), (200, 200));
    sim.world(|world| world.change_room(harbour, |room| room.mailbox = Mailbox::NotEnabled));
    assert_eq!(ask(&object).await, (404, "MailboxNotEnabledForRESTAPI".to_owned()));
    sim.world(|world| {
        world.delete_room(ROOM);
        "ResourceNotFound".clone_into(&mut world.switches.missing_user_code);
    });
    assert_eq!(ask(ROOM).await, (404, "ResourceNotFound".to_owned()));
}
