//! PAC in the words of the engine, against the simulator over its own wire.

#![cfg(feature = "sync")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop")]

mod bookings;
mod changes;
mod check;
mod conformance;
mod doors;
mod engine;
mod events;
mod lost;
mod people;
mod reading;
mod site;
