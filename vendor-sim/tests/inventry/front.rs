use serde_json::{Value, json};

use crate::client::{call, get, http, problem, quiet, send};

#[tokio::test]
async fn info_tells_what_the_server_is() {
    let sim = quiet().start_blocking().unwrap();
    let info = get(&sim, "/api/v1/info").await;
    assert_eq!(
        (&info["product"], &info["version"], &info["organisation"]),
        (&json!("InVentry simulator"), &json!("4.11.2"), &json!("Example Academy"))
    );
    for capability in ["sites", "personnel", "departments", "devices", "events", "events.follow", "deletions"] {
        assert!(info["capabilities"].as_array().unwrap().contains(&json!(capability)), "{capability}");
    }
    assert_eq!(
        (&info["now"], &info["timeZone"], &info["licence"]["active"]),
        (&json!("2026-03-02T08:00:00Z"), &json!("Europe/London"), &json!(true))
    );
}

#[tokio::test]
async fn an_older_version_tells_itself_and_nothing_else() {
    let sim = quiet().with_switches(|s| s.version = "4.10.3".into()).start_blocking().unwrap();
    assert_eq!(get(&sim, "/api/v1/info").await["version"], "4.10.3");
    let refused = call(&sim, "GET", "/api/v1/personnel").await;
    assert_eq!(problem(&refused), (403, "version-unsupported"));
    assert_eq!(refused.body["detail"], "Interface needs 4.11.0 or later, server is 4.10.3");
    sim.world(|w| w.switches.version = "spring edition".into());
    assert_eq!(call(&sim, "GET", "/api/v1/personnel").await.status, 200);
}

#[tokio::test]
async fn nothing_is_served_without_key_licence_or_right_and_nothing_is_written() {
    let sim = quiet().people(2).start_blocking().unwrap();
    assert_eq!(problem(&send(http().get(format!("{}/api/v1/info", sim.url()))).await), (401, "unauthorised"));
    for method in ["POST", "PATCH", "DELETE"] {
        assert_eq!(call(&sim, method, "/api/v1/personnel").await.status, 404, "{method}");
    }
    sim.world(|w| w.switches.merge(&json!({ "without": ["deletions"], "forbidden": ["devices"] })).unwrap());
    assert_eq!(problem(&call(&sim, "GET", "/api/v1/deletions").await), (404, "not-found"));
    assert_eq!(problem(&call(&sim, "GET", "/api/v1/devices").await), (403, "forbidden"));
    sim.world(|w| w.licence.active = false);
    assert_eq!(problem(&call(&sim, "GET", "/api/v1/personnel").await), (403, "licence-missing"));
    assert_eq!(get(&sim, "/api/v1/info").await["licence"]["active"], false);
}

#[tokio::test]
async fn the_school_is_changed_from_outside() {
    let sim = quiet().start_blocking().unwrap();
    let control = |method: &str, path: &str, body: Value| {
        send(http().request(method.parse().unwrap(), format!("{}/{path}", sim.control_url())).json(&body))
    };
    let made = control("POST", "people", json!({ "forename": "Asha", "surname": "de Mello" })).await;
    let id = made.body["id"].as_str().unwrap().to_owned();
    let changed = control(
        "POST",
        &format!("people/{id}"),
        json!({ "forename": "Asha", "surname": "Okafor", "card": "77", "enabled": false, "departments": ["12"] }),
    )
    .await;
    assert_eq!(
        (&changed.body["surname"], &changed.body["enabled"], &changed.body["departmentIds"]),
        (&json!("Okafor"), &json!(false), &json!(["12"]))
    );
    let signed = control("POST", "sign", json!({ "person": id, "device": "5" })).await;
    let event = signed.body["event"].as_str().unwrap().to_owned();
    assert_eq!(
        control("POST", &format!("events/{event}"), json!({ "at": "2026-03-02T07:00:00Z" })).await.body["events"],
        2
    );
    assert_eq!(control("POST", &format!("events/{event}"), json!({ "voided": true })).await.body["on_site"], 0);
    assert_eq!(control("POST", "events/bulk", json!({ "count": 500 })).await.body["events"], 503);
    let renamed = control("POST", "departments/12", json!({ "name": "Sciences" })).await;
    assert_eq!(renamed.body["name"], "Sciences");
    let other = control("POST", "people", json!({ "surname": "Double" })).await.body["id"].clone();
    let merged = control("POST", &format!("people/{}/merge", other.as_str().unwrap()), json!({ "into": id })).await;
    assert_eq!(merged.body["id"], id.as_str());
    assert_eq!(get(&sim, "/api/v1/deletions").await["items"][0]["mergedInto"], id.as_str());
    assert_eq!(control("DELETE", &format!("events/{event}"), Value::Null).await.status, 200);
    assert_eq!(control("POST", "sign", json!({ "person": "x" })).await.status, 400);
    assert_eq!(control("GET", "nothing", Value::Null).await.status, 404);
}
