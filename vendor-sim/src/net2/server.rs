//! The road of a call: fault, sign-in, resource, answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body as AxumBody;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures::StreamExt;
use http::{HeaderValue, Method, header};
use tokio::sync::mpsc::UnboundedSender;
use tokio_rustls::TlsAcceptor;

use super::faults::{Fault, FaultKind, fault_for};
use super::hub::Hub;
use super::log::RequestLog;
use super::session::Sessions;
use super::world::World;
use super::{api, control, live};
use crate::call::{Body, Call, Refusal, Reply};
use crate::listen::{Connection, Order};
use crate::tls::Tls;

/// Largest body taken.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

/// A date as headers spell it.
const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// Everything behind the lock.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) world: World,
    pub(crate) sessions: Sessions,
    pub(crate) faults: Vec<Fault>,
    pub(crate) log: RequestLog,
    pub(crate) hub: Hub,
    pub(crate) snapshots: BTreeMap<String, World>,
    pub(crate) tls: Option<Tls>,
    /// Something may have changed since the state was last saved.
    pub(crate) dirty: bool,
}

impl Server {
    pub(crate) fn new(world: World, tls: Option<Tls>) -> Self {
        Self {
            world,
            sessions: Sessions::default(),
            faults: Vec::new(),
            log: RequestLog::default(),
            hub: Hub::default(),
            snapshots: BTreeMap::new(),
            tls,
            dirty: true,
        }
    }

    /// Does what time brings and tells live connections what is new.
    pub(crate) fn settle(&mut self) {
        self.dirty |= self.world.tick();
        self.hub.deliver(&mut self.world);
    }

    /// Makes another certificate; gives the acceptor for the connections to come.
    pub(crate) fn regenerate_certificate(&mut self) -> anyhow::Result<TlsAcceptor> {
        Tls::renew(self.tls.as_mut())
    }

    /// What a restart loses and what it brings into force.
    pub(crate) fn restart(&mut self) {
        self.sessions.clear();
        self.hub.close_all();
        for licence in self.world.licences.values_mut() {
            licence.waits_for_restart = false;
        }
    }
}

/// The server as its tasks share it.
#[derive(Debug)]
pub(crate) struct Shared {
    server: Mutex<Server>,
    orders: UnboundedSender<Order>,
}

