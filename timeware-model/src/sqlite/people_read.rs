//! Reading people (rule R2).

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Row, ToSql, params};

use super::SqliteStore;
use super::badges::plain;
use super::fault::Step;
use super::statement::{read_local, read_utc};
use crate::badge::{Credential, badge_number};
use crate::contract::Table;
use crate::employee::{Employee, EmployeeField, People, PeoplePage, PersonKey, Pin, Unreadable};
use crate::error::Error;
use crate::grouping::GroupingNumber;
use crate::ids::{EmployeeId, GroupingRefId, PolicyId, StatusId};
use crate::mapping::quote;
use crate::name::NameParts;
use crate::receipts::{LinkEntity, ReceiptKey};
use crate::rules::fold;

/// The columns in the order of [`read_row`], before the ten groupings.
const FIELDS: [EmployeeField; 18] = [
    EmployeeField::Title,
    EmployeeField::FirstName,
    EmployeeField::LastName,
    EmployeeField::DateOfBirth,
    EmployeeField::Gender,
    EmployeeField::Address,
    EmployeeField::PostCode,
    EmployeeField::EmailAddress,
    EmployeeField::MobileNumber,
    EmployeeField::VehicleRegistration,
    EmployeeField::Badge,
    EmployeeField::BadgeActivation,
    EmployeeField::BadgeExpiry,
    EmployeeField::SecurityPin,
    EmployeeField::Paylink,
    EmployeeField::DateStarted,
    EmployeeField::DateLeft,
    EmployeeField::Policy,
];
/// Columns before those of `FIELDS`: id, status, excluded, receipt.
const HEAD: usize = 4;

impl SqliteStore {
    pub(super) fn people_page(&self, db: &Connection, page: &PeoplePage) -> Step<People> {
        let after = page.after.map_or(i64::MIN, EmployeeId::get);
        let limit = i64::try_from(page.limit).unwrap_or(i64::MAX);
        let filter = "{employee.id@e} > ?2 ORDER BY {employee.id@e} LIMIT ?3";
        self.select_people(db, filter, page.source.as_deref(), &[&after, &limit])
    }

    pub(super) fn one_person(&self, db: &Connection, id: EmployeeId, source: Option<&str>) -> Step<Option<Employee>> {
        Ok(self.select_sound(db, "{employee.id@e} = ?2", source, &[&id.get()])?.pop())
    }

    pub(super) fn people_by_key(&self, db: &Connection, key: &PersonKey, source: Option<&str>) -> Step<Vec<Employee>> {
        match key {
            PersonKey::Paylink(paylink) => self.select_sound(db, "{employee.paylink@e} = ?2", source, &[paylink]),
            PersonKey::Badge(badge) => self.select_sound(db, "{employee.badge@e} = ?2", source, &[badge]),
            PersonKey::Email(email) => {
                let email = email.trim();
                let mut found =
                    self.select_sound(db, "{employee.email_address@e} = ?2 COLLATE NOCASE", source, &[&email])?;
                found.retain(|person| person.email_address.as_deref().is_some_and(|text| fold(text) == fold(email)));
                Ok(found)
            }
            PersonKey::Name(name) => self.people_named(db, name, source),
            PersonKey::Receipt(key) => match self.linked(db, LinkEntity::Employee, Some(key))? {
                Some(id) => Ok(self.one_person(db, EmployeeId::new(id), source)?.into_iter().collect()),
                None => Ok(Vec::new()),
            },
        }
    }

    /// Names are compared here and not by the database, whose idea of case ends with ASCII (rule S10).
    fn people_named(&self, db: &Connection, name: &NameParts, source: Option<&str>) -> Step<Vec<Employee>> {
        let wanted = (fold(&name.first), fold(&name.last));
        let mut statement = self
            .sql
            .prepare(db, "SELECT {employee.id}, {employee.first_name}, {employee.last_name} FROM {employee}")?;
        let mut rows = statement.query([])?;
        let mut ids = Vec::new();
        while let Some(row) = rows.next()? {
            if fold(row.get_ref(2)?.as_str().unwrap_or_default()) == wanted.1
                && fold(row.get_ref(1)?.as_str().unwrap_or_default()) == wanted.0
            {
                ids.push(EmployeeId::new(row.get(0)?));
            }
        }
        let mut people = Vec::new();
        for id in ids {
            people.extend(self.one_person(db, id, source)?);
        }
        Ok(people)
    }

