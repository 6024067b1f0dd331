//! A caller as plain as possible.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use vendor_sim::host::Options;
use vendor_sim::optima::{GroupKind, Optima, OptimaSim};

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A Monday morning in winter.
pub(crate) fn monday() -> DateTime<Utc> {
    at("2026-03-02T08:00:00Z")
}

/// The usual site without people; the clock stands still.
pub(crate) fn quiet() -> Options<Optima> {
    OptimaSim::builder().people(0).event_days(0).start_at(monday()).frozen(true)
}

/// Two groups, the numbers of the contract's examples.
pub(crate) fn sim() -> OptimaSim {
    let sim = quiet().start_blocking().unwrap();
    sim.world(|w| {
        w.counters.badge = 500;
        w.counters.credential = 9000;
        w.groups.clear();
        w.counters.group = 0;
        w.add_group("All staff", GroupKind::AccessGroup);
        w.add_group("Server room", GroupKind::CardholderPolicy);
        w.changes.clear();
    });
    sim
}

/// One for all tests; connections do not outlive the test that made them.
pub(crate) fn http() -> Client {
    static ONE: LazyLock<Client> =
        LazyLock::new(|| Client::builder().redirect(Policy::none()).pool_max_idle_per_host(0).build().unwrap());
    ONE.clone()
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) etag: Option<String>,
    pub(crate) content_type: String,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Value,
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (status, etag, retry_after) = (answer.status().as_u16(), header("etag"), header("retry-after"));
    let content_type = header("content-type").unwrap_or_default();
    let text = answer.text().await.unwrap();
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
    Answer { status, etag, content_type, retry_after, body }
}

/// Asks with the key of the simulator.
pub(crate) fn request(sim: &OptimaSim, method: &str, path: &str) -> RequestBuilder {
    let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", sim.url()) };
    http().request(method.parse().unwrap(), url).bearer_auth(sim.key())
}

pub(crate) async fn call(sim: &OptimaSim, method: &str, path: &str, body: Value) -> Answer {
    let request = request(sim, method, path);
    send(if body.is_null() { request } else { request.json(&body) }).await
}

pub(crate) async fn get(sim: &OptimaSim, path: &str) -> Value {
    let answer = call(sim, "GET", path, Value::Null).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body
}

/// All items of a list, by its links.
pub(crate) async fn all(sim: &OptimaSim, path: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let page = get(sim, &path).await;
        found.extend(page["items"].as_array().unwrap().clone());
        next = page["next"].as_str().map(str::to_owned);
    }
    found
}

pub(crate) fn problem(answer: &Answer) -> (u16, &str) {
    assert_eq!(answer.content_type, "application/problem+json");
    let kind = answer.body["type"].as_str().unwrap();
    assert_eq!(answer.body["status"], answer.status);
    (answer.status, kind.strip_prefix("urn:optima-bridge:").unwrap())
}
