use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use vendor_sim::graph::{GraphSim, Lifecycle, Permission};

use crate::client::{Got, at, get, http, post, quiet, send};

/// How the endpoint behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Manner {
    Good,
    Echoes,
    Html,
    Busy,
}

#[derive(Clone)]
struct Endpoint {
    manner: Arc<Mutex<Manner>>,
    out: UnboundedSender<Value>,
}

async fn hear(State(endpoint): State<Endpoint>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let manner = *endpoint.manner.lock().unwrap();
    if let Some(token) = query.strip_prefix("validationToken=") {
        let decoded: String =
            url::form_urlencoded::parse(query.as_bytes()).map(|(_, value)| value.into_owned()).next().unwrap();
        return match manner {
            Manner::Echoes => token.to_owned().into_response(),
            Manner::Html => ([("content-type", "text/html")], decoded).into_response(),
            _ => decoded.into_response(),
        };
    }
    let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
    endpoint.out.send(serde_json::from_slice(&body).unwrap()).unwrap();
    if manner == Manner::Busy { 503 } else { 202 }.into_status().into_response()
}

trait IntoStatus {
    fn into_status(self) -> reqwest::StatusCode;
}

impl IntoStatus for u16 {
    fn into_status(self) -> reqwest::StatusCode {
        reqwest::StatusCode::from_u16(self).unwrap()
    }
}

/// An endpoint on loopback: its address, its manner, what it hears.
async fn endpoint() -> (String, Arc<Mutex<Manner>>, UnboundedReceiver<Value>) {
    let (out, heard) = unbounded_channel();
    let manner = Arc::new(Mutex::new(Manner::Good));
    let state = Endpoint { manner: Arc::clone(&manner), out };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graph", listener.local_addr().unwrap());
    let router = Router::new().fallback(hear).with_state(state);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, manner, heard)
}

async fn next(heard: &mut UnboundedReceiver<Value>) -> Value {
    tokio::time::timeout(Duration::from_secs(20), heard.recv()).await.expect("nothing was delivered").unwrap()
}

async fn tenant() -> (GraphSim, String) {
    let sim = quiet().start().await.unwrap();
    let user = sim.world(|world| {
        world.grant(Permission::CalendarsRead);
        world.room("Quay 1").unwrap().user_id.clone()
    });
    (sim, format!("/users/{user}/events"))
}

fn wish(resource: &str, url: &str) -> Value {
    json!({
        "changeType": "created,updated,deleted", "notificationUrl": format!("{url}/news"),
        "lifecycleNotificationUrl": format!("{url}/life"), "resource": resource,
        "expirationDateTime": "2026-03-08T09:00:00Z", "clientState": "s3cret",
    })
}

async fn patch(sim: &GraphSim, id: &str, until: &str) -> Got {
    let url = format!("{}/v1.0/subscriptions/{id}", sim.base_url());
    send(http().patch(url).bearer_auth(sim.token()).json(&json!({ "expirationDateTime": until }))).await
}

