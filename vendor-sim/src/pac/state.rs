//! All that the connections share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{bail, ensure};
use chrono::TimeDelta;
use rustls::ServerConfig;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

use super::clients::{Client, Clients};
use super::faults::{Fault, Faults};
use super::folder::PacFolder;
use super::keys::Keys;
use super::pki::Authority;
use super::requests::Requests;
use super::wire::strict::Strict;
use super::world::World;

/// How the server is, from its start on.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) name: String,
    /// In what order the capabilities are told, those that are lacking left out.
    pub(super) capabilities: Vec<&'static str>,
    pub(super) licensed: bool,
    pub(super) max_sessions: usize,
    pub(super) max_page: u16,
    pub(super) max_window: u16,
    pub(super) max_in_flight: u16,
    pub(super) max_door_seconds: u16,
    /// Requests and writes a second, of each session.
    pub(super) rate: Option<(u32, u32)>,
    pub(super) hello_within: Duration,
    pub(super) idle: Duration,
    pub(super) header_within: Duration,
    pub(super) payload_within: Duration,
    /// What a client is told to wait, when the server closes or is busy.
    pub(super) retry_after: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: "PAC simulator".to_owned(),
            capabilities: super::answer::CAPABILITIES.to_vec(),
            licensed: true,
            max_sessions: 64,
            max_page: 500,
            max_window: 500,
            max_in_flight: 8,
            max_door_seconds: 60,
            rate: None,
            hello_within: Duration::from_secs(5),
            idle: Duration::from_secs(90),
            header_within: Duration::from_secs(10),
            payload_within: Duration::from_secs(30),
            retry_after: Duration::from_secs(1),
        }
    }
}

impl Settings {
    pub(super) fn retry_after_ms(&self) -> u32 {
        u32::try_from(self.retry_after.as_millis()).unwrap_or(u32::MAX)
    }
}

/// An order to a session: to say why, and to close.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) reason: &'static str,
    pub(super) retry_after_ms: Option<u32>,
}

/// An open session.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) id: Uuid,
    pub(super) fingerprint: String,
    pub(super) orders: UnboundedSender<Order>,
}

/// What one lock guards.
#[derive(Debug)]
pub(super) struct State {
    pub(super) settings: Settings,
    pub(super) world: World,
    pub(super) clients: Clients,
    pub(super) faults: Faults,
    pub(super) keys: Keys,
    pub(super) requests: Requests,
    /// Oldest first.
    pub(super) live: Vec<Live>,
    /// Page tokens count for pages of this generation.
    pub(super) pages: u64,
    /// Sessions since the start.
    pub(super) sessions: u64,
    /// Whether the server is about to close.
    pub(super) closing: bool,
    /// Where the site is kept, if it is.
    pub(super) folder: Option<PacFolder>,
}

impl State {
    /// Closes the sessions of a client, or of all.
    pub(super) fn close(&mut self, fingerprint: Option<&str>, reason: &'static str, retry_after_ms: Option<u32>) {
        for live in &self.live {
            if fingerprint.is_none_or(|wanted| wanted == live.fingerprint) {
                // A session that has just ended needs no order.
                let _ = live.orders.send(Order { reason, retry_after_ms });
            }
        }
    }

    /// Disables a client and closes its sessions.
    pub(super) fn revoke(&mut self, name: &str) -> anyhow::Result<()> {
        ensure!(self.bar(Some(name), "client-revoked", |row| row.enabled = false)? > 0, "there is no client '{name}'");
        Ok(())
    }

    /// Changes the rows of a client, or all, closes their sessions and writes the registry; how many rows there were.
    fn bar(&mut self, name: Option<&str>, reason: &'static str, change: fn(&mut Client)) -> anyhow::Result<usize> {
        let mut barred = Vec::new();
        for row in self.clients.each_mut(name) {
            change(row);
            barred.push(row.fingerprint.clone());
        }
        for fingerprint in &barred {
            self.close(Some(fingerprint), reason, None);
        }
        self.keep_clients()?;
        Ok(barred.len())
    }

    /// Writes the registry to the folder.
    pub(super) fn keep_clients(&self) -> anyhow::Result<()> {
        self.folder.as_ref().map_or(Ok(()), |folder| folder.keep_clients(&self.clients))
    }

