use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use vendor_sim::optima::{Class, OptimaSim};

use crate::client::{all, at, call, get, monday, problem, quiet};

/// The three events of the contract's example.
fn example() -> OptimaSim {
    let sim = quiet().start_blocking().unwrap();
    sim.world(|w| {
        w.counters.seq = 52_317;
        w.counters.event = 0x8e00;
        w.counters.badge = 500;
        let mira = w.add_biometric_person("Mira", "Vandenholt");
        w.counters.badge = 387;
        let teo = w.add_person("Teo", "Marchetti");
        w.recard(teo, "213");
        w.clock.set(at("2026-03-02T08:01:14Z"));
        w.pass(mira, 11, true);
        w.clock.set(at("2026-03-02T08:01:52Z"));
        let reader = w.reader_named("Server room").unwrap().id;
        w.unknown_card("999", reader);
        w.clock.set(at("2026-03-02T08:03:00Z"));
        w.late_pass(teo, 12, true, at("2026-03-01T22:14:09Z"));
    });
    sim
}

#[tokio::test]
async fn the_example_of_the_contract_is_served() {
    let sim = example();
    let page = get(&sim, "/api/v1/events?after=52317&limit=3").await;
    let first = json!({ "id": "e-8e01", "seq": 52318, "epoch": "2025A", "at": "2026-03-02T08:01:14Z",
        "receivedAt": "2026-03-02T08:01:14Z", "class": "access.granted", "code": 101,
        "badge": { "id": "b-501", "name": "Mira Vandenholt" }, "credential": { "type": "biometric" },
        "reader": { "id": "r-11", "name": "Main entrance In" }, "door": { "id": "d-6", "name": "Main entrance" },
        "direction": "in", "reason": null });
    assert_eq!(page["items"][0], first);
    let (second, third) = (&page["items"][1], &page["items"][2]);
    assert_eq!(
        (&second["class"], &second["code"], &second["badge"]),
        (&json!("access.denied"), &json!(203), &Value::Null)
    );
    assert_eq!(
        (&second["reason"], &second["credential"]),
        (&json!("unknown-credential"), &json!({ "type": "card", "number": "999" }))
    );
    assert_eq!((&third["at"], &third["receivedAt"]), (&json!("2026-03-01T22:14:09Z"), &json!("2026-03-02T08:03:00Z")));
    assert_eq!((&third["direction"], &page["last"], &page["next"]), (&json!("out"), &json!(52320), &Value::Null));
    let first = get(&sim, "/api/v1/events?after=52317&limit=1").await;
    assert_eq!((&first["next"], &first["last"]), (&json!("/api/v1/events?after=52318&limit=1"), &json!(52318)));
}

#[tokio::test]
async fn filters_and_pages_give_every_event_once_in_order() {
    let sim = quiet().people(30).event_days(7).start_blocking().unwrap();
    let events = all(&sim, "/api/v1/events?limit=17").await;
    let seqs: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert!(seqs.len() > 200 && seqs.is_sorted_by(|one, next| one < next));
    assert_eq!(seqs.len(), sim.world(|w| w.events.len()));
    let of = |wanted: &dyn Fn(&Value) -> bool| events.iter().filter(|event| wanted(event)).count();
    for (query, wanted) in [
        ("class=door.held", of(&|event| event["class"] == "door.held")),
        ("reader=r-11", of(&|event| event["reader"]["id"] == "r-11")),
        (
            "from=2026-02-27T00:00:00Z&to=2026-02-28T00:00:00Z",
            of(&|event| event["at"].as_str().unwrap().starts_with("2026-02-27")),
        ),
    ] {
        assert!(wanted > 0, "{query}");
        assert_eq!(all(&sim, &format!("/api/v1/events?{query}&limit=9")).await.len(), wanted, "{query}");
    }
    // What a filter left out is covered, too.
    let newest = sim.world(|w| w.last_seq());
    assert_eq!(get(&sim, "/api/v1/events?class=door.forced").await["last"], newest);
}

#[tokio::test]
async fn a_position_older_than_the_store_is_told_where_it_begins() {
    let sim = example();
    sim.world(|w| w.trim_events(52_320));
    let answer = call(&sim, "GET", "/api/v1/events?after=52317", Value::Null).await;
    assert_eq!(problem(&answer), (410, "cursor-expired"));
    assert_eq!(answer.body["detail"], "Oldest event is 52320");
    assert_eq!(answer.body["current"], json!({ "oldestSeq": 52320, "epoch": "2025A" }));
    assert_eq!(all(&sim, "/api/v1/events?after=52319").await.len(), 1);
    assert_eq!(all(&sim, "/api/v1/events").await.len(), 1);
}

