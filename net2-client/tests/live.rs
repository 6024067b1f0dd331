//! The live connection against a small hub on loopback.

#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use net2_client::events::Event;
use net2_client::live::{LiveSignal, Subscription};
use net2_client::{DoorId, ErrorKind, Net2Client, Pace, UserId};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;

const DOOR: DoorId = DoorId::new(7_000_123);

/// What the hub does with a connection, by its number.
type Script = fn(usize) -> Behaviour;

#[derive(Clone, Default)]
struct Behaviour {
    /// Frames sent after the subscriptions came.
    frames: Vec<Value>,
    /// Refuses ids that are numbers.
    wants_text: bool,
    /// Subscriptions to wait for.
    subscriptions: usize,
    /// Closes the connection after the frames.
    closes: bool,
}

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    fn count(&self, part: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|line| line.contains(part)).count()
    }
}

async fn hub(script: Script, web_sockets: bool) -> (Net2Client, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Seen::default();
    let log = seen.clone();
    tokio::spawn(async move {
        let mut connections = 0;
        while let Ok((stream, _)) = listener.accept().await {
            let mut head = [0_u8; 4096];
            let length = stream.peek(&mut head).await.unwrap();
            let line = String::from_utf8_lossy(&head[..length]).lines().next().unwrap_or_default().to_owned();
            log.add(line.clone());
            if line.contains("/signalr/connect") {
                tokio::spawn(serve(stream, script(connections), log.clone()));
                connections += 1;
            } else {
                tokio::spawn(answer(stream, line, web_sockets));
            }
        }
    });
    let net2 = Net2Client::builder(url).operator("Op", "secret").client_id("licence").pace(Pace::unlimited());
    (net2.build().unwrap(), seen)
}

async fn answer(mut stream: TcpStream, line: String, web_sockets: bool) {
    let mut request = vec![0_u8; 8192];
    let _ = stream.read(&mut request).await;
    let body = if line.contains("/tokens") {
        json!({ "access_token": "access+1", "expires_in": 1800 })
    } else if line.contains("/negotiate") {
        json!({ "ConnectionToken": "a+b/c==", "ConnectionId": "1", "TryWebSockets": web_sockets, "KeepAliveTimeout": 20 })
    } else {
        json!({ "Response": "started" })
    };
    let body = body.to_string();
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    let _ = stream.write_all((head + &body).as_bytes()).await;
}

