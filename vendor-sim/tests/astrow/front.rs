use serde_json::{Value, json};
use vendor_sim::astrow::{Fault, FaultKind};

use crate::client::{at, http, quiet, send, signed_in, sim};

#[tokio::test]
async fn info_tells_what_the_server_is() {
    let sim = sim();
    let info = signed_in(&sim).await.get("info").await.body;
    assert_eq!(
        info,
        json!({
            "product": "Astrow simulator",
            "version": "sim-0.1.0",
            "timeZone": "Europe/Brussels",
            "hexBadges": false,
            "licences": ["employees-import", "file-terminal", "roll-call"],
            "now": "2026-03-02T08:00:00+01:00",
            "changesNext": format!("c-{}", sim.world(|w| w.next_change())),
        })
    );
}

#[tokio::test]
async fn lookups_have_all_lists() {
    let sim = sim();
    let lookups = signed_in(&sim).await.get("lookups").await.body;
    for list in [
        "cycles",
        "payGroups",
        "departments",
        "terminalGroups",
        "companySites",
        "masterCodes",
        "costCentres",
        "terminals",
    ] {
        assert!(!lookups[list].as_array().unwrap().is_empty(), "{list}");
    }
    assert_eq!(
        lookups["terminals"][0],
        json!({ "serial": "9001011", "number": 3, "code": "PAC-IN", "name": "Main entrance IN", "type": "file", "groupCodes": ["TG-HQ"] })
    );
}

#[tokio::test]
async fn a_session_is_told_whole() {
    let sim = sim();
    let body = json!({ "user": sim.user(), "password": sim.password(), "client": "bridge/0.1.0" });
    let session = send(http().post(format!("{}/session", sim.api_url())).json(&body)).await;
    assert_eq!((session.status, &session.body["permissions"]), (201, &json!(["api.connect"])));
    assert_eq!(session.body["expiresAt"], "2026-03-02T08:30:00+01:00");
    assert_eq!(session.body["user"], "pac.bridge");
}

#[tokio::test]
async fn nobody_gets_in_with_a_wrong_password_or_without_the_permission() {
    let sim = sim();
    let url = format!("{}/session", sim.api_url());
    for wrong in [("pac.bridge", "guess"), ("nobody", "guess")] {
        let answer = send(http().post(&url).json(&json!({ "user": wrong.0, "password": wrong.1 }))).await;
        assert_eq!(answer.problem(), (401, "bad-credentials"));
    }
    assert_eq!(send(http().post(&url).body("no json")).await.problem(), (400, "malformed"));
    sim.world(|w| w.switches.fault("permission-off")).unwrap();
    let right = json!({ "user": sim.user(), "password": sim.password(), "client": "c" });
    let refused = send(http().post(&url).json(&right)).await;
    assert_eq!((refused.problem(), refused.field()), ((403, "permission-missing"), "user"));
}

#[tokio::test]
async fn a_session_slides_and_ends_half_an_hour_after_the_last_call() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    for _ in 0..3 {
        sim.world(|w| w.clock.advance(chrono::TimeDelta::minutes(29)));
        assert_eq!(caller.get("info").await.status, 200);
    }
    sim.world(|w| w.clock.advance(chrono::TimeDelta::minutes(30)));
    assert_eq!(caller.get("info").await.problem(), (401, "session-ended"));
    let caller = signed_in(&sim).await;
    assert_eq!(send(caller.request("DELETE", "session")).await.status, 204);
    assert_eq!(caller.get("info").await.status, 401);
    assert_eq!(send(http().get(format!("{}/info", sim.api_url()))).await.status, 401);
}

#[tokio::test]
async fn a_permission_that_is_taken_away_ends_the_access() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    sim.world(|w| w.users.get_mut("pac.bridge").unwrap().permissions.clear());
    assert_eq!(caller.get("info").await.problem(), (403, "permission-missing"));
}

