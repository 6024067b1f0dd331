//! Terminal groups. A member that is gone at the source is never taken out here (rule W13).

use std::collections::BTreeSet;

use async_trait::async_trait;
use futures::stream::BoxStream;
use sync_core::connector::{
    AttemptKey, Changes, Draft, ErrorClass, FieldCaps, Key, Page, Precondition, ReadCaps, Record, Removal, RemovalCaps,
    Sink, Source, SyncError, Window, WriteCaps,
};
use sync_core::model::{Canonical, DeviceGroup, EntityKind, ExternalId, Known, RefKey};

use super::list::{having, marked, whole};
use super::{
    RECEIPT_SOURCE, TimewareEndpoint, devices, known_row, members, no_removal, reads, receipt, required, row_id, told,
    writes,
};
use crate::ids::{TerminalGroupId, TerminalId};
use crate::store::{CreatedHow, Warning};

#[async_trait]
impl Source<DeviceGroup> for TimewareEndpoint {
    fn reads(&self) -> ReadCaps {
        let fields = vec![
            FieldCaps::required("name", Canonical::text(50)),
            FieldCaps { clearable: false, ..FieldCaps::full("devices", Canonical::exact()) },
        ];
        reads(fields, vec![EntityKind::Device])
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<DeviceGroup>, SyncError>> {
        whole(self.groups_now())
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<DeviceGroup>>, SyncError> {
        let Some(id) = row_id(id) else { return Ok(None) };
        let wanted = ExternalId::from(id);
        Ok(self.groups_now().await?.into_iter().find(|record| record.id == wanted))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<DeviceGroup>>, SyncError> {
        Ok(having(self.groups_now().await?, by, &Source::<DeviceGroup>::reads(self)))
    }
}

#[async_trait]
impl Sink<DeviceGroup> for TimewareEndpoint {
    fn writes(&self) -> WriteCaps {
        writes(&*self.store, RemovalCaps::default())
    }

    async fn create(
        &self,
        draft: &Draft<DeviceGroup>,
        _attempt: &AttemptKey,
    ) -> Result<Record<DeviceGroup>, SyncError> {
        let (name, key) = (required(&draft.value.name, "name")?, receipt(draft.key)?);
        let members = wanted(&draft.value.devices)?.unwrap_or_default();
        let made = told(self.store.create_terminal_group(name, &members, Some(&key)).await)?;
        if made.how == CreatedHow::Duplicate {
            let message = "a terminal group was made with this key";
            return Err(SyncError::new(ErrorClass::Duplicate, message).with_clashing_key("sync_key"));
        }
        self.group_back(made.id).await
    }

    async fn update(
        &self,
        id: &ExternalId,
        changes: &Changes<DeviceGroup>,
        _precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<Record<DeviceGroup>, SyncError> {
        let id = TerminalGroupId::new(known_row(id)?);
        let name = changes.0.name.value().map(String::as_str);
        let written = told(self.store.update_terminal_group(id, name, wanted(&changes.0.devices)?.as_ref()).await)?;
        for warning in &written.warnings {
            if let Warning::MembersKept { count } = warning {
                let message = format!("{count} terminals are no members any more; timeware keeps them");
                return Err(SyncError::new(ErrorClass::Invalid, message)
                    .with_field("devices")
                    .with_remedy("take them out of the terminal group in timeware"));
            }
        }
        self.group_back(id).await
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
    async fn groups_now(&self) -> Result<Vec<Record<DeviceGroup>>, SyncError> {
        let groups = told(self.store.terminal_groups(Some(RECEIPT_SOURCE)).await)?;
        let record = |group: crate::TerminalGroup| {
            let value = DeviceGroup { name: Known::from_text(group.description), devices: devices(group.terminals) };
            marked(group.id.get(), value, group.receipt.as_deref())
        };
        Ok(groups.into_iter().map(record).collect())
    }

    async fn group_back(&self, id: TerminalGroupId) -> Result<Record<DeviceGroup>, SyncError> {
        let found = Source::<DeviceGroup>::get(self, &ExternalId::from(id.get())).await?;
        found.ok_or_else(|| SyncError::new(ErrorClass::NotFound, "there is no such terminal group"))
    }
}

fn wanted(devices: &Known<BTreeSet<RefKey>>) -> Result<Option<BTreeSet<TerminalId>>, SyncError> {
    Ok(match devices {
        Known::Unknown => None,
        Known::Empty => Some(BTreeSet::new()),
        Known::Value(set) => Some(members(set)?),
    })
}
