//! Paxton Net2 ⇄ timeware.

mod config;
mod demo;
mod links;
mod terminals;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::Utc;
use futures::stream::{BoxStream, StreamExt as _};
use net2_client::Net2Client;
use net2_client::live::LiveSignal;
use net2_client::sync::{Net2Config, Net2Endpoint};
use secrecy::SecretString;
use sync_core::connector::Endpoint;
use sync_core::events::EventSettings;
use sync_core::reconcile::Settings;
use sync_service::{Answer, ConfigFault, ConfigFaults, Desk, Failure, Installation, Program, Setup};
use timeware_model::sync::TimewareEndpoint;
use timeware_model::{Store, TerminalChange, TerminalDirection, TerminalKind, TimewareConfig};
use vendor_sim::net2::Net2Sim;

pub use config::{
    Config, DepartmentDirection, Departments, Direction, Events, People, PersonalField, Policies, RemovalsConfig,
    Switch,
};

use links::Sides;

/// The program `net2-timeware`.
pub struct Net2Timeware {
    installation: Installation,
    store: Arc<dyn Store>,
    /// For the live hub, where it is wanted.
    live: Option<Net2Client>,
    /// In a demo, the simulated site; it ends with the program.
    site: Option<Net2Sim>,
}

impl Net2Timeware {
    fn join(
        config: &Config,
        client: Net2Client,
        timeware: TimewareEndpoint,
        setup: &Setup,
        site: Option<Net2Sim>,
    ) -> Self {
        let live = (config.events.enabled && config.events.live).then(|| client.clone());
        let net2 = Arc::new(Net2Endpoint::with_client("net2", config.net2.clone(), client));
        let sides = Sides { net2, timeware };
        let common = |settings: &mut Settings| setup.limit(settings);
        let net2: Arc<dyn Endpoint> = sides.net2.clone();
        let timeware: Arc<dyn Endpoint> = Arc::new(sides.timeware.clone());
        let mut installation = Installation::new(vec![net2, timeware]);
        installation.links = sides.definitions(config, &common);
        installation.links.extend(sides.people(config, &common));
        installation.events.extend(sides.events(config, event_settings(&config.events)));
        let store = sides.timeware.store().clone();
        Self { installation, store, live, site }
    }
}

#[async_trait]
impl Program for Net2Timeware {
    const NAME: &'static str = "net2-timeware";
    const ABOUT: &'static str =
        "Keeps Paxton Net2 and timeware in agreement: people, departments, policies, doors, events";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Config = Config;

    fn template() -> String {
        include_str!("../../config/net2-timeware.toml").to_owned()
    }

    async fn build(config: Config, setup: &Setup) -> Result<Self, ConfigFaults> {
        let mut faults = faults_of(&config);
        let mut secret = |setting: &str, reference: &str| match setup.secret(setting, reference) {
            Ok(secret) => secret,
            Err(fault) => {
                faults.push(fault);
                SecretString::default()
            }
        };
        let password = secret("net2.password", &config.net2.password);
        let client_secret = config.net2.client_secret.as_ref().map(|reference| secret("net2.client_secret", reference));
        let mut timeware = config.timeware();
        timeware.path = setup.path(&timeware.path);
        // Settings are checked here, so that a fault in them and one in Net2's section are told together.
        if let Err(error) = timeware_model::Settings::new(timeware.clone()) {
            faults.push(timeware_fault(&error));
        }
        ConfigFaults::none_of(faults)?;
        let net2 = config
            .net2
            .client(password, client_secret)
            .map_err(|error| ConfigFault::new("net2.url", error.message().to_owned(), "Correct it"))?;
        let store = open_store(timeware).map_err(|error| timeware_fault(&error))?;
        Ok(Self::join(&config, net2, TimewareEndpoint::new("timeware", store), setup, None))
    }

    async fn demo(setup: &Setup) -> Result<Self, Failure> {
        let site = demo::net2_site().await.map_err(|error| told(&error))?;
        let config = demo::config(&site);
        let store =
            demo::timeware_store(&setup.data().join("timeware.db"), &site).await.map_err(|error| told(&error))?;
        let password = SecretString::from(site.password().to_owned());
        let net2 = config.net2.client(password, None)?;
        Ok(Self::join(&config, net2, TimewareEndpoint::new("timeware", store), setup, Some(site)))
    }

    fn installation(&self) -> &Installation {
        &self.installation
    }

