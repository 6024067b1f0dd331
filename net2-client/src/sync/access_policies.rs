//! Access policies: the shared access levels of Net2, by name.
//!
//! Level 0 means no access and takes no part, nor do the private levels of single users. What a level opens is set in Net2:
//! one that comes from elsewhere opens nothing until somebody says so there.

use async_trait::async_trait;
use connector_http::sync::found;
use futures::stream::BoxStream;
use sync_core::connector::{
    AttemptKey, Changes, Draft, Key, Listed, Page, Precondition, ReadCaps, Record, Removal, Sink, Source, SyncError,
    Window, WriteCaps,
};
use sync_core::model::{AccessPolicy, ExternalId, Known};

use super::departments::{name_only, named_writes};
use super::{NET2, Net2Endpoint};
use crate::access_levels::{AccessLevel, DeleteAccessLevel};
use crate::id::AccessLevelId;

#[async_trait]
impl Source<AccessPolicy> for Net2Endpoint {
    fn reads(&self) -> ReadCaps {
        name_only()
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<AccessPolicy>, SyncError>> {
        Listed::stream(self.levels())
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<AccessPolicy>>, SyncError> {
        let Some(id) = level_id(id) else { return Ok(None) };
        Ok(found(self.net2.access_levels().get(id).await)?.as_ref().map(record))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<AccessPolicy>>, SyncError> {
        Ok(by.among(self.levels().await?, &name_only()))
    }
}

#[async_trait]
impl Sink<AccessPolicy> for Net2Endpoint {
    fn writes(&self) -> WriteCaps {
        named_writes(self.config.request_lifetime())
    }

    async fn create(
        &self,
        draft: &Draft<AccessPolicy>,
        _attempt: &AttemptKey,
    ) -> Result<Record<AccessPolicy>, SyncError> {
        let name = draft.value.name.required("name")?;
        Ok(record(&self.once.access_levels().create(name, &[]).await?))
    }

    async fn update(
        &self,
        id: &ExternalId,
        changes: &Changes<AccessPolicy>,
        _precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<Record<AccessPolicy>, SyncError> {
        let level = level_id(id).ok_or_else(|| SyncError::gone(NET2))?;
        if changes.0.name.is_known() {
            self.once.access_levels().rename(level, changes.0.name.required("name")?).await?;
        }
        Source::<AccessPolicy>::get(self, id).await?.ok_or_else(|| SyncError::gone(NET2))
    }

    async fn remove(
        &self,
        id: &ExternalId,
        how: &Removal,
        _precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<(), SyncError> {
        let level = level_id(id).ok_or_else(|| SyncError::gone(NET2))?;
        if *how != Removal::Delete {
            return Err(SyncError::wrong("access level", "can only be deleted"));
        }
        Ok(self.once.send(&DeleteAccessLevel::new(level)).await?)
    }
}

impl Net2Endpoint {
    async fn levels(&self) -> Result<Vec<Record<AccessPolicy>>, SyncError> {
        let levels = self.net2.access_levels().shared().await?;
        Ok(levels.iter().filter(|level| level.id != AccessLevelId::NONE).map(record).collect())
    }
}

fn record(level: &AccessLevel) -> Record<AccessPolicy> {
    Record::new(level.id.get(), AccessPolicy { name: Known::from_text(&level.name), devices: Known::Unknown })
}

/// A level that takes part.
fn level_id(id: &ExternalId) -> Option<AccessLevelId> {
    let id: AccessLevelId = id.as_str().parse().ok()?;
    (id != AccessLevelId::NONE && !id.is_private()).then_some(id)
}
