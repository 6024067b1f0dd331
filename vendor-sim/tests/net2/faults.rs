use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use vendor_sim::net2::{Fault, FaultKind};

use crate::client::{Api, options};

#[tokio::test]
async fn the_nth_matching_call_fails() {
    let api = Api::new().await;
    let fault =
        json!({ "method": "get", "path": "/api/v1/DOORS*", "nth": 2, "times": 2, "action": "error", "status": 503 });
    assert_eq!(api.control(Method::POST, "faults", Some(fault)).await.0, 200);
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(api.get("doors").await.0);
        assert_eq!(api.get("departments").await.0, 200);
    }
    assert_eq!(seen, [200, 503, 503, 200]);
    let (_, faults) = api.control(Method::GET, "faults", None).await;
    assert_eq!((&faults[0]["seen"], &faults[0]["fired"]), (&json!(4), &json!(2)));
    assert_eq!(api.control(Method::POST, "faults", Some(json!({ "action": "explode" }))).await.0, 400);
}

#[tokio::test]
async fn a_reply_may_be_lost_after_the_call_was_carried_out_or_before() {
    let api = Api::new().await;
    let made = |api: &Api| api.sim.world(|w| w.departments.values().filter(|one| one.name == "Lost").count());
    for (kind, count) in [(FaultKind::DropRequest, 0), (FaultKind::DropReply, 1)] {
        api.sim.add_fault(Fault::on("POST", "*/departments", kind));
        let body = json!({ "name": "Lost" });
        assert!(api.try_send(Method::POST, "departments", Some(&body)).await.is_err());
        assert_eq!(made(&api), count);
        api.sim.clear_faults();
    }
    api.sim.world(|w| w.switches.drop_connection_after_write = true);
    assert!(api.try_send(Method::POST, "departments", Some(&json!({ "name": "Lost" }))).await.is_err());
    assert_eq!(made(&api), 2);
    assert_eq!(api.get("departments").await.0, 200);
}

#[tokio::test]
async fn an_answer_may_break_off_half_way() {
    let api = Api::new().await;
    api.sim.add_fault(Fault::on("GET", "*/users", FaultKind::Truncate));
    let answer = api.try_send(Method::GET, "users", None).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.is_err());
    assert_eq!(api.get("users").await.0, 200);
}

#[tokio::test]
async fn a_delayed_call_is_carried_out_although_the_caller_left() {
    let api = Api::new().await;
    api.sim.add_fault(Fault::on("POST", "*/departments", FaultKind::Delay).delay_ms(1000));
    let url = format!("{}/api/v1/departments", api.sim.url());
    let request = api.http.post(url).bearer_auth(&api.token).json(&json!({ "name": "Late" }));
    let lost = request.timeout(Duration::from_millis(50)).send().await;
    assert!(lost.unwrap_err().is_timeout());
    let exists = || api.sim.world(|w| w.departments.values().any(|one| one.name == "Late"));
    // Waits for the outcome, not for a time.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !exists() && tokio::time::Instant::now() < deadline {
        api.get("versions").await;
    }
    assert!(exists());
}

#[tokio::test]
async fn any_answer_can_be_put_in_place() {
    let api = Api::new().await;
    api.sim.add_fault(Fault::on("GET", "*/users", FaultKind::Reply).status(200).body("[]"));
    api.sim.add_fault(Fault::on("GET", "*/doors", FaultKind::Html502));
    assert_eq!(api.get("users").await, (200, json!([])));
    let (status, body) = api.get("doors").await;
    assert_eq!(status, 502);
    assert!(body.as_str().unwrap().contains("nginx"));
    assert_ne!(api.get("users").await.1, json!([]));
    api.sim.world(|w| w.switches.nginx_502 = true);
    assert_eq!(api.get("users").await.0, 502);
}

#[tokio::test]
async fn a_restart_ends_sessions_and_keeps_the_site() {
    let mut api = Api::new().await;
    let before = api.sim.world(|w| w.dump().unwrap());
    assert_eq!(api.control(Method::POST, "restart", None).await.0, 200);
    api.http = reqwest::Client::new();
    assert_eq!(api.get("doors").await.0, 401);
    api.sign_in().await;
    assert_eq!(api.get("doors").await.0, 200);
    assert_eq!(api.sim.world(|w| w.dump().unwrap()), before);
    api.sim.add_fault(Fault::on("GET", "*/doors", FaultKind::Restart));
    assert!(api.try_send(Method::GET, "doors", None).await.is_err());
}

