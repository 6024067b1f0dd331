//! The running server.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use tracing::{debug, warn};

use super::clients::slug;
use super::control::Control;
use super::faults::{Fault, Faults};
use super::folder::{PacFolder, write_key_file};
use super::keys::Keys;
use super::options::PacOptions;
use super::pki::{Authority, ServerCertificate, VALID};
use super::requests::{LoggedRequest, Requests};
use super::state::{Shared, State};
use super::tls::server_config;
use super::wire::strict::Strict;
use super::world::{Plan, Swiped, Who, World};
use crate::basics::Basics;
use crate::running::{Port, Running};
use crate::tcp::{self, Order, Orders};

/// How often a site in a folder is kept, and its registry read again.
const TICK: Duration = Duration::from_secs(1);

/// A running server on a thread of its own; dropping it stops it.
#[derive(Debug)]
pub struct PacSim {
    shared: Arc<Shared>,
    address: SocketAddr,
    control: SocketAddr,
    fingerprint: String,
    tls12: bool,
    orders: Orders,
    _running: Running,
}

impl PacSim {
    /// Starts with a small site on a free loopback port.
    ///
    /// # Errors
    /// As [`PacOptions::start`].
    pub async fn start() -> anyhow::Result<Self> {
        Self::builder().start().await
    }

    /// The same from code that is not async.
    ///
    /// # Errors
    /// As [`PacOptions::start`].
    pub fn start_blocking() -> anyhow::Result<Self> {
        Self::builder().start_blocking()
    }

    /// Settings first.
    pub fn builder() -> PacOptions {
        PacOptions::default()
    }

    /// Where it listens: `127.0.0.1`, as text.
    pub fn host(&self) -> String {
        self.address.ip().to_string()
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it takes control calls: plain HTTP on loopback; a GET lists them.
    pub fn control_url(&self) -> String {
        format!("http://{}/", self.control)
    }

    /// The certificate of the server's authority as PEM.
    pub fn ca_pem(&self) -> String {
        self.shared.authority.pem.clone()
    }

    /// SHA-256 of the server's certificate in small hex letters.
    pub fn server_fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    /// Registers a client; the text of its key file. A client of the same name gets a new key.
    ///
    /// # Errors
    /// If the name has no letters, or is too long.
    pub fn add_client(&self, name: &str) -> anyhow::Result<String> {
        self.add_client_for(name, VALID)
    }

    /// The same, with a certificate that is good for so long, in whole seconds.
    ///
    /// # Errors
    /// As [`add_client`](Self::add_client).
    pub fn add_client_for(&self, name: &str, valid_for: Duration) -> anyhow::Result<String> {
        let mut state = self.shared.lock();
        let key = state.clients.add(&self.shared.authority, name, valid_for)?;
        state.keep_clients()?;
        Ok(key)
    }

    /// Registers a client whose certificate has expired.
    ///
    /// # Errors
    /// As [`add_client`](Self::add_client).
    pub fn expired_client(&self, name: &str) -> anyhow::Result<String> {
        self.add_client_for(name, Duration::ZERO)
    }

    /// A key file that another authority made.
    ///
    /// # Errors
    /// If the key cannot be made.
    pub fn foreign_client(&self, name: &str) -> anyhow::Result<String> {
        Ok(Authority::generate("Another authority")?.client(name, &slug(name), VALID)?.key_file(name))
    }

    /// A key file of the right authority that is not registered.
    ///
    /// # Errors
    /// If the key cannot be made.
    pub fn unregistered_client(&self, name: &str) -> anyhow::Result<String> {
        Ok(self.shared.authority.client(name, &slug(name), VALID)?.key_file(name))
    }

    /// Registers a client and writes its key file, which only its owner can read.
    ///
    /// # Errors
    /// As [`add_client`](Self::add_client), and if the file cannot be written.
    pub fn write_key(&self, name: &str, path: &Path) -> anyhow::Result<()> {
        write_key_file(path, &self.add_client(name)?)
    }

    /// Disables a client and closes its sessions.
    ///
    /// # Errors
    /// If there is no client of this name.
    pub fn revoke_client(&self, name: &str) -> anyhow::Result<()> {
        self.shared.lock().revoke(name)
    }

    /// Takes a client out of the registry and closes its sessions.
    ///
    /// # Errors
    /// If there is no client of this name.
    pub fn remove_client(&self, name: &str) -> anyhow::Result<()> {
        let mut state = self.shared.lock();
        let row = state.clients.remove(name).with_context(|| format!("there is no client '{name}'"))?;
        state.close(Some(&row.fingerprint), "client-revoked", None);
        state.keep_clients()
    }

    /// Reads or changes the site.
    pub fn world<R>(&self, act: impl FnOnce(&mut World) -> R) -> R {
        self.shared.with(|state| act(&mut state.world))
    }

    /// Somebody is at a reader; `at` is now if not given.
    pub fn swipe(&self, reader: u32, who: impl Into<Who>, at: Option<DateTime<Utc>>) -> Swiped {
        self.world(|world| world.swipe(reader, who, at))
    }

    /// The logs begin anew in another epoch; sessions are closed for maintenance.
    pub fn new_epoch(&self) {
        self.shared.with(State::new_epoch);
    }

    /// Keeps the newest records of both logs.
    pub fn trim_log(&self, keep: u64) {
        self.world(|world| world.trim_log(keep));
    }

    /// Lets a fault happen, or wait for its turn.
    pub fn add_fault(&self, fault: &Fault) {
        self.shared.with(|state| state.fault(fault, None));
    }

    /// The same from text: `NAME=ARG`, and `@Message` after it if it waits for one message, as `busy=2@PersonPut`.
    ///
    /// # Errors
    /// If there is no such fault.
    pub fn fault(&self, fault: &str) -> anyhow::Result<()> {
        self.shared.with(|state| state.fault_text(fault))
    }

    /// Several at once.
    ///
    /// # Errors
    /// If there is no such fault.
    pub fn faults<'a>(&self, faults: impl IntoIterator<Item = &'a str>) -> anyhow::Result<()> {
        faults.into_iter().try_for_each(|fault| self.fault(fault))
    }

