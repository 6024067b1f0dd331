//! One connection, from the handshake to its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context;
use chrono::Utc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;
use uuid::Uuid;

use super::answer::{self, Reply};
use super::incoming::{Incoming, Patience, read_all};
use super::outgoing::{Sent, send};
use super::pki;
use super::session::Session;
use super::state::{Order, Shared};
use super::wire::element::Element;
use super::wire::parse;
use super::wire::refusal::Code;
use crate::tcp::Wire;
use crate::tls::fingerprint;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long sessions may take to say good-bye when the server closes.
const GOOD_BYE: Duration = Duration::from_millis(500);

/// How long the server listens to what a client still sends after the end, so that it can read why.
const FAREWELL: Duration = Duration::from_secs(1);

/// A timer for longer than this is none.
const MOST_WAITED: Duration = Duration::from_hours(24 * 365);

/// Most records of one push.
const MOST_PUSHED: u64 = 200;

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// All is said.
    Orderly,
    /// Without a word.
    Cut,
}

impl Wire for Shared {
    async fn serve(self: Arc<Self>, stream: TcpStream) -> anyhow::Result<()> {
        serve(stream, self).await
    }

    /// Tells all sessions that the server closes.
    fn closing(&self) -> Duration {
        let mut state = self.lock();
        state.closing = true;
        let wait = state.settings.retry_after_ms();
        state.close(None, "shutdown", Some(wait));
        GOOD_BYE
    }

    fn opening(&self) {
        self.lock().closing = false;
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let stream = timeout(HANDSHAKE, shared.acceptor().accept(stream)).await??;
    let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first).context("no certificate")?;
    let peer = (fingerprint(certificate), pki::not_after(certificate)?);
    let (orders, queue) = unbounded_channel();
    let (session, patience) = {
        let mut state = shared.lock();
        let id = state.world.fresh_uuid();
        let settings = &state.settings;
        let patience = Patience {
            hello: settings.hello_within,
            idle: settings.idle,
            header: settings.header_within,
            payload: settings.payload_within,
            in_flight: usize::from(settings.max_in_flight),
        };
        (Session::new(id, peer, orders, settings), patience)
    };
    let entry = Entry { shared: Arc::clone(&shared), id: session.id };
    let (mut read, write) = tokio::io::split(stream);
    let in_flight = AtomicUsize::new(0);
    let (frames, incoming) = unbounded_channel();
    let mut talk = Talk { write, shared, session, in_flight: &in_flight };
    let end = tokio::select! {
        () = read_all(&mut read, patience, &in_flight, frames) => End::Cut,
        end = talk.run(incoming, queue) => end?,
    };
    drop(entry);
    if end == End::Orderly {
        let _ = timeout(FAREWELL, talk.write.shutdown()).await;
        let _ = timeout(FAREWELL, drain(&mut read)).await;
    }
    Ok(())
}

async fn drain(read: &mut (impl AsyncRead + Unpin)) {
    let mut bytes = [0; 4096];
    while read.read(&mut bytes).await.is_ok_and(|count| count > 0) {}
}

/// A session's entry among the open ones; it goes with the connection.
struct Entry {
    shared: Arc<Shared>,
    id: Uuid,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.shared.lock().live.retain(|live| live.id != self.id);
    }
}

struct Talk<'a, W> {
    write: W,
    shared: Arc<Shared>,
    session: Session,
    in_flight: &'a AtomicUsize,
}

