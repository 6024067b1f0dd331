//! Before a run: whoever carries our marker is in our books, and whoever is new has a code that nobody else has.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, NaiveTime, TimeZone as _, Utc};
use futures::StreamExt as _;
use rusqlite::{Connection, Transaction};
use serde::Serialize;
use sync_core::connector::{CodeInUse, CodeKind, DoorSystem, ErrorClass, Record, SyncError};
use sync_core::model::{EndpointName, Entity as _};
use sync_core::model::{ExternalId, Known, Pair, Person, SyncKey};

use crate::bookers::BOOKINGS;
use crate::codes::{
    Adopted, CodeStay, Wish, active_or_reserved, adopt, any_issued, bind, clashing, gone, reserve, retire_all,
};
use crate::store::{
    PersonRow, Problem, all_people, drop_problem, insert_person, person_by_key, set_problem, update_person,
};
use crate::{Access, AccessError, Conflict, address_key};

/// How often those are looked at again who were refused for having a namesake.
const LOOK_AGAIN: Duration = Duration::minutes(15);
/// Lives of a record whose keys are known again after a loss of the books.
const LIVES: u32 = 8;

/// What this process has seen of the door system.
#[derive(Debug, Default)]
pub(crate) struct Survey(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// All of it was read once.
    whole: bool,
    /// People with our marker who are not in our books.
    strays: BTreeMap<ExternalId, Record<Person>>,
    /// When those who were refused were last looked at.
    refused_looked_at: Option<DateTime<Utc>>,
}

/// What the preparation of a run found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Prepared {
    /// People with our marker who were taken into our books.
    pub adopted: u64,
    /// People with our marker who were left, since they have no address.
    pub left: u64,
    /// Codes that were reserved.
    pub reserved: u64,
    /// Codes that are taken away, since staff hand out cards from now on.
    pub withdrawn: u64,
    /// People who have a namesake without the marker.
    pub namesakes: u64,
    /// Calls to the door system.
    pub calls: u64,
}

/// Who has to be prepared for.
#[derive(Debug, Default)]
struct Work {
    /// Nobody has looked for namesakes of theirs, or they had one.
    to_examine: BTreeMap<String, PersonRow>,
    /// They need a code; where each stay has its own, for this one.
    to_code: BTreeMap<String, (PersonRow, Option<CodeStay>)>,
}

impl Access {
    /// Takes people with our marker into the books, looks for namesakes, and reserves codes on disk.
    ///
    /// Whoever has a code of another kind than the settings name gets a new one; where staff hand out cards, every code that
    /// was issued here is to be taken away. Where each stay has a code of its own, so are those of stays that are over.
    ///
    /// Asks the door system only while somebody is new, at most three times. Who could not be prepared for is not shown
    /// to the engine as new; everybody else is, so a run goes on without it.
    ///
    /// # Errors
    /// The door system does not answer, the store, or no code is free.
    pub async fn prepare(&self, doors: &dyn DoorSystem, now: DateTime<Utc>) -> Result<Prepared, AccessError> {
        let mut prepared = Prepared::default();
        if self.codes().kind().is_none() {
            prepared.withdrawn = self.store().transaction(|transaction| retire_all(transaction, now))? as u64;
        }
        self.turn_codes(now)?;
        let strays = self.survey.take_strays();
        if !strays.is_empty() {
            self.adopt_all(doors.name(), &strays, &mut prepared, now)?;
        }
        let mut work = self.work(now)?;
        if work.to_examine.is_empty() && work.to_code.is_empty() {
            return Ok(prepared);
        }
        if !self.survey.is_whole() {
            let records = read_whole(doors).await?;
            prepared.calls += 1;
            self.adopt_all(doors.name(), &records, &mut prepared, now)?;
            self.survey.set_whole();
            work = self.work(now)?;
        }
        if !work.to_examine.is_empty() {
            let emails: BTreeSet<String> = work.to_examine.keys().cloned().collect();
            let strangers = doors.strangers(&emails).await?;
            prepared.calls += 1;
            self.note_strangers(&work, &strangers, &mut prepared, now)?;
            self.survey.looked_at_refused(now);
            work = self.work(now)?;
        }
        if !work.to_code.is_empty() {
            let in_use = doors.codes().await?;
            prepared.calls += 1;
            self.reserve_all(&work, &in_use, &mut prepared, now)?;
        }
        Ok(prepared)
    }

