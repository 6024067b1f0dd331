use serde_json::{Value, json};
use vendor_sim::optima::{Fault, FaultKind};

use crate::client::{all, at, call, get, http, problem, quiet, request, send, sim};

#[tokio::test]
async fn info_tells_what_the_server_is() {
    let sim = quiet().start_blocking().unwrap();
    sim.world(|w| w.licence.until = Some("2026-12-31".parse().unwrap()));
    let info = get(&sim, "/api/v1/info").await;
    assert_eq!(info["product"], "Optima simulator");
    assert_eq!(
        (&info["version"], &info["timeZone"], &info["now"]),
        (&json!("sim-1.0"), &json!("Europe/London"), &json!("2026-03-02T08:00:00Z"))
    );
    assert_eq!(info["licence"], json!({ "active": true, "until": "2026-12-31" }));
    assert_eq!(info["limits"], json!({ "credentialsPerBadge": 5, "nameLength": 64 }));
    for capability in [
        "badges",
        "badges.write",
        "access-groups",
        "access-groups.write",
        "readers",
        "events",
        "events.follow",
        "changes",
    ] {
        assert!(info["capabilities"].as_array().unwrap().contains(&json!(capability)), "{capability}");
    }
}

#[tokio::test]
async fn nobody_gets_in_without_the_key() {
    let sim = sim();
    let path = format!("{}/api/v1/info", sim.url());
    for wrong in [
        http().get(&path),
        http().get(&path).bearer_auth("guess"),
        http().get(&path).basic_auth(sim.user(), Some(sim.password())),
    ] {
        assert_eq!(problem(&send(wrong).await), (401, "unauthorised"));
    }
    sim.world(|w| w.access.key = "another".into());
    assert_eq!(send(http().get(&path).bearer_auth("another")).await.status, 200);
}

#[tokio::test]
async fn a_licence_that_ended_closes_everything_but_info() {
    let sim = sim();
    sim.world(|w| w.licence.until = Some("2026-03-02".parse().unwrap()));
    assert_eq!(call(&sim, "GET", "/api/v1/badges", Value::Null).await.status, 200);
    sim.world(|w| w.clock.set(at("2026-03-03T00:00:01Z")));
    assert_eq!(problem(&call(&sim, "GET", "/api/v1/badges", Value::Null).await), (403, "licence-missing"));
    assert_eq!(get(&sim, "/api/v1/info").await["licence"]["active"], false);
}

#[tokio::test]
async fn parts_can_be_missing_or_forbidden() {
    let sim = quiet().with_switches(|s| {
        s.without = vec!["changes".into(), "events.follow".into()];
        s.forbidden = vec!["badges.write".into()];
    });
    let sim = sim.start_blocking().unwrap();
    let info = get(&sim, "/api/v1/info").await;
    let told = |name: &str| info["capabilities"].as_array().unwrap().contains(&json!(name));
    assert!(!told("changes") && !told("events.follow") && told("badges.write"));
    assert_eq!(problem(&call(&sim, "GET", "/api/v1/changes?cursor=now", Value::Null).await), (404, "not-found"));
    assert_eq!(problem(&call(&sim, "GET", "/api/v1/events?after=0&wait=5", Value::Null).await), (404, "not-found"));
    assert_eq!(call(&sim, "GET", "/api/v1/events?after=0&wait=0", Value::Null).await.status, 200);
    let post = call(&sim, "POST", "/api/v1/badges", json!({ "name": "Mira" })).await;
    assert_eq!(problem(&post), (403, "forbidden"));
}

#[tokio::test]
async fn too_many_calls_in_one_second_are_told_to_wait() {
    let sim = quiet().with_switches(|s| s.rate_limit = 2).start_blocking().unwrap();
    let status = async || call(&sim, "GET", "/api/v1/info", Value::Null).await;
    assert_eq!((status().await.status, status().await.status), (200, 200));
    let third = status().await;
    assert_eq!((problem(&third), third.retry_after.as_deref()), ((429, "too-many-requests"), Some("1")));
    sim.world(|w| w.switches.retry_after_date = true);
    assert_eq!(status().await.retry_after.as_deref(), Some("Mon, 02 Mar 2026 08:00:01 GMT"));
    sim.world(|w| w.clock.advance(chrono::TimeDelta::seconds(1)));
    assert_eq!(status().await.status, 200);
}

