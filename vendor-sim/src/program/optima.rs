//! `vendor-sim optima`.

use std::path::PathBuf;

use clap::Args;
use vendor_sim::optima::OptimaSim;

use super::Common;

/// Options of `vendor-sim optima`.
#[derive(Debug, Args)]
pub(crate) struct Optima {
    #[command(flatten)]
    common: Common,
    /// How many badges the site has.
    #[arg(long, default_value_t = 40, value_name = "N")]
    people: usize,
    /// How many past days have events.
    #[arg(long, default_value_t = 3, value_name = "N")]
    event_days: i64,
    /// Serve what a profile file says, in the form that the client takes.
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
}

impl Optima {
    pub(crate) fn serve(self) -> anyhow::Result<()> {
        let Self { common, people, event_days, profile } = self;
        let mut options = common.on(OptimaSim::builder())?.people(people).event_days(event_days);
        if let Some(file) = profile {
            options = options.profile_file(file)?;
        }
        let sim = options.start_blocking()?;
        common.until_stopped(&serde_json::json!({
            "vendor": "optima",
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
