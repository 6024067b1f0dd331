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
use super::options::Options;
use super::post::post;
use super::server::{Shared, serve};
use super::vendor::{Start, Vendor};
use crate::listen::{Connection, Incoming, Order, accept_all, loopback};
use crate::tls::Tls;

/// How often the simulator looks whether time brought something.
const TICK: Duration = Duration::from_millis(50);

/// A running simulator on a thread of its own; dropping it stops it.
#[derive(Debug)]
pub struct Sim<V: Vendor> {
    shared: Arc<Shared<V>>,
    address: SocketAddr,
    tls: bool,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
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
    pub fn stop(mut self) {
        self.end();
    }

    pub(super) fn launch(options: Options<V>) -> anyhow::Result<Self> {
        let address = loopback(&options.listen)?;
        let listener = TcpListener::bind(address).with_context(|| format!("{address} cannot be used"))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let tls = options.tls.then(|| Tls::generate(options.tls_names.clone())).transpose()?;
        let acceptor = tls.as_ref().map(|tls| tls.acceptor.clone());
        let world = V::world(Start {
            clock: options.clock(),
            plan: options.plan,
            switches: options.switches,
            seed: options.seed,
            zone: options.zone,
            url: url(options.tls, address),
        })?;
        let (orders, queue) = unbounded_channel();
        let shared = Shared::<V>::new(world, tls, orders);
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let run = Run { shared: Arc::clone(&shared), listener, address, acceptor, orders: queue };
        let thread = std::thread::Builder::new()
            .name(format!("{}-sim", V::NAME))
            .spawn(move || runtime.block_on(run.until(stopped)))
            .context("the simulator gets no thread")?;
        Ok(Self { shared, address, tls: options.tls, stop: Some(stop), thread: Some(thread) })
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

impl<V: Vendor> Drop for Sim<V> {
    fn drop(&mut self) {
        self.end();
    }
}

fn url(tls: bool, address: SocketAddr) -> String {
    format!("{}://{address}", if tls { "https" } else { "http" })
}

struct Run<V: Vendor> {
    shared: Arc<Shared<V>>,
    listener: TcpListener,
    address: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    orders: UnboundedReceiver<Order>,
}

impl<V: Vendor> Run<V> {
    async fn until(self, stopped: oneshot::Receiver<()>) {
        let listener = match tokio::net::TcpListener::from_std(self.listener) {
            Ok(listener) => listener,
            Err(error) => {
                warn!(%error, "the listener cannot be used");
                return;
            }
        };
        let (connections, incoming) = channel(64);
        let router = Router::new().fallback(serve::<V>).with_state(Arc::clone(&self.shared));
        let service = router.into_make_service_with_connect_info::<Connection>();
        tokio::spawn(accept_all(listener, self.address, self.acceptor, self.orders, connections));
        let serving = axum::serve(Incoming::new(incoming, self.address), service);
        tokio::select! {
            result = serving => debug!(?result, "serving ended"),
            () = run_errands(&self.shared) => {}
            _ = stopped => {}
        }
    }
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
