use serde_json::{Value, json};
use vendor_sim::astrow::{BookingState, Direction, Kind, PacEvent, Rejection};

use crate::client::{at, signed_in, sim};

/// The booking of the contract, with another number and other members.
pub(crate) fn booking(seq: u64, change: &Value) -> Value {
    let mut booking = json!({
        "key": format!("pac:5D1E00C7A2B49F03:{seq}"), "badgeNo": "101", "at": "2026-03-02T07:55:14+01:00",
        "terminalSerial": "9001011", "direction": "in", "pacEvent": { "epoch": "5D1E00C7A2B49F03", "seq": seq },
    });
    booking.as_object_mut().unwrap().extend(change.as_object().cloned().unwrap_or_default());
    booking
}

fn outcome(item: &Value) -> (&str, &str) {
    (item["status"].as_str().unwrap(), item["code"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn bookings_are_processed_in_their_order() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let out = json!({ "at": "2026-03-02T07:58:00+01:00", "direction": "out", "terminalSerial": "9001012", "mc": "12", "cc": "210" });
    let items = json!({ "items": [booking(1, &json!({ "persNo": 1001 })), booking(2, &out)] });
    let answer = caller.post("bookings", &items).await;
    assert_eq!(
        answer.items()[0],
        json!({ "key": "pac:5D1E00C7A2B49F03:1", "status": "processed", "bookingId": "b-80001" })
    );
    assert_eq!(answer.items()[1]["key"], "pac:5D1E00C7A2B49F03:2");
    let kept = sim.world(|w| w.bookings_of(1001));
    assert_eq!((kept[0].kind, kept[1].kind), (Kind::Go, Kind::Out));
    assert_eq!((kept[0].at, kept[0].direction), (at("2026-03-02T06:55:14Z"), Direction::In));
    assert_eq!(kept[1].pac_event, Some(PacEvent { epoch: "5D1E00C7A2B49F03".into(), seq: 2 }));
    assert_eq!((kept[1].mc.as_deref(), kept[1].cc.as_deref()), (Some("12"), Some("210")));
}

#[tokio::test]
async fn a_key_counts_once() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let items = json!({ "items": [booking(1, &Value::Null), booking(1, &Value::Null)] });
    let answer = caller.post("bookings", &items).await;
    assert_eq!((outcome(&answer.items()[0]).0, outcome(&answer.items()[1]).0), ("processed", "duplicate"));
    assert_eq!(answer.items()[0]["bookingId"], answer.items()[1]["bookingId"]);
    let twin = json!({ "items": [booking(2, &Value::Null)] });
    assert_eq!(outcome(&caller.post("bookings", &twin).await.items()[0]), ("rejected", "duplicate"));
    assert_eq!(sim.world(|w| w.bookings_of(1001).len()), 1);
}

#[tokio::test]
async fn each_reason_to_reject_has_its_code() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    sim.world(|w| w.end_employee(1002, "2026-03-01".parse().unwrap()));
    sim.world(|w| w.change_employee(1003, |e| e.terminal_group = None));
    sim.world(|w| w.change_employee(1005, |e| e.start_calculation = "2026-03-03".parse().unwrap()));
    sim.world(|w| w.frozen_until = Some("2026-02-28".parse().unwrap()));
    let cases = [
        (json!({ "terminalSerial": "1" }), "unknown-terminal"),
        (json!({ "terminalSerial": "9001021" }), "terminal-not-in-group"),
        (json!({ "badgeNo": "103" }), "terminal-not-in-group"),
        (json!({ "badgeNo": "102" }), "inactive-employee"),
        (json!({ "badgeNo": "105" }), "inactive-employee"),
        (json!({ "at": "2026-02-28T23:59:59+01:00" }), "frozen-period"),
        (json!({ "at": "2026-03-02T08:11:00+01:00" }), "out-of-range"),
        (json!({ "at": "2024-03-02T08:11:00+01:00" }), "out-of-range"),
        (json!({ "mc": "100" }), "out-of-range"),
        (json!({ "cc": "99" }), "out-of-range"),
    ];
    let items: Vec<Value> = (0..).zip(&cases).map(|(seq, (change, _))| booking(seq, change)).collect();
    let answer = caller.post("bookings", &json!({ "items": items })).await;
    for (item, (change, code)) in answer.items().iter().zip(&cases) {
        assert_eq!(outcome(item), ("rejected", *code), "{change}");
        assert!(item["details"].is_string() && item.get("bookingId").is_none());
    }
    assert_eq!(sim.world(|w| w.count_bookings(BookingState::Rejected(Rejection::OutOfRange))), 4);
}

