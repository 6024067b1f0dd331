//! From nothing to an open connection: negotiate, connect, start.

use std::sync::Arc;
use std::time::Duration;

use connector_http::{Error, ErrorKind, Operation, Phase, Replay, get, join};
use http::response::Parts;
use http::{HeaderValue, Request, header};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use url::Url;

use super::frames::HUB;
use crate::answer;
use crate::client::Net2Client;
use crate::json::{FromJson, Object, Shape};
use crate::route::with_query;

/// A byte stream with or without TLS.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

pub(super) type Socket = WebSocketStream<Box<dyn Io>>;

/// An open connection.
pub(super) struct Connection {
    pub(super) socket: Socket,
    /// After this long without a word, the connection counts as dead.
    pub(super) patience: Duration,
    session: Session,
}

/// What all steps after the first repeat.
#[derive(Clone)]
struct Session {
    token: SecretString,
    connection: SecretString,
}

impl Connection {
    pub(super) async fn open(client: &Net2Client) -> Result<Self, Error> {
        let token = client.http().token().await?;
        let token = token.map(|token| token.access().clone()).unwrap_or_default();
        let negotiated = client.send(&Negotiate(token.clone())).await?;
        if !negotiated.web_sockets {
            return Err(Error::new(ErrorKind::NotFound, "the server offers no web sockets for live events"));
        }
        let session = Session { token, connection: negotiated.token.into() };
        let open = socket(client, &session);
        let socket = tokio::time::timeout(HANDSHAKE, open)
            .await
            .map_err(|_| unavailable("the live connection did not come about in time"))??;
        Ok(Self { socket, patience: negotiated.keep_alive.saturating_mul(2), session })
    }

    /// Tells the server that the connection is in use; it begins to send then.
    pub(super) fn start(&self) -> Start {
        Start(self.session.clone())
    }
}

struct Negotiated {
    token: String,
    web_sockets: bool,
    keep_alive: Duration,
}

impl FromJson for Negotiated {
    fn from_json(value: serde_json::Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        let keep_alive = object.take("KeepAliveTimeout").and_then(|value| value.as_f64());
        let keep_alive = keep_alive.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        Ok(Self {
            token: object.required("ConnectionToken")?,
            web_sockets: object.optional("TryWebSockets")?.unwrap_or(true),
            keep_alive: keep_alive.unwrap_or(KEEP_ALIVE).clamp(Duration::from_secs(1), Duration::from_mins(5)),
        })
    }
}

/// `GET /signalr/negotiate`.
struct Negotiate(SecretString);

impl Operation for Negotiate {
    const NAME: &'static str = "net2.live_negotiate";
    const REPLAY: Replay = Replay::Safe;
    type Output = Negotiated;

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        get(with_query(join(base, &["signalr", "negotiate"])?, &parameters(&self.0, None)))
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<Negotiated, Error> {
        answer::record(parts, body)
    }
}

/// `GET /signalr/start`.
pub(super) struct Start(Session);

impl Operation for Start {
    const NAME: &'static str = "net2.live_start";
    const REPLAY: Replay = Replay::Safe;
    type Output = ();

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        let parameters = parameters(&self.0.token, Some(&self.0.connection));
        get(with_query(join(base, &["signalr", "start"])?, &parameters))
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<(), Error> {
        answer::nothing(parts, body)
    }
}

const CONNECTION_DATA: &str = r#"[{"name":"eventHubLocal"}]"#;

fn parameters<'a>(token: &'a SecretString, connection: Option<&'a SecretString>) -> Vec<(&'static str, &'a str)> {
    debug_assert!(CONNECTION_DATA.contains(HUB), "the hub of the frames is the hub of the connection");
    let mut parameters = vec![("clientProtocol", "1.5"), ("connectionData", CONNECTION_DATA)];
    if let Some(connection) = connection {
        parameters.push(("transport", "webSockets"));
        parameters.push(("connectionToken", connection.expose_secret()));
    }
    parameters.push(("token", token.expose_secret()));
    parameters
}

async fn socket(client: &Net2Client, session: &Session) -> Result<Socket, Error> {
    let base = client.http().base();
    let request = upgrade(base, session)?;
    let stream = stream(client, base).await?;
    let config = WebSocketConfig::default().max_message_size(Some(MOST_BYTES)).max_frame_size(Some(MOST_BYTES));
    let (socket, _) =
        tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await.map_err(refused)?;
    Ok(socket)
}

fn upgrade(base: &Url, session: &Session) -> Result<Request<()>, Error> {
    let config = |text: &'static str| Error::new(ErrorKind::Config, text);
    let url = join(base, &["signalr", "connect"])?;
    let mut url = with_query(url, &parameters(&session.token, Some(&session.connection)));
    let scheme = if base.scheme() == "https" { "wss" } else { "ws" };
    url.set_scheme(scheme).map_err(|()| config("the base address cannot carry a web socket"))?;
    let mut request =
        url.as_str().into_client_request().map_err(|_| config("the live connection cannot be addressed"))?;
    let mut bearer = HeaderValue::from_str(&format!("bearer {}", session.token.expose_secret()))
        .map_err(|_| config("the access token cannot be sent in a header"))?;
    bearer.set_sensitive(true);
    request.headers_mut().insert(header::AUTHORIZATION, bearer);
    Ok(request)
}

async fn stream(client: &Net2Client, base: &Url) -> Result<Box<dyn Io>, Error> {
    let (Some(host), Some(port)) = (base.host_str(), base.port_or_known_default()) else {
        return Err(Error::new(ErrorKind::Config, "the base address names no host"));
    };
    // An IPv6 address stands in brackets in an address, and without them in a name.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, port))
        .await
        .map_err(|error| unavailable("the live connection cannot be made").with_source(error))?;
    if base.scheme() != "https" {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| Error::new(ErrorKind::Config, "the host name cannot be asked for a certificate"))?;
    let connector = TlsConnector::from(Arc::clone(&client.http().trust().client_config()?));
    let stream = connector
        .connect(name, stream)
        .await
        .map_err(|error| unavailable("the live connection cannot be secured").with_source(error))?;
    Ok(Box::new(stream))
}

/// Why the server refused to open the socket. A refused token is no reason to give up: the next try has a fresh one.
fn refused(error: SocketError) -> Error {
    match error {
        SocketError::Http(answer) if answer.status().as_u16() == 404 => {
            Error::new(ErrorKind::NotFound, "the server has no live connections").with_status(answer.status())
        }
        SocketError::Http(answer) => unavailable("the server refused the live connection").with_status(answer.status()),
        SocketError::Protocol(error) => protocol("the server's answer is no web socket").with_source(error),
        _ => unavailable("the live connection broke while it was made"),
    }
}

pub(super) fn unavailable(text: &'static str) -> Error {
    Error::new(ErrorKind::Unavailable, text).with_phase(Phase::Sent)
}

pub(super) fn protocol(text: &'static str) -> Error {
    Error::new(ErrorKind::Protocol, text).with_phase(Phase::Answered)
}

const KEEP_ALIVE: Duration = Duration::from_secs(20);
const HANDSHAKE: Duration = Duration::from_secs(15);
const MOST_BYTES: usize = 4 << 20;
