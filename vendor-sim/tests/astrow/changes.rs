use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use vendor_sim::astrow::AstrowSim;

use crate::client::{quiet, send, signed_in, sim};

#[tokio::test]
async fn changes_are_told_from_a_cursor_on() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let start = caller.get("info").await.body["changesNext"].as_str().unwrap().to_owned();
    sim.world(|w| w.change_employee(1002, |e| e.name.last = Some("Lund".into())));
    sim.world(|w| w.delete_employee(1003));
    let page = caller.get(&format!("changes?cursor={start}")).await;
    assert_eq!(
        page.items()[0],
        json!({ "cursor": start, "at": "2026-03-02T08:00:00+01:00", "entity": "employee", "op": "edit",
                "persNo": 1002, "fields": ["name"], "origin": "user:hr.admin" })
    );
    assert_eq!((&page.items()[1]["op"], &page.body["reset"]), (&json!("delete"), &json!(false)));
    let next = page.body["next"].as_str().unwrap();
    let end = caller.get(&format!("changes?cursor={next}")).await;
    assert!(end.items().is_empty());
    assert_eq!(end.body["next"], next);
    assert_eq!(caller.get("changes").await.body["next"], next);
    let first = caller.get(&format!("changes?cursor={start}&limit=1")).await;
    assert_eq!((first.items().len(), &first.body["next"]), (1, &page.items()[1]["cursor"]));
}

#[tokio::test]
async fn roll_calls_and_readers_are_changes_too() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let readers =
        json!({ "accessGroups": [], "controllers": [], "readers": [{ "id": 11, "name": "Main entrance IN" }] });
    assert_eq!(caller.put("pac/definitions", &readers).await.status, 204);
    let start = sim.world(|w| w.next_change());
    sim.world(|w| w.start_roll_call(&["HQ"]));
    sim.world(|w| w.change_reader(11, |r| r.confirm_roll_call = true));
    sim.world(|w| w.stop_roll_call());
    let page = caller.get(&format!("changes?cursor=c-{start}")).await;
    let told: Vec<String> = page.items().iter().map(|c| format!("{} {}", c["entity"], c["op"])).collect();
    assert_eq!(told, [r#""rollcall" "add""#, r#""reader" "edit""#, r#""rollcall" "delete""#]);
}

/// Until so many questions for changes have arrived.
async fn asked(sim: &AstrowSim, times: u64) {
    while sim.request_counts().get("GET /api/pac-bridge/v1/changes") != Some(&times) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_change_wakes_whoever_waits() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let cursor = sim.world(|w| w.next_change());
    let waiting = tokio::spawn(send(caller.request("GET", &format!("changes?cursor=c-{cursor}&wait=25"))));
    asked(&sim, 1).await;
    sim.world(|w| w.add_employee("Teo", "Marchetti"));
    let woken = waiting.await.unwrap();
    assert_eq!((woken.items().len(), &woken.items()[0]["op"]), (1, &json!("add")));
}

#[tokio::test]
async fn whoever_waits_in_vain_gets_an_empty_page_when_the_time_is_over() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    // Without a cursor there is nothing to wait for.
    let head = caller.get("changes?wait=25").await.body["next"].as_str().unwrap().to_owned();
    let waiting = tokio::spawn(send(caller.request("GET", &format!("changes?cursor={head}&wait=25"))));
    asked(&sim, 2).await;
    sim.world(|w| w.clock.advance(TimeDelta::seconds(24)));
    sim.world(|w| w.clock.advance(TimeDelta::seconds(1)));
    let page = waiting.await.unwrap();
    assert!(page.items().is_empty());
    assert_eq!(page.body["next"], head);
}

#[tokio::test]
async fn waiting_ends_by_itself() {
    let sim = quiet().frozen(false).start_blocking().unwrap();
    let caller = signed_in(&sim).await;
    let start = std::time::Instant::now();
    let cursor = sim.world(|w| w.next_change());
    let page = caller.get(&format!("changes?cursor=c-{cursor}&wait=1")).await;
    assert!(page.items().is_empty() && start.elapsed() >= Duration::from_secs(1));
    for wrong in ["wait=26", "wait=-1", "wait=x"] {
        assert_eq!(caller.get(&format!("changes?{wrong}")).await.field(), "wait", "{wrong}");
    }
}

#[tokio::test]
async fn an_old_cursor_is_gone_and_one_of_the_future_starts_again() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let old = sim.world(|w| w.next_change());
    sim.world(|w| w.add_employee("Teo", "Marchetti"));
    sim.world(|w| w.clock.advance(TimeDelta::days(31)));
    let caller = {
        drop(caller);
        signed_in(&sim).await
    };
    let gone = caller.get(&format!("changes?cursor=c-{old}&wait=25")).await;
    assert_eq!(gone.problem(), (410, "cursor-expired"));
    let head = sim.world(|w| w.next_change());
    let ahead = caller.get(&format!("changes?cursor=c-{}&wait=25", head + 5)).await;
    assert!(ahead.items().is_empty());
    assert_eq!((&ahead.body["reset"], &ahead.body["next"]), (&json!(true), &json!(format!("c-{head}"))));
    assert_eq!(caller.get("changes?cursor=x-1").await.field(), "cursor");
    sim.world(|w| w.switches.fault("cursor-expired=1")).unwrap();
    assert_eq!(caller.get(&format!("changes?cursor=c-{head}")).await.problem(), (410, "cursor-expired"));
    assert_eq!(caller.get(&format!("changes?cursor=c-{head}")).await.status, 200);
}
