//! A door system that is watched: what it confirms is noted.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use rusqlite::Transaction;
use sync_core::clock::Clock;
use sync_core::connector::{
    AttemptKey, Changes, CheckReport, CodeInUse, CodeKind, DoorCommand, DoorSystem, Draft, Endpoint, EndpointIdentity,
    ErrorClass, Key, Marker, Page, Precondition, ReadCaps, Record, Removal, Sink, Source, SyncError, Window, WriteCaps,
};
use sync_core::model::{Device, EndpointName, ExternalId, Known, Person, SecretText};

use crate::codes::{
    CodeState, Issued, Wish, active_or_reserved, canonical, confirmed, forget, refused_as_taken, removal_confirmed,
    retiring_of,
};
use crate::prepare::KnownPeople;
use crate::store::{
    PersonRow, Problem, close_all, delete_person, person_by_door_user, person_by_key, set_doors, set_problem,
    update_person,
};
use crate::{Access, AccessError};

/// Keys under which door systems say that a code is taken.
const CODE_KEYS: [&str; 6] = ["pin", "code", "credentials", "badge", "token", "card"];

/// A door system; what it confirms goes into the books: codes, rights, removals.
#[derive(Debug)]
pub struct Watched {
    inner: Arc<dyn DoorSystem>,
    access: Arc<Access>,
    clock: Arc<dyn Clock>,
}

impl Watched {
    /// Watches a door system.
    pub fn new(inner: Arc<dyn DoorSystem>, access: Arc<Access>, clock: Arc<dyn Clock>) -> Self {
        Self { inner, access, clock }
    }

    /// What stands behind.
    pub fn inner(&self) -> &Arc<dyn DoorSystem> {
        &self.inner
    }

    /// Notes what a list of people says; with the last page, also who is not in it any more.
    fn saw(&self, records: &[Record<Person>], watch: &mut Watch) -> Result<(), AccessError> {
        self.access.store().transaction(|transaction| {
            let known = KnownPeople::new(transaction, self.inner.name())?;
            let waiting = people_waiting(transaction)?;
            for record in records {
                watch.ids.insert(record.id.to_string());
                match known.find(record) {
                    Some(row) => self.note(transaction, row.clone(), record, &waiting)?,
                    None => self.access.survey.add_stray(record),
                }
            }
            Ok(())
        })
    }

    /// A whole list was read: whoever is not in it is not there.
    fn ended(&self, watch: &Watch) -> Result<(), AccessError> {
        let gone = self.access.store().transaction(|transaction| {
            let known = KnownPeople::new(transaction, self.inner.name())?;
            let mut gone = false;
            for row in known.all() {
                if row.door_user.as_ref().is_some_and(|user| !watch.ids.contains(user)) {
                    gone |= self.let_go(transaction, row.clone(), false)?;
                }
            }
            Ok::<_, AccessError>(gone)
        })?;
        self.access.survey.set_whole();
        if gone { self.access.refresh(self.clock.now()) } else { Ok(()) }
    }

    /// Notes a record that was read or confirmed by itself. `person` is whom it was sent for.
    fn confirm(&self, record: &Record<Person>, person: Option<&str>) -> Result<(), AccessError> {
        self.access.store().transaction(|transaction| {
            let mut row = match person {
                // A new record may have the id of one that is gone.
                Some(key) => person_by_key(transaction, key)?,
                None => person_by_door_user(transaction, record.id.as_str())?,
            };
            if row.is_none() {
                // Seldom: somebody who is not in our books by their id yet.
                row = KnownPeople::new(transaction, self.inner.name())?.find(record).cloned();
            }
            let Some(row) = row else { return Ok(()) };
            let waiting = BTreeSet::from([row.key.clone()]);
            self.note(transaction, row, record, &waiting)
        })
    }

    /// Notes one record as it was read or confirmed.
    fn note(
        &self,
        transaction: &Transaction<'_>,
        mut row: PersonRow,
        record: &Record<Person>,
        waiting: &BTreeSet<String>,
    ) -> Result<(), AccessError> {
        let now = self.clock.now();
        if row.door_user.as_deref() != Some(record.id.as_str()) {
            if let Some(mut other) = person_by_door_user(transaction, record.id.as_str())? {
                other.door_user = None;
                update_person(transaction, &other)?;
            }
            (row.door_user, row.removed) = (Some(record.id.to_string()), None);
            update_person(transaction, &row)?;
        }
        match &record.value.doors {
            Known::Value(doors) => set_doors(transaction, row.id, doors, now)?,
            Known::Empty => close_all(transaction, row.id, now)?,
            Known::Unknown => {}
        }
        if waiting.contains(&row.key) {
            self.note_code(transaction, &row.key, record)?;
        }
        Ok(())
    }

