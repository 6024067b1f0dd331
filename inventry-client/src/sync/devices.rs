//! Devices: kiosks, readers, the app, and the device that stands for none.

use async_trait::async_trait;
use futures::stream::BoxStream;
use sync_core::connector::{Key, Listed, Page, ReadCaps, Record, Source, SyncError, Window};
use sync_core::model::{Device, ExternalId, Known};

use super::endpoint::InventryEndpoint;
use super::table::{invalid, name_only};
use crate::devices;
use crate::id::DeviceId;
use crate::info::Capability;

/// Name of the device that stands for events without one.
const NO_DEVICE: &str = "InVentry, no device";

#[async_trait]
impl Source<Device> for InventryEndpoint {
    fn reads(&self) -> ReadCaps {
        name_only()
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<Device>, SyncError>> {
        Listed::stream(self.devices())
    }

    /// The interface shows devices as a list only.
    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Device>>, SyncError> {
        Ok(self.devices().await?.one(id))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Device>>, SyncError> {
        Ok(by.among(self.devices().await?.records, &name_only()))
    }
}

impl InventryEndpoint {
    async fn devices(&self) -> Result<Listed<Device>, SyncError> {
        self.require(Capability::Devices).await?;
        let listing = self.client().devices().list().await.map_err(crate::error::sync)?;
        let here = listing.items.iter().filter(|device| self.is_of_our_sites(device.site.as_ref()));
        let mut records: Vec<_> = here.map(record).collect();
        if !records.iter().any(|record| record.id.as_str() == DeviceId::NONE) {
            records.push(named(DeviceId::NONE, NO_DEVICE));
        }
        Ok(Listed::new(records, listing.invalid.iter().map(invalid).collect()))
    }
}

fn record(device: &devices::Device) -> Record<Device> {
    named(device.id.as_str(), &device.name)
}

/// The administrator's settings of a device are not InVentry's to know.
fn named(id: &str, name: &str) -> Record<Device> {
    Record::new(id, Device { name: Known::from_text(name), ..Device::default() })
}
