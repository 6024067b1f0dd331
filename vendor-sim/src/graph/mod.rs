//! A simulated tenant of Microsoft Graph: rooms, their mailboxes and meetings, and the token endpoint beside it.
//!
//! Start one with [`GraphSim::builder`], look at and change the tenant with [`GraphSim::world`](crate::host::Sim::world),
//! choose its oddities with [`Switches`], let answers go wrong with [`Fault`]. The same is reachable from outside below
//! `/__control`. Authority and Graph root are the same address; whatever lies below `/v1.0` is Graph.

mod control;
mod ids;
mod render;
mod sim;
mod switches;
mod wire;
mod world;
mod zones;

pub use crate::host::{Clock, Fault, FaultKind, LoggedRequest, Zone};
pub use sim::{Graph, GraphOptions, GraphSim, Plan};
pub use switches::{Expired, RetryAfter, Switches};
pub use world::{
    Application, Attendee, AttendeeKind, Ending, Exception, ItemFault, Lifecycle, Load, Mailbox, Meeting, Permission,
    Processing, Recurrence, Response, Rhythm, Room, RoomList, Secret, SentMail, Subscription, User, Who, World,
};
