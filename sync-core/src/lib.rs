#![doc = include_str!("../README.md")]

pub mod clock;
pub mod connector;
pub mod events;
pub mod journal;
pub mod model;
pub mod reconcile;
#[cfg(any(test, feature = "test-kit"))]
pub mod test_kit;
