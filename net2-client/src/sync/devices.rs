//! Devices and their groups: the doors of Net2, read only.

use async_trait::async_trait;
use connector_http::sync::found;
use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use sync_core::connector::{FieldCaps, Key, Listed, Page, ReadCaps, Record, Source, SyncError, Window};
use sync_core::model::{Canonical, Device, DeviceGroup, Entity as _, EntityKind, ExternalId, Known, RefKey};

use super::Net2Endpoint;
use super::departments::name_only;
use crate::door_groups::DoorGroup;
use crate::doors::Door;
use crate::id::DoorGroupId;

#[async_trait]
impl Source<Device> for Net2Endpoint {
    fn reads(&self) -> ReadCaps {
        let name = FieldCaps::read_only("name", Canonical::text(100));
        ReadCaps { fields: vec![name], ..name_only() }
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<Device>, SyncError>> {
        Listed::stream(self.devices())
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Device>>, SyncError> {
        Ok(self.devices().await?.into_iter().find(|device| device.id == *id))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Device>>, SyncError> {
        Ok(by.among(self.devices().await?, &Source::<Device>::reads(self)))
    }
}

#[async_trait]
impl Source<DeviceGroup> for Net2Endpoint {
    fn reads(&self) -> ReadCaps {
        let name = FieldCaps::read_only("name", Canonical::text(100));
        let devices = FieldCaps::read_only("devices", Canonical::exact());
        ReadCaps { fields: vec![name, devices], references: vec![EntityKind::Device], ..name_only() }
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<DeviceGroup>, SyncError>> {
        Listed::stream(self.groups())
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<DeviceGroup>>, SyncError> {
        let Ok(id) = id.as_str().parse::<DoorGroupId>() else { return Ok(None) };
        let Some(group) = found(self.net2.door_groups().get(id).await)? else { return Ok(None) };
        self.group(group).await.map(Some)
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<DeviceGroup>>, SyncError> {
        Ok(by.among(self.groups().await?, &Source::<DeviceGroup>::reads(self)))
    }
}

impl Net2Endpoint {
    async fn devices(&self) -> Result<Vec<Record<Device>>, SyncError> {
        Ok(self.net2.doors().list().await?.iter().map(record).collect())
    }

    /// A server without door groups is no server with no group: that would look as if all had been deleted.
    async fn groups(&self) -> Result<Vec<Record<DeviceGroup>>, SyncError> {
        let groups = self.net2.door_groups().list().await?;
        stream::iter(groups).map(|group| self.group(group)).buffered(4).try_collect().await
    }

    async fn group(&self, group: DoorGroup) -> Result<Record<DeviceGroup>, SyncError> {
        let doors = self.net2.door_groups().doors(group.id).await?;
        let devices = doors.iter().map(|door| RefKey { entity: Device::KIND, id: door.id.get().into() }).collect();
        let value = DeviceGroup {
            name: Known::from_text(group.name),
            devices: if doors.is_empty() { Known::Empty } else { Known::Value(devices) },
        };
        Ok(Record::new(group.id.get(), value))
    }
}

/// The administrator's settings of a device are not Net2's to know.
fn record(door: &Door) -> Record<Device> {
    Record::new(door.id.get(), Device { name: Known::from_text(&door.name), ..Device::default() })
}
