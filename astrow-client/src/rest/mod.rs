//! The driver for `bridge-rest v1`.
//!
//! **This interface is this project's own design, not Astrow's.** It is what a bridge in front of Astrow would offer; the
//! simulator speaks it. Astrow's own interface is not public.

mod batch;
mod bookings;
mod changes;
mod client;
mod definitions;
mod employees;
mod info;
mod list;
mod operation;
mod problem;
mod roll_call;
mod session;
mod sign_in;
mod terminals;

pub use bookings::{Bookings, ListBookings, WriteBookings};
pub use changes::{Changes, GetChanges};
pub use client::{AstrowClient, AstrowClientBuilder};
pub use definitions::{DefinitionsOfPac, GetReaderSettings, PutDefinitions};
pub use employees::{CreateEmployee, DeleteEmployee, Employees, GetEmployee, ListEmployees, PatchEmployee, PutPac};
pub use info::{GetInfo, GetLookups};
pub use list::Pages;
pub use roll_call::{ConfirmSafe, GetRollCall, RollCalls};
pub use session::RestSession;
pub use sign_in::{BeginSession, EndSession, SessionToken};
pub use terminals::{GetCommands, PutHeartbeat, ReportCommand, Terminals, WriteEvents};
