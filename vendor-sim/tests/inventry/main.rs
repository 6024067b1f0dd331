//! What the contract of the bridge to InVentry says, asked of the simulator over the wire.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may stop, and its names say what it shows"
)]

mod client;
mod events;
mod front;
mod people;
mod profile;
mod program;
