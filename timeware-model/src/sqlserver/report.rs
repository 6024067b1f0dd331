//! Comparing a database with what the settings need, whether or not a store would open.

use secrecy::SecretString;

use super::connect::{Connector, Place};
use super::{grants, server_settings, set_up};
use crate::config::TimewareConfig;
use crate::error::Result;
use crate::schema_report::SchemaReport;
use crate::sql::{Dialect, inspect};

pub(crate) async fn check_schema(config: TimewareConfig, password: SecretString) -> Result<SchemaReport> {
    let settings = server_settings(config)?;
    let server = &settings.config().sqlserver;
    let connector = Connector::new(server, password)?;
    let mut session = connector.connect(Place::None).await?;
    let inspected = inspect(&mut session, &settings, Dialect::SqlServer).await?;
    let missing = grants::missing(&mut session, &settings).await?;
    let mut report = inspected.report(&settings, server.target());
    report.grant_script = grants::script(&missing, &server.user);
    if !report.missing_own_tables.is_empty() {
        report.set_up_script = set_up::script(&settings, &report.missing_own_tables);
    }
    report.missing_grants = missing.into_iter().map(|(_, grant)| grant).collect();
    Ok(report)
}
