//! Settings before the start.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::pki::ServerCertificate;
use super::sim::PacSim;
use super::state::Settings;
use crate::basics::Basics;
use crate::clock::Zone;

/// How the server is to be.
#[derive(Debug, Clone)]
pub struct PacOptions {
    pub(super) basics: Basics,
    pub(super) settings: Settings,
    pub(super) certificate: ServerCertificate,
    pub(super) tls12: bool,
    pub(super) strict: bool,
    pub(super) people: u32,
    pub(super) events: u64,
    pub(super) folder: Option<PathBuf>,
    pub(super) faults: Vec<String>,
}

impl Default for PacOptions {
    fn default() -> Self {
        Self {
            basics: Basics::in_zone(Zone::named("Europe/Brussels").unwrap_or_default()),
            settings: Settings::default(),
            certificate: ServerCertificate::default(),
            tls12: false,
            strict: false,
            people: 20,
            events: 0,
            folder: None,
            faults: Vec::new(),
        }
    }
}

impl PacOptions {
    set_basics!();

    /// How many persons there are at the start.
    pub fn people(mut self, count: u32) -> Self {
        self.people = count;
        self
    }

    /// How many events there are at the start, over the thirty days before it.
    pub fn events(mut self, count: u64) -> Self {
        self.events = count;
        self
    }

    /// Holds every payload against the schema, with `xmllint`.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Speaks TLS 1.2 and nothing newer.
    pub fn tls12(mut self, old: bool) -> Self {
        self.tls12 = old;
        self
    }

    /// What certificate the server shows.
    pub fn certificate(mut self, kind: ServerCertificate) -> Self {
        self.certificate = kind;
        self
    }

    /// The server does not offer this capability.
    pub fn without(mut self, capability: &str) -> Self {
        self.settings.capabilities.retain(|known| *known != capability);
        self
    }

    /// Whether the interface is licensed.
    pub fn licensed(mut self, licensed: bool) -> Self {
        self.settings.licensed = licensed;
        self
    }

    /// So many requests and writes a second in each session; as many as come if not told otherwise.
    pub fn rate(mut self, requests: u32, writes: u32) -> Self {
        self.settings.rate = Some((requests, writes));
        self
    }

    /// How long a client may be silent.
    pub fn idle(mut self, idle: Duration) -> Self {
        self.settings.idle = idle;
        self
    }

    /// How long the first request may take.
    pub fn hello_within(mut self, limit: Duration) -> Self {
        self.settings.hello_within = limit;
        self
    }

    /// How long the header and the payload of a frame may take.
    pub fn frame_within(mut self, header: Duration, payload: Duration) -> Self {
        self.settings.header_within = header;
        self.settings.payload_within = payload;
        self
    }

    /// What a client is told to wait when the server is busy, closes, or a record is locked.
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.settings.retry_after = wait;
        self
    }

    /// Most persons on a page, and most records that are pushed without being acknowledged.
    pub fn limits(mut self, page: u16, window: u16) -> Self {
        self.settings.max_page = page.max(1);
        self.settings.max_window = window.max(1);
        self
    }

    /// Most sessions at a time, of all clients.
    pub fn sessions(mut self, most: usize) -> Self {
        self.settings.max_sessions = most;
        self
    }

    /// A fault from the start on, as `delay-ms=50`.
    pub fn fault(mut self, fault: &str) -> Self {
        self.faults.push(fault.to_owned());
        self
    }

    /// The site is that of a folder, which the program's `init` made; it is kept there.
    pub fn folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// Starts the server on a thread of its own.
    ///
    /// # Errors
    /// If the address is not loopback or in use, a certificate cannot be made, a fault is unknown, the folder holds no
    /// site, or `xmllint` is wanted and not there.
    pub async fn start(self) -> anyhow::Result<PacSim> {
        tokio::task::spawn_blocking(move || self.start_blocking()).await?
    }

    /// The same from code that is not async.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_blocking(self) -> anyhow::Result<PacSim> {
        PacSim::launch(&self)
    }
}
