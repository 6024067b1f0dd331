//! Departments: the values of one grouping (rule W6).

use async_trait::async_trait;
use futures::stream::BoxStream;
use sync_core::connector::{
    AttemptKey, Changes, Draft, ErrorClass, FieldCaps, Key, Page, Precondition, ReadCaps, Record, Removal, RemovalCaps,
    Sink, Source, SyncError, Window, WriteCaps,
};
use sync_core::model::{Canonical, Department, ExternalId, Known};

use super::list::{having, marked, whole};
use super::{RECEIPT_SOURCE, TimewareEndpoint, known_row, no_removal, reads, receipt, required, row_id, told, writes};
use crate::grouping::GroupingNumber;
use crate::ids::GroupingRefId;
use crate::receipts::LinkEntity;
use crate::rules::fold;
use crate::store::CreatedHow;

#[async_trait]
impl Source<Department> for TimewareEndpoint {
    fn reads(&self) -> ReadCaps {
        reads(vec![FieldCaps::required("name", Canonical::name(50))], Vec::new())
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<Department>, SyncError>> {
        whole(self.departments_now())
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Department>>, SyncError> {
        let Some(id) = row_id(id) else { return Ok(None) };
        let wanted = ExternalId::from(id);
        Ok(self.departments_now().await?.into_iter().find(|record| record.id == wanted))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Department>>, SyncError> {
        Ok(having(self.departments_now().await?, by, &Source::<Department>::reads(self)))
    }
}

#[async_trait]
impl Sink<Department> for TimewareEndpoint {
    fn writes(&self) -> WriteCaps {
        writes(&*self.store, RemovalCaps::default())
    }

    /// A value of the same name is not adopted by itself: that is for the engine's rules.
    async fn create(&self, draft: &Draft<Department>, _attempt: &AttemptKey) -> Result<Record<Department>, SyncError> {
        let number = self.grouping()?;
        let (name, key) = (required(&draft.value.name, "name")?, receipt(draft.key)?);
        let ours = told(self.store.link(LinkEntity::Grouping, &key).await)?;
        let same = |record: &Record<Department>| record.value.name.value().is_some_and(|text| fold(text) == fold(name));
        if ours.is_none() && self.departments_now().await?.iter().any(same) {
            let message = "the grouping has a value of this name";
            return Err(SyncError::new(ErrorClass::Duplicate, message).with_clashing_key("name"));
        }
        let made = told(self.store.create_grouping(number, name, Some(&key)).await)?;
        if made.how == CreatedHow::Duplicate {
            let message = "a value was made with this key";
            return Err(SyncError::new(ErrorClass::Duplicate, message).with_clashing_key("sync_key"));
        }
        self.department_back(made.id).await
    }

    async fn update(
        &self,
        id: &ExternalId,
        changes: &Changes<Department>,
        _precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<Record<Department>, SyncError> {
        let id = GroupingRefId::new(known_row(id)?);
        if let Known::Value(name) = &changes.0.name {
            told(self.store.rename_grouping(self.grouping()?, id, name).await)?;
        }
        self.department_back(id).await
    }

    async fn remove(
        &self,
        _id: &ExternalId,
        how: &Removal,
        _precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<(), SyncError> {
        Err(no_removal(how))
    }
}

impl TimewareEndpoint {
    fn grouping(&self) -> Result<GroupingNumber, SyncError> {
        let off = || {
            SyncError::new(ErrorClass::Config, "departments are switched off")
                .with_remedy("set timeware.department_grouping to 1 … 10")
        };
        self.store.settings().department_grouping().ok_or_else(off)
    }

    async fn departments_now(&self) -> Result<Vec<Record<Department>>, SyncError> {
        let values = told(self.store.groupings(self.grouping()?, Some(RECEIPT_SOURCE)).await)?;
        let record = |value: crate::Grouping| {
            let department = Department { name: Known::from_text(value.description) };
            marked(value.id.get(), department, value.receipt.as_deref())
        };
        Ok(values.into_iter().map(record).collect())
    }

    async fn department_back(&self, id: GroupingRefId) -> Result<Record<Department>, SyncError> {
        let found = Source::<Department>::get(self, &ExternalId::from(id.get())).await?;
        found.ok_or_else(|| SyncError::new(ErrorClass::NotFound, "the grouping has no such value"))
    }
}
