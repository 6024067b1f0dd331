use serde_json::{Value, json};

use crate::bookings::booking;
use crate::client::{at, signed_in, sim};
use crate::terminals::definitions;

fn safe(roll_call: &str, pers_no: u32) -> Value {
    json!({ "items": [{ "rollCallId": roll_call, "persNo": pers_no, "readerId": 12, "at": "2026-03-02T10:01:20+01:00" }] })
}

#[tokio::test]
async fn a_roll_call_is_told_and_people_are_confirmed() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    assert_eq!(caller.get("rollcall").await.body, json!({ "active": false, "sites": [] }));
    assert_eq!(caller.post("rollcall/confirmations", &safe("rc-31", 1001)).await.problem(), (409, "no-roll-call"));
    assert_eq!(sim.world(|w| w.start_roll_call(&["HQ"])), "rc-31");
    assert_eq!(
        caller.get("rollcall").await.body,
        json!({ "active": true, "id": "rc-31", "startedAt": "2026-03-02T08:00:00+01:00", "sites": ["HQ"] })
    );
    for _ in 0..2 {
        assert_eq!(caller.post("rollcall/confirmations", &safe("rc-31", 1001)).await.status, 204);
    }
    assert_eq!(sim.world(|w| w.confirmations.len()), 1);
    assert_eq!(caller.post("rollcall/confirmations", &safe("rc-30", 1001)).await.problem(), (409, "no-roll-call"));
    let unknown = caller.post("rollcall/confirmations", &safe("rc-31", 5)).await;
    assert_eq!((unknown.problem(), unknown.field()), ((422, "unknown-code"), "items[0].persNo"));
    assert!(sim.world(|w| w.stop_roll_call()) && !sim.world(|w| w.stop_roll_call()));
    assert_eq!(caller.post("rollcall/confirmations", &safe("rc-31", 1001)).await.status, 409);
}

#[tokio::test]
async fn while_it_runs_no_swipe_at_its_sites_is_a_booking() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    caller.put("pac/definitions", &definitions()).await;
    sim.world(|w| {
        w.change_reader(12, |r| (r.company_site, r.terminal_serials) = (Some("DOCK".into()), vec!["9001012".into()]))
    });
    sim.world(|w| w.start_roll_call(&["HQ"]));
    sim.world(|w| w.clock.set(at("2026-03-02T07:05:00Z")));
    let send = async |seq, time: &str, serial: &str| {
        let one = booking(seq, &json!({ "at": time, "terminalSerial": serial }));
        let answer = caller.post("bookings", &json!({ "items": [one] })).await;
        let item = answer.items()[0].clone();
        item["code"].as_str().or(item["status"].as_str()).unwrap().to_owned()
    };
    assert_eq!(send(1, "2026-03-02T07:59:59+01:00", "9001011").await, "processed");
    assert_eq!(send(2, "2026-03-02T08:00:00+01:00", "9001011").await, "roll-call");
    assert_eq!(send(3, "2026-03-02T08:00:00+01:00", "9001012").await, "processed");
    sim.world(|w| w.start_roll_call(&[]));
    assert_eq!(send(4, "2026-03-02T08:06:00+01:00", "9001012").await, "roll-call");
    sim.world(|w| w.stop_roll_call());
    assert_eq!(send(4, "2026-03-02T08:06:00+01:00", "9001012").await, "processed");
}

#[tokio::test]
async fn roll_calls_need_their_licence() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    sim.world(|w| w.switches.fault("licence-off=roll-call")).unwrap();
    for refused in [caller.get("rollcall").await, caller.post("rollcall/confirmations", &safe("rc-31", 1001)).await] {
        assert_eq!((refused.problem(), refused.field()), ((403, "licence-missing"), "roll-call"));
    }
}
