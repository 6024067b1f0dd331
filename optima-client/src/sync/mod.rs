//! Optima as an endpoint of the `sync-core` engine.
//!
//! One [`OptimaEndpoint`] is a source and sink of people (badges) and of access policies (access groups, cardholder policies
//! and cardholder groups alike), a source of devices (readers), and a source of events.
//!
//! What is particular about it, and what the engine's descriptors say about it:
//!
//! * Creations carry a key that the server honours for a day (class K); our mark stands in `reference` as
//!   `<marker_text>:<sync key>`. A profile without a header for the key, or without `reference`, gets the weaker class.
//! * Writes carry the revision that was read; a record that somebody is editing is a conflict, to be tried again.
//! * Of several access groups of a badge one takes part: the first by [`OptimaConfig::policy_order`], else the first of the
//!   badge. The others are written back as they are. No policy at all takes all of them away.
//! * Credentials are the numbers of cards in use. Biometrics and PINs stay Optima's own business. A card that Optima has as
//!   lost or stolen is never taken into use again from here.
//! * Withdrawing disables the badge and suspends its cards, so that both can be given back; deleting happens only where the
//!   removals of the program say so.
//! * The engine's position is the number of an event; lives of the event store are told apart by the engine itself, and by
//!   each event's id, so that a rebuilt store books nothing twice.

mod check;
mod config;
mod devices;
mod endpoint;
mod events;
mod fault;
mod name;
mod people;
mod person;
mod policies;

pub use config::OptimaConfig;
pub use connector_http::{ConfigFault, TrustConfig};
pub use endpoint::OptimaEndpoint;

/// What reports call the system.
const OPTIMA: &str = "Optima";
