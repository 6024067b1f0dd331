//! A client as plain as can be, and a tenant to call.

use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use serde_json::Value;
use vendor_sim::graph::{GraphOptions, GraphSim};

/// Monday, before anybody is there.
pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A tenant without meetings whose clock stands at 09:00 on Monday, 2 March 2026.
pub(crate) fn quiet() -> GraphOptions {
    GraphSim::builder().rooms(3).meetings(0).start_at(at("2026-03-02T09:00:00Z")).frozen(true)
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Got {
    pub(crate) fn code(&self) -> &str {
        self.json["error"]["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn values(&self) -> &Vec<Value> {
        self.json["value"].as_array().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) async fn send(request: reqwest::RequestBuilder) -> Got {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.unwrap();
    let json = serde_json::from_str(&text).unwrap_or(Value::Null);
    Got { status, headers, text, json }
}

pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// A path below `/v1.0`, or a whole link.
pub(crate) async fn get(sim: &GraphSim, path: &str) -> Got {
    get_as(sim, path, "").await
}

pub(crate) async fn get_as(sim: &GraphSim, path: &str, prefer: &str) -> Got {
    let url = if path.starts_with("http") { path.to_owned() } else { format!("{}/v1.0{path}", sim.base_url()) };
    let request = http().get(url).bearer_auth(sim.token());
    send(if prefer.is_empty() { request } else { request.header("Prefer", prefer) }).await
}

pub(crate) async fn post(sim: &GraphSim, path: &str, body: &Value) -> Got {
    send(http().post(format!("{}/v1.0{path}", sim.base_url())).bearer_auth(sim.token()).json(body)).await
}

/// The week of the tests in a room's calendar.
pub(crate) fn week(room: &str) -> String {
    format!("/users/{room}/calendar/calendarView?startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-03-10T00:00:00Z")
}

/// All events of that week, in their order.
pub(crate) async fn events(sim: &GraphSim, room: &str) -> Vec<Value> {
    let got = get(sim, &format!("{}&$orderby=start/dateTime&$top=1000", week(room))).await;
    assert_eq!(got.status, 200, "{}", got.text);
    got.values().clone()
}

pub(crate) fn begins(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| &event["start"]["dateTime"].as_str().unwrap()[..16]).collect()
}