    /// Whether a code of this kind that was issued here may be at the door system, be it one that is to be taken away after
    /// the kind of code was changed.
    ///
    /// # Errors
    /// The store.
    pub fn has_issued(&self, kind: CodeKind) -> Result<bool, AccessError> {
        Ok(self.store().with(|connection| any_issued(connection, kind))?)
    }

    fn work(&self, now: DateTime<Utc>) -> Result<Work, AccessError> {
        let grants = self.grants();
        let again = self.survey.may_look_again(now);
        self.store().with(|connection| {
            let mut work = Work::default();
            for row in all_people(connection)? {
                let Some(holder) = grants.person(&row.key) else { continue };
                let comes = row.refused.is_some() && holder.not_over(now).next().is_some();
                if (comes && again) || (holder.is_listed(now) && !row.examined) {
                    work.to_examine.insert(row.key.clone(), row.clone());
                }
                let Some(kind) = self.codes().kind() else { continue };
                let issued = active_or_reserved(connection, self.sealer(), &row.key)?;
                let stay = self.code_stay(&grants, holder, now);
                let wants = holder.is_listed(now) && (stay.is_some() || !self.has_fresh_codes());
                if wants && issued.is_none_or(|issued| issued.kind != kind) {
                    work.to_code.insert(row.key.clone(), (row, stay));
                }
            }
            Ok(work)
        })
    }

    fn adopt_all(
        &self,
        doors: &EndpointName,
        records: &[Record<Person>],
        prepared: &mut Prepared,
        now: DateTime<Utc>,
    ) -> Result<(), AccessError> {
        self.store().transaction(|transaction| {
            let known = KnownPeople::new(transaction, doors)?;
            let mut without_address = Vec::new();
            for record in records {
                let row = if let Some(row) = known.find(record) {
                    row.clone()
                } else if let Some(row) = self.adopted(transaction, record, now)? {
                    prepared.adopted += 1;
                    row
                } else {
                    without_address.push(record.id.to_string());
                    continue;
                };
                self.adopt_code(transaction, &row, record, now)?;
            }
            prepared.left += without_address.len() as u64;
            for id in without_address {
                let words = "carries our marker and has no usable mail address; left alone";
                let remedy = "Give the user an address at the door system, or take the marker away";
                set_problem(transaction, &Problem::new("doors", "no_address", id, words, remedy, now))?;
            }
            Ok::<_, AccessError>(())
        })?;
        if prepared.adopted > 0 {
            self.refresh(now)?;
        }
        Ok(())
    }

    /// Somebody with our marker whom we do not know: names, address and validity as the door system has them.
    fn adopted(
        &self,
        connection: &Connection,
        record: &Record<Person>,
        now: DateTime<Utc>,
    ) -> Result<Option<PersonRow>, AccessError> {
        let email = record.value.email.value().map(|email| (email, address_key(email)));
        let Some((email, Ok(key))) = email else { return Ok(None) };
        // The record was found twice, or a booking made the person a moment ago.
        if let Some(known) = person_by_key(connection, &key)? {
            return Ok(Some(known));
        }
        let mut row = PersonRow::new(&key, email, now);
        row.first_name = record.value.first_name.value().cloned().unwrap_or_default();
        row.last_name = record.value.last_name.value().cloned().unwrap_or_default();
        row.name = Some(row.full_name());
        (row.adopted, row.examined) = (true, true);
        row.door_user = Some(record.id.to_string());
        let last_day = record.value.valid_until.value().copied();
        let end = last_day.and_then(|day| day.succ_opt()).map(|day| day.and_time(NaiveTime::MIN));
        let end = end.and_then(|end| self.zone().from_local_datetime(&end).earliest());
        // Who has been here for long is known for a day at least, so that the engine can link and then remove.
        let soon = now + Duration::days(1);
        row.end_of_validity = Some(end.map_or(soon, |end| end.with_timezone(&Utc).max(soon)));
        row.id = insert_person(connection, &row)?;
        Ok(Some(row))
    }

