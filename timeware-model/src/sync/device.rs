//! Terminals: made suspended, named after their device; everything else is the administrator's (rule W7).

use async_trait::async_trait;
use futures::stream::BoxStream;
use sync_core::connector::{
    AttemptKey, Changes, Draft, ErrorClass, FieldCaps, Key, Page, Precondition, ReadCaps, Record, Removal, RemovalCaps,
    Sink, Source, SyncError, Window, WriteCaps,
};
use sync_core::model::{Canonical, Device, DeviceKind, Direction, EntityKind, ExternalId, Known};

use super::list::{having, marked, whole};
use super::{
    RECEIPT_SOURCE, TimewareEndpoint, known_row, no_removal, note, reads, receipt, required, row_id, told, writes,
};
use crate::ids::TerminalId;
use crate::store::CreatedHow;
use crate::terminal::{NewTerminal, Origin, Terminal, TerminalDirection, TerminalKind, TerminalRole};

#[async_trait]
impl Source<Device> for TimewareEndpoint {
    fn reads(&self) -> ReadCaps {
        reads(vec![FieldCaps::required("name", Canonical::text(100))], Vec::new())
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<Device>, SyncError>> {
        whole(self.devices_now())
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Device>>, SyncError> {
        let Some(id) = row_id(id) else { return Ok(None) };
        let terminal = told(self.store.terminal(TerminalId::new(id), Some(RECEIPT_SOURCE)).await)?;
        Ok(terminal.as_ref().map(device_record))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Device>>, SyncError> {
        Ok(having(self.devices_now().await?, by, &Source::<Device>::reads(self)))
    }
}

#[async_trait]
impl Sink<Device> for TimewareEndpoint {
    fn writes(&self) -> WriteCaps {
        writes(&*self.store, RemovalCaps::default())
    }

    async fn create(&self, draft: &Draft<Device>, _attempt: &AttemptKey) -> Result<Record<Device>, SyncError> {
        let key = receipt(draft.key)?;
        let origin = told(Origin::new(key.source.clone(), key.external_id.clone()))?;
        let mut terminal = NewTerminal::new(required(&draft.value.name, "name")?).origin(origin);
        if let Known::Value(direction) = draft.value.direction {
            terminal = terminal.direction(own_direction(direction));
        }
        let made = told(self.store.create_terminal(&terminal, Some(&key)).await)?;
        if made.how == CreatedHow::Duplicate {
            let message = "a terminal was made with this key";
            return Err(SyncError::new(ErrorClass::Duplicate, message).with_clashing_key("sync_key"));
        }
        note(&made.warnings, EntityKind::Device, made.id.get());
        self.device_back(made.id).await
    }

    async fn update(
        &self,
        id: &ExternalId,
        changes: &Changes<Device>,
        _precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<Record<Device>, SyncError> {
        let id = TerminalId::new(known_row(id)?);
        if let Known::Value(name) = &changes.0.name {
            told(self.store.rename_terminal(id, name).await)?;
        }
        self.device_back(id).await
    }

    async fn remove(
        &self,
        _id: &ExternalId,
        how: &Removal,
        _precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<(), SyncError> {
        Err(no_removal(how))
    }
}

impl TimewareEndpoint {
    async fn devices_now(&self) -> Result<Vec<Record<Device>>, SyncError> {
        Ok(told(self.store.terminals(Some(RECEIPT_SOURCE)).await)?.iter().map(device_record).collect())
    }

    async fn device_back(&self, id: TerminalId) -> Result<Record<Device>, SyncError> {
        let terminal = told(self.store.terminal(id, Some(RECEIPT_SOURCE)).await)?;
        let gone = || SyncError::new(ErrorClass::NotFound, "there is no such terminal");
        Ok(device_record(&terminal.ok_or_else(gone)?))
    }
}

fn device_record(terminal: &Terminal) -> Record<Device> {
    let device = Device {
        name: Known::from_text(terminal.description.clone()),
        kind: Known::Value(kind(terminal)),
        direction: Known::Value(match terminal.direction {
            TerminalDirection::In => Direction::In,
            TerminalDirection::Out => Direction::Out,
            TerminalDirection::Both => Direction::Both,
            TerminalDirection::Unknown => Direction::Unknown,
        }),
        suspended: Known::Value(terminal.suspended),
        take_from: Known::from_option(terminal.take_from),
    };
    marked(terminal.id.get(), device, terminal.receipt.as_deref())
}

fn kind(terminal: &Terminal) -> DeviceKind {
    match (terminal.kind, terminal.role) {
        (TerminalKind::Unknown(_), _) => DeviceKind::Other,
        (_, TerminalRole::Attendance) => DeviceKind::Attendance,
        (_, TerminalRole::Access) => DeviceKind::Access,
        (_, TerminalRole::FireAlarm) => DeviceKind::FireAlarm,
        (_, TerminalRole::Muster) => DeviceKind::Muster,
    }
}

fn own_direction(direction: Direction) -> TerminalDirection {
    match direction {
        Direction::In => TerminalDirection::In,
        Direction::Out => TerminalDirection::Out,
        Direction::Both => TerminalDirection::Both,
        _ => TerminalDirection::Unknown,
    }
}
