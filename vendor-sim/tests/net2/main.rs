//! What the Net2 contract says, asked of the simulator over the wire.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may stop, and its names say what it shows"
)]

mod client;
mod doors;
mod events;
mod faults;
mod live;
mod program;
mod rights;
mod sign_in;
mod site;
mod sql;
mod users;
