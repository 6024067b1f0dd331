//! What the contract of Microsoft Graph says, asked of the simulator over the wire.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may stop, and its names say what it shows"
)]

mod batch;
mod bookings;
mod client;
mod control;
mod delta;
mod host;
mod limits;
mod mail;
mod notifications;
mod program;
mod rooms;
mod series;
mod token;
