//! Rooms as an endpoint of the engine.
#![cfg(feature = "sync")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

#[path = "../support/mod.rs"]
mod support;

mod check;
mod polling;
mod push;
mod readings;
mod world;
