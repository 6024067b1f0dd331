//! The rules of a store, each on every store there is: the embedded one, and SQL Server on a simulator of its wire.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

#[path = "../common/mod.rs"]
mod common;
mod event_rules;
mod people_rules;
mod reading;
mod site_mapping;
