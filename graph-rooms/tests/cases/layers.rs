//! Cases 50 to 52 and 55, and the other optional layers.

use std::time::Duration;

use graph_rooms::calendar::CalendarView;
use graph_rooms::delta::{Followed, Tracked};
use graph_rooms::notifications::{ChangeKind, Checked, Delivery, LifecycleEvent, What, validation_answer};
use graph_rooms::subscriptions::NewSubscription;
use graph_rooms::{ErrorKind, Fault, FaultKind};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::*;

fn changes(items: impl IntoIterator<Item = Value>, token: &str) -> Answer {
    let link = format!("{GRAPH}/v1.0/users/a@example.org/calendarView/delta?$deltatoken={token}");
    ok(json!({ "value": items.into_iter().collect::<Vec<_>>(), "@odata.deltaLink": link }))
}

fn bare(id: &str, master: &str) -> Value {
    json!({ "id": id, "type": "occurrence", "seriesMasterId": master,
            "start": { "dateTime": "2026-03-09T07:00:00.0", "timeZone": "UTC" },
            "end": { "dateTime": "2026-03-09T07:15:00.0", "timeZone": "UTC" } })
}

fn removed(id: &str) -> Value {
    json!({ "id": id, "@removed": { "reason": "deleted" } })
}

fn ids(tracked: &Tracked) -> Vec<String> {
    tracked.calendar().events.into_iter().map(|event| event.id).collect()
}

#[tokio::test(start_paused = true)]
async fn changes_are_taken_over_and_repeats_do_no_harm() {
    let graph = Script::new(|seen| match seen.query("$deltatoken").as_deref() {
        None => changes([plain("a"), plain("b"), plain("a")], "one"),
        Some("one") => {
            let moved = event("b", "2026-03-04T09:00:00", "2026-03-04T10:00:00");
            changes([moved.clone(), removed("a"), removed("never seen"), plain("c"), moved], "two")
        }
        _ => changes([], "three"),
    });
    let room = graph.client().room("a@example.org");
    let mut tracked = Tracked::new(march());
    assert_eq!(room.follow(&mut tracked).await.unwrap(), Followed::Whole);
    assert_eq!(ids(&tracked), ["a", "b"]);
    assert_eq!(room.follow(&mut tracked).await.unwrap(), Followed::Changes(5));
    assert_eq!(ids(&tracked), ["b", "c"]);
    assert_eq!(tracked.calendar().events[0].start.local.to_string(), "2026-03-04 09:00:00");
    assert_eq!(room.follow(&mut tracked).await.unwrap(), Followed::Changes(0));
    let calls = graph.calls();
    assert_eq!(calls[0].path(), "/v1.0/users/a@example.org/calendarView/delta");
    assert_eq!(calls[0].query("$select"), None, "not allowed here");
    assert!(calls.iter().all(|call| call.header("prefer").contains("odata.maxpagesize=")));
}

#[tokio::test(start_paused = true)]
async fn case_50_a_forgotten_token_means_a_whole_round_and_nothing_is_lost_meanwhile() {
    for forgotten in
        [raw(410, ""), fault(410, "SyncStateNotFound"), fault(400, "syncStateInvalid"), fault(404, "resyncRequired")]
    {
        let graph = Script::new(move |seen| match (seen.query("$deltatoken"), seen.number) {
            (None, 1) => changes([plain("a"), plain("b")], "one"),
            (Some(_), _) => forgotten.clone(),
            // The whole round fails at first.
            (None, 3) => fault(403, "ErrorAccessDenied"),
            (None, 4..=7) => cut(),
            _ => changes([plain("b"), plain("c")], "two"),
        });
        let room = graph.client().room("a@example.org");
        let mut tracked = Tracked::new(march());
        room.follow(&mut tracked).await.unwrap();
        let failed = room.follow(&mut tracked).await;
        assert!(failed.is_err(), "{failed:?}");
        assert_eq!(ids(&tracked), ["a", "b"], "what was known stays");
        assert_eq!(room.follow(&mut tracked).await.unwrap(), Followed::Afresh);
        assert_eq!(ids(&tracked), ["b", "c"]);
    }
}

