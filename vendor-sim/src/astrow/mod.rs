//! A simulated Astrow: the REST interface `bridge-rest v1` of this project, and Astrow's folders of files.
//!
//! Nothing about Astrow's own API is public, so what is served below `/api/pac-bridge/v1` is the interface that this
//! project designed. The files are read and written as the vendor's manual describes them.
//!
//! ```
//! use vendor_sim::astrow::AstrowSim;
//!
//! # fn main() -> anyhow::Result<()> {
//! let sim = AstrowSim::builder().people(20).hex_badges(true).start_blocking()?;
//! println!("{} {} {}", sim.url(), sim.user(), sim.password());
//! let teo = sim.world(|w| w.add_employee("Teo", "Marchetti"));
//! sim.world(|w| w.change_employee(teo, |e| e.department = Some("FIN".to_owned())));
//! sim.world(|w| w.start_roll_call(&["HQ"]));
//! sim.world(|w| w.switches.fault("http-500=2"))?;
//! # Ok(()) }
//! ```

mod api;
mod control;
mod files;
mod switches;
mod vendor;
mod world;

pub use crate::host::{Clock, Fault, FaultKind, LoggedRequest, Zone};
pub use files::{Field, FileResult, Imported, Layout, Template};
pub use switches::Switches;
pub use vendor::{Astrow, AstrowOptions, AstrowSim, Plan};
pub use world::{
    AccessGroup, Badge, BadgeBase, Booking, BookingSource, BookingState, Change, Command, CommandState, Controller,
    Definitions, Direction, Employee, Entity, GroupRef, Heartbeat, Item, Kind, Lookups, Master, Name, Op, PacEvent,
    PacTab, Reader, ReaderSettings, Rejection, RollCall, SafeConfirmation, Terminal, TerminalEvent, User, World,
};
