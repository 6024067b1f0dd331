//! The client, and the fixed order in which a call goes out.

use super::{
    builder::{HttpClientBuilder, Timeouts},
    clock::Clock,
    deadline::Deadline,
    pace::Bucket,
    retry::RetryPolicy,
    server_clock::ServerClock,
    sign_in::SignIn,
    token::Token,
    transport::{OperationName, Transport},
};
use crate::{Error, ErrorKind, Operation, Phase, Replay, Trust, redact, retry_after};
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header, response::Parts};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tracing::{Instrument, debug, debug_span};
use url::Url;

/// Sends [`Operation`]s to one vendor server.
///
/// Every call passes the same stations: span → deadline → rate limit → retry (sign-in → log → send). Clones are cheap
/// and share connections, sign-in and pace. Nothing runs in the background.
#[derive(Clone)]
pub struct HttpClient {
    core: Arc<Core>,
}

/// Wishes for one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendOptions {
    /// Time for the whole call with its waits and repeats; `None` takes [`Timeouts::whole`].
    pub deadline: Option<Duration>,
    /// Whether failures may be repeated here; off for a caller with its own bookkeeping of attempts.
    pub retry: bool,
}

impl Default for SendOptions {
    fn default() -> Self {
        Self { deadline: None, retry: true }
    }
}

impl HttpClient {
    /// Starts a client for the server at this base address.
    pub fn builder(base_url: &str) -> HttpClientBuilder {
        HttpClientBuilder::new(base_url)
    }

    pub(crate) fn from_core(core: Core) -> Self {
        Self { core: Arc::new(core) }
    }

    /// Sends a call and reads its answer.
    ///
    /// # Errors
    /// Whatever [`Operation::response`] makes of the answer; `Unavailable` when none came and nothing can have been
    /// applied, `OutcomeUnknown` when a write was sent and may have been applied; what the sign-in failed with.
    ///
    /// # Cancel safety
    /// A dropped call may have been applied. A dropped sign-in is done again by the next caller.
    pub async fn send<O: Operation>(&self, operation: &O) -> Result<O::Output, Error> {
        self.send_with(operation, SendOptions::default()).await
    }

    /// Sends a call with its own deadline, or without repeats.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_with<O: Operation>(&self, operation: &O, options: SendOptions) -> Result<O::Output, Error> {
        self.core.call(Lane::Main, operation, options).await
    }

    /// Gets a token now, unless there is a good one; without a token source there is nothing to do.
    ///
    /// # Errors
    /// What the sign-in failed with.
    pub async fn sign_in(&self) -> Result<(), Error> {
        self.token().await.map(|_| ())
    }

    /// The token that is good now, for a road that is not HTTP, such as a web socket.
    ///
    /// # Errors
    /// What the sign-in failed with.
    pub async fn token(&self) -> Result<Option<Arc<Token>>, Error> {
        match &self.core.sign_in {
            Some(sign_in) => sign_in.token(&self.core, self.core.timeouts.whole, None).await.map(Some),
            None => Ok(None),
        }
    }

    /// Base address of the server.
    pub fn base(&self) -> &Url {
        &self.core.base
    }

    /// The name this server has in logs.
    pub fn label(&self) -> &str {
        &self.core.label
    }

    /// Which certificates are believed.
    pub fn trust(&self) -> &Trust {
        &self.core.trust
    }

    /// How many requests went out, sign-ins and repeats included.
    pub fn request_count(&self) -> u64 {
        self.core.requests.load(Ordering::Relaxed)
    }

    /// What the server's clock shows now, as the `Date` of its latest answers tells it; `None` where no answer of the last
    /// ten minutes had one.
    ///
    /// Right to half a second and half of the time that the quickest answer took. The time since is counted by the steady
    /// clock: compare it with whatever clock matters.
    pub fn server_time(&self) -> Option<DateTime<Utc>> {
        self.core.server_clock.time(self.core.clock.now()).map(DateTime::from)
    }

    /// How far the server's clock is ahead of this machine's; negative where it is behind. Known as far as
    /// [`server_time`](Self::server_time).
    pub fn clock_difference(&self) -> Option<TimeDelta> {
        Some(self.server_time()? - DateTime::<Utc>::from(self.core.clock.wall()))
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("label", &self.core.label)
            .field("base", &redact::url_without_values(&self.core.base))
            .finish_non_exhaustive()
    }
}

