//! One subcommand per vendor, and what they share.

#[cfg(feature = "astrow")]
pub(crate) mod astrow;
#[cfg(feature = "feed")]
pub(crate) mod feed;
#[cfg(feature = "graph")]
pub(crate) mod graph;
#[cfg(feature = "inventry")]
pub(crate) mod inventry;
#[cfg(feature = "net2")]
pub(crate) mod net2;
#[cfg(feature = "optima")]
pub(crate) mod optima;
#[cfg(feature = "pac")]
pub(crate) mod pac;
#[cfg(feature = "sqlserver")]
pub(crate) mod sqlserver;

use std::io::{Read, Write};

use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::Args;
use vendor_sim::host::{Options, Vendor, Zone};

/// What every simulator can be told.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Address to listen on; loopback only, port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    pub(crate) listen: String,
    /// Serve https with a self-signed certificate.
    #[arg(long)]
    pub(crate) tls: bool,
    /// Seed: the same seed on the same day gives the same world.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// What the clock shows at the start, as 2027-03-01T09:00:00Z. Default: the time of this machine.
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<DateTime<Utc>>,
    /// Let the clock stand still until a control call moves it.
    #[arg(long)]
    pub(crate) frozen: bool,
    /// Time zone of the site.
    #[arg(long, default_value = "Europe/London", value_name = "ZONE")]
    pub(crate) zone: String,
    /// Set a switch, as `version=6.01`; may be repeated. The control call `switches` lists them.
    #[arg(long = "set", value_name = "SWITCH=VALUE", num_args = 1..)]
    pub(crate) switches: Vec<String>,
    /// Also stop when standard input ends.
    #[arg(long)]
    pub(crate) stop_with_stdin: bool,
}

impl Common {
    /// The switches as name and value.
    pub(crate) fn switches(&self) -> anyhow::Result<Vec<(&str, &str)>> {
        self.switches.iter().map(|pair| switch(pair)).collect()
    }

    /// Hands all this over to a simulator on the common host.
    #[allow(dead_code, reason = "for the simulators on the common host")]
    pub(crate) fn on<V: Vendor>(&self, options: Options<V>) -> anyhow::Result<Options<V>> {
        let zone = Zone::named(&self.zone).with_context(|| format!("'{}' is not a time zone", self.zone))?;
        let mut options = options.listen(&self.listen).tls(self.tls).seed(self.seed).frozen(self.frozen).zone(zone);
        for (name, value) in self.switches()? {
            options = options.set_switch(name, value)?;
        }
        Ok(match self.now {
            Some(now) => options.start_at(now),
            None => options,
        })
    }

    /// Prints the line for the caller and waits until the simulator is no longer wanted.
    pub(crate) fn until_stopped(&self, line: &serde_json::Value) -> anyhow::Result<()> {
        say(line)?;
        wait(self.stop_with_stdin)
    }
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