#[tokio::test]
async fn a_rebuilt_store_has_another_epoch_and_the_same_ids() {
    let sim = example();
    let before = all(&sim, "/api/v1/events").await;
    sim.world(vendor_sim::optima::World::rebuild_events);
    let after = all(&sim, "/api/v1/events").await;
    let ids = |events: &[Value]| {
        let mut ids: Vec<String> = events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&before), ids(&after));
    assert_eq!(
        (&after[0]["epoch"], &after[0]["seq"], &after[0]["at"]),
        (&json!("2025B"), &json!(1), &json!("2026-03-01T22:14:09Z"))
    );
    // An old position is told by a lower last.
    assert_eq!(get(&sim, "/api/v1/events?after=52320").await["last"], 3);
}

#[tokio::test]
async fn who_waits_for_events_hears_of_the_next_one() {
    let sim = example();
    let asked = call(&sim, "GET", "/api/v1/events?after=52320&wait=25", Value::Null);
    let happens = async {
        while !sim.request_counts().contains_key("GET /api/v1/events") {
            tokio::task::yield_now().await;
        }
        sim.world(|w| w.door_event(Class::Held, Some(11)))
    };
    let (answer, _) =
        tokio::time::timeout(Duration::from_secs(20), async { tokio::join!(asked, happens) }).await.unwrap();
    assert_eq!((answer.status, &answer.body["items"][0]["class"]), (200, &json!("door.held")));

    // Nothing happens: the answer comes empty when the time is over.
    let asked = call(&sim, "GET", "/api/v1/events?after=52321&wait=25", Value::Null);
    let passes = async {
        while sim.request_counts()["GET /api/v1/events"] < 2 {
            tokio::task::yield_now().await;
        }
        sim.world(|w| w.clock.advance(TimeDelta::seconds(26)));
    };
    let (answer, ()) =
        tokio::time::timeout(Duration::from_secs(20), async { tokio::join!(asked, passes) }).await.unwrap();
    assert_eq!((&answer.body["items"], &answer.body["last"]), (&json!([]), &json!(52321)));
    assert_eq!(call(&sim, "GET", "/api/v1/events?wait=26", Value::Null).await.status, 422);
}

#[tokio::test]
async fn changes_are_followed_from_now_expire_and_are_reset() {
    let sim = quiet().start_blocking().unwrap();
    let older = sim.snapshot();
    let start = get(&sim, "/api/v1/changes?cursor=now").await;
    assert_eq!((&start["items"], &start["reset"]), (&json!([]), &json!(false)));
    let from = start["next"].as_str().unwrap().to_owned();
    let badge = sim.world(|w| {
        let badge = w.add_person("Mira", "Vandenholt");
        w.rename(badge, "Mira", "Lindgren");
        w.delete(badge);
        w.badge_id(badge)
    });
    let path = format!("/api/v1/changes?cursor={from}&wait=0");
    let changes = get(&sim, &path).await;
    let told: Vec<(&str, &str)> = changes["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (change["op"].as_str().unwrap(), change["origin"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [("add", "user:reception.desk"), ("edit", "user:reception.desk"), ("delete", "user:reception.desk")]
    );
    assert!(changes["items"].as_array().unwrap().iter().all(|change| change["id"] == badge));
    let next = changes["next"].as_str().unwrap().to_owned();
    assert_eq!(get(&sim, &format!("/api/v1/changes?cursor={next}")).await["items"], json!([]));

    sim.world(|w| {
        let oldest = w.counters.cursor;
        w.trim_changes(oldest);
    });
    assert_eq!(problem(&call(&sim, "GET", &path, Value::Null).await), (410, "cursor-expired"));
    sim.world(vendor_sim::optima::World::reset_changes);
    assert_eq!(get(&sim, &path).await["reset"], true);
    // Nor does an older copy know the position: everything has to be read again.
    sim.restore(older);
    assert_eq!(get(&sim, &format!("/api/v1/changes?cursor={next}")).await["reset"], true);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_site() {
    let events = |seed: u64| {
        let sim = quiet().people(20).event_days(5).seed(seed).start_blocking().unwrap();
        sim.world(|w| (format!("{:?}", w.badges), format!("{:?}", w.events)))
    };
    assert_eq!(events(7), events(7));
    assert_ne!(events(7), events(8));
    assert_eq!(monday(), at("2026-03-02T08:00:00Z"));
}