impl Shared {
    pub(crate) fn new(server: Server, orders: UnboundedSender<Order>) -> Arc<Self> {
        Arc::new(Self { server: Mutex::new(server), orders })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn order(&self, order: Order) {
        // The listener is gone only when the whole server stops.
        let _ = self.orders.send(order);
    }
}

/// How an answer leaves.
enum Leaving {
    Whole,
    Half,
    Never,
}

/// Takes every request.
pub(crate) async fn serve(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response {
    let (mut parts, body) = request.into_parts();
    if live::is_connect(parts.uri.path()) {
        return live::connect(&shared, &mut parts).await;
    }
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return response(Reply::html(413, "Request Entity Too Large"), false);
    };
    let call = Call::new(&parts, body);
    // A caller that leaves must not stop what it asked for.
    let work = tokio::spawn(handle(Arc::clone(&shared), connection.clone(), call));
    let Ok((answer, leaving)) = work.await else {
        return response(Reply::html(500, "Internal Server Error"), false);
    };
    match leaving {
        Leaving::Whole => answer,
        Leaving::Half => halved(answer).await,
        Leaving::Never => {
            connection.close();
            answer
        }
    }
}

async fn handle(shared: Arc<Shared>, connection: Connection, call: Call) -> (Response, Leaving) {
    if call.segments.first().is_some_and(|first| first == "__control") {
        return (controlled(&shared, connection, &call), Leaving::Whole);
    }
    let (place, fault) = {
        let mut server = shared.lock();
        let place = server.log.note(&call);
        (place, fault_for(&mut server.faults, &call))
    };
    if let Some(delay) = fault.as_ref().map(|fault| fault.delay_ms).filter(|delay| *delay > 0) {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    let (mut answer, leaving) = carry_out(&shared, &call, fault.as_ref());
    let now = shared.lock().world.now();
    set_header(&mut answer, header::DATE, &now.format(HTTP_DATE).to_string());
    let status = if matches!(leaving, Leaving::Never) { 0 } else { answer.status().as_u16() };
    shared.lock().log.answered(place, status);
    (answer, leaving)
}

/// Answers a control call; whoever asks for a restart hears the answer before the connection goes.
fn controlled(shared: &Shared, connection: Connection, call: &Call) -> Response {
    let mut answer = response(control::answer(shared, connection, call), false);
    if call.segments.get(1).is_some_and(|segment| segment == "restart") {
        set_header(&mut answer, header::CONNECTION, "close");
    }
    answer
}

fn carry_out(shared: &Shared, call: &Call, fault: Option<&Fault>) -> (Response, Leaving) {
    let nothing = || response(Reply::empty(500), false);
    match fault.map(|fault| &fault.kind) {
        Some(FaultKind::Error | FaultKind::Reply) => {
            return (fault.map_or_else(nothing, planned), Leaving::Whole);
        }
        Some(FaultKind::Html502) => return (response(Reply::html(502, "Bad Gateway"), false), Leaving::Whole),
        Some(FaultKind::DropRequest) => return (nothing(), Leaving::Never),
        Some(FaultKind::Restart) => {
            shared.lock().restart();
            shared.order(Order::Restart { down: Duration::ZERO, spare: None });
            return (nothing(), Leaving::Never);
        }
        _ => {}
    }
    let mut server = shared.lock();
    let reply = answer(&mut server, call);
    let write = call.method != Method::GET && !in_authorization(call);
    server.dirty |= write;
    server.settle();
    let pascal = server.world.switches.pascal_case;
    let lost = write && server.world.switches.drop_connection_after_write;
    let leaving = match fault.map(|fault| &fault.kind) {
        Some(FaultKind::DropReply) => Leaving::Never,
        Some(FaultKind::Truncate) => Leaving::Half,
        _ if lost => Leaving::Never,
        _ => Leaving::Whole,
    };
    (response(reply, pascal), leaving)
}

/// Answers a call as the server does without faults.
fn answer(server: &mut Server, call: &Call) -> Reply {
    if server.world.switches.nginx_502 {
        return Reply::html(502, "Bad Gateway");
    }
    server.world.tick();
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let result = match segments.as_slice() {
        ["signalr", rest @ ..] => live::answer(server, call, rest),
        ["api", "v1", "authorization", rest @ ..] => server.sessions.answer(&server.world, call, rest),
        // The list for the sign-in window needs no token.
        ["api", "v1", "operators", rest @ ..] => api::operators(&server.world, call, rest),
        ["api", "v1", rest @ ..] => match signed_in(server, call) {
            Some(operator) => api::answer(&mut server.world, operator, call, rest),
            None => Err(Refusal::new(401, "Authorization has been denied for this request.")),
        },
        _ => Err(Refusal::missing()),
    };
    result.unwrap_or_else(Refusal::into_reply)
}

fn signed_in(server: &Server, call: &Call) -> Option<i64> {
    server.sessions.operator(call.bearer.as_deref()?, server.world.now())
}

fn in_authorization(call: &Call) -> bool {
    call.segments.get(2).is_some_and(|segment| segment == "authorization")
}

/// The answer a fault asks for.
fn planned(fault: &Fault) -> Response {
    let reply = match &fault.body {
        Some(body) => {
            let mut answer = Response::new(AxumBody::from(body.clone()));
            set_status(&mut answer, fault.status);
            set_header(&mut answer, header::CONTENT_TYPE, &fault.content_type);
            answer
        }
        None => response(Refusal::new(fault.status, "Something went wrong.").into_reply(), false),
    };
    with_retry_after(reply, fault)
}

fn with_retry_after(mut answer: Response, fault: &Fault) -> Response {
    if let Some(wait) = &fault.retry_after {
        set_header(&mut answer, header::RETRY_AFTER, wait);
    }
    answer
}

fn response(reply: Reply, pascal_case: bool) -> Response {
    let status = reply.status;
    let bodiless = matches!(reply.body, Body::Empty);
    let (content_type, bytes) = reply.render(pascal_case);
    let mut answer = Response::new(AxumBody::from(bytes));
    set_status(&mut answer, status);
    if !bodiless {
        set_header(&mut answer, header::CONTENT_TYPE, content_type);
    }
    // The front end answers every origin.
    set_header(&mut answer, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    answer
}

fn set_status(answer: &mut Response, status: u16) {
    if let Ok(status) = http::StatusCode::from_u16(status) {
        *answer.status_mut() = status;
    }
}

fn set_header(answer: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}

/// The first half of an answer that claims to be whole; then the stream breaks.
async fn halved(answer: Response) -> Response {
    let (mut parts, body) = answer.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    let half = bytes.slice(..bytes.len() / 2);
    let broken = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "cut off");
    // The pause lets the first half leave before the connection goes.
    let end = async move {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err::<Bytes, _>(broken)
    };
    let pieces = futures::stream::once(async move { Ok(half) }).chain(futures::stream::once(end));
    Response::from_parts(parts, AxumBody::from_stream(pieces))
}
