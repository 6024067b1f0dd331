//! Reading booking feeds, beside the best readers that others have written.

mod bodies;
mod foreign;
mod readers;

use std::path::Path;

use serde_json::{Value, json};

use crate::measure::Stopwatch;
use crate::report::Row;
use crate::{spawn, spawn_often};

/// Steps begin with this; the rest is the body and the reader.
pub(crate) const STEP: &str = "feed/";

/// How often each reader has its turn.
const TURNS: usize = 7;

/// Writes both bodies into the folder, then lets everybody read them.
pub(crate) fn measure() -> anyhow::Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let made = spawn("feed/make", 0, folder.path())?;
    let count = |name: &str| made.get(name).and_then(Value::as_u64).unwrap_or_default();
    let read = |body: &str, reader: &str| spawn_often(&format!("feed/{body}/{reader}"), folder.path());

    let [ours, calcard] = by_turns("type1", ["ours", "calcard"], folder.path())?;
    let mut rows = vec![
        Row::new("type-1 feed, 50,000 events", &ours)
            .exactly("instances", count("type1"))
            .exactly("problems", 0)
            .cpu_ratio(&calcard, 4.0)
            .at_most("cpu_s", 0.15)
            .at_most("bodies", 3.0),
        Row::new("  calcard, times resolved its way", &calcard).exactly("instances", count("type1")),
        Row::new("  calcard, parsing alone", &read("type1", "calcard-parse")?),
        Row::new("  icalendar, parsing alone", &read("type1", "icalendar")?).exactly("instances", count("type1")),
    ];
    rows.extend(foreign("type1", folder.path())?);

    let [ours, calcard] = by_turns("series", ["ours", "calcard"], folder.path())?;
    rows.extend([
        Row::new("2,000 series over two years", &ours)
            .exactly("instances", count("series"))
            .exactly("moved", count("moved"))
            .exactly("problems", 0)
            .cpu_ratio(&calcard, 1.0)
            .at_most("cpu_s", 0.12),
        Row::new("  calcard", &calcard).exactly("instances", count("series")).exactly("moved", count("moved")),
        Row::new("  icalendar with rrule, overrides left out", &read("series", "icalendar")?)
            .exactly("instances", count("series")),
    ]);
    rows.extend(foreign("series", folder.path())?);
    Ok(rows)
}

/// Lets readers whose times are compared take turns, so that what else the machine does hits them alike, and gives the
/// least disturbed run of each.
fn by_turns<const N: usize>(body: &str, readers: [&str; N], folder: &Path) -> anyhow::Result<[Value; N]> {
    let time = |run: &Value| run.get("cpu_s").or(run.get("wall_s")).and_then(Value::as_f64).unwrap_or(f64::MAX);
    let mut best = [const { Value::Null }; N];
    for _ in 0..TURNS {
        for (best, reader) in best.iter_mut().zip(readers) {
            let run = spawn(&format!("feed/{body}/{reader}"), 0, folder)?;
            if time(&run) < time(best) {
                *best = run;
            }
        }
    }
    Ok(best)
}

fn foreign(body: &str, folder: &Path) -> anyhow::Result<[Row; 2]> {
    let file = folder.join(format!("{body}.ics"));
    Ok([
        Row::new("  libical (C)", &foreign::libical(&file)?),
        Row::new("  icalendar + recurring-ical-events (Python)", &foreign::python(&file)?),
    ])
}

/// One step in a process of its own.
pub(crate) fn step(name: &str, folder: &Path) -> anyhow::Result<Value> {
    match name.split_once('/') {
        Some((body, reader)) => readers::measure(reader, &folder.join(format!("{body}.ics"))),
        None => make(folder),
    }
}

fn make(folder: &Path) -> anyhow::Result<Value> {
    let watch = Stopwatch::start();
    let (type1, series) = (bodies::type1(), bodies::series());
    std::fs::write(folder.join("type1.ics"), &type1.text)?;
    std::fs::write(folder.join("series.ics"), &series.text)?;
    Ok(watch.stop(json!({ "type1": type1.instances, "series": series.instances, "moved": series.moved })))
}
