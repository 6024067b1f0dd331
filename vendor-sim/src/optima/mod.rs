//! The bridge to Almas Optima: badges, access groups, readers, changes and events.
//!
//! Serves the interface that this project designed (nothing about Optima's own is public), or the same things under
//! other paths, names, values, sign-ins and pages when started with a profile file.

mod api;
mod contract;
mod control;
mod switches;
mod vendor;
mod world;

pub use crate::bridge::{Access, Licence, Plan, TimeWriting};
pub use crate::host::{Clock, Fault, FaultKind, LoggedRequest, Zone};
pub use switches::Switches;
pub use vendor::{Optima, OptimaSim};
pub use world::{
    Badge, Change, Class, Controller, Counters, Credential, CredentialKind, CredentialState, Direction, Door, Entity,
    Event, Group, GroupKind, Membership, Op, Reader, Shown, World,
};
