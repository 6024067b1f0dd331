//! The client as a session that the engine can use.

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::client::AstrowClient;
use crate::model::{
    ActiveFilter, AstrowCapability, AstrowError, AstrowErrorKind, AstrowInfo, AstrowSession, Booking, BookingOutcome,
    BookingRecord, ChangeCursor, ChangePage, Command, CommandState, Definitions, Employee, EmployeePatch, Etag,
    Heartbeat, Lookups, NewEmployee, PacTab, Page, PageCursor, PersNo, ReaderSettings, RollCall, SafeConfirmation,
    TerminalEvent,
};

/// A client that has signed in, with what Astrow said of itself then. [`AstrowClient::connect`] makes it.
#[derive(Clone, Debug)]
pub struct RestSession {
    client: AstrowClient,
    info: AstrowInfo,
}

impl RestSession {
    pub(crate) fn new(client: AstrowClient, info: AstrowInfo) -> Self {
        Self { client, info }
    }

    /// The client.
    pub fn client(&self) -> &AstrowClient {
        &self.client
    }
}

/// The interface offers everything; what a site lacks is a matter of its licences, see [`AstrowInfo::has`].
#[async_trait]
impl AstrowSession for RestSession {
    fn info(&self) -> &AstrowInfo {
        &self.info
    }

    fn supports(&self, _capability: AstrowCapability) -> bool {
        true
    }

    async fn lookups(&self) -> Result<Lookups, AstrowError> {
        self.client.lookups().await
    }

    async fn employees(&self, after: Option<&PageCursor>, filter: ActiveFilter) -> Result<Page<Employee>, AstrowError> {
        self.client.employees().page(after, filter).await
    }

    async fn employee(&self, id: PersNo) -> Result<Option<Employee>, AstrowError> {
        match self.client.employees().get(id).await {
            Err(error) if error.kind() == AstrowErrorKind::NotFound => Ok(None),
            answer => answer.map(Some),
        }
    }

    async fn create_employee(&self, employee: NewEmployee, key: Uuid) -> Result<Employee, AstrowError> {
        self.client.employees().create(&employee, key).await
    }

    async fn patch_employee(&self, id: PersNo, patch: EmployeePatch, etag: &Etag) -> Result<Employee, AstrowError> {
        self.client.employees().update(id, &patch, etag).await
    }

    async fn delete_employee(&self, id: PersNo, etag: &Etag) -> Result<(), AstrowError> {
        self.client.employees().delete_with_history(id, etag).await
    }

    async fn set_pac(&self, id: PersNo, pac: PacTab, etag: &Etag) -> Result<Employee, AstrowError> {
        self.client.employees().set_pac(id, &pac, etag).await
    }

    async fn changes(&self, after: &ChangeCursor, wait: Duration) -> Result<ChangePage, AstrowError> {
        self.client.changes().since(after, wait).await
    }

    async fn put_definitions(&self, definitions: &Definitions) -> Result<(), AstrowError> {
        self.client.definitions().put(definitions).await
    }

    async fn reader_settings(&self) -> Result<Vec<ReaderSettings>, AstrowError> {
        self.client.definitions().readers().await
    }

    async fn write_bookings(&self, bookings: &[Booking]) -> Result<Vec<BookingOutcome>, AstrowError> {
        self.client.bookings().write(bookings, Uuid::new_v4()).await
    }

    async fn bookings(&self, after: Option<&PageCursor>) -> Result<Page<BookingRecord>, AstrowError> {
        self.client.bookings().page(after).await
    }

    async fn write_events(&self, events: &[TerminalEvent]) -> Result<(), AstrowError> {
        self.client.terminals().show(events, Uuid::new_v4()).await
    }

    async fn commands(&self, wait: Duration) -> Result<Vec<Command>, AstrowError> {
        self.client.terminals().commands(wait).await
    }

    async fn command_result(&self, id: Uuid, state: CommandState) -> Result<(), AstrowError> {
        self.client.terminals().report(id, &state, Uuid::new_v4()).await
    }

    async fn roll_call(&self) -> Result<RollCall, AstrowError> {
        self.client.roll_calls().current().await
    }

    async fn confirm_safe(&self, confirmations: &[SafeConfirmation]) -> Result<(), AstrowError> {
        self.client.roll_calls().confirm(confirmations, Uuid::new_v4()).await
    }

    async fn heartbeat(&self, heartbeat: &Heartbeat) -> Result<(), AstrowError> {
        self.client.terminals().heartbeat(heartbeat).await
    }

    async fn close(&self) -> Result<(), AstrowError> {
        self.client.close().await
    }
}
