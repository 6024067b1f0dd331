//! Faults on command.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::pattern::glob;

/// What goes wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultKind {
    /// `status`, with `body` or a small page, and `retry_after`: 429, 500, 503 and alike.
    #[default]
    Error,
    /// The usual answer, after `delay_ms`.
    Delay,
    /// The connection is closed without an answer.
    Drop,
    /// A whole transfer of a body that ends at byte `at`, or in the middle.
    Truncate,
    /// The calendar without its last line.
    WithoutEnd,
    /// As many bytes are announced as the answer has; after byte `at`, or the middle, the connection closes.
    Short,
    /// 200 with a page that asks for a sign-in.
    LoginPage,
    /// 302 to that page.
    LoginRedirect,
    /// `status` (301, 302, 303, 307, 308; 302 if none of them) to `location`, or to where the same feed is served too.
    Redirect,
    /// A valid calendar without events.
    Empty,
    /// What a wrong key gets.
    WrongKey,
    /// 304 without a body, asked for or not.
    NotModified,
    /// A gzip body of `at` bytes once unpacked, all blanks after the calendar.
    Bomb,
}

/// One planned fault: which calls it meets and what it does to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fault {
    /// Path, or path and query where it has a `?`; `*` stands for any text; none meets all. Without case.
    pub path: Option<String>,
    /// First of the matching calls that is met, from 1.
    pub nth: u64,
    /// How many matching calls are met from there; 0 for all.
    pub times: u64,
    /// It meets nothing from this moment of the simulator's clock on.
    pub until: Option<DateTime<Utc>>,
    /// What goes wrong.
    #[serde(rename = "action")]
    pub kind: FaultKind,
    /// Status of `error` and `redirect`.
    pub status: u16,
    /// Body of `error`.
    pub body: Option<String>,
    /// Content type of that body.
    pub content_type: String,
    /// `Retry-After` of that answer: seconds or a date.
    pub retry_after: Option<String>,
    /// Where `redirect` leads.
    pub location: Option<String>,
    /// Byte at which `truncate` and `short` cut, size of `bomb`.
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
            path: None,
            nth: 1,
            times: 1,
            until: None,
            kind: FaultKind::default(),
            status: 500,
            body: None,
            content_type: "text/html; charset=utf-8".to_owned(),
            retry_after: None,
            location: None,
            at: None,
            delay_ms: 0,
            seen: 0,
            fired: 0,
        }
    }
}

impl Fault {
    /// A fault for the next call; [`Fault::times`], [`Fault::path`] and the others narrow or widen it.
    pub fn new(kind: FaultKind) -> Self {
        Self { kind, ..Self::default() }
    }

    /// Meets only calls of this path, or path and query where the pattern has a `?`; `*` stands for any text.
    pub fn path(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
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

    /// Meets all calls before this moment of the simulator's clock.
    pub fn until(mut self, until: DateTime<Utc>) -> Self {
        self.until = Some(until);
        self.times = 0;
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

    /// Sends `Retry-After`.
    pub fn retry_after(mut self, wait: &str) -> Self {
        self.retry_after = Some(wait.to_owned());
        self
    }

    /// Leads there.
    pub fn location(mut self, location: &str) -> Self {
        self.location = Some(location.to_owned());
        self
    }

    /// Cuts at this byte.
    pub fn at(mut self, at: usize) -> Self {
        self.at = Some(at);
        self
    }

    /// Waits first.
    pub fn delay_ms(mut self, delay_ms: u64) -> Self {
        self.delay_ms = delay_ms;
        self
    }

    fn meets(&mut self, call: &Call, query: &str, now: DateTime<Utc>) -> bool {
        let whole = format!("{}?{query}", call.path).to_lowercase();
        let met = self.path.as_deref().map(str::to_lowercase).is_none_or(|pattern| {
            glob(&pattern, if pattern.contains('?') { &whole } else { whole.split('?').next().unwrap_or_default() })
        });
        if !met || self.until.is_some_and(|until| now >= until) {
            return false;
        }
        self.seen += 1;
        let met = self.seen >= self.nth && (self.times == 0 || self.seen - self.nth < self.times);
        self.fired += u64::from(met);
        met
    }
}

/// The first planned fault that meets the call; all that match count it.
pub(super) fn fault_for(faults: &mut [Fault], call: &Call, query: &str, now: DateTime<Utc>) -> Option<Fault> {
    let mut found = None;
    for fault in faults {
        if fault.meets(call, query, now) && found.is_none() {
            found = Some(fault.clone());
        }
    }
    found
}