/// Which bucket a call waits at, and whether it carries a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    Main,
    SignIn,
}

/// What clones share.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) base: Url,
    pub(crate) label: String,
    pub(crate) user_agent: HeaderValue,
    pub(crate) trust: Trust,
    pub(crate) timeouts: Timeouts,
    pub(crate) retry: RetryPolicy,
    pub(crate) bucket: Bucket,
    pub(crate) sign_in_bucket: Bucket,
    pub(crate) sign_in: Option<SignIn>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) server_clock: ServerClock,
    pub(crate) requests: AtomicU64,
}

impl Core {
    pub(crate) async fn call<O: Operation>(
        self: &Arc<Self>,
        lane: Lane,
        operation: &O,
        options: SendOptions,
    ) -> Result<O::Output, Error> {
        let span = debug_span!("http_call", operation = O::NAME, server = %self.label);
        let deadline = Deadline::new(self.clock.clone(), options.deadline.unwrap_or(self.timeouts.whole));
        let call = Call { core: self, lane, name: O::NAME, deadline, renewed: false, attempt: 0, doubt: false };
        let retry = if options.retry { self.retry } else { RetryPolicy::never() };
        // Boxed, because a sign-in is a call inside a call.
        let work: std::pin::Pin<Box<dyn Future<Output = _> + Send + '_>> = Box::pin(call.run(operation, retry));
        work.instrument(span).await
    }

    fn bucket(&self, lane: Lane) -> &Bucket {
        match lane {
            Lane::Main => &self.bucket,
            Lane::SignIn => &self.sign_in_bucket,
        }
    }
}

/// One call with all its attempts.
struct Call<'a> {
    core: &'a Arc<Core>,
    lane: Lane,
    name: &'static str,
    deadline: Deadline,
    /// A token was refused and replaced already.
    renewed: bool,
    attempt: u32,
    /// An earlier attempt may have been applied.
    doubt: bool,
}

/// A failed attempt; `last` says that no repeat can help.
struct Failed {
    error: Error,
    last: bool,
}

