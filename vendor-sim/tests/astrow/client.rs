//! A plain caller.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;
use vendor_sim::astrow::{AstrowOptions, AstrowSim};

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) etag: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Value,
}

impl Answer {
    /// Status and name of a problem.
    pub(crate) fn problem(&self) -> (u16, &str) {
        assert_eq!(self.kind, "application/problem+json", "{self:?}");
        assert_eq!(self.body["status"], self.status);
        (self.status, self.body["type"].as_str().unwrap().strip_prefix("urn:pac-bridge:").unwrap())
    }

    /// The field that a problem names.
    pub(crate) fn field(&self) -> &str {
        self.body["field"].as_str().unwrap_or_default()
    }

    pub(crate) fn items(&self) -> &Vec<Value> {
        assert_eq!(self.status, 200, "{self:?}");
        self.body["items"].as_array().unwrap()
    }
}

/// One who has signed in.
pub(crate) struct Caller {
    pub(crate) base: String,
    pub(crate) token: String,
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A site whose clock stands at eight in Brussels on Monday, 2 March 2026.
pub(crate) fn quiet() -> AstrowOptions {
    AstrowSim::builder().people(5).start_at(at("2026-03-02T07:00:00Z")).frozen(true)
}

pub(crate) fn sim() -> AstrowSim {
    quiet().start_blocking().unwrap()
}

pub(crate) async fn send(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (status, kind) = (response.status().as_u16(), header("content-type").unwrap_or_default());
    let (etag, retry_after) = (header("etag"), header("retry-after"));
    let bytes = response.bytes().await.unwrap();
    Answer { status, kind, etag, retry_after, body: serde_json::from_slice(&bytes).unwrap_or_default() }
}

pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::new()
}

/// Signs in.
pub(crate) async fn signed_in(sim: &AstrowSim) -> Caller {
    let base = sim.api_url();
    let body = json!({ "user": sim.user(), "password": sim.password(), "client": "tests/1" });
    let session = send(http().post(format!("{base}/session")).json(&body)).await;
    assert_eq!(session.status, 201, "{session:?}");
    Caller { base, token: session.body["token"].as_str().unwrap().to_owned() }
}

impl Caller {
    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method: Method = method.parse().unwrap();
        http().request(method, format!("{}/{path}", self.base)).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request("GET", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_as(path, body, Uuid::new_v4()).await
    }

    pub(crate) async fn post_as(&self, path: &str, body: &Value, key: Uuid) -> Answer {
        send(self.request("POST", path).header("Idempotency-Key", key.to_string()).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        send(self.request("PUT", path).json(body)).await
    }

    /// A write of an employee in the state that the caller knows.
    pub(crate) async fn write(&self, method: &str, path: &str, etag: &str, body: &Value) -> Answer {
        send(self.request(method, path).header("If-Match", etag).json(body)).await
    }
}

/// A control call.
pub(crate) async fn control(sim: &AstrowSim, method: &str, path: &str, body: Value) -> Answer {
    let url = format!("{}/{path}", sim.control_url());
    send(http().request(method.parse().unwrap(), url).json(&body)).await
}
