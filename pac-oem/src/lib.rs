#![doc = include_str!("../README.md")]

pub mod model;
#[cfg(feature = "sync")]
pub mod sync;

pub use connector_http::{Fingerprint, Trust};
