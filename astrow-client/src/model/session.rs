//! The seam: what a driver for Astrow offers.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::booking::{Booking, BookingOutcome, BookingRecord};
use super::change::ChangePage;
use super::definitions::{Definitions, ReaderSettings};
use super::employee::{Employee, EmployeePatch, NewEmployee};
use super::error::AstrowError;
use super::id::{ChangeCursor, Etag, PageCursor, PersNo};
use super::info::{AstrowInfo, Lookups};
use super::pac_tab::PacTab;
use super::page::Page;
use super::roll_call::{RollCall, SafeConfirmation};
use super::terminals::{Command, CommandState, Heartbeat, TerminalEvent};
use super::words::ActiveFilter;

/// Something that a driver may be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum AstrowCapability {
    /// Makes bookings.
    BookingsWrite,
    /// Reads bookings.
    BookingsRead,
    /// Makes employees, and changes them where [`EmployeesChange`](Self::EmployeesChange) is there too.
    EmployeesWrite,
    /// Changes employees and their *PAC Access* tab.
    EmployeesChange,
    /// Reads employees.
    EmployeesRead,
    /// Deletes employees.
    EmployeesDelete,
    /// Reads the codes that Astrow knows.
    LookupsRead,
    /// Tells what changed.
    Changes,
    /// Takes what PAC defines.
    DefinitionsWrite,
    /// Tells what Astrow adds to readers.
    ReadersRead,
    /// Takes events for the terminal view.
    EventsWrite,
    /// Hands out commands of users.
    CommandsRead,
    /// Roll calls.
    RollCall,
    /// Takes signs of life.
    ServiceHeartbeat,
}

impl AstrowCapability {
    /// Stable word for messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BookingsWrite => "bookings.write",
            Self::BookingsRead => "bookings.read",
            Self::EmployeesWrite => "employees.write",
            Self::EmployeesChange => "employees.change",
            Self::EmployeesRead => "employees.read",
            Self::EmployeesDelete => "employees.delete",
            Self::LookupsRead => "lookups.read",
            Self::Changes => "changes",
            Self::DefinitionsWrite => "definitions.write",
            Self::ReadersRead => "readers.read",
            Self::EventsWrite => "events.write",
            Self::CommandsRead => "commands.read",
            Self::RollCall => "rollcall",
            Self::ServiceHeartbeat => "service.heartbeat",
        }
    }
}

impl std::fmt::Display for AstrowCapability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// A way into Astrow. Whatever a driver cannot do fails as unsupported; [`supports`](Self::supports) tells beforehand.
///
/// Writes are not repeated by a driver. Where [`AstrowError::may_have_been_applied`] is true, read back, or repeat with the
/// same key where there is one.
#[async_trait]
pub trait AstrowSession: Debug + Send + Sync {
    /// What Astrow says of itself, or what the settings say of it.
    fn info(&self) -> &AstrowInfo;

    /// Whether the driver can do something.
    fn supports(&self, capability: AstrowCapability) -> bool;

    /// The codes that Astrow knows.
    async fn lookups(&self) -> Result<Lookups, AstrowError> {
        unsupported(AstrowCapability::LookupsRead)
    }

    /// One page of the employees; the first one unless a cursor is given.
    async fn employees(&self, after: Option<&PageCursor>, filter: ActiveFilter) -> Result<Page<Employee>, AstrowError> {
        let _ = (after, filter);
        unsupported(AstrowCapability::EmployeesRead)
    }

    /// An employee, if there is one with this number.
    async fn employee(&self, id: PersNo) -> Result<Option<Employee>, AstrowError> {
        let _ = id;
        unsupported(AstrowCapability::EmployeesRead)
    }

    /// Makes an employee; the same key never makes a second one within a day.
    async fn create_employee(&self, employee: NewEmployee, key: Uuid) -> Result<Employee, AstrowError> {
        let _ = (employee, key);
        unsupported(AstrowCapability::EmployeesWrite)
    }

