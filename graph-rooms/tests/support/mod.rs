//! A Graph made of a function, a token endpoint, and a clock that stands still while nobody waits.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]
#![allow(clippy::needless_pass_by_value, reason = "calls read better")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeZone as _, Utc};
use connector_http::{Error, ErrorKind, Phase};
use graph_rooms::{GraphClient, GraphClientBuilder, Transport};
use http::{Request, Response};
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

pub const GRAPH: &str = "https://graph.example.test";

/// A request as it was seen.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub url: Url,
    pub headers: http::HeaderMap,
    pub body: Vec<u8>,
    pub at: Instant,
    /// Among the requests to Graph, from 1; tokens do not count.
    pub number: usize,
}

impl Seen {
    pub fn path(&self) -> &str {
        self.url.path()
    }

    pub fn query(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    pub fn number_of(&self, name: &str) -> usize {
        self.query(name).map_or(0, |text| text.parse().unwrap())
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn form(&self) -> BTreeMap<String, String> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }

    pub fn is_token(&self) -> bool {
        self.path().ends_with("/token")
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    silent: bool,
}

impl Answer {
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

pub fn ok(body: Value) -> Answer {
    status(200, body)
}

pub fn status(status: u16, body: Value) -> Answer {
    Answer { status, headers: Vec::new(), body: body.to_string().into_bytes(), silent: false }
}

pub fn raw(status: u16, body: impl Into<Vec<u8>>) -> Answer {
    Answer { status, headers: Vec::new(), body: body.into(), silent: false }
}

pub fn fault(code: u16, word: &str) -> Answer {
    status(code, json!({ "error": { "code": word, "message": "words", "innerError": { "request-id": "r-1" } } }))
}

/// The connection is cut before an answer came.
pub fn cut() -> Answer {
    Answer { silent: true, ..raw(200, "") }
}

type Handler = Box<dyn Fn(&Seen) -> Answer + Send + Sync>;

/// A Graph made of a function.
pub struct Script {
    handler: Handler,
    token: Mutex<Handler>,
    seen: Mutex<Vec<Seen>>,
    under_way: AtomicUsize,
    most: AtomicUsize,
    latency: Duration,
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Script")
    }
}

impl Script {
    pub fn new(handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Arc<Self> {
        Self::slow(Duration::ZERO, handler)
    }

    /// Each answer takes so long.
    pub fn slow(latency: Duration, handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Arc<Self> {
        let count = AtomicUsize::new(0);
        let token = move |_: &Seen| {
            let n = count.fetch_add(1, Ordering::SeqCst) + 1;
            ok(json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": format!("token-{n}") }))
        };
        Arc::new(Self {
            handler: Box::new(handler),
            token: Mutex::new(Box::new(token)),
            seen: Mutex::default(),
            under_way: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            latency,
        })
    }

    pub fn on_token(self: Arc<Self>, handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Arc<Self> {
        *self.token.lock().unwrap() = Box::new(handler);
        self
    }

    /// Requests to Graph.
    pub fn calls(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().iter().filter(|seen| !seen.is_token()).cloned().collect()
    }

    /// Requests to the token endpoint.
    pub fn tokens(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().iter().filter(|seen| seen.is_token()).cloned().collect()
    }

    /// Most requests to Graph that were under way together.
    pub fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    pub fn builder(self: &Arc<Self>) -> GraphClientBuilder {
        GraphClient::builder()
            .tenant("example.org")
            .client_id("app-1")
            .secret("s3cret")
            .base_url(GRAPH)
            .authority("https://login.example.test")
            .transport(self.clone())
    }

    pub fn client(self: &Arc<Self>) -> GraphClient {
        self.builder().build().unwrap()
    }
}

#[async_trait]
impl Transport for Script {
    async fn round_trip(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Error> {
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string()).unwrap();
        let mut seen =
            Seen { method: parts.method.to_string(), url, headers: parts.headers, body, at: Instant::now(), number: 0 };
        let token = seen.is_token();
        {
            let mut all = self.seen.lock().unwrap();
            seen.number = all.iter().filter(|seen| !seen.is_token()).count() + 1;
            all.push(seen.clone());
        }
        if !token {
            let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
        }
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        let answer = if token { (self.token.lock().unwrap())(&seen) } else { (self.handler)(&seen) };
        if !token {
            self.under_way.fetch_sub(1, Ordering::SeqCst);
        }
        if answer.silent {
            let error = Error::new(ErrorKind::Unavailable, "the connection was cut");
            return Err(error.with_phase(Phase::Sent).with_failure(connector_http::ConnectFailure::Closed));
        }
        let mut response = Response::builder().status(answer.status);
        for (name, value) in answer.headers {
            response = response.header(name, value);
        }
        Ok(response.body(answer.body).unwrap())
    }
}

/// An accepted event of Ada's, as JSON.
pub fn event(id: &str, start: &str, end: &str) -> Value {
    json!({
        "id": id, "iCalUId": format!("ical-{id}"), "type": "singleInstance",
        "start": { "dateTime": start, "timeZone": "UTC" }, "end": { "dateTime": end, "timeZone": "UTC" },
        "isAllDay": false, "isCancelled": false, "showAs": "busy", "sensitivity": "normal",
        "responseStatus": { "response": "accepted", "time": "2026-02-20T08:01:02.1234567Z" },
        "organizer": { "emailAddress": { "name": "Ada Quist", "address": "ada.quist@example.org" } },
        "attendees": []
    })
}

/// An event on the third of March, 9:00 to 10:00.
pub fn plain(id: &str) -> Value {
    event(id, "2026-03-03T09:00:00.0000000", "2026-03-03T10:00:00.0000000")
}

/// The same with some fields otherwise.
pub fn with(mut event: Value, more: Value) -> Value {
    for (key, value) in more.as_object().unwrap() {
        event[key] = value.clone();
    }
    event
}

pub fn attendee(kind: &str, address: &str) -> Value {
    json!({ "type": kind, "status": { "response": "none" }, "emailAddress": { "name": address, "address": address } })
}

pub fn page(events: impl IntoIterator<Item = Value>) -> Answer {
    ok(json!({ "value": events.into_iter().collect::<Vec<_>>() }))
}

pub fn page_with_next(events: impl IntoIterator<Item = Value>, next: &str) -> Answer {
    ok(json!({ "value": events.into_iter().collect::<Vec<_>>(), "@odata.nextLink": next }))
}

pub fn room(n: usize) -> Value {
    json!({ "id": format!("id-{n}"), "displayName": format!("Room {n}"), "emailAddress": format!("room{n}@example.org") })
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Noon of the second of March.
pub fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 12, 0, 0).unwrap()
}

/// The first to the tenth of March.
pub fn march() -> graph_rooms::calendar::Window {
    graph_rooms::calendar::Window::new(at("2026-03-01T00:00:00Z"), at("2026-03-10T00:00:00Z"))
}
