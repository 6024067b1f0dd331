//! Faults of a section that a connector knows, by the names of the whole file.

use connector_http::ConfigFault as SectionFault;
use sync_service::ConfigFault;

/// The faults of a section called `name`.
pub(crate) fn faults(name: &str, faults: Vec<SectionFault>) -> impl Iterator<Item = ConfigFault> {
    faults.into_iter().map(move |SectionFault { setting, reason, remedy, .. }| {
        ConfigFault::new(format!("{name}.{setting}"), reason, remedy)
    })
}
