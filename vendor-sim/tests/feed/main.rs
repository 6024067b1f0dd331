//! What the contract of booking feeds says, asked of the simulator over the wire.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may stop, and its names say what it shows"
)]

mod answers;
mod booked;
mod client;
mod control;
mod injection;
mod program;
mod skedda;
