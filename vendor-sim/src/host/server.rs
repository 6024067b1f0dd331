//! The road of a call: log, fault, answer, the way out.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use http::{HeaderName, HeaderValue, StatusCode, header};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Notify, watch};
use tokio_rustls::TlsAcceptor;

use super::call::Call;
use super::control;
use super::faults::{Fault, FaultKind, fault_for};
use super::log::RequestLog;
use super::reply::{Leaving, Reply};
use super::vendor::Vendor;
use crate::listen::{Connection, Order};
use crate::tls::Tls;

/// Largest body taken.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

/// A date as headers spell it.
const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// Everything behind the lock.
#[derive(Debug)]
pub(super) struct Server<V: Vendor> {
    pub(super) world: V::World,
    pub(super) faults: Vec<Fault>,
    pub(super) log: RequestLog,
    pub(super) snapshots: BTreeMap<String, V::World>,
    pub(super) tls: Option<Tls>,
}

impl<V: Vendor> Server<V> {
    pub(super) fn now(&mut self) -> DateTime<Utc> {
        V::clock(&mut self.world).now()
    }

    /// Makes another certificate; gives the acceptor for the connections to come.
    pub(super) fn regenerate_certificate(&mut self) -> anyhow::Result<TlsAcceptor> {
        Tls::renew(self.tls.as_mut())
    }
}

/// The server as its tasks share it.
#[derive(Debug)]
pub(super) struct Shared<V: Vendor> {
    server: Mutex<Server<V>>,
    orders: UnboundedSender<Order>,
    calls: AtomicU64,
    /// Counts up when the world may have changed: whoever waits looks again.
    changes: watch::Sender<u64>,
    /// Woken when the server may have something to send itself.
    pub(super) errands: Notify,
}

impl<V: Vendor> Shared<V> {
    pub(super) fn new(world: V::World, tls: Option<Tls>, orders: UnboundedSender<Order>) -> Arc<Self> {
        let server = Server { world, faults: Vec::new(), log: RequestLog::default(), snapshots: BTreeMap::new(), tls };
        Arc::new(Self {
            server: Mutex::new(server),
            orders,
            calls: AtomicU64::new(0),
            changes: watch::Sender::new(0),
            errands: Notify::new(),
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Server<V>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn order(&self, order: Order) {
        // The listener is gone only when the whole server stops.
        let _ = self.orders.send(order);
    }

    /// The world may have changed.
    pub(super) fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
        self.errands.notify_one();
    }

    pub(super) fn restart(&self, down: Duration, spare: Option<Connection>) {
        V::restarted(&mut self.lock().world);
        self.order(Order::Restart { down, spare });
        self.changed();
    }
}

/// Takes every request.
pub(super) async fn serve<V: Vendor>(
    State(shared): State<Arc<Shared<V>>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return response(Reply::error_page(413, "Request Entity Too Large"));
    };
    let id = shared.calls.fetch_add(1, Ordering::Relaxed) + 1;
    let call = Call::new(id, &parts, body, shared.lock().now());
    // A caller that leaves must not stop what it asked for.
    let work = tokio::spawn(handle(Arc::clone(&shared), connection.clone(), call));
    let reply = work.await.unwrap_or_else(|_| Reply::error_page(500, "Internal Server Error"));
    if reply.leaving == Leaving::Never {
        connection.close();
    }
    response(reply)
}

async fn handle<V: Vendor>(shared: Arc<Shared<V>>, connection: Connection, call: Call) -> Reply {
    if call.segments.first().is_some_and(|first| first == "__control") {
        return control::answer(&shared, connection, &call);
    }
    let (place, fault) = {
        let mut server = shared.lock();
        V::arrived(&mut server.world, &call);
        (server.log.note::<V>(&call), fault_for(&mut server.faults, &call))
    };
    let wait = Duration::from_millis(fault.as_ref().map_or(0, |fault| fault.delay_ms));
    pause(wait).await;
    let reply = carried_out(&shared, &call, fault.as_ref()).await;
    pause(reply.delay).await;
    let reply = {
        let mut server = shared.lock();
        V::left(&mut server.world, &call);
        server.log.answered(place, if reply.leaving == Leaving::Never { 0 } else { reply.status });
        if reply.has_header("Date") {
            reply
        } else {
            let date = server.now().format(HTTP_DATE).to_string();
            reply.header("Date", &date)
        }
    };
    shared.changed();
    reply
}

async fn pause(wait: Duration) {
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
}

async fn carried_out<V: Vendor>(shared: &Shared<V>, call: &Call, fault: Option<&Fault>) -> Reply {
    let Some(fault) = fault else { return answered(shared, call).await };
    let mut reply = match fault.kind {
        FaultKind::Error => match &fault.body {
            Some(body) => Reply::bytes(fault.status, &fault.content_type, body.as_str()),
            None => V::failure(&mut shared.lock().world, call, fault.status),
        },
        FaultKind::Html => fault.body.as_deref().map_or_else(
            || Reply::error_page(fault.status, "Service Unavailable"),
            |body| Reply::html(fault.status, body),
        ),
        FaultKind::DropRequest => Reply::dropped(),
        FaultKind::Restart => {
            shared.restart(Duration::ZERO, None);
            Reply::dropped()
        }
        FaultKind::Delay => answered(shared, call).await,
        FaultKind::DropReply => {
            answered(shared, call).await;
            Reply::dropped()
        }
        FaultKind::Truncate => {
            let reply = answered(shared, call).await;
            let at = fault.at.unwrap_or(reply.body.len() / 2);
            reply.cut_at(at)
        }
    };
    for (name, value) in &fault.headers {
        reply.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        reply = reply.header(name, value);
    }
    reply
}

/// The vendor's answer, waited for as long as it says "later".
async fn answered<V: Vendor>(shared: &Shared<V>, call: &Call) -> Reply {
    let mut changes = shared.changes.subscribe();
    loop {
        changes.mark_unchanged();
        let (reply, left) = {
            let mut server = shared.lock();
            let reply = V::answer(&mut server.world, call);
            let Some(until) = reply.later else { return reply };
            let frozen = V::clock(&mut server.world).is_frozen();
            (reply, (!frozen).then(|| (until - server.now()).to_std().unwrap_or_default()))
        };
        shared.errands.notify_one();
        let change = changes.changed();
        match left {
            None => drop(change.await),
            // The millisecond brings the clock past the moment.
            Some(left) => drop(tokio::time::timeout(left + Duration::from_millis(1), change).await),
        }
        drop(reply);
    }
}

fn response(reply: Reply) -> Response {
    let bytes = Bytes::from(reply.body);
    let cut = matches!(reply.leaving, Leaving::Cut(_));
    let body = match reply.leaving {
        Leaving::Cut(at) => broken_off(bytes.slice(..at.min(bytes.len()))),
        _ => Body::from(bytes.clone()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            response.headers_mut().append(name, value);
        }
    }
    if cut {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    }
    response
}

/// The first part of a body; then the connection breaks.
fn broken_off(part: Bytes) -> Body {
    let broken = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "cut off");
    // The pause lets the first part leave before the connection goes.
    let end = async move {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err::<Bytes, _>(broken)
    };
    Body::from_stream(futures::stream::once(async move { Ok(part) }).chain(futures::stream::once(end)))
}
