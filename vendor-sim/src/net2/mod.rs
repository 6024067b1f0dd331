//! A simulated Paxton Net2 server: its local web API, its live hub, a site behind them.
//!
//! Start one with [`Net2Sim::start`], look at and change its site with [`Net2Sim::world`], choose its oddities with
//! [`Switches`], let calls go wrong with [`Fault`]. The same is reachable from outside below `/__control`.

mod api;
mod control;
mod faults;
mod hub;
mod live;
mod log;
mod options;
mod server;
mod session;
mod sim;
mod sql;
mod state_file;
mod switches;
mod world;

pub use crate::clock::{Clock, Zone};
pub use faults::{Fault, FaultKind};
pub use log::LoggedRequest;
pub use options::Net2Options;
pub use sim::Net2Sim;
pub use switches::{IndividualForm, NoneDepartment, Querydb, Switches};
pub use world::{
    AccessLevel, Area, AreaGroup, CodeSpan, CustomField, Department, Door, DoorGroup, DoorRight, Event,
    IndividualPermission, IoBoard, Licence, Operator, Rights, RightsSpan, RollCall, Row, Slot, Timezone, Token, User,
    Via, World,
};