    /// What a record shows tells which code is confirmed, and which of those before are gone.
    fn note_code(&self, transaction: &Transaction<'_>, key: &str, record: &Record<Person>) -> Result<(), AccessError> {
        let now = self.clock.now();
        let sealer = self.access.sealer();
        for old in retiring_of(transaction, sealer, key)? {
            // One field holds one code. A field that was not shown tells nothing.
            let gone = match shown(record, old.kind) {
                Known::Value(code) => !same_code(code, &old),
                Known::Empty => true,
                Known::Unknown => false,
            };
            if gone {
                removal_confirmed(transaction, self.access.codes(), old.version, now)?;
            }
        }
        let Some(issued) = active_or_reserved(transaction, sealer, key)? else { return Ok(()) };
        let confirms = matches!(shown(record, issued.kind), Known::Value(code) if same_code(code, &issued));
        if confirms && issued.state == CodeState::Reserved {
            confirmed(transaction, key, now)?;
        }
        Ok(())
    }

    /// The door system has let somebody go. Returns whether the rights have to be worked out again.
    fn let_go(&self, transaction: &Transaction<'_>, mut row: PersonRow, ordered: bool) -> Result<bool, AccessError> {
        let now = self.clock.now();
        close_all(transaction, row.id, now)?;
        let wanted = self.access.grants().person(&row.key).is_some_and(|holder| holder.is_listed(now));
        if row.erasing {
            forget(transaction, self.access.codes(), &row.key, now)?;
            delete_person(transaction, row.id)?;
            return Ok(true);
        }
        row.door_user = None;
        if ordered || !wanted {
            forget(transaction, self.access.codes(), &row.key, now)?;
            (row.removed, row.valid_from, row.examined) = (Some(now), None, false);
            row.told = crate::store::Told::default();
        }
        update_person(transaction, &row)?;
        Ok(true)
    }

    fn removed(&self, id: &ExternalId) -> Result<(), AccessError> {
        let row = self.access.store().with(|connection| person_by_door_user(connection, id.as_str()))?;
        let Some(row) = row else { return Ok(()) };
        self.access.store().transaction(|transaction| self.let_go(transaction, row, true))?;
        self.access.refresh(self.clock.now())
    }

    /// The door system says that somebody else has the code: another one is chosen.
    async fn refused(&self, person: Option<String>, id: Option<&ExternalId>, error: &SyncError) {
        let about_code = error.clashing_key().is_some_and(|key| CODE_KEYS.contains(&key));
        let (true, Some(person)) = (error.class() == ErrorClass::Duplicate && about_code, person) else { return };
        let in_use = self.inner.codes().await.unwrap_or_default();
        let now = self.clock.now();
        let done = self.access.store().transaction(|transaction| {
            let wish = Wish { person: &person, holder: id, in_use: &in_use };
            let reserved = refused_as_taken(transaction, self.access.sealer(), self.access.codes(), wish, now)?;
            let words = reserved.alarm.unwrap_or_else(|| "the door system refused a code as taken".to_owned());
            let remedy = "Nothing to do, unless it happens often";
            set_problem(transaction, &Problem::new("codes", "refused", "codes", words, remedy, now))
        });
        told(done);
    }

    /// Who a new record is for: by the address, or by the key where the door system gets none.
    fn person_of(&self, draft: &Draft<Person>) -> Option<String> {
        if let Known::Value(email) = &draft.value.email {
            return Some(email.trim().to_lowercase());
        }
        let record = Record { marker: Some(Marker::Ours(draft.key)), ..Record::new("", draft.value.clone()) };
        let known = self.access.store().with(|connection| KnownPeople::new(connection, self.inner.name())).ok()?;
        known.find(&record).map(|row| row.key.clone())
    }

    /// Who has a record.
    fn person_with(&self, id: &ExternalId) -> Option<String> {
        let row = self.access.store().with(|connection| person_by_door_user(connection, id.as_str()));
        row.ok().flatten().map(|row| row.key)
    }
}

/// A note that could not be made is made with the next full read: it never fails the call that it is about.
fn told(noted: Result<(), AccessError>) {
    if let Err(error) = noted {
        tracing::warn!(error = %error, "what the door system confirmed could not be noted");
    }
}

