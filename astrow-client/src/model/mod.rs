//! What Astrow keeps, whoever carries it: employees, bookings, definitions, and the session that a driver offers.
//!
//! The drivers [`rest`](crate::rest) and [`files`](crate::files) speak in these words; a driver for Astrow's own interface
//! implements [`AstrowSession`] and nothing else.

mod booking;
mod change;
mod definitions;
mod employee;
mod error;
mod hidden;
mod id;
mod info;
mod pac_tab;
mod page;
mod patch;
mod roll_call;
mod session;
mod terminals;
mod words;

pub use booking::{Booking, BookingOutcome, BookingRecord, PacEvent};
pub use change::{Change, ChangePage};
pub use definitions::{AccessGroup, Controller, Definitions, Reader, ReaderSettings};
pub use employee::{Employee, EmployeePatch, Name, NewEmployee};
pub use error::{AstrowError, AstrowErrorKind};
pub use id::{ChangeCursor, Etag, InvalidPersNo, PageCursor, PersNo};
pub use info::{AstrowInfo, Lookup, Lookups, Terminal};
pub use pac_tab::{PacBadge, PacGroup, PacTab};
pub use page::{InvalidItem, Page};
pub use patch::Patch;
pub use roll_call::{RollCall, SafeConfirmation};
pub use session::{AstrowCapability, AstrowSession};
pub use terminals::{Command, CommandState, Heartbeat, TerminalEvent};
pub use words::{
    ActiveFilter, BadgeBase, BadgeKind, BadgeState, BookingDirection, BookingStatus, ChangeOp, ChangedEntity,
    CommandKind, CommandWord, Health, Licence, Master, ReaderDirection, RejectionCode, Severity, ShownStatus,
};
