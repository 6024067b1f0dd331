//! Everything about a client is checked in `build()`; nothing is sent.

use super::{
    clock::{Clock, SystemClock},
    http_client::{Core, HttpClient},
    pace::Pace,
    record::Recorder,
    retry::RetryPolicy,
    server_clock::ServerClock,
    sign_in::SignIn,
    token::TokenSource,
    transport::{NetTransport, Transport},
};
use crate::{Error, ErrorKind, Trust};
use http::HeaderValue;
use std::{path::PathBuf, sync::Arc, sync::atomic::AtomicU64, time::Duration};
use url::Url;

/// How long anything may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Name, connection and TLS handshake.
    pub connect: Duration,
    /// Between two pieces of an answer.
    pub read: Duration,
    /// A whole call with its waits and repeats, unless the caller gives a deadline.
    pub whole: Duration,
}

impl Default for Timeouts {
    /// 10 seconds to connect, 30 to read on, 120 in all.
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), read: Duration::from_secs(30), whole: Duration::from_mins(2) }
    }
}

/// Settings of an [`HttpClient`].
#[derive(Debug)]
#[must_use = "a builder does nothing before `build`"]
pub struct HttpClientBuilder {
    base: String,
    label: Option<String>,
    user_agent: (String, String),
    trust: Trust,
    timeouts: Timeouts,
    retry: RetryPolicy,
    pace: Pace,
    largest_answer: usize,
    tokens: Option<Arc<dyn TokenSource>>,
    transport: Option<Arc<dyn Transport>>,
    record_to: Option<PathBuf>,
    clock: Arc<dyn Clock>,
}

impl HttpClientBuilder {
    pub(crate) fn new(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            label: None,
            user_agent: (env!("CARGO_PKG_NAME").to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            trust: Trust::default(),
            timeouts: Timeouts::default(),
            retry: RetryPolicy::default(),
            pace: Pace::default(),
            largest_answer: NetTransport::LARGEST_ANSWER,
            tokens: None,
            transport: None,
            record_to: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// Name of the server in logs; without one the host name.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Who calls, as the server sees it.
    pub fn user_agent(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.user_agent = (name.into(), version.into());
        self
    }

    /// Which certificates are believed.
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// How long anything may take.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// How often failures are repeated.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// How fast the server may be called.
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Bytes of the largest answer that is read (64 MiB).
    pub fn largest_answer(mut self, bytes: usize) -> Self {
        self.largest_answer = bytes;
        self
    }

    /// Who signs in; without one, calls carry no token.
    pub fn tokens(mut self, tokens: Arc<dyn TokenSource>) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Another road than the network, for replay and tests; trust, timeouts of connections and the size limit are
    /// then that road's business.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Writes every exchange to this folder, without its secrets; see [`Recorder`].
    pub fn record_to(mut self, folder: impl Into<PathBuf>) -> Self {
        self.record_to = Some(folder.into());
        self
    }

    /// Another clock, for tests.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Checks everything; sends nothing.
    ///
    /// # Errors
    /// `Config`, saying which setting is wrong.
    pub fn build(self) -> Result<HttpClient, Error> {
        let base = base(&self.base)?;
        let (name, version) = &self.user_agent;
        let user_agent = HeaderValue::from_str(&format!("{name}/{version}"))
            .map_err(|e| config("name and version of the user agent cannot be sent in a header").with_source(e))?;
        let Timeouts { connect, read, whole } = self.timeouts;
        if connect.is_zero() || read.is_zero() || whole.is_zero() {
            return Err(config("a timeout of zero leaves no time to answer"));
        }
        let bucket = self.pace.main_bucket().ok_or_else(|| config("the pace must allow more than no call"))?;
        let mut transport = match self.transport {
            Some(transport) => transport,
            None => Arc::new(NetTransport::new(&base, &self.trust, self.timeouts, self.largest_answer)?),
        };
        if let Some(folder) = self.record_to {
            transport = Arc::new(Recorder::new(transport, folder)?);
        }
        Ok(HttpClient::from_core(Core {
            label: self.label.unwrap_or_else(|| base.host_str().unwrap_or_default().to_owned()),
            base,
            user_agent,
            trust: self.trust,
            timeouts: self.timeouts,
            retry: self.retry,
            bucket,
            sign_in_bucket: self.pace.sign_in_bucket(),
            sign_in: self.tokens.map(SignIn::new),
            transport,
            clock: self.clock,
            server_clock: ServerClock::default(),
            requests: AtomicU64::new(0),
        }))
    }
}

fn base(text: &str) -> Result<Url, Error> {
    let url = Url::parse(text.trim()).map_err(|e| config("the base address is not a URL").with_source(e))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(config("the base address must begin with http:// or https:// and name a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(config("the base address must not hold a user or password; they have settings of their own"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(config("the base address must not hold a query or a fragment"));
    }
    Ok(url)
}

fn config(message: &'static str) -> Error {
    Error::new(ErrorKind::Config, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(builder: HttpClientBuilder) -> String {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        error.to_string()
    }

    #[test]
    fn wrong_settings_are_told_apart() {
        let start = || HttpClient::builder("http://h.example");
        assert!(refused(HttpClient::builder("h.example:80")).contains("http://"));
        assert!(refused(HttpClient::builder("not a url")).contains("not a URL"));
        assert!(refused(HttpClient::builder("https://u:p@h.example")).contains("password"));
        assert!(refused(HttpClient::builder("https://h.example/?a=b")).contains("query"));
        assert!(refused(start().user_agent("a\nb", "1")).contains("user agent"));
        assert!(
            refused(start().timeouts(Timeouts { read: Duration::ZERO, ..Timeouts::default() })).contains("timeout")
        );
        assert!(refused(start().pace(Pace { burst: 0, ..Pace::default() })).contains("pace"));
        assert!(
            refused(HttpClient::builder("https://h.example").trust(Trust::PinnedSha256(vec![]))).contains("pinned")
        );
    }

    #[test]
    fn a_password_in_the_address_is_not_repeated() {
        assert!(!refused(HttpClient::builder("https://u:hunter2@h.example")).contains("hunter2"));
    }

    #[test]
    fn the_label_is_the_host_unless_given() {
        assert_eq!(HttpClient::builder("http://h.example:81").build().unwrap().label(), "h.example");
        assert_eq!(HttpClient::builder("http://h.example").label("hq").build().unwrap().label(), "hq");
    }
}
