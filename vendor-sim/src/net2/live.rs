//! Classic SignalR: negotiate, connect, start, ping, abort.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use serde_json::json;
use tokio::sync::mpsc::UnboundedReceiver;

use super::server::{Server, Shared};
use crate::call::{Answer, Call, Refusal, Reply};

/// How often an idle connection hears from the server.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Whether a path opens the web socket.
pub(crate) fn is_connect(path: &str) -> bool {
    matches!(path.trim_end_matches('/').to_lowercase().as_str(), "/signalr/connect" | "/signalr/reconnect")
}

/// The steps without a web socket.
pub(crate) fn answer(server: &mut Server, call: &Call, rest: &[&str]) -> Answer {
    allowed(server, call)?;
    let token = call.param("connectionToken");
    match rest {
        ["negotiate"] => Ok(negotiated(server)),
        ["start"] if token.is_some_and(|token| server.hub.knows(token)) => {
            Ok(Reply::plain(200, json!({ "Response": "started" })))
        }
        ["ping"] => Ok(Reply::plain(200, json!({ "Response": "pong" }))),
        ["abort"] => {
            if let Some(token) = token {
                server.hub.close(token);
            }
            Ok(Reply::empty(200))
        }
        ["start"] => Err(Refusal::invalid("The connection is unknown.")),
        _ => Err(Refusal::missing()),
    }
}

/// The web socket.
pub(crate) async fn connect(shared: &Arc<Shared>, parts: &mut Parts) -> Response {
    let call = Call::new(parts, Bytes::new());
    let opened = {
        let mut server = shared.lock();
        let place = server.log.note(&call);
        let opened = open(&mut server, &call);
        server.log.answered(place, opened.as_ref().map_or_else(|refusal| refusal.status, |_| 101));
        opened
    };
    let (token, receiver) = match opened {
        Ok(opened) => opened,
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
            return (status, refusal.message).into_response();
        }
    };
    match WebSocketUpgrade::from_request_parts(parts, &()).await {
        Ok(upgrade) => {
            let shared = Arc::clone(shared);
            upgrade.on_upgrade(move |socket| talk(shared, token, socket, receiver))
        }
        Err(rejection) => rejection.into_response(),
    }
}

fn open(server: &mut Server, call: &Call) -> Result<(String, UnboundedReceiver<String>), Refusal> {
    allowed(server, call)?;
    if server.world.switches.websocket_off {
        return Err(Refusal::invalid("Web sockets are not available."));
    }
    let token = call.param("connectionToken").unwrap_or_default();
    let receiver = server.hub.open(token).ok_or_else(|| Refusal::invalid("The connection is unknown."))?;
    Ok((token.to_owned(), receiver))
}

/// A token in the query or in the header.
fn allowed(server: &Server, call: &Call) -> Result<(), Refusal> {
    let now = server.world.now();
    let known = |token: &str| server.sessions.operator(token, now).is_some();
    if call.param("token").is_some_and(known) || call.bearer.as_deref().is_some_and(known) {
        return Ok(());
    }
    Err(Refusal::new(401, "Authorization has been denied for this request."))
}

fn negotiated(server: &mut Server) -> Reply {
    let token = server.hub.negotiate();
    let id: String = token.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
    Reply::plain(
        200,
        json!({
            "Url": "/signalr",
            "ConnectionToken": token,
            "ConnectionId": id,
            "KeepAliveTimeout": 20.0,
            "DisconnectTimeout": 30.0,
            "ConnectionTimeout": 110.0,
            "TryWebSockets": !server.world.switches.websocket_off,
            "ProtocolVersion": "1.5",
            "TransportConnectTimeout": 5.0,
            "LongPollDelay": 0.0,
        }),
    )
}

async fn talk(shared: Arc<Shared>, token: String, mut socket: WebSocket, mut outgoing: UnboundedReceiver<String>) {
    let mut alive = tokio::time::interval(KEEP_ALIVE);
    alive.reset();
    loop {
        let text = tokio::select! {
            text = outgoing.recv() => match text {
                Some(text) => text,
                // Closed from the server's side: a restart, an abort.
                None => break,
            },
            frame = socket.recv() => match frame {
                Some(Ok(Message::Text(frame))) => {
                    let mut server = shared.lock();
                    let server = &mut *server;
                    match server.hub.invoke(&token, frame.as_str(), &server.world) {
                        Some(answer) => answer,
                        None => continue,
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => continue,
            },
            _ = alive.tick() => "{}".to_owned(),
        };
        if socket.send(Message::Text(text.into())).await.is_err() {
            break;
        }
    }
    shared.lock().hub.close(&token);
}
