//! What only a store behind a network can meet: TLS, sign-in, lost connections, error numbers, rights.
#![cfg(feature = "sqlserver")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

#[path = "../common/mod.rs"]
mod common;
mod connecting;
mod retrying;
mod schema;
mod statements;
