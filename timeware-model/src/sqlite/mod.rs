//! The embedded store: one SQLite file with the reference schema.

mod badges;
mod book;
mod check;
mod events;
mod fault;
mod groupings;
mod groups;
mod open;
mod people;
mod people_read;
mod policies;
mod receipts;
mod reconcile;
mod schema;
mod statement;
mod terminals;

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use self::fault::Step;
use self::statement::Statements;
use crate::badge::BadgeSpan;
use crate::booking::{Booked, Event, RollCall};
use crate::config::TimewareConfig;
use crate::employee::{Employee, People, PeoplePage, PersonFields, PersonKey};
use crate::error::{Error, ErrorKind, Result};
use crate::grouping::{Grouping, GroupingNumber};
use crate::ids::{EmployeeId, GroupingRefId, PolicyId, TerminalGroupId, TerminalId};
use crate::policy::{Policy, PolicyRights};
use crate::receipts::{EventReceipt, LinkEntity, LinkReceipt, LinkState, ReceiptKey};
use crate::settings::Settings;
use crate::status::Status;
use crate::store::{Clock, Created, ReconcileReport, StartReport, Store, Written};
use crate::terminal::{NewTerminal, Terminal, TerminalChange};
use crate::terminal_group::TerminalGroup;

/// A timeware database in a SQLite file, for tests, demonstrations and sites without one.
///
/// One writer at a time: a second one is refused (rule S4); any number may read. Calls do short work on the calling
/// thread. It has no calculation engine: rows of the inlets stay where they are.
pub struct SqliteStore {
    settings: Settings,
    db: Mutex<Connection>,
    sql: Statements,
    clock: Clock,
    report: StartReport,
    role: Role,
    /// Held as long as the store lives; the operating system frees it with the process.
    _lock: Option<File>,
}

/// What whoever opened the store may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Everything; the one writer.
    Writer,
    /// Settings of terminals, beside a writer.
    Administrator,
    /// Nothing but reading.
    Reader,
}

