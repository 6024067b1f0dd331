//! Reading bookers.

use std::time::Duration;

use async_trait::async_trait;
use connector_http::Error;
use futures::stream::BoxStream;
use sync_core::connector::{
    CompleteSignal, FieldCaps, InvalidRecord, Key, Listed, Page, ReadCaps, Record, SnapshotCaps, Source, SyncError,
    Window,
};
use sync_core::model::{Entity as _, ExternalId, FieldValue, Person};

use super::booker::{self, Beside};
use super::site::Site;
use super::{Memory, Net2Doors};
use crate::id::DepartmentId;
use crate::sync::people::invalid;
use crate::users::User;

#[async_trait]
impl Source<Person> for Net2Doors {
    fn reads(&self) -> ReadCaps {
        ReadCaps {
            snapshot: SnapshotCaps::Full,
            complete_signal: CompleteSignal::EndMark,
            read_lag: Duration::ZERO,
            fields: booker::field_caps(&self.config),
            references: Vec::new(),
        }
    }

    /// All bookers. Users that cannot be read are named, since nobody knows whether they are some.
    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<Person>, SyncError>> {
        Listed::stream(self.bookers())
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Person>>, SyncError> {
        let site = self.site().await?;
        let Some(user) = self.marked_user(&site, id).await? else { return Ok(None) };
        Ok(Some(self.read_one(&site, &user).await?))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Person>>, SyncError> {
        let site = self.site().await?;
        match by {
            Key::Marker(key) => self.rows(&site, |user| booker::key(&site, user) == Some(*key)).await,
            Key::Field { name, value } => {
                let reads = self.reads();
                let Some(caps) = reads.field(name) else { return Ok(Vec::new()) };
                if ["doors", "code"].contains(name) {
                    let mut records = self.bookers().await?.0;
                    records.retain(|record| has(&record.value, caps, value));
                    return Ok(records);
                }
                self.rows(&site, |user| has(&booker::record(&site, user, None).value, caps, value)).await
            }
            _ => Ok(Vec::new()),
        }
    }
}

impl Net2Doors {
    /// A user with the marker. Others do not exist here.
    pub(super) async fn marked_user(&self, site: &Site, id: &ExternalId) -> Result<Option<User>, Error> {
        let user = self.endpoint.user(id).await?;
        Ok(user.filter(|user| booker::is_marked(&self.config, site, user)))
    }

    /// A booker with all that stands beside it, read afresh.
    pub(super) async fn read_one(&self, site: &Site, user: &User) -> Result<Record<Person>, Error> {
        let handle = self.endpoint.net2.user(user.id);
        let access = match &user.permissions {
            Some(set) => set.clone(),
            None => handle.permissions().await?,
        };
        self.learn(site, &access);
        let code = self.read_code(user.id).await?;
        let unplaced = self.remember(|memory| memory.unplaced.contains(&user.id));
        Ok(booker::record(site, user, Some(&Beside { access, code, unplaced })))
    }

    /// All bookers with what stands beside them, by a number of calls that does not grow with them.
    async fn bookers(&self) -> Result<(Vec<Record<Person>>, Vec<InvalidRecord>), SyncError> {
        let site = self.site().await?;
        let listing = self.endpoint.listed().await?;
        let invalid = listing.invalid.iter().map(invalid).collect();
        let mut users = listing.items;
        self.note_pins(&users);
        users.retain(|user| booker::is_marked(&self.config, &site, user));
        if users.is_empty() {
            return Ok((Vec::new(), invalid));
        }
        let details = self.endpoint.all_details(&users).await?;
        let kind = self.config.code_kind();
        let mut seen = Memory::default();
        let mut records = Vec::with_capacity(users.len());
        for user in &users {
            // No details: the user vanished while we were reading.
            let Some(details) = details.get(&user.id) else { continue };
            self.learn(&site, &details.access);
            let beside = Beside {
                access: details.access.clone(),
                code: booker::code(&details.tokens, kind.as_ref()),
                unplaced: details.department == DepartmentId::NONE,
            };
            records.push(booker::record(&site, user, Some(&beside)));
            seen.codes.insert(user.id, beside.code);
            if beside.unplaced {
                seen.unplaced.insert(user.id);
            }
        }
        self.remember(|memory| (memory.codes, memory.unplaced) = (seen.codes, seen.unplaced));
        Ok((records, invalid))
    }

    /// The bookers whose row in the list is wanted.
    async fn rows(&self, site: &Site, wanted: impl Fn(&User) -> bool) -> Result<Vec<Record<Person>>, SyncError> {
        let mut found = Vec::new();
        for user in self.endpoint.listed().await?.items {
            if booker::is_marked(&self.config, site, &user) && wanted(&user) {
                found.push(self.read_one(site, &user).await?);
            }
        }
        Ok(found)
    }
}

fn has(person: &Person, caps: &FieldCaps, wanted: &FieldValue) -> bool {
    let Some(field) = Person::field(caps.name) else { return false };
    caps.canonical.compare_form(&(field.get)(person)) == caps.canonical.compare_form(wanted)
}
