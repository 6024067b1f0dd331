//! The running simulator.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use tokio::sync::mpsc::{UnboundedReceiver, channel, unbounded_channel};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use super::faults::Fault;
use super::log::LoggedRequest;
use super::options::FeedOptions;
use super::server::{Shared, serve};
use super::world::{Link, World, seed};
use crate::listen::{Connection, Incoming, Order, accept_all};
use crate::tls::Tls;

/// A running simulator on a thread of its own; dropping it stops it.
#[derive(Debug)]
pub struct FeedSim {
    shared: Arc<Shared>,
    address: SocketAddr,
    tls: bool,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FeedSim {
    /// Starts with the usual venue in the style of Skedda on a free loopback port, without TLS.
    ///
    /// # Errors
    /// As [`FeedOptions::start`].
    pub async fn start() -> anyhow::Result<Self> {
        Self::builder().start().await
    }

    /// The same from code that is not async.
    ///
    /// # Errors
    /// As [`FeedOptions::start`].
    pub fn start_blocking() -> anyhow::Result<Self> {
        Self::builder().start_blocking()
    }

    /// Settings first.
    pub fn builder() -> FeedOptions {
        FeedOptions::default()
    }

    /// `http://127.0.0.1:PORT` or `https://…`.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The whole link of the venue's feed, secret included.
    pub fn feed_url(&self) -> String {
        self.link(Link::Venue).unwrap_or_default()
    }

    /// The whole link of one room's feed, by the room's name; `None` if there is no such room.
    pub fn room_url(&self, room: &str) -> Option<String> {
        let room = self.world(|world| world.room_named(room).map(|room| room.id))?;
        self.link(Link::Room(room))
    }

    /// A whole link; `None` if the style has no such link or the id is unknown.
    pub fn link(&self, link: Link) -> Option<String> {
        self.world(|world| world.path(link)).map(|path| format!("{}{path}", self.url()))
    }

    /// Below this path it takes control calls.
    pub fn control_url(&self) -> String {
        format!("{}/__control", self.url())
    }

    /// SHA-256 of the certificate in small hex letters; `None` without TLS.
    pub fn fingerprint(&self) -> Option<String> {
        self.shared.lock().tls.as_ref().map(|tls| tls.fingerprint.clone())
    }

    /// The certificate as PEM; `None` without TLS.
    pub fn certificate_pem(&self) -> Option<String> {
        self.shared.lock().tls.as_ref().map(|tls| tls.pem.clone())
    }

    /// Looks at or changes the booking system.
    ///
    /// The server waits meanwhile: do not call other methods of this simulator inside.
    pub fn world<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.shared.lock().world)
    }

    /// Plans a fault.
    pub fn add_fault(&self, fault: Fault) {
        self.shared.lock().faults.push(fault);
    }

    /// The planned faults with how often each was met.
    pub fn faults(&self) -> Vec<Fault> {
        self.shared.lock().faults.clone()
    }

    /// Forgets all planned faults.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// All calls so far, control calls apart.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.shared.lock().log.entries().to_vec()
    }

    /// How many calls there were of each kind, by `GET /ical?i=180000`.
    pub fn request_counts(&self) -> BTreeMap<String, u64> {
        self.shared.lock().log.counts()
    }

    /// Forgets the calls so far.
    pub fn clear_requests(&self) {
        self.shared.lock().log.clear();
    }

    /// Closes all connections; the port is closed for `down`.
    pub fn restart(&self, down: Duration) {
        self.shared.order(Order::Restart { down, spare: None });
    }

    /// Makes another certificate for the connections to come.
    ///
    /// # Errors
    /// Without TLS, or if the certificate cannot be made.
    pub fn regenerate_certificate(&self) -> anyhow::Result<()> {
        let acceptor = self.shared.lock().regenerate_certificate()?;
        self.shared.order(Order::Certificate(acceptor));
        Ok(())
    }

    /// Stops and waits until the port is free again.
    pub fn stop(mut self) {
        self.end();
    }

    pub(super) fn launch(options: FeedOptions) -> anyhow::Result<Self> {
        let address = options.address()?;
        let listener = TcpListener::bind(address).with_context(|| format!("{address} cannot be used"))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let tls = options.tls.then(|| Tls::generate(options.tls_names.clone())).transpose()?;
        let acceptor = tls.as_ref().map(|tls| tls.acceptor.clone());
        let (orders, queue) = unbounded_channel();
        let with_tls = options.tls;
        let shared = Shared::new(venue(options), tls, orders);
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let run = Run { shared: Arc::clone(&shared), listener, address, acceptor, orders: queue };
        let thread = std::thread::Builder::new()
            .name("feed-sim".to_owned())
            .spawn(move || runtime.block_on(run.until(stopped)))
            .context("the simulator gets no thread")?;
        Ok(Self { shared, address, tls: with_tls, stop: Some(stop), thread: Some(thread) })
    }

    fn end(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The thread may have ended already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            warn!("the simulator's thread ended badly");
        }
    }
}

impl Drop for FeedSim {
    fn drop(&mut self) {
        self.end();
    }
}

/// The venue to serve: given, or seeded.
fn venue(options: FeedOptions) -> World {
    let plan = options.plan();
    match options.world {
        Some(mut world) => {
            world.clock = plan.clock;
            world.switches = plan.switches;
            *world
        }
        None => seed(&plan),
    }
}

struct Run {
    shared: Arc<Shared>,
    listener: TcpListener,
    address: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    orders: UnboundedReceiver<Order>,
}

impl Run {
    async fn until(self, stopped: oneshot::Receiver<()>) {
        let listener = match tokio::net::TcpListener::from_std(self.listener) {
            Ok(listener) => listener,
            Err(error) => {
                warn!(%error, "the listener cannot be used");
                return;
            }
        };
        let (connections, incoming) = channel(64);
        let router = Router::new().fallback(serve).with_state(self.shared);
        let service = router.into_make_service_with_connect_info::<Connection>();
        tokio::spawn(accept_all(listener, self.address, self.acceptor, self.orders, connections));
        let serving = axum::serve(Incoming::new(incoming, self.address), service);
        tokio::select! {
            result = serving => debug!(?result, "serving ended"),
            _ = stopped => {}
        }
    }
}
