//! A server made of fixtures.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test may stop")]

use std::path::PathBuf;
use std::sync::Arc;

use connector_http::{Body, Exchange, ManualClock, RecordedRequest};
use mockito::{Matcher, Mock, Server, ServerGuard};
use net2_client::{Net2Client, Net2ClientBuilder, RetryPolicy};
use serde_json::{Value, json};

/// A server that answers with the exchanges of a scenario, each once, in their order.
pub struct Site {
    pub server: ServerGuard,
    pub clock: Arc<ManualClock>,
    mocks: Vec<Mock>,
}

impl Site {
    /// A server that only lets people sign in.
    pub async fn empty() -> Self {
        let mut site = Self::bare().await;
        site.allow_sign_in().await;
        site
    }

    /// A server that knows nothing.
    pub async fn bare() -> Self {
        Self { server: Server::new_async().await, clock: Arc::default(), mocks: Vec::new() }
    }

    /// A server with a scenario and sign-in.
    pub async fn of(scenario: &str) -> Self {
        let mut site = Self::empty().await;
        site.play(scenario).await;
        site
    }

    /// A server with nothing but a scenario.
    pub async fn only(scenario: &str) -> Self {
        let mut site = Self::bare().await;
        site.play(scenario).await;
        site
    }

    pub async fn allow_sign_in(&mut self) {
        let answer =
            json!({ "access_token": "access-0", "token_type": "bearer", "expires_in": 1800, "refresh_token": "r" });
        self.server
            .mock("POST", "/api/v1/authorization/tokens")
            .with_body(answer.to_string())
            .expect_at_least(0)
            .create_async()
            .await;
    }

    pub async fn play(&mut self, scenario: &str) {
        for exchange in Exchange::read_folder(&folder(scenario)).unwrap() {
            let mock = self.mount(&exchange).expect(1).create_async().await;
            self.mocks.push(mock);
        }
    }

    /// Answers one call with JSON.
    pub async fn answer(&mut self, method: &str, path: &str, status: u16, body: Value) {
        let mock = self.server.mock(method, format!("/api/v1{path}").as_str()).with_status(status.into());
        let mock = mock.match_query(Matcher::Any).with_body(body.to_string()).expect(1).create_async().await;
        self.mocks.push(mock);
    }

    pub fn builder(&self) -> Net2ClientBuilder {
        Net2Client::builder(self.server.url())
            .operator("System engineer", "secret")
            .client_id("licence")
            .retry(RetryPolicy { attempts: 3, ..RetryPolicy::default() })
            .clock(self.clock.clone())
    }

    pub fn client(&self) -> Net2Client {
        self.builder().build().unwrap()
    }

    /// Every exchange of the scenario took place, once.
    pub async fn done(self) {
        for mock in &self.mocks {
            mock.assert_async().await;
        }
    }

    fn mount(&mut self, exchange: &Exchange) -> Mock {
        let RecordedRequest { method, path, query, body, .. } = &exchange.request;
        let query = if query.is_empty() {
            Matcher::Missing
        } else {
            Matcher::AllOf(query.iter().map(|(k, v)| Matcher::UrlEncoded(k.clone(), v.clone())).collect())
        };
        let body = match body {
            Some(Body::Json(json)) => Matcher::Json(json.clone()),
            Some(Body::Form(fields)) => {
                Matcher::AllOf(fields.iter().map(|(k, v)| Matcher::UrlEncoded(k.clone(), v.clone())).collect())
            }
            _ => Matcher::Any,
        };
        let response = exchange.response.to_response().unwrap();
        let mut mock = self.server.mock(method, path.as_str()).match_query(query).match_body(body);
        for (name, value) in response.headers() {
            mock = mock.with_header(name.as_str(), value.to_str().unwrap());
        }
        mock.with_status(response.status().as_u16().into()).with_body(response.body())
    }
}

fn folder(scenario: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/net2").join(scenario)
}
