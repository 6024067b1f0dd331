//! Cases 21 to 26 and 43, 45: reading a room's calendar to its end.

use graph_rooms::calendar::{Rules, Window};
use graph_rooms::{ErrorKind, Fault, FaultKind};
use serde_json::{Value, json};

use crate::support::*;

fn link(n: usize) -> String {
    format!("{GRAPH}/v1.0/users/a@example.org/calendar/calendarView?$skip={n}")
}

#[tokio::test(start_paused = true)]
async fn the_request_is_the_one_of_the_contract() {
    let graph = Script::new(|_| page([]));
    graph.client().room("Quay 1+o'x#EXT#@example.org").bookings(march(), &Rules::default()).await.unwrap();
    let call = &graph.calls()[0];
    assert_eq!(call.path(), "/v1.0/users/Quay%201%2Bo%27x%23EXT%23@example.org/calendar/calendarView");
    // A day more at both ends.
    assert_eq!(call.query("startDateTime").as_deref(), Some("2026-02-28T00:00:00Z"));
    assert_eq!(call.query("endDateTime").as_deref(), Some("2026-03-11T00:00:00Z"));
    assert_eq!(
        (call.query("$top").as_deref(), call.query("$orderby").as_deref()),
        (Some("100"), Some("start/dateTime"))
    );
    let select = call.query("$select").unwrap();
    assert!(
        select.split(',').any(|field| field == "attendees") && !select.contains("subject") && !select.contains("body")
    );
    assert_eq!(call.header("prefer"), r#"outlook.timezone="UTC", IdType="ImmutableId""#);
    assert_eq!((call.header("accept"), call.header("authorization")), ("application/json", "Bearer token-1"));
    assert_eq!(call.header("client-request-id").len(), 36);
    assert!(call.header("user-agent").starts_with("graph-rooms/"));
}

#[tokio::test(start_paused = true)]
async fn case_21_eleven_events_are_read_where_pages_hold_ten() {
    let graph = Script::new(|seen| {
        let skip = seen.number_of("$skip");
        let events: Vec<Value> = (skip..11.min(skip + 10)).map(|n| plain(&format!("e{n}"))).collect();
        if skip == 0 { page_with_next(events, &link(10)) } else { page(events) }
    });
    let calendar = graph.client().room("a@example.org").events(march()).await.unwrap();
    assert_eq!((calendar.events.len(), calendar.pages), (11, 2));
    // Wishes hold for one request only.
    assert!(graph.calls().iter().all(|call| call.header("prefer").contains("ImmutableId")));
    assert_eq!(graph.calls()[1].url.as_str(), link(10));
}

#[tokio::test(start_paused = true)]
async fn case_22_an_empty_page_may_lead_on() {
    let graph = Script::new(|seen| match seen.number_of("$skip") {
        0 => page_with_next([], &link(1)),
        1 => page_with_next([], &link(2)),
        _ => page([plain("a")]),
    });
    assert_eq!(graph.client().room("a@example.org").events(march()).await.unwrap().events.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn case_23_an_event_at_the_border_of_two_pages_is_one() {
    let graph = Script::new(|seen| match seen.number_of("$skip") {
        0 => page_with_next([plain("a"), plain("b")], &link(2)),
        _ => page([plain("b"), plain("B"), plain("c")]),
    });
    let calendar = graph.client().room("a@example.org").events(march()).await.unwrap();
    let ids: Vec<_> = calendar.events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "B", "c"], "case of ids matters");
}

#[tokio::test(start_paused = true)]
async fn case_24_a_link_to_another_server_is_not_followed() {
    for foreign in [
        "https://evil.example/v1.0/x",
        "http://graph.example.test/v1.0/x",
        "https://graph.example.test:444/v1.0/x",
        "https://graph.example.test@evil.example/",
    ] {
        let graph = Script::new(move |_| page_with_next([plain("a")], foreign));
        let error = graph.client().room("a@example.org").events(march()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{foreign}");
        assert_eq!(graph.calls().len(), 1, "no token goes there");
        assert!(!error.to_string().contains("evil"));
    }
}

#[tokio::test(start_paused = true)]
async fn case_25_the_same_link_twice_is_an_error() {
    let graph = Script::new(|seen| page_with_next([plain(&format!("e{}", seen.number))], &link(5)));
    let error = graph.client().room("a@example.org").events(march()).await.unwrap_err();
    assert_eq!((error.kind(), graph.calls().len()), (ErrorKind::Protocol, 2));
}

#[tokio::test(start_paused = true)]
async fn case_26_part_of_a_calendar_is_none() {
    for broken in [fault(403, "ErrorAccessDenied"), fault(500, "InternalServerError"), raw(200, "{\"value\":["), cut()]
    {
        let graph = Script::new(move |seen| match seen.number_of("$skip") {
            0 => page_with_next([plain("a")], &link(1)),
            _ => broken.clone(),
        });
        assert!(graph.client().room("a@example.org").events(march()).await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn case_43_a_bad_event_costs_only_itself() {
    let bad = [
        with(plain("no start"), json!({ "start": null })),
        with(plain("odd start"), json!({ "start": 7 })),
        with(plain("odd time"), json!({ "start": { "dateTime": "tomorrow", "timeZone": "UTC" } })),
        with(plain("odd flag"), json!({ "isCancelled": "perhaps" })),
        with(plain("odd people"), json!({ "attendees": "everybody@example.org" })),
        with(plain("x"), json!({ "id": null })),
        json!("what?"),
        json!(null),
    ];
    let graph = Script::new(move |_| page([plain("a")].into_iter().chain(bad.clone()).chain([plain("b")])));
    let calendar = graph.client().room("a@example.org").events(march()).await.unwrap();
    assert_eq!((calendar.events.len(), calendar.invalid.len()), (2, 8));
    assert_eq!(calendar.invalid[0].id.as_deref(), Some("no start"));
    let shown = format!("{:?}", calendar.invalid);
    assert!(!shown.contains("tomorrow") && !shown.contains("everybody"), "{shown}");
    assert!(shown.contains("is no time"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn case_45_occurrences_share_the_id_of_their_meeting_and_stay_apart() {
    let occurrence = |id: &str, day: u32| {
        let (start, end) = (format!("2026-03-0{day}T09:00:00.0"), format!("2026-03-0{day}T10:00:00.0"));
        with(event(id, &start, &end), json!({ "iCalUId": "shared", "type": "occurrence", "seriesMasterId": "m" }))
    };
    let graph = Script::new(move |_| page([occurrence("a", 3), occurrence("b", 4), occurrence("c", 5)]));
    let found = graph.client().room("a@example.org").bookings(march(), &Rules::default()).await.unwrap();
    assert_eq!(found.granted.len(), 3);
    assert!(found.granted.iter().all(|booking| booking.i_cal_uid.as_deref() == Some("shared")));
}

#[tokio::test(start_paused = true)]
async fn pages_have_the_size_that_is_asked_for() {
    let graph = Script::new(|_| page([]));
    let room = graph.client().room("a@example.org");
    for (asked, sent) in [(5, "5"), (1000, "1000"), (0, "1"), (9999, "1000")] {
        room.events_by(march(), asked).await.unwrap();
        assert_eq!(graph.calls().last().unwrap().query("$top").as_deref(), Some(sent));
    }
}

#[tokio::test(start_paused = true)]
async fn windows_at_the_end_of_time_do_no_harm() {
    let graph = Script::new(|_| page([]));
    let ever = Window::new(chrono::DateTime::<chrono::Utc>::MIN_UTC, chrono::DateTime::<chrono::Utc>::MAX_UTC);
    graph.client().room("a@example.org").bookings(ever, &Rules::default()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_bad_request_is_told_with_the_id_of_the_request() {
    let graph = Script::new(|_| fault(400, "ErrorInvalidParameter").header("request-id", "r-9"));
    let error = graph.client().room("a@example.org").events(march()).await.unwrap_err();
    assert_eq!((Fault::of(&error).kind, error.request_id()), (FaultKind::Config, Some("r-9")));
    assert_eq!(graph.calls().len(), 1, "not repeated");
}
