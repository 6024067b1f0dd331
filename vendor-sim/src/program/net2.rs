//! `vendor-sim net2`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use vendor_sim::net2::{Net2Sim, Switches, Zone};

use super::Common;

/// Options of `vendor-sim net2`.
#[derive(Debug, Args)]
pub(crate) struct Net2 {
    #[command(flatten)]
    common: Common,
    /// How many people the site has.
    #[arg(long, default_value_t = 40, value_name = "N")]
    people: usize,
    /// How many past days have events.
    #[arg(long, default_value_t = 3, value_name = "N")]
    event_days: i64,
    /// File that keeps the site across restarts of this program.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Also have this department; may be repeated.
    #[arg(long = "department", value_name = "NAME")]
    departments: Vec<String>,
}

impl Net2 {
    pub(crate) fn serve(self) -> anyhow::Result<()> {
        let Self { common, people, event_days, state, departments } = self;
        let mut switches = Switches::default();
        for (name, value) in common.switches()? {
            switches.set(name, value)?;
        }
        let zone = Zone::named(&common.zone).with_context(|| format!("'{}' is not a time zone", common.zone))?;
        let mut options = Net2Sim::builder()
            .listen(&common.listen)
            .tls(common.tls)
            .people(people)
            .seed(common.seed)
            .event_days(event_days)
            .frozen(common.frozen)
            .zone(zone)
            .departments(&departments)
            .switches(switches);
        if let Some(now) = common.now {
            options = options.start_at(now);
        }
        if let Some(state) = state {
            options = options.state(state);
        }
        let sim = options.start_blocking()?;
        common.until_stopped(&serde_json::json!({
            "vendor": "net2",
            "url": sim.url(),
            "client_id": sim.client_id(),
            "operator": sim.operator(),
            "password": sim.password(),
            "fingerprint": sim.fingerprint(),
            "control": sim.control_url(),
        }))?;
        sim.stop();
        Ok(())
    }
}
