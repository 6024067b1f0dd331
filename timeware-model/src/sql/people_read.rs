//! Reading people (rule R2).

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime};

use super::badges::plain;
use super::database::Database;
use super::fault::Step;
use super::receipts::asked;
use super::statements::Template;
use super::value::{Row, Value, values};
use super::{Rulebook, Statements};
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
use crate::settings::Settings;

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
/// Names read at once where all of them are looked through.
const NAMES_AT_ONCE: i64 = 5_000;

/// Which people a query reads; the parameter `?1` is always the source.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which {
    /// Behind an id, so many.
    Page,
    ById,
    ByPaylink,
    ByBadge,
    ByEmail,
}

const NAMES: Template = Template::Read(
    "SELECT {top ?2}{employee.id}, {employee.first_name}, {employee.last_name} FROM {employee} \
     WHERE {employee.id} > ?1 ORDER BY {employee.id}{limit ?2}",
);
const CHANGES: Template = Template::Read(
    "SELECT {top ?2}{event_update.id}, {event_update.find_key} FROM {event_update} \
     WHERE {event_update.id} > ?1 AND {event_update.command} = 1 ORDER BY 1{limit ?2}",
);
const OPEN_CREDENTIALS: Template = Template::Read(
    "SELECT employee_id, shown, kind, valid_from FROM {own.badge} WHERE employee_id BETWEEN ?1 AND ?2 \
     AND source = ?3 AND valid_to IS NULL ORDER BY badge_id",
);
#[cfg(test)]
pub(super) const ALL: &[(&str, Template)] =
    &[("names", NAMES), ("change queue", CHANGES), ("credentials of a page", OPEN_CREDENTIALS)];

impl Which {
    fn filter(self) -> &'static str {
        match self {
            Which::Page => "{employee.id@e} > ?2 ORDER BY {employee.id@e}{limit ?3}",
            Which::ById => "{employee.id@e} = ?2",
            Which::ByPaylink => "{employee.paylink@e} = {as employee.paylink ?2}",
            Which::ByBadge => "{employee.badge@e} = {as employee.badge ?2}",
            Which::ByEmail => "LOWER({employee.email_address@e}) = LOWER(?2)",
        }
    }
}

impl Statements {
    /// The text that reads people; columns that are not read are `NULL`.
    pub(super) fn people(&self, settings: &Settings, which: Which) -> String {
        let id = self.expand("{employee.id@e}");
        let mut columns = vec![
            id.clone(),
            self.expand("{employee.status@e}"),
            self.expand("{employee_status.exclude_from_calculation@s}"),
            self.receipt_of(LinkEntity::Employee, &id),
        ];
        for field in FIELDS {
            let real = self.mapping().real_column(Table::Employee, field.logical()).filter(|_| settings.reads(field));
            columns.push(real.map_or_else(|| "NULL".to_owned(), |real| format!("e.{}", quote(real))));
        }
        columns.extend(GroupingNumber::all().map(|number| self.grouping_expression(number)));
        let top = if matches!(which, Which::Page) { self.expand("{top ?3}") } else { String::new() };
        let tables =
            self.expand("{employee} e LEFT JOIN {employee_status} s ON {employee_status.id@s} = {employee.status@e}");
        format!("SELECT {top}{} FROM {tables} WHERE {}", columns.join(", "), self.expand(which.filter()))
    }
}

impl Rulebook {
    pub(super) async fn people_page(&self, db: &mut impl Database, page: &PeoplePage) -> Step<People> {
        let after = page.after.map_or(i64::MIN, EmployeeId::get);
        let limit = i64::try_from(page.limit).unwrap_or(i64::MAX);
        let source = page.source.as_deref();
        self.select_people(db, Which::Page, source, &values![asked(source), after, limit]).await
    }

    pub(super) async fn one_person(
        &self,
        db: &mut impl Database,
        id: EmployeeId,
        source: Option<&str>,
    ) -> Step<Option<Employee>> {
        Ok(self.select_sound(db, Which::ById, source, id.get().into()).await?.pop())
    }

    /// A database may hold two texts for equal that are not, so that texts are compared once more here (rule S10).
    pub(super) async fn people_by_key(
        &self,
        db: &mut impl Database,
        key: &PersonKey,
        source: Option<&str>,
    ) -> Step<Vec<Employee>> {
        match key {
            PersonKey::Paylink(paylink) => {
                let mut found = self.select_sound(db, Which::ByPaylink, source, paylink.into()).await?;
                found.retain(|person| person.paylink.as_ref() == Some(paylink));
                Ok(found)
            }
            PersonKey::Badge(badge) => self.select_sound(db, Which::ByBadge, source, (*badge).into()).await,
            PersonKey::Email(email) => {
                let email = email.trim();
                let mut found = self.select_sound(db, Which::ByEmail, source, email.into()).await?;
                found.retain(|person| person.email_address.as_deref().is_some_and(|text| fold(text) == fold(email)));
                Ok(found)
            }
            PersonKey::Name(name) => self.people_named(db, name, source).await,
            PersonKey::Receipt(key) => match self.linked(db, LinkEntity::Employee, Some(key)).await? {
                Some(id) => Ok(self.one_person(db, EmployeeId::new(id), source).await?.into_iter().collect()),
                None => Ok(Vec::new()),
            },
        }
    }

