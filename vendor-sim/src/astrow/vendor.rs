//! Astrow on the common host.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::files::{Files, Folders, Imported};
use super::switches::Switches;
use super::world::{World, seed};
use super::{api, control};
use crate::host::{Call, Clock, Errand, Options, Reply, Sim, Start, Vendor};

/// Astrow with the bridge's interface, as a vendor of the host.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Astrow;

/// A running Astrow; dropping it stops it.
pub type AstrowSim = Sim<Astrow>;

/// Settings of an Astrow before it starts.
pub type AstrowOptions = Options<Astrow>;

/// What an Astrow is made of.
#[derive(Clone)]
#[non_exhaustive]
pub struct Plan {
    pub(super) people: usize,
    pub(super) pac_badges: bool,
    pub(super) hex_badges: bool,
    pub(super) licences: Option<Vec<String>>,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) folders: Folders,
    pub(super) watch: Option<Duration>,
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan").field("people", &self.people).field("user", &self.user).finish_non_exhaustive()
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            people: 12,
            pac_badges: false,
            hex_badges: false,
            licences: None,
            user: "pac.bridge".to_owned(),
            password: "example-only é1".to_owned(),
            folders: Folders::default(),
            watch: None,
        }
    }
}

impl Options<Astrow> {
    /// How many employees.
    pub fn people(mut self, people: usize) -> Self {
        self.plan.people = people;
        self
    }

    /// Employees have an access group and a badge on their tab for PAC, as with Astrow as master.
    pub fn pac_badges(mut self, with: bool) -> Self {
        self.plan.pac_badges = with;
        self
    }

    /// The option *Use hexadecimal badge numbers*.
    pub fn hex_badges(mut self, hex: bool) -> Self {
        self.plan.hex_badges = hex;
        self
    }

    /// The licences, of `file-terminal`, `employees-import` and `roll-call`; all if not called.
    pub fn licences(mut self, names: &[&str]) -> Self {
        self.plan.licences = Some(names.iter().map(|name| (*name).to_owned()).collect());
        self
    }

    /// The user of the bridge.
    pub fn user(mut self, name: &str, password: &str) -> Self {
        (self.plan.user, self.plan.password) = (name.to_owned(), password.to_owned());
        self
    }

    /// Folder from which bookings are imported; without one, a temporary folder.
    pub fn import_folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.plan.folders.bookings = Some(folder.as_ref().to_owned());
        self
    }

    /// Folder from which employees are imported; without one, a temporary folder.
    pub fn employees_folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.plan.folders.employees = Some(folder.as_ref().to_owned());
        self
    }

    /// Folder for the exports of bookings and employees; without one, a temporary folder.
    pub fn export_folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.plan.folders.export = Some(folder.as_ref().to_owned());
        self
    }

    /// Looks into the folders and exports by itself, so often by the time of this machine; else only when told.
    pub fn watch(mut self, every: Duration) -> Self {
        self.plan.watch = Some(every);
        self
    }
}

impl Sim<Astrow> {
    /// The user of the bridge.
    pub fn user(&self) -> String {
        self.world(|world| world.users.keys().next().cloned().unwrap_or_default())
    }

    /// Password of that user.
    pub fn password(&self) -> String {
        self.world(|world| world.users.values().next().map(|user| user.password.clone()).unwrap_or_default())
    }

    /// The address below which all resources stand.
    pub fn api_url(&self) -> String {
        format!("{}/api/pac-bridge/v1", self.url())
    }

    /// Where files of bookings are looked for.
    pub fn import_folder(&self) -> PathBuf {
        self.world(|world| world.files.bookings().to_owned())
    }

    /// Where files of employees are looked for.
    pub fn employees_folder(&self) -> PathBuf {
        self.world(|world| world.files.employees().to_owned())
    }

    /// Where exports are written.
    pub fn export_folder(&self) -> PathBuf {
        self.world(|world| world.files.export().to_owned())
    }

    /// Looks into the import folders now; gives what was done with each file.
    ///
    /// # Errors
    /// A folder cannot be read, or a file not be moved.
    pub fn import_now(&self) -> anyhow::Result<Vec<Imported>> {
        self.world(World::import_now)
    }

    /// Writes the exports now, that of bookings only if there are new ones; gives the files.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn export_now(&self) -> anyhow::Result<Vec<PathBuf>> {
        self.world(World::export_now)
    }
}

impl Vendor for Astrow {
    const NAME: &'static str = "astrow";
    const ZONE: &'static str = "Europe/Brussels";
    const CONTROL: &'static [&'static str] = control::CALLS;
    type World = World;
    type Switches = Switches;
    type Plan = Plan;

    fn world(start: Start<Self>) -> anyhow::Result<World> {
        let files = Files::open(&start.plan.folders, start.plan.watch)?;
        let mut world = seed(&start.plan, start.seed, start.clock, start.zone, files);
        world.switches = start.switches;
        Ok(world)
    }

    fn clock(world: &mut World) -> &mut Clock {
        &mut world.clock
    }

    fn switches(world: &mut World) -> &mut Switches {
        &mut world.switches
    }

    fn answer(world: &mut World, call: &Call) -> Reply {
        api::answer(world, call)
    }

    fn control(world: &mut World, call: &Call, rest: &[&str]) -> Option<Reply> {
        control::answer(world, call, rest)
    }

    fn failure(_: &mut World, _: &Call, status: u16) -> Reply {
        api::failure(status)
    }

    fn shape(call: &Call) -> String {
        api::shape(call)
    }

    fn arrived(world: &mut World, call: &Call) {
        api::arrived(world, call);
    }

    fn left(world: &mut World, call: &Call) {
        world.front.left(call);
    }

    fn restarted(world: &mut World) {
        world.end_sessions();
    }

    fn settle(world: &mut World) -> Vec<Errand> {
        world.watch_folders();
        Vec::new()
    }

    fn restore(world: &mut World, older: World) {
        world.restore(older);
    }
}
