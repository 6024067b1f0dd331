//! The task itself.

use super::{
    Call, Command, Rules, Shared,
    feed::{Feed, Pushed, StreamState},
    pending::{Pending, Waiting},
};
use crate::{
    model::{CloseReason, LogStream, PacError, PacErrorKind},
    oem1::{
        frame::{self, FrameReader},
        hello, tls,
        wire::{
            Bye, Closing, Incoming, NoticeBody, Ping, Request, RequestBody, Response, ResponseBody, StreamRef, decode,
        },
    },
};
use chrono::Utc;
use std::{collections::HashMap, sync::Arc, sync::atomic::Ordering, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};

const SILENCE: Duration = Duration::from_secs(30);
const PONG: Duration = Duration::from_secs(15);
const LEAVE: Duration = Duration::from_secs(2);

pub(super) struct Run<R, W> {
    reader: FrameReader<R>,
    writer: W,
    rules: Rules,
    shared: Arc<Shared>,
    waiting: Waiting,
    feeds: HashMap<LogStream, Feed>,
    next_id: u32,
    last_sent: Instant,
    /// What the server said on its way out.
    closing: Option<PacError>,
    /// When we hang up even without an answer to our leave-taking.
    leave_by: Option<Instant>,
}

/// Why the loop ends.
type End = PacError;

