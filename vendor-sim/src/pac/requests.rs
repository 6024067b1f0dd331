//! The requests so far.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

/// So many are remembered.
const REMEMBERED: usize = 100_000;

/// A request and what it was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoggedRequest {
    /// When, by the server's clock.
    pub at: DateTime<Utc>,
    /// The client's name; empty before it is known.
    pub client: String,
    /// As `PersonPut`; empty if the payload could not be read.
    pub message: String,
    /// Its number.
    pub id: u32,
    /// Key of a write.
    pub key: Option<String>,
    /// The error, if it was answered with one.
    pub error: Option<u16>,
    /// Whether the answer was a stored one.
    pub replayed: bool,
    /// The payload.
    pub payload: String,
}

/// All of them, oldest first.
#[derive(Debug, Default)]
pub(super) struct Requests(std::collections::VecDeque<LoggedRequest>);

impl Requests {
    pub(super) fn push(&mut self, request: LoggedRequest) {
        if self.0.len() >= REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(request);
    }

    pub(super) fn all(&self) -> Vec<LoggedRequest> {
        self.0.iter().cloned().collect()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for request in &self.0 {
            *counts.entry(request.message.clone()).or_default() += 1;
        }
        counts
    }
}
