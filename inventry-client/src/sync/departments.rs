//! Departments.

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt as _};
use sync_core::connector::{InvalidRecord, Key, Page, ReadCaps, Record, Source, SyncError, Window};
use sync_core::model::{Department, ExternalId, Known};

use super::endpoint::InventryEndpoint;
use super::table::{invalid, matching, name_only, pages};
use crate::departments;
use crate::info::Capability;

#[async_trait]
impl Source<Department> for InventryEndpoint {
    fn reads(&self) -> ReadCaps {
        name_only()
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<Department>, SyncError>> {
        let read = async {
            match self.departments().await {
                Ok((records, invalid)) => pages(records, invalid),
                Err(error) => vec![Err(error)],
            }
        };
        stream::once(read).flat_map(stream::iter).boxed()
    }

    /// The interface shows departments as a list only.
    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Department>>, SyncError> {
        Ok(self.departments().await?.0.into_iter().find(|record| record.id == *id))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Department>>, SyncError> {
        Ok(matching(by, &name_only(), self.departments().await?.0))
    }
}

impl InventryEndpoint {
    async fn departments(&self) -> Result<(Vec<Record<Department>>, Vec<InvalidRecord>), SyncError> {
        self.require(Capability::Departments).await?;
        let listing = self.client().departments().list().await.map_err(crate::error::sync)?;
        Ok((listing.items.iter().map(record).collect(), listing.invalid.iter().map(invalid).collect()))
    }
}

fn record(department: &departments::Department) -> Record<Department> {
    Record::new(department.id.as_str(), Department { name: Known::from_text(&department.name) })
}
