//! What a simulator is started with.

use std::net::SocketAddr;

use chrono::{DateTime, Utc};

use super::sim::FeedSim;
use super::switches::Switches;
use super::world::{SeedPlan, Style, World};
use crate::clock::{Clock, Zone};
use crate::listen::loopback;

/// Settings of a simulator before it starts.
#[derive(Debug, Clone)]
pub struct FeedOptions {
    listen: String,
    pub(super) tls: bool,
    pub(super) tls_names: Vec<String>,
    style: Style,
    bookings: usize,
    seed: u64,
    start_at: Option<DateTime<Utc>>,
    frozen: bool,
    zone: Zone,
    switches: Switches,
    pub(super) world: Option<Box<World>>,
}

impl Default for FeedOptions {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:0".to_owned(),
            tls: false,
            tls_names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            style: Style::default(),
            bookings: 40,
            seed: 1,
            start_at: None,
            frozen: false,
            zone: Zone::default(),
            switches: Switches::default(),
            world: None,
        }
    }
}

impl FeedOptions {
    /// Whose feeds these look like.
    pub fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    /// Number of bookings of the seeded venue.
    pub fn bookings(mut self, bookings: usize) -> Self {
        self.bookings = bookings;
        self
    }

    /// Seed; the same seed on the same day gives the same venue.
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

    /// Time zone of the venue.
    pub fn zone(mut self, zone: Zone) -> Self {
        self.zone = zone;
        self
    }

    /// The switches.
    pub fn switches(mut self, switches: Switches) -> Self {
        self.switches = switches;
        self
    }

    /// Changes the switches.
    pub fn with_switches(mut self, change: impl FnOnce(&mut Switches)) -> Self {
        change(&mut self.switches);
        self
    }

    /// A ready venue instead of a seeded one; its style counts.
    pub fn world(mut self, world: World) -> Self {
        self.world = Some(Box::new(world));
        self
    }

    /// Starts the simulator.
    ///
    /// # Errors
    /// The address is not loopback or taken, or the system gives no thread.
    #[expect(clippy::unused_async, reason = "starting may have to wait one day; callers are async already")]
    pub async fn start(self) -> anyhow::Result<FeedSim> {
        self.start_blocking()
    }

    /// Starts the simulator from code that is not async.
    ///
    /// # Errors
    /// As [`FeedOptions::start`].
    pub fn start_blocking(self) -> anyhow::Result<FeedSim> {
        FeedSim::launch(self)
    }

    pub(super) fn address(&self) -> anyhow::Result<SocketAddr> {
        loopback(&self.listen)
    }

    pub(super) fn plan(&self) -> SeedPlan {
        let start = self.start_at.unwrap_or_else(Utc::now);
        SeedPlan {
            style: self.style,
            bookings: self.bookings,
            seed: self.seed,
            clock: if self.frozen { Clock::standing_at(start) } else { Clock::starting_at(start) },
            zone: self.zone,
            switches: self.switches.clone(),
        }
    }
}
