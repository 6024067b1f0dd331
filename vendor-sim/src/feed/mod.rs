//! A simulated booking system that offers its bookings as iCal feeds.
//!
//! Start one with [`FeedSim::start`], look at and change its bookings with [`FeedSim::world`], choose the writer and
//! its oddities with [`Style`] and [`Switches`], let answers go wrong with [`Fault`]. The same is reachable from outside
//! below `/__control`.

mod answer;
mod control;
mod faults;
mod injection;
mod log;
mod options;
mod render;
mod server;
mod sim;
mod switches;
mod world;

pub use crate::clock::{Clock, Zone};
pub use faults::{Fault, FaultKind};
pub use injection::{ForgedEvent, title_with_line};
pub use log::LoggedRequest;
pub use options::FeedOptions;
pub use sim::FeedSim;
pub use switches::{LineEnds, Switches, Writer};
pub use world::{Booking, Link, Person, Room, Status, Style, World};
