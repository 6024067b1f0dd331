//! The running simulator.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::sync::mpsc::unbounded_channel;

use super::faults::Fault;
use super::log::LoggedRequest;
use super::options::Options;
use super::post::post;
use super::server::{Shared, serve};
use super::vendor::{Start, Vendor};
use crate::listen::{Order, serve_http};
use crate::running::{Port, Running};

/// How often the simulator looks whether time brought something.
const TICK: Duration = Duration::from_millis(50);

/// A running simulator on a thread of its own; dropping it stops it.
#[derive(Debug)]
pub struct Sim<V: Vendor> {
    shared: Arc<Shared<V>>,
    address: SocketAddr,
    tls: bool,
    _running: Running,
}

impl<V: Vendor> Sim<V> {
    /// Starts with the usual world on a free loopback port, without TLS.
    ///
    /// # Errors
    /// As [`Options::start`].
    pub async fn start() -> anyhow::Result<Self> {
        Self::builder().start().await
    }

    /// The same from code that is not async.
    ///
    /// # Errors
    /// As [`Options::start`].
    pub fn start_blocking() -> anyhow::Result<Self> {
        Self::builder().start_blocking()
    }

    /// Settings first.
    pub fn builder() -> Options<V> {
        Options::default()
    }

    /// `http://127.0.0.1:PORT` or `https://…`.
    pub fn url(&self) -> String {
        url(self.tls, self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
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

    /// Looks at or changes the world; whoever waits for a change is answered afterwards.
    ///
    /// The server waits meanwhile: do not call other methods of this simulator inside.
    pub fn world<T>(&self, change: impl FnOnce(&mut V::World) -> T) -> T {
        let result = change(&mut self.shared.lock().world);
        self.shared.changed();
        result
    }

    /// A copy of the world, for [`Sim::restore`].
    pub fn snapshot(&self) -> V::World {
        self.shared.lock().world.clone()
    }

    /// Puts an older copy in place; clock and switches stay.
    pub fn restore(&self, older: V::World) {
        self.world(|world| V::restore(world, older));
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

    /// How many calls there were of each kind, by `GET /users/{id}`.
    pub fn request_counts(&self) -> BTreeMap<String, u64> {
        self.shared.lock().log.counts()
    }

    /// Forgets the calls so far.
    pub fn clear_requests(&self) {
        self.shared.lock().log.clear();
    }

    /// Restarts the server: connections and sessions are gone, the port is closed for `down`.
    pub fn restart(&self, down: Duration) {
        self.shared.restart(down, None);
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

    pub(super) fn launch(options: Options<V>) -> anyhow::Result<Self> {
        let Options { basics, secured, plan, switches } = options;
        let port = Port::take(&basics.listen)?;
        let address = port.address;
        let tls = secured.certificate()?;
        let acceptor = tls.as_ref().map(|tls| tls.acceptor.clone());
        let world = V::world(Start {
            clock: basics.clock(),
            plan,
            switches,
            seed: basics.seed,
            zone: basics.zone,
            url: url(secured.on, address),
        })?;
        let (orders, queue) = unbounded_channel();
        let shared = Shared::<V>::new(world, tls, orders);
        let served = Arc::clone(&shared);
        let running = Running::start(V::NAME, move |stopped| async move {
            let router = Router::new().fallback(serve::<V>).with_state(Arc::clone(&served));
            tokio::select! {
                () = serve_http(port, acceptor, queue, router) => {}
                () = run_errands(&served) => {}
                _ = stopped => {}
            }
        })?;
        Ok(Self { shared, address, tls: secured.on, _running: running })
    }
}

fn url(tls: bool, address: SocketAddr) -> String {
    format!("{}://{address}", if tls { "https" } else { "http" })
}

/// Does what time brings, and sends what the server itself has to send.
async fn run_errands<V: Vendor>(shared: &Arc<Shared<V>>) {
    loop {
        let errands = V::settle(&mut shared.lock().world);
        for errand in errands {
            let shared = Arc::clone(shared);
            tokio::spawn(async move {
                let id = errand.id;
                let delivery = post(errand).await;
                V::delivered(&mut shared.lock().world, id, delivery);
                shared.changed();
            });
        }
        // Whether woken or not, the next look is due.
        let _ = tokio::time::timeout(TICK, shared.errands.notified()).await;
    }
}