#[tokio::test]
async fn switches_change_what_the_wire_shows() {
    let sim = quiet().people(3).with_switches(|s| s.numeric_ids = true).start_blocking().unwrap();
    let badges = all(&sim, "/api/v1/badges?limit=1").await;
    let id = badges[0]["id"].as_u64().unwrap();
    assert_eq!(badges.len(), 3);
    assert!(badges[0]["accessGroups"][0]["id"].is_number());
    assert_eq!(get(&sim, &format!("/api/v1/badges/{id}")).await, badges[0]);

    sim.world(|w| w.switches.merge(&json!({ "times": "local", "clock_offset_seconds": 90, "page_size": 2 })).unwrap());
    assert_eq!(get(&sim, "/api/v1/info").await["now"], "2026-03-02T08:01:30");
    let page = get(&sim, "/api/v1/badges?limit=500").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    sim.world(|w| w.switches.merge(&json!({ "link_prefix": "https://other.example", "stuck_links": true })).unwrap());
    assert_eq!(get(&sim, "/api/v1/badges?limit=2").await["next"], "https://other.example/api/v1/badges?limit=2");
    for wrong in ["limit=0", "limit=501", "limit=x", "page=nonsense"] {
        assert_eq!(call(&sim, "GET", &format!("/api/v1/badges?{wrong}"), Value::Null).await.status, 422, "{wrong}");
    }
}

#[tokio::test]
async fn planned_faults_and_every_nth_error_look_like_the_bridge() {
    let sim = sim();
    sim.add_fault(Fault::on("GET", "/api/v1/badges", FaultKind::Error).status(503).retry_after("2"));
    let failed = call(&sim, "GET", "/api/v1/badges", Value::Null).await;
    assert_eq!((problem(&failed), failed.retry_after.as_deref()), ((503, "unavailable"), Some("2")));
    sim.world(|w| w.switches.merge(&json!({ "error_every": 2, "error_status": 500 })).unwrap());
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(call(&sim, "GET", "/api/v1/readers", Value::Null).await.status);
    }
    seen.sort_unstable();
    assert_eq!(seen, [200, 200, 500, 500]);
}

#[tokio::test]
async fn the_site_is_changed_from_outside() {
    let sim = sim();
    let control = |method: &str, path: &str, body: Value| {
        send(http().request(method.parse().unwrap(), format!("{}/{path}", sim.control_url())).json(&body))
    };
    let made = control("POST", "badges", json!({ "first": "Mira", "last": "Vandenholt" })).await;
    assert_eq!((made.status, &made.body["id"]), (200, &json!("b-501")));
    let changed = control(
        "POST",
        "badges/b-501",
        json!({ "card": "77", "enabled": false, "groups": ["ag-2"], "locked_by": "desk" }),
    )
    .await;
    assert_eq!((&changed.body["state"], &changed.body["credentials"][0]["number"]), (&json!("disabled"), &json!("77")));
    let passed = control("POST", "pass", json!({ "badge": "b-501", "reader": "r-11", "granted": false })).await;
    assert_eq!(passed.status, 200);
    assert_eq!(control("POST", "events/bulk", json!({ "count": 1000 })).await.body["events"], 1001);
    assert_eq!(control("POST", "events/rebuild", json!({})).await.body["epoch"], "2025B");
    assert_eq!(control("POST", "licence", json!({ "active": false })).await.body["active"], false);
    assert_eq!(control("DELETE", "badges/b-501", Value::Null).await.status, 200);
    assert_eq!(control("POST", "pass", json!({ "badge": "x" })).await.status, 400);
    assert_eq!(control("POST", "nothing", json!({})).await.status, 404);
    let list = send(request(&sim, "GET", &sim.control_url())).await;
    assert_eq!(list.body["vendor"], "optima");
}
