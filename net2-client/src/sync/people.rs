//! People: users of Net2.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::time::Duration;

use async_trait::async_trait;
use connector_http::sync::found;
use connector_http::{Error, ErrorKind};
use futures::stream::BoxStream;
use sync_core::connector::{
    AttemptKey, Changes, CompleteSignal, CreateClass, Draft, ErrorClass, InvalidRecord, Key, LateApply, Listed, Marker,
    Page, Precondition, ReadCaps, Record, Removal, RemovalCaps, Sink, SnapshotCaps, Source, SyncError, Update, Window,
    WriteCaps,
};
use sync_core::model::{Credential, EntityKind, ExternalId, Known, Person, RefKey};

use super::details::is_card;
use super::{NET2, Net2Endpoint, person};
use crate::answer::{InvalidItem, Listing};
use crate::departments::Department;
use crate::id::{AccessLevelId, DepartmentId, UserId};
use crate::permissions::{PermissionNotStored, PermissionSet};
use crate::text::TokenValue;
use crate::tokens::NewToken;
use crate::users::{Change, DeleteUser, User, UserChanges, UserHandle};

#[async_trait]
impl Source<Person> for Net2Endpoint {
    fn reads(&self) -> ReadCaps {
        ReadCaps {
            snapshot: SnapshotCaps::Full,
            complete_signal: CompleteSignal::EndMark,
            read_lag: Duration::ZERO,
            fields: person::field_caps(&self.config),
            references: vec![EntityKind::Department, EntityKind::AccessPolicy],
        }
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<Person>, SyncError>> {
        Listed::stream(self.everybody())
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Person>>, SyncError> {
        let Some(user) = self.user(id).await? else { return Ok(None) };
        Ok(Some(self.read_one(&user).await?))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Person>>, SyncError> {
        match by {
            Key::Marker(key) => {
                let today = self.today();
                let mut found = Vec::new();
                for user in self.listed().await?.items {
                    let marked = person::record(&self.config, today, &user, None).marker;
                    if marked == Some(Marker::Ours(*key)) {
                        found.push(self.read_one(&user).await?);
                    }
                }
                Ok(found)
            }
            _ => Ok(by.among(self.everybody().await?.0, &Source::<Person>::reads(self))),
        }
    }
}

#[async_trait]
impl Sink<Person> for Net2Endpoint {
    fn writes(&self) -> WriteCaps {
        let marked = self.config.marker_field.is_some();
        WriteCaps {
            create: if marked { CreateClass::Searchable } else { CreateClass::Unsafe },
            marker_in_create: marked,
            late_apply: LateApply::Bounded,
            request_lifetime: self.config.request_lifetime(),
            update: Update::Replace,
            precondition: false,
            removal: RemovalCaps {
                unlink_credentials: true,
                disable: true,
                mark_leaver: true,
                delete: true,
                ..RemovalCaps::default()
            },
            parallel: 4,
        }
    }

    /// The user first, mark included; department, cards and access follow. What fails after the first is left to the
    /// difference that remains: the person exists, with less than it should have.
    async fn create(&self, draft: &Draft<Person>, _attempt: &AttemptKey) -> Result<Record<Person>, SyncError> {
        let user = self.once.users().create(&person::new_user(&self.config, &draft.value, draft.key)).await?;
        let access = Person {
            department: draft.value.department.clone(),
            credentials: draft.value.credentials.clone(),
            policies: draft.value.policies.clone(),
            ..Person::default()
        };
        if let Err(error) = self.write_beside(user.id, &access, &user).await {
            tracing::warn!(user = user.id.get(), %error, "created with less than it should have; the rest follows");
        }
        // The user is there: whatever reading back says, its creation did not fail.
        match self.get(&user.id.get().into()).await {
            Ok(Some(record)) => Ok(record),
            _ => Ok(person::record(&self.config, self.today(), &user, None)),
        }
    }

    async fn update(
        &self,
        id: &ExternalId,
        changes: &Changes<Person>,
        _precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<Record<Person>, SyncError> {
        let user = self.user(id).await?.ok_or_else(|| SyncError::gone(NET2))?;
        self.write_beside(user.id, &changes.0, &user).await?;
        let updated = self.user(id).await?.ok_or_else(|| SyncError::gone(NET2))?;
        Ok(self.read_one(&updated).await?)
    }

    async fn remove(
        &self,
        id: &ExternalId,
        how: &Removal,
        _precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<(), SyncError> {
        let user = self.user(id).await?.ok_or_else(|| SyncError::gone(NET2))?;
        self.details.forget(user.id).await;
        let handle = self.once.user(user.id);
        let no_pin = UserChanges::new().pin(Change::Clear);
        match how {
            Removal::Delete => return Ok(self.once.send(&DeleteUser::new(user.id)).await?),
            Removal::UnlinkCredentials => {
                self.set_cards(&handle, &BTreeSet::new()).await?;
                handle.update(&no_pin).await?;
            }
            Removal::MarkLeaver(day) if *day >= self.today() => {
                let expiry = person::expiry(&self.config, *day);
                handle.update(&UserChanges::new().expiry_date(expiry)).await?;
            }
            Removal::Disable | Removal::MarkLeaver(_) => {
                set_permissions(&handle, &PermissionSet::none()).await?;
                self.set_cards(&handle, &BTreeSet::new()).await?;
                let expired = match person::ended(&user, self.today()) {
                    Some(end) => no_pin.expiry_date(end),
                    None => no_pin,
                };
                handle.update(&expired).await?;
            }
            _ => return Err(SyncError::no_such_removal(NET2)),
        }
        Ok(())
    }
}

impl Net2Endpoint {
    /// All users with everything beside them. The built-in System engineer is nobody.
    async fn everybody(&self) -> Result<(Vec<Record<Person>>, Vec<InvalidRecord>), Error> {
        let listing = self.listed().await?;
        let details = self.all_details(&listing.items).await?;
        let today = self.today();
        // No details: the user vanished while we were reading.
        let records = listing
            .items
            .iter()
            .filter_map(|user| Some(person::record(&self.config, today, user, Some(details.get(&user.id)?))));
        Ok((records.collect(), listing.invalid.iter().map(invalid).collect()))
    }

    pub(super) async fn listed(&self) -> Result<Listing<User>, Error> {
        let mut listing = self.net2.users().list().await?;
        listing.items.retain(|user| user.id != UserId::SYSTEM_ENGINEER);
        Ok(listing)
    }

    pub(super) async fn user(&self, id: &ExternalId) -> Result<Option<User>, Error> {
        let Ok(id) = id.as_str().parse::<UserId>() else { return Ok(None) };
        if id == UserId::SYSTEM_ENGINEER {
            return Ok(None);
        }
        found(self.net2.users().get(id).await)
    }

    async fn read_one(&self, user: &User) -> Result<Record<Person>, Error> {
        let details = self.details_of(user).await?;
        Ok(person::record(&self.config, self.today(), user, Some(&details)))
    }

    /// Writes what is known of a person: what takes access away first, what gives it last.
    async fn write_beside(&self, id: UserId, person: &Person, current: &User) -> Result<(), SyncError> {
        self.details.forget(id).await;
        let handle = self.once.user(id);
        let levels = wanted_levels(&person.policies)?;
        let cards = wanted_cards(&person.credentials);
        if let Some(levels) = &levels {
            let now = handle.permissions().await?;
            let mut kept = now.clone();
            kept.access_levels.retain(|level| levels.contains(level));
            if !kept.same_as(&now) {
                set_permissions(&handle, &kept).await?;
            }
        }
        let changes = person::user_changes(&self.config, person, Some(current), Some(self.today()));
        if changes != UserChanges::new() {
            handle.update(&changes).await?;
        }
        self.set_department(&handle, &person.department).await?;
        if let Some(cards) = &cards {
            self.set_cards(&handle, cards).await?;
        }
        if let Some(levels) = levels {
            let now = handle.permissions().await?;
            let mut wanted = now.clone();
            wanted.access_levels = levels.into_iter().collect();
            if !wanted.same_as(&now) {
                set_permissions(&handle, &wanted).await?;
            }
        }
        self.details.forget(id).await;
        Ok(())
    }

    async fn set_department(&self, handle: &UserHandle, wanted: &Known<RefKey>) -> Result<(), SyncError> {
        let department = match wanted {
            Known::Unknown => return Ok(()),
            Known::Empty => Department::none(),
            Known::Value(key) => {
                let id: DepartmentId =
                    key.id.as_str().parse().map_err(|_| SyncError::wrong("department", "is no number"))?;
                self.net2.departments().get(id).await?
            }
        };
        handle.set_department(&department).await?;
        Ok(())
    }

    /// Takes cards that are not wanted, issues those that are missing. Lost cards and number plates stay as they are.
    async fn set_cards(&self, handle: &UserHandle, wanted: &BTreeSet<TokenValue>) -> Result<(), SyncError> {
        let tokens = handle.tokens();
        let present = tokens.list().await?;
        let ours = |kind| is_card(Some(kind));
        for token in present.iter().filter(|token| !token.is_lost && ours(&token.token_type)) {
            if !wanted.contains(&token.token_value) {
                tokens.delete(token.id).await?;
            }
        }
        for value in wanted {
            match present.iter().find(|token| token.token_value == *value) {
                Some(token) if token.is_lost => {
                    return Err(SyncError::wrong(
                        "credentials",
                        "include a card that Net2 has as lost: lift that there first",
                    ));
                }
                Some(_) => {}
                None => {
                    let token = NewToken::new(self.config.token_kind(), value.clone());
                    tokens.add(&token).await.map_err(|error| clash(error, "credentials"))?;
                }
            }
        }
        Ok(())
    }
}

/// Writes a permission set; a server that keeps something else has refused it.
async fn set_permissions(handle: &UserHandle, set: &PermissionSet) -> Result<(), SyncError> {
    handle.set_permissions(set).await.map(|_| ()).map_err(|error| {
        let kept_others = error.source().is_some_and(<dyn StdError>::is::<PermissionNotStored>);
        if !kept_others {
            return SyncError::from(error);
        }
        SyncError::new(ErrorClass::Invalid, error.message().to_owned())
            .with_field("policies")
            .with_remedy("Net2 Lite, and sites without multiple levels, keep one access level per user: give one only")
            .with_source(error)
    })
}

fn wanted_levels(policies: &Known<BTreeSet<RefKey>>) -> Result<Option<BTreeSet<AccessLevelId>>, SyncError> {
    let level = |key: &RefKey| key.id.as_str().parse().map_err(|_| SyncError::wrong("policies", "are no numbers"));
    match policies {
        Known::Unknown => Ok(None),
        Known::Empty => Ok(Some(BTreeSet::new())),
        Known::Value(set) => set.iter().map(level).collect::<Result<_, _>>().map(Some),
    }
}

fn wanted_cards(credentials: &Known<BTreeSet<Credential>>) -> Option<BTreeSet<TokenValue>> {
    match credentials {
        Known::Unknown => None,
        Known::Empty => Some(BTreeSet::new()),
        Known::Value(set) => Some(set.iter().map(|credential| TokenValue::new(credential.number.trim())).collect()),
    }
}

fn clash(error: Error, field: &'static str) -> SyncError {
    let duplicate = error.kind() == ErrorKind::Duplicate;
    let error = SyncError::from(error);
    if duplicate { error.with_clashing_key(field) } else { error }
}

pub(super) fn invalid(item: &InvalidItem) -> InvalidRecord {
    let id = item.id.map_or_else(|| format!("row {}", item.position + 1), |id| id.to_string());
    InvalidRecord::new(id, &item.field, &item.reason)
}
