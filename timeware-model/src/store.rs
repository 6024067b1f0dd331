//! What the rest of a program asks of a timeware database, whichever engine holds it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};

use crate::badge::BadgeSpan;
use crate::booking::{Booked, Event, RollCall, Target};
use crate::config::{StoreKind, TimewareConfig};
use crate::employee::{Employee, People, PeoplePage, PersonFields, PersonKey};
use crate::error::{Error, Result};
use crate::grouping::{Grouping, GroupingNumber};
use crate::ids::{EmployeeId, GroupingRefId, PolicyId, StatusId, TerminalGroupId, TerminalId};
use crate::policy::{Policy, PolicyRights};
use crate::receipts::{EventReceipt, LinkEntity, LinkReceipt, LinkState, ReceiptKey};
use crate::settings::Settings;
use crate::sqlite::SqliteStore;
use crate::status::Status;
use crate::terminal::{NewTerminal, Terminal, TerminalChange};
use crate::terminal_group::TerminalGroup;
use crate::version::DatabaseVersion;

/// Where a store takes the time from.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// A timeware database.
///
/// Every write is one transaction. Creates with a receipt key are of class U: a second create with the same key makes
/// nothing and answers with the record of the first. A failed read is an error, never an empty answer.
///
/// # Cancel safety
/// A dropped future has either written everything or nothing; asking again with the same key is safe.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync {
    /// The settings in force.
    fn settings(&self) -> &Settings;

    /// Longest time after a call was given up, or its process ended, in which its write may still take effect.
    fn request_lifetime(&self) -> Duration;

    /// Compares the database with the contract, and reads its version (rule R1).
    ///
    /// # Errors
    /// `Config` with the exact name that is missing or wrong; `Unavailable`.
    async fn check(&self) -> Result<StartReport>;

    /// What tells this database from every other one.
    ///
    /// # Errors
    /// `Unavailable`, `Protocol`.
    async fn identity(&self) -> Result<String>;

    /// One page of people in the order of their ids; an empty page is behind the last.
    ///
    /// # Errors
    /// `Unavailable`, `Protocol`.
    async fn people(&self, page: &PeoplePage) -> Result<People>;

    /// One person, with receipt and credentials of `source`.
    ///
    /// # Errors
    /// `Unavailable`, `Protocol`.
    async fn person(&self, id: EmployeeId, source: Option<&str>) -> Result<Option<Employee>>;

    /// People with a key; more than one where the key is not unique.
    ///
    /// # Errors
    /// `Unavailable`, `Protocol`.
    async fn find_people(&self, key: &PersonKey, source: Option<&str>) -> Result<Vec<Employee>>;

    /// Creates a current person and the receipt (rules W1, W4).
    ///
    /// # Errors
    /// `Rejected` with the field; `Conflict` with the current person who holds the badge. Nothing was written.
    async fn create_person(&self, fields: &PersonFields, receipt: Option<&ReceiptKey>) -> Result<Created<EmployeeId>>;

    /// Changes fields of a person (rules W4, W5, W14, W15).
    ///
    /// # Errors
    /// `NotFound`; `Rejected` with the field; `Conflict` with the current person who holds the badge.
    async fn update_person(&self, id: EmployeeId, fields: &PersonFields) -> Result<Written>;

    /// Makes a person a leaver (rule W3), with a last day or today; no change when the person is one already.
    ///
    /// # Errors
    /// `NotFound`.
    async fn mark_leaver(&self, id: EmployeeId, last_day: Option<NaiveDate>) -> Result<Written>;

    /// Makes a leaver current again, with the fields of the source (rule W3).
    ///
    /// # Errors
    /// `NotFound`; `Rejected` with the field; `Conflict` with the current person who holds the badge.
    async fn mark_returned(&self, id: EmployeeId, fields: &PersonFields) -> Result<Written>;

    /// People changed behind a position of the change queue, with the new positions (rule R4).
    ///
    /// # Errors
    /// `Config` when the site has no such queue.
    async fn changed_people(&self, after: i64, limit: usize) -> Result<Vec<(i64, EmployeeId)>>;

    /// Who held a credential at an instant (rule W4).
    ///
    /// # Errors
    /// `Unavailable`, `Protocol`.
    async fn holder_at(&self, source: &str, number: &str, at: DateTime<Utc>) -> Result<Option<EmployeeId>>;

    /// The credentials of a person over time.
    ///
    /// # Errors
    /// `Unavailable`, `Protocol`.
    async fn badge_spans(&self, id: EmployeeId) -> Result<Vec<BadgeSpan>>;

    /// Employment status.
    ///
    /// # Errors
    /// `Unavailable`, `Protocol`.
    async fn statuses(&self) -> Result<Vec<Status>>;

    /// Policies, with receipts of `source`.
    ///
    /// # Errors
    /// `Unavailable`, `Protocol`.
    async fn policies(&self, source: Option<&str>) -> Result<Vec<Policy>>;

    /// Creates a policy; its rights are written only where the settings say so.
    ///
    /// # Errors
    /// `Conflict` with the policy that has the name; `Rejected`.
    async fn create_policy(
        &self,
        description: &str,
        rights: Option<&PolicyRights>,
        receipt: Option<&ReceiptKey>,
    ) -> Result<Created<PolicyId>>;

    /// Renames a policy; its rights are written only where the settings say so.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the policy that has the name.
    async fn update_policy(
        &self,
        id: PolicyId,
        description: Option<&str>,
        rights: Option<&PolicyRights>,
    ) -> Result<Written>;

    /// The values of a grouping, with receipts of `source`.
    ///
    /// # Errors
    /// `Unavailable`, `Protocol`.
    async fn groupings(&self, number: GroupingNumber, source: Option<&str>) -> Result<Vec<Grouping>>;

    /// Finds a value by receipt, then by text without case, else creates it (rule W6).
    ///
    /// # Errors
    /// `Rejected`.
    async fn create_grouping(
        &self,
        number: GroupingNumber,
        description: &str,
        receipt: Option<&ReceiptKey>,
    ) -> Result<Created<GroupingRefId>>;

    /// Renames a value of a grouping.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the value that has the name.
    async fn rename_grouping(&self, number: GroupingNumber, id: GroupingRefId, description: &str) -> Result<Written>;

    /// Terminals in the order of their numbers, with receipts of `source`.
    ///
    /// # Errors
    /// `Unavailable`, `Protocol`.
    async fn terminals(&self, source: Option<&str>) -> Result<Vec<Terminal>>;

    /// One terminal.
    ///
    /// # Errors
    /// `Unavailable`, `Protocol`.
    async fn terminal(&self, id: TerminalId, source: Option<&str>) -> Result<Option<Terminal>>;

    /// Creates a suspended terminal with the smallest free number (rule W7).
    ///
    /// # Errors
    /// `Conflict` when the range of numbers is used up; `Rejected`.
    async fn create_terminal(
        &self,
        terminal: &NewTerminal,
        receipt: Option<&ReceiptKey>,
    ) -> Result<Created<TerminalId>>;

    /// Renames a terminal after its device; its settings stay.
    ///
    /// # Errors
    /// `NotFound`.
    async fn rename_terminal(&self, id: TerminalId, description: &str) -> Result<Written>;

    /// Changes the settings of a terminal: the administrator's part (rules W7, W11).
    ///
    /// # Errors
    /// `NotFound`; `Rejected` with `take_from` when a release does not say from when on events count; `Conflict` for a
    /// terminal of a kind that the settings do not name.
    async fn set_terminal(&self, id: TerminalId, change: &TerminalChange) -> Result<Terminal>;

    /// Terminal groups with their members, with receipts of `source`.
    ///
    /// # Errors
    /// `Unavailable`, `Protocol`.
    async fn terminal_groups(&self, source: Option<&str>) -> Result<Vec<TerminalGroup>>;

    /// Creates a terminal group with its members.
    ///
    /// # Errors
    /// `Conflict` with the group that has the name; `Rejected`.
    async fn create_terminal_group(
        &self,
        description: &str,
        members: &BTreeSet<TerminalId>,
        receipt: Option<&ReceiptKey>,
    ) -> Result<Created<TerminalGroupId>>;

    /// Renames a terminal group and adds members; nothing is ever deleted here (rule W13).
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the group that has the name; `Rejected`.
    async fn update_terminal_group(
        &self,
        id: TerminalGroupId,
        description: Option<&str>,
        members: Option<&BTreeSet<TerminalId>>,
    ) -> Result<Written>;

    /// Books events in one transaction, each with its receipt; one answer per event, in order (rules W8 to W12).
    ///
    /// # Errors
    /// `Unavailable`, `Protocol`: none of the batch was booked.
    async fn book(&self, events: &[Event]) -> Result<Vec<Booked>>;

    /// Moves the booking of an earlier version of an event to what the event says now, in one transaction: only while it
    /// lies in the inlet as it was written (profile `staged`); `None` otherwise. Nothing is ever deleted.
    ///
    /// # Errors
    /// `Unavailable`, `Protocol`: nothing was moved.
    async fn rebook(&self, earlier: &ReceiptKey, event: &Event) -> Result<Option<Booked>>;

    /// The receipt of an event.
    ///
    /// # Errors
    /// `Unavailable`, `Protocol`.
    async fn event(&self, key: &ReceiptKey) -> Result<Option<EventReceipt>>;

    /// The newest event booked for a person.
    ///
    /// # Errors
    /// `Unavailable`, `Protocol`.
    async fn last_event(&self, id: EmployeeId) -> Result<Option<EventReceipt>>;

    /// Last places.
    ///
    /// # Errors
    /// `Unavailable`, `Protocol`.
    async fn roll_call(&self) -> Result<Vec<RollCall>>;

    /// The receipt of a record.
    ///
    /// # Errors
    /// `Unavailable`, `Protocol`.
    async fn link(&self, entity: LinkEntity, key: &ReceiptKey) -> Result<Option<LinkReceipt>>;

    /// Changes the state of a receipt, such as `missing` for a device that vanished.
    ///
    /// # Errors
    /// `NotFound`.
    async fn set_link_state(&self, entity: LinkEntity, key: &ReceiptKey, state: LinkState) -> Result<()>;

    /// Compares receipts with the rows they name, both ways (rule R7).
    ///
    /// # Errors
    /// `Unavailable`, `Protocol`.
    async fn reconcile(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<ReconcileReport>;
}

