//! Which calls came in.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::call::Call;

/// One call that came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoggedRequest {
    /// Method.
    pub method: String,
    /// Path as it was sent.
    pub path: String,
    /// `GET /api/v1/users/{id}`: method and path in small letters, numbers left out.
    pub shape: String,
    /// Parameters but tokens.
    pub query: Vec<(String, String)>,
    /// Status of the answer; 0 if none was sent.
    pub status: u16,
}

/// All calls so far.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    entries: Vec<LoggedRequest>,
    forgotten: usize,
}

impl RequestLog {
    /// Notes a call, gives its place for [`RequestLog::answered`].
    pub(crate) fn note(&mut self, call: &Call) -> usize {
        let secret = |name: &str| name.eq_ignore_ascii_case("token") || name.eq_ignore_ascii_case("connectionToken");
        self.entries.push(LoggedRequest {
            method: call.method.to_string(),
            path: call.path.clone(),
            shape: call.shape(),
            query: call.query.iter().filter(|(name, _)| !secret(name)).cloned().collect(),
            status: 0,
        });
        self.forgotten + self.entries.len() - 1
    }

    pub(crate) fn answered(&mut self, place: usize, status: u16) {
        if let Some(entry) = place.checked_sub(self.forgotten).and_then(|at| self.entries.get_mut(at)) {
            entry.status = status;
        }
    }

    pub(crate) fn entries(&self) -> &[LoggedRequest] {
        &self.entries
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for entry in &self.entries {
            *counts.entry(entry.shape.clone()).or_insert(0) += 1;
        }
        counts
    }

    pub(crate) fn clear(&mut self) {
        self.forgotten += self.entries.len();
        self.entries.clear();
    }
}
