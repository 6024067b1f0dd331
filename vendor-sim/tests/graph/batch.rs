use serde_json::{Value, json};
use vendor_sim::graph::{GraphSim, ItemFault};

use crate::client::{get_as, post, quiet, week};

fn item(id: &str, room: &str) -> Value {
    json!({ "id": id, "method": "GET", "url": week(room), "headers": { "Prefer": "IdType=\"ImmutableId\"" } })
}

async fn batch(sim: &GraphSim, requests: &[Value]) -> Vec<Value> {
    let got = post(sim, "/$batch", &json!({ "requests": requests })).await;
    assert_eq!(got.status, 200, "{}", got.text);
    got.json["responses"].as_array().unwrap().clone()
}

#[tokio::test]
async fn items_are_answered_in_another_order_with_their_own_headers() {
    let sim = quiet().start().await.unwrap();
    let start = crate::client::at("2026-03-03T09:00:00Z");
    let end = start + chrono::TimeDelta::hours(1);
    sim.world(|world| world.book("Quay 1", ("Ada", "ada@example.org"), &[], start, end));
    let requests = [item("1", "quay1@example.org"), item("2", "harbour1@example.org"), item("3", "nobody@example.org")];
    let answers = batch(&sim, &requests).await;
    let ids: Vec<&str> = answers.iter().map(|answer| answer["id"].as_str().unwrap()).collect();
    assert_ne!(ids, ["1", "2", "3"]);
    let of = |id: &str| answers.iter().find(|answer| answer["id"] == id).unwrap();
    assert_eq!((of("1")["status"].as_u64(), of("3")["status"].as_u64()), (Some(200), Some(404)));
    let alone = get_as(&sim, &week("quay1@example.org"), "IdType=\"ImmutableId\"").await;
    assert_eq!(of("1")["body"]["value"], alone.json["value"]);
    assert_eq!(of("3")["body"]["error"]["code"], "ErrorInvalidUser");
    sim.world(|world| world.switches.batch_in_order = true);
    assert_eq!(batch(&sim, &requests).await[0]["id"], "1");
}

#[tokio::test]
async fn items_can_be_throttled_lost_or_depend_on_one_that_failed() {
    let sim = quiet().start().await.unwrap();
    sim.world(|world| {
        let throttled = ItemFault::on("/users/quay1@*", 429);
        world.item_faults.push(ItemFault { retry_after: Some("3.5".to_owned()), ..throttled });
        world.item_faults.push(ItemFault::on("/users/harbour1@*", 0));
    });
    let mut third = item("3", "lantern1@example.org");
    third["dependsOn"] = json!(["1"]);
    let requests = [item("1", "quay1@example.org"), item("2", "harbour1@example.org"), third];
    let answers = batch(&sim, &requests).await;
    let of = |id: &str| answers.iter().find(|answer| answer["id"] == id);
    assert_eq!(of("1").unwrap()["headers"]["Retry-After"], "3.5");
    assert_eq!((of("1").unwrap()["status"].as_u64(), of("3").unwrap()["status"].as_u64()), (Some(429), Some(424)));
    assert_eq!(of("2"), None);
    assert!(batch(&sim, &requests).await.iter().all(|answer| answer["status"] == 200));
}

#[tokio::test]
async fn malformed_batches_are_refused_whole() {
    let sim = quiet().start().await.unwrap();
    let many: Vec<Value> = (0..21).map(|number| item(&number.to_string(), "quay1@example.org")).collect();
    let twice = vec![item("1", "quay1@example.org"), item("1", "quay1@example.org")];
    for wrong in [json!(many), json!(twice), json!([]), json!([{ "id": 1 }]), Value::Null] {
        assert_eq!(post(&sim, "/$batch", &json!({ "requests": wrong })).await.code(), "BadRequest");
    }
}