impl SqliteStore {
    /// Opens a file for reading and writing with default settings; makes it if it is not there.
    ///
    /// # Errors
    /// `Locked` when another program writes it; `Config` when it does not fit; `Unavailable`.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(TimewareConfig { path: path.as_ref().to_owned(), ..TimewareConfig::default() })
    }

    /// Opens the file that the settings name for reading and writing; makes it if it is not there.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_with(config: TimewareConfig) -> Result<Self> {
        open::writer(Settings::new(config)?)
    }

    /// Opens the file that the settings name for reading only, beside a writer.
    ///
    /// # Errors
    /// `Unavailable` when the file is not there; `Config` when it does not fit.
    pub fn open_read_only(config: TimewareConfig) -> Result<Self> {
        open::reader(Settings::new(config)?)
    }

    /// Opens the file that the settings name beside a writer, for an administrator: reading, and
    /// [`Store::set_terminal`]. One transaction on one row does not disturb the writer.
    ///
    /// # Errors
    /// `Unavailable` when the file is not there; `Config` when it does not fit.
    pub fn open_beside_writer(config: TimewareConfig) -> Result<Self> {
        open::administrator(Settings::new(config)?)
    }

    /// Opens an empty store in memory with default settings.
    ///
    /// # Errors
    /// Practically none.
    pub fn open_in_memory() -> Result<Self> {
        Self::in_memory_with(TimewareConfig::default())
    }

    /// Opens an empty store in memory.
    ///
    /// # Errors
    /// `Config` when the settings are wrong.
    pub fn in_memory_with(config: TimewareConfig) -> Result<Self> {
        open::in_memory(Settings::new(config)?)
    }

    /// Takes the time from elsewhere.
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// What the check at opening found.
    pub fn start_report(&self) -> &StartReport {
        &self.report
    }

    fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    fn db(&self) -> MutexGuard<'_, Connection> {
        // A panic while the lock was held rolled its transaction back; the connection is sound.
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> Step<T>) -> Result<T> {
        Ok(work(&self.db())?)
    }

    fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Step<T>) -> Result<T> {
        self.may_write(&[Role::Writer])?;
        self.transact(work)
    }

    fn transact<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Step<T>) -> Result<T> {
        let mut db = self.db();
        let write = || -> Step<T> {
            let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&tx)?;
            tx.commit()?;
            Ok(value)
        };
        Ok(write()?)
    }

    fn may_write(&self, roles: &[Role]) -> Result<()> {
        if !roles.contains(&self.role) {
            let why = match self.role {
                Role::Administrator => "another program writes this database; only terminals can be set beside it",
                Role::Reader | Role::Writer => "this store was opened for reading only",
            };
            return Err(Error::new(ErrorKind::ReadOnly, why));
        }
        match &self.report.read_only {
            Some(reason) => Err(Error::new(ErrorKind::ReadOnly, reason.clone())
                .with_remedy("confirm the version with timeware.confirmed_version")),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.settings.config().path)
            .field("role", &self.role)
            .field("version", &self.report.version)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn settings(&self) -> &Settings {
        &self.settings
    }

    /// None: a call runs to its end on the caller's thread, and a process that ended takes its transaction with it.
    fn request_lifetime(&self) -> Duration {
        Duration::ZERO
    }

    async fn check(&self) -> Result<StartReport> {
        self.read(|db| check::run(db, &self.settings))
    }

    async fn identity(&self) -> Result<String> {
        self.read(schema::identity)
    }

    async fn people(&self, page: &PeoplePage) -> Result<People> {
        self.register_texts()?;
        self.read(|db| self.people_page(db, page))
    }

    async fn person(&self, id: EmployeeId, source: Option<&str>) -> Result<Option<Employee>> {
        self.read(|db| self.one_person(db, id, source))
    }

    async fn find_people(&self, key: &PersonKey, source: Option<&str>) -> Result<Vec<Employee>> {
        self.read(|db| self.people_by_key(db, key, source))
    }

    async fn create_person(&self, fields: &PersonFields, receipt: Option<&ReceiptKey>) -> Result<Created<EmployeeId>> {
        self.write(|tx| self.insert_person(tx, fields, receipt))
    }

    async fn update_person(&self, id: EmployeeId, fields: &PersonFields) -> Result<Written> {
        self.write(|tx| self.change_person(tx, id, fields))
    }

    async fn mark_leaver(&self, id: EmployeeId, last_day: Option<NaiveDate>) -> Result<Written> {
        self.write(|tx| self.leave(tx, id, last_day))
    }

    async fn mark_returned(&self, id: EmployeeId, fields: &PersonFields) -> Result<Written> {
        self.write(|tx| self.come_back(tx, id, fields))
    }

    async fn changed_people(&self, after: i64, limit: usize) -> Result<Vec<(i64, EmployeeId)>> {
        self.read(|db| self.change_queue(db, after, limit))
    }

    async fn holder_at(&self, source: &str, number: &str, at: DateTime<Utc>) -> Result<Option<EmployeeId>> {
        self.read(|db| self.holder(db, source, number, at))
    }

    async fn badge_spans(&self, id: EmployeeId) -> Result<Vec<BadgeSpan>> {
        self.read(|db| self.spans_of(db, id))
    }

    async fn statuses(&self) -> Result<Vec<Status>> {
        self.read(|db| check::statuses(db, &self.settings))
    }

    async fn policies(&self, source: Option<&str>) -> Result<Vec<Policy>> {
        self.read(|db| self.all_policies(db, source))
    }

    async fn create_policy(
        &self,
        description: &str,
        rights: Option<&PolicyRights>,
        receipt: Option<&ReceiptKey>,
    ) -> Result<Created<PolicyId>> {
        self.write(|tx| self.insert_policy(tx, description, rights, receipt))
    }

    async fn update_policy(
        &self,
        id: PolicyId,
        description: Option<&str>,
        rights: Option<&PolicyRights>,
    ) -> Result<Written> {
        self.write(|tx| self.change_policy(tx, id, description, rights))
    }

    async fn groupings(&self, number: GroupingNumber, source: Option<&str>) -> Result<Vec<Grouping>> {
        self.register_texts()?;
        self.read(|db| self.values_of(db, number, source))
    }

    async fn create_grouping(
        &self,
        number: GroupingNumber,
        description: &str,
        receipt: Option<&ReceiptKey>,
    ) -> Result<Created<GroupingRefId>> {
        self.register_texts()?;
        self.write(|tx| self.insert_grouping(tx, number, description, receipt))
    }

    async fn rename_grouping(&self, number: GroupingNumber, id: GroupingRefId, description: &str) -> Result<Written> {
        self.write(|tx| self.change_grouping(tx, number, id, description))
    }

    async fn terminals(&self, source: Option<&str>) -> Result<Vec<Terminal>> {
        self.read(|db| self.read_terminals(db, None, source))
    }

    async fn terminal(&self, id: TerminalId, source: Option<&str>) -> Result<Option<Terminal>> {
        self.read(|db| self.one_terminal(db, id, source))
    }

    async fn create_terminal(
        &self,
        terminal: &NewTerminal,
        receipt: Option<&ReceiptKey>,
    ) -> Result<Created<TerminalId>> {
        self.write(|tx| self.insert_terminal(tx, terminal, receipt))
    }

    async fn rename_terminal(&self, id: TerminalId, description: &str) -> Result<Written> {
        self.write(|tx| self.describe_terminal(tx, id, description))
    }

    async fn set_terminal(&self, id: TerminalId, change: &TerminalChange) -> Result<Terminal> {
        self.may_write(&[Role::Writer, Role::Administrator])?;
        self.transact(|tx| self.change_terminal(tx, id, change))
    }

    async fn terminal_groups(&self, source: Option<&str>) -> Result<Vec<TerminalGroup>> {
        self.read(|db| self.all_groups(db, source))
    }

    async fn create_terminal_group(
        &self,
        description: &str,
        members: &BTreeSet<TerminalId>,
        receipt: Option<&ReceiptKey>,
    ) -> Result<Created<TerminalGroupId>> {
        self.write(|tx| self.insert_group(tx, description, members, receipt))
    }

    async fn update_terminal_group(
        &self,
        id: TerminalGroupId,
        description: Option<&str>,
        members: Option<&BTreeSet<TerminalId>>,
    ) -> Result<Written> {
        self.write(|tx| self.change_group(tx, id, description, members))
    }

    async fn book(&self, events: &[Event]) -> Result<Vec<Booked>> {
        self.write(|tx| self.book_all(tx, events))
    }

    async fn event(&self, key: &ReceiptKey) -> Result<Option<EventReceipt>> {
        self.read(|db| self.event_receipt(db, key))
    }

    async fn last_event(&self, id: EmployeeId) -> Result<Option<EventReceipt>> {
        self.read(|db| self.newest_event(db, id))
    }

    async fn roll_call(&self) -> Result<Vec<RollCall>> {
        self.read(|db| self.last_places(db))
    }

    async fn link(&self, entity: LinkEntity, key: &ReceiptKey) -> Result<Option<LinkReceipt>> {
        self.read(|db| self.link_receipt(db, entity, key))
    }

    async fn set_link_state(&self, entity: LinkEntity, key: &ReceiptKey, state: LinkState) -> Result<()> {
        self.write(|tx| self.change_link_state(tx, entity, key, state))
    }

    async fn reconcile(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<ReconcileReport> {
        self.read(|db| self.compare(db, from, to))
    }
}
