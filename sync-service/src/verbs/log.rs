//! `log`: the audit trail.

use std::fmt::Write as _;

use serde_json::json;
use sync_core::journal::AuditRow;
use sync_core::model::ExternalId;

use crate::arguments::Log;
use crate::{Answer, Desk, Failure, Setup};

pub(crate) async fn log(desk: &Desk, asked: &Log) -> Result<Answer, Failure> {
    let record = asked.record.as_deref().map(ExternalId::from);
    let rows = desk.journal().audit(record.as_ref(), asked.limit).await?;
    let mut text = String::new();
    for row in &rows {
        tell(&mut text, row, desk.setup());
    }
    if rows.is_empty() {
        text.push_str("Nothing was changed so far.\n");
    }
    let _ = writeln!(text, "The technical log is in {}", desk.setup().logs.display());
    Ok(Answer::new(text, json!({"command": "log", "logs": desk.setup().logs, "entries": rows})))
}

/// One line: when, who, what, to which record, which field, old → new, why.
pub(super) fn tell(text: &mut String, row: &AuditRow, setup: &Setup) {
    let entry = &row.entry;
    let at = setup.local(entry.at);
    let _ = write!(text, "{at} {} {} {} {}", entry.actor, entry.action, entry.endpoint, entry.record);
    if let Some(field) = &entry.field {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        let _ = write!(text, " {field}: {} → {}", shown(&entry.old), shown(&entry.new));
    }
    let _ = writeln!(text, " ({})", entry.reason);
}