#[tokio::test(start_paused = true)]
async fn where_changes_cannot_be_told_the_calendar_is_read_as_it_is() {
    for refused in
        [fault(403, "ErrorAccessDenied"), status(504, json!({ "error": { "code": "UnknownError", "message": "" } }))]
    {
        let graph =
            Script::new(move |seen| if seen.path().ends_with("/delta") { refused.clone() } else { page([plain("a")]) });
        let mut tracked = Tracked::new(march());
        let followed = graph.client().room("a@example.org").follow(&mut tracked).await.unwrap();
        assert_eq!((followed, ids(&tracked)), (Followed::Plain, vec!["a".to_owned()]));
    }
}

#[tokio::test(start_paused = true)]
async fn case_51_a_bare_occurrence_takes_from_its_series() {
    let graph = Script::new(|seen| match seen.path() {
        "/v1.0/users/a@example.org/events/m1" => ok(with(
            event("m1", "2026-03-02T07:00:00", "2026-03-02T07:15:00"),
            json!({ "type": "seriesMaster", "attendees": [attendee("required", "bo@example.org")] }),
        )),
        path if path.contains("/events/") => fault(404, "ErrorItemNotFound"),
        _ => changes(
            [
                bare("o1", "m1"),
                bare("o2", "m1"),
                bare("o3", "gone"),
                with(plain("m9"), json!({ "type": "seriesMaster" })),
                bare("o9", "m9"),
            ],
            "one",
        ),
    });
    let room = graph.client().room("a@example.org");
    let mut tracked = Tracked::new(march());
    room.follow(&mut tracked).await.unwrap();
    let calendar = tracked.calendar();
    assert_eq!(ids(&tracked), ["o1", "o2", "o9"], "a series as a whole is no booking");
    let first = &calendar.events[0];
    assert_eq!(first.organizer.as_ref().unwrap().email_address.address.as_deref(), Some("ada.quist@example.org"));
    assert_eq!((first.attendees.len(), first.start.local.to_string()), (1, "2026-03-09 07:00:00".to_owned()));
    assert_eq!(calendar.invalid.len(), 1);
    assert_eq!(calendar.invalid[0].id.as_deref(), Some("o3"));
    // One look per series, not per occurrence; m9 came by itself.
    assert_eq!(graph.calls().iter().filter(|call| call.path().contains("/events/")).count(), 2);
}

fn batch_item(seen: &Seen) -> Vec<(String, String)> {
    let body: Value = serde_json::from_slice(&seen.body).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    body["requests"].as_array().unwrap().iter().map(|item| (text(&item["id"]), text(&item["url"]))).collect()
}

