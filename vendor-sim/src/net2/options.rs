//! What a simulator is started with.

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::sim::Net2Sim;
use super::switches::Switches;
use super::world::{SeedPlan, World};
use crate::clock::{Clock, Zone};
use crate::listen::loopback;

/// Settings of a simulator before it starts.
#[derive(Debug, Clone)]
pub struct Net2Options {
    pub(crate) listen: String,
    pub(crate) tls: bool,
    pub(crate) tls_names: Vec<String>,
    pub(crate) people: usize,
    pub(crate) seed: u64,
    pub(crate) event_days: i64,
    pub(crate) start_at: Option<DateTime<Utc>>,
    pub(crate) frozen: bool,
    pub(crate) zone: Zone,
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
            listen: "127.0.0.1:0".to_owned(),
            tls: false,
            tls_names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            people: 40,
            seed: 1,
            event_days: 3,
            start_at: None,
            frozen: false,
            zone: Zone::default(),
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
    /// Number of people of the seeded site.
    pub fn people(mut self, people: usize) -> Self {
        self.people = people;
        self
    }

    /// Seed; the same seed on the same day gives the same site.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How many past days have events.
    pub fn event_days(mut self, days: i64) -> Self {
        self.event_days = days;
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

    /// Time zone of the server.
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

    pub(crate) fn address(&self) -> anyhow::Result<SocketAddr> {
        loopback(&self.listen)
    }

    pub(crate) fn plan(&self) -> SeedPlan {
        let start = self.start_at.unwrap_or_else(Utc::now);
        let clock = if self.frozen { Clock::standing_at(start) } else { Clock::starting_at(start) };
        SeedPlan {
            people: self.people,
            seed: self.seed,
            event_days: self.event_days,
            clock,
            zone: self.zone,
            switches: self.switches.clone(),
            client_id: self.client_id.clone(),
            operator: self.operator.clone(),
            password: self.password.clone(),
        }
    }
}
