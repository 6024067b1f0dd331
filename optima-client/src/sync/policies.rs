//! Access policies: access groups, cardholder policies and cardholder groups alike, by name.
//!
//! What a group opens is set at Optima: one that comes from elsewhere opens nothing until somebody says so there. The
//! interface cannot remove a group.

use async_trait::async_trait;
use connector_http::sync::found;
use futures::stream::BoxStream;
use sync_core::connector::{
    AttemptKey, Changes, Draft, ErrorClass, FieldCaps, Key, Listed, Page, Precondition, ReadCaps, Record, Removal,
    Sink, Source, SyncError, Window, WriteCaps,
};
use sync_core::model::{AccessPolicy, Canonical, ExternalId, Known};

use super::people::listed;
use super::person::read_marker;
use super::{OPTIMA, OptimaEndpoint};
use crate::access_groups::{AccessGroup, AccessGroupPatch, NewAccessGroup};
use crate::id::{AccessGroupId, IdempotencyKey};
use crate::listing::Listing;

#[async_trait]
impl Source<AccessPolicy> for OptimaEndpoint {
    fn reads(&self) -> ReadCaps {
        let name = FieldCaps::required("name", Canonical::text(self.name_length()));
        ReadCaps { fields: vec![name], ..self.list_caps() }
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<AccessPolicy>, SyncError>> {
        Listed::stream(async { Ok::<_, SyncError>(listed(&self.groups().await?, |group| self.policy_of(group))) })
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<AccessPolicy>>, SyncError> {
        Ok(self.group(id).await?.map(|group| self.policy_of(&group)))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<AccessPolicy>>, SyncError> {
        let records = self.groups().await?.items.iter().map(|group| self.policy_of(group)).collect();
        Ok(by.among(records, &Source::<AccessPolicy>::reads(self)))
    }
}

#[async_trait]
impl Sink<AccessPolicy> for OptimaEndpoint {
    fn writes(&self) -> WriteCaps {
        self.write_caps("access_group", self.groups_are_marked())
    }

    async fn create(
        &self,
        draft: &Draft<AccessPolicy>,
        attempt: &AttemptKey,
    ) -> Result<Record<AccessPolicy>, SyncError> {
        let mut group = NewAccessGroup::new(draft.value.name.required("name")?);
        if self.groups_are_marked() {
            group = group.reference(draft.marker_text(&self.config.marker_text));
        }
        let key = IdempotencyKey::from_u128(attempt.get());
        let made = self.once.access_groups().create(&group, key).await.map_err(|error| self.fault(error))?;
        Ok(self.policy_of(&made))
    }

    async fn update(
        &self,
        id: &ExternalId,
        changes: &Changes<AccessPolicy>,
        precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<Record<AccessPolicy>, SyncError> {
        let group = self.group(id).await?.ok_or_else(|| SyncError::gone(OPTIMA))?;
        precondition.met(OPTIMA, group.etag.as_deref())?;
        if !changes.0.name.is_known() {
            return Ok(self.policy_of(&group));
        }
        let patch = AccessGroupPatch::new().name(changes.0.name.required("name")?);
        let written = self.once.access_groups().update(&group.id, &patch, group.etag.as_deref()).await;
        Ok(self.policy_of(&written.map_err(|error| self.fault(error))?))
    }

    async fn remove(
        &self,
        _id: &ExternalId,
        _how: &Removal,
        _precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<(), SyncError> {
        let error =
            SyncError::new(ErrorClass::Config, "access groups cannot be removed through the interface of Optima");
        Err(error.with_remedy("remove the group at Optima"))
    }
}

impl OptimaEndpoint {
    async fn groups(&self) -> Result<Listing<AccessGroup>, SyncError> {
        self.optima.access_groups().list().await.map_err(|error| self.fault(error))
    }

    async fn group(&self, id: &ExternalId) -> Result<Option<AccessGroup>, SyncError> {
        found(self.optima.access_groups().get(&AccessGroupId::new(id.as_str())).await)
            .map_err(|error| self.fault(error))
    }

    fn groups_are_marked(&self) -> bool {
        self.optima.profile().has_field("access_group", "reference")
    }

    fn policy_of(&self, group: &AccessGroup) -> Record<AccessPolicy> {
        Record {
            id: group.id.as_str().into(),
            value: AccessPolicy { name: Known::from_text(&group.name), devices: Known::Unknown },
            revision: group.etag.clone(),
            marker: group.reference.as_deref().and_then(|text| read_marker(&self.config.marker_text, text)),
        }
    }
}