    /// Forgets the faults that wait. What has happened stays: a revoked client is revoked.
    pub fn clear_faults(&self) {
        self.shared.lock().faults = Faults::default();
    }

    /// The requests so far, oldest first.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.shared.lock().requests.all()
    }

    /// How many requests there were, by the name of their message.
    pub fn request_counts(&self) -> BTreeMap<String, u64> {
        self.shared.lock().requests.counts()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.shared.lock().requests.clear();
    }

    /// Forgets all keys of writes, as a server does whose memory is lost.
    pub fn forget_keys(&self) {
        self.shared.lock().keys.forget();
    }

    /// How many sessions are open now.
    pub fn sessions(&self) -> usize {
        self.shared.lock().live.len()
    }

    /// How many sessions there were since the start.
    pub fn logins(&self) -> u64 {
        self.shared.lock().sessions
    }

    /// Cuts all connections without a word; the port stays open.
    pub fn cut_connections(&self) {
        self.orders.give(Order::Cut);
    }

    /// Closes all sessions and the port, until [`resume`](Self::resume).
    pub fn pause(&self) {
        self.orders.give(Order::Pause);
    }

    /// Opens the port again.
    pub fn resume(&self) {
        self.orders.give(Order::Resume);
    }

    /// Shows another certificate from the next connection on; its fingerprint.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn change_certificate(&mut self, kind: ServerCertificate) -> anyhow::Result<String> {
        let identity = self.shared.authority.server(kind)?;
        self.shared.set_tls(server_config(&self.shared.authority, &identity, self.tls12)?);
        self.fingerprint = identity.fingerprint()?;
        Ok(self.fingerprint.clone())
    }

    /// Says good-bye to all sessions, stops, and waits until the port is free again.
    pub fn stop(self) {
        drop(self);
    }

    pub(super) fn launch(options: &PacOptions) -> anyhow::Result<Self> {
        let (port, control) = (Port::take(&options.basics.listen)?, Port::take("127.0.0.1:0")?);
        let folder = options.folder.as_deref().map(PacFolder::open).transpose()?;
        let authority = match &folder {
            Some(folder) => folder.authority()?,
            None => Authority::generate("PAC simulator authority")?,
        };
        let identity = match &folder {
            Some(folder) if options.certificate == ServerCertificate::default() => folder.server()?,
            _ => authority.server(options.certificate)?,
        };
        let tls = server_config(&authority, &identity, options.tls12)?;
        let mut state = State {
            settings: options.settings.clone(),
            world: world(options, folder.as_ref())?,
            clients: folder.as_ref().map(PacFolder::clients).transpose()?.unwrap_or_default(),
            faults: Faults::default(),
            keys: Keys::default(),
            requests: Requests::default(),
            live: Vec::new(),
            pages: 0,
            sessions: 0,
            closing: false,
            folder,
        };
        options.faults.iter().try_for_each(|fault| state.fault_text(fault))?;
        let strict = options.strict.then(Strict::new).transpose()?;
        let shared = Shared::new(state, authority, tls, strict);
        let (orders, queue) = Orders::new();
        let controls = Control::new(Arc::clone(&shared), orders.clone());
        let (address, control_address) = (port.address, control.address);
        let served = Arc::clone(&shared);
        let running = Running::start("pac", move |stopped| async move {
            tokio::select! {
                () = tcp::serve(port, Arc::clone(&served), queue, stopped) => {}
                () = controls.serve(control.listener) => {}
                () = keep(&served) => {}
            }
            if let Err(error) = served.lock().keep_world() {
                warn!(%error, "the site could not be kept");
            }
        })?;
        Ok(Self {
            shared,
            address,
            control: control_address,
            fingerprint: identity.fingerprint()?,
            tls12: options.tls12,
            orders,
            _running: running,
        })
    }
}

/// Reads the registry of a site in a folder again and again, and writes the site when it has changed.
async fn keep(shared: &Shared) {
    if shared.lock().folder.is_none() {
        return std::future::pending().await;
    }
    let mut kept = 0;
    let mut tick = tokio::time::interval(TICK);
    loop {
        tick.tick().await;
        let now = shared.change_count();
        let mut state = shared.lock();
        match state.read_clients().and_then(|()| if now == kept { Ok(()) } else { state.keep_world() }) {
            Ok(()) => kept = now,
            Err(error) => debug!(%error, "the folder could not be used"),
        }
    }
}

/// The site of the folder, or a new one.
fn world(options: &PacOptions, folder: Option<&PacFolder>) -> anyhow::Result<World> {
    let Basics { seed, zone, .. } = options.basics;
    let clock = options.basics.clock();
    if let Some(mut kept) = folder.map(PacFolder::world).transpose()?.flatten() {
        kept.clock = clock;
        return Ok(kept);
    }
    Ok(World::made(Plan { people: options.people, events: options.events, seed, clock, zone }))
}
