//! The simulators as a program.

use std::io::{Read, Write};
#[cfg(feature = "net2")]
use std::path::PathBuf;

use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand};
#[cfg(feature = "feed")]
use vendor_sim::feed;
#[cfg(feature = "net2")]
use vendor_sim::net2;

/// Simulated vendor servers for tests and demonstrations. They listen on loopback only.
#[derive(Debug, Parser)]
#[command(name = "vendor-sim", version)]
struct Cli {
    #[command(subcommand)]
    vendor: Vendor,
}

#[derive(Debug, Subcommand)]
enum Vendor {
    /// A Paxton Net2 server: local web API, live hub, a believable site.
    ///
    /// Prints one line of JSON with url, client id, operator, password, fingerprint and control url, then serves until
    /// it is interrupted. A GET of the control url lists the control calls.
    #[cfg(feature = "net2")]
    Net2(Net2),
    /// Booking feeds as Skedda or Booked write them, with a small venue behind them.
    ///
    /// Prints one line of JSON with url, feed (the link of the whole venue), rooms (name to link), fingerprint and
    /// control url, then serves until it is interrupted. A GET of the control url lists the control calls.
    #[cfg(feature = "feed")]
    Feed(Feed),
}

#[cfg(feature = "feed")]
#[derive(Debug, Args)]
struct Feed {
    /// Address to listen on; loopback only, port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    listen: String,
    /// Serve https with a self-signed certificate.
    #[arg(long)]
    tls: bool,
    /// Whose feeds: skedda or booked.
    #[arg(long, default_value = "skedda", value_name = "STYLE")]
    style: String,
    /// How many bookings the venue has.
    #[arg(long, default_value_t = 40, value_name = "N")]
    bookings: usize,
    /// Seed of the venue: the same seed on the same day gives the same bookings.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// What the clock shows at the start, as 2027-03-01T09:00:00Z. Default: the time of this machine.
    #[arg(long, value_name = "TIME")]
    now: Option<DateTime<Utc>>,
    /// Let the clock stand still until a control call moves it.
    #[arg(long)]
    frozen: bool,
    /// Time zone of the venue.
    #[arg(long, default_value = "Europe/London", value_name = "ZONE")]
    zone: String,
    /// Set a switch, as `etag=on` or `writer=escaped`; may be repeated. The control call `switches` lists them.
    #[arg(long = "set", value_name = "SWITCH=VALUE", num_args = 1..)]
    switches: Vec<String>,
    /// Also stop when standard input ends.
    #[arg(long)]
    stop_with_stdin: bool,
}

#[cfg(feature = "net2")]
#[derive(Debug, Args)]
struct Net2 {
    /// Address to listen on; loopback only, port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    listen: String,
    /// Serve https with a self-signed certificate.
    #[arg(long)]
    tls: bool,
    /// How many people the site has.
    #[arg(long, default_value_t = 40, value_name = "N")]
    people: usize,
    /// Seed of the site: the same seed on the same day gives the same site.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// How many past days have events.
    #[arg(long, default_value_t = 3, value_name = "N")]
    event_days: i64,
    /// What the clock shows at the start, as 2027-03-01T09:00:00Z. Default: the time of this machine.
    #[arg(long, value_name = "TIME")]
    now: Option<DateTime<Utc>>,
    /// Let the clock stand still until a control call moves it.
    #[arg(long)]
    frozen: bool,
    /// Time zone of the server.
    #[arg(long, default_value = "Europe/London", value_name = "ZONE")]
    zone: String,
    /// File that keeps the site across restarts of this program.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Set a switch, as `lite=on` or `version=6.01`; may be repeated. The control call `switches` lists them.
    #[arg(long = "set", value_name = "SWITCH=VALUE", num_args = 1..)]
    switches: Vec<String>,
    /// Also have this department; may be repeated.
    #[arg(long = "department", value_name = "NAME")]
    departments: Vec<String>,
    /// Also stop when standard input ends.
    #[arg(long)]
    stop_with_stdin: bool,
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().vendor {
        #[cfg(feature = "net2")]
        Vendor::Net2(net2) => run_net2(net2),
        #[cfg(feature = "feed")]
        Vendor::Feed(feed) => run_feed(&feed),
    }
}

