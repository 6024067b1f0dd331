use serde_json::{Value, json};
use vendor_sim::astrow::Master;

use crate::employees::with_teo;

fn tab() -> Value {
    json!({
        "personId": 213, "master": "pac",
        "accessGroups": [{ "id": 1 }, { "id": 4, "until": "2026-09-30T23:59:59+02:00" }],
        "badges": [{ "type": "wiegand26", "number": "40377", "facility": 77, "state": "active" }],
    })
}

#[tokio::test]
async fn the_tab_is_replaced_whole() {
    let (sim, caller) = with_teo().await;
    let put = caller.write("PUT", "employees/1077/pac", "\"1\"", &tab()).await;
    assert_eq!((put.status, put.etag.as_deref()), (200, Some("\"2\"")));
    assert_eq!(put.body["pac"], tab());
    let change = sim.world(|w| w.changes().last().cloned()).unwrap();
    assert_eq!((change.fields, change.origin.as_str()), (vec!["pac".to_owned()], "api:tests/1"));
    let emptied = caller.write("PUT", "employees/1077/pac", "\"2\"", &json!({ "master": "astrow" })).await;
    assert_eq!(emptied.body["pac"], json!({ "master": "astrow", "accessGroups": [], "badges": [] }));
    assert_eq!(sim.world(|w| w.employee(1077).unwrap().pac.master), Master::Astrow);
}

#[tokio::test]
async fn a_tab_that_does_not_fit_is_refused_with_its_field() {
    let (_sim, caller) = with_teo().await;
    for (change, field) in [
        (json!({ "badges": [{ "type": "magnet", "number": "1" }] }), "badges[0].type"),
        (json!({ "badges": [{ "type": "wiegand26", "number": "1" }] }), "badges[0].facility"),
        (json!({ "badges": [{ "type": "pac-prox", "number": "8E4C0B77", "state": "eaten" }] }), "badges[0].state"),
        (json!({ "badges": vec![json!({ "type": "pac-prox", "number": "8E4C0B77" }); 17] }), "badges"),
        (json!({ "accessGroups": vec![json!({ "id": 1 }); 33] }), "accessGroups"),
    ] {
        let refused = caller.write("PUT", "employees/1077/pac", "\"1\"", &change).await;
        assert_eq!((refused.problem(), refused.field()), ((422, "bad-value"), field));
    }
    assert_eq!(
        caller.write("PUT", "employees/1077/pac", "\"7\"", &tab()).await.problem(),
        (412, "precondition-failed")
    );
    assert_eq!(caller.write("PUT", "employees/9/pac", "\"1\"", &tab()).await.problem(), (404, "not-found"));
}

#[tokio::test]
async fn once_groups_were_told_others_are_unknown() {
    let (sim, caller) = with_teo().await;
    let definitions = json!({ "etag": "d-1", "accessGroups": [{ "id": 1, "name": "Everybody", "default": true, "enabled": true }], "controllers": [], "readers": [] });
    assert_eq!(caller.put("pac/definitions", &definitions).await.status, 204);
    let refused = caller.write("PUT", "employees/1077/pac", "\"1\"", &tab()).await;
    assert_eq!((refused.problem(), refused.field()), ((422, "unknown-code"), "accessGroups[1].id"));
    sim.world(|w| w.switches.check_groups = false);
    assert_eq!(caller.write("PUT", "employees/1077/pac", "\"1\"", &tab()).await.status, 200);
}
