use serde_json::{Value, json};

use crate::client::{at, signed_in, sim};

/// The definitions of the contract.
pub(crate) fn definitions() -> Value {
    json!({
        "etag": "d-119", "accessGroups": [{ "id": 1, "name": "Everybody", "default": true, "enabled": true }],
        "controllers": [{ "id": 2, "name": "Main building", "model": "500 series" }],
        "readers": [
            { "id": 11, "name": "Main entrance IN", "controller": 2, "door": 6, "doorName": "Main entrance", "direction": "in" },
            { "id": 12, "name": "Main entrance OUT", "controller": 2, "door": 6, "doorName": "Main entrance", "direction": "out" },
        ],
    })
}

fn event(seq: u64, status: &str) -> Value {
    json!({
        "epoch": "5D1E00C7A2B49F03", "seq": seq, "at": "2026-03-02T08:01:14+01:00", "type": "access.granted",
        "severity": "success", "readerId": 11, "doorId": 6, "controllerId": 2, "personId": 101, "persNo": 1042,
        "personName": "Mira Vandenholt", "bookingStatus": status,
    })
}

#[tokio::test]
async fn definitions_make_readers_and_their_settings_stay() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    assert!(caller.get("pac/readers").await.items().is_empty());
    assert_eq!(caller.put("pac/definitions", &definitions()).await.status, 204);
    sim.world(|w| w.change_reader(11, |r| (r.confirm_roll_call, r.terminal_serials) = (true, vec!["9001011".into()])));
    assert_eq!(
        caller.get("pac/readers").await.body,
        json!({ "items": [
            { "readerId": 11, "companySite": "HQ", "confirmRollCall": true, "terminalSerials": ["9001011"] },
            { "readerId": 12, "companySite": "HQ", "confirmRollCall": false, "terminalSerials": [] },
        ] })
    );
    let mut fewer = definitions();
    fewer["readers"].as_array_mut().unwrap().remove(0);
    assert_eq!(caller.put("pac/definitions", &fewer).await.status, 204);
    assert_eq!(caller.get("pac/readers").await.items().len(), 1);
    assert_eq!(caller.put("pac/definitions", &definitions()).await.status, 204);
    assert_eq!(caller.get("pac/readers").await.items()[0]["confirmRollCall"], true);
    assert_eq!(sim.world(|w| (w.definitions_put, w.definitions.clone().unwrap().etag)), (3, Some("d-119".into())));
}

#[tokio::test]
async fn definitions_that_do_not_fit_are_refused() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let mut lost = definitions();
    lost["readers"][1]["controller"] = json!(9);
    let refused = caller.put("pac/definitions", &lost).await;
    assert_eq!((refused.problem(), refused.field()), ((422, "unknown-code"), "readers[1].controller"));
    assert_eq!(caller.put("pac/definitions", &json!({ "accessGroups": [] })).await.field(), "controllers");
    assert!(sim.world(|w| w.definitions.is_none()));
}

#[tokio::test]
async fn of_an_event_the_latest_state_shows() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let denied = json!({
        "epoch": "5D1E00C7A2B49F03", "seq": 2, "at": "2026-03-02T08:01:52+01:00", "type": "access.denied",
        "severity": "warning", "readerId": 15, "text": "unknown-credential", "bookingStatus": "NONE",
    });
    let mut later = event(1, "REJECTED");
    later["bookingDetails"] = json!("frozen-period");
    for items in [json!([event(1, "QUEUED"), denied]), json!([later])] {
        assert_eq!(caller.post("pac/events", &json!({ "items": items })).await.status, 204);
    }
    assert_eq!(sim.world(|w| w.terminal_event_counts()), (2, 3));
    let shown = sim.world(|w| w.terminal_event("5D1E00C7A2B49F03", 1)).unwrap();
    assert_eq!(serde_json::to_value(&shown).unwrap(), later);
    let shown = sim.world(|w| w.terminal_events().last()).unwrap();
    assert_eq!(serde_json::to_value(&shown).unwrap(), denied);
    assert!(sim.world(|w| w.terminal_event("another", 1)).is_none());
    let refused = caller.post("pac/events", &json!({ "items": [event(3, "NONE"), event(4, "PERHAPS")] })).await;
    assert_eq!((refused.problem(), refused.field()), ((422, "bad-value"), "items[1].bookingStatus"));
    assert_eq!(sim.world(|w| w.terminal_event_counts().0), 2);
}

#[tokio::test]
async fn the_red_label_shows_after_two_minutes_of_silence() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    assert!(sim.world(|w| w.red_label()));
    let beat = json!({
        "instance": "bridge-hq", "version": "0.1.0", "startedAt": "2026-03-02T07:57:55+01:00", "pacConnected": true,
        "lastPacContact": "2026-03-02T08:05:01+01:00", "lastSync": "2026-03-02T08:05:00+01:00", "state": "ok",
    });
    assert_eq!(caller.put("service", &beat).await.status, 204);
    assert!(!sim.world(|w| w.red_label()));
    sim.world(|w| w.clock.set(at("2026-03-02T07:02:00Z")));
    assert!(!sim.world(|w| w.red_label()));
    sim.world(|w| w.clock.set(at("2026-03-02T07:02:01Z")));
    assert!(sim.world(|w| w.red_label()));
    assert_eq!(sim.world(|w| w.heartbeats[0].instance.clone()), "bridge-hq");
    let mut wrong = beat;
    wrong["state"] = json!("tired");
    assert_eq!(caller.put("service", &wrong).await.field(), "state");
}