impl<W: AsyncWrite + Unpin> Talk<'_, W> {
    async fn run(
        &mut self,
        mut incoming: UnboundedReceiver<Incoming>,
        mut orders: UnboundedReceiver<Order>,
    ) -> anyhow::Result<End> {
        let mut changes = self.shared.changes();
        let lifetime = (self.session.not_after - Utc::now()).to_std().unwrap_or_default();
        let expiry = tokio::time::sleep(lifetime.min(MOST_WAITED));
        tokio::pin!(expiry);
        loop {
            let end = tokio::select! {
                biased;
                Some(order) = orders.recv() => self.follow(&order).await?,
                () = &mut expiry => self.close("client-expired", None).await?,
                Some(incoming) = incoming.recv() => self.take(incoming).await?,
                Ok(()) = changes.changed() => None,
                else => Some(End::Cut),
            };
            if let Some(end) = end {
                return Ok(end);
            }
            if let Some(end) = self.push().await? {
                return Ok(end);
            }
        }
    }

    async fn follow(&mut self, order: &Order) -> anyhow::Result<Option<End>> {
        self.close(order.reason, order.retry_after_ms).await
    }

    async fn take(&mut self, incoming: Incoming) -> anyhow::Result<Option<End>> {
        match incoming {
            Incoming::Payload(payload) => self.request(&payload).await,
            Incoming::Bad(refusal) => self.reply(Reply::fatal(refusal), "").await,
            Incoming::Idle => self.close("idle", None).await,
            Incoming::Overflow => self.close("overflow", None).await,
            Incoming::Silent | Incoming::Gone => Ok(Some(End::Cut)),
        }
    }

    async fn request(&mut self, payload: &[u8]) -> anyhow::Result<Option<End>> {
        let complaint = self.complaint(payload).await?;
        let (reply, message) = match parse::document(payload) {
            Err(unread) => {
                let attributable = matches!(unread.refusal.code, Code::XmlLimit | Code::Schema);
                match unread.id.filter(|_| attributable && self.session.client.is_some()) {
                    Some(id) => {
                        self.session.last_id = self.session.last_id.max(id);
                        (Reply::refused(id, unread.refusal), String::new())
                    }
                    None => (Reply::fatal(unread.refusal), String::new()),
                }
            }
            Ok(root) => match answer::envelope(root) {
                Err(reply) => (reply, String::new()),
                Ok(request) => {
                    let message = request.body.name.clone();
                    let text = String::from_utf8_lossy(payload);
                    let reply = answer::answer(&mut self.shared.lock(), &mut self.session, &request, &text, complaint);
                    (reply, message)
                }
            },
        };
        let delay = self.shared.lock().faults.delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let end = self.reply(reply, &message).await?;
        // What one session has done the others push.
        self.shared.wake();
        Ok(end)
    }

    /// In strict mode: what the schema has against a payload.
    async fn complaint(&self, payload: &[u8]) -> anyhow::Result<Option<String>> {
        if self.shared.strict.is_none() {
            return Ok(None);
        }
        let (shared, payload) = (Arc::clone(&self.shared), payload.to_vec());
        let asking = move || shared.strict.as_ref().map_or(Ok(None), |strict| strict.complaint(&payload));
        tokio::task::spawn_blocking(asking).await?
    }

    async fn reply(&mut self, reply: Reply, message: &str) -> anyhow::Result<Option<End>> {
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        if reply.lost {
            return Ok(Some(End::Cut));
        }
        if reply.mute {
            return Ok(None);
        }
        let (status, body) = match reply.result {
            Ok(body) => ("ok", body),
            Err(refusal) => ("error", refusal.element()),
        };
        // A hello that went well has a client now.
        let close = reply.close && body.name != "Welcome";
        let root = Element::root("Response").with("re", reply.re).with("status", status).holding([body]);
        Ok(match send(&mut self.write, &self.shared, message, &root).await? {
            Sent::Last => Some(End::Cut),
            Sent::Well if close => Some(End::Orderly),
            Sent::Well => None,
        })
    }

    async fn notice(&mut self, body: Element) -> anyhow::Result<Sent> {
        self.session.notices += 1;
        let name = body.name.clone();
        let root = Element::root("Notice").with("n", self.session.notices).holding([body]);
        Ok(send(&mut self.write, &self.shared, &name, &root).await?)
    }

    async fn close(&mut self, reason: &str, retry_after_ms: Option<u32>) -> anyhow::Result<Option<End>> {
        let body = Element::new("Closing").with("reason", reason).with_some("retryAfterMs", retry_after_ms);
        self.notice(body).await?;
        Ok(Some(End::Orderly))
    }

    /// Sends what the subscriptions are due.
    async fn push(&mut self) -> anyhow::Result<Option<End>> {
        for at in 0..self.session.subscriptions.len() {
            while let Some(due) = self.due(at) {
                let (body, overflow) = due;
                if overflow {
                    return self.close("overflow", None).await;
                }
                if let Some(body) = body
                    && self.notice(body).await? == Sent::Last
                {
                    return Ok(Some(End::Cut));
                }
            }
        }
        Ok(None)
    }

    /// The next batch of a subscription, if there is one; or that its place in the log is gone.
    fn due(&mut self, at: usize) -> Option<(Option<Element>, bool)> {
        let mut state = self.shared.lock();
        let known = self.session.subscriptions.get_mut(at)?;
        let (first, next) = state.world.bounds(known.stream);
        if known.epoch != state.world.epoch {
            // The order to close is on its way.
            return None;
        }
        if known.sent + 1 < first {
            return Some((None, true));
        }
        let room = known.window.saturating_sub(known.sent - known.acknowledged).min(MOST_PUSHED);
        if room == 0 || known.sent + 1 >= next {
            return None;
        }
        let batch = answer::batch(&mut state, known.stream, known.sent, room, true);
        known.sent = batch.last;
        Some(((!batch.empty).then_some(batch.element), false))
    }
}
