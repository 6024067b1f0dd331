#![doc = include_str!("../README.md")]

mod address;
mod answer;
pub mod batch;
pub mod calendar;
mod client;
mod cloud;
pub mod delta;
mod fault;
mod lenient;
pub mod mail;
pub mod notifications;
mod open;
mod page;
pub mod rooms;
mod route;
pub mod subscriptions;
#[cfg(feature = "sync")]
pub mod sync;
mod token;

pub use address::Address;
pub use client::{GraphClient, GraphClientBuilder};
pub use cloud::Cloud;
pub use connector_http::{
    Clock, Error, ErrorKind, Fingerprint, Operation, Pace, Replay, RetryPolicy, Timeouts, Transport, Trust,
};
pub use fault::{Fault, FaultKind, SignInProblem};
pub use page::{Invalid, NextLink, Page};
