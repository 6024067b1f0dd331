//! A caller as plain as possible.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use vendor_sim::host::Options;
use vendor_sim::inventry::{Inventry, InventrySim};

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The usual school without people; the clock stands still on a Monday morning in winter.
pub(crate) fn quiet() -> Options<Inventry> {
    InventrySim::builder().people(0).event_days(0).start_at(at("2026-03-02T08:00:00Z")).frozen(true)
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
    pub(crate) content_type: String,
    pub(crate) body: Value,
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let content_type = answer.headers().get("content-type").map_or("", |value| value.to_str().unwrap()).to_owned();
    let text = answer.text().await.unwrap();
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
    Answer { status, content_type, body }
}

/// Asks with the key of the simulator.
pub(crate) async fn call(sim: &InventrySim, method: &str, path: &str) -> Answer {
    let url = format!("{}{path}", sim.url());
    send(http().request(method.parse().unwrap(), url).header("X-API-Key", sim.key())).await
}

pub(crate) async fn get(sim: &InventrySim, path: &str) -> Value {
    let answer = call(sim, "GET", path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body
}

/// All items of a list, by its links.
pub(crate) async fn all(sim: &InventrySim, path: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let page = get(sim, &path).await;
        found.extend(page["items"].as_array().unwrap().clone());
        next = page["next"].as_str().map(str::to_owned);
    }
    found
}

pub(crate) fn ids<'a>(items: &'a [Value], name: &str) -> Vec<&'a str> {
    items.iter().map(|item| item[name].as_str().unwrap()).collect()
}

pub(crate) fn problem(answer: &Answer) -> (u16, &str) {
    assert_eq!(answer.content_type, "application/problem+json");
    let kind = answer.body["type"].as_str().unwrap();
    (answer.status, kind.strip_prefix("urn:inventry-bridge:").unwrap())
}
