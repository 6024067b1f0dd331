//! The running simulator.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::sync::mpsc::unbounded_channel;

use super::faults::Fault;
use super::log::LoggedRequest;
use super::options::FeedOptions;
use super::server::{Shared, serve};
use super::world::{Link, World, seed};
use crate::listen::{Order, serve_http};
use crate::running::{Port, Running};

/// A running simulator on a thread of its own; dropping it stops it.
#[derive(Debug)]
pub struct FeedSim {
    shared: Arc<Shared>,
    address: SocketAddr,
    tls: bool,
    _running: Running,
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
    pub fn stop(self) {
        drop(self);
    }

    pub(super) fn launch(options: FeedOptions) -> anyhow::Result<Self> {
        let port = Port::take(&options.basics.listen)?;
        let (address, with_tls) = (port.address, options.secured.on);
        let tls = options.secured.certificate()?;
        let acceptor = tls.as_ref().map(|tls| tls.acceptor.clone());
        let (orders, queue) = unbounded_channel();
        let shared = Shared::new(venue(options), tls, orders);
        let router = Router::new().fallback(serve).with_state(Arc::clone(&shared));
        let running = Running::start("feed", move |stopped| async move {
            tokio::select! {
                () = serve_http(port, acceptor, queue, router) => {}
                _ = stopped => {}
            }
        })?;
        Ok(Self { shared, address, tls: with_tls, _running: running })
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