async fn serve(stream: TcpStream, behaviour: Behaviour, log: Seen) {
    let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
    socket.send(Message::text(r#"{"C":"d-1","S":1,"M":[]}"#)).await.unwrap();
    let mut left = behaviour.subscriptions;
    while left > 0 {
        let Some(Ok(Message::Text(text))) = socket.next().await else { return };
        log.add(text.as_str());
        let call: Value = serde_json::from_str(&text).unwrap();
        let refused = behaviour.wants_text && call["A"][0].is_number();
        let answer = if refused {
            json!({ "I": call["I"].to_string(), "E": "no" })
        } else {
            json!({ "I": call["I"].to_string() })
        };
        left -= usize::from(!refused);
        socket.send(Message::text(answer.to_string())).await.unwrap();
    }
    for frame in behaviour.frames {
        socket.send(Message::text(frame.to_string())).await.unwrap();
    }
    if behaviour.closes {
        let _ = socket.close(None).await;
    } else {
        let _ = socket.next().await;
    }
}

fn live_event() -> Value {
    json!({ "EventTime": "2027-03-01T18:59:58", "EventType": 20, "eventSubType": 0, "tokenType": 1, "tokenNumber": 12_345_678,
        "userId": 42, "userName": "Okonkwo Maya", "deviceId": 7_000_123, "areaName": null, "notificationType": "Access" })
}

#[expect(clippy::needless_pass_by_value, reason = "called with a literal")]
fn frame(method: &str, arguments: Value) -> Value {
    json!({ "C": "d-2", "M": [{ "H": "EventHubLocal", "M": method, "A": arguments }] })
}

#[tokio::test]
async fn trap_11_nested_arguments_under_names_in_another_case_arrive() {
    let script: Script = |_| Behaviour {
        frames: vec![
            json!({}),
            frame("LiveEvents", json!([[live_event(), [live_event()]]])),
            frame("DOOREVENTS", json!([{ "DoorId": "7000123", "Locked": false }])),
        ],
        subscriptions: 2,
        ..Behaviour::default()
    };
    let (net2, seen) = hub(script, true).await;
    let live = net2.live().events().doors([DOOR]).stream();
    let health = live.health();
    let signals: Vec<_> = live.take(4).collect().await;
    assert!(matches!(signals[0], LiveSignal::Connected));
    assert!(matches!(&signals[2], LiveSignal::Event(event) if event.user == Some(UserId::new(42))));
    assert!(matches!(&signals[3], LiveSignal::Door(event) if event.door == DOOR && event.locked == Some(false)));
    assert_eq!((health.state().connections, health.state().unreadable), (1, 0));
    assert_eq!(seen.count("connectionToken=a%2Bb%2Fc%3D%3D"), 2, "connect and start carry the token encoded");
    assert_eq!(seen.count("token=access%2B1"), 3);
}

#[tokio::test]
async fn trap_12_and_13_a_live_event_is_found_again_in_the_log_and_its_name_left_whole() {
    let script: Script = |_| Behaviour {
        frames: vec![frame("liveEvents", json!([[live_event()]]))],
        subscriptions: 1,
        ..Behaviour::default()
    };
    let (net2, _) = hub(script, true).await;
    let signals: Vec<_> = net2.live().events().stream().take(2).collect().await;
    let LiveSignal::Event(live) = &signals[1] else { panic!("an event was sent") };
    assert_eq!(live.user_name.as_deref(), Some("Okonkwo Maya"));
    let logged = |time: &str, user: i64| -> Event {
        let event = json!({ "id": 9, "eventTime": time, "eventType": 20, "userID": user, "address": 7_000_123 });
        serde_json::from_value(event).unwrap()
    };
    assert!(live.is_about(&logged("2027-03-01T18:59:58.250+00:00", 42)));
    assert!(!live.is_about(&logged("2027-03-01T18:59:59.250+00:00", 42)));
    assert!(!live.is_about(&logged("2027-03-01T18:59:58.250+00:00", 43)));
}

#[tokio::test]
async fn after_a_break_everything_is_subscribed_again() {
    let script: Script = |connection| Behaviour {
        frames: vec![frame("liveEvents", json!([[live_event()]]))],
        subscriptions: 2,
        closes: connection == 0,
        ..Behaviour::default()
    };
    let (net2, seen) = hub(script, true).await;
    let live = net2.live().events().door_status([DOOR]).reconnect_after(Duration::from_millis(1)).stream();
    let signals: Vec<_> = live.take(5).collect().await;
    let names: Vec<_> = signals.iter().map(|signal| format!("{signal:?}")[..5].to_owned()).collect();
    assert_eq!(names, ["Conne", "Event", "Disco", "Conne", "Event"]);
    assert_eq!(seen.count("subscribeToLiveEvents"), 2);
    assert_eq!(seen.count("subscribeToDoorStatusEvents"), 2);
}

#[tokio::test]
async fn an_id_refused_as_number_is_sent_as_text() {
    let script: Script = |_| Behaviour {
        frames: vec![frame("doorEvents", json!([{ "doorId": 7_000_123, "locked": true }]))],
        wants_text: true,
        subscriptions: 1,
        ..Behaviour::default()
    };
    let (net2, seen) = hub(script, true).await;
    let signals: Vec<_> = net2.live().doors([DOOR]).stream().take(2).collect().await;
    assert!(matches!(&signals[1], LiveSignal::Door(event) if event.locked == Some(true)));
    assert_eq!((seen.count("\"A\":[7000123]"), seen.count("\"A\":[\"7000123\"]")), (1, 1));
}

#[tokio::test]
async fn a_server_without_web_sockets_ends_the_stream() {
    let (net2, _) = hub(|_| Behaviour::default(), false).await;
    let signals: Vec<_> = net2.live().events().stream().collect().await;
    assert_eq!(signals.len(), 1);
    assert!(matches!(&signals[0], LiveSignal::Disconnected(error) if error.kind() == ErrorKind::NotFound));
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_counted_and_passed_over() {
    let script: Script = |_| Behaviour {
        frames: vec![frame("liveEvents", json!([["nonsense", live_event()]]))],
        subscriptions: 1,
        ..Behaviour::default()
    };
    let (net2, _) = hub(script, true).await;
    let live = net2.live().events().stream();
    let health = live.health();
    let signals: Vec<_> = live.take(2).collect().await;
    assert!(matches!(signals[1], LiveSignal::Event(_)));
    assert_eq!(health.state().unreadable, 1);
}

#[test]
fn the_same_subscription_is_made_once() {
    let net2 = Net2Client::builder("http://h").operator("Op", "p").client_id("c").build().unwrap();
    let shown = format!("{:?}", net2.live().doors([DOOR, DOOR]));
    assert_eq!(shown.matches(&format!("{:?}", Subscription::Door(DOOR))).count(), 1);
}