    pub(super) fn change_queue(&self, db: &Connection, after: i64, limit: usize) -> Step<Vec<(i64, EmployeeId)>> {
        if !self.sql.mapping().has(Table::EventUpdate, "id") {
            let at = "timeware.columns.event_update.id";
            let remedy = "name the column, or use change_feed = \"scan\"";
            return Err(Error::config(at, "the change queue has no id to read from", remedy).into());
        }
        let mut statement = self.sql.prepare(
            db,
            "SELECT {event_update.id}, {event_update.find_key} FROM {event_update} \
             WHERE {event_update.id} > ?1 AND {event_update.command} = 1 ORDER BY 1 LIMIT ?2",
        )?;
        let mut rows = statement.query(params![after, i64::try_from(limit).unwrap_or(i64::MAX)])?;
        let mut changed = Vec::new();
        while let Some(row) = rows.next()? {
            if let Ok(id) = row.get::<_, String>(1)?.parse() {
                changed.push((row.get(0)?, id));
            }
        }
        Ok(changed)
    }

    fn select_people(
        &self,
        db: &Connection,
        filter: &str,
        source: Option<&str>,
        values: &[&dyn ToSql],
    ) -> Step<People> {
        let text = format!("{} WHERE {}", self.people_text(), self.sql.mapping().expand(filter));
        let mut statement = db.prepare_cached(&text)?;
        let bound: Vec<&dyn ToSql> = std::iter::once(&source as &dyn ToSql).chain(values.iter().copied()).collect();
        let mut rows = statement.query(bound.as_slice())?;
        let mut read = People::default();
        while let Some(row) = rows.next()? {
            let id = EmployeeId::new(row.get(0)?);
            read.last = Some(id);
            match read_row(row, id, source) {
                Ok(person) => read.people.push(person),
                Err(field) => read.unreadable.push(Unreadable { id, field }),
            }
        }
        drop(rows);
        self.add_credentials(db, source, &mut read.people)?;
        Ok(read)
    }

    /// As above, where a row that cannot be read is an error.
    fn select_sound(
        &self,
        db: &Connection,
        filter: &str,
        source: Option<&str>,
        values: &[&dyn ToSql],
    ) -> Step<Vec<Employee>> {
        let read = self.select_people(db, filter, source, values)?;
        match read.unreadable.first() {
            None => Ok(read.people),
            Some(unreadable) => Err(Error::rejected(
                unreadable.field,
                format!("the row of person {} holds something that cannot be read", unreadable.id),
            )
            .into()),
        }
    }

    fn people_text(&self) -> String {
        let mapping = self.sql.mapping();
        let mut columns = vec![
            mapping.expand("{employee.id@e}"),
            mapping.expand("{employee.status@e}"),
            mapping.expand("{employee_status.exclude_from_calculation@s}"),
            mapping.expand(
                "CASE WHEN ?1 IS NULL THEN NULL ELSE (SELECT external_id FROM {own.link} WHERE source = ?1 \
                 AND entity = 'employee' AND internal_id = {employee.id@e} ORDER BY link_id LIMIT 1) END",
            ),
        ];
        for field in FIELDS {
            let real = mapping.real_column(Table::Employee, field.logical()).filter(|_| self.settings.reads(field));
            columns.push(real.map_or_else(|| "NULL".to_owned(), |real| format!("e.{}", quote(real))));
        }
        columns.extend(GroupingNumber::all().map(|number| self.grouping_expression(number)));
        let tables = mapping
            .expand("{employee} e LEFT JOIN {employee_status} s ON {employee_status.id@s} = {employee.status@e}");
        format!("SELECT {} FROM {tables}", columns.join(", "))
    }

    /// The badge, and what the source has registered and not ended.
    ///
    /// Numeric credentials of the register count only while the badge is one of them: else somebody changed the badge
    /// in timeware, and an old card must not live on because of our register.
    fn add_credentials(&self, db: &Connection, source: Option<&str>, people: &mut [Employee]) -> Step<()> {
        let mut open = self.open_credentials(db, source, people)?;
        for person in people {
            let mut registered = open.remove(&person.id).unwrap_or_default();
            let badge = person.badge.map(|badge| badge.to_string());
            let at = registered.iter().position(|credential| Some(plain(&credential.number)) == badge);
            let known = at.map(|at| registered.remove(at));
            let agrees = known.is_some();
            person.credentials.extend(known.or(badge.map(Credential::new)).map(Credential::primary));
            registered.retain(|credential| agrees || badge_number(&credential.number).is_none());
            person.credentials.append(&mut registered);
        }
        Ok(())
    }

