//! What a binary brings: its configuration, its endpoints and links, its own verbs.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use sync_core::clock::Clock;
use sync_core::connector::Endpoint;
use sync_core::events::EventLink;
use sync_core::reconcile::SyncLink;

use crate::{Answer, Chore, ConfigFaults, Desk, Failure, Schedule, Setup};

/// A binary: what it joins and what its configuration looks like. Everything else is shared.
#[async_trait]
pub trait Program: Sized + Send + Sync + 'static {
    /// Name of the binary; the configuration file is called after it.
    const NAME: &'static str;
    /// One line for the head of the help.
    const ABOUT: &'static str;
    /// Its version.
    const VERSION: &'static str;
    /// Its sections of the configuration file, besides the shared ones. Give it `#[serde(deny_unknown_fields)]`.
    ///
    /// `service` and `guards` are shared sections, and so is the key `interval` of `people`, `definitions` and `events`;
    /// other keys of these three may be the program's own.
    type Config: DeserializeOwned + JsonSchema + Send;

    /// The commented configuration that `init` writes, with working defaults.
    fn template() -> String;

    /// Makes endpoints and links. Opens what is local, sends nothing.
    ///
    /// # Errors
    /// Everything that is wrong with the configuration, all at once.
    async fn build(config: Self::Config, setup: &Setup) -> Result<Self, ConfigFaults>;

    /// A fresh world for `--demo`; what has to stay alive stays in the program.
    ///
    /// # Errors
    /// Whatever keeps the world from being made.
    async fn demo(setup: &Setup) -> Result<Self, Failure>;

    /// Endpoints and links.
    fn installation(&self) -> &Installation;

    /// In a demo: what an administrator would do once the records are linked and before events are read, such as
    /// releasing terminals. One sentence per deed.
    ///
    /// # Errors
    /// Whatever fails.
    async fn administer(&self, _desk: &Desk) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    /// Work besides the links, in the order in which it is done within its stage.
    fn chores(&self) -> Vec<Arc<dyn Chore>> {
        Vec::new()
    }

    /// How often what is done where the configuration file does not say.
    fn schedule() -> Schedule {
        Schedule::default()
    }

    /// The time that everything goes by. A demo may bring a clock of its own, to let a day pass in seconds.
    fn clock(&self, setup: &Setup) -> Arc<dyn Clock> {
        setup.clock().clone()
    }

    /// What `status` tells besides the shared part. Nothing outside is asked, and the journal is only read: a service may
    /// be at work.
    ///
    /// # Errors
    /// Whatever fails.
    async fn status(&self, _desk: &Desk) -> Result<Standing, Failure> {
        Ok(Standing::default())
    }

    /// Streams of hints that events may have arrived. A hint is never data, only a reason to read now.
    fn hints(&self) -> Vec<BoxStream<'static, ()>> {
        Vec::new()
    }

    /// Verbs of its own, such as `terminals`.
    fn verbs() -> Vec<clap::Command> {
        Vec::new()
    }

    /// Does a verb of its own that needs neither configuration nor network, such as looking at a file; `None` for all
    /// others.
    fn alone(_name: &str, _arguments: &clap::ArgMatches) -> Option<Result<Answer, Failure>> {
        None
    }

    /// Does a verb of its own.
    ///
    /// # Errors
    /// Whatever fails; it is printed with its remedy, and the exit code is 1.
    async fn verb(&self, name: &str, _arguments: &clap::ArgMatches, _desk: &Desk) -> Result<Answer, Failure> {
        Err(Failure::new(format!("the verb {name} does nothing")))
    }
}

/// What a program adds to the answer of `status`.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "programs write it as a literal")]
pub struct Standing {
    /// Lines for people.
    pub lines: Vec<String>,
    /// Keys at the top of the JSON object; shared keys win.
    pub json: serde_json::Map<String, serde_json::Value>,
}

/// What is kept in agreement.
#[derive(Clone, Default)]
pub struct Installation {
    /// Every endpoint once, in the order in which `test` shows them.
    pub endpoints: Vec<Arc<dyn Endpoint>>,
    /// Links of records in the order of their dependencies: departments and policies before people.
    pub links: Vec<Arc<dyn SyncLink>>,
    /// Links of events.
    pub events: Vec<Arc<EventLink>>,
}

impl Installation {
    /// Endpoints without links.
    pub fn new(endpoints: Vec<Arc<dyn Endpoint>>) -> Self {
        Self { endpoints, ..Self::default() }
    }

    /// With one more link; links stand in the order of their dependencies.
    pub fn link(mut self, link: impl SyncLink + 'static) -> Self {
        self.links.push(Arc::new(link));
        self
    }

    /// With one more link of events.
    pub fn events(mut self, link: EventLink) -> Self {
        self.events.push(Arc::new(link));
        self
    }
}

impl fmt::Debug for Installation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Installation")
            .field("endpoints", &self.endpoints.len())
            .field("links", &self.links)
            .field("events", &self.events.len())
            .finish()
    }
}