#[tokio::test]
async fn an_older_copy_is_restored_without_turning_the_clock() {
    let api = Api::new().await;
    let state = |api: &Api| api.sim.world(|w| w.dump().unwrap());
    let before = state(&api);
    assert_eq!(api.control(Method::POST, "snapshots/before", None).await.0, 200);
    let (_, user) = api.post("users", json!({ "firstName": "New" })).await;
    api.sim.world(|w| w.clock.advance(chrono::TimeDelta::minutes(5)));
    let now = api.sim.world(|w| w.now());
    assert_ne!(state(&api), before);
    assert_eq!(api.control(Method::POST, "snapshots/before/restore", None).await.0, 200);
    assert_eq!(state(&api), before);
    assert_eq!(api.sim.world(|w| w.now()), now);
    // An older copy gives the same id again: that is what makes restores dangerous.
    assert_eq!(api.post("users", json!({ "firstName": "Other" })).await.1["id"], user["id"]);
    assert_eq!(api.control(Method::POST, "snapshots/none/restore", None).await.0, 404);
}

#[tokio::test]
async fn the_state_dump_is_stable_and_can_leave_parts_out() {
    let api = Api::new().await;
    let text = |path: &'static str| {
        let request = api.http.get(format!("{}/{path}", api.sim.control_url()));
        async move { request.send().await.unwrap().text().await.unwrap() }
    };
    let first = text("state").await;
    api.get("users").await;
    assert_eq!(first, text("state").await);
    let without: Value = serde_json::from_str(&text("state?without=events,counters").await).unwrap();
    assert!(without.get("events").is_none() && without.get("counters").is_none());
    assert!(without["users"].is_object());
}

#[tokio::test]
async fn calls_are_counted_by_kind() {
    let api = Api::new().await;
    api.sim.clear_requests();
    let user = api.any_user();
    for _ in 0..3 {
        api.get(&format!("Users/{user}")).await;
    }
    api.get("events?where=EventID=1&token=secret").await;
    assert_eq!(api.sim.request_counts()["GET /api/v1/users/{id}"], 3);
    let last = api.sim.requests().pop().unwrap();
    assert_eq!((last.path.as_str(), last.status), ("/api/v1/events", 200));
    assert_eq!(last.query, [("where".to_owned(), "EventID=1".to_owned())]);
    let (_, counts) = api.control(Method::GET, "counts", None).await;
    assert_eq!(counts["GET /api/v1/users/{id}"], 3);
}

#[tokio::test]
async fn switches_clock_and_records_are_changed_from_outside() {
    let api = Api::new().await;
    let (status, switches) = api
        .control(Method::POST, "switches", Some(json!({ "lite": "on", "mfa_status": 403, "version": "6.01" })))
        .await;
    assert_eq!((status, &switches["lite"], &switches["mfa_status"]), (200, &json!(true), &json!(403)));
    assert_eq!(api.control(Method::POST, "switches", Some(json!({ "colour": true }))).await.0, 400);
    let (_, clock) = api.control(Method::POST, "clock", Some(json!({ "advance_seconds": 60 }))).await;
    assert_eq!((&clock["local"], &clock["frozen"]), (&json!("2027-03-01 09:01:00"), &json!(true)));

    let (_, made) = api.control(Method::POST, "users", Some(json!({ "first_name": "Out", "levels": [1] }))).await;
    let path = format!("users/{}", made["id"]);
    let (_, changed) = api.control(Method::PUT, &path, Some(json!({ "last_name": "Side" }))).await;
    assert_eq!((&changed["first_name"], &changed["last_name"]), (&json!("Out"), &json!("Side")));
    assert_eq!(api.read(&path).await["lastName"], "Side");
    let (_, door) = api.control(Method::POST, "doors", Some(json!({ "name": "New door" }))).await;
    assert_eq!(api.read(&format!("doors/{}", door["id"])).await["name"], "New door");
    let pass = json!({ "user": made["id"], "door": door["id"] });
    assert_eq!(api.control(Method::POST, "pass", Some(pass)).await.1["opened"], true);
    assert_eq!(api.control(Method::DELETE, &path, None).await.0, 200);
    assert_eq!(api.get(&path).await.0, 404);
}

#[tokio::test]
async fn a_state_file_survives_the_simulator() {
    let file = std::env::temp_dir().join(format!("net2-sim-{}.json", std::process::id()));
    let first = Api::with(options().state(&file)).await;
    let user = first.sim.world(|w| w.add_user("Stays", "Here"));
    let before = first.sim.world(|w| w.dump().unwrap());
    first.sim.stop();
    let second = Api::with(options().people(3).seed(99).state(&file)).await;
    assert_eq!(second.sim.world(|w| w.dump().unwrap()), before);
    assert_eq!(second.read(&format!("users/{user}")).await["firstName"], "Stays");
    drop(second);
    std::fs::remove_file(file).unwrap();
}