#[tokio::test]
async fn a_subscriber_proves_itself_and_hears_of_each_change() {
    let (sim, resource) = tenant().await;
    let (url, _, mut heard) = endpoint().await;
    let made = post(&sim, "/subscriptions", &wish(&resource, &url)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.json["id"].as_str().unwrap().to_owned();
    assert_eq!(post(&sim, "/subscriptions", &wish(&resource, &url)).await.status, 409);

    let start = at("2026-03-03T09:00:00Z");
    let end = start + TimeDelta::hours(1);
    let meeting = sim.world(|world| world.book("Quay 1", ("Ada", "ada@example.org"), &[], start, end));
    let item = next(&mut heard).await["value"][0].clone();
    assert_eq!(
        (&item["subscriptionId"], &item["clientState"], &item["changeType"]),
        (&json!(id), &json!("s3cret"), &json!("created"))
    );
    assert!(item["resourceData"]["id"].is_string());
    sim.world(|world| world.cancel(meeting));
    assert_eq!(next(&mut heard).await["value"][0]["changeType"], "updated");
    sim.world(|world| world.delete_meeting(meeting));
    assert_eq!(next(&mut heard).await["value"][0]["changeType"], "deleted");

    sim.world(|world| world.tell_lifecycle(&id, &Lifecycle::ReauthorizationRequired));
    assert_eq!(next(&mut heard).await["value"][0]["lifecycleEvent"], "reauthorizationRequired");
    assert_eq!(patch(&sim, &id, "2026-03-08T10:00:00Z").await.status, 200);
    assert_eq!(post(&sim, &format!("/subscriptions/{id}/reauthorize"), &Value::Null).await.status, 429);
    sim.world(|world| world.tell_lifecycle(&id, &Lifecycle::Other("somethingNew".to_owned())));
    assert_eq!(next(&mut heard).await["value"][0]["lifecycleEvent"], "somethingNew");
    sim.world(|world| world.tell_lifecycle(&id, &Lifecycle::SubscriptionRemoved));
    assert_eq!(next(&mut heard).await["value"][0]["lifecycleEvent"], "subscriptionRemoved");
    assert_eq!(patch(&sim, &id, "2026-03-08T10:00:00Z").await.status, 404);
}

#[tokio::test]
async fn who_does_not_prove_itself_gets_no_subscription() {
    let (sim, resource) = tenant().await;
    let (url, manner, _heard) = endpoint().await;
    for wrong in [Manner::Echoes, Manner::Html] {
        *manner.lock().unwrap() = wrong;
        let got = post(&sim, "/subscriptions", &wish(&resource, &url)).await;
        assert_eq!((got.status, got.code()), (400, "ValidationError"), "{wrong:?}");
    }
    let nobody = post(&sim, "/subscriptions", &wish(&resource, "http://127.0.0.1:1")).await;
    assert_eq!(nobody.code(), "ValidationError");
    *manner.lock().unwrap() = Manner::Good;
    for (key, value) in [
        ("expirationDateTime", json!("2026-03-10T09:00:00Z")),
        ("clientState", json!("x".repeat(129))),
        ("resource", json!("/users/o'neil@example.org/events")),
        ("changeType", json!("invented")),
    ] {
        let mut wrong = wish(&resource, &url);
        wrong[key] = value;
        assert_eq!(post(&sim, "/subscriptions", &wrong).await.status, 400, "{key}");
    }
    sim.world(|world| world.withdraw_consent(Permission::CalendarsRead));
    assert_eq!(post(&sim, "/subscriptions", &wish(&resource, &url)).await.status, 403);
    assert!(sim.world(|world| world.subscriptions()).is_empty());
}

#[tokio::test]
async fn short_lives_are_raised_deliveries_repeated_and_what_ran_out_is_gone() {
    let (sim, resource) = tenant().await;
    let (url, manner, mut heard) = endpoint().await;
    let mut short = wish(&resource, &url);
    short["expirationDateTime"] = json!("2026-03-02T09:01:00Z");
    let made = post(&sim, "/subscriptions", &short).await;
    assert_eq!(made.json["expirationDateTime"], "2026-03-02T09:45:00Z");
    *manner.lock().unwrap() = Manner::Busy;
    let (start, end) = (at("2026-03-03T09:00:00Z"), at("2026-03-03T10:00:00Z"));
    sim.world(|world| world.book("Quay 1", ("Ada", "ada@example.org"), &[], start, end));
    let first = next(&mut heard).await;
    *manner.lock().unwrap() = Manner::Good;
    // The answer to the first attempt may not have been noted when the clock moves: move it until it was.
    let again = async {
        loop {
            sim.world(|world| world.clock.advance(TimeDelta::seconds(61)));
            if let Ok(body) = tokio::time::timeout(Duration::from_millis(200), heard.recv()).await {
                return body.unwrap();
            }
        }
    };
    assert_eq!(again.await["value"], first["value"]);
    sim.world(|world| world.clock.set(at("2026-03-02T09:46:00Z")));
    let id = made.json["id"].as_str().unwrap();
    assert_eq!(get(&sim, &format!("/subscriptions/{id}")).await.status, 404);
}
