use chrono::TimeDelta;
use serde_json::json;

use crate::client::{Api, options};

fn log_since(api: &Api, first: i64) -> Vec<(i64, i64)> {
    api.sim.world(|w| w.events.iter().filter(|e| e.id > first).map(|e| (e.event_type, e.sub_type)).collect())
}

fn last_event(api: &Api) -> i64 {
    api.sim.world(|w| w.events.last().map_or(0, |event| event.id))
}

async fn relay(api: &Api, door: i64) -> bool {
    let all = api.read("doors/status").await;
    let one = all.as_array().unwrap().iter().find(|one| one["id"] == door).unwrap().clone();
    one["status"]["doorRelayOpen"].as_bool().unwrap()
}

#[tokio::test]
async fn a_door_opens_for_its_time_and_is_logged() {
    let api = Api::new().await;
    let (door, before) = (api.door_named("Workshop"), last_event(&api));
    assert_eq!(api.post("commands/door/open", json!({ "DoorId": door.to_string() })).await.0, 200);
    assert_eq!(log_since(&api, before), [(580, 61), (46, 0)]);
    assert!(relay(&api, door).await);
    api.sim.world(|w| w.clock.advance(TimeDelta::seconds(8)));
    assert!(!relay(&api, door).await);
    assert_eq!(log_since(&api, before), [(580, 61), (46, 0), (47, 0)]);
}

#[tokio::test]
async fn a_held_door_stays_open_until_closed() {
    let api = Api::new().await;
    let (door, before) = (api.door_named("Workshop"), last_event(&api));
    api.post("commands/door/holdopen", json!({ "doorId": door })).await;
    api.sim.world(|w| w.clock.advance(TimeDelta::minutes(20)));
    assert!(relay(&api, door).await);
    api.post("commands/door/close", json!({ "doorId": door })).await;
    assert!(!relay(&api, door).await);
    assert_eq!(log_since(&api, before), [(580, 61), (46, 0), (580, 61), (47, 0)]);
}

#[tokio::test]
async fn a_relay_is_controlled_with_its_own_time() {
    let api = Api::new().await;
    let door = api.door_named("Workshop");
    let order = |action: &str| {
        json!({ "doorId": door, "ledFlash": 3,
            "relayFunction": { "relayId": "Relay1", "relayAction": action, "relayOpenTime": 60_000 } })
    };
    assert_eq!(api.post("commands/door/control", order("TimedOpen")).await.0, 200);
    api.sim.world(|w| w.clock.advance(TimeDelta::seconds(59)));
    assert!(relay(&api, door).await);
    api.sim.world(|w| w.clock.advance(TimeDelta::seconds(1)));
    assert!(!relay(&api, door).await);
    assert_eq!(api.post("commands/door/control", order("Explode")).await.0, 400);
    assert_eq!(api.post("commands/door/open", json!({ "doorId": 1 })).await.0, 404);
    assert_eq!(api.post("commands/door/open", json!({})).await.0, 400);
}

#[tokio::test]
async fn a_lying_lock_logs_movement_and_stays_shut() {
    let api = Api::with(options().with_switches(|s| s.door_command_lies = true)).await;
    let (door, before) = (api.door_named("Squash court 1"), last_event(&api));
    assert_eq!(api.post("commands/door/open", json!({ "doorId": door })).await.0, 200);
    assert_eq!(log_since(&api, before), [(580, 61), (46, 0)]);
    assert!(!relay(&api, door).await);
}

#[tokio::test]
async fn each_order_pulses_a_momentary_relay() {
    let api = Api::with(options().with_switches(|s| s.momentary_relay = true)).await;
    let door = api.door_named("Car park barrier");
    for order in ["open", "holdopen", "close"] {
        api.post(&format!("commands/door/{order}"), json!({ "doorId": door })).await;
    }
    assert_eq!(api.sim.world(|w| w.doors[&door].pulses), 3);
}

#[tokio::test]
async fn lockdown_shuts_people_out_or_reports_errors() {
    let api = Api::new().await;
    let door = api.door_named("Workshop");
    let user = api.sim.world(|w| {
        let id = w.add_user("A", "B");
        w.users.get_mut(&id).unwrap().levels = vec![1];
        id
    });
    let (_, body) = api.post("commands/controlLockdown", json!({ "lockdown": true })).await;
    assert_eq!(body["output"]["errors"], json!([]));
    assert!(!api.sim.world(|w| w.pass(user, door, true)));
    api.post("commands/controlLockdown", json!({ "lockdown": false })).await;
    assert!(api.sim.world(|w| w.pass(user, door, true)));
    api.sim.world(|w| w.switches.lockdown_without_rules = true);
    let (status, body) = api.post("commands/controlLockdown", json!({ "lockdown": true })).await;
    assert_eq!((status, body["output"]["errors"].as_array().unwrap().len()), (200, 1));
    assert_eq!(api.post("commands/antipassback/reset", json!({ "userId": user })).await.0, 200);
}

#[tokio::test]
async fn the_last_day_counts_by_switch() {
    let api = Api::new().await;
    let door = api.door_named("Workshop");
    let today = json!({ "firstName": "A", "expiryDate": "2027-03-01T23:59:00",
        "doorAccessPermissionSet": { "accessLevels": [1] } });
    let user = api.post("users", today).await.1["id"].as_i64().unwrap();
    let now = crate::client::monday();
    assert!(!api.sim.world(|w| w.permitted(user, door, true, now)));
    api.sim.world(|w| w.switches.expiry_day_inclusive = true);
    assert!(api.sim.world(|w| w.permitted(user, door, true, now)));
    assert!(!api.sim.world(|w| w.permitted(user, door, true, now + TimeDelta::days(1))));
}

#[tokio::test]
async fn levels_open_their_areas_in_their_times() {
    let api = Api::new().await;
    let (workshop, server_room) = (api.door_named("Workshop"), api.door_named("Server room"));
    let user = api.sim.world(|w| {
        let level = w.access_levels.values().find(|level| level.name == "Workshop").unwrap().id;
        let id = w.add_user("A", "B");
        w.users.get_mut(&id).unwrap().levels = vec![level];
        id
    });
    let now = crate::client::monday();
    let may = |door, at| api.sim.world(|w| w.permitted(user, door, true, at));
    assert!(may(workshop, now) && !may(server_room, now));
    assert!(!may(workshop, now + TimeDelta::hours(11)), "after working hours");
    assert!(!may(workshop, now + TimeDelta::days(5)), "a Saturday");
}
