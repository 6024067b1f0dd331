#![doc = include_str!("../README.md")]

pub mod clock;
pub mod connector;
pub mod model;
