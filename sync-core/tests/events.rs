//! The event stage against logs that are late, holed, pruned, restored and started anew, and against every fault.
#![cfg(feature = "test-kit")]
#![allow(clippy::unwrap_used, reason = "a test may stop")]
#![allow(missing_docs, unreachable_pub, reason = "a test")]

#[path = "events/world.rs"]
mod world;

#[path = "events/conformance.rs"]
mod conformance;
#[path = "events/delivery.rs"]
mod delivery;
#[path = "events/faults.rs"]
mod faults;
#[path = "events/intake.rs"]
mod intake;
#[path = "events/release.rs"]
mod release;
#[path = "events/revisions.rs"]
mod revisions;
