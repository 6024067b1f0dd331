//! A site with years behind it: 10,000 people and 1,000,000 events through a whole program into an embedded timeware store,
//! killed in the middle and gone on with.
//!
//! The simulated server lives in the measuring process; the program runs in one of its own, so that its memory is its own.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use examples::inventry_timeware::InventryTimeware;
use examples::optima_timeware::OptimaTimeware;
use rusqlite::Connection;
use serde_json::{Value, json};
use sync_service::{Host, Program, run};
use vendor_sim::inventry::InventrySim;
use vendor_sim::optima::OptimaSim;

use crate::measure::Stopwatch;
use crate::report::Row;
use crate::{STEP, spawn};

const PEOPLE: usize = 10_000;
const EVENTS: usize = 1_000_000;
/// Booked events after which the program is killed once.
const KILLED_AFTER: i64 = 200_000;

pub(crate) fn measure() -> anyhow::Result<Vec<Row>> {
    let optima = OptimaSim::builder().people(PEOPLE).event_days(0).seed(3).start_blocking()?;
    let mut rows = site("optima", &optima.url(), &optima.key(), || optima.world(|world| world.bulk_events(EVENTS)))?;
    drop(optima);
    let inventry = InventrySim::builder().people(PEOPLE).event_days(0).seed(3).start_blocking()?;
    let fill = || inventry.world(|world| world.bulk_events(EVENTS));
    rows.extend(site("inventry", &inventry.url(), &inventry.key(), fill)?);
    Ok(rows)
}

fn site(vendor: &str, url: &str, key: &str, fill: impl FnOnce()) -> anyhow::Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    private(&folder.join("key"), key)?;
    fs::write(folder.join("program.toml"), config(vendor, url))?;
    let step = |what: &str| spawn(&format!("{vendor}-{what}"), 0, folder);
    step("plan")?;
    let people = step("apply")?;
    step("release")?;
    fill();
    kill_in_the_middle(vendor, folder)?;
    let events = step("apply")?;
    let (booked, receipts) = booked(folder)?;
    let events = with(events, &json!({"booked": booked, "twice": booked - receipts}));
    let again = step("apply")?;
    let (still, _) = self::booked(folder)?;
    let again = with(again, &json!({"more": still - booked}));
    Ok(vec![
        Row::new(&format!("{vendor}: {PEOPLE} people into an empty store"), &people),
        Row::new(&format!("{vendor}: {EVENTS} events, after a kill at {KILLED_AFTER}"), &events).exactly("twice", 0),
        Row::new(&format!("{vendor}: the same again"), &again).exactly("more", 0),
    ])
}

/// A secret file that nobody else may read.
fn private(file: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(file, text)?;
    #[cfg(unix)]
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(())
}

fn with(mut measured: Value, more: &Value) -> Value {
    if let (Some(measured), Some(more)) = (measured.as_object_mut(), more.as_object()) {
        measured.extend(more.clone());
    }
    measured
}

fn config(vendor: &str, url: &str) -> String {
    format!(
        "[service]\ndata = \"data\"\n[{vendor}]\nurl = {url:?}\nkey = \"file:key\"\nrequests_per_second = 100000\n\
         [timeware]\nstore = \"embedded\"\npath = \"timeware.db\"\n[events]\nrepeat_seconds = 0\nmax_age_days = 0\n"
    )
}

/// Kills the program without a word once part of the events are booked.
fn kill_in_the_middle(vendor: &str, folder: &Path) -> anyhow::Result<()> {
    let mut program = Command::new(std::env::current_exe()?)
        .args([STEP, &format!("{vendor}-apply"), "0"])
        .arg(folder)
        .stdout(Stdio::null())
        .spawn()?;
    let result = wait_for(&mut program, folder);
    program.kill()?;
    program.wait()?;
    result
}

fn wait_for(program: &mut Child, folder: &Path) -> anyhow::Result<()> {
    while booked(folder)?.0 < KILLED_AFTER {
        ensure!(program.try_wait()?.is_none(), "the program ended before it could be killed");
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Bookings in the store, and receipts of events: one each.
fn booked(folder: &Path) -> anyhow::Result<(i64, i64)> {
    let store = Connection::open(folder.join("timeware.db"))?;
    store.busy_timeout(Duration::from_secs(10))?;
    let count = |table: &str| store.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0));
    Ok((count("twork")?, count("bridge_event")?))
}

/// One run of a program, as its administrator would start it.
pub(crate) async fn step(name: &str, folder: &Path) -> anyhow::Result<Value> {
    let (vendor, what) = name.split_once('-').context("a step is called VENDOR-WHAT")?;
    let more: &[&str] = match what {
        "release" => &["terminals", "set", "all", "--kind", "attendance", "--release", "--from", "2000-01-01"],
        verb => &[verb],
    };
    let watch = Stopwatch::start();
    let code = match vendor {
        "optima" => perform::<OptimaTimeware>(more, folder).await,
        _ => perform::<InventryTimeware>(more, folder).await,
    };
    ensure!(code != 1, "{name} failed");
    Ok(watch.stop(json!({})))
}

async fn perform<P: Program>(arguments: &[&str], folder: &Path) -> u8 {
    let mut host = Host::of_process();
    host.out = Box::new(std::io::sink());
    let config = folder.join("program.toml").into_os_string();
    let head = [OsString::from(P::NAME), OsString::from("--config"), config];
    run::<P>(head.into_iter().chain(arguments.iter().map(OsString::from)), &mut host).await
}
