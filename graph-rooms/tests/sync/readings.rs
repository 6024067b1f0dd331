//! What a reading means for the bookings that are known.

use graph_rooms::sync::Outcome;
use serde_json::json;
use sync_core::connector::Source as _;
use sync_core::model::{BookingStatus, ParticipantRole};

use crate::support::*;
use crate::world::*;

#[tokio::test(start_paused = true)]
async fn polling_asks_and_reading_does_not() {
    let world = World::default();
    world.set(A, [plain("one")]);
    world.set(B, [plain("two")]);
    let graph = world.graph();
    let rooms = rooms(&graph);
    assert!(!whole(&rooms).await.end.unwrap().complete);
    assert_eq!(graph.calls().len(), 0);
    let reports = rooms.poll(noon()).await;
    assert_eq!(outcomes(&reports), [("Attic", "new"), ("Barn", "new")]);
    let page = whole(&rooms).await;
    assert_eq!((page.records.len(), page.invalid.len(), page.end.unwrap().complete), (2, 0, true));
    let booking = &page.records[0].value;
    assert_eq!((booking.people[0].role, &*booking.people[0].email), (ParticipantRole::Booker, "ada.quist@example.org"));
    assert_eq!(rooms.get(&page.records[1].id).await.unwrap().as_ref(), Some(&page.records[1]));
    assert_eq!(rooms.as_of(), Some(noon()));
    assert_eq!(graph.calls().len(), 2);
    assert_eq!(outcomes(&rooms.poll(minutes(11)).await), [("Attic", "unchanged"), ("Barn", "unchanged")]);
}

