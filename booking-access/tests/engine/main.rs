//! Bookings in, people out, by the engine into a door system in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a test may stop"
)]

mod beside;
mod days;
mod desk;
mod letters;
mod model;
mod people;
mod preflight;
mod site;
mod sources;
mod stays;
mod stays_model;
mod switch;
