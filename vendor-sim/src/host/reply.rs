//! What is sent back.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

/// An answer: any status, any headers, any bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// Status.
    pub status: u16,
    /// Headers in their order.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    pub(super) leaving: Leaving,
    pub(super) later: Option<DateTime<Utc>>,
    pub(super) delay: Duration,
}

/// How an answer leaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Leaving {
    #[default]
    Whole,
    /// So many bytes of it, then the connection breaks.
    Cut(usize),
    /// The connection closes without an answer.
    Never,
}

impl Reply {
    /// JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::bytes(status, "application/json; charset=utf-8", body.to_string())
    }

    /// Plain text.
    pub fn text(status: u16, body: &str) -> Self {
        Self::bytes(status, "text/plain; charset=utf-8", body)
    }

    /// HTML as it is.
    pub fn html(status: u16, page: &str) -> Self {
        Self::bytes(status, "text/html", page)
    }

    /// The error page of a server in front.
    pub fn error_page(status: u16, title: &str) -> Self {
        let page = format!(
            "<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n<center><h1>{status} {title}</h1></center>\r\n\
             <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        Self::html(status, &page)
    }

    /// Any bytes of any type.
    pub fn bytes(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..Self::empty(status).header("Content-Type", content_type) }
    }

    /// No body.
    pub fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// Not yet: the vendor is asked again after every change of the world, at the latest when its clock shows `until`.
    ///
    /// [`Call::arrived`](super::Call::arrived) says since when the caller waits. While the clock stands still, only a
    /// change brings the answer. What the vendor changed in the world before it said "later" stays changed.
    pub fn later(until: DateTime<Utc>) -> Self {
        Self { later: Some(until), ..Self::empty(503) }
    }

    /// The connection closes without an answer.
    pub fn dropped() -> Self {
        Self { leaving: Leaving::Never, ..Self::empty(500) }
    }

    /// With one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Only so many bytes of the body arrive, then the connection breaks.
    pub fn cut_at(mut self, bytes: usize) -> Self {
        self.leaving = Leaving::Cut(bytes);
        self
    }

    /// The answer takes so long, by the time of this machine; the call counts as in flight meanwhile.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Whether a header is among those set here.
    pub fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }
}
