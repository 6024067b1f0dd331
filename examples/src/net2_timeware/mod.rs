//! Paxton Net2 ⇄ timeware.

mod config;
mod demo;
mod links;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt as _};
use net2_client::Net2Client;
use net2_client::live::LiveSignal;
use net2_client::sync::{Net2Config, Net2Endpoint};
use secrecy::SecretString;
use sync_core::reconcile::Settings;
use sync_service::{Answer, ConfigFault, ConfigFaults, Desk, Failure, Installation, Program, Setup};
use timeware_model::sync::TimewareEndpoint;
use vendor_sim::net2::Net2Sim;

pub use config::{Config, DepartmentDirection, Departments, Direction, People, PersonalField, Policies};

use crate::attendance::config::RemovalsConfig;
use crate::attendance::demo::release_some;
use crate::attendance::store::Timeware;
use crate::{attendance, section};
use links::Sides;

/// The program `net2-timeware`.
pub struct Net2Timeware {
    installation: Installation,
    timeware: Timeware,
    /// For the live hub, where it is wanted.
    live: Option<Net2Client>,
    /// In a demo, the simulated site; it ends with the program.
    site: Option<Net2Sim>,
}

impl Net2Timeware {
    fn join(config: &Config, client: Net2Client, timeware: Timeware, setup: &Setup, site: Option<Net2Sim>) -> Self {
        let live = (config.events.enabled && config.events.live).then(|| client.clone());
        let net2 = Arc::new(Net2Endpoint::with_client("net2", config.net2.clone(), client));
        let endpoint = TimewareEndpoint::new("timeware", timeware.store.clone());
        let sides = Sides { net2: net2.clone(), timeware: endpoint.clone() };
        let mut installation = Installation::new(vec![net2, Arc::new(endpoint)]);
        installation.links = sides.links(config, &|settings: &mut Settings| setup.limit(settings));
        installation.events.extend(sides.events(config));
        Self { installation, timeware, live, site }
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
        let mut faults: Vec<ConfigFault> = section::faults("net2", config.net2.faults()).collect();
        faults.extend(RemovalsConfig::fault(config.people.removals, config.people.direction.leading()));
        let mut secret = |setting: &str, reference: &str| match setup.secret(setting, reference) {
            Ok(secret) => secret,
            Err(fault) => {
                faults.push(fault);
                SecretString::default()
            }
        };
        let password = secret("net2.password", &config.net2.password);
        let client_secret = config.net2.client_secret.as_ref().map(|reference| secret("net2.client_secret", reference));
        let timeware = Timeware::check(config.timeware(), setup, &mut faults);
        ConfigFaults::none_of(faults)?;
        let net2 = config
            .net2
            .client(password, client_secret)
            .map_err(|error| ConfigFault::new("net2.url", error.message().to_owned(), "Correct it"))?;
        Ok(Self::join(&config, net2, timeware.open()?, setup, None))
    }

    async fn demo(setup: &Setup) -> Result<Self, Failure> {
        let site = demo::net2_site().await.map_err(|error| told(&error))?;
        let config = demo::config(&site);
        let store =
            demo::timeware_store(&setup.data().join("timeware.db"), &site).await.map_err(|error| told(&error))?;
        let password = SecretString::from(site.password().to_owned());
        let net2 = config.net2.client(password, None)?;
        Ok(Self::join(&config, net2, Timeware::of(store, config.timeware()), setup, Some(site)))
    }

    fn installation(&self) -> &Installation {
        &self.installation
    }

    async fn administer(&self, _desk: &Desk) -> Result<Vec<String>, Failure> {
        let Some(site) = &self.site else { return Ok(Vec::new()) };
        let deeds = release_some(&*self.timeware.store, &demo::doors(site)).await?;
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
        attendance::verbs("doors")
    }

    async fn verb(&self, name: &str, arguments: &clap::ArgMatches, _desk: &Desk) -> Result<Answer, Failure> {
        attendance::verb(name, arguments, &self.timeware).await
    }
}

fn is_hint(signal: &LiveSignal) -> bool {
    matches!(signal, LiveSignal::Event(_) | LiveSignal::Connected)
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
