//! Accepts connections and follows orders until the end.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tracing::debug;

use super::connection;
use super::state::Shared;

/// How long sessions may take to say good-bye.
const FAREWELL: Duration = Duration::from_millis(500);

/// How often a site in a folder is kept, and its registry read again.
const TICK: Duration = Duration::from_secs(1);

/// An order to the listener, and who waits for it to be done.
pub(super) enum Task {
    /// Cut all connections.
    Cut(mpsc::Sender<()>),
    /// Close all sessions with a reason, and the port.
    Pause(mpsc::Sender<()>),
    /// Open the port again.
    Resume(mpsc::Sender<()>),
    /// Show another certificate from the next connection on.
    Certificate(TlsAcceptor, mpsc::Sender<()>),
    Stop,
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Cut(_) => "Cut",
            Self::Pause(_) => "Pause",
            Self::Resume(_) => "Resume",
            Self::Certificate(..) => "Certificate",
            Self::Stop => "Stop",
        })
    }
}

pub(super) async fn serve(
    listener: TcpListener,
    address: SocketAddr,
    mut acceptor: TlsAcceptor,
    shared: Arc<Shared>,
    mut tasks: UnboundedReceiver<Task>,
) {
    let mut listener = tokio::net::TcpListener::from_std(listener).ok();
    let mut connections = JoinSet::new();
    let mut kept = 0;
    let mut tick = tokio::time::interval(TICK);
    let in_folder = shared.lock().folder.is_some();
    loop {
        tokio::select! {
            biased;
            task = tasks.recv() => match task {
                None | Some(Task::Stop) => break,
                Some(Task::Cut(done)) => {
                    connections.shutdown().await;
                    let _ = done.send(());
                }
                Some(Task::Pause(done)) => {
                    listener = None;
                    good_bye(&shared);
                    end(&mut connections).await;
                    let _ = done.send(());
                }
                Some(Task::Resume(done)) => {
                    shared.lock().closing = false;
                    listener = open(address).await;
                    let _ = done.send(());
                }
                Some(Task::Certificate(other, done)) => {
                    acceptor = other;
                    let _ = done.send(());
                }
            },
            _ = tick.tick(), if in_folder => kept = keep(&shared, kept),
            Some(ended) = connections.join_next() => debug!(?ended, "a connection ended"),
            Some(Ok((stream, _))) = accept(listener.as_ref()) => {
                let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
                connections.spawn(async move {
                    if let Err(error) = connection::serve(stream, acceptor, shared).await {
                        debug!(%error, "a connection ended badly");
                    }
                });
            }
        }
    }
    drop(listener);
    good_bye(&shared);
    end(&mut connections).await;
}

/// Reads the registry again, and writes the site if it has changed since.
fn keep(shared: &Shared, kept: u64) -> u64 {
    let now = *shared.changes().borrow();
    let mut state = shared.lock();
    let result = state.read_clients().and_then(|()| if now == kept { Ok(()) } else { state.keep_world() });
    match result {
        Ok(()) => now,
        Err(error) => {
            debug!(%error, "the folder could not be used");
            kept
        }
    }
}

/// Tells all sessions that the server closes.
fn good_bye(shared: &Shared) {
    let mut state = shared.lock();
    state.closing = true;
    let wait = state.settings.retry_after_ms();
    state.close(None, "shutdown", Some(wait));
}

/// Waits for connections to end, and ends those that do not.
async fn end(connections: &mut JoinSet<()>) {
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if timeout(FAREWELL, all_ended).await.is_err() {
        connections.shutdown().await;
    }
}

/// Takes the port again, which the system may hold back for a moment.
async fn open(address: SocketAddr) -> Option<tokio::net::TcpListener> {
    for _ in 0..50 {
        if let Ok(listener) = tokio::net::TcpListener::bind(address).await {
            return Some(listener);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    None
}

async fn accept(listener: Option<&tokio::net::TcpListener>) -> Option<std::io::Result<(TcpStream, SocketAddr)>> {
    match listener {
        Some(listener) => Some(listener.accept().await),
        None => std::future::pending().await,
    }
}
