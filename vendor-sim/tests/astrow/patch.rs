use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::{Caller, send};
use crate::employees::with_teo;

async fn patch(caller: &Caller, etag: &str, body: Value) -> crate::client::Answer {
    caller.write("PATCH", "employees/1077", etag, &body).await
}

#[tokio::test]
async fn what_is_absent_stays_and_null_clears() {
    let (sim, caller) = with_teo().await;
    let renamed = patch(&caller, "\"1\"", json!({ "name": { "last": "Marchetti-Lund", "middle": "A." } })).await;
    assert_eq!((renamed.status, renamed.etag.as_deref()), (200, Some("\"2\"")));
    assert_eq!(renamed.body["name"], json!({ "first": "Teo", "middle": "A.", "last": "Marchetti-Lund" }));
    assert_eq!(renamed.body["employeeNo"], "E-1077");
    let cleared = json!({
        "employeeNo": null, "department": null, "email": "teo@example.org", "name": { "middle": null },
        "freeFields": { "1": null, "2": "two" }, "endCalculation": "2026-12-31",
    });
    let body = patch(&caller, "\"2\"", cleared).await.body;
    assert!(body.get("employeeNo").is_none() && body.get("department").is_none());
    assert_eq!((&body["email"], &body["freeFields"]), (&json!("teo@example.org"), &json!({ "2": "two" })));
    assert_eq!((&body["endCalculation"], &body["name"]["middle"]), (&json!("2026-12-31"), &Value::Null));
    let fields = sim.world(|w| w.changes().last().cloned()).unwrap().fields;
    assert_eq!(fields, ["department", "email", "employeeNo", "endCalculation", "freeFields", "name"]);
    let body = patch(&caller, "\"3\"", json!({ "endCalculation": null, "freeFields": null })).await.body;
    assert_eq!((&body["endCalculation"], &body["freeFields"]), (&Value::Null, &json!({})));
}

#[tokio::test]
async fn a_patch_without_a_difference_changes_nothing() {
    let (sim, caller) = with_teo().await;
    let before = sim.world(|w| w.next_change());
    let same =
        patch(&caller, "\"1\"", json!({ "department": "FIN", "colour": "unknown members count for nothing" })).await;
    assert_eq!((same.status, same.etag.as_deref()), (200, Some("\"1\"")));
    assert_eq!(sim.world(|w| w.next_change()), before);
}

#[tokio::test]
async fn values_that_do_not_fit_are_refused_with_their_field() {
    let (_sim, caller) = with_teo().await;
    for (body, problem, field) in [
        (json!({ "department": "X" }), "unknown-code", "department"),
        (json!({ "department": 5 }), "bad-value", "department"),
        (json!({ "name": null }), "bad-value", "name"),
        (json!({ "name": { "first": null } }), "bad-value", "name.first"),
        (json!({ "name": { "first": " " } }), "bad-value", "name.first"),
        (json!({ "badgeNo": "twelve" }), "bad-value", "badgeNo"),
        (json!({ "endCalculation": "soon" }), "bad-value", "endCalculation"),
        (json!({ "endCalculation": "2026-01-01" }), "bad-value", "endCalculation"),
        (json!({ "freeFields": { "21": "x" } }), "bad-value", "freeFields"),
        (json!({ "freeFields": { "a": "x" } }), "bad-value", "freeFields.a"),
        (json!({ "cycle": "C-STD" }), "not-changeable", "cycle"),
        (json!({ "pac": {} }), "not-changeable", "pac"),
    ] {
        let refused = patch(&caller, "\"1\"", body.clone()).await;
        assert_eq!((refused.problem(), refused.field()), ((422, problem), field), "{body}");
    }
    assert_eq!(patch(&caller, "\"1\"", json!({ "badgeNo": "101" })).await.problem(), (409, "badge-in-use"));
    assert_eq!(caller.write("PATCH", "employees/5", "\"1\"", &json!({})).await.problem(), (404, "not-found"));
}

#[tokio::test]
async fn a_badge_number_can_be_changed_and_cleared() {
    let (sim, caller) = with_teo().await;
    assert_eq!(patch(&caller, "\"1\"", json!({ "badgeNo": "900" })).await.body["badgeNo"], "900");
    assert!(sim.world(|w| w.employee_with_badge("213").is_none() && w.employee_with_badge("900").is_some()));
    assert!(patch(&caller, "\"2\"", json!({ "badgeNo": null })).await.body.get("badgeNo").is_none());
    assert!(sim.world(|w| w.employee_with_badge("900").is_none()));
}

#[tokio::test]
async fn a_write_with_an_old_etag_gets_the_current_state() {
    let (sim, caller) = with_teo().await;
    sim.world(|w| w.change_employee(1077, |e| e.email = Some("hr@example.org".into())));
    let stale = patch(&caller, "\"1\"", json!({ "email": "bridge@example.org" })).await;
    assert_eq!(stale.problem(), (412, "precondition-failed"));
    assert_eq!(
        (&stale.body["current"]["email"], &stale.body["current"]["etag"]),
        (&json!("hr@example.org"), &json!("\"2\""))
    );
    let bare = send(caller.request("PATCH", "employees/1077").json(&json!({}))).await;
    assert_eq!(bare.problem(), (428, "precondition-required"));
}

#[tokio::test]
async fn the_fault_etag_race_lets_somebody_else_be_first() {
    let (sim, caller) = with_teo().await;
    sim.world(|w| w.switches.fault("etag-race=1")).unwrap();
    let stale = patch(&caller, "\"1\"", json!({ "email": "a@example.org" })).await;
    let etag = stale.body["current"]["etag"].as_str().unwrap().to_owned();
    assert_eq!((stale.problem().0, etag.as_str()), (412, "\"2\""));
    assert_eq!(patch(&caller, &etag, json!({ "email": "a@example.org" })).await.status, 200);
}

#[tokio::test]
async fn of_many_writes_at_a_time_one_wins() {
    let (sim, caller) = with_teo().await;
    let mut writes = JoinSet::new();
    for number in 0..8 {
        let request = caller.request("PATCH", "employees/1077").header("If-Match", "\"1\"");
        writes.spawn(send(request.json(&json!({ "email": format!("{number}@example.org") }))));
    }
    let mut statuses: Vec<u16> = writes.join_all().await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
    assert_eq!(sim.world(|w| w.employee(1077).unwrap().version), 2);
}
