//! The way to a server of mail: its name, the connection, its protection.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use connector_http::TlsFailure;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig};

use super::smtp::{Failure, Step};

/// Longest time for one address of a server.
const PATIENCE_PER_ADDRESS: Duration = Duration::from_secs(10);

/// A server, and how long it may take for one answer.
pub(super) struct Reach<'a> {
    pub(super) server: &'a str,
    pub(super) port: u16,
    pub(super) tls: &'a Arc<ClientConfig>,
    pub(super) patience: Duration,
}

pub(super) async fn look_up(to: &Reach<'_>) -> Result<Vec<SocketAddr>, Failure> {
    let found = timeout(to.patience, lookup_host((to.server, to.port))).await;
    let none = || Failure::nothing(Step::Name, "the host name has no address");
    let addresses: Vec<_> = found.map_err(|_| late(Step::Name))?.map_err(|_| none())?.collect();
    if addresses.is_empty() { Err(none()) } else { Ok(addresses) }
}

pub(super) async fn connect(to: &Reach<'_>, addresses: &[SocketAddr]) -> Result<(TcpStream, SocketAddr), Failure> {
    let mut last = late(Step::Connect);
    for address in addresses {
        match timeout(to.patience.min(PATIENCE_PER_ADDRESS), TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok((stream, *address)),
            Ok(Err(error)) => last = cut(Step::Connect, &error),
            Err(_) => {}
        }
    }
    Err(last)
}

pub(super) async fn encrypt<S>(to: &Reach<'_>, stream: S) -> Result<TlsStream<S>, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let name = ServerName::try_from(to.server.to_owned())
        .map_err(|_| Failure::nothing(Step::Tls, "the server's name cannot stand in a certificate"))?;
    let shaken = timeout(to.patience, TlsConnector::from(to.tls.clone()).connect(name, stream)).await;
    shaken.map_err(|_| late(Step::Tls))?.map_err(|error| {
        let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let Some(cause) = cause.map(TlsFailure::from) else { return cut(Step::Tls, &error) };
        let mut failure = Failure::nothing(Step::Tls, cause.to_string());
        if let TlsFailure::PinMismatch { seen } = cause {
            failure.seen = Some(seen);
        }
        failure
    })
}

pub(super) fn late(step: Step) -> Failure {
    Failure::nothing(step, "no answer in time")
}

pub(super) fn cut(step: Step, error: &io::Error) -> Failure {
    Failure::nothing(
        step,
        match error.kind() {
            io::ErrorKind::ConnectionRefused => "nothing listens on that port".to_owned(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => "the connection was cut".to_owned(),
            _ => error.to_string(),
        },
    )
}
