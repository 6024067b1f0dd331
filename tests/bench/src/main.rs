//! Measures the engine, feeds and bookings against their bounds, and against peers, in one run.
//!
//! `cargo run --release -p bench [-- --json] [SCENARIO …]`; exit code 1 if a bound is missed. Every step runs in a
//! process of its own, so that its peak memory is its own.

mod backfill;
mod bookings;
mod boundaries;
mod events;
mod feed;
mod generated;
mod measure;
mod pac;
mod people;
mod report;
mod rooms;

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, bail};
use serde_json::Value;

use report::Row;

type Scenario = (&'static str, fn() -> anyhow::Result<Vec<Row>>);

const SCENARIOS: [Scenario; 9] = [
    ("no-op", no_op),
    ("large-plan", large_plan),
    ("intake", intake),
    ("feed", feed::measure),
    ("bookings", bookings::measure),
    ("boundaries", boundaries::measure),
    ("rooms", rooms::measure),
    ("backfill", backfill::measure),
    ("pac", pac::measure),
];

/// How a step is called when the program starts itself.
const STEP: &str = "--step";

/// How often a short step is measured.
const RUNS: usize = 5;

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, step, count, folder] = arguments.as_slice()
        && flag == STEP
    {
        print(&run_step(step, count.parse()?, Path::new(folder))?.to_string());
        return Ok(ExitCode::SUCCESS);
    }
    let json = arguments.iter().any(|argument| argument == "--json");
    let wanted: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|argument| !argument.starts_with("--")).collect();
    let rows = measure_all(&wanted)?;
    print(&if json { report::json(&rows).to_string() } else { report::table(&rows) });
    Ok(if rows.iter().all(Row::holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn measure_all(wanted: &[&str]) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, measure) in SCENARIOS {
        if wanted.is_empty() || wanted.contains(&name) {
            rows.extend(measure().with_context(|| format!("scenario {name}"))?);
        }
    }
    if rows.is_empty() {
        let names: Vec<&str> = SCENARIOS.iter().map(|(name, _)| *name).collect();
        bail!("no such scenario; there are {}", names.join(", "));
    }
    Ok(rows)
}

fn no_op() -> anyhow::Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    spawn("seed", 100_000, folder.path())?;
    let run = spawn("no-op", 100_000, folder.path())?;
    Ok(vec![
        Row::new("no-op plan, 100,000 × 100,000 people", &run).at_most("cpu_s", 1.0).exactly("actions", 0),
        Row::new("  of which making the people", &spawn("make", 100_000, folder.path())?),
    ])
}

fn large_plan() -> anyhow::Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    spawn("seed", 1_000_000, folder.path())?;
    let run = spawn("changed", 1_000_000, folder.path())?;
    Ok(vec![
        Row::new("plan, 1,000,000 × 1,000,000 people, 1 % changed", &run)
            .at_most("wall_s", 10.0)
            .at_most("peak_mb", 300.0)
            .exactly("differing", 10_000),
        Row::new("  of which making the people", &spawn("make", 1_000_000, folder.path())?),
    ])
}

fn intake() -> anyhow::Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let count = 1_000_000;
    let raw = spawn("raw", count, folder.path())?;
    let intake = spawn("intake", count, folder.path())?;
    let again = spawn("intake-again", count, folder.path())?;
    let raw_again = spawn("raw-again", count, folder.path())?;
    Ok(vec![
        Row::new("raw SQLite insert-or-ignore, 1,000,000 events", &raw),
        Row::new("intake of the same events", &intake).ratio(&raw, 0.5).exactly("new", count),
        Row::new("raw SQLite, the same again", &raw_again),
        Row::new("intake, the same again", &again).ratio(&raw_again, 0.5).exactly("new", 0),
    ])
}

/// Runs one step in a process of its own.
fn spawn(step: &str, count: u64, folder: &Path) -> anyhow::Result<Value> {
    let output = Command::new(std::env::current_exe()?)
        .args([STEP, step, &count.to_string()])
        .arg(folder)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        bail!("step {step} failed");
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Runs a short step several times, each in a process of its own, and gives the run in the middle of the CPU times.
fn spawn_often(step: &str, folder: &Path) -> anyhow::Result<Value> {
    let mut runs = (0..RUNS).map(|_| spawn(step, 0, folder)).collect::<anyhow::Result<Vec<_>>>()?;
    let time = |run: &Value| run.get("cpu_s").or(run.get("wall_s")).and_then(Value::as_f64).unwrap_or_default();
    runs.sort_by(|one, other| time(one).total_cmp(&time(other)));
    Ok(runs.swap_remove(runs.len() / 2))
}

fn run_step(step: &str, count: u64, folder: &Path) -> anyhow::Result<Value> {
    if let Some(name) = step.strip_prefix(feed::STEP) {
        return feed::step(name, folder);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match step {
            "seed" => people::seed(count, folder).await,
            "make" => people::make(count).await,
            "no-op" => people::plan(count, 0, folder).await,
            "changed" => people::plan(count, 1, folder).await,
            "raw" | "raw-again" => events::raw(count, folder),
            "intake" => events::intake(count, folder).await,
            "intake-again" => events::intake_again(count, folder).await,
            "evaluate" => bookings::evaluate(false),
            "evaluate-neighbours" => bookings::evaluate(true),
            "boundaries" => boundaries::meet(count, folder).await,
            "rooms" => rooms::step(folder).await,
            name if name.starts_with("pac-") => pac::step(name, folder).await,
            name if name.starts_with("optima-") || name.starts_with("inventry-") => backfill::step(name, folder).await,
            other => bail!("no step is called {other}"),
        }
    })
}

#[expect(clippy::print_stdout, reason = "a program that prints what it measured")]
fn print(text: &str) {
    println!("{text}");
}
