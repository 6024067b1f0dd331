//! What a simulator is started with.

use super::sim::Sim;
use super::vendor::Vendor;
use crate::basics::{Basics, Secured};
use crate::clock::Zone;
use crate::switching;

/// Settings of a simulator before it starts; a vendor adds its own in an `impl` of its own.
#[derive(Debug, Clone)]
pub struct Options<V: Vendor> {
    pub(super) basics: Basics,
    pub(super) secured: Secured,
    /// What the vendor's own settings say.
    pub plan: V::Plan,
    pub(super) switches: V::Switches,
}

impl<V: Vendor> Default for Options<V> {
    fn default() -> Self {
        Self {
            basics: Basics::in_zone(Zone::named(V::ZONE).unwrap_or_default()),
            secured: Secured::default(),
            plan: V::Plan::default(),
            switches: V::Switches::default(),
        }
    }
}

impl<V: Vendor> Options<V> {
    set_basics!();
    set_secured!();

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
}
