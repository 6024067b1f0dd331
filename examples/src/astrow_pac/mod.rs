//! PAC Access Central ⇄ Astrow.

mod bookings_to_pac;
mod changes;
mod config;
mod definitions;
mod demo;
mod departments;
mod doors;
mod failures;
mod heartbeat;
mod links;
mod person_ids;
mod roll_call;
mod switch;
mod verbs;
mod view;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use astrow_client::model::AstrowSession;
use astrow_client::sync::{AstrowDriver, AstrowEndpoint};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use pac_oem::model::{LogStream, PacSession};
use pac_oem::sync::{PacConfig, PacEndpoint};
use secrecy::SecretString;
use sync_core::connector::Endpoint as _;
use sync_core::model::{EndpointName, Pair};
use sync_core::reconcile::{Settings, SyncLink};
use sync_service::{
    Answer, Chore, ConfigFault, ConfigFaults, Desk, Failure, Installation, Interval, Program, Schedule, Setup,
};

pub use config::{Allowed, Bookings, Config, Door, Master, People};

use crate::section;

/// Documents of this program in the journal.
const KIND: &str = "astrow_pac";
/// Longest distance to the next try of what is to go over within seconds, however long a system was away.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The two systems.
struct Sides {
    pac: Arc<PacEndpoint>,
    astrow: Arc<AstrowEndpoint>,
    /// The pair of people.
    people: Pair,
    /// Whether events become bookings.
    books: bool,
}

/// The program `astrow-pac`.
pub struct AstrowPac {
    config: Config,
    sides: Arc<Sides>,
    installation: Installation,
    since: DateTime<Utc>,
    /// Whether the schedule has people on.
    keeps_people: bool,
    /// In a demo, the simulated systems; they end with the program.
    world: Option<demo::World>,
}

impl AstrowPac {
    fn join(
        config: Config,
        pac: PacEndpoint,
        astrow: AstrowEndpoint,
        setup: &Setup,
        world: Option<demo::World>,
    ) -> Result<Self, Failure> {
        let (pac, astrow) = (Arc::new(pac), Arc::new(astrow));
        let mut installation = Installation::new(vec![pac.clone(), astrow.clone()]);
        if config.people.enabled {
            let common = |settings: &mut Settings| setup.limit(settings);
            installation.links.push(links::people(&config, &pac, &astrow, &common)?);
        }
        if config.bookings.enabled {
            installation.events.push(links::bookings(&config, &pac, &astrow, setup.time_zone));
        }
        let people = links::pair(config.people.master, &pac, &astrow);
        let sides = Arc::new(Sides { pac, astrow, people, books: config.bookings.enabled });
        let keeps_people = setup.schedule.people.get().is_some();
        Ok(Self { config, sides, installation, since: setup.clock().now(), keeps_people, world })
    }
}

impl Sides {
    async fn pac(&self) -> Result<Arc<dyn PacSession>, Failure> {
        Ok(self.pac.session().await?)
    }

    async fn astrow(&self) -> Result<Arc<dyn AstrowSession>, Failure> {
        let told = |error: astrow_client::AstrowError| {
            let remedy = error.remedy().to_owned();
            Failure::from(error).with_remedy(remedy)
        };
        self.astrow.session().await.map_err(told)
    }

    fn pac_name(&self) -> &EndpointName {
        self.pac.name()
    }
}

#[async_trait]
impl Program for AstrowPac {
    const NAME: &'static str = "astrow-pac";
    const ABOUT: &'static str =
        "Keeps PAC Access Central and Astrow in agreement: people, badges, readers, bookings, doors";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Config = Config;

    fn template() -> String {
        include_str!("../../config/astrow-pac.toml").replace("2026-03-02", &Utc::now().date_naive().to_string())
    }

    fn schedule() -> Schedule {
        let seconds = |seconds| Interval::every(Duration::from_secs(seconds));
        let mut schedule = Schedule::default();
        schedule.definitions = seconds(300);
        schedule.people = seconds(60 * 60);
        schedule.events = seconds(15);
        schedule
    }

    async fn build(mut config: Config, setup: &Setup) -> Result<Self, ConfigFaults> {
        resolve_paths(&mut config, setup);
        verbs::certificate::put_stored(&mut config.pac, setup);
        let mut faults = config.faults();
        if config.astrow.delete_history_ok {
            let what = "stands in [people], as delete_astrow_history_ok";
            faults.push(ConfigFault::new("astrow.delete_history_ok", what, "Write it there"));
        }
        config.astrow.delete_history_ok = config.people.delete_astrow_history_ok;
        if !setup.is_for(verbs::certificate::NAME) {
            let trusts = config.pac.server_ca.is_some() || config.pac.server_cert_sha256.is_some();
            faults.extend(verbs::certificate::missing(trusts));
            let of_pac = config.pac.faults().into_iter().filter(|fault| trusts || fault.setting != "server_ca");
            faults.extend(section::faults("pac", of_pac.collect()));
            faults.extend(section::faults("astrow", config.astrow.faults()));
            if config.people.enabled && config.people.master == Master::Pac {
                faults.extend(section::faults("astrow", config.astrow.creation_faults()));
            }
        }
        let reference = Some(&config.astrow.password).filter(|_| config.astrow.driver == AstrowDriver::Rest);
        let password = reference.map(|reference| setup.secret("astrow.password", reference));
        let password = password.transpose().unwrap_or_else(|fault| {
            faults.extend(Some(fault).filter(|_| !setup.is_for(verbs::certificate::NAME)));
            None
        });
        ConfigFaults::none_of(faults)?;
        let pac = PacEndpoint::new("pac", config.pac.clone())
            .map_err(|error| ConfigFault::new("pac", error.message().to_owned(), "Correct it"))?;
        let astrow = astrow(&config, password)
            .map_err(|error| ConfigFault::new("astrow", error.message().to_owned(), error.remedy().to_owned()))?;
        Self::join(config, pac, astrow, setup, None)
            .map_err(|failure| ConfigFault::new("people", failure.message().to_owned(), "Correct it").into())
    }

