//! A big PAC site: 100,000 people, and a log of 2,000,000 events that nobody has read yet.
//!
//! The simulated server lives in the measuring process; each step runs in one of its own. Reading the log and keeping nothing is
//! what the same steps are compared with.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use futures::{FutureExt as _, StreamExt as _};
use pac_oem::model::LogStream;
use pac_oem::sync::{PacConfig, PacEndpoint};
use serde_json::{Value, json};
use sync_core::clock::SystemClock;
use sync_core::connector::Source;
use sync_core::events::EventLink;
use sync_core::journal::SqliteJournal;
use sync_core::model::Person;
use vendor_sim::pac::PacSim;

use crate::generated::GeneratedPeople;
use crate::measure::Stopwatch;
use crate::report::Row;
use crate::spawn;

const PEOPLE: u32 = 100_000;
const EVENTS: u64 = 2_000_000;
/// What happens between the two readings.
const MORE: u64 = 1_000;
/// Memory of a whole list of people.
const MEGABYTES: f64 = 64.0;
/// Seconds for 10,000 people, times ten.
const SECONDS: f64 = 100.0;

pub(crate) fn measure() -> anyhow::Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let pac = PacSim::builder().people(PEOPLE).events(EVENTS).seed(3).start_blocking()?;
    pac.write_key("bench", &folder.join("bench.oemkey"))?;
    let place = json!({"host": pac.host(), "port": pac.port(), "pin": pac.server_fingerprint()});
    fs::write(folder.join("pac.json"), place.to_string())?;
    let snapshot = spawn("pac-snapshot", 0, folder)?;
    let raw = spawn("pac-raw", 0, folder)?;
    let catch_up = spawn("pac-catch-up", 0, folder)?;
    for _ in 0..MORE {
        pac.swipe(11, 101, None);
    }
    let resume = spawn("pac-catch-up", 0, folder)?;
    Ok(vec![
        Row::new(&format!("pac: a whole list of {PEOPLE} people"), &snapshot)
            .exactly("people", PEOPLE.into())
            .at_most("wall_s", SECONDS)
            .at_most("peak_mb", MEGABYTES),
        Row::new(&format!("pac: reading {EVENTS} events and keeping none"), &raw).exactly("events", EVENTS),
        Row::new("pac: catching up with them into the ledger", &catch_up)
            .ratio(&raw, 0.3)
            .exactly("new", EVENTS)
            .at_most("peak_mb", 2.0 * MEGABYTES),
        Row::new(&format!("pac: going on after {MORE} more"), &resume).exactly("new", MORE).at_most("wall_s", 5.0),
    ])
}

/// One step, in a process of its own.
pub(crate) async fn step(name: &str, folder: &Path) -> anyhow::Result<Value> {
    let pac = Arc::new(endpoint(folder)?);
    match name {
        "pac-snapshot" => snapshot(&pac).await,
        "pac-raw" => raw(&pac).await,
        _ => catch_up(pac, folder).await,
    }
}

fn endpoint(folder: &Path) -> anyhow::Result<PacEndpoint> {
    let place: Value = serde_json::from_slice(&fs::read(folder.join("pac.json"))?)?;
    let text = |name: &str| place.get(name).and_then(Value::as_str).context("pac.json is not whole");
    let port = place.get("port").and_then(Value::as_u64).context("pac.json has no port")?;
    let config = PacConfig::new(text("host")?, u16::try_from(port)?, folder.join("bench.oemkey"), text("pin")?);
    Ok(PacEndpoint::new("pac", config)?)
}

async fn snapshot(pac: &PacEndpoint) -> anyhow::Result<Value> {
    let watch = Stopwatch::start();
    let (mut people, mut whole) = (0, false);
    let mut pages = Source::<Person>::snapshot(pac, None);
    while let Some(page) = pages.next().await {
        let page = page?;
        people += page.records.len();
        whole |= page.end.is_some_and(|end| end.complete);
    }
    ensure!(whole, "the list broke off");
    Ok(watch.stop(json!({ "people": people })))
}

async fn raw(pac: &PacEndpoint) -> anyhow::Result<Value> {
    let session = pac.session().await?;
    let mut cursor = session.server().log(LogStream::Events).context("no log of events")?.start();
    let watch = Stopwatch::start();
    let mut events = 0;
    loop {
        let batch = session.read_log(LogStream::Events, cursor, 500).await?;
        events += batch.len();
        match batch.cursor() {
            Some(next) if batch.more => cursor = next,
            _ => return Ok(watch.stop(json!({ "events": events }))),
        }
    }
}

async fn catch_up(pac: Arc<PacEndpoint>, folder: &Path) -> anyhow::Result<Value> {
    let journal = SqliteJournal::open(folder.join("journal.db"))?;
    let clock = SystemClock::new(|duration| tokio::time::sleep(duration).boxed());
    let link = EventLink::new("bench", pac, Arc::new(GeneratedPeople::secondary(0)));
    let watch = Stopwatch::start();
    let report = link.intake(&journal, &clock).await?;
    ensure!(report.failure.is_none(), "the log could not be read: {:?}", report.failure);
    Ok(watch.stop(json!({ "read": report.read, "new": report.new })))
}