#[cfg(feature = "net2")]
fn run_net2(net2: Net2) -> anyhow::Result<()> {
    let mut switches = net2::Switches::default();
    for pair in &net2.switches {
        let (name, value) = switch(pair)?;
        switches.set(name, value)?;
    }
    let zone = net2::Zone::named(&net2.zone).with_context(|| format!("'{}' is not a time zone", net2.zone))?;
    let mut options = net2::Net2Sim::builder()
        .listen(&net2.listen)
        .tls(net2.tls)
        .people(net2.people)
        .seed(net2.seed)
        .event_days(net2.event_days)
        .frozen(net2.frozen)
        .zone(zone)
        .departments(&net2.departments)
        .switches(switches);
    if let Some(now) = net2.now {
        options = options.start_at(now);
    }
    if let Some(state) = net2.state {
        options = options.state(state);
    }
    let sim = options.start_blocking()?;
    say(&serde_json::json!({
        "vendor": "net2",
        "url": sim.url(),
        "client_id": sim.client_id(),
        "operator": sim.operator(),
        "password": sim.password(),
        "fingerprint": sim.fingerprint(),
        "control": sim.control_url(),
    }))?;
    wait(net2.stop_with_stdin)?;
    sim.stop();
    Ok(())
}

#[cfg(feature = "feed")]
fn run_feed(feed: &Feed) -> anyhow::Result<()> {
    let mut switches = feed::Switches::default();
    for pair in &feed.switches {
        let (name, value) = switch(pair)?;
        switches.set(name, value)?;
    }
    let zone = feed::Zone::named(&feed.zone).with_context(|| format!("'{}' is not a time zone", feed.zone))?;
    let style = feed::Style::named(&feed.style).with_context(|| format!("'{}' is not a style", feed.style))?;
    let mut options = feed::FeedSim::builder()
        .listen(&feed.listen)
        .tls(feed.tls)
        .style(style)
        .bookings(feed.bookings)
        .seed(feed.seed)
        .frozen(feed.frozen)
        .zone(zone)
        .switches(switches);
    if let Some(now) = feed.now {
        options = options.start_at(now);
    }
    let sim = options.start_blocking()?;
    let names: Vec<String> = sim.world(|world| world.rooms.values().map(|room| room.name.clone()).collect());
    let rooms: serde_json::Map<_, _> =
        names.into_iter().map(|name| (name.clone(), sim.room_url(&name).into())).collect();
    say(&serde_json::json!({
        "vendor": "feed",
        "style": feed.style,
        "url": sim.url(),
        "feed": sim.feed_url(),
        "rooms": rooms,
        "fingerprint": sim.fingerprint(),
        "control": sim.control_url(),
    }))?;
    wait(feed.stop_with_stdin)?;
    sim.stop();
    Ok(())
}

/// Reads `SWITCH=VALUE`.
fn switch(pair: &str) -> anyhow::Result<(&str, &str)> {
    let (name, value) = pair.split_once('=').with_context(|| format!("'{pair}' is not SWITCH=VALUE"))?;
    Ok((name.trim(), value))
}

/// Prints the line for the caller.
fn say(line: &serde_json::Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).context("the line for the caller cannot be written")
}

/// Waits for an interrupt, a termination, or the end of standard input.
fn wait(stop_with_stdin: bool) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::select! {
            result = tokio::signal::ctrl_c() => result.context("interrupts cannot be waited for"),
            result = terminated() => result,
            () = stdin_ended(stop_with_stdin) => Ok(()),
        }
    })?;
    // A thread may still be reading standard input.
    runtime.shutdown_background();
    Ok(())
}

#[cfg(unix)]
async fn terminated() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::terminate()).context("termination cannot be waited for")?.recv().await;
    Ok(())
}

#[cfg(not(unix))]
async fn terminated() -> anyhow::Result<()> {
    std::future::pending().await
}

async fn stdin_ended(wanted: bool) {
    if !wanted {
        std::future::pending::<()>().await;
    }
    let (ended, waiting) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        // Whatever ends the reading ends the waiting.
        let _ = std::io::stdin().read_to_end(&mut rest);
        let _ = ended.send(());
    });
    let _ = waiting.await;
}