    /// Whoever has a code at the door system and none in our books keeps it.
    fn adopt_code(
        &self,
        transaction: &Transaction<'_>,
        row: &PersonRow,
        record: &Record<Person>,
        now: DateTime<Utc>,
    ) -> Result<(), AccessError> {
        let Some(kind) = self.codes().kind() else { return Ok(()) };
        let code = match kind {
            CodeKind::Pin => &record.value.pin,
            CodeKind::Number => &record.value.code,
        };
        let Known::Value(code) = code else { return Ok(()) };
        let found = CodeInUse { holder: record.id.clone(), kind, code: code.clone() };
        match adopt(transaction, self.sealer(), &row.key, &found, now)? {
            Adopted::OfAnother => {
                let words = "has the code of somebody else; a new one is made";
                set_problem(transaction, &Problem::new("codes", "shared", row.label(), words, "Nothing to do", now))?;
            }
            Adopted::Taken => tracing::info!(person = row.id, "took a code over"),
            Adopted::OtherKept => tracing::debug!(person = row.id, "has another code at the door system"),
            Adopted::Known => {}
        }
        Ok(())
    }

    fn note_strangers(
        &self,
        work: &Work,
        strangers: &[Record<Person>],
        prepared: &mut Prepared,
        now: DateTime<Utc>,
    ) -> Result<(), AccessError> {
        let key = |record: &Record<Person>| record.value.email.value().map(|email| email.trim().to_lowercase());
        let pairs: BTreeMap<String, &ExternalId> =
            strangers.iter().filter_map(|record| Some((key(record)?, &record.id))).collect();
        self.store().transaction(|transaction| {
            for (key, row) in &work.to_examine {
                let mut row = row.clone();
                row.examined = true;
                row.refused = None;
                match pairs.get(key) {
                    Some(id) => {
                        prepared.namesakes += 1;
                        let refuse = self.config().conflict == Conflict::Refuse && row.door_user.is_none();
                        let words = if refuse {
                            row.refused = Some(format!("user {id} without our marker has the same address"));
                            format!(
                                "user {id} without our marker has the same address: no booker is made, no door opens"
                            )
                        } else {
                            format!("user {id} without our marker has the same address and stays as it is")
                        };
                        let remedy = "A person who also books has two users; nothing to do if that is right";
                        set_problem(transaction, &Problem::new("doors", "namesake", row.label(), words, remedy, now))?;
                    }
                    None => drop_problem(transaction, "doors", "namesake", &row.label())?,
                }
                update_person(transaction, &row)?;
            }
            Ok::<_, AccessError>(())
        })?;
        self.refresh(now)
    }

    fn reserve_all(
        &self,
        work: &Work,
        in_use: &[CodeInUse],
        prepared: &mut Prepared,
        now: DateTime<Utc>,
    ) -> Result<(), AccessError> {
        self.store().transaction(|transaction| {
            gone(transaction, self.sealer(), self.codes(), in_use, now)?;
            for (key, (row, stay)) in &work.to_code {
                let holder = row.door_user.as_deref().map(ExternalId::from);
                let wish = Wish { person: key, holder: holder.as_ref(), in_use };
                let reserved = reserve(transaction, self.sealer(), self.codes(), wish, now)?;
                bind(transaction, reserved.issued.version, stay.as_ref())?;
                prepared.reserved += u64::from(reserved.fresh);
                if let Some(alarm) = reserved.alarm {
                    let remedy = "Widen the range of codes, or make PINs longer";
                    set_problem(transaction, &Problem::new("codes", "space", "space", alarm, remedy, now))?;
                }
            }
            self.note_clashes(transaction, in_use, now)
        })
    }

