//! InVentry as an endpoint of the `sync-core` engine.
//!
//! One [`InventryEndpoint`] is a source of people, departments, devices and events, and a sink of nothing: InVentry leads.
//!
//! What is particular about it, and what the engine's descriptors say:
//!
//! * Only personnel is read. Whoever else a server shows all the same is dropped before anything is kept.
//! * Whoever is not enabled is inactive; what becomes of that (a leaver) is the link's policy. Whoever is deleted is
//!   missing from the list.
//! * Personal fields are declared only where [`InventryConfig::fields_on`] names them.
//! * Whole lists are read every [`InventryConfig::full_scan_minutes`]; between them the changes since the newest record, and
//!   what was deleted, are laid over the last list.
//! * An event's number is the server's own. Where the server does not count, it is made of the instant and the id, and a
//!   day (or the days of [visits](crate::events::EventStyle::Visits)) is read again each time.
//! * An event keeps its identity when the server changes it, so that a change of something booked is held for a person to
//!   decide. What speaks against booking is a remark: made up by the system, entered by hand, taken back, after leaving.
//! * Events without a device belong to the device [`none`](crate::DeviceId::NONE), which is always listed.

mod check;
mod config;
mod departments;
mod devices;
mod endpoint;
mod events;
mod number;
mod people;
mod person;
mod roster;
mod table;

pub use config::{FollowCorrections, InventryConfig, PersonalField};
pub use connector_http::{ConfigFault, TrustConfig};
pub use endpoint::InventryEndpoint;
pub use roster::Merge;
