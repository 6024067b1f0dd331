//! The simulator of Astrow, called as its contract describes it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod client;
mod front;
