//! A reader as plain as possible.

use chrono::{DateTime, Utc};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use serde_json::Value;
use vendor_sim::feed::{FeedOptions, FeedSim, Style};

/// A Monday morning in winter.
pub(crate) fn monday() -> DateTime<Utc> {
    at("2027-03-01T09:00:00Z")
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// No seeded bookings, the clock stands still.
pub(crate) fn quiet(style: Style) -> FeedOptions {
    FeedSim::builder().style(style).bookings(0).start_at(monday()).frozen(true)
}

pub(crate) fn http() -> Client {
    Client::builder().redirect(Policy::none()).build().unwrap()
}

pub(crate) async fn get(url: &str) -> Response {
    http().get(url).send().await.unwrap()
}

pub(crate) async fn text(url: &str) -> String {
    let answer = get(url).await;
    assert_eq!(answer.status(), 200);
    String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap()
}

/// Lines with their folds undone.
pub(crate) fn lines(body: &str) -> Vec<String> {
    body.replace("\r\n ", "").split("\r\n").map(str::to_owned).collect()
}

/// Values of all lines with this name.
pub(crate) fn values(body: &str, name: &str) -> Vec<String> {
    lines(body).iter().filter_map(|line| line.strip_prefix(&format!("{name}:"))).map(str::to_owned).collect()
}

pub(crate) fn count(body: &str, piece: &str) -> usize {
    body.matches(piece).count()
}

pub(crate) struct Control(pub(crate) String);

impl Control {
    pub(crate) async fn send(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let request = http().request(method.parse().unwrap(), format!("{}/{path}", self.0));
        let request = if body.is_null() { request } else { request.json(&body) };
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(crate) async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, value) = self.send(method, path, body).await;
        assert_eq!(status, 200, "{method} {path}: {value}");
        value
    }
}