#[tokio::test]
async fn a_restart_and_the_fault_token_expire_end_sessions() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    sim.world(|w| w.switches.fault("token-expire=1")).unwrap();
    assert_eq!(caller.get("info").await.status, 401);
    let caller = signed_in(&sim).await;
    assert_eq!(caller.get("info").await.status, 200);
    sim.world(|w| w.end_sessions());
    assert_eq!(caller.get("info").await.status, 401);
}

#[tokio::test]
async fn too_many_calls_in_one_second_are_told_to_wait() {
    let sim = quiet().with_switches(|s| s.rate_limit = 2).start_blocking().unwrap();
    let caller = signed_in(&sim).await;
    assert_eq!(caller.get("info").await.status, 200);
    let third = caller.get("info").await;
    assert_eq!((third.problem(), third.retry_after.as_deref()), ((429, "too-many-requests"), Some("1")));
    assert_eq!(third.body["retryAfterMs"], 1000);
    sim.world(|w| w.clock.advance(chrono::TimeDelta::seconds(1)));
    assert_eq!(caller.get("info").await.status, 200);
}

#[tokio::test]
async fn bodies_and_batches_have_limits() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let large = "x".repeat(4 * 1024 * 1024 + 1);
    assert_eq!(send(caller.request("POST", "bookings").body(large)).await.problem(), (413, "body-too-large"));
    let many = json!({ "items": vec![json!({}); 501] });
    let refused = caller.post("pac/events", &many).await;
    assert_eq!((refused.problem(), refused.field()), ((422, "too-many-items"), "items"));
    assert_eq!(send(caller.request("POST", "bookings").body("{")).await.problem(), (400, "malformed"));
    assert_eq!(caller.post("bookings", &json!({ "items": 5 })).await.field(), "items");
}

#[tokio::test]
async fn unknown_resources_and_methods_are_told_apart() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    assert_eq!(caller.get("nothing").await.problem(), (404, "not-found"));
    assert_eq!(caller.put("info", &Value::Null).await.problem(), (405, "method-not-allowed"));
    assert_eq!(send(http().get(format!("{}/elsewhere", sim.url()))).await.status, 404);
}

#[tokio::test]
async fn planned_faults_look_like_the_bridge() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    sim.world(|w| w.switches.fault("http-500=2")).unwrap();
    for _ in 0..2 {
        assert_eq!(caller.get("info").await.problem(), (500, "internal-error"));
    }
    assert_eq!(caller.get("info").await.status, 200);
    sim.add_fault(Fault::on("GET", "*/info", FaultKind::Error).status(503).retry_after("2"));
    let failed = caller.get("info").await;
    assert_eq!((failed.problem(), failed.retry_after.as_deref()), ((503, "unavailable"), Some("2")));
    sim.world(|w| w.switches.fault("drop-response=1")).unwrap();
    assert!(caller.request("GET", "info").send().await.is_err());
    assert_eq!(sim.requests().last().unwrap().status, 0);
    sim.world(|w| w.switches.fault("delay-ms=30")).unwrap();
    let start = std::time::Instant::now();
    assert_eq!(caller.get("info").await.status, 200);
    assert!(start.elapsed() >= std::time::Duration::from_millis(30));
}

#[tokio::test]
async fn sessions_survive_a_copy_put_back_and_the_clock_stays() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let older = sim.snapshot();
    sim.world(|w| w.add_employee("Teo", "Marchetti"));
    sim.world(|w| w.clock.set(at("2026-03-02T07:10:00Z")));
    sim.restore(older);
    assert_eq!(caller.get("info").await.body["now"], "2026-03-02T08:10:00+01:00");
    assert_eq!(sim.world(|w| w.employees().len()), 5);
}

#[tokio::test]
async fn secrets_are_not_in_the_log_of_calls() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    caller.get("info").await;
    let log = format!("{:?}", sim.requests());
    assert!(!log.contains(&caller.token) && !log.contains(&sim.password()));
    assert_eq!(sim.request_counts()["GET /api/pac-bridge/v1/info"], 1);
}