    /// Names are compared here and not by the database, whose idea of case is its own (rule S10).
    async fn people_named(
        &self,
        db: &mut impl Database,
        name: &NameParts,
        source: Option<&str>,
    ) -> Step<Vec<Employee>> {
        let wanted = (fold(&name.first), fold(&name.last));
        let is = |row: &Row, at, part: &str| matches!(row.value(at), Value::Text(text) if fold(text) == *part);
        let mut ids = Vec::new();
        let mut after = i64::MIN;
        loop {
            let rows = self.sql.rows(db, NAMES, &values![after, NAMES_AT_ONCE]).await?;
            let Some(last) = rows.last() else { break };
            after = last.integer(0)?;
            for row in rows.iter().filter(|row| is(row, 2, &wanted.1) && is(row, 1, &wanted.0)) {
                ids.push(EmployeeId::new(row.integer(0)?));
            }
        }
        let mut people = Vec::new();
        for id in ids {
            people.extend(self.one_person(db, id, source).await?);
        }
        Ok(people)
    }

    pub(super) async fn change_queue(
        &self,
        db: &mut impl Database,
        after: i64,
        limit: usize,
    ) -> Step<Vec<(i64, EmployeeId)>> {
        if !self.sql.mapping().has(Table::EventUpdate, "id") {
            let at = "timeware.columns.event_update.id";
            let remedy = "name the column, or use change_feed = \"scan\"";
            return Err(Error::config(at, "the change queue has no id to read from", remedy).into());
        }
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut changed = Vec::new();
        for row in self.sql.rows(db, CHANGES, &values![after, limit]).await? {
            if let Ok(id) = row.text(1)?.parse() {
                changed.push((row.integer(0)?, id));
            }
        }
        Ok(changed)
    }

    async fn select_people(
        &self,
        db: &mut impl Database,
        which: Which,
        source: Option<&str>,
        values: &[Value],
    ) -> Step<People> {
        let rows = db.rows(&self.sql.people(&self.settings, which), values).await?;
        let mut read = People::default();
        for row in rows {
            let id = EmployeeId::new(row.integer(0)?);
            read.last = Some(id);
            match read_row(&row, id, source) {
                Ok(person) => read.people.push(person),
                Err(field) => read.unreadable.push(Unreadable { id, field }),
            }
        }
        self.add_credentials(db, source, &mut read.people).await?;
        Ok(read)
    }

    /// As above, where a row that cannot be read is an error.
    async fn select_sound(
        &self,
        db: &mut impl Database,
        which: Which,
        source: Option<&str>,
        key: Value,
    ) -> Step<Vec<Employee>> {
        let values = [asked(source).into(), key];
        let read = self.select_people(db, which, source, &values).await?;
        match read.unreadable.first() {
            None => Ok(read.people),
            Some(unreadable) => Err(Error::rejected(
                unreadable.field,
                format!("the row of person {} holds something that cannot be read", unreadable.id),
            )
            .into()),
        }
    }

    /// The badge, and what the source has registered and not ended.
    ///
    /// Numeric credentials of the register count only while the badge is one of them: else somebody changed the badge
    /// in timeware, and an old card must not live on because of our register.
    async fn add_credentials(&self, db: &mut impl Database, source: Option<&str>, people: &mut [Employee]) -> Step<()> {
        let mut open = self.open_credentials(db, source, people).await?;
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

    async fn open_credentials(
        &self,
        db: &mut impl Database,
        source: Option<&str>,
        people: &[Employee],
    ) -> Step<BTreeMap<EmployeeId, Vec<Credential>>> {
        let mut open: BTreeMap<EmployeeId, Vec<Credential>> = BTreeMap::new();
        let ids = || people.iter().map(|person| person.id.get());
        let (Some(source), Some(first), Some(last)) = (source, ids().min(), ids().max()) else { return Ok(open) };
        for row in self.sql.rows(db, OPEN_CREDENTIALS, &values![first, last, source]).await? {
            let credential = Credential::new(row.text(1)?).kind(row.text(2)?).since(row.instant(3)?);
            open.entry(EmployeeId::new(row.integer(0)?)).or_default().push(credential);
        }
        Ok(open)
    }
}

/// The row, or the column that cannot be read.
fn read_row(row: &Row, id: EmployeeId, source: Option<&str>) -> Result<Employee, &'static str> {
    let name = |at: usize| FIELDS.get(at).map_or("row", |field| field.logical());
    let text = |at: usize| -> Result<Option<String>, &'static str> {
        let text = row.maybe_text(HEAD + at).map_err(|_| name(at))?;
        Ok(text.filter(|text| !text.is_empty()))
    };
    let number = |at: usize| whole(row.value(HEAD + at)).map_err(|()| name(at));
    let time =
        |at: usize| -> Result<Option<NaiveDateTime>, &'static str> { row.maybe_time(HEAD + at).map_err(|_| name(at)) };
    let date = |at: usize| -> Result<Option<NaiveDate>, &'static str> { Ok(time(at)?.map(|time| time.date())) };
    let receipt = row.maybe_text(3).map_err(|_| "id")?;
    Ok(Employee {
        id,
        status_id: StatusId::new(row.integer(1).map_err(|_| "status")?),
        leaver: row.maybe_integer(2).map_err(|_| "status")? == Some(1),
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

fn groupings(row: &Row) -> Result<BTreeMap<GroupingNumber, GroupingRefId>, &'static str> {
    let mut groupings = BTreeMap::new();
    for (at, number) in (HEAD + FIELDS.len()..).zip(GroupingNumber::all()) {
        if let Some(id) = row.maybe_integer(at).map_err(|_| number.logical())? {
            groupings.insert(number, GroupingRefId::new(id));
        }
    }
    Ok(groupings)
}

/// A number, also where the site keeps it as text.
fn whole(value: &Value) -> Result<Option<i64>, ()> {
    match value {
        Value::Null => Ok(None),
        Value::Integer(number) => Ok(Some(*number)),
        Value::Text(text) => badge_number(text).map(Some).ok_or(()),
        _ => Err(()),
    }
}
