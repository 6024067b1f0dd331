use reqwest::{Client as Http, Response};
use serde_json::{Value, json};

use crate::client::{Client, HELLO, code, site};

async fn post(url: &str, body: Value) -> Response {
    Http::new().post(url).json(&body).send().await.unwrap()
}

#[tokio::test]
async fn another_process_can_play_the_site() {
    let (sim, mut client) = site(1).await;
    let url = |path: &str| format!("{}{path}", sim.control_url());
    let calls: Value = Http::new().get(url("")).send().await.unwrap().json().await.unwrap();
    assert_eq!(calls["vendor"], "pac");
    let swiped: Value = post(&url("swipe"), json!({ "reader": 11, "person": 101 })).await.json().await.unwrap();
    assert_eq!(swiped, json!({ "seq": 1, "denied": null }));
    let wrong = post(&url("swipe"), json!({ "reader": 11, "credential": "pac-prox:1" })).await;
    assert_eq!(wrong.status(), 400);
    let added: Value = post(&url("person"), json!({ "first": "Noor", "ext": "astrow:9" })).await.json().await.unwrap();
    assert_eq!((added["person"]["id"].as_u64(), added["person"]["rev"].as_u64()), (Some(102), Some(1)));
    let edited: Value = post(&url("person"), json!({ "id": 102, "last": "El Amrani" })).await.json().await.unwrap();
    assert_eq!((edited["person"]["rev"].as_u64(), edited["person"]["first"].as_str()), (Some(2), Some("Noor")));
    assert_eq!(post(&url("person"), json!({ "id": 999, "first": "A" })).await.status(), 400);
    Http::new().delete(url("person/102")).send().await.unwrap();
    let log: Value = Http::new().get(url("log/changes/0")).send().await.unwrap().json().await.unwrap();
    let ops: Vec<&str> =
        log["records"].as_array().unwrap().iter().map(|r| r["change"]["op"].as_str().unwrap()).collect();
    assert_eq!(ops, ["Created", "Updated", "Deleted"]);
    post(&url("clock"), json!({ "now": "2027-03-01T09:00:00Z", "frozen": true })).await;
    assert_eq!(sim.world(|w| w.now().to_rfc3339()), "2027-03-01T09:00:00+00:00");
    let fault = Http::new().post(url("fault")).body("busy=1").send().await.unwrap();
    assert_eq!(fault.status(), 200);
    assert_eq!(code(&client.ask("<StatusGet/>").await), 901);
    assert_eq!(Http::new().post(url("fault")).body("fire").send().await.unwrap().status(), 400);
    let counts: Value = Http::new().get(url("counts")).send().await.unwrap().json().await.unwrap();
    assert_eq!(counts["StatusGet"], 1);
    let world: Value = Http::new().get(url("world")).send().await.unwrap().json().await.unwrap();
    assert_eq!(world["people"][0]["id"], 101);
}

#[tokio::test]
async fn clients_come_and_go_by_control_calls() {
    let (sim, _client) = site(0).await;
    let url = |path: &str| format!("{}{path}", sim.control_url());
    let key = Http::new().post(url("client/Another")).send().await.unwrap().text().await.unwrap();
    let mut client = Client::greeted(&sim, &key).await;
    Http::new().post(url("client/Another/revoke")).send().await.unwrap();
    assert!(client.receive().await.unwrap().contains("client-revoked"));
    assert_eq!(Http::new().post(url("client/Nobody/revoke")).send().await.unwrap().status(), 400);
    Http::new().post(url("pause")).send().await.unwrap();
    assert!(tokio::net::TcpStream::connect(sim.address()).await.is_err());
    Http::new().post(url("resume")).send().await.unwrap();
    assert_eq!(code(&Client::connect(&sim, &key).await.ask(HELLO).await), 202);
}
