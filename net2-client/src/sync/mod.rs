//! Net2 as an endpoint of the `sync-core` engine.
//!
//! One [`Net2Endpoint`] is a source and sink of people, departments and access policies (access levels), a source of
//! devices (doors) and device groups, and a source of events. [`Net2Doors`] beside it opens doors for people with bookings.
//!
//! What is particular about Net2, and what the engine's descriptors say about it:
//!
//! * A lost creation can be looked up only if a custom field is set aside for our marker ([`Net2Config::marker_field`]): class
//!   S with it, class N without.
//! * A person is inactive when its validity has ended; Net2 shows no other flag.
//! * Credentials are the numbers of tokens that are neither lost nor number plates; kinds stay Net2's own business.
//! * The last day of validity is written as an expiry [`Net2Config::expiry_offset_days`] later, since servers differ in
//!   whether the expiry day still counts.
//! * What an access level opens stays Net2's own business: only its name takes part.

mod access_policies;
mod check;
pub mod choices;
mod config;
mod departments;
mod details;
mod devices;
mod doors;
mod endpoint;
mod events;
mod people;
mod person;

pub use config::{FieldMap, Net2Config};
pub use connector_http::{ConfigFault, TrustConfig};
pub use doors::{BookersConfig, FieldChoice, Net2Doors};
pub use endpoint::Net2Endpoint;

/// What reports call the system.
const NET2: &str = "Net2";
