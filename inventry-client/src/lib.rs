#![doc = include_str!("../README.md")]

pub mod deletions;
pub mod departments;
pub mod devices;
pub mod error;
pub mod events;
pub mod id;
pub mod info;
pub mod personnel;
pub mod presence;
pub mod profile;
pub mod sites;
#[cfg(feature = "sync")]
pub mod sync;

mod call;
mod client;
mod reading;
mod version;
mod words;

pub use client::{InventryClient, InventryClientBuilder};
pub use connector_http::{Error, ErrorKind, Fingerprint, Pace, RetryPolicy, Timeouts, Transport, Trust};
pub use id::{DepartmentId, DeviceId, EventId, PersonId, SiteId, VisitId};
pub use info::{Capability, Info, Licence};
pub use reading::{InvalidItem, Listing};
pub use version::{UnreadableVersion, Version};
pub use words::{
    CredentialType, DeletedEntity, DeviceDirection, DeviceKind, EventType, Method, PersonOrigin, PersonType,
};
