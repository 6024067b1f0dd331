//! What the demos of all integrations with timeware do.

use chrono::Utc;
use sync_service::Failure;
use timeware_model::{NameParts, PersonFields, Store, TerminalChange, TerminalDirection, TerminalKind};

/// What the demo's administrator does: two of these devices count for attendance, the third is recorded, all others stay
/// suspended.
pub(crate) async fn release_some(store: &dyn Store, devices: &[String]) -> Result<Vec<String>, Failure> {
    let terminals = store.terminals(None).await?;
    let since = Utc::now() - chrono::Duration::days(7);
    let plan = [
        (TerminalKind::Attendance, TerminalDirection::In),
        (TerminalKind::Attendance, TerminalDirection::Out),
        (TerminalKind::Access, TerminalDirection::Unknown),
    ];
    let mut deeds = Vec::new();
    for (device, (kind, direction)) in devices.iter().zip(plan) {
        let Some(terminal) = terminals.iter().find(|terminal| terminal.description == *device) else { continue };
        store.set_terminal(terminal.id, &TerminalChange::release(kind, since).direction(direction)).await?;
        deeds.push(format!("released {:?} as {} from a week ago on", terminal.description, kind.role()));
    }
    deeds.push(format!("left {} of {} terminals suspended", terminals.len() - deeds.len(), terminals.len()));
    Ok(deeds)
}

/// A person with a name and nothing else.
///
/// # Errors
/// The name is none.
pub(crate) fn named(first: &str, last: &str) -> anyhow::Result<PersonFields> {
    Ok(PersonFields::named(NameParts::new(first, last)?))
}