#[tokio::test]
async fn what_was_rejected_may_be_sent_again() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    sim.world(|w| w.frozen_until = Some("2026-03-02".parse().unwrap()));
    let items = json!({ "items": [booking(1, &Value::Null)] });
    assert_eq!(outcome(&caller.post("bookings", &items).await.items()[0]), ("rejected", "frozen-period"));
    sim.world(|w| w.frozen_until = None);
    assert_eq!(outcome(&caller.post("bookings", &items).await.items()[0]).0, "processed");
    assert_eq!(sim.world(|w| w.booking_count()), 1);
}

#[tokio::test]
async fn an_unknown_badge_waits_in_the_queue_until_it_is_known() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let other = json!({ "badgeNo": "101", "persNo": 1002, "at": "2026-03-02T07:56:00+01:00" });
    let items = json!({ "items": [booking(1, &json!({ "badgeNo": "999" })), booking(2, &json!({ "badgeNo": "998" })), booking(3, &other)] });
    let answer = caller.post("bookings", &items).await;
    assert!(answer.items().iter().all(|item| item["status"] == "queued" && item["bookingId"].is_string()));
    assert_eq!(sim.world(|w| w.queue().len()), 3);
    let again = caller.post("bookings", &items).await;
    assert_eq!(again.items()[0], answer.items()[0]);
    sim.world(|w| w.set_badge(1004, 999));
    assert_eq!(sim.world(|w| w.reprocess_queue()), 2);
    assert_eq!(sim.world(|w| w.bookings_of(1004)[0].badge_no.clone()), "999");
    let id = sim.world(|w| w.queue()[0].id.clone());
    assert!(sim.world(|w| w.assign_queued(&id, 1005)));
    assert!(!sim.world(|w| w.assign_queued(&id, 1005)));
    let again = caller.post("bookings", &items).await;
    assert!(again.items().iter().all(|item| item["status"] == "duplicate"));
}

#[tokio::test]
async fn bookings_need_their_licence() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    sim.world(|w| w.licences.remove("file-terminal"));
    let refused = caller.post("bookings", &json!({ "items": [booking(1, &Value::Null)] })).await;
    assert_eq!((refused.problem(), refused.field()), ((403, "licence-missing"), "file-terminal"));
    assert_eq!(sim.world(|w| w.booking_count()), 0);
}

#[tokio::test]
async fn a_batch_with_an_item_that_is_no_booking_is_refused_whole() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    for (name, value) in
        [("direction", json!("up")), ("at", json!("yesterday")), ("key", json!("")), ("badgeNo", json!(null))]
    {
        let wrong = booking(2, &json!({ name: value }));
        let refused = caller.post("bookings", &json!({ "items": [booking(1, &Value::Null), wrong] })).await;
        assert_eq!(refused.problem(), (422, "bad-value"), "{name}");
        assert!(refused.field().starts_with("items[1]"), "{refused:?}");
    }
    assert_eq!(sim.world(|w| w.booking_count()), 0);
}

#[tokio::test]
async fn bookings_that_count_are_read_page_by_page() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let items: Vec<Value> = (0..4)
        .map(|seq| booking(seq, &json!({ "at": format!("2026-03-02T07:0{seq}:00+01:00"), "badgeNo": if seq == 1 { "999" } else { "101" } })))
        .collect();
    caller.post("bookings", &json!({ "items": items })).await;
    sim.world(|w| w.clock_on_terminal(1002, "7700001", at("2026-03-02T06:59:00Z"), Direction::Auto));
    let first = caller.get("bookings?limit=2").await;
    assert_eq!(first.items()[1]["pacEvent"]["seq"], 2);
    let next = first.body["next"].as_str().unwrap();
    let second = caller.get(&format!("bookings?limit=2&cursor={next}")).await;
    assert_eq!(second.items().len(), 2);
    assert_eq!(
        second.items()[1],
        json!({ "bookingId": "b-80005", "key": "astrow:b-80005", "badgeNo": "102", "persNo": 1002,
                "at": "2026-03-02T07:59:00+01:00", "terminalSerial": "7700001", "direction": "auto" })
    );
    assert!(second.body.get("next").is_none());
}
