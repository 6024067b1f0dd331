//! Departments. Number 0 means none and takes no part.

use std::time::Duration;

use async_trait::async_trait;
use connector_http::sync::found;
use futures::stream::BoxStream;
use sync_core::connector::{
    AttemptKey, Changes, CompleteSignal, CreateClass, Draft, FieldCaps, Key, LateApply, Listed, Page, Precondition,
    ReadCaps, Record, Removal, RemovalCaps, Sink, SnapshotCaps, Source, SyncError, Update, Window, WriteCaps,
};
use sync_core::model::{Canonical, Department, ExternalId, Known};

use super::{NET2, Net2Endpoint};
use crate::departments::DeleteDepartment;
use crate::id::DepartmentId;

#[async_trait]
impl Source<Department> for Net2Endpoint {
    fn reads(&self) -> ReadCaps {
        name_only()
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<Department>, SyncError>> {
        Listed::stream(self.departments())
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Department>>, SyncError> {
        let Ok(id) = id.as_str().parse::<DepartmentId>() else { return Ok(None) };
        if id == DepartmentId::NONE {
            return Ok(None);
        }
        Ok(found(self.net2.departments().get(id).await)?.as_ref().map(record))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Department>>, SyncError> {
        Ok(by.among(self.departments().await?, &name_only()))
    }
}

/// A lost creation is not repeated: Net2 keeps no mark of ours beside a name. Where departments go both ways, the next
/// read finds the name and links it.
#[async_trait]
impl Sink<Department> for Net2Endpoint {
    fn writes(&self) -> WriteCaps {
        named_writes(self.config.request_lifetime())
    }

    async fn create(&self, draft: &Draft<Department>, _attempt: &AttemptKey) -> Result<Record<Department>, SyncError> {
        let name = draft.value.name.required("name")?;
        Ok(record(&self.once.departments().create(name).await?))
    }

    async fn update(
        &self,
        id: &ExternalId,
        changes: &Changes<Department>,
        _precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<Record<Department>, SyncError> {
        let department: DepartmentId = id.as_str().parse().map_err(|_| SyncError::gone(NET2))?;
        if changes.0.name.is_known() {
            self.once.departments().rename(department, changes.0.name.required("name")?).await?;
        }
        Source::<Department>::get(self, id).await?.ok_or_else(|| SyncError::gone(NET2))
    }

    async fn remove(
        &self,
        id: &ExternalId,
        how: &Removal,
        _precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<(), SyncError> {
        let department: DepartmentId = id.as_str().parse().map_err(|_| SyncError::gone(NET2))?;
        if *how != Removal::Delete || department == DepartmentId::NONE {
            return Err(SyncError::wrong("department", "can only be deleted, and number 0 not even that"));
        }
        Ok(self.once.send(&DeleteDepartment::new(department)).await?)
    }
}

impl Net2Endpoint {
    async fn departments(&self) -> Result<Vec<Record<Department>>, SyncError> {
        let all = self.net2.departments().list().await?;
        Ok(all.iter().filter(|department| department.id != DepartmentId::NONE).map(record).collect())
    }
}

fn record(department: &crate::departments::Department) -> Record<Department> {
    Record::new(department.id.get(), Department { name: Known::from_text(&department.name) })
}

/// How Net2 reads things of which only the name takes part.
pub(super) fn name_only() -> ReadCaps {
    ReadCaps {
        snapshot: SnapshotCaps::Full,
        complete_signal: CompleteSignal::EndMark,
        read_lag: Duration::ZERO,
        fields: vec![FieldCaps::required("name", Canonical::text(50))],
        references: Vec::new(),
    }
}

/// How Net2 writes them.
pub(super) fn named_writes(request_lifetime: Duration) -> WriteCaps {
    WriteCaps {
        create: CreateClass::Unsafe,
        marker_in_create: false,
        late_apply: LateApply::Bounded,
        request_lifetime,
        update: Update::Replace,
        precondition: false,
        removal: RemovalCaps { delete: true, ..RemovalCaps::default() },
        parallel: 1,
    }
}
