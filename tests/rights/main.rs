//! Who could open which door when, as the simulated door system recorded it, against what bookings allow (I-39 … I-43).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may stop"
)]
#![allow(clippy::redundant_closure_for_method_calls, reason = "the path of a method says less than the call")]

mod days;
mod histories;
mod model;
mod post;
mod process;
mod recorder;
mod scenarios;
mod site;
mod states;
mod venue;