/// What one list has shown so far.
#[derive(Debug, Default)]
struct Watch {
    ids: BTreeSet<String>,
    count: u64,
}

fn people_waiting(transaction: &Transaction<'_>) -> Result<BTreeSet<String>, AccessError> {
    let mut statement = transaction.prepare_cached(
        "SELECT DISTINCT person FROM code WHERE state IN ('reserved', 'retiring') AND person NOT NULL",
    )?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

fn shown(record: &Record<Person>, kind: CodeKind) -> &Known<SecretText> {
    match kind {
        CodeKind::Pin => &record.value.pin,
        CodeKind::Number => &record.value.code,
    }
}

/// Numbers are the same with and without leading zeros; a PIN comes back as it was sent.
fn same_code(shown: &SecretText, issued: &Issued) -> bool {
    canonical(issued.kind, shown.expose()) == canonical(issued.kind, issued.code.expose())
}

#[async_trait]
impl Endpoint for Watched {
    fn name(&self) -> &EndpointName {
        self.inner.name()
    }

    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        self.inner.identify().await
    }

    async fn check(&self) -> CheckReport {
        self.inner.check().await
    }
}

#[async_trait]
impl Source<Person> for Watched {
    fn reads(&self) -> ReadCaps {
        self.inner.reads()
    }

    fn snapshot(&self, window: Option<Window>) -> BoxStream<'_, Result<Page<Person>, SyncError>> {
        let pages = self.inner.snapshot(window);
        let start = (pages, Watch::default());
        futures::stream::unfold(start, move |(mut pages, mut watch)| async move {
            let page = pages.next().await?;
            if let Ok(page) = &page {
                told(self.saw(&page.records, &mut watch));
                watch.count += (page.records.len() + page.invalid.len()) as u64;
                watch.ids.extend(page.invalid.iter().map(|record| record.id.to_string()));
                let whole = page.end.is_some_and(|end| end.complete && end.count.is_none_or(|n| n == watch.count));
                if whole && window.is_none() {
                    told(self.ended(&watch));
                }
            }
            Some((page, (pages, watch)))
        })
        .boxed()
    }

    fn as_of(&self) -> Option<chrono::DateTime<chrono::Utc>> {
        self.inner.as_of()
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Person>>, SyncError> {
        let record = self.inner.get(id).await?;
        if let Some(record) = &record {
            told(self.confirm(record, None));
        }
        Ok(record)
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Person>>, SyncError> {
        self.inner.find(by).await
    }
}

#[async_trait]
impl Sink<Person> for Watched {
    fn writes(&self) -> WriteCaps {
        self.inner.writes()
    }

    async fn create(&self, draft: &Draft<Person>, attempt: &AttemptKey) -> Result<Record<Person>, SyncError> {
        let person = self.person_of(draft);
        match self.inner.create(draft, attempt).await {
            Ok(record) => {
                told(self.confirm(&record, person.as_deref()));
                Ok(record)
            }
            Err(error) => {
                self.refused(person, None, &error).await;
                Err(error)
            }
        }
    }

    async fn update(
        &self,
        id: &ExternalId,
        changes: &Changes<Person>,
        precondition: &Precondition,
        attempt: &AttemptKey,
    ) -> Result<Record<Person>, SyncError> {
        match self.inner.update(id, changes, precondition, attempt).await {
            Ok(record) => {
                told(self.confirm(&record, None));
                Ok(record)
            }
            Err(error) => {
                self.refused(self.person_with(id), Some(id), &error).await;
                Err(error)
            }
        }
    }

    async fn remove(
        &self,
        id: &ExternalId,
        how: &Removal,
        precondition: &Precondition,
        attempt: &AttemptKey,
    ) -> Result<(), SyncError> {
        self.inner.remove(id, how, precondition, attempt).await?;
        if *how == Removal::Delete {
            told(self.removed(id));
        }
        Ok(())
    }
}

#[async_trait]
impl DoorSystem for Watched {
    async fn doors(&self) -> Result<Vec<Record<Device>>, SyncError> {
        self.inner.doors().await
    }

    async fn codes(&self) -> Result<Vec<CodeInUse>, SyncError> {
        self.inner.codes().await
    }

    async fn strangers(&self, emails: &BTreeSet<String>) -> Result<Vec<Record<Person>>, SyncError> {
        self.inner.strangers(emails).await
    }

    async fn command(&self, command: &DoorCommand) -> Result<(), SyncError> {
        self.inner.command(command).await
    }
}
