use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::bookings::booking;
use crate::client::{send, signed_in, sim};
use crate::employees::teo;

#[tokio::test]
async fn the_same_call_under_the_same_key_is_answered_and_not_repeated() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let key = Uuid::new_v4();
    let made = caller.post_as("employees", &teo(), key).await;
    sim.world(|w| w.change_employee(w.next_pers_no - 1, |e| e.email = Some("x".into())));
    let again = caller.post_as("employees", &teo(), key).await;
    assert_eq!((again.status, &again.body, &again.etag), (201, &made.body, &made.etag));
    assert_eq!(sim.world(|w| w.employees().len()), 6);
    // Without the key it is another call.
    assert_eq!(caller.post("employees", &teo()).await.problem(), (409, "badge-in-use"));
}

#[tokio::test]
async fn a_key_with_another_body_is_refused() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let key = Uuid::new_v4();
    caller.post_as("employees", &teo(), key).await;
    let mut other = teo();
    other["badgeNo"] = json!("214");
    assert_eq!(caller.post_as("employees", &other, key).await.problem(), (409, "idempotency-mismatch"));
    assert_eq!(caller.post_as("bookings", &json!({ "items": [] }), key).await.problem(), (409, "idempotency-mismatch"));
}

#[tokio::test]
async fn keys_are_kept_for_a_day() {
    let sim = sim();
    let key = Uuid::new_v4();
    signed_in(&sim).await.post_as("employees", &teo(), key).await;
    sim.world(|w| w.clock.advance(TimeDelta::hours(24) - TimeDelta::seconds(1)));
    assert_eq!(signed_in(&sim).await.post_as("employees", &teo(), key).await.status, 201);
    sim.world(|w| w.clock.advance(TimeDelta::seconds(1)));
    assert_eq!(signed_in(&sim).await.post_as("employees", &teo(), key).await.problem(), (409, "badge-in-use"));
}

#[tokio::test]
async fn what_was_refused_is_tried_again_under_the_same_key() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let key = Uuid::new_v4();
    let mut new = teo();
    new["cycle"] = json!("C-NIGHT");
    assert_eq!(caller.post_as("employees", &new, key).await.problem(), (422, "unknown-code"));
    sim.world(|w| w.lookups.cycles.push(vendor_sim::astrow::Item::new("C-NIGHT", "Nights")));
    assert_eq!(caller.post_as("employees", &new, key).await.status, 201);
}

#[tokio::test]
async fn outcomes_of_bookings_are_replayed_as_they_were() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let key = Uuid::new_v4();
    let items = json!({ "items": [booking(1, &Value::Null), booking(1, &Value::Null), booking(2, &json!({ "badgeNo": "999" })), booking(3, &json!({ "terminalSerial": "1" }))] });
    let first = caller.post_as("bookings", &items, key).await;
    sim.world(|w| w.set_badge(1005, 999));
    sim.world(|w| w.reprocess_queue());
    assert_eq!(caller.post_as("bookings", &items, key).await.body, first.body);
    assert_eq!(caller.post("bookings", &items).await.items()[0]["status"], "duplicate");
}

#[tokio::test]
async fn an_answer_that_got_lost_can_be_asked_for_again() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let key = Uuid::new_v4();
    sim.world(|w| w.switches.fault("drop-response=1")).unwrap();
    let lost = caller.request("POST", "employees").header("Idempotency-Key", key.to_string()).json(&teo());
    assert!(lost.send().await.is_err());
    assert_eq!(sim.world(|w| w.employees().len()), 6);
    assert_eq!(caller.post_as("employees", &teo(), key).await.status, 201);
    assert_eq!(sim.world(|w| w.employees().len()), 6);
}

#[tokio::test]
async fn of_many_equal_calls_at_a_time_one_is_carried_out() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let key = Uuid::new_v4().to_string();
    let mut calls = JoinSet::new();
    for _ in 0..8 {
        calls.spawn(send(caller.request("POST", "employees").header("Idempotency-Key", &key).json(&teo())));
    }
    let answers = calls.join_all().await;
    assert!(answers.iter().all(|answer| answer.status == 201 && answer.body == answers[0].body));
    assert_eq!(sim.world(|w| w.employees().len()), 6);
}

#[tokio::test]
async fn a_key_must_be_a_uuid_and_may_be_demanded() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let post = || caller.request("POST", "bookings").json(&json!({ "items": [] }));
    assert_eq!(send(post().header("Idempotency-Key", "today")).await.problem(), (400, "malformed"));
    assert_eq!(send(post()).await.status, 200);
    sim.world(|w| w.switches.key_required = true);
    assert_eq!(send(post()).await.problem(), (400, "idempotency-key-missing"));
    signed_in(&sim).await;
}