    async fn administer(&self, _desk: &Desk) -> Result<Vec<String>, Failure> {
        let Some(site) = &self.site else { return Ok(Vec::new()) };
        let deeds = release_some(&*self.store).await?;
        let passages = demo::a_working_day(site);
        Ok(deeds
            .into_iter()
            .chain([format!("{passages} people of the simulated site went through its doors")])
            .collect())
    }

    /// Whatever the live hub says, be it that it is there again: the log may have something new.
    fn hints(&self) -> Vec<BoxStream<'static, ()>> {
        let live = self.live.iter().map(|net2| net2.live().events().stream());
        live.map(|signals| signals.filter_map(|signal| async move { is_hint(&signal).then_some(()) }).boxed()).collect()
    }

    fn verbs() -> Vec<clap::Command> {
        vec![terminals::command()]
    }

    async fn verb(&self, name: &str, arguments: &clap::ArgMatches, _desk: &Desk) -> Result<Answer, Failure> {
        match name {
            "terminals" => {
                let zone = self.store.settings().time_zone();
                terminals::run(arguments, &*self.store, zone, Utc::now()).await
            }
            other => Err(Failure::new(format!("there is no verb {other}"))),
        }
    }
}

/// What the demo's administrator does: two doors count for attendance, one is recorded, the others stay suspended.
async fn release_some(store: &dyn Store) -> Result<Vec<String>, Failure> {
    let terminals = store.terminals(None).await?;
    let since = Utc::now() - chrono::Duration::days(7);
    let plan = [
        (0, TerminalKind::Attendance, TerminalDirection::In),
        (1, TerminalKind::Attendance, TerminalDirection::Out),
        (2, TerminalKind::Access, TerminalDirection::Unknown),
    ];
    let mut deeds = Vec::new();
    for (position, kind, direction) in plan {
        let (Some(id), Some(terminal)) = (terminals::number_of(&terminals, position), terminals.get(position)) else {
            continue;
        };
        store.set_terminal(id, &TerminalChange::release(kind, since).direction(direction)).await?;
        deeds.push(format!("released {:?} as {} from a week ago on", terminal.description, kind.role()));
    }
    deeds.push(format!("left {} of {} terminals suspended", terminals.len() - deeds.len(), terminals.len()));
    Ok(deeds)
}

fn is_hint(signal: &LiveSignal) -> bool {
    matches!(signal, LiveSignal::Event(_) | LiveSignal::Connected)
}

fn event_settings(events: &Events) -> EventSettings {
    let days = |days: u64| Duration::from_secs(days * 24 * 60 * 60);
    EventSettings {
        repeat_window: Duration::from_secs(events.repeat_seconds),
        max_age: days(events.max_age_days),
        waiting_max: days(events.waiting_days),
        ..EventSettings::default()
    }
}

/// While the service writes, an administrator may still look and set terminals; what else a verb wants to do is then
/// refused by the journal's lock.
fn open_store(config: TimewareConfig) -> timeware_model::Result<Arc<dyn Store>> {
    match timeware_model::open(config.clone()) {
        Err(error) if error.kind() == timeware_model::ErrorKind::Locked => timeware_model::open_beside_writer(config),
        opened => opened,
    }
}

fn faults_of(config: &Config) -> Vec<ConfigFault> {
    let net2 = config.net2.faults().into_iter();
    let mut faults: Vec<_> =
        net2.map(|fault| ConfigFault::new(format!("net2.{}", fault.setting), fault.reason, fault.remedy)).collect();
    if config.people.removals.is_some_and(RemovalsConfig::deletes)
        && config.people.direction != Direction::TimewareToNet2
    {
        faults.push(ConfigFault::new(
            "people.removals",
            "people are never deleted in timeware",
            "Use \"mark_leaver\" or \"disable\"",
        ));
    }
    faults
}

fn timeware_fault(error: &timeware_model::Error) -> ConfigFault {
    let setting = error.field().unwrap_or("timeware").to_owned();
    ConfigFault::new(setting, error.reason().to_owned(), error.remedy().unwrap_or("Correct it").to_owned())
}

fn told(error: &anyhow::Error) -> Failure {
    Failure::new(format!("{error:#}"))
}

impl fmt::Debug for Net2Timeware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Net2Timeware").field("installation", &self.installation).finish_non_exhaustive()
    }
}

/// The section of Net2 for a simulated site.
pub(crate) fn net2_section(site: &Net2Sim) -> Net2Config {
    let mut section = Net2Config::new(site.url(), site.operator(), "env:DEMO", site.client_id(), "Europe/London");
    section.querydb = true;
    section.requests_per_second = 1_000.0;
    section
}
