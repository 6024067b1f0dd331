//! Terminal policies, with their rights where those can be read (rules W5, R5).

use std::collections::BTreeSet;

use async_trait::async_trait;
use futures::stream::BoxStream;
use sync_core::connector::{
    AttemptKey, Changes, Draft, ErrorClass, FieldCaps, Key, Page, Precondition, ReadCaps, Record, Removal, RemovalCaps,
    Sink, Source, SyncError, Window, WriteCaps,
};
use sync_core::model::{AccessPolicy, Canonical, EntityKind, ExternalId, Known, RefKey};

use super::list::{having, marked, whole};
use super::{
    RECEIPT_SOURCE, TimewareEndpoint, devices, known_row, members, no_removal, reads, receipt, required, row_id, told,
    writes,
};
use crate::ids::{PolicyId, TerminalId};
use crate::policy::{Policy, PolicyRights};
use crate::store::CreatedHow;

#[async_trait]
impl Source<AccessPolicy> for TimewareEndpoint {
    fn reads(&self) -> ReadCaps {
        let devices = if self.store.settings().config().write_policy_data {
            FieldCaps::full("devices", Canonical::exact())
        } else {
            FieldCaps::read_only("devices", Canonical::exact())
        };
        reads(vec![FieldCaps::required("name", Canonical::text(50)), devices], vec![EntityKind::Device])
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<AccessPolicy>, SyncError>> {
        whole(self.policies_now())
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<AccessPolicy>>, SyncError> {
        let Some(id) = row_id(id) else { return Ok(None) };
        let wanted = ExternalId::from(id);
        Ok(self.policies_now().await?.into_iter().find(|record| record.id == wanted))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<AccessPolicy>>, SyncError> {
        Ok(having(self.policies_now().await?, by, &Source::<AccessPolicy>::reads(self)))
    }
}

#[async_trait]
impl Sink<AccessPolicy> for TimewareEndpoint {
    fn writes(&self) -> WriteCaps {
        writes(&*self.store, RemovalCaps::default())
    }

    async fn create(
        &self,
        draft: &Draft<AccessPolicy>,
        _attempt: &AttemptKey,
    ) -> Result<Record<AccessPolicy>, SyncError> {
        let (name, key) = (required(&draft.value.name, "name")?, receipt(draft.key)?);
        let rights = rights(&draft.value.devices)?;
        let made = told(self.store.create_policy(name, rights.as_ref(), Some(&key)).await)?;
        if made.how == CreatedHow::Duplicate {
            let message = "a policy was made with this key";
            return Err(SyncError::new(ErrorClass::Duplicate, message).with_clashing_key("sync_key"));
        }
        self.policy_back(made.id).await
    }

    async fn update(
        &self,
        id: &ExternalId,
        changes: &Changes<AccessPolicy>,
        _precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<Record<AccessPolicy>, SyncError> {
        let id = PolicyId::new(known_row(id)?);
        let name = changes.0.name.value().map(String::as_str);
        told(self.store.update_policy(id, name, rights(&changes.0.devices)?.as_ref()).await)?;
        self.policy_back(id).await
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
    async fn policies_now(&self) -> Result<Vec<Record<AccessPolicy>>, SyncError> {
        let policies = told(self.store.policies(Some(RECEIPT_SOURCE)).await)?;
        let opens_all = |policy: &Policy| matches!(read_rights(policy), Some(PolicyRights::All));
        let terminals = if policies.iter().any(opens_all) {
            told(self.store.terminals(None).await)?.into_iter().map(|terminal| terminal.id).collect()
        } else {
            BTreeSet::new()
        };
        Ok(policies.iter().map(|policy| policy_record(policy, &terminals)).collect())
    }

    async fn policy_back(&self, id: PolicyId) -> Result<Record<AccessPolicy>, SyncError> {
        let found = Source::<AccessPolicy>::get(self, &ExternalId::from(id.get())).await?;
        found.ok_or_else(|| SyncError::new(ErrorClass::NotFound, "there is no such policy"))
    }
}

fn policy_record(policy: &Policy, terminals: &BTreeSet<TerminalId>) -> Record<AccessPolicy> {
    let opens = match read_rights(policy) {
        None => Known::Unknown,
        Some(PolicyRights::All) => devices(terminals.iter().copied()),
        Some(PolicyRights::Listed(listed)) => devices(listed.into_keys()),
    };
    let value = AccessPolicy { name: Known::from_text(policy.description.clone()), devices: opens };
    marked(policy.id.get(), value, policy.receipt.as_deref())
}

/// The rights of a policy; a text that does not parse leaves them unknown.
fn read_rights(policy: &Policy) -> Option<PolicyRights> {
    let data = policy.data.as_deref()?;
    match PolicyRights::parse(data) {
        Ok(rights) => Some(rights),
        Err(error) => {
            tracing::warn!(policy = policy.id.get(), %error, "only the name of a policy can be read");
            None
        }
    }
}

fn rights(devices: &Known<BTreeSet<RefKey>>) -> Result<Option<PolicyRights>, SyncError> {
    Ok(match devices {
        Known::Unknown => None,
        Known::Empty => Some(PolicyRights::Listed(std::collections::BTreeMap::new())),
        Known::Value(set) => Some(PolicyRights::Listed(members(set)?.into_iter().map(|id| (id, 0)).collect())),
    })
}
