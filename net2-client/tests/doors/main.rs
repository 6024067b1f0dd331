//! Net2 as a door system for people with bookings, against the simulated server.

#![cfg(feature = "sync")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod access;
mod calls;
mod check;
mod codes;
mod conformance;
mod contract;
mod records;
mod site;
#[path = "../support/mod.rs"]
mod support;
