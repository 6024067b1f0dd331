//! Which calls came in.

use std::collections::BTreeMap;

use http::{HeaderMap, header};
use serde::Serialize;

use crate::call::Call;

/// One call that came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoggedRequest {
    /// Method.
    pub method: String,
    /// Path as it was sent.
    pub path: String,
    /// `GET /ical?i=180001`: method, path and parameters but the secret.
    pub shape: String,
    /// Headers that matter for a feed; of cookies and sign-ins only that there is one.
    pub headers: BTreeMap<String, String>,
    /// Status of the answer; 0 if none was sent.
    pub status: u16,
    /// Length of the body that was to be sent.
    pub length: usize,
}

/// All calls so far.
#[derive(Debug, Default)]
pub(super) struct RequestLog {
    entries: Vec<LoggedRequest>,
    forgotten: usize,
}

impl RequestLog {
    /// Notes a call, gives its place for [`RequestLog::answered`].
    pub(super) fn note(&mut self, call: &Call) -> usize {
        let shown: Vec<String> = call
            .query
            .iter()
            .filter(|(name, _)| !["k", "icskey"].contains(&name.to_lowercase().as_str()))
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mark = if shown.is_empty() { "" } else { "?" };
        self.entries.push(LoggedRequest {
            method: call.method.to_string(),
            path: call.path.clone(),
            shape: format!("{} {}{mark}{}", call.method, call.path, shown.join("&")),
            headers: headers(&call.headers),
            status: 0,
            length: 0,
        });
        self.forgotten + self.entries.len() - 1
    }

    pub(super) fn answered(&mut self, place: usize, status: u16, length: usize) {
        if let Some(entry) = place.checked_sub(self.forgotten).and_then(|at| self.entries.get_mut(at)) {
            (entry.status, entry.length) = (status, length);
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

fn headers(sent: &HeaderMap) -> BTreeMap<String, String> {
    let open = [
        header::ACCEPT,
        header::ACCEPT_ENCODING,
        header::USER_AGENT,
        header::IF_NONE_MATCH,
        header::IF_MODIFIED_SINCE,
        header::HOST,
    ];
    let secret = [header::AUTHORIZATION, header::COOKIE];
    let text =
        |name: &header::HeaderName| sent.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let mut found: BTreeMap<String, String> =
        open.iter().filter_map(|name| Some((name.to_string(), text(name)?))).collect();
    found.extend(secret.iter().filter(|name| sent.contains_key(*name)).map(|name| (name.to_string(), "(sent)".into())));
    found
}