impl Call<'_> {
    async fn run<O: Operation>(mut self, operation: &O, retry: RetryPolicy) -> Result<O::Output, Error> {
        let request = operation.request(&self.core.base).map_err(|e| e.with_operation(self.name))?;
        let request = self.dress(request);
        loop {
            self.attempt += 1;
            let Failed { error, last } = match self.attempt(operation, &request).await {
                Ok(output) => return Ok(output),
                Err(failed) => failed,
            };
            let wait = if last { None } else { retry.wait(self.attempt, O::REPLAY, &error) };
            let error = if last { error } else { judge(error, O::REPLAY) };
            let Some(wait) = wait.filter(|wait| *wait < self.deadline.remaining()) else {
                return Err(self.end(error));
            };
            self.doubt |= error.may_have_been_applied();
            debug!(attempt = self.attempt, kind = %error.kind(), wait_ms = millis(wait), "trying again");
            if self.deadline.sleep(wait).await.is_err() {
                return Err(self.end(error));
            }
        }
    }

    /// The last error, with the doubt that an earlier attempt left.
    fn end(&self, error: Error) -> Error {
        let error = match (self.doubt, error.is_transient()) {
            (true, true) => error.with_kind(ErrorKind::OutcomeUnknown),
            (true, false) => error.with_may_have_been_applied(true),
            (false, _) => error,
        };
        error.with_operation(self.name)
    }

    /// Adds what every request of this client carries.
    fn dress(&self, mut request: Request<Vec<u8>>) -> Request<Vec<u8>> {
        let agent = self.core.user_agent.clone();
        request.headers_mut().entry(header::USER_AGENT).or_insert(agent);
        request.extensions_mut().insert(OperationName(self.name));
        request
    }

    async fn attempt<O: Operation>(&mut self, operation: &O, request: &Request<Vec<u8>>) -> Result<O::Output, Failed> {
        self.turn().await.map_err(last)?;
        let token = self.token(None).await.map_err(last)?;
        let mut answer = self.exchange(request, token.as_ref()).await.map_err(retryable)?;
        if let Some(refused) = token.filter(|_| answer.status() == StatusCode::UNAUTHORIZED && !self.renewed) {
            // The server did not look at a request whose token it refused, so even a door command may be sent again.
            self.renewed = true;
            let token = self.token(Some(&refused)).await.map_err(last)?;
            self.turn().await.map_err(last)?;
            answer = self.exchange(request, token.as_ref()).await.map_err(retryable)?;
        }
        let (parts, body) = answer.into_parts();
        operation.response(&parts, &body).map_err(|error| retryable(self.answered(error, &parts)))
    }

    async fn turn(&self) -> Result<(), Error> {
        let core = self.core;
        core.bucket(self.lane).turn(|| core.clock.now(), &self.deadline).await
    }

    async fn token(&self, refused: Option<&Arc<Token>>) -> Result<Option<Arc<Token>>, Error> {
        let Some(sign_in) = self.core.sign_in.as_ref().filter(|_| self.lane == Lane::Main) else { return Ok(None) };
        let work = sign_in.token(self.core, self.deadline.remaining(), refused);
        self.deadline.bound(Phase::NotSent, work).await.map(Some)
    }

    async fn exchange(
        &self,
        request: &Request<Vec<u8>>,
        token: Option<&Arc<Token>>,
    ) -> Result<Response<Vec<u8>>, Error> {
        let mut request = request.clone();
        if let Some(token) = token {
            token.sign(&mut request)?;
        }
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let started = self.core.clock.now();
        let result = self.deadline.bound(Phase::Sent, self.core.transport.round_trip(request)).await;
        let ended = self.core.clock.now();
        let elapsed_ms = millis(ended.saturating_duration_since(started));
        if !matches!(&result, Err(error) if error.phase() == Phase::NotSent) {
            self.core.requests.fetch_add(1, Ordering::Relaxed);
        }
        if let Ok(answer) = &result {
            self.core.server_clock.note(answer.headers(), started, ended);
        }
        match &result {
            Ok(answer) => debug!(
                attempt = self.attempt,
                %method,
                path,
                status = answer.status().as_u16(),
                request_id = request_id(answer.headers()),
                elapsed_ms,
                "answered"
            ),
            Err(error) => debug!(attempt = self.attempt, %method, path, kind = %error.kind(), elapsed_ms, "no answer"),
        }
        result
    }

    /// Completes an error that an operation made of an answer, and pauses everybody when the server asks for it.
    fn answered(&self, error: Error, parts: &Parts) -> Error {
        let mut error = if error.status().is_none() { error.with_status(parts.status) } else { error };
        if let Some(id) = request_id(&parts.headers) {
            error = error.with_request_id(id);
        }
        if error.is_transient()
            && let Some(wait) = retry_after(&parts.headers, self.core.clock.wall())
        {
            error = error.with_retry_after(wait);
        }
        if let (ErrorKind::RateLimited, Some(wait)) = (error.kind(), error.retry_after()) {
            self.core.bucket(self.lane).pause(self.core.clock.now(), wait);
        }
        error
    }
}

/// Says of a write what may have become of it.
fn judge(error: Error, replay: Replay) -> Error {
    if replay == Replay::Safe {
        return error;
    }
    match (error.phase(), error.status()) {
        (Phase::Sent, _) => error.with_kind(ErrorKind::OutcomeUnknown),
        (Phase::Answered, Some(status)) if status.is_success() => {
            let unread = matches!(error.kind(), ErrorKind::Protocol | ErrorKind::TooLarge);
            error.with_may_have_been_applied(unread)
        }
        // 503 says "not now"; the other failures inside may come after the deed.
        (Phase::Answered, Some(status))
            if status.is_server_error()
                && status != StatusCode::SERVICE_UNAVAILABLE
                && error.kind() == ErrorKind::Unavailable =>
        {
            error.with_kind(ErrorKind::OutcomeUnknown)
        }
        _ => error,
    }
}

fn last(error: Error) -> Failed {
    Failed { error, last: true }
}

fn retryable(error: Error) -> Failed {
    Failed { error, last: false }
}

fn request_id(headers: &HeaderMap) -> Option<&str> {
    let value = ["x-request-id", "request-id", "x-correlation-id"].iter().find_map(|name| headers.get(*name))?;
    value.to_str().ok().filter(|id| id.len() <= 128)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
