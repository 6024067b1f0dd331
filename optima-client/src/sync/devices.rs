//! Devices: the readers of Optima, read only. Direction and use are the administrator's at the attendance side.

use async_trait::async_trait;
use connector_http::sync::found;
use futures::stream::BoxStream;
use sync_core::connector::{FieldCaps, Key, Listed, Page, ReadCaps, Record, Source, SyncError, Window};
use sync_core::model::{Canonical, Device, ExternalId, Known};

use super::OptimaEndpoint;
use super::people::listed;
use crate::id::ReaderId;
use crate::listing::Listing;
use crate::readers::Reader;

#[async_trait]
impl Source<Device> for OptimaEndpoint {
    fn reads(&self) -> ReadCaps {
        ReadCaps { fields: vec![FieldCaps::read_only("name", Canonical::text(100))], ..self.list_caps() }
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<Device>, SyncError>> {
        Listed::stream(async { Ok::<_, SyncError>(listed(&self.readers().await?, record)) })
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Device>>, SyncError> {
        let reader = found(self.optima.readers().get(&ReaderId::new(id.as_str())).await);
        Ok(reader.map_err(|error| self.fault(error))?.as_ref().map(record))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Device>>, SyncError> {
        let records = self.readers().await?.items.iter().map(record).collect();
        Ok(by.among(records, &Source::<Device>::reads(self)))
    }
}

impl OptimaEndpoint {
    async fn readers(&self) -> Result<Listing<Reader>, SyncError> {
        self.optima.readers().list().await.map_err(|error| self.fault(error))
    }
}

/// A reader without a name is known by its door.
fn record(reader: &Reader) -> Record<Device> {
    let door = || reader.door.as_ref().and_then(|door| door.name.clone());
    let name = reader.name.clone().filter(|name| !name.trim().is_empty()).or_else(door);
    let name = name.unwrap_or_else(|| format!("Reader {}", reader.id));
    Record {
        id: reader.id.as_str().into(),
        value: Device { name: Known::from_text(name), ..Device::default() },
        revision: reader.etag.clone(),
        marker: None,
    }
}
