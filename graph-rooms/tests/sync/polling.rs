//! When rooms are read, and what happens where they cannot be.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use graph_rooms::sync::{AlarmKind, MemoryStates, Outcome, OutlookConfig, RoomConfig, RoomState, RoomStates};
use serde_json::json;
use sync_core::connector::{ErrorClass, Source as _, SyncError};

use crate::support::*;
use crate::world::*;

#[tokio::test(start_paused = true)]
async fn only_rooms_whose_time_has_come_are_read() {
    let world = World::default();
    world.set(A, []);
    world.answer(B, fault(403, "ErrorAccessDenied"));
    let graph = world.graph();
    let rooms = rooms(&graph);
    assert_eq!(rooms.poll(noon()).await.len(), 2);
    assert_eq!(rooms.poll(minutes(1)).await, []);
    let next = rooms.next_try(minutes(1)).await.unwrap().unwrap();
    assert!(next >= minutes(10) && next <= minutes(11), "{next}");
    assert_eq!(outcomes(&rooms.poll(minutes(12)).await), [("Attic", "unchanged")], "the other one at a slow pace");
    assert_eq!(outcomes(&rooms.poll(minutes(18)).await), [("Barn", "denied")]);
    assert_eq!(rooms.poll_all(minutes(19)).await.len(), 2);
    assert!(rooms.read_soon("a@ROOMS.example.org") && !rooms.read_soon("c@example.org"));
    assert_eq!(outcomes(&rooms.poll(minutes(20)).await), [("Attic", "unchanged")]);
}

#[tokio::test(start_paused = true)]
async fn case_48_a_forbidden_room_is_told_once_and_others_are_whole() {
    let world = World::default();
    world.set(A, [plain("one")]);
    world.answer(B, fault(403, "ErrorAccessDenied"));
    let graph = world.graph();
    let rooms = rooms(&graph);
    let reports = rooms.poll(noon()).await;
    let alarm = &reports[1].alarms[0];
    assert_eq!((reports[1].outcome, reports[1].status, alarm.kind), (Outcome::Denied, Some(403), AlarmKind::Denied));
    assert!(alarm.text.contains("consent") && alarm.text.contains("ErrorAccessDenied"), "{}", alarm.text);
    assert_eq!(rooms.poll_all(minutes(20)).await[1].alarms, [], "once");
    // It never told anything, so that nothing of it can be missing: the others' absences count.
    assert!(whole(&rooms).await.end.unwrap().complete);
    assert_eq!(rooms.as_of(), Some(minutes(20)));
    let statuses = rooms.statuses(minutes(20)).await.unwrap();
    let status = statuses.iter().find(|status| status.name == "Barn").unwrap();
    assert_eq!((status.outcome, &*status.alarms), (Some(Outcome::Denied), &[AlarmKind::Denied][..]));
    assert!(!status.remedy.is_empty());
    world.set(B, []);
    let healed = rooms.poll_all(minutes(40)).await;
    assert_eq!((healed[1].outcome, &*healed[1].ended), (Outcome::New, &[AlarmKind::Denied][..]));
}

