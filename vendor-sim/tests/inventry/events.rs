use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use vendor_sim::inventry::{EventType, InventrySim, PersonType};

use crate::client::{all, at, call, get, ids, problem, quiet};

/// The day of the contract's example: in by card, out by the app, another one forgets, a correction the next day.
fn example() -> InventrySim {
    let sim = quiet().start_blocking().unwrap();
    sim.world(|w| {
        (w.counters.person, w.counters.event, w.counters.visit, w.counters.seq) = (317, 55_100, 9000, 70_110);
        let asha = w.add_person("Asha", "de Mello");
        let tom = w.add_person("Tom", "Okafor");
        w.clock.set(at("2026-03-02T07:41:09Z"));
        let first = w.sign_in(asha, Some(5));
        w.clock.set(at("2026-03-02T08:12:00Z"));
        w.sign_in(tom, Some(5));
        w.clock.set(at("2026-03-02T15:32:40Z"));
        w.sign_out(asha, Some(90));
        w.clock.set(at("2026-03-03T09:00:00Z"));
        w.tick();
        w.correct(first, at("2026-03-02T07:36:00Z"));
    });
    sim
}

#[tokio::test]
async fn the_day_of_the_contracts_example_is_told_as_events() {
    let sim = example();
    let page = get(&sim, "/api/v1/events?after=70110&limit=4&personType=personnel").await;
    let first = json!({ "id": "ev-55101", "seq": 70111, "rev": 1, "type": "sign_in", "personId": "318",
        "personType": "personnel", "deviceId": "5", "siteId": "1", "at": "2026-03-02T07:41:09Z",
        "recordedAt": "2026-03-02T07:41:09Z", "method": "card", "automatic": false, "visitId": "v-9001", "reason": null,
        "voided": false });
    let items = page["items"].as_array().unwrap();
    assert_eq!(items[0], first);
    let out = &items[2];
    assert_eq!(
        (&out["type"], &out["deviceId"], &out["method"], &out["visitId"]),
        (&json!("sign_out"), &json!("90"), &json!("app"), &json!("v-9001"))
    );
    let night = &items[3];
    assert_eq!(
        (&night["at"], &night["method"], &night["automatic"]),
        (&json!("2026-03-02T23:59:00Z"), &json!("automatic"), &json!(true))
    );
    assert_eq!(
        (&night["personId"], &night["deviceId"], &night["visitId"]),
        (&json!("319"), &Value::Null, &json!("v-9002"))
    );
    assert_eq!(
        (&page["next"], &page["last"]),
        (&json!("/api/v1/events?after=70114&limit=4&personType=personnel"), &json!(70114))
    );

    let rest = all(&sim, page["next"].as_str().unwrap()).await;
    let corrected = &rest[0];
    assert_eq!(
        (&corrected["id"], &corrected["seq"], &corrected["rev"]),
        (&json!("ev-55101"), &json!(70115), &json!(2))
    );
    assert_eq!(
        (&corrected["at"], &corrected["recordedAt"]),
        (&json!("2026-03-02T07:36:00Z"), &json!("2026-03-03T09:00:00Z"))
    );
    assert_eq!((&corrected["method"], &corrected["voided"]), (&json!("operator"), &json!(false)));
    sim.world(|w| w.void(55_101));
    assert_eq!(all(&sim, "/api/v1/events?after=70115").await[0]["voided"], true);
}

#[tokio::test]
async fn the_same_day_is_told_as_visits() {
    let sim = example();
    sim.world(|w| w.switches.visits = true);
    let visits = all(&sim, "/api/v1/events?limit=1").await;
    assert_eq!(ids(&visits, "id"), ["v-9002", "v-9001"]);
    let (tom, asha) = (&visits[0], &visits[1]);
    assert_eq!((&tom["out_datetime"], &tom["automatic"]), (&json!("2026-03-02T23:59:00Z"), &json!(true)));
    assert_eq!(
        (&asha["in_datetime"], &asha["out_datetime"]),
        (&json!("2026-03-02T07:36:00Z"), &json!("2026-03-02T15:32:40Z"))
    );
    assert_eq!(
        (&asha["deviceId"], &asha["outDeviceId"], &asha["status"]),
        (&json!("5"), &json!("90"), &json!("signed_out"))
    );
    let day = "/api/v1/sites/1/history?date=2026-03-02";
    assert_eq!(ids(&all(&sim, day).await, "id"), ["v-9001", "v-9002"]);
    assert_eq!(all(&sim, "/api/v1/sites/1/history?date=2026-03-03").await, Vec::<Value>::new());
    assert_eq!(call(&sim, "GET", "/api/v1/sites/1/history?date=monday").await.status, 422);

    // An open visit has no end; it comes again when it has one.
    let after = sim.world(|w| {
        w.sign_in(318, Some(5));
        w.last_seq()
    });
    let open = all(&sim, "/api/v1/sites/1/history?date=2026-03-03").await;
    assert_eq!((&open[0]["out_datetime"], &open[0]["status"]), (&Value::Null, &json!("signed_in")));
    sim.world(|w| w.sign_out(318, Some(5)));
    let again = all(&sim, &format!("/api/v1/events?after={after}")).await;
    assert_eq!((again.len(), &again[0]["id"], &again[0]["rev"]), (1, &open[0]["id"], &json!(2)));
}