    fn open_credentials(
        &self,
        db: &Connection,
        source: Option<&str>,
        people: &[Employee],
    ) -> Step<BTreeMap<EmployeeId, Vec<Credential>>> {
        let mut open: BTreeMap<EmployeeId, Vec<Credential>> = BTreeMap::new();
        let ids = || people.iter().map(|person| person.id.get());
        let (Some(source), Some(first), Some(last)) = (source, ids().min(), ids().max()) else { return Ok(open) };
        let mut statement = self.sql.prepare(
            db,
            "SELECT employee_id, shown, kind, valid_from FROM {own.badge} WHERE employee_id BETWEEN ?1 AND ?2 \
             AND source = ?3 AND valid_to IS NULL ORDER BY badge_id",
        )?;
        let mut rows = statement.query(params![first, last, source])?;
        while let Some(row) = rows.next()? {
            let credential = Credential::new(row.get::<_, String>(1)?).kind(row.get::<_, String>(2)?);
            let since = read_utc(&row.get::<_, String>(3)?)?;
            open.entry(EmployeeId::new(row.get(0)?)).or_default().push(credential.since(since));
        }
        Ok(open)
    }
}

/// The row, or the column that cannot be read.
fn read_row(row: &Row<'_>, id: EmployeeId, source: Option<&str>) -> Result<Employee, &'static str> {
    let name = |at: usize| FIELDS.get(at).map_or("row", |field| field.logical());
    let text = |at: usize| -> Result<Option<String>, &'static str> {
        let text: Option<String> = row.get(HEAD + at).map_err(|_| name(at))?;
        Ok(text.filter(|text| !text.is_empty()))
    };
    let number = |at: usize| -> Result<Option<i64>, &'static str> {
        whole(row.get(HEAD + at).map_err(|_| name(at))?).map_err(|()| name(at))
    };
    let time = |at: usize| -> Result<Option<NaiveDateTime>, &'static str> {
        text(at)?.map(|text| read_local(&text)).transpose().map_err(|_| name(at))
    };
    let date = |at: usize| -> Result<Option<NaiveDate>, &'static str> { Ok(time(at)?.map(|time| time.date())) };
    let receipt: Option<String> = row.get(3).map_err(|_| "id")?;
    Ok(Employee {
        id,
        status_id: StatusId::new(row.get(1).map_err(|_| "status")?),
        leaver: row.get::<_, Option<i64>>(2).map_err(|_| "status")? == Some(1),
        receipt: source.zip(receipt).map(|(source, external_id)| ReceiptKey { source: source.to_owned(), external_id }),
        title: text(0)?,
        first_name: text(1)?.unwrap_or_default(),
        last_name: text(2)?.unwrap_or_default(),
        date_of_birth: date(3)?,
        gender: text(4)?,
        address: text(5)?,
        post_code: text(6)?,
        email_address: text(7)?,
        mobile_number: text(8)?,
        vehicle_registration: text(9)?,
        badge: number(10)?,
        badge_activation: time(11)?,
        badge_expiry: time(12)?,
        security_pin: text(13)?.map(Pin::new),
        paylink: text(14)?,
        date_started: date(15)?,
        date_left: date(16)?,
        policy_id: number(17)?.map(PolicyId::new),
        groupings: groupings(row)?,
        credentials: Vec::new(),
    })
}

fn groupings(row: &Row<'_>) -> Result<BTreeMap<GroupingNumber, GroupingRefId>, &'static str> {
    let mut groupings = BTreeMap::new();
    for (at, number) in (HEAD + FIELDS.len()..).zip(GroupingNumber::all()) {
        if let Some(id) = row.get::<_, Option<i64>>(at).map_err(|_| number.logical())? {
            groupings.insert(number, GroupingRefId::new(id));
        }
    }
    Ok(groupings)
}

/// A number, also where the site keeps it as text.
fn whole(value: Sql) -> Result<Option<i64>, ()> {
    match value {
        Sql::Null => Ok(None),
        Sql::Integer(number) => Ok(Some(number)),
        Sql::Text(text) => badge_number(&text).map(Some).ok_or(()),
        _ => Err(()),
    }
}
