//! From the begin of a booking to the write at the simulated door system.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use booking_access::codes::{CodesConfig, Identification};
use booking_access::{Access, AccessConfig, Bookers, Reading, Sealer, Settings, Store, Watched, link};
use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use net2_client::sync::{BookersConfig, Net2Config, Net2Doors};
use serde_json::{Value, json};
use sync_core::clock::{Clock, ManualClock};
use sync_core::connector::Source as _;
use sync_core::journal::SqliteJournal;
use sync_core::model::{Booking, ExternalId, Participant, ParticipantRole, Person};
use sync_core::reconcile::{Approval, Context, Reconciler, Silent, SyncLink as _};
use vendor_sim::net2::Net2Sim;

use crate::measure::Stopwatch;
use crate::report::{Row, percentile};
use crate::spawn;

const PEOPLE: u64 = 1_000;
/// Boundaries met at the pace that a configuration has unless it says otherwise.
const PACED: usize = 60;
const FEED: &str = "rooms";

pub(crate) fn measure() -> anyhow::Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let run = spawn("boundaries", PEOPLE, folder.path())?;
    let part = |name: &str| run.get(name).cloned().unwrap_or_default();
    Ok(vec![
        Row::new("1,000 begins → Net2 (simulated), unpaced", &part("begins"))
            .exactly("met", PEOPLE)
            .at_most("p99_ms", 1_000.0),
        Row::new("  60 ends at the usual pace", &part("ends")).exactly("met", PACED as u64).at_most("p99_ms", 1_000.0),
        Row::new("  making 1,000 users before", &part("making")),
    ])
}

/// Makes the users, then jumps from boundary to boundary. A boundary is met when the write is confirmed, which is later
/// than when the server sees it.
pub(crate) async fn meet(people: u64, folder: &Path) -> anyhow::Result<Value> {
    let sim = Net2Sim::builder().people(40).departments(&["Booking"]).start().await?;
    let mut site = Site::new(&sim, folder)?;
    let making = site.make_users(people).await?;
    let begins = site.boundaries(&sim, usize::try_from(people)?).await?;
    site.pace(&sim, Net2Config::new(sim.url(), sim.operator(), "env:P", sim.client_id(), "Europe/London"))?;
    site.clock.set_wall(noon() + TimeDelta::minutes(55));
    let ends = site.boundaries(&sim, PACED).await?;
    Ok(json!({ "making": making, "begins": begins, "ends": ends }))
}

struct Site {
    clock: Arc<ManualClock>,
    journal: SqliteJournal,
    access: Arc<Access>,
    doors: Vec<String>,
    parts: (Arc<Watched>, Reconciler<Person>),
}

impl Site {
    fn new(sim: &Net2Sim, folder: &Path) -> anyhow::Result<Self> {
        let doors: Vec<String> = sim.world(|world| world.doors.keys().map(ToString::to_string).collect());
        let rooms = doors.iter().enumerate().map(|(n, door)| (format!("Room {n}"), vec![door.clone()]));
        let mut access = AccessConfig::with_resources(rooms);
        access.new_bookers = u32::MAX;
        let codes = CodesConfig { identification: Identification::Pin, pin_digits: 4, ..CodesConfig::default() };
        let settings = Settings { access, codes, zone: chrono_tz::Europe::London };
        let store = Store::open(folder.join("bookings.db"))?;
        let access = Arc::new(Access::open(store, Sealer::open(folder.join("secret.key"))?, settings)?);
        let clock = Arc::new(ManualClock::new(noon() - TimeDelta::hours(4)));
        let mut config = Net2Config::new(sim.url(), sim.operator(), "env:P", sim.client_id(), "Europe/London");
        config.requests_per_second = 10_000.0;
        let parts = parts(sim, config, &doors, &access, &clock)?;
        let journal = SqliteJournal::open(folder.join("journal.db"))?;
        Ok(Self { clock, journal, access, doors, parts })
    }

    /// Goes on by another client.
    fn pace(&mut self, sim: &Net2Sim, config: Net2Config) -> anyhow::Result<()> {
        self.parts = parts(sim, config, &self.doors, &self.access, &self.clock)?;
        Ok(())
    }

    async fn make_users(&self, people: u64) -> anyhow::Result<Value> {
        let watch = Stopwatch::start();
        let mut reading = Reading::new(FEED);
        for n in 0..people {
            reading.add(&format!("booking-{n}"), booking(n, self.doors.len() as u64));
        }
        self.access.take_reading(reading, self.clock.now())?;
        let (watched, link) = &self.parts;
        self.access.prepare(&**watched, self.clock.now()).await?;
        let report = link.run(&Approval::everything(), &self.context()).await?;
        anyhow::ensure!(!report.is_failure(), "the users could not be made: {report:?}");
        Ok(watch.stop(json!({})))
    }

    /// Meets so many boundaries, one after the other.
    async fn boundaries(&self, sim: &Net2Sim, count: usize) -> anyhow::Result<Value> {
        let watch = Stopwatch::start();
        let (mut times, mut calls, mut met) = (Vec::new(), 0, 0);
        for _ in 0..count {
            let from = self.clock.now();
            let next = self.access.grants().next_boundary(from).context("there is no boundary left")?;
            self.clock.advance((next - from).to_std()?);
            sim.clear_requests();
            let started = Instant::now();
            let grants = self.access.grants();
            let due: Vec<ExternalId> = grants.due(from, next).into_iter().map(|one| (&*one.key).into()).collect();
            let report = self.parts.1.run_for(&due, &Approval::default(), &self.context()).await?;
            times.push(started.elapsed().as_secs_f64() * 1_000.0);
            anyhow::ensure!(!report.is_failure(), "a boundary failed: {report:?}");
            let requests = sim.requests();
            calls += requests.len();
            met += usize::from(requests.iter().any(|call| call.method == "PUT" && call.status < 300));
        }
        Ok(watch.stop(json!({
            "met": met,
            "p50_ms": percentile(&times, 50),
            "p99_ms": percentile(&times, 99),
            "calls_each": calls.checked_div(count),
        })))
    }

    fn context(&self) -> Context<'_> {
        Context { journal: &self.journal, clock: &*self.clock, progress: &Silent, actor: "bench", today: None }
    }
}

fn parts(
    sim: &Net2Sim,
    mut config: Net2Config,
    doors: &[String],
    access: &Arc<Access>,
    clock: &Arc<ManualClock>,
) -> anyhow::Result<(Arc<Watched>, Reconciler<Person>)> {
    config.querydb = true;
    let mut bookers = BookersConfig::default();
    bookers.code_token_type = String::new();
    let net2 = Net2Doors::new("net2", config, bookers, sim.password().into(), None)?;
    let net2 = Arc::new(net2.using_doors(doors.iter().map(String::as_str)));
    let watched = Arc::new(Watched::new(net2, access.clone(), clock.clone()));
    let bookers = Arc::new(Bookers::new(access.clone(), clock.clone(), &watched.reads()));
    let link = link(bookers, watched.clone());
    Ok((watched, link))
}

/// A second after the one before, for an hour.
fn booking(n: u64, rooms: u64) -> Booking {
    let start = noon() + TimeDelta::seconds(n.cast_signed());
    let email = format!("person{n}@example.org");
    let name = Some(format!("Person Number{n}"));
    Booking {
        start,
        end: start + TimeDelta::hours(1),
        resources: [format!("Room {}", n % rooms)].into(),
        people: vec![Participant { email, name, role: ParticipantRole::Booker }],
        ..Booking::default()
    }
}

fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2027, 3, 1, 12, 0, 0).earliest().unwrap_or_default()
}
