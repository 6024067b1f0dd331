//! A server made of fixtures.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test may stop")]

use std::path::PathBuf;
use std::sync::Arc;

use connector_http::{Body, Exchange, ManualClock, RecordedRequest};
use mockito::{Matcher, Mock, Server, ServerGuard};
use optima_client::{OptimaClient, OptimaClientBuilder, RetryPolicy};

/// The key that every call has to carry, unless the fixture says another.
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

    /// A server with nothing but a scenario.
    pub async fn only(scenario: &str) -> Self {
        let mut site = Self::bare().await;
        site.play(scenario).await;
        site
    }

    /// A server that describes itself, with a scenario.
    pub async fn of(scenario: &str) -> Self {
        let mut site = Self::only("info").await;
        site.play(scenario).await;
        site
    }

    pub async fn play(&mut self, scenario: &str) {
        for exchange in Exchange::read_folder(&folder(scenario)).unwrap() {
            let mock = self.mount(&exchange).expect(1).create_async().await;
            self.mocks.push(mock);
        }
    }

    pub fn builder(&self) -> OptimaClientBuilder {
        OptimaClient::builder(self.server.url())
            .key(KEY)
            .retry(RetryPolicy { attempts: 1, ..RetryPolicy::default() })
            .clock(self.clock.clone())
    }

    pub fn client(&self) -> OptimaClient {
        self.builder().build().unwrap()
    }

    /// Every exchange of the scenario took place, once.
    pub async fn done(self) {
        for mock in &self.mocks {
            mock.assert_async().await;
        }
    }

    fn mount(&mut self, exchange: &Exchange) -> Mock {
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
        if !headers.contains_key("authorization") && !path.ends_with("/session") {
            mock = mock.match_header("authorization", format!("Bearer {KEY}").as_str());
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

fn folder(scenario: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/optima").join(scenario)
}
