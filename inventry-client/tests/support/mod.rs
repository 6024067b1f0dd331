//! A server made of fixtures.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test may stop")]

use std::path::PathBuf;
use std::sync::Arc;

use connector_http::{Exchange, ManualClock, RecordedRequest};
use inventry_client::profile::Profile;
use inventry_client::{InventryClient, InventryClientBuilder, RetryPolicy};
use mockito::{Matcher, Mock, Server, ServerGuard};
use serde_json::Value;

/// The key that every call has to carry.
pub const KEY: &str = "key-0";

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

    /// A server with a scenario.
    pub async fn of(scenario: &str) -> Self {
        let mut site = Self::bare().await;
        site.play(scenario).await;
        site
    }

    pub async fn play(&mut self, scenario: &str) {
        for exchange in Exchange::read_folder(&folder(scenario)).unwrap() {
            let mock = self.mount(&exchange).create_async().await;
            self.mocks.push(mock);
        }
    }

    /// Answers one path with JSON, whatever the query, as often as asked.
    pub async fn answer(&mut self, path: &str, status: usize, body: Value) {
        let mock = self.server.mock("GET", path).match_query(Matcher::Any).with_status(status);
        let mock = mock.with_body(body.to_string()).expect_at_least(0).create_async().await;
        self.mocks.push(mock);
    }

    pub fn builder(&self) -> InventryClientBuilder {
        InventryClient::builder(self.server.url())
            .key(KEY)
            .retry(RetryPolicy { attempts: 1, ..RetryPolicy::default() })
            .clock(self.clock.clone())
    }

    pub fn client(&self) -> InventryClient {
        self.builder().build().unwrap()
    }

    pub fn client_with(&self, profile: Profile) -> InventryClient {
        self.builder().profile(profile).build().unwrap()
    }

    /// Every exchange of the scenario took place, once.
    pub async fn done(self) {
        for mock in &self.mocks {
            mock.assert_async().await;
        }
    }

    fn mount(&mut self, exchange: &Exchange) -> Mock {
        let RecordedRequest { method, path, query, .. } = &exchange.request;
        let query = if query.is_empty() { Matcher::Missing } else { Matcher::Exact(encoded(query)) };
        let response = exchange.response.to_response().unwrap();
        let mut mock = self.server.mock(method, path.as_str()).match_query(query).match_header("x-api-key", KEY);
        for (name, value) in response.headers() {
            mock = mock.with_header(name.as_str(), value.to_str().unwrap());
        }
        mock.with_status(response.status().as_u16().into()).with_body(response.body()).expect(1)
    }
}

/// The query as it is sent.
fn encoded(query: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish()
}

fn folder(scenario: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/inventry").join(scenario)
}
