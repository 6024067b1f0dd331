//! The simulator of Astrow, called as its contract describes it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]
#![allow(clippy::redundant_closure_for_method_calls, reason = "a world is looked at in closures")]

mod badges;
mod bookings;
mod changes;
mod client;
mod commands;
mod control;
mod employees;
mod employees_files;
mod exports;
mod files;
mod front;
mod idempotency;
mod patch;
mod program;
mod roll_call;
mod size;
mod tab;
mod terminals;
