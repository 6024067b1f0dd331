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
//!
//! # What the contract leaves open, and what is done here
//!
//! * A change's cursor is its own: asking with it gives that change and those after it. Without a cursor the answer is the
//!   end, at once. A cursor of the future (the server was put back) gets `reset` with the end; one that is too old gets 410.
//! * `asOf` on a page of employees is the time of that page. Somebody's last day passing is no change and makes no new
//!   entity tag, though `active` is different from then on.
//! * A write without `If-Match` gets 428. In a PATCH, `name` and `freeFields` are changed member by member. Members that
//!   exist and cannot be patched are refused, unknown ones are not looked at. A PATCH that changes nothing leaves the
//!   entity tag as it is.
//! * Only what was carried out is kept under an `Idempotency-Key`; what was refused is tried again. Signing in takes none.
//! * A booking's key counts once: `duplicate`, or `queued` again while it is in the queue; what was rejected is judged
//!   anew. The same person, moment, terminal and direction under another key is rejected as `duplicate`.
//! * While a roll call runs, bookings from its start on are rejected if the site of the terminal's reader, else of the
//!   employee, is among its sites.
//! * With hexadecimal badge numbers, a text is read as hexadecimal first, then as a decimal number that was entered so.
//! * Settings of readers are `{readerId, companySite, confirmRollCall, terminalSerials}`.
//! * A command that was begun in time may end late; one that was not gets 410.
//! * A file is completed if every row could be read, incomplete if some could, failed if none could. What becomes of a
//!   row that was read is seen in the bookings, not in the folder. An unknown terminal or code makes a row unreadable.

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
