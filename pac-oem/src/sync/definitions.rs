//! What is set up at PAC: access groups as policies, readers as devices. PAC alone decides on them.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt as _;
use futures::stream::BoxStream;
use sync_core::connector::{
    CompleteSignal, FieldCaps, Key, Listed, Page, ReadCaps, Record, SnapshotCaps, Source, SyncError, Window,
};
use sync_core::model::{AccessPolicy, Canonical, Device, Direction as Way, ExternalId, Known as Told};

use super::PacEndpoint;
use crate::model::{AccessGroup, Definitions, Direction, PacSession, Reader};

/// Definitions as they were last read.
pub(super) type Known = Definitions;

#[async_trait]
impl Source<AccessPolicy> for PacEndpoint {
    fn reads(&self) -> ReadCaps {
        name_only()
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<AccessPolicy>, SyncError>> {
        Listed::stream(self.groups())
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<AccessPolicy>>, SyncError> {
        Ok(self.groups().await?.one(id))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<AccessPolicy>>, SyncError> {
        Ok(by.among(self.groups().await?.records, &name_only()))
    }
}

#[async_trait]
impl Source<Device> for PacEndpoint {
    fn reads(&self) -> ReadCaps {
        name_only()
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<Device>, SyncError>> {
        Listed::stream(self.readers())
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Device>>, SyncError> {
        Ok(self.readers().await?.one(id))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Device>>, SyncError> {
        Ok(by.among(self.readers().await?.records, &name_only()))
    }
}

impl PacEndpoint {
    /// Everything that is set up: asked for each time, sent only where it changed.
    ///
    /// # Errors
    /// Whatever keeps the server from answering.
    pub async fn definitions(&self) -> Result<Arc<Definitions>, SyncError> {
        let known = self.definitions.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let etag = known.as_ref().map(|known| known.etag.clone());
        let ask = |session: Arc<dyn PacSession>| {
            let etag = etag.clone();
            async move { session.definitions(etag.as_ref()).await }.boxed()
        };
        let answer = self.read(ask).await?;
        let now = match (answer, known) {
            (Some(new), _) => Arc::new(new),
            (None, Some(known)) => return Ok(known),
            (None, None) => {
                let text = "PAC says that its definitions are unchanged, though they were never read";
                return Err(SyncError::new(sync_core::connector::ErrorClass::Protocol, text));
            }
        };
        *self.definitions.lock().unwrap_or_else(PoisonError::into_inner) = Some(now.clone());
        Ok(now)
    }

    async fn groups(&self) -> Result<Listed<AccessPolicy>, SyncError> {
        let definitions = self.definitions().await?;
        Ok(definitions.access_groups.iter().map(group).collect::<Vec<_>>().into())
    }

    async fn readers(&self) -> Result<Listed<Device>, SyncError> {
        let definitions = self.definitions().await?;
        Ok(definitions.readers.iter().map(device).collect::<Vec<_>>().into())
    }
}

/// What a group opens stays PAC's own business: only its name takes part.
fn group(group: &AccessGroup) -> Record<AccessPolicy> {
    let value = AccessPolicy { name: Told::from_text(group.name.clone()), devices: Told::Unknown };
    Record::new(i64::from(group.id.get()), value)
}

/// The direction is the reader's own; the attendance side decides what becomes of it.
fn device(reader: &Reader) -> Record<Device> {
    let direction = match reader.direction {
        Direction::In => Told::Value(Way::In),
        Direction::Out => Told::Value(Way::Out),
        _ => Told::Unknown,
    };
    let name = match reader.name.trim() {
        "" => &reader.door_name,
        _ => &reader.name,
    };
    Record::new(
        i64::from(reader.id.get()),
        Device { name: Told::from_text(name.clone()), direction, ..Device::default() },
    )
}

fn name_only() -> ReadCaps {
    ReadCaps {
        snapshot: SnapshotCaps::Full,
        complete_signal: CompleteSignal::EndMark,
        read_lag: Duration::ZERO,
        fields: vec![FieldCaps::read_only("name", Canonical::text(64))],
        references: Vec::new(),
    }
}