    async fn demo(setup: &Setup) -> Result<Self, Failure> {
        let world = demo::World::start(setup.data()).await.map_err(|error| Failure::new(format!("{error:#}")))?;
        let config = world.config(setup);
        let pac = PacEndpoint::new("pac", config.pac.clone())?;
        let astrow = astrow(&config, Some(world.password()))?;
        Self::join(config, pac, astrow, setup, Some(world))
    }

    fn installation(&self) -> &Installation {
        &self.installation
    }

    async fn administer(&self, _desk: &Desk) -> Result<Vec<String>, Failure> {
        Ok(self.world.iter().map(demo::World::a_working_day).collect())
    }

    fn chores(&self) -> Vec<Arc<dyn Chore>> {
        let sides = &self.sides;
        let leads = self.config.people.master == Master::Astrow;
        let people = self.installation.links.first().filter(|_| self.keeps_people);
        let watches = leads || people.is_none();
        let definitions = Arc::new(definitions::Definitions::new(sides.clone(), watches));
        let mut chores: Vec<Arc<dyn Chore>> = vec![definitions.clone()];
        if let Some(link) = people {
            let link: Arc<dyn SyncLink> = link.clone();
            let master = self.config.people.master;
            chores.push(Arc::new(changes::Changes::new(sides.clone(), link, definitions, master)));
            if leads {
                chores.push(Arc::new(person_ids::PersonIds(sides.clone())));
            }
        }
        if leads && self.config.bookings.to_pac {
            chores.push(Arc::new(bookings_to_pac::BookingsToPac::new(sides.clone(), self.config.bookings.clone())));
        }
        chores.push(Arc::new(view::View::new(sides.clone())));
        if self.config.door.allow != Allowed::All(false) {
            chores.push(Arc::new(doors::Doors::new(sides.clone(), self.config.door.allow.clone())));
        }
        chores.push(Arc::new(roll_call::RollCalls::new(sides.clone())));
        chores.push(Arc::new(heartbeat::Beat::new(sides.clone(), self.since)));
        chores
    }

    /// Whatever PAC tells of its doors.
    fn hints(&self) -> Vec<BoxStream<'static, ()>> {
        let live = self.config.bookings.enabled && self.config.bookings.live;
        if live { vec![self.sides.pac.hints(LogStream::Events)] } else { Vec::new() }
    }

    fn verbs() -> Vec<clap::Command> {
        vec![
            verbs::terminals::command(),
            verbs::certificate::command(),
            verbs::badge_check::command(),
            verbs::files::command(),
            switch::command(),
        ]
    }

    fn alone(name: &str, arguments: &clap::ArgMatches) -> Option<Result<Answer, Failure>> {
        (name == verbs::badge_check::NAME).then(|| verbs::badge_check::run(arguments))
    }

    async fn verb(&self, name: &str, arguments: &clap::ArgMatches, desk: &Desk) -> Result<Answer, Failure> {
        match name {
            "terminals" => verbs::terminals::run(arguments, &self.sides, &self.config.bookings, desk).await,
            verbs::files::NAME => verbs::files::run(arguments, self.sides.astrow.files()).await,
            "switch-master" => switch::run(arguments, self.config.people.master, desk).await,
            _ => verbs::certificate::run(arguments, &self.config.pac, desk.setup().data()).await,
        }
    }
}

/// Astrow as an endpoint, with the readers that book.
fn astrow(config: &Config, password: Option<SecretString>) -> Result<AstrowEndpoint, astrow_client::AstrowError> {
    let named = config.astrow.clone().with(|astrow| astrow.client_name = Some(changes::CLIENT.to_owned()));
    let endpoint = AstrowEndpoint::new("astrow", named, password)?;
    Ok(endpoint.readers(config.bookings.readers.clone()))
}

/// Paths in the file are relative to it.
fn resolve_paths(config: &mut Config, setup: &Setup) {
    let PacConfig { key_path, server_ca, .. } = &mut config.pac;
    let mut paths: Vec<&mut PathBuf> = std::iter::once(key_path).chain(server_ca).collect();
    if let Some(files) = &mut config.astrow.files {
        paths.extend(files.bookings_in.iter_mut().map(|bookings| &mut bookings.folder));
        paths.extend(files.bookings_out.iter_mut().map(|bookings| &mut bookings.folder));
        paths.extend(files.employees_in.iter_mut().chain(&mut files.employees_out));
    }
    for path in paths {
        *path = setup.path(&*path);
    }
}

impl fmt::Debug for Sides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sides").field("people", &self.people).finish_non_exhaustive()
    }
}

impl fmt::Debug for AstrowPac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AstrowPac").field("installation", &self.installation).finish_non_exhaustive()
    }
}
