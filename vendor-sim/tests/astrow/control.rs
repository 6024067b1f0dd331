use serde_json::{Value, json};

use crate::client::{control, signed_in, sim};
use crate::terminals::definitions;

#[tokio::test]
async fn people_do_in_astrow_what_they_do() {
    let sim = sim();
    let post = async |path: &str, body: Value| control(&sim, "POST", path, body).await;
    let added =
        post("emp/add", json!({ "first": "Teo", "last": "Marchetti", "badge": 213, "department": "FIN" })).await;
    assert_eq!((added.status, &added.body["badgeNo"], &added.body["department"]), (200, &json!("213"), &json!("FIN")));
    let pers_no = added.body["persNo"].clone();
    let tab = json!({ "master": "astrow", "accessGroups": [{ "id": 1 }], "badges": [] });
    let edited = post("emp/edit", json!({ "persNo": pers_no, "name": { "last": "Lund" }, "pac": tab })).await;
    assert_eq!((&edited.body["name"]["last"], &edited.body["pac"]), (&json!("Lund"), &tab));
    let ended = post("emp/end", json!({ "persNo": pers_no, "on": "2026-03-31" })).await;
    assert_eq!(ended.body["endCalculation"], "2026-03-31");
    assert_eq!(post("emp/edit", json!({ "persNo": pers_no, "department": "X" })).await.status, 400);
    assert_eq!(post("emp/delete", json!({ "persNo": pers_no })).await.body["deleted"], true);
    assert_eq!(post("emp/delete", json!({ "persNo": pers_no })).await.status, 400);
    let origins: Vec<String> = sim.world(|w| w.changes().map(|change| change.origin.clone()).collect());
    assert!(!origins.is_empty() && origins.iter().all(|origin| origin == "user:hr.admin"));
}

#[tokio::test]
async fn roll_call_doors_freezing_readers_and_swipes() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    caller.put("pac/definitions", &definitions()).await;
    let post = async |path: &str, body: Value| control(&sim, "POST", path, body).await;
    assert_eq!(post("rollcall/start", json!({ "sites": ["HQ"] })).await.body["id"], "rc-31");
    assert_eq!(post("rollcall/stop", json!({})).await.body["stopped"], true);
    let door = post("door", json!({ "by": "reception", "reader": 11 })).await.body["id"].clone();
    assert_eq!(caller.get("pac/commands").await.items()[0]["id"], door);
    assert_eq!(control(&sim, "GET", "commands", Value::Null).await.body[0]["state"], "fetched");
    assert_eq!(
        post("reader", json!({ "reader": 11, "confirmRollCall": true, "terminalSerials": ["9001011"] })).await.status,
        200
    );
    assert_eq!(caller.get("pac/readers").await.items()[0]["confirmRollCall"], true);
    assert_eq!(post("reader", json!({ "reader": 99 })).await.status, 400);
    post("swipe", json!({ "persNo": 1001, "at": "2026-03-02T06:50:00Z", "direction": "in" })).await;
    assert_eq!(post("freeze", json!({ "date": "2026-03-02" })).await.status, 200);
    post("swipe", json!({ "persNo": 1001 })).await;
    let state = control(&sim, "GET", "state", Value::Null).await.body;
    assert_eq!(
        (&state["bookings"], &state["received"], &state["frozenUntil"]),
        (&json!(1), &json!(2), &json!("2026-03-02"))
    );
    assert_eq!(post("freeze", json!({ "date": null })).await.status, 200);
    assert!(sim.world(|w| w.frozen_until.is_none()));
}

#[tokio::test]
async fn licences_permissions_faults_sessions_and_files() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let post = async |path: &str, body: Value| control(&sim, "POST", path, body).await;
    post("licence", json!({ "name": "roll-call", "on": false })).await;
    assert_eq!(caller.get("rollcall").await.status, 403);
    post("permission", json!({ "on": false })).await;
    assert_eq!(caller.get("info").await.status, 403);
    post("permission", json!({})).await;
    assert_eq!(post("fault", json!({ "fault": "http-500=1" })).await.status, 200);
    assert_eq!(caller.get("info").await.status, 500);
    assert_eq!(post("fault", json!({ "fault": "colour" })).await.status, 400);
    post("sessions/end", json!({})).await;
    assert_eq!(caller.get("info").await.status, 401);
    std::fs::write(sim.import_folder().join("a.csv"), "h\r\n999,02/03/2026 07:01, , ,9001011\r\n").unwrap();
    assert_eq!(post("import", json!({})).await.body["files"][0]["result"], "completed");
    let queue = control(&sim, "GET", "queue", Value::Null).await.body;
    let assigned = post("queue/assign", json!({ "booking": queue[0]["id"], "persNo": 1001 })).await;
    assert_eq!(assigned.body["assigned"], true);
    assert_eq!(post("export", json!({})).await.body["files"].as_array().unwrap().len(), 2);
    sim.world(|w| w.add_employee("Teo", ""));
    post("changes/trim", json!({})).await;
    assert_eq!(sim.world(|w| w.changes().count()), 0);
    assert_eq!(post("nothing", json!({})).await.status, 404);
    let list = control(&sim, "GET", "", Value::Null).await;
    assert!(list.body["calls"].to_string().contains("emp/add"));
}
