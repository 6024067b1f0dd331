#![doc = include_str!("../README.md")]

#[cfg(feature = "net2")]
pub mod net2;
