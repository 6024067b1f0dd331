//! The task that owns a connection: requests in order, answers to whom they belong, notices to who listens.

mod feed;
mod pending;
mod run;

pub(crate) use feed::{Feed, Pushed, StreamState};

use super::wire::{RequestBody, ResponseBody};
use crate::model::{CloseReason, Limits, LogStream, PacError, PacErrorKind};
use chrono::TimeDelta;
use feed::Feeds;
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use uuid::Uuid;

/// Calls that may wait for their turn.
const WAITING: usize = 32;

/// Settings of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) organisation: u32,
    pub(crate) limits: Limits,
    pub(crate) request_timeout: Duration,
    pub(crate) trace_frames: bool,
}

/// A handle on the task; when all are dropped, the task takes leave and ends.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    commands: mpsc::Sender<Command>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    end: OnceLock<PacError>,
    skew_ms: AtomicI64,
    feeds: Feeds,
}

#[derive(Debug)]
enum Command {
    Call(Call),
    Close(CloseReason),
}

/// A request and who waits for its answer.
#[derive(Debug)]
struct Call {
    body: RequestBody,
    key: Option<Uuid>,
    /// How long to wait for the answer.
    limit: Duration,
    /// After this it is not sent any more.
    stale: Instant,
    /// Where records go once the server has agreed.
    feed: Option<(LogStream, Feed)>,
    reply: Option<oneshot::Sender<Result<ResponseBody, PacError>>>,
}

impl Call {
    /// It is not sent.
    fn refuse(self, error: PacError) {
        if let Some(reply) = self.reply {
            let _ = reply.send(Err(error));
        }
    }
}

impl Link {
    /// Begins the task over what remains of a greeted connection.
    pub(crate) fn begin<R, W>(reader: super::frame::FrameReader<R>, writer: W, rules: Rules, skew: TimeDelta) -> Self
    where
        R: tokio::io::AsyncRead + Unpin + Send + 'static,
        W: tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let (commands, queue) = mpsc::channel(WAITING);
        let shared = Arc::new(Shared {
            end: OnceLock::new(),
            skew_ms: AtomicI64::new(skew.num_milliseconds()),
            feeds: Feeds::default(),
        });
        tokio::spawn(run::Run::new(reader, writer, rules, shared.clone()).work(queue));
        Self { commands, shared }
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn call(
        &self,
        body: RequestBody,
        key: Option<Uuid>,
        limit: Duration,
        stale: Duration,
    ) -> Result<ResponseBody, PacError> {
        self.send(body, key, limit, stale, None).await
    }

    /// Asks for a log to be pushed; what comes is found in the receiver.
    pub(crate) async fn subscribe(
        &self,
        body: RequestBody,
        stream: LogStream,
        window: u16,
        limit: Duration,
    ) -> Result<(ResponseBody, mpsc::Receiver<Pushed>), PacError> {
        let (feed, receiver) = mpsc::channel(window.max(1).into());
        let answer = self.send(body, None, limit, limit, Some((stream, feed))).await?;
        Ok((answer, receiver))
    }

    async fn send(
        &self,
        body: RequestBody,
        key: Option<Uuid>,
        limit: Duration,
        stale: Duration,
        feed: Option<(LogStream, Feed)>,
    ) -> Result<ResponseBody, PacError> {
        let (reply, answer) = oneshot::channel();
        let stale_at = Instant::now() + stale;
        let call = Call { body, key, limit, stale: stale_at, feed, reply: Some(reply) };
        match tokio::time::timeout_at(stale_at, self.commands.send(Command::Call(call))).await {
            Ok(Ok(())) => answer.await.unwrap_or_else(|_| Err(self.ended())),
            Ok(Err(_)) => Err(self.ended()),
            Err(_) => Err(run::waited_too_long()),
        }
    }

    /// Sends without waiting; nothing happens when the queue is full or the connection gone.
    pub(crate) fn mention(&self, body: RequestBody, limit: Duration) {
        let stale = Instant::now() + limit;
        let call = Call { body, key: None, limit, stale, feed: None, reply: None };
        let _ = self.commands.try_send(Command::Call(call));
    }

    /// Takes leave and waits until the connection is gone.
    pub(crate) async fn close(&self, reason: CloseReason) {
        if self.commands.send(Command::Close(reason)).await.is_ok() {
            self.commands.closed().await;
        }
    }

    /// Why there are no answers any more.
    pub(crate) fn end(&self) -> Option<PacError> {
        self.shared.end.get().cloned()
    }

    /// The same, when it is certain that there are none.
    pub(crate) fn ended(&self) -> PacError {
        self.end().unwrap_or_else(|| PacError::new(PacErrorKind::Closed, "the session is closed"))
    }

    pub(crate) fn skew(&self) -> TimeDelta {
        TimeDelta::milliseconds(self.shared.skew_ms.load(Ordering::Relaxed))
    }

    pub(crate) fn stream_state(&self, stream: LogStream) -> StreamState {
        self.shared.feeds.state(stream)
    }

    pub(crate) fn set_stream_state(&self, stream: LogStream, state: StreamState) {
        self.shared.feeds.set(stream, state);
    }
}
