//! Connections: loopback only, with or without TLS, closed on command.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, channel};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::{debug, warn};

use crate::running::Port;

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Reads an address to listen on; nothing but loopback will do.
pub(crate) fn loopback(text: &str) -> anyhow::Result<SocketAddr> {
    let text = text.trim();
    let address = match text.strip_prefix("localhost:").map(str::parse) {
        Some(Ok(port)) => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port),
        _ => text.parse().with_context(|| format!("'{text}' is not an address with a port, as 127.0.0.1:0"))?,
    };
    ensure!(address.ip().is_loopback(), "simulators listen on loopback only, and {address} is not loopback");
    Ok(address)
}

/// An order to the listener.
pub(crate) enum Order {
    /// Closes all connections but the one that asked, refuses new ones for a while.
    Restart { down: Duration, spare: Option<Connection> },
    /// Another certificate from the next connection on.
    Certificate(TlsAcceptor),
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Restart { .. } => "Restart",
            Self::Certificate(_) => "Certificate",
        })
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}

/// A handle that closes one connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connection(Arc<Closing>);

#[derive(Debug, Default)]
struct Closing {
    closed: AtomicBool,
    wakers: Mutex<[Option<Waker>; 2]>,
}

impl Connection {
    /// Closes the connection without another byte.
    pub(crate) fn close(&self) {
        self.0.close();
    }
}

impl Closing {
    fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        let wakers = std::mem::take(&mut *self.wakers.lock().unwrap_or_else(PoisonError::into_inner));
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    /// Whether the connection is closed; if not, the task is woken when it becomes so.
    fn check(&self, side: usize, context: &Context<'_>) -> io::Result<()> {
        if let Some(slot) = self.wakers.lock().unwrap_or_else(PoisonError::into_inner).get_mut(side) {
            *slot = Some(context.waker().clone());
        }
        if self.closed.load(Ordering::SeqCst) { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}

impl Connected<IncomingStream<'_, Incoming>> for Connection {
    fn connect_info(stream: IncomingStream<'_, Incoming>) -> Self {
        stream.io().connection.clone()
    }
}

/// Where finished connections come from.
#[derive(Debug)]
struct Incoming {
    connections: Receiver<(Stream, SocketAddr)>,
    address: SocketAddr,
}

impl Listener for Incoming {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.connections.recv().await {
            Some(accepted) => accepted,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}

/// One connection.
pub(crate) struct Stream {
    inner: Inner,
    connection: Connection,
}

enum Inner {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    fn inner(self: Pin<&mut Self>) -> Pin<&mut dyn Duplex> {
        match &mut self.get_mut().inner {
            Inner::Plain(stream) => Pin::new(stream),
            Inner::Tls(stream) => Pin::new(stream.as_mut()),
        }
    }
}

trait Duplex: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Duplex for T {}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.connection.0.check(0, context)?;
        self.inner().poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.connection.0.check(1, context)?;
        self.inner().poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.connection.0.check(1, context)?;
        self.inner().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_shutdown(context)
    }
}

/// Serves a router on a port until the future is dropped.
pub(crate) async fn serve_http(port: Port, tls: Option<TlsAcceptor>, orders: UnboundedReceiver<Order>, router: Router) {
    let listener = match TcpListener::from_std(port.listener) {
        Ok(listener) => listener,
        Err(error) => return warn!(%error, "the listener cannot be used"),
    };
    let (connections, incoming) = channel(64);
    let service = router.into_make_service_with_connect_info::<Connection>();
    tokio::spawn(accept_all(listener, port.address, tls, orders, connections));
    let result = axum::serve(Incoming { connections: incoming, address: port.address }, service).await;
    debug!(?result, "serving ended");
}

/// Accepts connections and follows orders until the server stops.
async fn accept_all(
    listener: TcpListener,
    address: SocketAddr,
    mut tls: Option<TlsAcceptor>,
    mut orders: UnboundedReceiver<Order>,
    out: Sender<(Stream, SocketAddr)>,
) {
    let mut listener = Some(listener);
    let mut open: Vec<Weak<Closing>> = Vec::new();
    loop {
        tokio::select! {
            // An order counts for every connection that comes after it.
            biased;
            order = orders.recv() => match order {
                None => return,
                Some(Order::Certificate(acceptor)) => tls = Some(acceptor),
                Some(Order::Restart { down, spare }) => {
                    let spared = |other: &Arc<Closing>| spare.as_ref().is_some_and(|spare| Arc::ptr_eq(&spare.0, other));
                    open.drain(..).filter_map(|known| known.upgrade()).filter(|known| !spared(known)).for_each(|known| known.close());
                    if down > Duration::ZERO {
                        listener = None;
                        tokio::time::sleep(down).await;
                    }
                }
            },
            accepted = accept(listener.as_ref()) => {
                let Ok((stream, peer)) = accepted else { continue };
                let connection = Connection::default();
                open.retain(|known| known.strong_count() > 0);
                open.push(Arc::downgrade(&connection.0));
                tokio::spawn(prepare(stream, peer, connection, tls.clone(), out.clone()));
            }
        }
        if listener.is_none() {
            listener = TcpListener::bind(address).await.ok();
            if listener.is_none() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => Err(io::ErrorKind::NotConnected.into()),
    }
}

async fn prepare(
    stream: TcpStream,
    peer: SocketAddr,
    connection: Connection,
    tls: Option<TlsAcceptor>,
    out: Sender<(Stream, SocketAddr)>,
) {
    let _ = stream.set_nodelay(true);
    let inner = match tls {
        None => Inner::Plain(stream),
        Some(acceptor) => match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Inner::Tls(Box::new(stream)),
            // A client that does not trust the certificate; it knows better than we what went wrong.
            _ => return,
        },
    };
    // Refused only when the server stops.
    let _ = out.send((Stream { inner, connection }, peer)).await;
}