    /// Writes the site to the folder.
    pub(super) fn keep_world(&self) -> anyhow::Result<()> {
        self.folder.as_ref().map_or(Ok(()), |folder| folder.keep_world(&self.world))
    }

    /// Reads the registry again, which another program may have changed, and closes sessions of those who may no more.
    pub(super) fn read_clients(&mut self) -> anyhow::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        self.clients = folder.clients()?;
        for live in &self.live {
            if !self.clients.with_fingerprint(&live.fingerprint).is_some_and(|row| row.enabled) {
                // A session that has just ended needs no order.
                let _ = live.orders.send(Order { reason: "client-revoked", retry_after_ms: None });
            }
        }
        Ok(())
    }

    pub(super) fn new_epoch(&mut self) {
        self.world.new_epoch();
        let wait = self.settings.retry_after_ms();
        self.close(None, "maintenance", Some(wait));
    }

    /// Lets a fault happen or wait for its turn.
    pub(super) fn fault(&mut self, fault: &Fault, on: Option<&str>) {
        if self.faults.plan(fault, on) {
            return;
        }
        match fault {
            Fault::EpochChange => self.new_epoch(),
            Fault::TrimLog(keep) => self.world.trim_log(*keep),
            Fault::LockPerson(id) => self.world.lock_person(*id, Some("Security desk on PC-04")),
            Fault::UnlockPerson(id) => self.world.lock_person(*id, None),
            Fault::ClockSkew(seconds) => {
                self.world.clock.advance(TimeDelta::try_seconds(*seconds).unwrap_or_default());
            }
            Fault::RevokeNow(name) => {
                note(self.bar(name.as_deref(), "client-revoked", |row| row.enabled = false));
            }
            Fault::ExpireClient(name) => note(self.bar(name.as_deref(), "client-expired", |row| row.expired = true)),
            Fault::DeviceOffline(id) => self.world.set_online(*id, false),
            Fault::DeviceOnline(id) => {
                self.world.set_online(*id, true);
                if let Some(controller) = self.world.controllers.get_mut(id) {
                    controller.answers = true;
                }
            }
            Fault::DeviceTimeout(id) => {
                if let Some(controller) = self.world.controllers.get_mut(id) {
                    controller.answers = false;
                }
            }
            Fault::LateEvents(minutes) => self.world.late = TimeDelta::try_minutes(*minutes).unwrap_or_default(),
            Fault::PageExpire => self.pages += 1,
            _ => {}
        }
    }

    /// The same from text: `NAME=ARG`, and `@Message` after it for one that waits.
    pub(super) fn fault_text(&mut self, text: &str) -> anyhow::Result<()> {
        let (fault, on) = match text.rsplit_once('@') {
            Some((fault, on)) => (fault, Some(on)),
            None => (text, None),
        };
        if on.is_some_and(|on| !on.bytes().all(|byte| byte.is_ascii_alphabetic())) {
            bail!("'{text}' names no message after @");
        }
        let fault: Fault = fault.parse()?;
        self.fault(&fault, on);
        Ok(())
    }
}

fn note(barred: anyhow::Result<usize>) {
    if let Err(error) = barred {
        tracing::warn!(%error, "the registry could not be kept");
    }
}

/// The state, and what never changes.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Counts changes of the world, so that sessions look what there is to push.
    changed: watch::Sender<u64>,
    pub(super) authority: Authority,
    pub(super) strict: Option<Strict>,
    tls: Mutex<Arc<ServerConfig>>,
}

impl Shared {
    pub(super) fn new(state: State, authority: Authority, tls: Arc<ServerConfig>, strict: Option<Strict>) -> Arc<Self> {
        let (state, tls) = (Mutex::new(state), Mutex::new(tls));
        Arc::new(Self { state, changed: watch::Sender::new(0), authority, strict, tls })
    }

    /// What accepts the next connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.tls.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    pub(super) fn set_tls(&self, tls: Arc<ServerConfig>) {
        *self.tls.lock().unwrap_or_else(PoisonError::into_inner) = tls;
    }

    /// The state for a moment.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads or changes the state, and wakes the sessions.
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut State) -> R) -> R {
        let result = act(&mut self.lock());
        self.wake();
        result
    }

    pub(super) fn wake(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// How often the world may have changed.
    pub(super) fn change_count(&self) -> u64 {
        *self.changed.borrow()
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}