#[tokio::test(start_paused = true)]
async fn case_52_answers_of_a_batch_come_in_any_order_and_some_not_at_all() {
    let good = |id: &str, n: usize| {
        json!({ "id": id, "status": 200, "headers": { "Content-Type": "application/json" },
                "body": { "value": (0..n).map(|n| plain(&n.to_string())).collect::<Vec<_>>() } })
    };
    let graph = Script::new(move |seen| match seen.number {
        1 => ok(json!({ "responses": [
            { "id": "3", "status": 424, "headers": {}, "body": { "error": { "code": "FailedDependency" } } },
            { "id": "1", "status": 429, "headers": { "reTRY-after": "3.5" }, "body": { "error": { "code": "ApplicationThrottled" } } },
            { "id": "4", "status": 403, "headers": {}, "body": { "error": { "code": "ErrorAccessDenied" } } },
            good("0", 1),
            { "id": "99", "status": 200 }, { "status": 200 }, "what?"
        ] })),
        _ => ok(json!({ "responses": batch_item(seen).iter().rev().map(|(id, _)| good(id, 2)).collect::<Vec<_>>() })),
    });
    let reads: Vec<_> = (0..5).map(|n| CalendarView::new(format!("room{n}@example.org"), march(), 10)).collect();
    let start = Instant::now();
    let results = graph.client().batch(&reads).await.unwrap();
    let counts: Vec<_> = results.iter().map(|result| result.as_ref().map(|page| page.items.len()).ok()).collect();
    assert_eq!(counts, [Some(1), Some(2), Some(2), Some(2), None]);
    assert_eq!(Fault::of(results[4].as_ref().unwrap_err()).kind, FaultKind::Forbidden);
    assert!(start.elapsed() >= Duration::from_millis(3500), "{:?}", start.elapsed());
    let calls = graph.calls();
    assert_eq!((&*calls[0].method, calls[0].path(), calls.len()), ("POST", "/v1.0/$batch", 2));
    let again: Vec<_> = batch_item(&calls[1]).into_iter().map(|(id, _)| id).collect();
    assert_eq!(again, ["1", "2", "3"], "only those that may pass, and the one that was missing");
    assert!(batch_item(&calls[0])[0].1.starts_with("/users/room0@example.org/calendar/calendarView?"));
    assert!(!String::from_utf8_lossy(&calls[0].body).contains("Bearer"));
    assert!(String::from_utf8_lossy(&calls[0].body).contains("ImmutableId"));
}

#[tokio::test(start_paused = true)]
async fn batches_hold_twenty_and_end() {
    let graph = Script::new(|seen| {
        let answers = batch_item(seen)
            .iter()
            .map(|(id, _)| json!({ "id": id, "status": 200, "body": { "value": [] } }))
            .collect::<Vec<_>>();
        ok(json!({ "responses": answers }))
    });
    let reads: Vec<_> = (0..45).map(|n| CalendarView::new(format!("room{n}@example.org"), march(), 10)).collect();
    assert_eq!(graph.client().batch(&reads).await.unwrap().iter().filter(|result| result.is_ok()).count(), 45);
    let sizes: Vec<_> = graph.calls().iter().map(|call| batch_item(call).len()).collect();
    assert_eq!(sizes, [20, 20, 5]);

    let silent = Script::new(|_| ok(json!({ "responses": [] })));
    let start = Instant::now();
    let results = silent.client().batch(&reads[..1]).await.unwrap();
    assert!(results[0].as_ref().unwrap_err().is_transient());
    assert!(silent.calls().len() == 4 && start.elapsed() < Duration::from_mins(1));

    let malformed = Script::new(|_| fault(400, "BadRequest"));
    assert!(malformed.client().batch(&reads[..1]).await.is_err());
}

fn delivery(items: &Value) -> Vec<u8> {
    json!({ "value": items }).to_string().into_bytes()
}

fn checked(body: &[u8]) -> Checked {
    Delivery::parse(body).unwrap().checked(|id| (id == "s1").then_some("right"))
}

