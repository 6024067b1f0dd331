//! People.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::NaiveTime;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use sync_core::connector::{
    AttemptKey, Changes, Draft, End, ErrorClass, FieldCaps, InvalidRecord, Key, Page, Precondition, ReadCaps, Record,
    Removal, RemovalCaps, Sink, Source, SyncError, Window, WriteCaps,
};
use sync_core::model::{
    Canonical, Credential as Carried, EntityKind, ExternalId, FieldValue, Known, Person, Scalar, SecretText,
};

use super::fault::field_name;
use super::list::{has, marked};
use super::{RECEIPT_SOURCE, TimewareEndpoint, known_row, note, reads, receipt, reference, row_id, told, writes};
use crate::badge::{Credential, Credentials};
use crate::contract::Table;
use crate::employee::{Employee, EmployeeField, Field, PeoplePage, PersonFields, PersonKey, Pin};
use crate::ids::{EmployeeId, GroupingRefId, PolicyId};
use crate::name::NO_NAME;
use crate::store::CreatedHow;

/// People in one read.
const PAGE: usize = 1_000;

#[async_trait]
impl Source<Person> for TimewareEndpoint {
    fn reads(&self) -> ReadCaps {
        let mut fields: Vec<FieldCaps> = FIELDS.iter().filter_map(|field| self.caps_of(field)).collect();
        if self.store.settings().department_grouping().is_some() {
            fields.push(FieldCaps::full("department", Canonical::exact()));
        }
        fields.push(FieldCaps::required("active", Canonical::exact()));
        reads(fields, vec![EntityKind::Department, EntityKind::AccessPolicy])
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<Person>, SyncError>> {
        let first = Some(PeoplePage::of(RECEIPT_SOURCE).limit(PAGE));
        futures::stream::try_unfold(first, move |next| async move {
            let Some(page) = next else { return Ok(None) };
            let (read, next) = self.people_page(page).await?;
            Ok(Some((read, next)))
        })
        .boxed()
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Person>>, SyncError> {
        let Some(id) = row_id(id) else { return Ok(None) };
        let person = told(self.store.person(EmployeeId::new(id), Some(RECEIPT_SOURCE)).await)?;
        Ok(person.map(|person| self.record(&person)))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Person>>, SyncError> {
        let Some(key) = indexed(by)? else { return self.search(by).await };
        let people = told(self.store.find_people(&key, Some(RECEIPT_SOURCE)).await)?;
        Ok(people.iter().map(|person| self.record(person)).collect())
    }
}

#[async_trait]
impl Sink<Person> for TimewareEndpoint {
    fn writes(&self) -> WriteCaps {
        writes(
            &*self.store,
            RemovalCaps { unlink_credentials: true, disable: true, mark_leaver: true, ..RemovalCaps::default() },
        )
    }

    async fn create(&self, draft: &Draft<Person>, _attempt: &AttemptKey) -> Result<Record<Person>, SyncError> {
        let mut fields = self.fields(&draft.value)?;
        let inactive = draft.value.active == Known::Value(false);
        if inactive {
            // Made without credentials: nobody may hold one for the moment before the person leaves.
            fields.credentials = None;
        }
        let made = told(self.store.create_person(&fields, Some(&receipt(draft.key)?)).await)?;
        if made.how == CreatedHow::Duplicate {
            return Err(taken(made.id.get()));
        }
        note(&made.warnings, EntityKind::Person, made.id.get());
        if inactive {
            told(self.store.mark_leaver(made.id, draft.value.leave_date.value().copied()).await)?;
        }
        self.read_back(made.id).await
    }

    async fn update(
        &self,
        id: &ExternalId,
        changes: &Changes<Person>,
        _precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<Record<Person>, SyncError> {
        let id = EmployeeId::new(known_row(id)?);
        let mut fields = self.fields(&changes.0)?;
        let written = match changes.0.active {
            Known::Value(true) => told(self.store.mark_returned(id, &fields).await)?,
            Known::Value(false) => {
                fields.credentials = None;
                told(self.store.mark_leaver(id, changes.0.leave_date.value().copied()).await)?;
                told(self.store.update_person(id, &fields).await)?
            }
            Known::Empty | Known::Unknown => told(self.store.update_person(id, &fields).await)?,
        };
        note(&written.warnings, EntityKind::Person, id.get());
        self.read_back(id).await
    }

    async fn remove(
        &self,
        id: &ExternalId,
        how: &Removal,
        _precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<(), SyncError> {
        let id = EmployeeId::new(known_row(id)?);
        match how {
            Removal::UnlinkCredentials => {
                let none = Some(Credentials::new(RECEIPT_SOURCE, Vec::new()));
                let fields = PersonFields { credentials: none, ..PersonFields::default() };
                told(self.store.update_person(id, &fields).await)?;
            }
            Removal::Disable => {
                told(self.store.mark_leaver(id, None).await)?;
            }
            Removal::MarkLeaver(day) => {
                told(self.store.mark_leaver(id, Some(*day)).await)?;
            }
            other => return Err(super::no_removal(other)),
        }
        Ok(())
    }
}

impl TimewareEndpoint {
    async fn people_page(&self, page: PeoplePage) -> Result<(Page<Person>, Option<PeoplePage>), SyncError> {
        let read = told(self.store.people(&page).await)?;
        let full = read.people.len() + read.unreadable.len() == page.limit;
        let next = read.last.filter(|_| full).map(|last| page.after(last));
        let unreadable = read.unreadable.iter().map(|row| {
            InvalidRecord::new(row.id.get(), field_name(row.field), "the column holds something that cannot be read")
        });
        let page = Page {
            records: read.people.iter().map(|person| self.record(person)).collect(),
            invalid: unreadable.collect(),
            end: next.is_none().then_some(End { count: None, complete: true }),
        };
        Ok((page, next))
    }

    /// People by a field that has no index: all of them are read.
    async fn search(&self, by: &Key) -> Result<Vec<Record<Person>>, SyncError> {
        let caps = Source::<Person>::reads(self);
        let mut found = Vec::new();
        let mut pages = Source::<Person>::snapshot(self, None);
        while let Some(page) = pages.next().await {
            found.extend(page?.records.into_iter().filter(|record| has(record, by, &caps)));
        }
        Ok(found)
    }

    async fn read_back(&self, id: EmployeeId) -> Result<Record<Person>, SyncError> {
        let person = told(self.store.person(id, Some(RECEIPT_SOURCE)).await)?;
        let gone = || SyncError::new(ErrorClass::Protocol, "the person was gone right after the write");
        Ok(self.record(&person.ok_or_else(gone)?))
    }

    fn caps_of(&self, field: &Mapped) -> Option<FieldCaps> {
        let settings = self.store.settings();
        if !settings.reads(field.column) {
            return None;
        }
        let length = Table::Employee.column(field.column.logical()).and_then(|column| column.length);
        let canonical = match (field.column, length) {
            (EmployeeField::FirstName | EmployeeField::LastName, Some(length)) => Canonical::name(length),
            (EmployeeField::Address, Some(length)) => Canonical { collapse_space: false, ..Canonical::text(length) },
            (EmployeeField::Policy, _) => Canonical::single(),
            (_, Some(length)) => Canonical::text(length),
            (_, None) => Canonical::exact(),
        };
        let clearable = settings.clears(field.column) && field.column != EmployeeField::DateStarted;
        let writable = field.column != EmployeeField::DateLeft;
        Some(FieldCaps { name: field.name, canonical, writable, clearable: clearable && writable })
    }

    fn record(&self, employee: &Employee) -> Record<Person> {
        let read = |column, value: &Option<String>| self.text(column, value.as_deref());
        let date = |column, value| if self.has(column) { Known::from_option(value) } else { Known::Unknown };
        let person = Person {
            first_name: part(&employee.first_name),
            last_name: part(&employee.last_name),
            title: read(EmployeeField::Title, &employee.title),
            personnel_number: read(EmployeeField::Paylink, &employee.paylink),
            email: read(EmployeeField::EmailAddress, &employee.email_address),
            mobile: read(EmployeeField::MobileNumber, &employee.mobile_number),
            address: read(EmployeeField::Address, &employee.address),
            post_code: read(EmployeeField::PostCode, &employee.post_code),
            vehicle_registration: read(EmployeeField::VehicleRegistration, &employee.vehicle_registration),
            date_of_birth: date(EmployeeField::DateOfBirth, employee.date_of_birth),
            gender: read(EmployeeField::Gender, &employee.gender),
            department: self.department_of(employee),
            policies: if self.has(EmployeeField::Policy) { policies(employee) } else { Known::Unknown },
            credentials: if self.has(EmployeeField::Badge) { carried(employee) } else { Known::Unknown },
            pin: if self.has(EmployeeField::SecurityPin) { pin(employee) } else { Known::Unknown },
            valid_from: date(EmployeeField::BadgeActivation, employee.badge_activation.map(|time| time.date())),
            valid_until: date(EmployeeField::BadgeExpiry, employee.badge_expiry.map(|time| time.date())),
            start_date: date(EmployeeField::DateStarted, employee.date_started),
            leave_date: date(EmployeeField::DateLeft, employee.date_left),
            active: Known::Value(!employee.leaver),
            ..Person::default()
        };
        marked(employee.id.get(), person, employee.receipt.as_ref().map(|key| key.external_id.as_str()))
    }

    fn department_of(&self, employee: &Employee) -> Known<sync_core::model::RefKey> {
        match self.store.settings().department_grouping() {
            None => Known::Unknown,
            Some(number) => {
                let id = employee.groupings.get(&number);
                Known::from_option(id.map(|id| reference(EntityKind::Department, id.get())))
            }
        }
    }

    fn has(&self, column: EmployeeField) -> bool {
        self.store.settings().reads(column)
    }

    fn text(&self, column: EmployeeField, value: Option<&str>) -> Known<String> {
        if self.has(column) { value.map_or(Known::Empty, Known::from_text) } else { Known::Unknown }
    }

    /// What a draft or a change says, in our columns.
    fn fields(&self, person: &Person) -> Result<PersonFields, SyncError> {
        let mut fields = PersonFields {
            first_name: field(&person.first_name),
            last_name: field(&person.last_name),
            title: field(&person.title),
            date_of_birth: field(&person.date_of_birth),
            gender: field(&person.gender),
            address: field(&person.address),
            post_code: field(&person.post_code),
            email_address: field(&person.email),
            mobile_number: field(&person.mobile),
            vehicle_registration: field(&person.vehicle_registration),
            badge_activation: field(&person.valid_from.map(|day| day.and_time(NaiveTime::MIN))),
            badge_expiry: field(&person.valid_until.map(|day| day.and_time(last_second()))),
            security_pin: field(&person.pin.clone().map(|pin| Pin::new(pin.expose()))),
            paylink: field(&person.personnel_number),
            date_started: field(&person.start_date),
            ..PersonFields::default()
        };
        fields.policy = match &person.policies {
            Known::Unknown => Field::Keep,
            Known::Empty => Field::Clear,
            Known::Value(set) => match set.first() {
                None => Field::Clear,
                Some(key) => Field::Set(PolicyId::new(known_row(&key.id)?)),
            },
        };
        if let Some(number) = self.store.settings().department_grouping() {
            let department = match &person.department {
                Known::Unknown => Field::Keep,
                Known::Empty => Field::Clear,
                Known::Value(key) => Field::Set(GroupingRefId::new(known_row(&key.id)?)),
            };
            fields.groupings.insert(number, department);
        }
        fields.credentials = match &person.credentials {
            Known::Unknown => None,
            Known::Empty => Some(Credentials::new(RECEIPT_SOURCE, Vec::new())),
            Known::Value(set) => Some(Credentials::new(RECEIPT_SOURCE, set.iter().map(credential).collect())),
        };
        Ok(fields)
    }
}

/// A field of the engine and the column that holds it.
struct Mapped {
    name: &'static str,
    column: EmployeeField,
}

const fn mapped(name: &'static str, column: EmployeeField) -> Mapped {
    Mapped { name, column }
}

const FIELDS: &[Mapped] = &[
    mapped("first_name", EmployeeField::FirstName),
    mapped("last_name", EmployeeField::LastName),
    mapped("title", EmployeeField::Title),
    mapped("personnel_number", EmployeeField::Paylink),
    mapped("email", EmployeeField::EmailAddress),
    mapped("mobile", EmployeeField::MobileNumber),
    mapped("address", EmployeeField::Address),
    mapped("post_code", EmployeeField::PostCode),
    mapped("vehicle_registration", EmployeeField::VehicleRegistration),
    mapped("date_of_birth", EmployeeField::DateOfBirth),
    mapped("gender", EmployeeField::Gender),
    mapped("policies", EmployeeField::Policy),
    mapped("credentials", EmployeeField::Badge),
    mapped("pin", EmployeeField::SecurityPin),
    mapped("valid_from", EmployeeField::BadgeActivation),
    mapped("valid_until", EmployeeField::BadgeExpiry),
    mapped("start_date", EmployeeField::DateStarted),
    mapped("leave_date", EmployeeField::DateLeft),
];

/// The key of the store for a key of the engine, where the store has an index for it.
fn indexed(by: &Key) -> Result<Option<PersonKey>, SyncError> {
    Ok(match by {
        Key::Marker(key) => Some(PersonKey::Receipt(receipt(*key)?)),
        Key::Field { name: "personnel_number", value: FieldValue::Value(Scalar::Text(text)) } => {
            Some(PersonKey::Paylink(text.split_whitespace().collect::<Vec<_>>().join(" ")))
        }
        _ => None,
    })
}

fn taken(id: i64) -> SyncError {
    SyncError::new(ErrorClass::Duplicate, format!("record {id} was made with this key")).with_clashing_key("sync_key")
}

fn field<T: Clone>(known: &Known<T>) -> Field<T> {
    match known {
        Known::Unknown => Field::Keep,
        Known::Empty => Field::Clear,
        Known::Value(value) => Field::Set(value.clone()),
    }
}

/// A part of a name; the sign for none is none.
fn part(text: &str) -> Known<String> {
    if text == NO_NAME { Known::Empty } else { Known::from_text(text) }
}

fn policies(employee: &Employee) -> Known<BTreeSet<sync_core::model::RefKey>> {
    Known::from_option(employee.policy_id.map(|id| [reference(EntityKind::AccessPolicy, id.get())].into()))
}

fn carried(employee: &Employee) -> Known<BTreeSet<Carried>> {
    let set: BTreeSet<_> =
        employee.credentials.iter().map(|credential| Carried::new(&credential.kind, &credential.number)).collect();
    if set.is_empty() { Known::Empty } else { Known::Value(set) }
}

fn credential(carried: &Carried) -> Credential {
    Credential::new(&carried.number).kind(&carried.kind)
}

fn pin(employee: &Employee) -> Known<SecretText> {
    Known::from_option(employee.security_pin.as_ref().map(|pin| SecretText::new(pin.expose())))
}

/// The last second of a day: the last day of validity counts.
fn last_second() -> NaiveTime {
    NaiveTime::from_hms_opt(23, 59, 59).unwrap_or(NaiveTime::MIN)
}
