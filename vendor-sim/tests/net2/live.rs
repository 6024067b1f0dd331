use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};
use vendor_sim::net2::Event;

use crate::client::{Api, options};

const DATA: &str = r#"[{"name":"eventHubLocal"}]"#;

struct Live {
    socket: WebSocketStream<TcpStream>,
    connection: String,
}

fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

async fn step(api: &Api, name: &str, pairs: &[(&str, &str)]) -> (u16, Value) {
    let answer = api.http.get(format!("{}/signalr/{name}?{}", api.sim.url(), query(pairs))).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or(Value::Null))
}

impl Live {
    async fn open(api: &Api) -> Self {
        let token = api.token.as_str();
        let common = [("clientProtocol", "1.5"), ("connectionData", DATA), ("token", token)];
        let (status, body) = step(api, "negotiate", &common).await;
        assert_eq!((status, &body["TryWebSockets"]), (200, &json!(true)));
        let connection = body["ConnectionToken"].as_str().unwrap().to_owned();
        let all = [&common[..], &[("transport", "webSockets"), ("connectionToken", &connection)]].concat();
        let stream = TcpStream::connect(api.sim.address()).await.unwrap();
        let url = format!("{}/signalr/connect?{}", api.sim.url().replace("http", "ws"), query(&all));
        let (socket, _) = client_async(url, stream).await.unwrap();
        let mut live = Self { socket, connection: connection.clone() };
        assert_eq!(live.next().await["S"], 1);
        assert_eq!(step(api, "start", &all).await, (200, json!({ "Response": "started" })));
        live
    }

    async fn next(&mut self) -> Value {
        loop {
            match self.socket.next().await.unwrap().unwrap() {
                Message::Text(text) if text.as_str() != "{}" => return serde_json::from_str(text.as_str()).unwrap(),
                Message::Text(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    async fn call(&mut self, method: &str, arguments: Value) -> Value {
        let frame = json!({ "H": "eventhublocal", "M": method, "A": arguments, "I": 3 });
        self.socket.send(Message::text(frame.to_string())).await.unwrap();
        self.next().await
    }
}

#[tokio::test]
async fn live_events_arrive_nested_and_in_pascal_names() {
    let api = Api::new().await;
    let mut live = Live::open(&api).await;
    assert!(live.connection.contains('+') && live.connection.contains('/'));
    assert_eq!(live.call("subscribeToLiveEvents", json!([])).await, json!({ "I": "3" }));
    let (user, door) = (api.any_user(), api.door_named("Workshop"));
    let event = |card| Event {
        event_type: 20,
        address: Some(door),
        user_id: Some(user),
        card_no: Some(card),
        ..Event::default()
    };
    api.sim.world(|w| w.put_event(event(12_345_678)));
    let message = live.next().await["M"][0].clone();
    assert_eq!((&message["H"], &message["M"]), (&json!("EventHubLocal"), &json!("LiveEvents")));
    let item = &message["A"][0][0];
    assert_eq!(
        (&item["deviceId"], &item["userId"], &item["tokenNumber"]),
        (&json!(door), &json!(user), &json!(12_345_678))
    );
    assert_eq!((&item["eventTime"], &item["tokenType"]), (&json!("2027-03-01T09:00:00"), &json!("Token")));
    assert_eq!(item["areaName"], "Workshop (In)");
    assert!(item.get("id").is_none());

    api.sim.world(|w| {
        w.switches.nested_live_args = false;
        w.switches.pascal_live_names = false;
        w.switches.live_token_type_int = true;
        w.put_event(event(1));
    });
    let message = live.next().await["M"][0].clone();
    assert_eq!((&message["H"], &message["M"]), (&json!("eventHubLocal"), &json!("liveEvents")));
    assert_eq!(message["A"][0]["tokenType"], 0);
}

#[tokio::test]
async fn door_messages_need_a_subscription_per_door() {
    let api = Api::new().await;
    let (door, other) = (api.door_named("Workshop"), api.door_named("Goods in"));
    let mut live = Live::open(&api).await;
    live.call("subscribeToDoorEvents", json!([door])).await;
    live.call("subscribeToDoorStatusEvents", json!([door.to_string()])).await;
    for door in [other, door] {
        api.post("commands/door/open", json!({ "doorId": door })).await;
    }
    let message = live.next().await["M"][0].clone();
    assert_eq!(message["A"], json!([[{ "doorId": door, "locked": false }]]));
    let status = live.next().await["M"][0]["A"][0][0].clone();
    assert_eq!((&status["doorId"], &status["status"]["doorRelayOpen"]), (&json!(door), &json!(true)));
    api.sim.world(|w| w.clock.advance(chrono::TimeDelta::seconds(10)));
    assert_eq!(live.next().await["M"][0]["A"], json!([[{ "doorId": door, "locked": true }]]));
}

#[tokio::test]
async fn roll_calls_are_followed() {
    let api = Api::new().await;
    let mut live = Live::open(&api).await;
    live.call("subscribeToRollCallEvents", json!([1])).await;
    let user = api.read("rollcallreports/1/reportitems").await[0]["userId"].clone();
    api.post(&format!("rollcallreports/1/reportitems/{user}/safeupdates"), json!({})).await;
    let item = live.next().await["M"][0]["A"][0][0].clone();
    assert_eq!(item["markedSafeRecordEventData"]["userId"], user);
}

#[tokio::test]
async fn wrong_calls_are_answered_with_an_error() {
    let api = Api::new().await;
    let mut live = Live::open(&api).await;
    assert!(live.call("selfDestruct", json!([])).await["E"].is_string());
    assert!(live.call("subscribeToDoorEvents", json!([])).await["E"].is_string());
    api.sim.world(|w| w.switches.live_ids_as_text = true);
    assert!(live.call("subscribeToDoorEvents", json!([5])).await["E"].is_string());
    assert_eq!(live.call("subscribeToDoorEvents", json!(["5"])).await, json!({ "I": "3" }));
}

#[tokio::test]
async fn the_hub_wants_a_token_and_may_have_no_web_sockets() {
    let api = Api::new().await;
    assert_eq!(step(&api, "negotiate", &[("token", "x")]).await.0, 401);
    let by_header = api.http.get(format!("{}/signalr/negotiate", api.sim.url())).bearer_auth(&api.token);
    assert_eq!(by_header.send().await.unwrap().status(), 200);
    api.sim.world(|w| w.switches.websocket_off = true);
    let (_, body) = step(&api, "negotiate", &[("token", &api.token)]).await;
    assert_eq!(body["TryWebSockets"], false);
    let (status, _) = step(&api, "connect", &[("token", &api.token), ("connectionToken", "x")]).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_restart_and_an_abort_end_live_connections() {
    let api = Api::with(options()).await;
    let mut first = Live::open(&api).await;
    let pairs = [("token", api.token.as_str()), ("connectionToken", first.connection.as_str())];
    assert_eq!(step(&api, "abort", &pairs).await.0, 200);
    assert!(!matches!(first.socket.next().await, Some(Ok(Message::Text(_)))));
    let mut second = Live::open(&api).await;
    api.sim.restart(std::time::Duration::ZERO);
    assert!(!matches!(second.socket.next().await, Some(Ok(Message::Text(_)))));
}