pub(super) fn waited_too_long() -> PacError {
    PacError::new(PacErrorKind::Busy, "the call waited too long for its turn and was not sent")
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Run<R, W> {
    pub(super) fn new(reader: FrameReader<R>, writer: W, rules: Rules, shared: Arc<Shared>) -> Self {
        Self {
            reader,
            writer,
            rules,
            shared,
            waiting: Waiting::default(),
            feeds: HashMap::new(),
            next_id: 2,
            last_sent: Instant::now(),
            closing: None,
            leave_by: None,
        }
    }

    pub(super) async fn work(mut self, mut queue: mpsc::Receiver<Command>) {
        let end = loop {
            if let Err(end) = self.turn(&mut queue).await {
                break end;
            }
        };
        tracing::debug!(end = %end, "session ended");
        // A reason that the server gave is better than what the broken line looks like.
        let end = self.closing.take().unwrap_or(end);
        let _ = self.shared.end.set(end.clone());
        queue.close();
        self.waiting.lose(&end);
        for stream in [LogStream::Events, LogStream::Changes] {
            self.shared.feeds.set(stream, StreamState::Idle);
        }
        let _ = timeout(LEAVE, self.writer.shutdown()).await;
    }

    async fn turn(&mut self, queue: &mut mpsc::Receiver<Command>) -> Result<(), End> {
        let room = self.waiting.len() < usize::from(self.rules.limits.max_in_flight.max(1));
        let (ping_at, deadline) = (self.ping_at(room), self.waiting.deadline());
        let wake = [ping_at, deadline, self.leave_by].into_iter().flatten().min();
        tokio::select! {
            payload = self.reader.next() => self.arrived(payload?).await,
            command = queue.recv(), if room && self.leave_by.is_none() => match command {
                Some(Command::Call(call)) => self.send(call).await,
                Some(Command::Close(reason)) => self.leave(reason).await,
                None => self.leave(CloseReason::Stop).await,
            },
            () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => self.on_time(deadline).await,
        }
    }

    fn ping_at(&self, room: bool) -> Option<Instant> {
        let idle = Duration::from_secs(u64::from(self.rules.limits.idle_seconds.max(2)) / 2);
        let quiet = room && self.leave_by.is_none() && !self.waiting.any_ping();
        quiet.then(|| self.last_sent + SILENCE.min(idle))
    }

    async fn on_time(&mut self, deadline: Option<Instant>) -> Result<(), End> {
        let now = Instant::now();
        if self.leave_by.is_some_and(|at| at <= now) {
            return Err(closed());
        }
        if deadline.is_some_and(|at| at <= now) {
            return Err(PacError::new(PacErrorKind::Timeout, "the server did not answer in time"));
        }
        let body = RequestBody::Ping(Ping { t: Utc::now().into() });
        self.send(Call { body, key: None, limit: PONG, stale: now + PONG, feed: None, reply: None }).await
    }

    async fn send(&mut self, call: Call) -> Result<(), End> {
        if let Some(closing) = self.closing.clone() {
            call.refuse(closing);
            return Ok(());
        }
        if call.stale < Instant::now() {
            call.refuse(waited_too_long());
            return Ok(());
        }
        let request = Request { id: self.next_id, org: self.rules.organisation, key: call.key, body: call.body };
        let payload = request.encode();
        let bytes = match frame::encode(&payload, self.rules.limits.max_frame) {
            Ok(bytes) => bytes,
            Err(error) => {
                if let Some(reply) = call.reply {
                    let _ = reply.send(Err(error));
                }
                return Ok(());
            }
        };
        let unsubscribes = match &request.body {
            RequestBody::Unsubscribe(StreamRef { stream }) => Some(*stream),
            _ => None,
        };
        self.waiting.push(Pending {
            id: request.id,
            write: request.key.is_some(),
            sent: Utc::now(),
            feed: call.feed,
            unsubscribes,
            ping: matches!(request.body, RequestBody::Ping(_)) && call.reply.is_none(),
            reply: call.reply,
            limit: call.limit,
            since: Instant::now(),
        });
        self.next_id = self.next_id.checked_add(1).ok_or_else(closed)?;
        self.put(&bytes, &payload).await
    }

    async fn put(&mut self, bytes: &[u8], payload: &str) -> Result<(), End> {
        if self.rules.trace_frames {
            tracing::trace!(payload, "sent");
        }
        self.last_sent = Instant::now();
        let written = async {
            self.writer.write_all(bytes).await?;
            self.writer.flush().await
        };
        match timeout(self.rules.request_timeout, written).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(tls::broken(&error).with_source(error)),
            Err(_) => Err(PacError::new(PacErrorKind::Timeout, "the server takes nothing any more")),
        }
    }

    async fn leave(&mut self, reason: CloseReason) -> Result<(), End> {
        let now = Instant::now();
        let body = RequestBody::Bye(Bye { reason: reason.as_str().to_owned() });
        let sent = self.send(Call { body, key: None, limit: LEAVE, stale: now + LEAVE, feed: None, reply: None }).await;
        self.leave_by = Some(now + LEAVE);
        sent
    }

    async fn arrived(&mut self, payload: Option<Vec<u8>>) -> Result<(), End> {
        let Some(payload) = payload else {
            let lost = || PacError::new(PacErrorKind::ConnectionLost, "the server hung up");
            return Err(if self.leave_by.is_some() { closed() } else { lost() });
        };
        if self.rules.trace_frames {
            tracing::trace!(payload = %String::from_utf8_lossy(&payload), "received");
        }
        match decode(&payload) {
            Ok(Incoming::Response(response)) => self.answered(response),
            Ok(Incoming::Notice(notice)) => self.noticed(notice.body).await,
            Err(undecoded) => {
                let one_alone =
                    matches!(undecoded.error.kind(), PacErrorKind::SchemaViolation | PacErrorKind::XmlLimit);
                match undecoded.re.and_then(|id| self.waiting.take(id)) {
                    Some(pending) if one_alone => {
                        pending.answer(Err(undecoded.error));
                        Ok(())
                    }
                    Some(pending) => {
                        pending.answer(Err(undecoded.error.clone()));
                        Err(undecoded.error)
                    }
                    None => Err(undecoded.error),
                }
            }
        }
    }

    fn answered(&mut self, response: Response) -> Result<(), End> {
        if response.re == 0 {
            return Err(match response.body {
                ResponseBody::Error(error) => error.into_error(),
                _ => PacError::new(PacErrorKind::Protocol, "an answer to no request"),
            });
        }
        let Some(mut pending) = self.waiting.take(response.re) else {
            tracing::debug!(re = response.re, "an answer to nothing that waits");
            return Ok(());
        };
        let end = match response.body {
            ResponseBody::Error(error) => {
                let error = error.into_error();
                let end = error.ends_session().then(|| error.clone());
                pending.answer(Err(error));
                end
            }
            body => {
                self.take_note(&mut pending, &body);
                pending.answer(Ok(body));
                None
            }
        };
        match end {
            Some(end) => Err(end),
            None if self.closing.is_some() && self.waiting.len() == 0 => Err(closed()),
            None => Ok(()),
        }
    }

    /// What an answer means for the connection itself.
    fn take_note(&mut self, pending: &mut Pending, body: &ResponseBody) {
        match body {
            ResponseBody::Pong(pong) => {
                let skew = hello::skew(pending.sent, Utc::now(), pong.now.to_utc());
                self.shared.skew_ms.store(skew.num_milliseconds(), Ordering::Relaxed);
            }
            ResponseBody::Subscribed(_) => {
                if let Some((stream, feed)) = pending.feed.take() {
                    self.feeds.insert(stream, feed);
                    self.shared.feeds.set(stream, StreamState::Subscribed);
                }
            }
            ResponseBody::Done(_) => {
                if let Some(stream) = pending.unsubscribes {
                    self.feeds.remove(&stream);
                }
                if self.leave_by.is_some() {
                    self.leave_by = Some(Instant::now());
                }
            }
            _ => {}
        }
    }

    async fn noticed(&mut self, notice: NoticeBody) -> Result<(), End> {
        if let NoticeBody::Closing(closing) = notice {
            self.closing = Some(said_goodbye(&closing));
            return if self.waiting.len() == 0 { Err(closed()) } else { Ok(()) };
        }
        let Some((stream, pushed)) = Pushed::of(notice)? else { return Ok(()) };
        let Some(feed) = self.feeds.get(&stream) else { return Ok(()) };
        match feed.try_send(pushed) {
            Ok(()) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => {
                Err(PacError::new(PacErrorKind::Protocol, "the server pushes more than was asked for"))
            }
            Err(mpsc::error::TrySendError::Closed(_)) => {
                // Nobody listens any more, and the request to stop did not get through.
                self.feeds.remove(&stream);
                self.shared.feeds.set(stream, StreamState::Idle);
                let (now, limit) = (Instant::now(), self.rules.request_timeout);
                let body = RequestBody::Unsubscribe(StreamRef { stream });
                self.send(Call { body, key: None, limit, stale: now + limit, feed: None, reply: None }).await
            }
        }
    }
}

fn closed() -> PacError {
    PacError::new(PacErrorKind::Closed, "the session is closed")
}

fn said_goodbye(closing: &Closing) -> PacError {
    let (kind, text) = match closing.reason.as_str() {
        "client-revoked" => (PacErrorKind::ClientRevoked, "an operator withdrew this client".to_owned()),
        "client-expired" => (PacErrorKind::ClientExpired, "the client's certificate expired".to_owned()),
        "shutdown" => (PacErrorKind::ShuttingDown, "the server goes down".to_owned()),
        reason => {
            let known: String = reason.chars().filter(|c| c.is_ascii_lowercase() || *c == '-').take(32).collect();
            (PacErrorKind::Closing, format!("the server ends the session ({known})"))
        }
    };
    let error = PacError::new(kind, text);
    match closing.retry_after_ms {
        Some(wait) => error.with_retry_after(Duration::from_millis(wait.into())),
        None => error,
    }
}
