//! A tenant with 500 rooms and 50,000 events: how many calls, how long, how much memory, and what a second reading costs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use graph_rooms::sync::{GraphRooms, MemoryStates, OutlookConfig, RoomConfig};
use serde_json::{Value, json};
use sync_core::connector::Source as _;
use vendor_sim::graph::GraphSim;

use crate::measure::Stopwatch;
use crate::report::Row;
use crate::spawn;

const ROOMS: usize = 500;
const EVENTS: usize = 50_000;
/// What the vendor allows an application at once.
const TOGETHER: u64 = 4;
const FILE: &str = "tenant.json";

pub(crate) fn measure() -> anyhow::Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let sim = GraphSim::builder().rooms(ROOMS).meetings(EVENTS).seed(5).start_blocking()?;
    let rooms: Vec<(String, String)> =
        sim.world(|world| world.rooms.values().map(|room| (room.address.clone(), room.name.clone())).collect());
    let tenant = json!({
        "tenant": sim.tenant(),
        "client": sim.client_id(),
        "secret": sim.secret(),
        "base": sim.base_url(),
        "token": sim.token_url(),
        "rooms": rooms,
    });
    fs::write(folder.path().join(FILE), tenant.to_string())?;
    let run = spawn("rooms", 0, folder.path())?;
    let part = |name: &str| run.get(name).cloned().unwrap_or_default();
    let refused = sim.requests().iter().filter(|call| call.status == 429).count();
    let load = json!({ "most_at_once": sim.in_flight_peak(), "refused": refused });
    Ok(vec![
        Row::new(&format!("{ROOMS} rooms, {EVENTS} events of Graph (simulated), every calendar read"), &part("first"))
            .exactly("rooms", ROOMS as u64),
        Row::new("  the same again, nothing changed", &part("second")).exactly("changed", 0),
        Row::new("  as the tenant saw it", &load).at_most("most_at_once", f64_of(TOGETHER)).exactly("refused", 0),
    ])
}

fn f64_of(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}

pub(crate) async fn step(folder: &Path) -> anyhow::Result<Value> {
    let tenant: Value = serde_json::from_str(&fs::read_to_string(folder.join(FILE))?)?;
    let text = |name: &str| tenant.get(name).and_then(Value::as_str).map(str::to_owned).context("a word is missing");
    let rooms: Vec<(String, String)> = serde_json::from_value(tenant.get("rooms").cloned().unwrap_or_default())?;
    // Names are not unique; the address tells which is meant.
    let rooms = rooms.into_iter().map(|(address, name)| RoomConfig::new(&address, format!("{name} {address}")));
    let mut config = OutlookConfig::new("hq", text("tenant")?, text("client")?, "Europe/London", rooms.collect());
    config.secret = Some("env:SECRET".to_owned());
    (config.base_url, config.token_url) = (Some(text("base")?), Some(text("token")?));
    let rooms = GraphRooms::new("hq", config, Some(text("secret")?.into()), Arc::new(MemoryStates::default()))?;
    let first = reading(&rooms).await?;
    let second = reading(&rooms).await?;
    Ok(json!({ "first": first, "second": second }))
}

async fn reading(rooms: &GraphRooms) -> anyhow::Result<Value> {
    use futures::StreamExt as _;
    let before = rooms.client().request_count();
    let watch = Stopwatch::start();
    let reports = rooms.poll_all(chrono::Utc::now()).await;
    let mut outcomes: BTreeMap<&str, u64> = BTreeMap::new();
    for report in reports.iter().filter(|report| !report.address.is_empty()) {
        *outcomes.entry(report.outcome.as_str()).or_default() += 1;
    }
    let mut bookings = 0;
    let mut pages = rooms.snapshot(None);
    while let Some(page) = pages.next().await {
        bookings += page?.records.len();
    }
    let calls = rooms.client().request_count() - before;
    let changed = outcomes.get("new").copied().unwrap_or_default();
    let read = changed + outcomes.get("unchanged").copied().unwrap_or_default();
    Ok(watch.stop(json!({ "rooms": read, "changed": changed, "bookings": bookings, "calls": calls })))
}
