//! Devices: the readers of Optima, read only. Direction and use are the administrator's at the attendance side.

use async_trait::async_trait;
use connector_http::ErrorKind;
use futures::stream::{self, BoxStream, StreamExt as _};
use sync_core::connector::{FieldCaps, Key, Page, ReadCaps, Record, Source, SyncError, Window};
use sync_core::model::{Canonical, Device, ExternalId, Known};

use super::OptimaEndpoint;
use super::people::page;
use super::policies::matching;
use crate::id::ReaderId;
use crate::listing::Listing;
use crate::readers::Reader;

#[async_trait]
impl Source<Device> for OptimaEndpoint {
    fn reads(&self) -> ReadCaps {
        ReadCaps { fields: vec![FieldCaps::read_only("name", Canonical::text(100))], ..self.list_caps() }
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<Device>, SyncError>> {
        stream::once(async { Ok(page(&self.readers().await?, record)) }).boxed()
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Device>>, SyncError> {
        match self.optima.readers().get(&ReaderId::new(id.as_str())).await {
            Ok(reader) => Ok(Some(record(&reader))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.fault(error)),
        }
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Device>>, SyncError> {
        let records = self.readers().await?.items.iter().map(record).collect();
        Ok(matching(by, &Source::<Device>::reads(self), records))
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
