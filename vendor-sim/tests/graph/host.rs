//! What every simulator on the common host can do, shown with this one.

use std::time::Duration;

use serde_json::{Value, json};
use vendor_sim::graph::{Fault, FaultKind, GraphSim};

use crate::client::{events, get, http, quiet, send, week};

const ROOM: &str = "quay1@example.org";

async fn control(sim: &GraphSim, method: &str, path: &str, body: Value) -> (u16, Value) {
    let request = http().request(method.parse().unwrap(), format!("{}/{path}", sim.control_url()));
    let got = send(if body.is_null() { request } else { request.json(&body) }).await;
    (got.status, got.json)
}

#[tokio::test]
async fn faults_meet_the_planned_calls_before_and_after_they_are_carried_out() {
    let sim = quiet().start().await.unwrap();
    let call = || http().get(format!("{}/v1.0{}", sim.base_url(), week(ROOM))).bearer_auth(sim.token());
    sim.add_fault(Fault::on("GET", "*/calendarview", FaultKind::DropReply).nth(2));
    assert_eq!(call().send().await.unwrap().status(), 200);
    assert!(call().send().await.is_err());
    assert_eq!(call().send().await.unwrap().status(), 200);
    sim.add_fault(Fault::on("GET", "*?*startDateTime=2026*", FaultKind::Truncate).at(20));
    let answer = call().send().await.unwrap();
    assert!(answer.bytes().await.is_err());
    sim.add_fault(Fault::new(FaultKind::DropRequest));
    assert!(call().send().await.is_err());
    let fault = Fault::new(FaultKind::Error).status(418).body("tea").header("X-Kind", "green").delay_ms(1);
    sim.add_fault(fault);
    let answer = send(call()).await;
    assert_eq!((answer.status, answer.text.as_str(), answer.header("x-kind")), (418, "tea", "green"));
    let fired: Vec<u64> = sim.faults().iter().map(|fault| fault.fired).collect();
    assert_eq!(fired, [1, 1, 1, 1]);
    let log = sim.requests();
    assert_eq!(log.iter().map(|entry| entry.status).collect::<Vec<_>>(), [200, 0, 200, 200, 0, 418]);
    assert!(log.iter().all(|entry| !entry.headers.contains_key("authorization")));
    assert_eq!(sim.request_counts()["GET /v1.0/users/{id}/calendar/calendarView"], 6);
}

#[tokio::test]
async fn an_older_copy_comes_back_and_a_restart_closes_the_port_for_a_while() {
    let sim = quiet().start().await.unwrap();
    let older = sim.snapshot();
    let start = crate::client::at("2026-03-03T09:00:00Z");
    sim.world(|world| world.book(ROOM, ("Ada", "a@example.org"), &[], start, start + chrono::TimeDelta::hours(1)));
    sim.world(|world| world.clock.advance(chrono::TimeDelta::minutes(5)));
    control(&sim, "POST", "snapshots/full", Value::Null).await;
    sim.restore(older);
    assert_eq!(
        (events(&sim, ROOM).await.len(), sim.world(|world| world.now())),
        (0, crate::client::at("2026-03-02T09:05:00Z"))
    );
    assert_eq!(control(&sim, "POST", "snapshots/full/restore", Value::Null).await.0, 200);
    assert_eq!(control(&sim, "POST", "snapshots/none/restore", Value::Null).await.0, 404);
    assert_eq!(events(&sim, ROOM).await.len(), 1);
    let (status, _) = control(&sim, "POST", "restart", json!({ "down_ms": 200 })).await;
    assert_eq!(status, 200);
    let url = format!("{}/v1.0/places/x", sim.base_url());
    let back = async {
        while http().get(&url).send().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), back).await.unwrap();
}

#[tokio::test]
async fn it_speaks_tls_and_changes_its_certificate() {
    let sim = quiet().tls(true).start().await.unwrap();
    let root = reqwest::Certificate::from_pem(sim.certificate_pem().unwrap().as_bytes()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([root]).build().unwrap();
    let url = format!("{}/v1.0/places/microsoft.graph.room", sim.base_url());
    assert!(url.starts_with("https://") && sim.token_url().starts_with("https://"));
    assert_eq!(client.get(&url).bearer_auth(sim.token()).send().await.unwrap().status(), 200);
    let before = sim.fingerprint();
    sim.regenerate_certificate().unwrap();
    assert_ne!(sim.fingerprint(), before);
}

#[tokio::test]
async fn time_switches_faults_and_log_are_reached_from_outside() {
    let sim = quiet().start().await.unwrap();
    let (_, list) = control(&sim, "GET", "", Value::Null).await;
    assert!(list["vendor"] == "graph" && list["calls"].as_array().unwrap().len() > 20);
    let (_, clock) = control(&sim, "POST", "clock", json!({ "advance_seconds": 60 })).await;
    assert_eq!(clock, json!({ "now": "2026-03-02T09:01:00Z", "frozen": true }));
    assert_eq!(control(&sim, "POST", "clock", json!({ "now": "later" })).await.0, 400);
    let (_, switches) = control(&sim, "POST", "switches", json!({ "page": 5, "gzip": "on" })).await;
    assert_eq!((&switches["page"], &switches["gzip"]), (&json!(5), &json!(true)));
    assert_eq!(control(&sim, "POST", "switches", json!({ "colour": 1 })).await.0, 400);
    let planned = json!([{ "action": "html", "status": 502, "path": "/v1.0/places/*" }]);
    assert_eq!(control(&sim, "POST", "faults", planned).await.0, 200);
    assert_eq!(get(&sim, "/places/microsoft.graph.room").await.status, 502);
    assert_eq!(control(&sim, "POST", "faults", json!({ "action": "explode" })).await.0, 400);
    assert_eq!(control(&sim, "DELETE", "faults", Value::Null).await.1, json!([]));
    let (_, counts) = control(&sim, "GET", "counts", Value::Null).await;
    assert_eq!(counts, json!({ "GET /v1.0/places/microsoft.graph.room": 1 }));
    control(&sim, "DELETE", "requests", Value::Null).await;
    assert_eq!(control(&sim, "GET", "requests", Value::Null).await.1, json!([]));
    assert_eq!(control(&sim, "GET", "nonsense", Value::Null).await.0, 404);
    assert!(vendor_sim::graph::GraphSim::builder().listen("0.0.0.0:0").start_blocking().is_err());
}
