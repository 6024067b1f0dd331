//! Faults on command.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::call::Call;
use crate::pattern::glob;

/// What goes wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultKind {
    /// An error instead of carrying the call out; without a body of its own it has one as the vendor writes them.
    #[default]
    Error,
    /// An error page in HTML instead of carrying the call out.
    Html,
    /// The call waits `delay_ms`, then goes on as usual; it is carried out even if the caller has left.
    Delay,
    /// The connection is closed and nothing carried out.
    DropRequest,
    /// The call is carried out and the connection closed without an answer.
    DropReply,
    /// The call is carried out; a part of the answer arrives, then the connection closes.
    Truncate,
    /// The server restarts: connections and sessions are gone, nothing is carried out.
    Restart,
}

/// One planned fault: which calls it meets and what it does to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Fault {
    /// Method; none meets all.
    pub method: Option<String>,
    /// Path, encoded or not, `*` stands for any text, case does not matter; with a `?` in it: path and query as sent.
    /// None meets all.
    pub path: Option<String>,
    /// First of the matching calls that is met, from 1.
    pub nth: u64,
    /// How many matching calls are met from there; 0 for all.
    pub times: u64,
    /// What goes wrong.
    #[serde(rename = "action")]
    pub kind: FaultKind,
    /// Status of `error` and `html`.
    pub status: u16,
    /// Body of `error` and `html`.
    pub body: Option<String>,
    /// Content type of the body of `error`.
    pub content_type: String,
    /// Headers that the answer gets, whatever the action.
    pub headers: BTreeMap<String, String>,
    /// Where `truncate` cuts; none: in the middle.
    pub at: Option<usize>,
    /// Wait before anything happens.
    pub delay_ms: u64,
    /// How many calls matched so far.
    pub seen: u64,
    /// How many of them were met.
    pub fired: u64,
}

impl Default for Fault {
    fn default() -> Self {
        Self {
            method: None,
            path: None,
            nth: 1,
            times: 1,
            kind: FaultKind::default(),
            status: 500,
            body: None,
            content_type: "application/json".to_owned(),
            headers: BTreeMap::new(),
            at: None,
            delay_ms: 0,
            seen: 0,
            fired: 0,
        }
    }
}

impl Fault {
    /// A fault for every call.
    pub fn new(kind: FaultKind) -> Self {
        Self { kind, ..Self::default() }
    }

    /// A fault for calls of this method and path; `*` in the path stands for any text.
    pub fn on(method: &str, path: &str, kind: FaultKind) -> Self {
        Self { method: Some(method.to_owned()), path: Some(path.to_owned()), ..Self::new(kind) }
    }

    /// Meets the `nth` matching call first.
    pub fn nth(mut self, nth: u64) -> Self {
        self.nth = nth;
        self
    }

    /// Meets this many calls; 0 for all.
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    /// Answers with this status.
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Answers with this body.
    pub fn body(mut self, body: &str) -> Self {
        self.body = Some(body.to_owned());
        self
    }

    /// Answers with this header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Answers with this `Retry-After`.
    pub fn retry_after(self, value: &str) -> Self {
        self.header("Retry-After", value)
    }

    /// Cuts the answer at this byte.
    pub fn at(mut self, at: usize) -> Self {
        self.at = Some(at);
        self
    }

    /// Waits first.
    pub fn delay_ms(mut self, delay_ms: u64) -> Self {
        self.delay_ms = delay_ms;
        self
    }

    fn meets(&mut self, call: &Call) -> bool {
        let method = self.method.as_deref().is_none_or(|method| call.method.as_str().eq_ignore_ascii_case(method));
        if !(method && self.path.as_deref().is_none_or(|path| fits(&path.to_lowercase(), call))) {
            return false;
        }
        self.seen += 1;
        let met = self.seen >= self.nth && (self.times == 0 || self.seen - self.nth < self.times);
        self.fired += u64::from(met);
        met
    }
}

fn fits(pattern: &str, call: &Call) -> bool {
    if pattern.contains('?') {
        return glob(pattern, &format!("{}?{}", call.path, call.raw_query).to_lowercase());
    }
    glob(pattern, &call.path.to_lowercase()) || glob(pattern, &call.plain_path().to_lowercase())
}

/// The first planned fault that meets the call; all that match count it.
pub(super) fn fault_for(faults: &mut [Fault], call: &Call) -> Option<Fault> {
    let mut found = None;
    for fault in faults {
        if fault.meets(call) && found.is_none() {
            found = Some(fault.clone());
        }
    }
    found
}
