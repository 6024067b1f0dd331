//! The demo: a day at a coworking site, with simulated feeds and doors, on a clock that runs ahead.

mod clock;
mod day;
mod pile;

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context as _;
use booking_access::codes::CodesConfig;
use booking_access::mail::MailConfig;
use booking_access::{AccessConfig, DoorId, WatchConfig};
use chrono::{DateTime, NaiveTime, TimeZone as _, Utc};
use ical_bookings::sync::FeedConfig;
use net2_client::sync::BookersConfig;
use secrecy::SecretString;
use sync_service::{Installation, Setup};
use vendor_sim::feed::FeedSim;
use vendor_sim::net2::Net2Sim;

use super::build::{Secrets, assemble};
use super::post::Post;
use super::{Config, Parts, SourceKind};
use crate::net2_timeware::net2_section;
use clock::DemoClock;
use pile::Pile;

pub(super) use day::a_day;

/// When the day begins, by the clocks of the site.
const MORNING: (u32, u32) = (7, 0);
/// Rooms, and which of the site's doors lead to each: the front door is the first.
const ROOMS: [(&str, &[usize]); 3] = [("Meeting room", &[0, 1]), ("Studio", &[0, 2]), ("Workshop", &[0, 3])];
/// Names of those doors.
const DOORS: [&str; 4] = ["Front door", "Meeting room", "Studio", "Workshop"];
/// People who have nothing to do with bookings.
const STAFF: usize = 12;

/// The simulated site.
pub(super) struct World {
    venue: FeedSim,
    site: Net2Sim,
    clock: Arc<DemoClock>,
    pile: Arc<Pile>,
    /// The morning of the day.
    morning: DateTime<Utc>,
}

impl World {
    /// Puts all clocks ahead.
    pub(super) fn put_clocks_to(&self, time: DateTime<Utc>) {
        self.clock.put_to(time);
        self.venue.world(|world| {
            let by = time - world.now();
            world.clock.advance(by);
        });
        self.site.world(|world| {
            let by = time - world.clock.now();
            world.clock.advance(by);
        });
    }
}

/// Starts the site and everything that belongs to it.
pub(super) async fn world(setup: &Setup) -> anyhow::Result<(World, Arc<Parts>, Installation)> {
    let zone = setup.time_zone;
    let today = setup.clock().now().with_timezone(&zone).date_naive();
    let time = NaiveTime::from_hms_opt(MORNING.0, MORNING.1, 0).context("a time of day")?;
    let morning = zone.from_local_datetime(&today.and_time(time)).earliest().context("a morning")?.to_utc();
    let venue = FeedSim::builder().bookings(0).start_at(morning).start().await?;
    let site = Net2Sim::builder()
        .people(STAFF)
        .seed(3)
        .start_at(morning)
        .departments(&["Booking"])
        // The clock jumps; nobody wants to see the operator sign in again and again.
        .with_switches(|switches| switches.token_expires_in = 60 * 60 * 48)
        .start()
        .await?;
    site.world(|world| {
        for (door, name) in world.doors.values_mut().zip(DOORS) {
            name.clone_into(&mut door.name);
        }
    });
    let clock = Arc::new(DemoClock::starting_at(morning, setup.clock().clone()));
    let pile = Arc::new(Pile::default());
    let world = World { venue, site, clock, pile, morning };
    day::first_bookings(&world);
    let config = config(&world);
    let secrets = Secrets {
        net2: SecretString::from(world.site.password().to_owned()),
        client: None,
        links: vec![SecretString::from(world.venue.feed_url())],
        outlook: None,
    };
    let post = Post::by(world.pile.clone());
    let (parts, installation) = assemble(&config, setup, secrets, None, post, world.clock.clone())?;
    Ok((world, parts, installation))
}

fn config(world: &World) -> Config {
    let doors: Vec<i64> = world.site.world(|world| world.doors.keys().copied().collect());
    let door = |place: &usize| doors.get(*place).copied().map(DoorId::from);
    let resources =
        ROOMS.map(|(room, places)| (room.to_owned(), places.iter().filter_map(door).collect::<BTreeSet<_>>()));
    let mut feed = FeedConfig::new("venue", "env:DEMO");
    (feed.allow_http, feed.allow_private) = (true, true);
    let mail = MailConfig {
        enabled: true,
        server: "mail.example".to_owned(),
        sender: "Common Hall <no-reply@commonhall.example>".to_owned(),
        site_name: "Common Hall".to_owned(),
        gather_seconds: 0,
        rate_per_minute: 1_000,
        ..MailConfig::default()
    };
    Config {
        net2: net2_section(&world.site),
        bookers: BookersConfig::default(),
        source: SourceKind::Feeds,
        feeds: vec![feed],
        outlook: None,
        push: None,
        access: AccessConfig { resources: resources.into_iter().collect(), ..AccessConfig::default() },
        codes: CodesConfig::default(),
        mail,
        // The clock of the day jumps, so that somebody who guesses for minutes cannot be shown.
        watch: WatchConfig { refused: 0, ..WatchConfig::default() },
    }
}
