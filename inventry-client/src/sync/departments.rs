//! Departments.

use async_trait::async_trait;
use futures::stream::BoxStream;
use sync_core::connector::{Key, Listed, Page, ReadCaps, Record, Source, SyncError, Window};
use sync_core::model::{Department, ExternalId, Known};

use super::endpoint::InventryEndpoint;
use super::table::{invalid, name_only};
use crate::departments;
use crate::info::Capability;

#[async_trait]
impl Source<Department> for InventryEndpoint {
    fn reads(&self) -> ReadCaps {
        name_only()
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<Department>, SyncError>> {
        Listed::stream(self.departments())
    }

    /// The interface shows departments as a list only.
    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Department>>, SyncError> {
        Ok(self.departments().await?.one(id))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Department>>, SyncError> {
        Ok(by.among(self.departments().await?.records, &name_only()))
    }
}

impl InventryEndpoint {
    async fn departments(&self) -> Result<Listed<Department>, SyncError> {
        self.require(Capability::Departments).await?;
        let listing = self.client().departments().list().await.map_err(crate::error::sync)?;
        Ok(Listed::new(listing.items.iter().map(record).collect(), listing.invalid.iter().map(invalid).collect()))
    }
}

fn record(department: &departments::Department) -> Record<Department> {
    Record::new(department.id.as_str(), Department { name: Known::from_text(&department.name) })
}