    /// Whose code somebody else at the door system has too: both open the same doors.
    fn note_clashes(
        &self,
        transaction: &Transaction<'_>,
        in_use: &[CodeInUse],
        now: DateTime<Utc>,
    ) -> Result<(), AccessError> {
        let people = all_people(transaction)?;
        let with_user = people.iter().filter_map(|row| Some((row.key.clone(), row.door_user.as_deref()?.into())));
        let holders: BTreeMap<String, ExternalId> = with_user.collect();
        let clashes: BTreeSet<String> = clashing(transaction, self.sealer(), in_use, &holders)?.into_iter().collect();
        for row in &people {
            if clashes.contains(&row.key) {
                let words = "somebody else at the door system has the same code";
                let remedy = "Reissue the code of this person";
                set_problem(transaction, &Problem::new("codes", "clash", row.label(), words, remedy, now))?;
            } else {
                drop_problem(transaction, "codes", "clash", &row.label())?;
            }
        }
        Ok(())
    }
}

/// People in our books, and how a record at the door system tells which one it is.
pub(crate) struct KnownPeople {
    people: Vec<PersonRow>,
    by_user: BTreeMap<String, usize>,
    by_sync_key: BTreeMap<SyncKey, usize>,
    by_address: BTreeMap<String, usize>,
}

impl KnownPeople {
    pub(crate) fn new(connection: &Connection, doors: &EndpointName) -> Result<Self, AccessError> {
        let people = all_people(connection)?;
        let pair = Pair::new(Person::KIND, BOOKINGS, doors.clone());
        let (mut by_user, mut by_sync_key, mut by_address) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (at, row) in people.iter().enumerate() {
            by_address.insert(row.key.clone(), at);
            match &row.door_user {
                Some(user) => drop(by_user.insert(user.clone(), at)),
                None => {
                    for life in 0..LIVES {
                        let key = SyncKey::new(&pair, &pair.primary, &row.key.as_str().into(), life);
                        by_sync_key.insert(key, at);
                    }
                }
            }
        }
        Ok(Self { people, by_user, by_sync_key, by_address })
    }

    /// Who a record is: by its id, by the key that it carries, by its address.
    pub(crate) fn find(&self, record: &Record<Person>) -> Option<&PersonRow> {
        let by_key = || record.sync_key().and_then(|key| self.by_sync_key.get(&key));
        let by_address = || self.by_address.get(&record.value.email.value()?.trim().to_lowercase());
        let at = self.by_user.get(record.id.as_str()).or_else(by_key).or_else(by_address)?;
        self.people.get(*at)
    }

    /// Everybody.
    pub(crate) fn all(&self) -> &[PersonRow] {
        &self.people
    }
}

impl Survey {
    pub(crate) fn add_stray(&self, record: &Record<Person>) {
        self.lock().strays.insert(record.id.clone(), record.clone());
    }

    fn take_strays(&self) -> Vec<Record<Person>> {
        std::mem::take(&mut self.lock().strays).into_values().collect()
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.lock().whole
    }

    pub(crate) fn set_whole(&self) {
        self.lock().whole = true;
    }

    fn may_look_again(&self, now: DateTime<Utc>) -> bool {
        self.lock().refused_looked_at.is_none_or(|at| now - at >= LOOK_AGAIN)
    }

    fn looked_at_refused(&self, now: DateTime<Utc>) {
        self.lock().refused_looked_at = Some(now);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read_whole(doors: &dyn DoorSystem) -> Result<Vec<Record<Person>>, SyncError> {
    let (mut pages, mut records, mut count, mut end) = (doors.snapshot(None), Vec::new(), 0, None);
    while let Some(page) = pages.next().await {
        let page = page?;
        count += (page.records.len() + page.invalid.len()) as u64;
        records.extend(page.records);
        end = page.end;
    }
    if end.is_some_and(|end| end.complete && end.count.is_none_or(|told| told == count)) {
        return Ok(records);
    }
    Err(SyncError::new(ErrorClass::Transient, "the list of people at the door system was not whole"))
}
