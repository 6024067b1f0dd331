//! The running simulator.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::sync::mpsc::unbounded_channel;
use tracing::warn;

use super::faults::Fault;
use super::log::LoggedRequest;
use super::options::Net2Options;
use super::server::{Server, Shared, serve};
use super::state_file;
use super::world::{World, seed};
use crate::listen::{Order, serve_http};
use crate::running::{Port, Running};

/// How often the simulator looks whether time brought something.
const TICK: Duration = Duration::from_millis(50);

/// A running simulator on a thread of its own; dropping it stops it.
#[derive(Debug)]
pub struct Net2Sim {
    shared: Arc<Shared>,
    address: SocketAddr,
    tls: bool,
    client_id: String,
    operator: String,
    password: String,
    _running: Running,
}

impl Net2Sim {
    /// Starts with the usual site on a free loopback port, without TLS.
    ///
    /// # Errors
    /// As [`Net2Options::start`].
    pub async fn start() -> anyhow::Result<Self> {
        Self::builder().start().await
    }

    /// The same from code that is not async.
    ///
    /// # Errors
    /// As [`Net2Options::start`].
    pub fn start_blocking() -> anyhow::Result<Self> {
        Self::builder().start_blocking()
    }

    /// Settings first.
    pub fn builder() -> Net2Options {
        Net2Options::default()
    }

    /// `http://127.0.0.1:PORT` or `https://…`.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.address)
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

    /// The licence's client id.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The operator's name.
    pub fn operator(&self) -> &str {
        &self.operator
    }

    /// The operator's password.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Looks at or changes the site; live connections hear of it afterwards.
    ///
    /// The server waits meanwhile: do not call other methods of this simulator inside.
    pub fn world<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let mut server = self.shared.lock();
        let result = change(&mut server.world);
        server.world.record_rights();
        server.dirty = true;
        server.settle();
        result
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

    /// How many calls there were of each kind, by `GET /api/v1/users/{id}`.
    pub fn request_counts(&self) -> BTreeMap<String, u64> {
        self.shared.lock().log.counts()
    }

    /// Forgets the calls so far.
    pub fn clear_requests(&self) {
        self.shared.lock().log.clear();
    }

    /// How many live connections are open.
    pub fn live_connections(&self) -> usize {
        self.shared.lock().hub.open_count()
    }

    /// Restarts the server: connections and sessions are gone, the port is closed for `down`.
    pub fn restart(&self, down: Duration) {
        self.shared.lock().restart();
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

    pub(crate) fn launch(options: Net2Options) -> anyhow::Result<Self> {
        let port = Port::take(&options.basics.listen)?;
        let address = port.address;
        let tls = options.secured.certificate()?;
        let acceptor = tls.as_ref().map(|tls| tls.acceptor.clone());
        let (orders, queue) = unbounded_channel();
        let shared = Shared::new(Server::new(site(&options)?, tls), orders);
        let (state, served) = (options.state.clone(), Arc::clone(&shared));
        let running = Running::start("net2", move |stopped| async move {
            let router = Router::new().fallback(serve).with_state(Arc::clone(&served));
            tokio::select! {
                () = serve_http(port, acceptor, queue, router) => {}
                () = keep_time(&served, state.as_deref()) => {}
                _ = stopped => {}
            }
            store(&served, state.as_deref());
        })?;
        Ok(Self {
            shared,
            address,
            tls: options.secured.on,
            client_id: options.client_id,
            operator: options.operator,
            password: options.password,
            _running: running,
        })
    }
}

/// The site to serve: from the state file, given, or seeded.
fn site(options: &Net2Options) -> anyhow::Result<World> {
    let plan = options.plan();
    let saved = options.state.as_deref().map(state_file::load).transpose()?.flatten();
    let ready = saved.or_else(|| options.world.as_deref().cloned());
    let mut world = match ready {
        Some(mut world) => {
            world.clock = plan.clock;
            world.switches = plan.switches;
            world
        }
        None => seed(&plan),
    };
    for name in &options.departments {
        if !world.departments.values().any(|department| department.name == *name) {
            world.add_department(name);
        }
    }
    world.record_rights();
    Ok(world)
}

/// Doors close and the state is saved while nobody calls.
async fn keep_time(shared: &Shared, state: Option<&Path>) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tick.tick().await;
        shared.lock().settle();
        store(shared, state);
    }
}

fn store(shared: &Shared, state: Option<&Path>) {
    let Some(path) = state else { return };
    let mut server = shared.lock();
    if std::mem::take(&mut server.dirty)
        && let Err(error) = state_file::save(path, &server.world)
    {
        warn!(%error, "the state cannot be saved");
        server.dirty = true;
    }
}
