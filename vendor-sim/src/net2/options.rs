//! What a simulator is started with.

use std::path::PathBuf;

use super::sim::Net2Sim;
use super::switches::Switches;
use super::world::{SeedPlan, World};
use crate::basics::{Basics, Secured};
use crate::clock::Zone;

/// Settings of a simulator before it starts.
#[derive(Debug, Clone)]
pub struct Net2Options {
    pub(super) basics: Basics,
    pub(super) secured: Secured,
    pub(crate) people: usize,
    pub(crate) event_days: i64,
    pub(crate) switches: Switches,
    pub(crate) client_id: String,
    pub(crate) operator: String,
    pub(crate) password: String,
    pub(crate) state: Option<PathBuf>,
    pub(crate) world: Option<Box<World>>,
    pub(crate) departments: Vec<String>,
}

impl Default for Net2Options {
    fn default() -> Self {
        Self {
            basics: Basics::in_zone(Zone::default()),
            secured: Secured::default(),
            people: 40,
            event_days: 3,
            switches: Switches::default(),
            client_id: "3f2c9a6e-5b1d-4c70-9e8f-2a4b6c8d0e1f".to_owned(),
            operator: "System engineer".to_owned(),
            password: "net2".to_owned(),
            state: None,
            world: None,
            departments: Vec::new(),
        }
    }
}

impl Net2Options {
    set_basics!();
    set_secured!();

    /// Number of people of the seeded site.
    pub fn people(mut self, people: usize) -> Self {
        self.people = people;
        self
    }

    /// How many past days have events.
    pub fn event_days(mut self, days: i64) -> Self {
        self.event_days = days;
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

    /// Password of the operator.
    pub fn password(mut self, password: &str) -> Self {
        password.clone_into(&mut self.password);
        self
    }

    /// A file that keeps the site across restarts.
    pub fn state(mut self, file: impl Into<PathBuf>) -> Self {
        self.state = Some(file.into());
        self
    }

    /// Departments that the site also has; those it has by this name already stay.
    pub fn departments(mut self, names: &[impl AsRef<str>]) -> Self {
        self.departments.extend(names.iter().map(|name| name.as_ref().to_owned()));
        self
    }

    /// A ready site instead of a seeded one.
    pub fn world(mut self, world: World) -> Self {
        self.world = Some(Box::new(world));
        self
    }

    /// Starts the simulator.
    ///
    /// # Errors
    /// The address is not loopback or taken, the state file cannot be read, or the system gives no thread.
    #[expect(clippy::unused_async, reason = "starting may have to wait one day; callers are async already")]
    pub async fn start(self) -> anyhow::Result<Net2Sim> {
        self.start_blocking()
    }

    /// Starts the simulator from code that is not async.
    ///
    /// # Errors
    /// As [`Net2Options::start`].
    pub fn start_blocking(self) -> anyhow::Result<Net2Sim> {
        Net2Sim::launch(self)
    }

    pub(crate) fn plan(&self) -> SeedPlan {
        SeedPlan {
            people: self.people,
            event_days: self.event_days,
            clock: self.basics.clock(),
            seed: self.basics.seed,
            zone: self.basics.zone,
            switches: self.switches.clone(),
            client_id: self.client_id.clone(),
            operator: self.operator.clone(),
            password: self.password.clone(),
        }
    }
}