#[tokio::test(start_paused = true)]
async fn case_49_a_room_that_is_gone_keeps_its_bookings_until_they_end() {
    let world = World::default();
    world.set(A, [plain("one")]);
    world.set(B, []);
    let graph = world.graph();
    let rooms = rooms(&graph);
    rooms.poll(noon()).await;
    for (code, kind) in [("ErrorItemNotFound", AlarmKind::Gone), ("MailboxNotEnabledForRESTAPI", AlarmKind::Mailbox)] {
        world.answer(A, fault(404, code));
        let reports = rooms.poll_all(minutes(30)).await;
        assert_eq!(reports[0].alarms[0].kind, kind);
        assert_eq!(names(&rooms).await, ["ical-one Attic"]);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_token_nobody_is_asked_and_one_report_says_so() {
    let world = World::default();
    world.set(A, [plain("one")]);
    world.set(B, []);
    let expired = Arc::new(AtomicBool::new(false));
    let graph = world.graph().on_token({
        let expired = expired.clone();
        move |_| {
            if expired.load(Ordering::SeqCst) {
                status(401, json!({ "error": "invalid_client", "error_codes": [7_000_222] }))
            } else {
                ok(json!({ "access_token": "t", "expires_in": 600 }))
            }
        }
    });
    let rooms = rooms(&graph);
    rooms.poll(noon()).await;
    expired.store(true, Ordering::SeqCst);
    tokio::time::advance(Duration::from_mins(11)).await;
    let calls = graph.calls().len();
    let reports = rooms.poll(minutes(11)).await;
    assert_eq!(outcomes(&reports), [("hq", "sign_in")]);
    let alarm = &reports[0].alarms[0];
    assert!(
        alarm.kind == AlarmKind::SignIn && alarm.text.contains("expired") && alarm.text.contains("secret"),
        "{alarm:?}"
    );
    assert_eq!((graph.calls().len(), graph.tokens().len()), (calls, 2));
    // No storm: neither the rooms nor the next polls ask again soon.
    for minute in 12..25 {
        assert_eq!(rooms.poll(minutes(minute)).await, []);
    }
    assert!(rooms.next_try(minutes(25)).await.unwrap().unwrap() >= minutes(26));
    assert_eq!((graph.calls().len(), graph.tokens().len()), (calls, 2));
    assert_eq!(names(&rooms).await, ["ical-one Attic"]);
    expired.store(false, Ordering::SeqCst);
    let healed = rooms.poll_all(minutes(30)).await;
    assert_eq!(outcomes(&healed), [("Attic", "unchanged"), ("Barn", "unchanged"), ("hq", "unchanged")]);
    assert_eq!(healed[2].ended, [AlarmKind::SignIn]);
    assert_eq!(rooms.poll_all(minutes(31)).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn where_nobody_answers_no_further_room_is_tried() {
    let graph = Script::new(|_| cut());
    let many = (0..50).map(|n| RoomConfig::new(format!("r{n}@example.org"), format!("Room {n}"))).collect();
    let config = OutlookConfig::new("hq", "example.org", "app", "Europe/Berlin", many);
    let rooms = rooms_with(&graph, config, Arc::new(MemoryStates::default()));
    let reports = rooms.poll(noon()).await;
    assert_eq!(outcomes(&reports), [("hq", "failed")]);
    assert!(graph.calls().len() <= 12, "{}", graph.calls().len());
    assert!(!whole(&rooms).await.end.unwrap().complete, "none of them is known");
    assert_eq!(rooms.poll(minutes(1)).await, []);
    assert_eq!(outcomes(&rooms.poll(minutes(12)).await), [("hq", "failed")]);
    let late = rooms.poll_all(minutes(40)).await;
    assert_eq!(late[0].alarms[0].kind, AlarmKind::Late);
}

#[tokio::test(start_paused = true)]
async fn a_busy_room_is_left_alone_as_long_as_it_asks() {
    let world = World::default();
    world.set(A, []);
    world.answer(B, fault(429, "TooManyRequests").header("retry-after", "1800"));
    let graph = world.graph();
    let rooms = rooms(&graph);
    let reports = rooms.poll(noon()).await;
    assert_eq!(reports[1].outcome, Outcome::Busy);
    assert!(reports[1].next_try >= minutes(30) && reports[1].next_try <= minutes(31));
    assert!(rooms.read_soon(B));
    assert_eq!(outcomes(&rooms.poll(minutes(12)).await), [("Attic", "unchanged")], "be there news or not");
    assert_eq!(reports[1].alarms, []);
}

#[tokio::test(start_paused = true)]
async fn a_cycle_ends_after_its_interval_and_the_rest_comes_with_the_next() {
    let graph = Script::slow(Duration::from_secs(50), |_| page([]));
    let many = (0..60).map(|n| RoomConfig::new(format!("r{n}@example.org"), format!("Room {n}"))).collect();
    let config = OutlookConfig::new("hq", "example.org", "app", "Europe/Berlin", many);
    let rooms = rooms_with(&graph, config, Arc::new(MemoryStates::default()));
    let start = tokio::time::Instant::now();
    let first = rooms.poll(noon()).await.len();
    assert!(first < 60 && start.elapsed() < Duration::from_mins(12), "{first} {:?}", start.elapsed());
    let second = rooms.poll(minutes(1)).await.len();
    assert_eq!(first + second, 60);
}

#[tokio::test(start_paused = true)]
async fn case_53_a_clock_that_was_set_back_leaves_no_room_waiting() {
    let world = World::default();
    world.set(A, [plain("one")]);
    world.set(B, []);
    let graph = world.graph();
    let rooms = rooms(&graph);
    let year = noon() + TimeDelta::days(365);
    rooms.poll(year).await;
    assert_eq!(rooms.poll(noon()).await.len(), 2, "nobody waits for a year");
    assert_eq!(names(&rooms).await, ["ical-one Attic"]);
    assert_eq!(rooms.poll(year).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn case_15_rooms_of_the_settings_are_read_whatever_the_list_says() {
    let world = World::default();
    world.set(A, [plain("one")]);
    world.set(B, []);
    let graph = world.graph();
    let rooms = rooms(&graph);
    rooms.poll(noon()).await;
    // The list is empty, and nobody asks it for that.
    assert!(graph.calls().iter().all(|call| !call.path().contains("places")));
    assert_eq!(names(&rooms).await, ["ical-one Attic"]);
}

#[tokio::test(start_paused = true)]
async fn a_restart_loses_nothing() {
    let world = World::default();
    world.set(A, [plain("one")]);
    world.set(B, []);
    let graph = world.graph();
    let states = Arc::new(MemoryStates::default());
    rooms_with(&graph, config(), states.clone()).poll(noon()).await;
    let again = rooms_with(&graph, config(), states.clone());
    let page = whole(&again).await;
    assert!(page.records.len() == 1 && page.end.unwrap().complete);
    assert_eq!(again.as_of(), Some(noon()));
    assert_eq!(again.poll(minutes(1)).await, []);
    // What is kept can be written and read.
    let state = states.load(A).await.unwrap().unwrap();
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<RoomState>(&text).unwrap(), state);
    assert!(!format!("{state:?}").contains("ada.quist"));
}

#[derive(Debug, Default)]
struct Sick {
    inner: MemoryStates,
    reads: AtomicBool,
    writes: AtomicBool,
}

#[async_trait]
impl RoomStates for Sick {
    async fn load(&self, room: &str) -> Result<Option<RoomState>, SyncError> {
        if self.reads.load(Ordering::SeqCst) && room == A {
            return Err(SyncError::new(ErrorClass::Transient, "the disk"));
        }
        self.inner.load(room).await
    }

    async fn save(&self, room: &str, state: &RoomState) -> Result<(), SyncError> {
        if self.writes.load(Ordering::SeqCst) && room == B {
            return Err(SyncError::new(ErrorClass::Transient, "the disk"));
        }
        self.inner.save(room, state).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_that_cannot_be_read_or_kept_is_told_and_hurts_no_other_room() {
    let world = World::default();
    world.set(A, [plain("one")]);
    world.set(B, [plain("two")]);
    let graph = world.graph();
    let states = Arc::new(Sick::default());
    states.reads.store(true, Ordering::SeqCst);
    states.writes.store(true, Ordering::SeqCst);
    let rooms = rooms_with(&graph, config(), states.clone());
    let reports = rooms.poll(noon()).await;
    assert!(reports.iter().all(|report| report.store_fault.is_some()), "{reports:?}");
    assert_eq!(graph.calls().len(), 1, "a room whose state is not known is not asked for");
    states.reads.store(false, Ordering::SeqCst);
    assert_eq!(rooms.poll(minutes(1)).await.len(), 1);
    assert_eq!(names(&rooms).await, ["ical-one Attic", "ical-two Barn"], "what is not kept holds as long as it lives");
}