#[tokio::test]
async fn who_is_on_site_is_listed_until_the_night() {
    let sim = quiet().start_blocking().unwrap();
    let (asha, visitor) = sim.world(|w| {
        let asha = w.add_person("Asha", "de Mello");
        let visitor = w.add_somebody(PersonType::Visitor, "Vera", "Guest");
        w.sign_in(asha, Some(5));
        w.sign_in(visitor, None);
        w.sign(EventType::BreakOut, asha, Some(5));
        w.sign(EventType::Safe, asha, None);
        (asha, visitor)
    });
    let here = all(&sim, "/api/v1/on-site?site=1").await;
    let expected = json!({ "personId": asha.to_string(), "personType": "personnel", "displayName": "Asha de Mello",
        "siteId": "1", "since": "2026-03-02T08:00:00Z", "deviceId": "5" });
    assert_eq!((here.len(), &here[0]), (2, &expected));
    assert_eq!(here[1]["personId"], visitor.to_string());
    assert_eq!(all(&sim, "/api/v1/on-site?personType=personnel").await.len(), 1);
    sim.world(|w| w.clock.set(at("2026-03-02T23:59:30Z")));
    assert_eq!(all(&sim, "/api/v1/on-site").await, Vec::<Value>::new());
    let events = all(&sim, "/api/v1/events").await;
    assert_eq!(ids(&events, "type"), ["sign_in", "sign_in", "break_out", "safe", "sign_out", "sign_out"]);

    // Without the switch nobody is signed out.
    sim.world(|w| {
        w.switches.auto_sign_out = false;
        w.sign_in(asha, Some(5));
        w.clock.advance(TimeDelta::days(3));
    });
    assert_eq!(all(&sim, "/api/v1/on-site").await.len(), 1);
}

#[tokio::test]
async fn filters_and_pages_give_every_event_once_in_order() {
    let sim = quiet().people(25).event_days(7).start_blocking().unwrap();
    let events = all(&sim, "/api/v1/events?limit=13").await;
    let seqs: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert!(seqs.len() > 200 && seqs.is_sorted_by(|one, next| one < next));
    let of = |wanted: &dyn Fn(&Value) -> bool| events.iter().filter(|event| wanted(event)).count();
    for (query, wanted) in [
        ("personType=personnel", of(&|event| event["personType"] == "personnel")),
        ("device=90", of(&|event| event["deviceId"] == "90")),
        ("device=none", of(&|event| event["deviceId"].is_null())),
        ("site=2", of(&|event| event["siteId"] == "2")),
        (
            "from=2026-02-27T00:00:00Z&to=2026-02-28T00:00:00Z",
            of(&|event| event["at"].as_str().unwrap().starts_with("2026-02-27")),
        ),
    ] {
        assert!(wanted > 0 && wanted < events.len(), "{query}");
        assert_eq!(all(&sim, &format!("/api/v1/events?{query}&limit=9")).await.len(), wanted, "{query}");
    }
    sim.world(|w| w.trim_events(seqs[100]));
    let expired = call(&sim, "GET", &format!("/api/v1/events?after={}", seqs[50])).await;
    assert_eq!(
        (problem(&expired), &expired.body["current"]["oldestSeq"]),
        ((410, "cursor-expired"), &json!(seqs[100]))
    );
}

#[tokio::test]
async fn who_waits_for_events_hears_of_the_next_one() {
    let sim = example();
    let asked = call(&sim, "GET", "/api/v1/events?after=70115&wait=25");
    let happens = async {
        while !sim.request_counts().contains_key("GET /api/v1/events") {
            tokio::task::yield_now().await;
        }
        sim.world(|w| w.sign_in(318, Some(5)))
    };
    let (answer, _) =
        tokio::time::timeout(Duration::from_secs(20), async { tokio::join!(asked, happens) }).await.unwrap();
    assert_eq!((answer.status, &answer.body["items"][0]["type"]), (200, &json!("sign_in")));
}

#[tokio::test]
async fn a_late_event_keeps_its_time_and_comes_last() {
    let sim = example();
    sim.world(|w| w.sign_late(EventType::SignIn, 319, Some(5), at("2026-03-01T07:30:00Z")));
    let last = all(&sim, "/api/v1/events?after=70115").await.pop().unwrap();
    assert_eq!((&last["at"], &last["recordedAt"]), (&json!("2026-03-01T07:30:00Z"), &json!("2026-03-03T09:00:00Z")));
}
