//! Almas Optima ⇄ timeware.

mod config;
mod demo;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{TimeDelta, Utc};
use connector_http::profile::{InvalidProfile, Profile};
use futures::stream::{self, BoxStream, StreamExt as _};
use optima_client::OptimaClient;
use optima_client::events::{EventCursor, EventQuery};
use optima_client::sync::OptimaEndpoint;
use secrecy::SecretString;
use sync_core::connector::{EventSource, Sink, Source};
use sync_core::model::{AccessPolicy, Device};
use sync_core::reconcile::{Settings, SyncLink};
use sync_service::{Answer, ConfigFault, ConfigFaults, Desk, Failure, Installation, Program, Setup};
use timeware_model::sync::TimewareEndpoint;
use vendor_sim::optima::OptimaSim;

pub use config::{Config, Direction, People, Policies};

use crate::attendance::config::RemovalsConfig;
use crate::attendance::links::{self, Common, PeopleWishes};
use crate::attendance::live::again_and_again;
use crate::attendance::store::Timeware;
use crate::attendance::{self, demo::release_some};
use crate::section;

/// The program `optima-timeware`.
pub struct OptimaTimeware {
    installation: Installation,
    timeware: Timeware,
    /// For events as they happen, where they are wanted.
    live: Option<OptimaClient>,
    /// In a demo, the simulated site; it ends with the program.
    site: Option<OptimaSim>,
}

impl OptimaTimeware {
    fn join(config: &Config, client: OptimaClient, timeware: Timeware, setup: &Setup, site: Option<OptimaSim>) -> Self {
        let live = (config.events.enabled && config.events.live).then(|| client.clone());
        let optima = Arc::new(OptimaEndpoint::with_client("optima", config.optima.clone(), client));
        let endpoint = TimewareEndpoint::new("timeware", timeware.store.clone());
        let mut installation = Installation::new(vec![optima.clone(), Arc::new(endpoint.clone())]);
        installation.links = links_of(config, &optima, &endpoint, &|settings: &mut Settings| setup.limit(settings));
        if config.events.enabled {
            let events: Arc<dyn EventSource> = optima;
            let leading = config.people.direction.leading();
            installation.events.push(links::events(events, &endpoint, leading, config.events.settings()));
        }
        Self { installation, timeware, live, site }
    }
}

/// Links of records, in the order in which they depend on each other.
fn links_of(
    config: &Config,
    optima: &Arc<OptimaEndpoint>,
    timeware: &TimewareEndpoint,
    common: Common<'_>,
) -> Vec<Arc<dyn SyncLink>> {
    let mut all = Vec::new();
    if config.readers.enabled {
        let readers: Arc<dyn Source<Device>> = optima.clone();
        all.push(links::into_timeware(readers, timeware.devices(), common));
    }
    let groups: Arc<dyn Sink<AccessPolicy>> = optima.clone();
    all.extend(links::either_way(config.policies.direction.leading(), groups, timeware.policies(), common));
    let wishes = PeopleWishes {
        leading: config.people.direction.leading(),
        personal: Vec::new(),
        without: if config.policies.direction == Direction::Off { vec!["policies"] } else { Vec::new() },
        removals: config.people.removals.map(RemovalsConfig::get),
    };
    all.extend(links::people(optima.clone(), timeware, &wishes, common));
    all
}

#[async_trait]
impl Program for OptimaTimeware {
    const NAME: &'static str = "optima-timeware";
    const ABOUT: &'static str = "Keeps Almas Optima and timeware in agreement: people, access groups, readers, events";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Config = Config;

    fn template() -> String {
        include_str!("../../config/optima-timeware.toml").to_owned()
    }

    async fn build(mut config: Config, setup: &Setup) -> Result<Self, ConfigFaults> {
        attendance::profile::resolve(&mut config.optima.profile, setup);
        let mut faults: Vec<ConfigFault> = section::faults("optima", config.optima.faults()).collect();
        faults.extend(RemovalsConfig::fault(config.people.removals, config.people.direction.leading()));
        let key = setup.secret("optima.key", &config.optima.key).unwrap_or_else(|fault| {
            faults.push(fault);
            SecretString::default()
        });
        let timeware = Timeware::check(config.timeware.clone(), setup, &mut faults);
        ConfigFaults::none_of(faults)?;
        let client = config
            .optima
            .client(key)
            .map_err(|error| ConfigFault::new("optima", error.message().to_owned(), "Correct it"))?;
        Ok(Self::join(&config, client, timeware.open()?, setup, None))
    }

    async fn demo(setup: &Setup) -> Result<Self, Failure> {
        let site = demo::site().await.map_err(|error| Failure::new(format!("{error:#}")))?;
        let config = demo::config(&site);
        let path = setup.data().join("timeware.db");
        let store =
            demo::timeware_store(&path, &config, &site).await.map_err(|error| Failure::new(format!("{error:#}")))?;
        let client = config.optima.client(SecretString::from(site.key()))?;
        Ok(Self::join(&config, client, Timeware::of(store, config.timeware.clone()), setup, Some(site)))
    }

    fn installation(&self) -> &Installation {
        &self.installation
    }

    async fn administer(&self, _desk: &Desk) -> Result<Vec<String>, Failure> {
        let Some(site) = &self.site else { return Ok(Vec::new()) };
        let mut deeds = release_some(&*self.timeware.store, &demo::readers(site)).await?;
        let passages = demo::a_working_day(site);
        deeds.push(format!("{passages} people of the simulated site went past its readers"));
        Ok(deeds)
    }

    /// Whatever the server says while it is asked to wait for something new.
    fn hints(&self) -> Vec<BoxStream<'static, ()>> {
        let follow = |client: OptimaClient| {
            again_and_again(move || {
                let client = client.clone();
                stream::once(async move { news(&client).await }).filter_map(|news| async { news }).flatten().boxed()
            })
        };
        self.live.iter().cloned().map(follow).collect()
    }

    fn verbs() -> Vec<clap::Command> {
        let mut verbs = attendance::verbs("readers");
        verbs.push(attendance::profile::command());
        verbs
    }

    fn alone(name: &str, arguments: &clap::ArgMatches) -> Option<Result<Answer, Failure>> {
        (name == "profile").then(|| attendance::profile::run(arguments, optima_client::profile::BUILT_IN.toml, parse))
    }

    async fn verb(&self, name: &str, arguments: &clap::ArgMatches, _desk: &Desk) -> Result<Answer, Failure> {
        attendance::verb(name, arguments, &self.timeware).await
    }
}

/// Follows the log from where it ends now; nothing while that cannot be found out.
async fn news(client: &OptimaClient) -> Option<BoxStream<'static, ()>> {
    let recent = client.events().query(EventQuery::all().from(Utc::now() - TimeDelta::minutes(5)));
    let end = recent.pages().filter_map(|page| async move { page.ok()?.last }).collect::<Vec<_>>().await.pop()?;
    let pages = client.events().follow(EventCursor::after(end));
    Some(pages.filter_map(|page| async move { page.is_ok().then_some(()) }).boxed())
}

fn parse(text: &str, file: &str) -> Result<Profile, InvalidProfile> {
    optima_client::profile::parse(text, file)
}

impl fmt::Debug for OptimaTimeware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OptimaTimeware").field("installation", &self.installation).finish_non_exhaustive()
    }
}
