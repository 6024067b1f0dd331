//! Astrow in the words of `sync-core`: a source and sink of people, a source of readers, a sink of bookings.
//!
//! [`AstrowEndpoint`] works over either driver. What the driver cannot do is not declared, or refused with a remedy: by files
//! people can be made and not changed, and there are no roll calls.

mod badges;
mod book;
mod check;
mod config;
mod devices;
mod endpoint;
mod events;
mod fault;
mod memory;
mod people;
mod person;
mod readers;
mod roll_call;

pub use config::{AstrowConfig, AstrowDriver};
pub use endpoint::AstrowEndpoint;
pub use readers::{ReaderBooking, ReaderDirectionRule, Readers};
pub use roll_call::RollCallSpan;

/// How messages call the system.
const ASTROW: &str = "Astrow";
