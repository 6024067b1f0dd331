//! The command line as an administrator sees it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, unreachable_pub, reason = "a test may stop")]

mod approvals;
mod chores;
mod clocks;
mod configuration;
mod decisions;
mod service;
mod toy;
mod verbs;
