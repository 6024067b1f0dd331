//! `vendor-sim astrow`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use vendor_sim::astrow::{AstrowSim, Switches};

use super::Common;

/// Options of `vendor-sim astrow`.
#[derive(Debug, Args)]
#[command(mut_arg("zone", |zone| zone.default_value("Europe/Brussels")))]
pub(crate) struct Astrow {
    #[command(flatten)]
    common: Common,
    /// How many employees there are.
    #[arg(long, default_value_t = 12, value_name = "N")]
    people: usize,
    /// Employees have an access group and a badge for PAC, as with Astrow as master.
    #[arg(long)]
    pac_badges: bool,
    /// The option of hexadecimal badge numbers.
    #[arg(long)]
    hex_badges: bool,
    /// Licences; default: file-terminal, employees-import and roll-call.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    licences: Option<Vec<String>>,
    /// Folder from which bookings are imported. Default: a temporary one.
    #[arg(long, value_name = "FOLDER")]
    import: Option<PathBuf>,
    /// Folder from which employees are imported. Default: a temporary one.
    #[arg(long, value_name = "FOLDER")]
    employees_import: Option<PathBuf>,
    /// Folder for exports. Default: a temporary one.
    #[arg(long, value_name = "FOLDER")]
    export: Option<PathBuf>,
    /// How often the folders are looked at; 0: only by control calls.
    #[arg(long, default_value_t = 1000, value_name = "MS")]
    watch_ms: u64,
    /// A fault, as `http-500=3` or `licence-off=roll-call`; may be repeated.
    #[arg(long = "fault", value_name = "NAME[=VALUE]")]
    faults: Vec<String>,
}

impl Astrow {
    pub(crate) fn serve(self) -> anyhow::Result<()> {
        let mut options = self.common.on(AstrowSim::builder())?;
        options = options.people(self.people).pac_badges(self.pac_badges).hex_badges(self.hex_badges);
        if let Some(licences) = &self.licences {
            options = options.licences(&licences.iter().map(String::as_str).collect::<Vec<_>>());
        }
        if let Some(folder) = &self.import {
            options = options.import_folder(folder);
        }
        if let Some(folder) = &self.employees_import {
            options = options.employees_folder(folder);
        }
        if let Some(folder) = &self.export {
            options = options.export_folder(folder);
        }
        if self.watch_ms > 0 {
            options = options.watch(Duration::from_millis(self.watch_ms));
        }
        let sim = options.start_blocking()?;
        let fault = |switches: &mut Switches| self.faults.iter().try_for_each(|fault| switches.fault(fault));
        sim.world(|world| fault(&mut world.switches)).context("a fault cannot be planned")?;
        self.common.until_stopped(&serde_json::json!({
            "vendor": "astrow",
            "url": sim.url(),
            "user": sim.user(),
            "password": sim.password(),
            "fingerprint": sim.fingerprint(),
            "control": sim.control_url(),
            "import": sim.import_folder(),
            "employees_import": sim.employees_folder(),
            "export": sim.export_folder(),
        }))?;
        sim.stop();
        Ok(())
    }
}
