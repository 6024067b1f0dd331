//! InVentry → timeware.

mod config;
mod demo;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::Utc;
use connector_http::profile::{InvalidProfile, Profile};
use futures::stream::{BoxStream, StreamExt as _};
use inventry_client::InventryClient;
use inventry_client::sync::InventryEndpoint;
use secrecy::SecretString;
use sync_core::connector::{EventSource, Source};
use sync_core::model::{Department, Device, Person};
use sync_core::reconcile::{Settings, SyncLink};
use sync_service::{Answer, ConfigFault, ConfigFaults, Desk, Failure, Installation, Program, Setup};
use timeware_model::sync::TimewareEndpoint;
use vendor_sim::inventry::InventrySim;

pub use config::{Config, People};

use crate::attendance::config::{Leading, RemovalsConfig};
use crate::attendance::links::{self, Common, PeopleWishes};
use crate::attendance::live::again_and_again;
use crate::attendance::store::Timeware;
use crate::attendance::{self, demo::release_some};
use crate::section;

/// The program `inventry-timeware`.
pub struct InventryTimeware {
    installation: Installation,
    timeware: Timeware,
    /// For events as they happen, where they are wanted.
    live: Option<InventryClient>,
    /// In a demo, the simulated school; it ends with the program.
    school: Option<InventrySim>,
}

impl InventryTimeware {
    fn join(
        config: &Config,
        client: InventryClient,
        timeware: Timeware,
        setup: &Setup,
        school: Option<InventrySim>,
    ) -> Self {
        let live = (config.events.enabled && config.events.live).then(|| client.clone());
        let inventry = Arc::new(InventryEndpoint::with_client("inventry", config.inventry.clone(), client));
        let endpoint = TimewareEndpoint::new("timeware", timeware.store.clone());
        let mut installation = Installation::new(vec![inventry.clone(), Arc::new(endpoint.clone())]);
        installation.links = links_of(config, &inventry, &endpoint, &|settings: &mut Settings| setup.limit(settings));
        if config.events.enabled {
            let events: Arc<dyn EventSource> = inventry;
            installation.events.push(links::events(events, &endpoint, Leading::Source, config.event_settings()));
        }
        Self { installation, timeware, live, school }
    }
}

/// Links of records, in the order in which they depend on each other.
fn links_of(
    config: &Config,
    inventry: &Arc<InventryEndpoint>,
    timeware: &TimewareEndpoint,
    common: Common<'_>,
) -> Vec<Arc<dyn SyncLink>> {
    let mut all = Vec::new();
    if config.devices.enabled {
        let devices: Arc<dyn Source<Device>> = inventry.clone();
        all.push(links::into_timeware(devices, timeware.devices(), common));
    }
    if config.departments.enabled {
        let departments: Arc<dyn Source<Department>> = inventry.clone();
        all.push(links::into_timeware(departments, timeware.departments(), common));
    }
    if config.people.enabled {
        let people: Arc<dyn Source<Person>> = inventry.clone();
        let wishes = PeopleWishes {
            leading: Leading::Source,
            personal: config.inventry.fields_on.iter().map(|field| field.as_str()).collect(),
            without: if config.departments.enabled { vec!["policies"] } else { vec!["policies", "department"] },
            removals: config.people.removals.map(RemovalsConfig::get),
        };
        all.push(links::people_of(people, timeware, &wishes, common));
    }
    all
}

#[async_trait]
impl Program for InventryTimeware {
    const NAME: &'static str = "inventry-timeware";
    const ABOUT: &'static str = "Takes people, departments, devices and sign-ins of InVentry into timeware";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Config = Config;

    fn template() -> String {
        include_str!("../../config/inventry-timeware.toml").to_owned()
    }

    async fn build(mut config: Config, setup: &Setup) -> Result<Self, ConfigFaults> {
        attendance::profile::resolve(&mut config.inventry.profile, setup);
        let mut faults: Vec<ConfigFault> = section::faults("inventry", config.inventry.faults()).collect();
        faults.extend(config.corrections_fault());
        faults.extend(RemovalsConfig::fault(config.people.removals, Leading::Source));
        let key = setup.secret("inventry.key", &config.inventry.key).unwrap_or_else(|fault| {
            faults.push(fault);
            SecretString::default()
        });
        let timeware = Timeware::check(config.timeware(), setup, &mut faults);
        ConfigFaults::none_of(faults)?;
        let client = config
            .inventry
            .client(key)
            .map_err(|error| ConfigFault::new("inventry", error.message().to_owned(), "Correct it"))?;
        Ok(Self::join(&config, client, timeware.open()?, setup, None))
    }

    async fn demo(setup: &Setup) -> Result<Self, Failure> {
        let school = demo::school().await.map_err(|error| Failure::new(format!("{error:#}")))?;
        let config = demo::config(&school);
        let path = setup.data().join("timeware.db");
        let store =
            demo::timeware_store(&path, &config, &school).await.map_err(|error| Failure::new(format!("{error:#}")))?;
        let client = config.inventry.client(SecretString::from(school.key()))?;
        Ok(Self::join(&config, client, Timeware::of(store, config.timeware()), setup, Some(school)))
    }

    fn installation(&self) -> &Installation {
        &self.installation
    }

    async fn administer(&self, _desk: &Desk) -> Result<Vec<String>, Failure> {
        let Some(school) = &self.school else { return Ok(Vec::new()) };
        let mut deeds = release_some(&*self.timeware.store, &demo::devices(school)).await?;
        let signed_in = demo::a_school_day(school);
        deeds.push(format!("{signed_in} people of the simulated school signed in and out"));
        Ok(deeds)
    }

    /// Whatever the server says while it is asked to wait for something new.
    fn hints(&self) -> Vec<BoxStream<'static, ()>> {
        let follow = |client: InventryClient| {
            again_and_again(move || {
                let pages = client.events().all().from(Utc::now()).follow();
                pages.filter_map(|page| async move { page.is_ok().then_some(()) }).boxed()
            })
        };
        self.live.iter().cloned().map(follow).collect()
    }

    fn verbs() -> Vec<clap::Command> {
        let mut verbs = attendance::verbs("devices");
        verbs.push(attendance::profile::command());
        verbs
    }

    fn alone(name: &str, arguments: &clap::ArgMatches) -> Option<Result<Answer, Failure>> {
        (name == "profile").then(|| attendance::profile::run(arguments, inventry_client::profile::BUILT_IN.toml, parse))
    }

    async fn verb(&self, name: &str, arguments: &clap::ArgMatches, _desk: &Desk) -> Result<Answer, Failure> {
        attendance::verb(name, arguments, &self.timeware).await
    }
}

fn parse(text: &str, file: &str) -> Result<Profile, InvalidProfile> {
    inventry_client::profile::parse(text, file)
}

impl fmt::Debug for InventryTimeware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InventryTimeware").field("installation", &self.installation).finish_non_exhaustive()
    }
}
