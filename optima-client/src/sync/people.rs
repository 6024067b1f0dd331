//! People: badges of Optima.

use std::time::Duration;

use async_trait::async_trait;
use connector_http::Error;
use connector_http::profile::PagingStyle;
use connector_http::sync::found;
use futures::stream::BoxStream;
use sync_core::connector::{
    AttemptKey, Changes, CompleteSignal, CreateClass, Draft, InvalidRecord, Key, LateApply, Listed, Marker, Page,
    Precondition, ReadCaps, Record, Removal, RemovalCaps, Sink, SiteDay, SnapshotCaps, Source, SyncError, Update,
    Window, WriteCaps,
};
use sync_core::model::{Credential, EntityKind, ExternalId, FieldValue, Person, Scalar};

use super::fault::fault;
use super::person::Rules;
use super::{OPTIMA, OptimaEndpoint};
use crate::badges::{Badge, BadgePatch, BadgeQuery};
use crate::id::{BadgeId, IdempotencyKey};
use crate::listing::{InvalidItem, Listing};
use crate::words::Capability;

#[async_trait]
impl Source<Person> for OptimaEndpoint {
    fn reads(&self) -> ReadCaps {
        ReadCaps { fields: self.rules().field_caps(), references: vec![EntityKind::AccessPolicy], ..self.list_caps() }
    }

