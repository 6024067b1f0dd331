//! Calls and roads for tests.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support; each file takes what it needs"
)]

use async_trait::async_trait;
use connector_http::{
    Error, ErrorKind, HttpClient, HttpClientBuilder, ManualClock, Operation, Pace, Phase, Replay, Token, TokenSource,
    Transport, Unauthenticated, decode, expect_success, form_request, get, join, json_request,
};
use http::{Method, Request, Response, response::Parts};
use serde_json::Value;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};
use url::Url;

pub struct Read(pub &'static str);
pub struct Put(pub Value);
pub struct OpenDoor;
pub struct SignInForm;

impl Operation for Read {
    const NAME: &'static str = "test.read";
    const REPLAY: Replay = Replay::Safe;
    type Output = Value;

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        get(join(base, &[self.0])?)
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<Value, Error> {
        expect_success(parts, body)?;
        decode(parts, body)
    }
}

impl Operation for Put {
    const NAME: &'static str = "test.put";
    const REPLAY: Replay = Replay::Idempotent;
    type Output = ();

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        json_request(Method::PUT, join(base, &["users", "7"])?, &self.0)
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<(), Error> {
        expect_success(parts, body)
    }
}

impl Operation for OpenDoor {
    const NAME: &'static str = "test.open_door";
    const REPLAY: Replay = Replay::Never;
    type Output = ();

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        json_request(Method::POST, join(base, &["open"])?, &serde_json::json!({ "door": 7 }))
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<(), Error> {
        expect_success(parts, body)?;
        if body.is_empty() { Ok(()) } else { decode::<()>(parts, body) }
    }
}

impl Operation for SignInForm {
    const NAME: &'static str = "test.sign_in";
    const REPLAY: Replay = Replay::Idempotent;
    type Output = Value;

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        form_request(join(base, &["token"])?, &[("grant_type", "password"), ("password", "hunter2-secret")])
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<Value, Error> {
        expect_success(parts, body)?;
        decode(parts, body)
    }
}

/// Signs in with [`SignInForm`]; the answer is `{"access_token": …, "expires_in": …}`.
#[derive(Debug)]
pub struct Password;

#[async_trait]
impl TokenSource for Password {
    async fn fetch(&self, http: &Unauthenticated, previous: Option<&Token>) -> Result<Token, Error> {
        let answer = http.send(&SignInForm).await?;
        let seconds = answer["expires_in"].as_u64().unwrap_or(1800);
        let access = answer["access_token"].as_str().unwrap_or_default();
        Ok(Token::bearer(access).expires_at(http.now() + Duration::from_secs(seconds)).or_refresh_of(previous))
    }
}

/// What the scripted server does with the next request to a path.
pub enum Step {
    Answer(u16, &'static str),
    AnswerWith(u16, &'static [(&'static str, &'static str)], &'static str),
    LoseReply,
    Refuse,
}

/// A server that follows a script; sign-ins (`/token`) have a script of their own and otherwise always work.
#[derive(Default)]
pub struct Script {
    steps: Mutex<VecDeque<Step>>,
    sign_ins: Mutex<VecDeque<Step>>,
    seen: Mutex<Vec<Request<Vec<u8>>>>,
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Script")
    }
}

impl Script {
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Arc<Self> {
        Self::with_sign_ins(steps, [])
    }

    pub fn with_sign_ins(steps: impl IntoIterator<Item = Step>, sign_ins: impl IntoIterator<Item = Step>) -> Arc<Self> {
        Arc::new(Self {
            steps: Mutex::new(steps.into_iter().collect()),
            sign_ins: Mutex::new(sign_ins.into_iter().collect()),
            seen: Mutex::default(),
        })
    }

    /// Paths asked for, in order.
    pub fn paths(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|request| request.uri().path().to_owned()).collect()
    }

    /// Tokens that came with requests, in order.
    pub fn tokens(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        let token =
            |request: &Request<Vec<u8>>| Some(request.headers().get("authorization")?.to_str().ok()?.to_owned());
        seen.iter().filter_map(token).collect()
    }

    pub fn sign_ins(&self) -> usize {
        self.paths().iter().filter(|path| path.ends_with("/token")).count()
    }
}

#[async_trait]
impl Transport for Script {
    async fn round_trip(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Error> {
        let sign_in = request.uri().path().ends_with("/token");
        self.seen.lock().unwrap().push(request);
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        let step = if sign_in { &self.sign_ins } else { &self.steps }.lock().unwrap().pop_front();
        let (status, headers, body): (u16, &[(&str, &str)], String) = match step {
            Some(Step::Answer(status, body)) => (status, &[], body.to_owned()),
            Some(Step::AnswerWith(status, headers, body)) => (status, headers, body.to_owned()),
            Some(Step::LoseReply) => return Err(Error::new(ErrorKind::Unavailable, "lost").with_phase(Phase::Sent)),
            Some(Step::Refuse) => return Err(Error::new(ErrorKind::Unavailable, "refused").with_phase(Phase::NotSent)),
            None if sign_in => {
                let number = self.sign_ins();
                (200, &[], format!(r#"{{"access_token":"token-{number}","expires_in":1800}}"#))
            }
            None => return Err(Error::new(ErrorKind::Protocol, "the script is over").with_phase(Phase::NotSent)),
        };
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        Ok(response.body(body.into_bytes()).unwrap())
    }
}

/// A client of a scripted server, with a clock that does not wait.
pub fn client(script: &Arc<Script>, clock: &Arc<ManualClock>) -> HttpClientBuilder {
    HttpClient::builder("http://h.example/api/")
        .label("test")
        .pace(Pace::unlimited())
        .transport(script.clone())
        .clock(clock.clone())
}
