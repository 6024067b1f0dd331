use serde_json::{Value, json};
use vendor_sim::optima::{CredentialKind, CredentialState};

use crate::client::{all, call, get, problem, quiet, request, send, sim};

fn mira() -> Value {
    json!({ "firstName": "Mira", "lastName": "Vandenholt", "name": "Mira Vandenholt", "reference": "timeware:1042",
        "state": "enabled", "accessGroups": [{ "id": "ag-1" }],
        "credentials": [{ "type": "card", "number": "12345678", "state": "active", "primary": true }] })
}

#[tokio::test]
async fn the_example_of_the_contract_is_made_changed_and_listed() {
    let sim = sim();
    sim.world(|w| w.clock.advance(chrono::TimeDelta::minutes(1)));
    let made = call(&sim, "POST", "/api/v1/badges", mira()).await;
    assert_eq!((made.status, made.etag.as_deref()), (201, Some("\"1\"")));
    let expected = json!({ "id": "b-501", "firstName": "Mira", "lastName": "Vandenholt", "name": "Mira Vandenholt",
        "reference": "timeware:1042", "state": "enabled", "validFrom": null, "validUntil": null,
        "accessGroups": [{ "id": "ag-1", "from": null, "until": null }],
        "credentials": [{ "id": "cr-9001", "type": "card", "number": "12345678", "facility": null, "state": "active",
            "primary": true, "from": null, "until": null }],
        "createdAt": "2026-03-02T08:01:00Z", "updatedAt": "2026-03-02T08:01:00Z", "etag": "\"1\"" });
    assert_eq!(made.body, expected);

    // A finger enrolled in Optima stays when the cards are written.
    sim.world(|w| {
        let finger = w.credential(CredentialKind::Biometric, None);
        w.badges.get_mut(&501).unwrap().credentials.push(finger);
        w.clock.set(crate::client::at("2026-03-02T17:30:00Z"));
    });
    let patch = json!({ "state": "disabled",
        "credentials": [{ "id": "cr-9001", "type": "card", "number": "12345678", "state": "suspended", "primary": true }] });
    let patched = send(request(&sim, "PATCH", "/api/v1/badges/b-501").header("If-Match", "\"1\"").json(&patch)).await;
    assert_eq!((patched.status, patched.etag.as_deref()), (200, Some("\"2\"")));

    sim.world(|w| w.clock.advance(chrono::TimeDelta::minutes(1)));
    let page = get(&sim, "/api/v1/badges?limit=1&state=all").await;
    assert_eq!(page["asOf"], "2026-03-02T17:31:00Z");
    let badge = &page["items"][0];
    assert_eq!((&badge["state"], &badge["updatedAt"]), (&json!("disabled"), &json!("2026-03-02T17:30:00Z")));
    assert_eq!(badge["credentials"][0]["state"], "suspended");
    assert_eq!(
        badge["credentials"][1],
        json!({ "id": "cr-9002", "type": "biometric", "state": "active", "primary": false })
    );

    let changes = get(&sim, "/api/v1/changes").await;
    let last = changes["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["entity"], &last["op"], &last["id"]), (&json!("badge"), &json!("edit"), &json!("b-501")));
    assert_eq!((&last["origin"], &last["fields"]), (&json!("api:timeware-link"), &json!(["credentials", "state"])));
    assert_eq!((&changes["next"], &changes["reset"]), (&last["cursor"], &json!(false)));
}

#[tokio::test]
async fn a_badge_is_found_by_reference_card_and_state() {
    let sim = sim();
    let (mira, teo) = sim.world(|w| {
        let mira = w.add_person("Mira", "Vandenholt");
        w.recard(mira, "12345678");
        w.change_badge(mira, |badge| badge.reference = Some("timeware:1042".into()));
        let teo = w.add_person("Teo", "Marchetti");
        w.disable(teo);
        (w.badge_id(mira), w.badge_id(teo))
    });
    for (query, found) in [
        ("reference=timeware%3A1042", vec![&mira]),
        ("credential=12345678", vec![&mira]),
        ("credential=999", vec![]),
        ("state=disabled", vec![&teo]),
        ("state=enabled", vec![&mira]),
        ("state=all", vec![&mira, &teo]),
    ] {
        let items = all(&sim, &format!("/api/v1/badges?{query}")).await;
        let ids: Vec<&str> = items.iter().map(|item| item["id"].as_str().unwrap()).collect();
        assert_eq!(ids, found, "{query}");
    }
}

#[tokio::test]
async fn a_stale_write_gets_the_current_state() {
    let sim = sim();
    call(&sim, "POST", "/api/v1/badges", mira()).await;
    sim.world(|w| w.rename(501, "Mira", "Lindgren"));
    for method in ["PATCH", "DELETE"] {
        let request = request(&sim, method, "/api/v1/badges/b-501").header("If-Match", "\"1\"").json(&json!({}));
        let answer = send(request).await;
        assert_eq!(problem(&answer), (412, "precondition-failed"));
        assert_eq!(
            (&answer.body["current"]["lastName"], &answer.body["current"]["etag"]),
            (&json!("Lindgren"), &json!("\"2\""))
        );
    }
    let gone = send(request(&sim, "DELETE", "/api/v1/badges/b-501").header("If-Match", "\"2\"")).await;
    assert_eq!((gone.status, gone.body), (204, Value::Null));
    assert_eq!(problem(&call(&sim, "GET", "/api/v1/badges/b-501", Value::Null).await), (404, "not-found"));
}

#[tokio::test]
async fn the_same_key_gives_the_same_answer_and_another_body_is_a_mismatch() {
    let sim = sim();
    let post = |body: Value| request(&sim, "POST", "/api/v1/badges").header("Idempotency-Key", "7f2b8b0e").json(&body);
    let (first, again) = (send(post(mira())).await, send(post(mira())).await);
    assert_eq!((first.status, &first.body), (201, &again.body));
    assert_eq!(sim.world(|w| w.badges.len()), 1);
    assert_eq!(problem(&send(post(json!({ "lastName": "Other" }))).await), (409, "idempotency-mismatch"));
    // A day later the key is forgotten, and the card is somebody's.
    sim.world(|w| w.clock.advance(chrono::TimeDelta::hours(24)));
    assert_eq!(problem(&send(post(mira())).await), (409, "duplicate-credential"));
}

#[tokio::test]
async fn a_card_of_another_badge_is_refused_with_its_holder() {
    let sim = sim();
    sim.world(|w| {
        w.counters.badge = 387;
        let id = w.add_person("Teo", "Marchetti");
        w.recard(id, "12345678");
    });
    let answer = call(&sim, "POST", "/api/v1/badges", mira()).await;
    assert_eq!(problem(&answer), (409, "duplicate-credential"));
    assert_eq!(answer.body["detail"], "Card 12345678 belongs to another badge");
    assert_eq!(
        (&answer.body["field"], &answer.body["current"]),
        (&json!("credentials[0].number"), &json!({ "id": "b-388" }))
    );
    assert_eq!(sim.world(|w| w.badges.len()), 1);
}

#[tokio::test]
async fn a_locked_badge_names_who_has_it_open() {
    let sim = sim();
    sim.world(|w| {
        w.add_person("Mira", "Vandenholt");
        w.lock(501, "reception.desk");
    });
    let answer = call(&sim, "PATCH", "/api/v1/badges/b-501", json!({ "state": "disabled" })).await;
    assert_eq!(problem(&answer), (409, "record-locked"));
    assert_eq!((&answer.body["heldBy"], &answer.body["retryAfterMs"]), (&json!("reception.desk"), &json!(30_000)));
    sim.world(|w| w.unlock(501));
    assert_eq!(call(&sim, "PATCH", "/api/v1/badges/b-501", json!({ "state": "disabled" })).await.status, 200);
}

#[tokio::test]
async fn what_does_not_fit_is_named() {
    let sim = sim();
    sim.world(|w| w.add_person("Mira", "Vandenholt"));
    let many: Vec<Value> = (0..6).map(|number| json!({ "type": "card", "number": number.to_string() })).collect();
    for (body, field) in [
        (json!({ "firstName": "Mira" }), "lastName"),
        (json!({ "name": "x".repeat(65) }), "name"),
        (json!({ "name": "Mira", "state": "asleep" }), "state"),
        (json!({ "name": "Mira", "reference": "r".repeat(65) }), "reference"),
        (json!({ "name": "Mira", "validFrom": "soon" }), "validFrom"),
        (
            json!({ "name": "Mira", "validFrom": "2026-03-02T08:00:00Z", "validUntil": "2026-03-01T08:00:00Z" }),
            "validUntil",
        ),
        (json!({ "name": "Mira", "accessGroups": [{ "id": "ag-9" }] }), "accessGroups[0].id"),
        (json!({ "name": "Mira", "credentials": [{ "type": "pin" }] }), "credentials[0].type"),
        (json!({ "name": "Mira", "credentials": [{ "type": "card" }] }), "credentials[0].number"),
        (json!({ "name": "Mira", "credentials": many }), "credentials"),
    ] {
        let answer = call(&sim, "POST", "/api/v1/badges", body.clone()).await;
        assert_eq!(problem(&answer), (422, "validation"), "{body}");
        assert_eq!(answer.body["field"], field, "{body}");
    }
    let cleared = call(&sim, "PATCH", "/api/v1/badges/b-501", json!({ "firstName": null, "name": null })).await;
    assert_eq!(problem(&cleared), (422, "validation"));
    assert_eq!(sim.world(|w| (w.badges.len(), w.badges[&501].first_name.clone())), (1, Some("Mira".to_owned())));
}

#[tokio::test]
async fn absent_stays_and_null_clears() {
    let sim = sim();
    call(&sim, "POST", "/api/v1/badges", mira()).await;
    let changed = call(&sim, "PATCH", "/api/v1/badges/b-501", json!({ "reference": null, "accessGroups": [] })).await;
    assert_eq!((&changed.body["reference"], &changed.body["accessGroups"]), (&json!(null), &json!([])));
    assert_eq!(changed.body["firstName"], "Mira");
    // A change that changes nothing leaves the version.
    let same = call(&sim, "PATCH", "/api/v1/badges/b-501", json!({ "state": "enabled", "unknown": 1 })).await;
    assert_eq!(same.etag, changed.etag);
    assert_eq!(sim.world(|w| w.badges[&501].credentials[0].state), CredentialState::Active);
}

#[tokio::test]
async fn groups_are_made_renamed_and_paged_by_link() {
    let sim = sim();
    sim.world(|w| w.add_group("Stores", vendor_sim::optima::GroupKind::CardholderGroup));
    let page = get(&sim, "/api/v1/access-groups?limit=2").await;
    assert_eq!(page["next"], "/api/v1/access-groups?limit=2&page=eyJpZCI6ImFnLTIifQ");
    let names = all(&sim, "/api/v1/access-groups?limit=2").await;
    assert_eq!(
        names.iter().map(|group| group["name"].as_str().unwrap()).collect::<Vec<_>>(),
        ["All staff", "Server room", "Stores"]
    );
    assert_eq!(all(&sim, "/api/v1/access-groups?kind=cardholder-policy").await.len(), 1);

    let new = json!({ "name": "Night shift", "kind": "access-group", "reference": "timeware:9" });
    let made = call(&sim, "POST", "/api/v1/access-groups", new.clone()).await;
    assert_eq!((made.status, &made.body["id"], &made.body["readers"]), (201, &json!("ag-4"), &json!([])));
    assert_eq!(problem(&call(&sim, "POST", "/api/v1/access-groups", new).await), (409, "conflict"));
    let taken = call(&sim, "PATCH", "/api/v1/access-groups/ag-4", json!({ "name": "Stores" })).await;
    assert_eq!(problem(&taken), (409, "conflict"));
    let off = call(&sim, "PATCH", "/api/v1/access-groups/ag-4", json!({ "name": "Nights", "enabled": false })).await;
    assert_eq!(
        (&off.body["name"], &off.body["enabled"], off.etag.as_deref()),
        (&json!("Nights"), &json!(false), Some("\"2\""))
    );
}

#[tokio::test]
async fn readers_are_told_with_door_and_side() {
    let sim = quiet().start_blocking().unwrap();
    let readers = all(&sim, "/api/v1/readers?limit=5").await;
    let expected = json!({ "id": "r-11", "name": "Main entrance In", "door": { "id": "d-6", "name": "Main entrance" },
        "direction": "in", "controller": { "id": "c-2", "name": "Ground floor" }, "technology": ["card", "fingerprint"],
        "enabled": true, "online": true });
    let mut first = readers[0].clone();
    first.as_object_mut().unwrap().retain(|name, _| !["updatedAt", "etag"].contains(&name.as_str()));
    assert_eq!(first, expected);
    assert!(readers.iter().any(|reader| reader["direction"] == "none"));
    assert_eq!(get(&sim, "/api/v1/readers/r-11").await, readers[0]);
}
