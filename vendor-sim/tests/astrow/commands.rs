use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;
use vendor_sim::astrow::CommandState;

use crate::client::{send, signed_in, sim};

#[tokio::test]
async fn a_command_is_handed_out_once_and_reported() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let id = sim.world(|w| w.request_door("hr.admin", 11));
    let fetched = caller.get("pac/commands").await;
    assert_eq!(
        fetched.items()[0],
        json!({ "id": id, "kind": "door-open", "readerId": 11, "requestedBy": "hr.admin",
                "requestedAt": "2026-03-02T08:00:00+01:00", "expiresAt": "2026-03-02T08:00:15+01:00" })
    );
    assert!(caller.get("pac/commands").await.items().is_empty());
    let path = format!("pac/commands/{id}");
    assert_eq!(caller.post(&path, &json!({ "state": "in-progress" })).await.status, 204);
    // Once begun, it may end late.
    sim.world(|w| w.clock.advance(TimeDelta::seconds(60)));
    let done = json!({ "state": "done", "message": "released for 5 s" });
    assert_eq!(caller.post(&path, &done).await.status, 204);
    assert_eq!(caller.post(&path, &done).await.status, 204);
    assert_eq!(caller.post(&path, &json!({ "state": "failed" })).await.problem(), (409, "command-finished"));
    let command = sim.world(|w| w.command(id).cloned()).unwrap();
    assert_eq!(command.state, CommandState::Done);
    assert_eq!(command.reports[1], (CommandState::Done, Some("released for 5 s".into())));
}

#[tokio::test]
async fn a_command_expires() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let (first, second) = sim.world(|w| (w.request_door("hr.admin", 11), w.request_door("hr.admin", 12)));
    assert_eq!(caller.get("pac/commands").await.items().len(), 2);
    sim.world(|w| w.clock.advance(TimeDelta::seconds(15)));
    let late = caller.post(&format!("pac/commands/{first}"), &json!({ "state": "done" })).await;
    assert_eq!(late.problem(), (410, "expired"));
    assert_eq!(sim.world(|w| w.command(second).unwrap().state), CommandState::Fetched);
    sim.world(|w| w.request_door("hr.admin", 11));
    sim.world(|w| w.clock.advance(TimeDelta::seconds(15)));
    assert!(caller.get("pac/commands").await.items().is_empty());
}

#[tokio::test]
async fn unknown_commands_and_states_are_refused() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let id = sim.world(|w| w.request_door("hr.admin", 11));
    for unknown in [Uuid::new_v4().to_string(), "x".to_owned()] {
        let answer = caller.post(&format!("pac/commands/{unknown}"), &json!({ "state": "done" })).await;
        assert_eq!(answer.problem(), (404, "not-found"));
    }
    for wrong in [json!({ "state": "waiting" }), json!({ "state": "half" }), json!({})] {
        assert_eq!(caller.post(&format!("pac/commands/{id}"), &wrong).await.status, 422, "{wrong}");
    }
}

#[tokio::test]
async fn a_new_command_wakes_whoever_waits() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let waiting = tokio::spawn(send(caller.request("GET", "pac/commands?wait=25")));
    while sim.requests().last().unwrap().shape != "GET /api/pac-bridge/v1/pac/commands" {
        tokio::task::yield_now().await;
    }
    let id = sim.world(|w| w.request_door("hr.admin", 11));
    assert_eq!(waiting.await.unwrap().items()[0]["id"], json!(id));
}
