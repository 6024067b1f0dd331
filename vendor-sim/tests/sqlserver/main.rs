//! Tests of the SQL Server simulator with a real client.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop")]

mod client;
mod connecting;

mod errors;
mod faults;
mod program;
mod schema;
mod tables;
mod transactions;
mod types;
