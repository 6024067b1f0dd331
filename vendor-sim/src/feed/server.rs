//! The road of a call: fault, answer, the way out.

use std::collections::BTreeMap;
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
use tokio_rustls::TlsAcceptor;

use super::answer::{Answer, Leaving, answer};
use super::control;
use super::faults::{Fault, fault_for};
use super::log::RequestLog;
use super::world::World;
use crate::call::Call;
use crate::listen::{Connection, Order};
use crate::tls::Tls;

/// Largest body taken.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// Everything behind the lock.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) world: World,
    pub(super) faults: Vec<Fault>,
    pub(super) log: RequestLog,
    pub(super) snapshots: BTreeMap<String, World>,
    pub(super) tls: Option<Tls>,
    /// Calendars sent so far.
    pub(super) answers: u64,
    /// Hash of each page and since when it has been so.
    pub(super) versions: BTreeMap<String, (String, DateTime<Utc>)>,
}

impl Server {
    /// Makes another certificate; gives the acceptor for the connections to come.
    pub(super) fn regenerate_certificate(&mut self) -> anyhow::Result<TlsAcceptor> {
        Tls::renew(self.tls.as_mut())
    }
}

/// The server as its tasks share it.
#[derive(Debug)]
pub(super) struct Shared {
    server: Mutex<Server>,
    orders: UnboundedSender<Order>,
}

impl Shared {
    pub(super) fn new(world: World, tls: Option<Tls>, orders: UnboundedSender<Order>) -> Arc<Self> {
        let server = Server {
            world,
            faults: Vec::new(),
            log: RequestLog::default(),
            snapshots: BTreeMap::new(),
            tls,
            answers: 0,
            versions: BTreeMap::new(),
        };
        Arc::new(Self { server: Mutex::new(server), orders })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn order(&self, order: Order) {
        // The listener is gone only when the whole server stops.
        let _ = self.orders.send(order);
    }
}

/// Takes every request.
pub(super) async fn serve(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return status_only(413);
    };
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let call = Call::new(&parts, body);
    if call.segments.first().is_some_and(|first| first == "__control") {
        return controlled(&shared, connection, &call);
    }
    let (place, fault) = {
        let mut server = shared.lock();
        let now = server.world.now();
        (server.log.note(&call), fault_for(&mut server.faults, &call, &query, now))
    };
    if let Some(delay) = fault.as_ref().map(|fault| fault.delay_ms).filter(|delay| *delay > 0) {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    let answer = {
        let mut server = shared.lock();
        let answer = answer(&mut server, &call, &query, fault.as_ref());
        let status = if answer.leaving == Leaving::Never { 0 } else { answer.status };
        server.log.answered(place, status, answer.body.len());
        answer
    };
    if answer.leaving == Leaving::Never {
        connection.close();
    }
    response(answer)
}

/// Answers a control call; whoever asks for a restart hears the answer before the connection goes.
fn controlled(shared: &Shared, connection: Connection, call: &Call) -> Response {
    let (content_type, bytes, status) = {
        let reply = control::answer(shared, connection, call);
        let status = reply.status;
        let (content_type, bytes) = reply.render(false);
        (content_type, bytes, status)
    };
    let mut answer = Response::new(Body::from(bytes));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    set(&mut answer, header::CONTENT_TYPE, content_type);
    if call.segments.get(1).is_some_and(|segment| segment == "restart") {
        set(&mut answer, header::CONNECTION, "close");
    }
    answer
}

fn response(answer: Answer) -> Response {
    let bytes = Bytes::from(answer.body);
    let body = match answer.leaving {
        Leaving::Cut(at) => cut(bytes.slice(..at.min(bytes.len()))),
        _ if answer.chunked => Body::from_stream(futures::stream::iter([Ok::<_, std::io::Error>(bytes.clone())])),
        _ => Body::from(bytes.clone()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        set(&mut response, name, &value);
    }
    if matches!(answer.leaving, Leaving::Cut(_)) && !answer.chunked {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    }
    response
}

/// The first part of a body; then the connection breaks.
fn cut(part: Bytes) -> Body {
    let broken = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "cut off");
    // The pause lets the first part leave before the connection goes.
    let end = async move {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err::<Bytes, _>(broken)
    };
    Body::from_stream(futures::stream::once(async move { Ok(part) }).chain(futures::stream::once(end)))
}

fn status_only(status: u16) -> Response {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer
}

fn set(answer: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().append(name, value);
    }
}
