//! People: read page by page, written with the revision that was read.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt as _;
use futures::stream::{self, BoxStream, StreamExt as _};
use sync_core::connector::{
    AttemptKey, Changes, CompleteSignal, CreateClass, Draft, End, ErrorClass, Key, LateApply, Page, Precondition,
    ReadCaps, Record, Removal, RemovalCaps, Sink, SnapshotCaps, Source, SyncError, Update, Window, WriteCaps,
};
use sync_core::model::{Credential, EntityKind, ExternalId, FieldValue, Person as Human, Scalar};
use uuid::Uuid;

use super::{PAC, PacEndpoint, person, rights};
use crate::model::{
    ActiveFilter, Capability, Cursor, PacErrorKind, PacSession, PageToken, Person, PersonDraft, PersonId, PersonKey,
    PutMode, WriteOpts,
};

#[async_trait]
impl Source<Human> for PacEndpoint {
    fn reads(&self) -> ReadCaps {
        ReadCaps {
            snapshot: SnapshotCaps::Full,
            complete_signal: CompleteSignal::Count,
            read_lag: Duration::ZERO,
            fields: person::field_caps(),
            references: vec![EntityKind::AccessPolicy, EntityKind::Department],
        }
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<Human>, SyncError>> {
        stream::unfold(Some(Walk::default()), move |walk| async move {
            let mut walk = walk?;
            match self.page(&mut walk).await {
                Ok(page) => {
                    let over = page.end.is_some();
                    Some((Ok(page), (!over).then_some(walk)))
                }
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Human>>, SyncError> {
        Ok(self.person(id).await?.map(|person| self.rules().record(&person)))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Human>>, SyncError> {
        match by {
            Key::Field { name: "access_id", value } => {
                let id = text(value).and_then(|id| id.parse().ok());
                self.found(id.map(PersonKey::Id)).await
            }
            Key::Field { name: "attendance_id", value } => {
                self.found(text(value).map(|id| PersonKey::Ext(person::ext_of(id)))).await
            }
            Key::Field { name: "credentials", value: FieldValue::Set(cards) } => {
                let mut found: Vec<Record<Human>> = Vec::new();
                for key in cards.iter().filter_map(card) {
                    found.extend(self.found(Some(key)).await?);
                }
                found.dedup_by(|one, other| one.id == other.id);
                Ok(found)
            }
            Key::Field { .. } => {
                let reads = Source::<Human>::reads(self);
                let mut found = Vec::new();
                let mut pages = Source::<Human>::snapshot(self, None);
                while let Some(page) = pages.next().await {
                    found.extend(by.among(page?.records, &reads));
                }
                Ok(found)
            }
            // PAC keeps no key of ours.
            _ => Ok(Vec::new()),
        }
    }
}

#[async_trait]
impl Sink<Human> for PacEndpoint {
    /// How a lost reply to a creation is resolved does not wait for a session, since what an earlier process left open is
    /// resolved first: a repeat is safe with either server, because one that cannot tell it refuses a second person with the
    /// same external key, and nobody without one is made there.
    fn writes(&self) -> WriteCaps {
        let create = match self.server() {
            Some(server) if !server.supports(Capability::Idempotency) => CreateClass::Unique,
            _ => CreateClass::Keyed(KEYS_ARE_KEPT),
        };
        WriteCaps {
            create,
            marker_in_create: false,
            late_apply: LateApply::Bounded,
            request_lifetime: self.config.request_timeout() * 2,
            update: Update::Replace,
            precondition: true,
            removal: RemovalCaps {
                unlink_credentials: self.can(Capability::CredentialsWrite) || self.can(Capability::PeopleWrite),
                disable: self.can(Capability::PeopleWrite),
                delete: self.can(Capability::PeopleDelete),
                only_own: true,
                ..RemovalCaps::default()
            },
            parallel: 4,
        }
    }

    async fn create(&self, draft: &Draft<Human>, attempt: &AttemptKey) -> Result<Record<Human>, SyncError> {
        let session = self.ready().await?;
        let person = self.rules().draft(&draft.value)?;
        if person.ext.is_none() && !session.supports(Capability::Idempotency) {
            let text = "this PAC server cannot tell a repeated request, and the person has no number to know it by";
            return Err(SyncError::new(ErrorClass::Invalid, text)
                .with_field("attendance_id")
                .with_remedy("give the person a number in the attendance system first"));
        }
        let opts = WriteOpts::new(Uuid::from_u128(attempt.get()));
        let sent = self.write(&session, session.put_person(person.clone(), PutMode::Create, opts)).await;
        let saved = match sent {
            Err(error) if error.clashing_key() == Some("attendance_id") => {
                return self.made_before(&person, &session.server().origin, error).await;
            }
            sent => sent?,
        };
        self.note_written(saved.id, saved.rev);
        self.read_back(saved.id, || {
            let mut made = Person::new(saved.id, saved.rev, person.first.clone());
            fill(&mut made, person.clone());
            made.created_by = Some(session.server().origin.clone());
            made
        })
        .await
    }

    /// The person is read first: it is written as a whole, with everything in it that is not ours.
    async fn update(
        &self,
        id: &ExternalId,
        changes: &Changes<Human>,
        precondition: &Precondition,
        attempt: &AttemptKey,
    ) -> Result<Record<Human>, SyncError> {
        let current = self.present(id, precondition).await?;
        let wanted = self.rules().merged(&current, &changes.0)?;
        let rev = self.store(&current, &wanted, attempt).await?;
        if rev == current.rev {
            return Ok(self.rules().record(&current));
        }
        self.read_back(current.id, || {
            let mut written = Person { rev, ..current.clone() };
            fill(&mut written, wanted.clone());
            written
        })
        .await
    }

    async fn remove(
        &self,
        id: &ExternalId,
        how: &Removal,
        precondition: &Precondition,
        attempt: &AttemptKey,
    ) -> Result<(), SyncError> {
        let current = self.present(id, precondition).await?;
        let mut wanted = current.draft();
        wanted.credentials.clear();
        match how {
            Removal::Delete => return self.delete(&current, attempt).await,
            Removal::UnlinkCredentials => {}
            Removal::Disable => wanted.active = false,
            _ => return Err(SyncError::no_such_removal(PAC)),
        }
        self.store(&current, &wanted, attempt).await.map(drop)
    }
}

/// Where a list of people has got to.
#[derive(Default)]
struct Walk {
    next: Option<PageToken>,
    begun: bool,
    again: bool,
    /// The last one that was given out; ids rise.
    last: Option<PersonId>,
    given: u64,
}

impl PacEndpoint {
    /// The next page of the list. A list that the server has given up is begun again, once, behind the last person that was
    /// given out: whatever changed before that one is in the log of changes behind the place where the list began.
    async fn page(&self, walk: &mut Walk) -> Result<Page<Human>, SyncError> {
        loop {
            let next = walk.next.clone();
            let ask = |session: Arc<dyn PacSession>| {
                let next = next.clone();
                async move { session.people(next, ActiveFilter::All).await }.boxed()
            };
            let answer = self.read(ask).await;
            let page = match answer {
                Err(error) if error.kind() == PacErrorKind::PageExpired && !walk.again => {
                    tracing::info!("the list of people took too long for the server and is begun again");
                    (walk.next, walk.again) = (None, true);
                    continue;
                }
                answer => answer?,
            };
            if !walk.begun {
                self.note_listed_at(Cursor::new(page.epoch, page.as_of));
                walk.begun = true;
            }
            let rules = self.rules();
            let mut records = Vec::with_capacity(page.people.len());
            for person in &page.people {
                if walk.again && walk.last.is_some_and(|last| person.id <= last) && records.is_empty() {
                    continue;
                }
                if walk.last.is_some_and(|last| person.id <= last) {
                    let text = format!("PAC lists people in no order: {} comes after a higher number", person.id);
                    return Err(SyncError::new(ErrorClass::Protocol, text));
                }
                walk.last = Some(person.id);
                records.push(rules.record(person));
            }
            walk.given += records.len() as u64;
            walk.next = page.next;
            // Somebody who came or went meanwhile: then the list proves nobody's absence.
            let complete = walk.given == u64::from(page.total);
            let end = walk.next.is_none().then_some(End { count: Some(walk.given), complete });
            return Ok(Page { records, invalid: Vec::new(), end });
        }
    }

    pub(super) async fn person(&self, id: &ExternalId) -> Result<Option<Person>, SyncError> {
        let Ok(id) = id.as_str().parse::<PersonId>() else { return Ok(None) };
        self.by_key(PersonKey::Id(id)).await
    }

    async fn by_key(&self, key: PersonKey) -> Result<Option<Person>, SyncError> {
        let ask = |session: Arc<dyn PacSession>| {
            let key = key.clone();
            async move { session.person(key).await }.boxed()
        };
        Ok(self.read(ask).await?)
    }

    async fn found(&self, key: Option<PersonKey>) -> Result<Vec<Record<Human>>, SyncError> {
        let Some(key) = key else { return Ok(Vec::new()) };
        Ok(self.by_key(key).await?.iter().map(|person| self.rules().record(person)).collect())
    }

    /// The person as it is now, which must still be as the engine saw it.
    async fn present(&self, id: &ExternalId, precondition: &Precondition) -> Result<Person, SyncError> {
        let person = self.person(id).await?.ok_or_else(|| SyncError::gone(PAC))?;
        precondition.met(PAC, Some(&person.rev.to_string()))?;
        Ok(person)
    }

    /// Somebody has the external key. If we made that person, it was an earlier attempt of ours.
    async fn made_before(
        &self,
        draft: &PersonDraft,
        origin: &str,
        error: SyncError,
    ) -> Result<Record<Human>, SyncError> {
        let ours = |person: &Person| person.created_by.as_deref() == Some(origin);
        if let Some(ext) = draft.ext.clone()
            && let Some(person) = self.by_key(PersonKey::Ext(ext)).await?.filter(ours)
        {
            return Ok(self.rules().record(&person));
        }
        Err(error)
    }

    async fn delete(&self, current: &Person, attempt: &AttemptKey) -> Result<(), SyncError> {
        let session = self.ready().await?;
        let origin = &session.server().origin;
        if current.created_by.as_deref() != Some(origin.as_str()) {
            let whose = current.created_by.as_deref().unwrap_or("somebody else");
            let text = format!("person {} was made by {whose}, and only whom we made is deleted", current.id);
            return Err(SyncError::new(ErrorClass::Invalid, text)
                .with_field("createdBy")
                .with_remedy("delete the person at PAC, if that is meant"));
        }
        let opts = WriteOpts::new(Uuid::from_u128(attempt.get())).if_rev(current.rev);
        self.write(&session, session.delete_person(current.id, opts)).await.map(drop)
    }

    /// The record after a write. It was written, whatever reading back says.
    async fn read_back(
        &self,
        id: PersonId,
        written: impl FnOnce() -> Person + Send,
    ) -> Result<Record<Human>, SyncError> {
        let read = self.by_key(PersonKey::Id(id)).await;
        let person = match read {
            Ok(Some(person)) => person,
            _ => written(),
        };
        Ok(self.rules().record(&person))
    }
}

fn fill(person: &mut Person, draft: PersonDraft) {
    *person = Person {
        id: person.id,
        rev: person.rev,
        created_by: person.created_by.take(),
        ext: draft.ext,
        first: draft.first,
        middle: draft.middle,
        last: draft.last,
        employee_no: draft.employee_no,
        department: draft.department,
        email: draft.email,
        active: draft.active,
        from: draft.from,
        until: draft.until,
        groups: draft.groups,
        credentials: draft.credentials,
        fields: draft.fields,
    };
}

fn text(value: &FieldValue) -> Option<&str> {
    match value {
        FieldValue::Value(Scalar::Text(text)) => Some(text),
        _ => None,
    }
}

fn card(scalar: &Scalar) -> Option<PersonKey> {
    let Scalar::Text(text) = scalar else { return None };
    let credential = rights::credential(&Credential::from_text(text)).ok()?;
    Some(PersonKey::Credential(credential.key()))
}

/// As long as the server knows the key of an attempt.
const KEYS_ARE_KEPT: Duration = Duration::from_hours(24);