    fn as_of(&self) -> Option<chrono::DateTime<chrono::Utc>> {
        self.badges_made()
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<Person>, SyncError>> {
        let read = async {
            let listing = self.listed(&BadgeQuery::all()).await?;
            self.note_badges_made(listing.as_of.map(|at| at.to_utc()));
            let rules = self.rules();
            Ok::<_, SyncError>(listed(&listing, |badge| rules.record(badge)))
        };
        Listed::stream(read)
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Person>>, SyncError> {
        Ok(self.badge(id).await?.map(|badge| self.rules().record(&badge)))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Person>>, SyncError> {
        match by {
            Key::Marker(key) if self.rules().has_marker() => {
                let reference = Marker::text(&self.config.marker_text, *key);
                self.badges(&BadgeQuery::all().reference(reference)).await
            }
            Key::Field { name: "credentials", value: FieldValue::Set(wanted) } => {
                let mut found = Vec::new();
                for number in wanted.iter().filter_map(card_number) {
                    found.extend(self.badges(&BadgeQuery::all().credential(number)).await?);
                }
                Ok(found)
            }
            Key::Field { .. } => Ok(by.among(self.badges(&BadgeQuery::all()).await?, &Source::<Person>::reads(self))),
            _ => Ok(Vec::new()),
        }
    }
}

#[async_trait]
impl Sink<Person> for OptimaEndpoint {
    fn writes(&self) -> WriteCaps {
        let rules = self.rules();
        let has = |name| self.optima.profile().has_field("badge", name);
        WriteCaps {
            removal: RemovalCaps {
                unlink_credentials: has("credentials"),
                disable: has("state"),
                mark_leaver: false,
                delete: self.can(&Capability::DeleteBadges),
                ..RemovalCaps::default()
            },
            parallel: 4,
            ..self.write_caps("badge", rules.has_marker())
        }
    }

    async fn create(&self, draft: &Draft<Person>, attempt: &AttemptKey) -> Result<Record<Person>, SyncError> {
        let badge = self.rules().new_badge(&draft.value, draft.key)?;
        let key = IdempotencyKey::from_u128(attempt.get());
        let made = self.once.badges().create(&badge, key).await.map_err(|error| self.fault(error))?;
        Ok(self.rules().record(&made))
    }

    /// The badge is read first: its lists are written as a whole, with everything in them that is not ours.
    async fn update(
        &self,
        id: &ExternalId,
        changes: &Changes<Person>,
        precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<Record<Person>, SyncError> {
        let badge = self.badge(id).await?.ok_or_else(|| SyncError::gone(OPTIMA))?;
        precondition.met(OPTIMA, badge.etag.as_deref())?;
        let patch = self.rules().patch(&badge, &changes.0)?;
        let written = self.write(&badge, &patch).await?;
        Ok(self.rules().record(written.as_ref().unwrap_or(&badge)))
    }

    async fn remove(
        &self,
        id: &ExternalId,
        how: &Removal,
        precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<(), SyncError> {
        let badge = self.badge(id).await?.ok_or_else(|| SyncError::gone(OPTIMA))?;
        precondition.met(OPTIMA, badge.etag.as_deref())?;
        let patch = match how {
            Removal::Delete => {
                let deleted = self.once.badges().delete(&badge.id, badge.etag.as_deref()).await;
                return deleted.map_err(|error| self.fault(error));
            }
            Removal::UnlinkCredentials => Rules::without_cards(&badge),
            Removal::Disable => Rules::disabled(&badge),
            _ => return Err(SyncError::no_such_removal(OPTIMA)),
        };
        self.write(&badge, &patch).await.map(|_| ())
    }
}

impl OptimaEndpoint {
    pub(super) fn rules(&self) -> Rules<'_> {
        Rules {
            profile: self.optima.profile(),
            marker_text: &self.config.marker_text,
            policy_order: &self.config.policy_order,
            days: SiteDay(self.zone()),
            now: self.now(),
            name_length: self.name_length(),
        }
    }

    pub(super) fn name_length(&self) -> usize {
        self.optima.known_info().and_then(|info| info.name_length).unwrap_or(NAME_LENGTH)
    }

    pub(super) fn fault(&self, error: Error) -> SyncError {
        fault(error, &self.optima)
    }

    /// How lists are read, whatever is in them.
    pub(super) fn list_caps(&self) -> ReadCaps {
        let marked = self.optima.profile().paging().style() != PagingStyle::None;
        ReadCaps {
            snapshot: SnapshotCaps::Full,
            complete_signal: if marked { CompleteSignal::EndMark } else { CompleteSignal::None },
            read_lag: Duration::ZERO,
            ..ReadCaps::default()
        }
    }

    /// How records are written, whatever they are.
    pub(super) fn write_caps(&self, object: &str, marked: bool) -> WriteCaps {
        let profile = self.optima.profile();
        let create = match (profile.header("idempotency"), marked) {
            (Some(_), _) => CreateClass::Keyed(KEYS_ARE_KEPT),
            (None, true) => CreateClass::Searchable,
            (None, false) => CreateClass::Unsafe,
        };
        WriteCaps {
            create,
            marker_in_create: marked,
            late_apply: LateApply::Bounded,
            request_lifetime: self.config.request_lifetime(),
            update: Update::Patch,
            precondition: profile.header("if_match").is_some() && profile.has_field(object, "etag"),
            removal: RemovalCaps::default(),
            parallel: 1,
        }
    }

    async fn listed(&self, query: &BadgeQuery) -> Result<Listing<Badge>, SyncError> {
        self.optima.badges().query(query).await.map_err(|error| self.fault(error))
    }

    async fn badge(&self, id: &ExternalId) -> Result<Option<Badge>, SyncError> {
        found(self.optima.badges().get(&BadgeId::new(id.as_str())).await).map_err(|error| self.fault(error))
    }

    async fn badges(&self, query: &BadgeQuery) -> Result<Vec<Record<Person>>, SyncError> {
        let rules = self.rules();
        Ok(self.listed(query).await?.items.iter().map(|badge| rules.record(badge)).collect())
    }

    /// Writes what there is to write, if the badge still is as it was read.
    async fn write(&self, badge: &Badge, patch: &BadgePatch) -> Result<Option<Badge>, SyncError> {
        if patch.is_empty() {
            return Ok(None);
        }
        let written = self.once.badges().update(&badge.id, patch, badge.etag.as_deref()).await;
        written.map(Some).map_err(|error| self.fault(error))
    }
}

/// Records of a listing. Something whose id cannot be read leaves open who is missing.
pub(super) fn listed<I, T>(listing: &Listing<I>, record: impl Fn(&I) -> Record<T>) -> Listed<T> {
    let invalid = listing.invalid.iter().enumerate().map(|(place, item)| invalid(place, item)).collect();
    let complete = listing.invalid.iter().all(|item| item.id.is_some());
    Listed { complete, ..Listed::new(listing.items.iter().map(record).collect(), invalid) }
}

pub(super) fn invalid(place: usize, item: &InvalidItem) -> InvalidRecord {
    let id = item.id.clone().unwrap_or_else(|| format!("without an id, number {}", place + 1));
    InvalidRecord::new(id, item.field.clone(), item.reason.clone())
}

fn card_number(scalar: &Scalar) -> Option<String> {
    match scalar {
        Scalar::Text(text) => Some(Credential::from_text(text).number),
        _ => None,
    }
}

/// As long as the server knows the key of an attempt.
const KEYS_ARE_KEPT: Duration = Duration::from_hours(24);
/// Where the server does not tell.
const NAME_LENGTH: usize = 64;

#[cfg(test)]
mod tests {
    use super::super::person::read_marker;
    use super::*;

    #[test]
    fn our_mark_is_told_from_a_text_of_the_same_word() {
        let key: sync_core::model::SyncKey = "00112233445566778899aabbccddeeff".parse().unwrap();
        assert_eq!(read_marker("timeware", &Marker::text("timeware", key)), Some(Marker::Ours(key)));
        assert_eq!(read_marker("timeware", "timeware:1042"), Some(Marker::TextOnly));
        assert_eq!(read_marker("timeware", "other:1042"), None);
        assert_eq!(read_marker("timeware", "timeware"), None);
    }
}
