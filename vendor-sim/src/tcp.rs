//! What simulators with a wire of their own on TCP share: a task for each connection, and a port that closes on command.

use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::debug;

use crate::running::Port;

/// A server with a wire of its own.
pub(crate) trait Wire: Send + Sync + 'static {
    /// Serves a connection until it ends.
    fn serve(self: Arc<Self>, stream: TcpStream) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// The port closes: says so to whoever is connected, and how long they may take to leave.
    fn closing(&self) -> Duration {
        Duration::ZERO
    }

    /// The port opens again.
    fn opening(&self) {}
}

/// An order to the port.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    /// Cut all connections.
    Cut,
    /// End all connections and close the port.
    Pause,
    /// Open the port again.
    Resume,
}

/// Gives orders to a port.
#[derive(Debug, Clone)]
pub(crate) struct Orders(UnboundedSender<(Order, mpsc::Sender<()>)>);

/// The orders that a port has to follow, and who waits for each to be done.
pub(crate) type Queue = UnboundedReceiver<(Order, mpsc::Sender<()>)>;

impl Orders {
    pub(crate) fn new() -> (Self, Queue) {
        let (orders, queue) = unbounded_channel();
        (Self(orders), queue)
    }

    /// Gives an order and waits until it is done; false if the server has ended, which does nothing more.
    pub(crate) fn give(&self, order: Order) -> bool {
        let (done, wait) = mpsc::channel();
        self.0.send((order, done)).is_ok() && wait.recv().is_ok()
    }
}

/// Accepts connections and follows orders until the simulator is stopped.
pub(crate) async fn serve<W: Wire>(port: Port, wire: Arc<W>, mut orders: Queue, mut stopped: oneshot::Receiver<()>) {
    let mut listener = TcpListener::from_std(port.listener).ok();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = &mut stopped => break,
            Some((order, done)) = orders.recv() => {
                match order {
                    Order::Cut => connections.shutdown().await,
                    Order::Pause => {
                        listener = None;
                        end(&mut connections, wire.closing()).await;
                    }
                    Order::Resume => {
                        wire.opening();
                        listener = open(port.address).await;
                    }
                }
                // Who gave the order may have left.
                let _ = done.send(());
            }
            Some(ended) = connections.join_next() => debug!(?ended, "a connection ended"),
            Some(Ok((stream, _))) = accept(listener.as_ref()) => {
                let wire = Arc::clone(&wire);
                connections.spawn(async move {
                    if let Err(error) = wire.serve(stream).await {
                        debug!(%error, "a connection ended badly");
                    }
                });
            }
        }
    }
    drop(listener);
    end(&mut connections, wire.closing()).await;
}

/// Waits for connections to end, and ends those that do not.
async fn end(connections: &mut JoinSet<()>, patience: Duration) {
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if timeout(patience, all_ended).await.is_err() {
        connections.shutdown().await;
    }
}

/// Takes the port again, which the system may hold back for a moment.
async fn open(address: SocketAddr) -> Option<TcpListener> {
    for _ in 0..50 {
        if let Ok(listener) = TcpListener::bind(address).await {
            return Some(listener);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    None
}

async fn accept(listener: Option<&TcpListener>) -> Option<std::io::Result<(TcpStream, SocketAddr)>> {
    match listener {
        Some(listener) => Some(listener.accept().await),
        None => std::future::pending().await,
    }
}
