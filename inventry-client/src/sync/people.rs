//! People.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use connector_http::sync::found;
use futures::stream::BoxStream;
use sync_core::connector::{ErrorClass, Key, Listed, Page, ReadCaps, Record, Source, SyncError, Window};
use sync_core::model::{EntityKind, ExternalId, Person};

use super::endpoint::InventryEndpoint;
use super::person;
use super::roster::Merge;
use super::table::caps;
use crate::error;
use crate::id::PersonId;
use crate::personnel::{self, PersonnelQuery};
use crate::words::PersonType;

#[async_trait]
impl Source<Person> for InventryEndpoint {
    fn reads(&self) -> ReadCaps {
        ReadCaps { references: vec![EntityKind::Department], ..caps(person::field_caps(&self.config)) }
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<Person>, SyncError>> {
        Listed::stream(self.everybody(false))
    }

    fn as_of(&self) -> Option<DateTime<Utc>> {
        self.roster.try_lock().ok()?.as_of
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Person>>, SyncError> {
        let answer = self.client().person(&PersonId::new(id.as_str())).get().await;
        let Some(person) = found(answer).map_err(error::sync)? else { return Ok(None) };
        if person.person_type != PersonType::Personnel || !self.is_of_our_people(&person) {
            return Ok(None);
        }
        let invalid = |record: sync_core::connector::InvalidRecord| {
            let text = format!("person {} cannot be used: {} {}", record.id, record.field, record.why);
            SyncError::new(ErrorClass::Invalid, text).with_field(record.field)
        };
        person::record(&self.config, &person).map(Some).map_err(invalid)
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Person>>, SyncError> {
        Ok(by.among(self.everybody(true).await?.0, &Source::<Person>::reads(self)))
    }
}

impl InventryEndpoint {
    /// Records that went into others at the source, as far as the list of deletions told since the start.
    ///
    /// The engine sees the one that is gone as missing, and the other as it is.
    pub async fn merges(&self) -> Vec<Merge> {
        self.roster.lock().await.merges.clone()
    }

    /// Staff, enabled or not, of the one site where there is one only.
    pub(super) fn people_query(&self) -> PersonnelQuery {
        let query = self.client().personnel();
        match self.config.sites.as_slice() {
            [site] => query.site(site.as_str()),
            _ => query,
        }
    }

    /// Whether a person takes part: at one of the sites that are named, or at none that we know of.
    pub(super) fn is_of_our_people(&self, person: &personnel::Person) -> bool {
        !person.told("sites") || self.config.sites.is_empty() || person.sites.iter().any(|site| self.is_our_site(site))
    }
}
