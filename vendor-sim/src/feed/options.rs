//! What a simulator is started with.

use super::sim::FeedSim;
use super::switches::Switches;
use super::world::{SeedPlan, Style, World};
use crate::basics::{Basics, Secured};
use crate::clock::Zone;

/// Settings of a simulator before it starts.
#[derive(Debug, Clone)]
pub struct FeedOptions {
    pub(super) basics: Basics,
    pub(super) secured: Secured,
    style: Style,
    bookings: usize,
    switches: Switches,
    pub(super) world: Option<Box<World>>,
}

impl Default for FeedOptions {
    fn default() -> Self {
        Self {
            basics: Basics::in_zone(Zone::default()),
            secured: Secured::default(),
            style: Style::default(),
            bookings: 40,
            switches: Switches::default(),
            world: None,
        }
    }
}

impl FeedOptions {
    set_basics!();
    set_secured!();

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

    pub(super) fn plan(&self) -> SeedPlan {
        SeedPlan {
            style: self.style,
            bookings: self.bookings,
            clock: self.basics.clock(),
            seed: self.basics.seed,
            zone: self.basics.zone,
            switches: self.switches.clone(),
        }
    }
}
