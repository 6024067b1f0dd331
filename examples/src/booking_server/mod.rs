//! Bookings from iCal feeds or Outlook rooms open Paxton Net2 doors, with a PIN or QR code by e-mail.

mod bounces;
mod build;
mod chores;
mod config;
mod demo;
mod door_events;
mod feed;
mod outlook;
mod post;
mod preflight;
mod push;
mod shown;
mod source;
mod states;
mod verbs;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use booking_access::mail::BounceMailbox;
use booking_access::{Access, WatchConfig};
use chrono_tz::Tz;
use graph_rooms::sync::GraphRooms;
use net2_client::sync::{Net2Config, Net2Doors};
use sync_core::clock::Clock;
use sync_service::{
    Answer, Chore, ConfigFaults, Desk, Failure, Installation, Interval, Program, Schedule, Setup, Standing,
};

pub use config::{Config, SourceKind};
pub use push::PushConfig;

use bounces::Bounces;
use chores::{Boundaries, Feeds, Letters, Numbers, Upkeep};
use demo::World;
use door_events::DoorEvents;
use outlook::Tenant;
use post::Post;
use preflight::Preflights;
use push::Push;
use source::BookingSource;

/// Bookings from iCal feeds or Outlook rooms → Paxton Net2.
pub struct BookingServer {
    parts: Arc<Parts>,
    installation: Installation,
    chores: Vec<Arc<dyn Chore>>,
    /// In a demo, the simulated site; it ends with the program.
    world: Option<World>,
}

/// What chores and verbs work with.
#[derive(Debug)]
struct Parts {
    /// Bookings, people and rights.
    access: Arc<Access>,
    /// Feeds, each a source of its own, so that absences are confirmed by its own looks; or the rooms of a tenant.
    sources: Vec<Arc<dyn BookingSource>>,
    /// The doors.
    net2: Arc<Net2Doors>,
    /// The rooms among the sources, where there are any.
    rooms: Option<Arc<GraphRooms>>,
    /// The tenant, where there is one.
    tenant: Option<Tenant>,
    /// Where the doors are; operators can be listed before anybody has signed in.
    net2_section: Net2Config,
    /// Letters.
    post: Post,
    /// The time.
    clock: Arc<dyn Clock>,
    /// Zone of the site.
    zone: Tz,
    /// What is watched for in the events of the doors.
    watch: WatchConfig,
}

impl BookingServer {
    fn join(parts: Arc<Parts>, installation: Installation, world: Option<World>) -> Self {
        let chores: Vec<Arc<dyn Chore>> = vec![
            Arc::new(Feeds::new(parts.clone())),
            Arc::new(Boundaries::new(parts.clone())),
            // Before the letters, so that what it tells goes out at once.
            Arc::new(DoorEvents::new(parts.clone())),
            Arc::new(Letters::new(parts.clone())),
            Arc::new(Preflights::new(parts.clone())),
            Arc::new(Numbers::new(parts.clone())),
            Arc::new(Upkeep::new(parts.clone())),
        ];
        Self { parts, installation, chores, world }
    }

    /// With the mailbox being read that undeliverable letters go back to; before letters, which tell staff what was found.
    fn hearing_of_bounces(mut self, mailbox: Option<BounceMailbox>) -> Self {
        if let Some(mailbox) = mailbox {
            self.chores.insert(0, Arc::new(Bounces::new(self.parts.clone(), mailbox)));
        }
        self
    }

    /// With Graph telling of changes by itself.
    fn pushed(mut self, config: Option<PushConfig>) -> Self {
        if let (Some(config), Some(rooms)) = (config, self.parts.rooms.clone()) {
            self.chores.push(Arc::new(Push::new(config, rooms, self.parts.clone())));
        }
        self
    }
}

#[async_trait]
impl Program for BookingServer {
    const NAME: &'static str = "booking-server";
    const ABOUT: &'static str =
        "Bookings from iCal feeds or Outlook rooms open Paxton Net2 doors, with a PIN or QR code by e-mail";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Config = Config;

    fn template() -> String {
        include_str!("../../config/booking-server.toml").to_owned()
    }

    async fn build(config: Config, setup: &Setup) -> Result<Self, ConfigFaults> {
        let build::Built { parts, installation, mailbox } = build::from_config(&config, setup)?;
        Ok(Self::join(parts, installation, None).pushed(config.push).hearing_of_bounces(mailbox))
    }

    async fn demo(setup: &Setup) -> Result<Self, Failure> {
        let (world, parts, installation) =
            demo::world(setup).await.map_err(|error| Failure::new(format!("{error:#}")))?;
        Ok(Self::join(parts, installation, Some(world)))
    }

    fn installation(&self) -> &Installation {
        &self.installation
    }

    fn clock(&self, _setup: &Setup) -> Arc<dyn Clock> {
        self.parts.clock.clone()
    }

    /// Rights are checked in full each minute; begins and ends of bookings are met besides.
    fn schedule() -> Schedule {
        let mut schedule = Schedule::default();
        schedule.people = Interval::every(std::time::Duration::from_mins(1));
        schedule
    }

    fn chores(&self) -> Vec<Arc<dyn Chore>> {
        self.chores.clone()
    }

    /// In a demo, a day passes.
    async fn administer(&self, desk: &Desk) -> Result<Vec<String>, Failure> {
        match &self.world {
            Some(world) => demo::a_day(world, self, desk).await,
            None => Ok(Vec::new()),
        }
    }

    async fn status(&self, desk: &Desk) -> Result<Standing, Failure> {
        shown::standing(&self.parts, desk.setup().time_zone).await
    }

    fn verbs() -> Vec<clap::Command> {
        verbs::commands()
    }

    async fn verb(&self, name: &str, arguments: &clap::ArgMatches, desk: &Desk) -> Result<Answer, Failure> {
        verbs::perform(&self.parts, name, arguments, desk).await
    }
}

impl fmt::Debug for BookingServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BookingServer").field("installation", &self.installation).finish_non_exhaustive()
    }
}
