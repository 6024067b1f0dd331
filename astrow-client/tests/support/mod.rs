//! A server made of fixtures.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test may stop")]

use std::path::PathBuf;
use std::sync::Arc;

use astrow_client::{AstrowClient, AstrowClientBuilder, RetryPolicy};
use chrono::{DateTime, FixedOffset};
use connector_http::{Body, Exchange, ManualClock, RecordedRequest};
use mockito::{Matcher, Mock, Server, ServerGuard};
use uuid::Uuid;

/// The key of every attempt.
pub const KEY: Uuid = Uuid::from_u128(0x7f2b_8b0e_58a1_4c0b_9f2f_0b8a_51c4_f0aa);

/// A server that answers with the exchanges of a scenario, each once, in their order.
pub struct Site {
    pub server: ServerGuard,
    pub clock: Arc<ManualClock>,
    mocks: Vec<Mock>,
}

impl Site {
    /// A server that knows nothing.
    pub async fn bare() -> Self {
        Self { server: Server::new_async().await, clock: Arc::default(), mocks: Vec::new() }
    }

    /// A server with nothing but a scenario.
    pub async fn only(scenario: &str) -> Self {
        let mut site = Self::bare().await;
        site.play(scenario).await;
        site
    }

    /// A server that lets everybody in, with a scenario.
    pub async fn of(scenario: &str) -> Self {
        let mut site = Self::bare().await;
        site.let_in().await;
        site.play(scenario).await;
        site
    }

    /// Lets everybody in, once.
    pub async fn let_in(&mut self) {
        let exchange = exchanges("session").remove(0);
        let mock = self.mount(&exchange).expect(1).create_async().await;
        self.mocks.push(mock);
    }

    pub async fn play(&mut self, scenario: &str) {
        for exchange in exchanges(scenario) {
            let mock = self.mount(&exchange).expect(1).create_async().await;
            self.mocks.push(mock);
        }
    }

    pub fn builder(&self) -> AstrowClientBuilder {
        AstrowClient::builder(self.server.url())
            .login("pac.bridge", "example-only")
            .client_name("contract-test/1")
            .retry(RetryPolicy { attempts: 1, ..RetryPolicy::default() })
            .clock(self.clock.clone())
    }

    pub fn client(&self) -> AstrowClient {
        self.builder().build().unwrap()
    }

    /// Every exchange of the scenario took place, once.
    pub async fn done(self) {
        for mock in &self.mocks {
            mock.assert_async().await;
        }
    }

    pub fn mount(&mut self, exchange: &Exchange) -> Mock {
        let RecordedRequest { method, path, query, headers, body } = &exchange.request;
        let query = if query.is_empty() {
            Matcher::Missing
        } else {
            Matcher::AllOf(query.iter().map(|(k, v)| Matcher::UrlEncoded(k.clone(), v.clone())).collect())
        };
        let body = match body {
            Some(Body::Json(json)) => Matcher::Json(json.clone()),
            _ => Matcher::Any,
        };
        let mut mock = self.server.mock(method, path.as_str()).match_query(query).match_body(body);
        if method == "POST" {
            let uuid = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
            mock = mock.match_header("idempotency-key", Matcher::Regex(uuid.to_owned()));
        }
        if !headers.contains_key("authorization") && !path.ends_with("/session") {
            mock = mock.match_header("authorization", "Bearer t-0");
        }
        for (name, value) in headers {
            mock = mock.match_header(name.as_str(), value.as_str());
        }
        let response = exchange.response.to_response().unwrap();
        for (name, value) in response.headers() {
            mock = mock.with_header(name.as_str(), value.to_str().unwrap());
        }
        mock.with_status(response.status().as_u16().into()).with_body(response.body())
    }
}

/// What a scenario holds.
pub fn exchanges(scenario: &str) -> Vec<Exchange> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/astrow").join(scenario);
    Exchange::read_folder(&folder).unwrap()
}

/// A time.
pub fn at(text: &str) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(text).unwrap()
}
