//! The bridge to InVentry: personnel, departments, devices, events or visits, deletions, who is on site.
//!
//! Serves the interface that this project designed (nothing about InVentry's own is public), or the same things under
//! other paths, names, values, sign-ins and pages when started with a profile file. Nothing can be written.

mod api;
mod contract;
mod control;
mod switches;
mod vendor;
mod world;

pub use crate::bridge::{Access, Licence, Plan, TimeWriting};
pub use crate::host::{Clock, Fault, FaultKind, LoggedRequest, Zone};
pub use switches::Switches;
pub use vendor::{Inventry, InventrySim};
pub use world::{
    Address, Counters, Credential, Deleted, Deletion, Department, Device, DeviceKind, Direction, Event, EventType,
    Method, Person, PersonType, Place, Visit, World,
};
