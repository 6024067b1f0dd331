//! A store is whatever runs operations.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};

use super::operation::{
    BadgeSpans, Book, ChangedPeople, Check, CreateGroup, CreateGrouping, CreatePerson, CreatePolicy, CreateTerminal,
    FindPeople, HolderAt, Identity, LastEvent, MarkLeaver, MarkReturned, Operation, ReadEvent, ReadGroupings,
    ReadGroups, ReadLink, ReadPage, ReadPerson, ReadPlaces, ReadPolicies, ReadStatuses, ReadTerminal, ReadTerminals,
    Rebook, Reconcile, RegisterTexts, RenameGrouping, RenameTerminal, SetLinkState, SetTerminal, UpdateGroup,
    UpdatePerson, UpdatePolicy,
};
use crate::badge::BadgeSpan;
use crate::booking::{Booked, Event, RollCall};
use crate::config::GroupingsKind;
use crate::employee::{Employee, People, PeoplePage, PersonFields, PersonKey};
use crate::error::{ErrorKind, Result};
use crate::grouping::{Grouping, GroupingNumber};
use crate::ids::{EmployeeId, GroupingRefId, PolicyId, TerminalGroupId, TerminalId};
use crate::policy::{Policy, PolicyRights};
use crate::receipts::{EventReceipt, LinkEntity, LinkReceipt, LinkState, ReceiptKey};
use crate::settings::Settings;
use crate::status::Status;
use crate::store::{Created, ReconcileReport, StartReport, Store, Written};
use crate::terminal::{NewTerminal, Terminal, TerminalChange};
use crate::terminal_group::TerminalGroup;

/// Runs operations on one database.
pub(crate) trait Runs: std::fmt::Debug + Send + Sync {
    /// The settings in force.
    fn given(&self) -> &Settings;

    /// Longest time in which a write that was given up may still take effect.
    fn lifetime(&self) -> Duration;

    /// Runs an operation, in one transaction if it writes.
    fn run<O: Operation>(&self, operation: &O) -> impl Future<Output = Result<O::Output>> + Send;

    /// Where the site keeps groupings as text, gives an id to each text that is new; a reader goes without.
    fn register_new_texts(&self) -> impl Future<Output = Result<()>> + Send {
        async {
            if self.given().mapping().groupings() != GroupingsKind::TextColumn {
                return Ok(());
            }
            match self.run(&RegisterTexts {}).await {
                Err(error) if error.kind() == ErrorKind::ReadOnly => Ok(()),
                registered => registered,
            }
        }
    }
}

#[async_trait]
impl<T: Runs> Store for T {
    fn settings(&self) -> &Settings {
        self.given()
    }

    fn request_lifetime(&self) -> Duration {
        self.lifetime()
    }

    async fn check(&self) -> Result<StartReport> {
        self.run(&Check {}).await
    }

    async fn identity(&self) -> Result<String> {
        self.run(&Identity {}).await
    }

    async fn people(&self, page: &PeoplePage) -> Result<People> {
        self.register_new_texts().await?;
        self.run(&ReadPage { page }).await
    }

    async fn person(&self, id: EmployeeId, source: Option<&str>) -> Result<Option<Employee>> {
        self.run(&ReadPerson { id, source }).await
    }

    async fn find_people(&self, key: &PersonKey, source: Option<&str>) -> Result<Vec<Employee>> {
        self.run(&FindPeople { key, source }).await
    }

    async fn create_person(&self, fields: &PersonFields, receipt: Option<&ReceiptKey>) -> Result<Created<EmployeeId>> {
        self.run(&CreatePerson { fields, receipt }).await
    }

    async fn update_person(&self, id: EmployeeId, fields: &PersonFields) -> Result<Written> {
        self.run(&UpdatePerson { id, fields }).await
    }

    async fn mark_leaver(&self, id: EmployeeId, last_day: Option<NaiveDate>) -> Result<Written> {
        self.run(&MarkLeaver { id, last_day }).await
    }

    async fn mark_returned(&self, id: EmployeeId, fields: &PersonFields) -> Result<Written> {
        self.run(&MarkReturned { id, fields }).await
    }

    async fn changed_people(&self, after: i64, limit: usize) -> Result<Vec<(i64, EmployeeId)>> {
        self.run(&ChangedPeople { after, limit }).await
    }

    async fn holder_at(&self, source: &str, number: &str, at: DateTime<Utc>) -> Result<Option<EmployeeId>> {
        self.run(&HolderAt { source, number, at }).await
    }

