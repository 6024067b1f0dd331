//! `vendor-sim inventry`.

use std::path::PathBuf;

use clap::Args;
use vendor_sim::inventry::InventrySim;

use super::Common;

/// Options of `vendor-sim inventry`.
#[derive(Debug, Args)]
pub(crate) struct Inventry {
    #[command(flatten)]
    common: Common,
    /// How many members of staff the school has.
    #[arg(long, default_value_t = 40, value_name = "N")]
    people: usize,
    /// How many past days have events.
    #[arg(long, default_value_t = 3, value_name = "N")]
    event_days: i64,
    /// Serve what a profile file says, in the form that the client takes.
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
}

impl Inventry {
    pub(crate) fn serve(self) -> anyhow::Result<()> {
        let Self { common, people, event_days, profile } = self;
        let mut options = common.on(InventrySim::builder())?.people(people).event_days(event_days);
        if let Some(file) = profile {
            options = options.profile_file(file)?;
        }
        let sim = options.start_blocking()?;
        common.until_stopped(&serde_json::json!({
            "vendor": "inventry",
            "url": sim.url(),
            "key": sim.key(),
            "user": sim.user(),
            "password": sim.password(),
            "fingerprint": sim.fingerprint(),
            "control": sim.control_url(),
        }))?;
        sim.stop();
        Ok(())
    }
}
