//! `vendor-sim sqlserver`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use vendor_sim::sqlserver::{Encryption, SqlServerOptions, SqlServerSim};

use super::Common;

/// Options of `vendor-sim sqlserver`.
///
/// Switches: `case_matters`, `old_length_error`, `refuse_bare_nulls`, `own_tables`, each `on` or `off`. Seed and zone
/// have nothing to say here; with a time given, the server's clock stands still.
#[derive(Debug, Args)]
pub(crate) struct SqlServer {
    #[command(flatten)]
    common: Common,
    /// Name of the database.
    #[arg(long, default_value = "timeware_main_6", value_name = "NAME")]
    database: String,
    /// Name of the login.
    #[arg(long, default_value = "bridge", value_name = "NAME")]
    user: String,
    /// Password of the login.
    #[arg(long, default_value = "a password for tests", value_name = "PASSWORD")]
    password: String,
    /// File of T-SQL with other tables and rows, GO between batches.
    #[arg(long, value_name = "FILE")]
    ddl: Option<PathBuf>,
    /// Table that has a trigger; may be repeated.
    #[arg(long = "trigger", value_name = "TABLE")]
    triggers: Vec<String>,
    /// Refuse clients that do not encrypt.
    #[arg(long)]
    require_tls: bool,
    /// Names in the certificate, besides localhost and 127.0.0.1; may be repeated.
    #[arg(long = "tls-name", value_name = "NAME")]
    tls_names: Vec<String>,
}

impl SqlServer {
    pub(crate) fn serve(self) -> anyhow::Result<()> {
        let sim = self.options()?.start_blocking()?;
        self.common.until_stopped(&serde_json::json!({
            "vendor": "sqlserver",
            "host": sim.host(),
            "port": sim.port(),
            "database": sim.database(),
            "user": sim.user(),
            "password": sim.password(),
            "certificate": sim.certificate_pem(),
            "fingerprint": sim.fingerprint(),
        }))?;
        sim.stop();
        Ok(())
    }

    fn options(&self) -> anyhow::Result<SqlServerOptions> {
        let names = ["localhost", "127.0.0.1"].into_iter().map(str::to_owned).chain(self.tls_names.iter().cloned());
        let mut options = SqlServerSim::builder()
            .listen(&self.common.listen)
            .tls(self.common.tls)
            .tls_names(names)
            .database(&self.database)
            .user(&self.user)
            .password(&self.password)
            .triggers(self.triggers.iter().cloned());
        if self.require_tls {
            options = options.encryption(Encryption::Required);
        }
        if let Some(path) = &self.ddl {
            let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
            options = options.ddl(&text);
        }
        if let Some(now) = self.common.now {
            options = options.frozen_at(now);
        }
        self.common.switches()?.into_iter().try_fold(options, set)
    }
}

/// Sets one switch.
fn set(options: SqlServerOptions, (name, value): (&str, &str)) -> anyhow::Result<SqlServerOptions> {
    let on = match value.trim() {
        "on" | "true" => true,
        "off" | "false" => false,
        other => bail!("'{other}' is neither on nor off"),
    };
    Ok(match name {
        "case_matters" => options.case_matters(on),
        "old_length_error" => options.old_length_error(on),
        "refuse_bare_nulls" => options.refuse_bare_nulls(on),
        "own_tables" => options.own_tables(on),
        other => {
            bail!("'{other}' is not a switch; there are case_matters, old_length_error, refuse_bare_nulls, own_tables")
        }
    })
}