    async fn badge_spans(&self, id: EmployeeId) -> Result<Vec<BadgeSpan>> {
        self.run(&BadgeSpans { id }).await
    }

    async fn statuses(&self) -> Result<Vec<Status>> {
        self.run(&ReadStatuses {}).await
    }

    async fn policies(&self, source: Option<&str>) -> Result<Vec<Policy>> {
        self.run(&ReadPolicies { source }).await
    }

    async fn create_policy(
        &self,
        description: &str,
        rights: Option<&PolicyRights>,
        receipt: Option<&ReceiptKey>,
    ) -> Result<Created<PolicyId>> {
        self.run(&CreatePolicy { text: description, rights, receipt }).await
    }

    async fn update_policy(
        &self,
        id: PolicyId,
        description: Option<&str>,
        rights: Option<&PolicyRights>,
    ) -> Result<Written> {
        self.run(&UpdatePolicy { id, text: description, rights }).await
    }

    async fn groupings(&self, number: GroupingNumber, source: Option<&str>) -> Result<Vec<Grouping>> {
        self.register_new_texts().await?;
        self.run(&ReadGroupings { number, source }).await
    }

    async fn create_grouping(
        &self,
        number: GroupingNumber,
        description: &str,
        receipt: Option<&ReceiptKey>,
    ) -> Result<Created<GroupingRefId>> {
        self.register_new_texts().await?;
        self.run(&CreateGrouping { number, text: description, receipt }).await
    }

    async fn rename_grouping(&self, number: GroupingNumber, id: GroupingRefId, description: &str) -> Result<Written> {
        self.run(&RenameGrouping { number, id, text: description }).await
    }

    async fn terminals(&self, source: Option<&str>) -> Result<Vec<Terminal>> {
        self.run(&ReadTerminals { source }).await
    }

    async fn terminal(&self, id: TerminalId, source: Option<&str>) -> Result<Option<Terminal>> {
        self.run(&ReadTerminal { id, source }).await
    }

    async fn create_terminal(
        &self,
        terminal: &NewTerminal,
        receipt: Option<&ReceiptKey>,
    ) -> Result<Created<TerminalId>> {
        self.run(&CreateTerminal { terminal, receipt }).await
    }

    async fn rename_terminal(&self, id: TerminalId, description: &str) -> Result<Written> {
        self.run(&RenameTerminal { id, text: description }).await
    }

    async fn set_terminal(&self, id: TerminalId, change: &TerminalChange) -> Result<Terminal> {
        self.run(&SetTerminal { id, change }).await
    }

    async fn terminal_groups(&self, source: Option<&str>) -> Result<Vec<TerminalGroup>> {
        self.run(&ReadGroups { source }).await
    }

    async fn create_terminal_group(
        &self,
        description: &str,
        members: &BTreeSet<TerminalId>,
        receipt: Option<&ReceiptKey>,
    ) -> Result<Created<TerminalGroupId>> {
        self.run(&CreateGroup { text: description, members, receipt }).await
    }

    async fn update_terminal_group(
        &self,
        id: TerminalGroupId,
        description: Option<&str>,
        members: Option<&BTreeSet<TerminalId>>,
    ) -> Result<Written> {
        self.run(&UpdateGroup { id, text: description, members }).await
    }

    async fn book(&self, events: &[Event]) -> Result<Vec<Booked>> {
        self.run(&Book { events, refused: &Mutex::default() }).await
    }

    async fn rebook(&self, earlier: &ReceiptKey, event: &Event) -> Result<Option<Booked>> {
        self.run(&Rebook { earlier, event }).await
    }

    async fn event(&self, key: &ReceiptKey) -> Result<Option<EventReceipt>> {
        self.run(&ReadEvent { key }).await
    }

    async fn last_event(&self, id: EmployeeId) -> Result<Option<EventReceipt>> {
        self.run(&LastEvent { id }).await
    }

    async fn roll_call(&self) -> Result<Vec<RollCall>> {
        self.run(&ReadPlaces {}).await
    }

    async fn link(&self, entity: LinkEntity, key: &ReceiptKey) -> Result<Option<LinkReceipt>> {
        self.run(&ReadLink { entity, key }).await
    }

    async fn set_link_state(&self, entity: LinkEntity, key: &ReceiptKey, state: LinkState) -> Result<()> {
        self.run(&SetLinkState { entity, key, state }).await
    }

    async fn reconcile(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<ReconcileReport> {
        self.run(&Reconcile { from, to }).await
    }
}
