//! Being told of changes.

use graph_rooms::sync::MemoryStates;
use serde_json::{Value, json};
use std::sync::Arc;

use crate::support::*;
use crate::world::*;

const NOTIFY: &str = "https://doors.example.org/n";
const LIFE: &str = "https://doors.example.org/l";

fn body(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.body).unwrap()
}

/// Subscribes whoever asks; `gone` does not know a subscription any more.
fn graph(world: &World, gone: bool) -> Arc<Script> {
    let world = world.clone();
    Script::new(move |seen| match (&*seen.method, seen.path()) {
        ("POST", "/v1.0/subscriptions") => {
            let sent = body(seen);
            let id = format!("sub of {} number {}", sent["resource"].as_str().unwrap(), seen.number);
            status(201, json!({ "id": id, "expirationDateTime": sent["expirationDateTime"] }))
        }
        ("PATCH", _) if gone => fault(404, "ResourceNotFound"),
        ("PATCH", _) => ok(json!({ "id": "x", "expirationDateTime": body(seen)["expirationDateTime"] })),
        ("DELETE", _) => raw(204, ""),
        _ => world.tell(seen),
    })
}

fn writes(graph: &Script) -> Vec<Seen> {
    graph.calls().into_iter().filter(|call| call.method != "GET").collect()
}

fn delivery(item: &Value) -> Vec<u8> {
    json!({ "value": [item] }).to_string().into_bytes()
}

async fn watched() -> (Arc<Script>, graph_rooms::sync::GraphRooms, String, String) {
    let world = World::default();
    world.set(A, []);
    world.set(B, []);
    let graph = graph(&world, false);
    let rooms = rooms_with(&graph, config(), Arc::new(MemoryStates::default()));
    rooms.poll(noon()).await;
    assert_eq!(rooms.watch(NOTIFY, LIFE, noon()).await.unwrap().rooms, 2);
    let first = writes(&graph).remove(0);
    let id = format!("sub of /users/A@rooms.example.org/events number {}", first.number);
    let secret = body(&first)["clientState"].as_str().unwrap().to_owned();
    (graph, rooms, id, secret)
}

#[tokio::test(start_paused = true)]
async fn each_room_is_subscribed_once_and_renewed_in_time() {
    let (graph, rooms, _, secret) = watched().await;
    let sent = body(&writes(&graph)[0]);
    assert_eq!((&sent["notificationUrl"], &sent["lifecycleNotificationUrl"]), (&json!(NOTIFY), &json!(LIFE)));
    assert!(secret.len() > 40 && secret.len() <= 128);
    assert_ne!(json!(secret), body(&writes(&graph)[1])["clientState"]);
    rooms.watch(NOTIFY, LIFE, minutes(60)).await.unwrap();
    assert_eq!(writes(&graph).len(), 2, "nothing to be done, nothing sent");
    let soon = noon() + chrono::TimeDelta::hours(121);
    assert_eq!(rooms.watch(NOTIFY, LIFE, soon).await.unwrap().rooms, 2);
    assert_eq!(writes(&graph).iter().filter(|call| call.method == "PATCH").count(), 2);
    let until = rooms.statuses(soon).await.unwrap()[1].told_until.unwrap();
    assert!(until > soon + chrono::TimeDelta::days(5));
    rooms.unwatch().await.unwrap();
    assert_eq!(writes(&graph).iter().filter(|call| call.method == "DELETE").count(), 2);
    assert_eq!(rooms.statuses(soon).await.unwrap()[1].told_until, None);
}

#[tokio::test(start_paused = true)]
async fn a_proven_notification_brings_the_reading_of_its_room_forward() {
    let (_graph, rooms, id, secret) = watched().await;
    for (item, heeded) in [
        (json!({ "subscriptionId": id, "clientState": "wrong", "changeType": "updated" }), 0),
        (json!({ "subscriptionId": "another", "clientState": secret, "changeType": "updated" }), 0),
        (json!({ "subscriptionId": id, "clientState": secret, "lifecycleEvent": "applauded" }), 0),
        (json!({ "subscriptionId": id, "clientState": secret, "changeType": "updated" }), 1),
    ] {
        assert_eq!(rooms.poll(minutes(1)).await, []);
        let notified = rooms.notified(&delivery(&item), minutes(1)).await.unwrap();
        assert_eq!((notified.heeded, notified.ignored, notified.due), (heeded, 1 - heeded, heeded == 1));
    }
    assert_eq!(rooms.next_try(minutes(1)).await.unwrap(), Some(minutes(1)));
    assert_eq!(outcomes(&rooms.poll(minutes(1)).await), [("Attic", "unchanged")]);
    assert_eq!(rooms.notified(b"what?", minutes(1)).await.unwrap().ignored, 1);
}

#[tokio::test(start_paused = true)]
async fn what_happens_to_a_subscription_is_heeded() {
    let (graph, rooms, id, secret) = watched().await;
    let event = |kind: &str| delivery(&json!({ "subscriptionId": id, "clientState": secret, "lifecycleEvent": kind }));
    let before = writes(&graph).len();
    assert!(!rooms.notified(&event("reauthorizationRequired"), minutes(1)).await.unwrap().due);
    rooms.watch(NOTIFY, LIFE, minutes(1)).await.unwrap();
    assert_eq!(writes(&graph)[before].method, "PATCH");
    assert!(rooms.notified(&event("missed"), minutes(2)).await.unwrap().due);
    assert_eq!(rooms.poll(minutes(2)).await.len(), 1);
    assert!(rooms.notified(&event("subscriptionRemoved"), minutes(3)).await.unwrap().due);
    rooms.watch(NOTIFY, LIFE, minutes(3)).await.unwrap();
    assert_eq!(writes(&graph).last().unwrap().method, "POST");
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_is_gone_is_made_again() {
    let world = World::default();
    world.set(A, []);
    world.set(B, []);
    let graph = graph(&world, true);
    let rooms = rooms(&graph);
    rooms.watch(NOTIFY, LIFE, noon()).await.unwrap();
    let later = noon() + chrono::TimeDelta::days(7);
    assert_eq!(rooms.watch(NOTIFY, LIFE, later).await.unwrap().rooms, 2);
    let methods: Vec<_> = writes(&graph).into_iter().map(|call| call.method).collect();
    assert_eq!(methods.iter().filter(|method| *method == "POST").count(), 4);
}

#[tokio::test(start_paused = true)]
async fn where_it_is_not_allowed_readings_go_on_and_it_is_not_tried_all_the_time() {
    let world = World::default();
    world.set(A, []);
    world.set(B, []);
    let told = world.clone();
    let graph =
        Script::new(move |seen| if seen.method == "POST" { fault(403, "ErrorAccessDenied") } else { told.tell(seen) });
    let rooms = rooms(&graph);
    let watching = rooms.watch(NOTIFY, LIFE, noon()).await.unwrap();
    assert_eq!((watching.rooms, watching.failed), (0, 2));
    assert!(watching.trouble.unwrap().contains("ErrorAccessDenied"));
    assert_eq!(rooms.watch(NOTIFY, LIFE, minutes(30)).await.unwrap().failed, 2);
    assert_eq!(writes(&graph).len(), 2);
    assert_eq!(outcomes(&rooms.poll(noon()).await), [("Attic", "new"), ("Barn", "new")]);
}
