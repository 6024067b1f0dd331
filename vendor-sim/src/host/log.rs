//! Which calls came in.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::call::Call;
use super::vendor::Vendor;

/// One call that came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// When it came, by the simulator's clock.
    pub at: DateTime<Utc>,
    /// Method.
    pub method: String,
    /// Path as it was sent.
    pub path: String,
    /// How it is counted: `GET /users/{id}`.
    pub shape: String,
    /// Parameters but secret ones.
    pub query: Vec<(String, String)>,
    /// Headers in small letters, but those that carry secrets.
    pub headers: BTreeMap<String, String>,
    /// Status of the answer; 0 if none was sent (yet).
    pub status: u16,
}

impl LoggedRequest {
    /// A query parameter, by name without case.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// All calls so far.
#[derive(Debug, Default)]
pub(super) struct RequestLog {
    entries: Vec<LoggedRequest>,
    forgotten: usize,
}

impl RequestLog {
    /// Notes a call, gives its place for [`RequestLog::answered`].
    pub(super) fn note<V: Vendor>(&mut self, call: &Call) -> usize {
        let secret = |name: &str| V::SECRET_PARAMETERS.iter().any(|known| known.eq_ignore_ascii_case(name));
        self.entries.push(LoggedRequest {
            at: call.arrived,
            method: call.method.to_string(),
            path: call.path.clone(),
            shape: V::shape(call),
            query: call.query.iter().filter(|(name, _)| !secret(name)).cloned().collect(),
            headers: headers(call),
            status: 0,
        });
        self.forgotten + self.entries.len() - 1
    }

    pub(super) fn answered(&mut self, place: usize, status: u16) {
        if let Some(entry) = place.checked_sub(self.forgotten).and_then(|at| self.entries.get_mut(at)) {
            entry.status = status;
        }
    }

    pub(super) fn entries(&self) -> &[LoggedRequest] {
        &self.entries
    }

    pub(super) fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for entry in &self.entries {
            *counts.entry(entry.shape.clone()).or_insert(0) += 1;
        }
        counts
    }

    pub(super) fn clear(&mut self) {
        self.forgotten += self.entries.len();
        self.entries.clear();
    }
}

fn headers(call: &Call) -> BTreeMap<String, String> {
    let secret =
        |name: &str| ["auth", "cookie", "key", "token", "secret", "session"].iter().any(|word| name.contains(word));
    let readable = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())).filter(|(name, _)| !secret(name))
    };
    call.headers.iter().filter_map(readable).collect()
}