#[test]
fn case_55_notifications_are_validated_and_proven() {
    let answer = |query: &str| validation_answer(query);
    assert_eq!(answer("validationToken=Validation%3A%20a%2Bb%3D%3D").as_deref(), Some("Validation: a+b=="));
    assert_eq!(answer("?x=1&validationToken=%3Cb%3E").as_deref(), Some("<b>"));
    assert_eq!(answer("validationtoken=x"), None);

    let change = |id: &str, state: &str| json!({ "subscriptionId": id, "clientState": state, "changeType": "updated" });
    let found = checked(&delivery(&json!([
        change("s1", "right"), change("s1", "wrong"), change("s1", ""), change("s2", "right"),
        { "subscriptionId": "s1", "changeType": "deleted" },
        { "subscriptionId": "s1", "clientState": "right", "lifecycleEvent": "missed" },
        { "subscriptionId": "s1", "clientState": "right", "lifecycleEvent": "applauded", "changeType": "updated" },
        { "subscriptionId": "s1", "clientState": "right", "changeType": "painted" },
        { "subscriptionId": "s1", "clientState": "right" },
        { "clientState": "right" }, "what?", null
    ])));
    let told: Vec<_> = found.notices.into_iter().map(|notice| notice.what).collect();
    let painted = ChangeKind::Unknown("painted".to_owned());
    assert_eq!(
        told,
        [What::Changed(ChangeKind::Updated), What::Lifecycle(LifecycleEvent::Missed), What::Changed(painted)]
    );
    assert_eq!(found.ignored, 9);
    for bad in [&b""[..], b"{}", b"[]", b"{\"value\":7}", b"\xff\xff", b"{\"value\":["] {
        assert!(Delivery::parse(bad).is_err());
    }
    let shown = format!("{:?}", Delivery::parse(&delivery(&json!([change("s1", "hunter2")]))).unwrap());
    assert!(!shown.contains("hunter2"));
}

#[tokio::test(start_paused = true)]
async fn subscriptions_are_checked_before_they_are_asked_for() {
    let graph = Script::new(|_| status(201, json!({ "id": "s" })));
    let subscriptions = graph.client().subscriptions();
    let new = |url: &str, state: &str| NewSubscription::new("u", url, "https://x.example/l", state, noon());
    for wrong in [
        new("http://x.example", "s"),
        new("x", "s"),
        new("https://x.example", ""),
        new("https://x.example", &"s".repeat(129)),
    ] {
        assert_eq!(subscriptions.create(&wrong).await.unwrap_err().kind(), ErrorKind::Config);
    }
    assert_eq!(graph.calls().len(), 0);
    subscriptions.create(&new("https://x.example", "hunter2")).await.unwrap();
    assert!(!format!("{:?}", new("https://x.example", "hunter2")).contains("hunter2"));
}

#[tokio::test(start_paused = true)]
async fn nothing_but_reads_is_ever_repeated() {
    for answer in [fault(503, "x"), fault(429, "x").header("retry-after", "0.1"), cut(), fault(500, "x")] {
        let graph = Script::new(move |_| answer.clone());
        let client = graph.client();
        assert!(client.send_mail("a@example.org", b"From: a\r\n\r\n").await.is_err());
        assert!(client.subscriptions().renew("s", noon()).await.is_err());
        assert!(client.subscriptions().delete("s").await.is_err());
        assert_eq!(graph.calls().len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn mail_without_a_clear_answer_is_in_doubt() {
    for (answer, kind) in [
        (cut(), FaultKind::InDoubt),
        (fault(500, "x"), FaultKind::InDoubt),
        (fault(504, "x"), FaultKind::InDoubt),
        (fault(503, "x"), FaultKind::Transient),
        (fault(429, "x").header("retry-after", "400"), FaultKind::Throttled),
        (fault(403, "ErrorSendAsDenied"), FaultKind::Forbidden),
        (fault(413, "ErrorMessageSizeExceeded"), FaultKind::Config),
    ] {
        let graph = Script::new({
            let answer = answer.clone();
            move |_| answer.clone()
        });
        let error = graph.client().send_mail("a@example.org", b"From: a\r\n\r\n").await.unwrap_err();
        assert_eq!(Fault::of(&error).kind, kind, "{answer:?}");
        assert_eq!(error.may_have_been_applied(), kind == FaultKind::InDoubt, "{answer:?}");
    }
    let graph = Script::new(|_| raw(202, ""));
    graph.client().send_mail("a@example.org", b"From: a\r\n\r\n").await.unwrap();
    let call = &graph.calls()[0];
    assert_eq!((call.path(), call.header("content-type")), ("/v1.0/users/a@example.org/sendMail", "text/plain"));
    assert_eq!(call.body, b"RnJvbTogYQ0KDQo=");
    assert!(graph.client().send_mail("a@example.org", b"").await.is_err());
}
