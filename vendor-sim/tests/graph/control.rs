use serde_json::{Value, json};
use vendor_sim::graph::GraphSim;

use crate::client::{begins, events, get, http, quiet, send};

const ROOM: &str = "quay1@example.org";

async fn control(sim: &GraphSim, method: &str, path: &str, body: Value) -> (u16, Value) {
    let request = http().request(method.parse().unwrap(), format!("{}/{path}", sim.control_url()));
    let got = send(if body.is_null() { request } else { request.json(&body) }).await;
    (got.status, got.json)
}

async fn ok(sim: &GraphSim, method: &str, path: &str, body: Value) -> Value {
    let (status, value) = control(sim, method, path, body).await;
    assert_eq!(status, 200, "{value}");
    value
}

#[tokio::test]
async fn meetings_are_made_moved_cancelled_and_forgotten_from_outside() {
    let sim = quiet().start().await.unwrap();
    let made = ok(
        &sim,
        "POST",
        "meetings",
        json!({
            "room": "Quay 1", "organizer": { "name": "Ada", "address": "ada@example.org" },
            "attendees": [{ "who": { "name": "G", "address": "g@x.example" }, "kind": "optional" }],
            "start": "2026-03-03T09:00:00Z", "end": "2026-03-03T10:00:00Z",
            "recurrence": { "rhythm": "daily", "interval": 1, "ending": { "after": 3 } },
        }),
    )
    .await;
    let path = format!("meetings/{}", made["id"]);
    let all = events(&sim, ROOM).await;
    assert_eq!((begins(&all).len(), &all[0]["attendees"][0]["type"]), (3, &json!("optional")));
    ok(&sim, "POST", &format!("{path}/cancel"), json!({ "day": "2026-03-04" })).await;
    ok(
        &sim,
        "POST",
        &format!("{path}/move-occurrence"),
        json!({
            "day": "2026-03-05", "start": "2026-03-06T09:00:00Z", "end": "2026-03-06T10:00:00Z",
        }),
    )
    .await;
    ok(&sim, "PUT", &path, json!({ "shift_minutes": 30, "response": "tentativelyAccepted" })).await;
    let all = events(&sim, ROOM).await;
    assert_eq!(begins(&all), ["2026-03-03T09:30", "2026-03-04T09:30", "2026-03-06T09:00"]);
    assert_eq!((&all[1]["isCancelled"], &all[0]["showAs"]), (&json!(true), &json!("tentative")));
    ok(&sim, "POST", &format!("{path}/cancel"), Value::Null).await;
    assert!(events(&sim, ROOM).await.iter().all(|event| event["isCancelled"] == true));
    ok(&sim, "DELETE", &path, Value::Null).await;
    assert_eq!(control(&sim, "GET", &path, Value::Null).await.0, 404);
    for wrong in [json!({}), json!({ "room": "Quay 1", "start": "x" }), json!({ "colour": 1 }), json!([])] {
        assert_eq!(control(&sim, "POST", "meetings", wrong).await.0, 400);
    }
}

#[tokio::test]
async fn rooms_rights_secrets_and_mail_are_reached_from_outside() {
    let sim = quiet().start().await.unwrap();
    ok(&sim, "POST", "rooms", json!({ "name": "Loft", "address": "Loft@example.org", "capacity": 3 })).await;
    ok(&sim, "POST", "rooms", json!({ "name": "Attic", "address": "loft@example.org" })).await;
    let loft = ok(&sim, "GET", "rooms/loft@example.org", Value::Null).await;
    assert_eq!((&loft["name"], &loft["capacity"]), (&json!("Attic"), &json!(3)));
    ok(&sim, "DELETE", "rooms/loft@example.org", Value::Null).await;
    ok(&sim, "POST", "consents", json!({ "withdraw": ["Place.Read.All"], "grant": ["Calendars.Read"] })).await;
    assert_eq!(get(&sim, "/places/microsoft.graph.room").await.status, 403);
    assert_eq!(ok(&sim, "POST", "deny", json!({ "mailbox": "Quay 1" })).await, json!([ROOM]));
    assert_eq!(ok(&sim, "POST", "allow", json!({ "mailbox": ROOM })).await, json!([]));
    ok(&sim, "POST", "secret", json!({ "value": "new one" })).await;
    assert_eq!(sim.secret(), "new one");
    ok(&sim, "POST", "secret/expire", Value::Null).await;
    ok(&sim, "POST", "tokens/revoke", Value::Null).await;
    ok(&sim, "POST", "delta/expire", Value::Null).await;
    ok(&sim, "POST", "item-faults", json!({ "path": "/users/*", "status": 0 })).await;
    assert_eq!(sim.world(|world| world.item_faults.len()), 1);
    assert_eq!(ok(&sim, "GET", "mail", Value::Null).await, json!([]));
    assert_eq!(ok(&sim, "GET", "load", Value::Null).await["in_flight"], 0);
    let state = ok(&sim, "GET", "state", Value::Null).await;
    assert_eq!(
        (state["rooms"].as_array().unwrap().len(), &state["consents"][0]),
        (3, &json!("Calendars.ReadBasic.All"))
    );
    assert!(!state.to_string().contains("new one"));
    assert_eq!(ok(&sim, "GET", "subscriptions", Value::Null).await, json!([]));
}

#[tokio::test]
async fn the_same_seed_gives_the_same_tenant() {
    let dump = |seed| {
        let sim = quiet().rooms(4).meetings(200).seed(seed).start_blocking().unwrap();
        sim.world(|world| world.dump())
    };
    assert_eq!(dump(7), dump(7));
    assert_ne!(dump(7), dump(8));
}
