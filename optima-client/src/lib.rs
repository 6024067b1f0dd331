#![doc = include_str!("../README.md")]

pub mod access_groups;
pub mod badges;
pub mod changes;
pub mod events;
pub mod id;
pub mod info;
pub mod profile;
pub mod readers;
pub mod session;
#[cfg(feature = "sync")]
pub mod sync;
pub mod words;

mod client;
mod dialect;
mod listing;
mod operation;
mod refusal;

pub use client::{GetPage, OptimaClient, OptimaClientBuilder};
pub use connector_http::profile::{Credentials, InvalidProfile, Misfit, Profile, ProfileFault};
pub use connector_http::{
    Error, ErrorKind, Fingerprint, Operation, Pace, Replay, RetryPolicy, Timeouts, Transport, Trust,
};
pub use dialect::Dialect;
pub use id::{AccessGroupId, BadgeId, ControllerId, CredentialId, DoorId, EventId, IdempotencyKey, ReaderId};
pub use listing::{InvalidItem, Listing};
pub use refusal::{Refusal, refusal};
