#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may stop")]

mod examples;
mod fuzz;
mod hostile;
mod keys;
mod logs;
mod schema;
mod script;
mod session;