/// Opens the embedded store that the settings name, for reading and writing.
///
/// # Errors
/// `Config` when a setting is wrong or names SQL Server, which `connect` opens; `Locked` when another program writes it;
/// `Unavailable`.
pub fn open(config: TimewareConfig) -> Result<Arc<dyn Store>> {
    match config.store {
        StoreKind::Embedded => Ok(Arc::new(SqliteStore::open_with(config)?)),
        StoreKind::SqlServer => {
            Settings::new(config)?;
            let reason = "SQL Server is opened over the network, with a password";
            Err(Error::config("timeware.store", reason, "call timeware_model::connect (feature `sqlserver`)"))
        }
    }
}

/// Opens the embedded store that the settings name beside whoever writes it, for an administrator: reading, and
/// [`Store::set_terminal`].
///
/// # Errors
/// `Config` when a setting is wrong or names SQL Server; `Unavailable`.
pub fn open_beside_writer(config: TimewareConfig) -> Result<Arc<dyn Store>> {
    match config.store {
        StoreKind::Embedded => Ok(Arc::new(SqliteStore::open_beside_writer(config)?)),
        StoreKind::SqlServer => open(config),
    }
}

/// A record that was asked to exist.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Created<Id> {
    /// Its id.
    pub id: Id,
    /// Whether it is new.
    pub how: CreatedHow,
    /// What had to be changed to fit.
    pub warnings: Vec<Warning>,
}

