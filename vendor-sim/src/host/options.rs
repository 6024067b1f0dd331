//! What a simulator is started with.

use chrono::{DateTime, Utc};

use super::sim::Sim;
use super::vendor::Vendor;
use crate::clock::{Clock, Zone};
use crate::switching;

/// Settings of a simulator before it starts; a vendor adds its own in an `impl` of its own.
#[derive(Debug, Clone)]
pub struct Options<V: Vendor> {
    /// What the vendor's own settings say.
    pub plan: V::Plan,
    pub(super) switches: V::Switches,
    pub(super) listen: String,
    pub(super) tls: bool,
    pub(super) tls_names: Vec<String>,
    pub(super) seed: u64,
    pub(super) zone: Zone,
    start_at: Option<DateTime<Utc>>,
    frozen: bool,
}

impl<V: Vendor> Default for Options<V> {
    fn default() -> Self {
        Self {
            plan: V::Plan::default(),
            switches: V::Switches::default(),
            listen: "127.0.0.1:0".to_owned(),
            tls: false,
            tls_names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            seed: 1,
            zone: Zone::named(V::ZONE).unwrap_or_default(),
            start_at: None,
            frozen: false,
        }
    }
}

impl<V: Vendor> Options<V> {
    /// Seed; the same seed on the same day gives the same world.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// With TLS and a self-signed certificate.
    pub fn tls(mut self, tls: bool) -> Self {
        self.tls = tls;
        self
    }

    /// Names in the certificate.
    pub fn tls_names(mut self, names: &[&str]) -> Self {
        self.tls_names = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// Address to listen on; loopback only, port 0 for a free one.
    pub fn listen(mut self, address: &str) -> Self {
        address.clone_into(&mut self.listen);
        self
    }

    /// What the clock shows at the start.
    pub fn start_at(mut self, time: DateTime<Utc>) -> Self {
        self.start_at = Some(time);
        self
    }

    /// Whether the clock stands still until moved.
    pub fn frozen(mut self, frozen: bool) -> Self {
        self.frozen = frozen;
        self
    }

    /// Time zone of the site.
    pub fn zone(mut self, zone: Zone) -> Self {
        self.zone = zone;
        self
    }

    /// The switches.
    pub fn switches(mut self, switches: V::Switches) -> Self {
        self.switches = switches;
        self
    }

    /// Changes the switches.
    pub fn with_switches(mut self, change: impl FnOnce(&mut V::Switches)) -> Self {
        change(&mut self.switches);
        self
    }

    /// Sets one switch from text: `on`, `off`, a number, a word, or a list with commas.
    ///
    /// # Errors
    /// There is no such switch, or the text does not fit it.
    pub fn set_switch(mut self, name: &str, value: &str) -> anyhow::Result<Self> {
        self.switches = switching::set(&self.switches, name, value)?;
        Ok(self)
    }

    /// Starts the simulator.
    ///
    /// # Errors
    /// The address is not loopback or taken, the plan cannot be carried out, or the system gives no thread.
    #[expect(clippy::unused_async, reason = "starting may have to wait one day; callers are async already")]
    pub async fn start(self) -> anyhow::Result<Sim<V>> {
        self.start_blocking()
    }

    /// Starts the simulator from code that is not async.
    ///
    /// # Errors
    /// As [`Options::start`].
    pub fn start_blocking(self) -> anyhow::Result<Sim<V>> {
        Sim::launch(self)
    }

    pub(super) fn clock(&self) -> Clock {
        let start = self.start_at.unwrap_or_else(Utc::now);
        if self.frozen { Clock::standing_at(start) } else { Clock::starting_at(start) }
    }
}