#[tokio::test(start_paused = true)]
async fn case_26_a_failed_or_partial_reading_neither_grants_nor_takes_away() {
    let next = format!("{GRAPH}/v1.0/users/{A}/more");
    for broken in [
        fault(403, "ErrorAccessDenied"),
        fault(404, "ErrorItemNotFound"),
        fault(429, "ApplicationThrottled").header("retry-after", "500"),
        raw(500, "<html>"),
        raw(200, "{\"value\":[]"),
        page_with_next([plain("new")], &next),
        page_with_next([plain("new")], "https://evil.example/"),
    ] {
        let world = World::default();
        world.set(A, [plain("one")]);
        world.set(B, [plain("two")]);
        let graph = world.graph();
        let rooms = rooms(&graph);
        rooms.poll(noon()).await;
        let before = known(&rooms).await;
        world.answer(A, broken.clone());
        world.set(B, [plain("two"), plain("three")]);
        let reports = rooms.poll(minutes(11)).await;
        assert!(!reports[0].outcome.is_good() && reports[1].outcome == Outcome::New, "{reports:?}");
        let after = known(&rooms).await;
        assert!(before.iter().all(|booking| after.contains(booking)), "{broken:?}");
        assert_eq!(after.len(), 3, "{broken:?}");
        assert!(!reports[0].remedy.is_empty());
        assert!(whole(&rooms).await.end.unwrap().complete);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_said_to_be_off_is_listed_as_off_and_what_is_gone_is_missing() {
    let world = World::default();
    let answers = |response: &str| json!({ "responseStatus": { "response": response } });
    world.set(B, []);
    world.set(A, ["off", "declined", "free", "odd", "waits", "gone"].map(plain));
    let graph = world.graph();
    let rooms = rooms(&graph);
    rooms.poll(noon()).await;
    assert!(known(&rooms).await.iter().all(|(_, _, status)| *status == BookingStatus::Confirmed));
    world.set(
        A,
        [
            with(plain("off"), json!({ "isCancelled": true })),
            with(plain("declined"), answers("declined")),
            with(plain("free"), json!({ "showAs": "free" })),
            with(plain("odd"), answers("shrugged")),
            with(plain("waits"), answers("notResponded")),
        ],
    );
    rooms.poll(minutes(11)).await;
    let after: Vec<_> = known(&rooms).await.into_iter().map(|(id, _, status)| (id, status)).collect();
    let off = |name: &str| (format!("ical-{name}#20260303T090000Z"), BookingStatus::Cancelled);
    let waits = ("ical-waits#20260303T090000Z".to_owned(), BookingStatus::Tentative);
    assert_eq!(after, [off("declined"), off("free"), off("odd"), off("off"), waits]);
    let problems = whole(&rooms).await.invalid;
    assert_eq!((problems.len(), &*problems[0].field), (1, "unknown_response"));
    assert_eq!(problems[0].id.as_str(), "event odd", "it must not stand for the booking");
}

#[tokio::test(start_paused = true)]
async fn case_44_a_booking_moved_to_another_room_leaves_one_and_comes_to_the_other_in_one_cycle() {
    let world = World::default();
    let meeting = |id: &str| with(plain(id), json!({ "iCalUId": "meeting" }));
    world.set(A, [meeting("in a")]);
    world.set(B, []);
    let graph = world.graph();
    let rooms = rooms(&graph);
    rooms.poll(noon()).await;
    let before = known(&rooms).await;
    world.set(A, []);
    world.set(B, [meeting("in b")]);
    rooms.poll(minutes(11)).await;
    let after = known(&rooms).await;
    assert_eq!((before.len(), after.len(), &before[0].0), (1, 1, &after[0].0), "the same booking");
    assert_eq!((&*before[0].1, &*after[0].1), ("Attic", "Barn"));
}

#[tokio::test(start_paused = true)]
async fn case_45_a_meeting_in_two_rooms_is_one_booking_and_occurrences_are_apart() {
    let world = World::default();
    let occurrence = |id: &str, day: u32| {
        let (start, end) = (format!("2026-03-0{day}T09:00:00"), format!("2026-03-0{day}T10:00:00"));
        with(event(id, &start, &end), json!({ "iCalUId": "shared" }))
    };
    world.set(A, [occurrence("a3", 3), occurrence("a4", 4)]);
    world.set(B, [occurrence("b4", 4), with(plain("alone"), json!({ "iCalUId": null }))]);
    let graph = world.graph();
    let rooms = rooms(&graph);
    rooms.poll(noon()).await;
    let all: Vec<_> = known(&rooms).await.into_iter().map(|(id, rooms, _)| format!("{id} {rooms}")).collect();
    let own = format!("{B}/alone Barn");
    assert_eq!(all, [own.as_str(), "shared#20260303T090000Z Attic", "shared#20260304T090000Z Attic+Barn"]);
    let series: Vec<_> = whole(&rooms).await.records.into_iter().map(|record| record.value.series).collect();
    assert_eq!(series, [None, Some("shared".to_owned()), Some("shared".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_cannot_be_read_any_more_stays_as_it_was_in_doubt() {
    let world = World::default();
    world.set(A, [plain("one"), plain("two")]);
    world.set(B, []);
    let graph = world.graph();
    let rooms = rooms(&graph);
    rooms.poll(noon()).await;
    world.set(
        A,
        [
            with(plain("one"), json!({ "start": { "dateTime": "2026-03-03T09:00:00", "timeZone": "Moon" } })),
            with(plain("two"), json!({ "attendees": 7 })),
        ],
    );
    rooms.poll(minutes(11)).await;
    let page = whole(&rooms).await;
    assert!(page.records.len() == 2 && page.records.iter().all(|record| record.value.doubtful), "{page:?}");
    let ids: Vec<_> = page.records.iter().map(|record| &record.id).collect();
    let invalid: Vec<_> = page.invalid.iter().map(|invalid| &invalid.id).collect();
    assert_eq!(invalid.len(), 2);
    assert!(ids.iter().all(|id| invalid.contains(id)), "told under the id of the booking");
    world.set(A, [plain("one"), plain("two")]);
    rooms.poll(minutes(22)).await;
    assert!(whole(&rooms).await.records.iter().all(|record| !record.value.doubtful));
}

#[tokio::test(start_paused = true)]
async fn notes_are_told_under_the_booking_without_personal_data() {
    let world = World::default();
    let at_room = json!({ "organizer": { "emailAddress": { "address": A } } });
    let foreign = json!({ "organizer": { "emailAddress": { "address": "eve@partner.example" } } });
    world.set(A, [with(plain("panel"), at_room), with(plain("foreign"), foreign)]);
    world.set(B, []);
    let graph = world.graph();
    let mut config = config();
    config.groups = vec!["all@example.org".to_owned()];
    let rooms = rooms_with(&graph, config, std::sync::Arc::new(graph_rooms::sync::MemoryStates::default()));
    rooms.poll(noon()).await;
    let page = whole(&rooms).await;
    let told: Vec<_> = page.invalid.iter().map(|invalid| (invalid.id.as_str(), invalid.field.as_str())).collect();
    assert_eq!(told, [("ical-panel#20260303T090000Z", "no_person"), ("event foreign", "external_organizer")]);
    assert!(!format!("{:?}", page.invalid).contains("partner"));
    assert!(page.records.iter().all(|record| record.value.people.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn a_new_setting_is_heeded_with_the_next_poll() {
    let world = World::default();
    world.set(A, [with(plain("waits"), json!({ "responseStatus": null }))]);
    world.set(B, []);
    let graph = world.graph();
    let states = std::sync::Arc::new(graph_rooms::sync::MemoryStates::default());
    let before = rooms_with(&graph, config(), states.clone());
    before.poll(noon()).await;
    assert_eq!(known(&before).await[0].2, BookingStatus::Tentative);
    let mut config = config();
    config.pending = true;
    let after = rooms_with(&graph, config, states);
    assert_eq!(after.next_try(minutes(1)).await.unwrap(), Some(minutes(1)));
    after.poll(minutes(1)).await;
    assert_eq!(known(&after).await[0].2, BookingStatus::Confirmed);
}