impl<Id> Created<Id> {
    pub(crate) fn new(id: Id, how: CreatedHow) -> Self {
        Self { id, how, warnings: Vec::new() }
    }
}

/// How a record came to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CreatedHow {
    /// Made now.
    New,
    /// Made before with the same receipt key; nothing was written.
    Duplicate,
    /// Stood there with the same text; got the receipt.
    Adopted,
}

/// What a write had to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// Something was changed.
    pub changed: bool,
    /// What had to be changed to fit.
    pub warnings: Vec<Warning>,
}

/// Something that a person should know about a write that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// A text was cut at the length of its column.
    Cut {
        /// Logical name of the field.
        field: &'static str,
        /// The length.
        length: usize,
    },
    /// The badge was taken over from a leaver.
    BadgeTakenOver {
        /// The leaver.
        from: EmployeeId,
    },
    /// Members that the source no longer has stay in the group (rule W13).
    MembersKept {
        /// How many.
        count: usize,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::Cut { field, length } => write!(f, "{field} was cut at {length} characters"),
            Warning::BadgeTakenOver { from } => write!(f, "the badge was taken over from leaver {from}"),
            Warning::MembersKept { count } => write!(f, "{count} members stay, since nothing is deleted"),
        }
    }
}

/// What the start-up check found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StartReport {
    /// The version of the database.
    pub version: DatabaseVersion,
    /// Why the store may only be read, where that is so.
    pub read_only: Option<String>,
    /// Status of current people.
    pub current: StatusId,
    /// Status of leavers.
    pub leaver: StatusId,
}

/// Receipts and rows that do not go together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReconcileReport {
    /// Receipts whose row is gone.
    pub missing_rows: Vec<EventReceipt>,
    /// Rows at terminals of ours that no receipt names.
    pub unknown_rows: Vec<Target>,
}
