//! What the contract of the bridge to Optima says, asked of the simulator over the wire.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may stop, and its names say what it shows"
)]

mod badges;
mod client;
mod events;
mod front;
mod profile;
mod program;
