//! The edge cases of the contract, by number, and what else the client must do.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

#[path = "../support/mod.rs"]
mod support;

mod bookings;
mod contract;
mod examples;
mod grants;
mod hostile;
mod layers;
mod robustness;
mod rooms;
mod schema;
mod times;
mod token;