    /// Changes an employee that nobody changed meanwhile.
    async fn patch_employee(&self, id: PersNo, patch: EmployeePatch, etag: &Etag) -> Result<Employee, AstrowError> {
        let _ = (id, patch, etag);
        unsupported(AstrowCapability::EmployeesChange)
    }

    /// Deletes an employee **with all history** that nobody changed meanwhile.
    async fn delete_employee(&self, id: PersNo, etag: &Etag) -> Result<(), AstrowError> {
        let _ = (id, etag);
        unsupported(AstrowCapability::EmployeesDelete)
    }

    /// Replaces what Astrow keeps of PAC beside an employee that nobody changed meanwhile.
    async fn set_pac(&self, id: PersNo, pac: PacTab, etag: &Etag) -> Result<Employee, AstrowError> {
        let _ = (id, pac, etag);
        unsupported(AstrowCapability::EmployeesChange)
    }

    /// What changed since a place, waiting for it up to 25 seconds.
    async fn changes(&self, after: &ChangeCursor, wait: Duration) -> Result<ChangePage, AstrowError> {
        let _ = (after, wait);
        unsupported(AstrowCapability::Changes)
    }

    /// Replaces what PAC defines.
    async fn put_definitions(&self, definitions: &Definitions) -> Result<(), AstrowError> {
        let _ = definitions;
        unsupported(AstrowCapability::DefinitionsWrite)
    }

    /// What Astrow adds to the readers of PAC.
    async fn reader_settings(&self) -> Result<Vec<ReaderSettings>, AstrowError> {
        unsupported(AstrowCapability::ReadersRead)
    }

    /// Makes bookings; what became of each, in their order. Astrow takes each key once.
    ///
    /// On an error after some batches, repeating all of it does no harm: what is there is a duplicate.
    async fn write_bookings(&self, bookings: &[Booking]) -> Result<Vec<BookingOutcome>, AstrowError> {
        let _ = bookings;
        unsupported(AstrowCapability::BookingsWrite)
    }

    /// One page of Astrow's bookings. At the end of the list, keep the last cursor: read from there again later, and leave out
    /// what is known by its number.
    async fn bookings(&self, after: Option<&PageCursor>) -> Result<Page<BookingRecord>, AstrowError> {
        let _ = after;
        unsupported(AstrowCapability::BookingsRead)
    }

    /// Shows events in the terminal view.
    async fn write_events(&self, events: &[TerminalEvent]) -> Result<(), AstrowError> {
        let _ = events;
        unsupported(AstrowCapability::EventsWrite)
    }

    /// Commands of users, waiting for them up to 25 seconds. Each is handed out once.
    async fn commands(&self, wait: Duration) -> Result<Vec<Command>, AstrowError> {
        let _ = wait;
        unsupported(AstrowCapability::CommandsRead)
    }

    /// Tells how far a command is.
    async fn command_result(&self, id: Uuid, state: CommandState) -> Result<(), AstrowError> {
        let _ = (id, state);
        unsupported(AstrowCapability::CommandsRead)
    }

    /// Whether a roll call runs.
    async fn roll_call(&self) -> Result<RollCall, AstrowError> {
        unsupported(AstrowCapability::RollCall)
    }

    /// Tells a running roll call who is safe.
    async fn confirm_safe(&self, confirmations: &[SafeConfirmation]) -> Result<(), AstrowError> {
        let _ = confirmations;
        unsupported(AstrowCapability::RollCall)
    }

    /// Gives a sign of life.
    async fn heartbeat(&self, heartbeat: &Heartbeat) -> Result<(), AstrowError> {
        let _ = heartbeat;
        unsupported(AstrowCapability::ServiceHeartbeat)
    }

    /// Ends the session in good order.
    async fn close(&self) -> Result<(), AstrowError> {
        Ok(())
    }
}

fn unsupported<T>(capability: AstrowCapability) -> Result<T, AstrowError> {
    Err(AstrowError::unsupported(capability))
}
