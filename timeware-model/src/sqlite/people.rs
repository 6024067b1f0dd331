//! Writing people (rules W1, W3, W4, W5).

use chrono::NaiveDate;
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::SqliteStore;
use super::fault::Step;
use super::statement::local_text;
use crate::badge::Credentials;
use crate::contract::Table;
use crate::employee::{EmployeeField, Field, PersonFields};
use crate::error::Error;
use crate::ids::EmployeeId;
use crate::local_time::to_local;
use crate::name::NO_NAME;
use crate::receipts::{LinkEntity, LinkState, ReceiptKey};
use crate::rules::{Prepared, Value, day, person_values};
use crate::store::{Created, CreatedHow, Warning, Written};

/// The command of the change queue that makes terminals read a person again.
const PERSON_CHANGED: i64 = 1;

impl SqliteStore {
    pub(super) fn insert_person(
        &self,
        tx: &Transaction<'_>,
        fields: &PersonFields,
        receipt: Option<&ReceiptKey>,
    ) -> Step<Created<EmployeeId>> {
        if let Some(id) = self.linked(tx, LinkEntity::Employee, receipt)? {
            return Ok(Created::new(EmployeeId::new(id), CreatedHow::Duplicate));
        }
        let mut row = self.prepared(tx, fields)?;
        fill_name(&mut row)?;
        row.values.push(("status", Value::Integer(self.report.current.get())));
        if fields.date_started.value().is_none() {
            row.values.retain(|(logical, _)| *logical != "date_started");
            row.values.push(("date_started", day(self.today())));
        }
        self.take_badge(tx, None, fields.credentials.as_ref(), &mut row)?;
        let id = EmployeeId::new(self.sql.insert(tx, Table::Employee, row.values)?);
        self.register_credentials(tx, id, fields.credentials.as_ref())?;
        self.write_link(tx, LinkEntity::Employee, receipt, id.get())?;
        self.announce(tx, id)?;
        Ok(Created { id, how: CreatedHow::New, warnings: row.warnings })
    }

    pub(super) fn change_person(&self, tx: &Transaction<'_>, id: EmployeeId, fields: &PersonFields) -> Step<Written> {
        let wants_badge = fields.credentials.as_ref().is_some_and(|credentials| credentials.badge().is_some());
        if wants_badge && self.is_leaver(tx, id)? {
            let error = Error::rejected("badge", "a leaver has no badge");
            return Err(error.with_remedy("make the person current first").into());
        }
        let row = self.prepared(tx, fields)?;
        self.write_person(tx, id, fields, row)
    }

    pub(super) fn leave(&self, tx: &Transaction<'_>, id: EmployeeId, on: Option<NaiveDate>) -> Step<Written> {
        if self.is_leaver(tx, id)? {
            return Ok(Written::default());
        }
        let mut values = vec![
            ("status", Value::Integer(self.report.leaver.get())),
            ("date_left", day(on.unwrap_or_else(|| self.today()))),
            ("badge", Value::Null),
        ];
        if self.badge_expires_later(tx, id)? {
            values.push(("badge_expiry", Value::Time(self.local_now())));
        }
        self.sql.update(tx, Table::Employee, id.get(), values)?;
        self.end_spans(tx, id)?;
        self.set_states_of(tx, LinkEntity::Employee, id.get(), LinkState::Leaver)?;
        self.announce(tx, id)?;
        Ok(Written { changed: true, warnings: Vec::new() })
    }

    pub(super) fn come_back(&self, tx: &Transaction<'_>, id: EmployeeId, fields: &PersonFields) -> Step<Written> {
        let mut row = self.prepared(tx, fields)?;
        if self.is_leaver(tx, id)? {
            row.values.push(("status", Value::Integer(self.report.current.get())));
            row.values.push(("date_left", Value::Null));
            if fields.badge_expiry.is_keep() {
                row.values.push(("badge_expiry", Value::Null));
            }
            self.set_states_of(tx, LinkEntity::Employee, id.get(), LinkState::Active)?;
        }
        self.write_person(tx, id, fields, row)
    }

    fn write_person(
        &self,
        tx: &Transaction<'_>,
        id: EmployeeId,
        fields: &PersonFields,
        mut row: Prepared,
    ) -> Step<Written> {
        self.take_badge(tx, Some(id), fields.credentials.as_ref(), &mut row)?;
        let changed = !row.values.is_empty() || fields.credentials.is_some();
        if !self.sql.update(tx, Table::Employee, id.get(), row.values)? {
            return Err(Error::not_found("person", id.get()).into());
        }
        self.register_credentials(tx, id, fields.credentials.as_ref())?;
        if changed {
            self.announce(tx, id)?;
        }
        Ok(Written { changed, warnings: row.warnings })
    }

    /// The plain columns, the policy checked and the groupings resolved.
    fn prepared(&self, tx: &Transaction<'_>, fields: &PersonFields) -> Step<Prepared> {
        let mut row = person_values(&self.settings, fields)?;
        if let Field::Set(policy) = &fields.policy
            && !self.policy_exists(tx, *policy)?
        {
            return Err(Error::rejected("policy", format!("there is no policy {policy}")).into());
        }
        for (number, change) in &fields.groupings {
            match change {
                Field::Keep => {}
                Field::Clear => row.values.push((number.logical(), Value::Null)),
                Field::Set(id) => row.values.push((number.logical(), self.grouping_value(tx, *number, *id)?)),
            }
        }
        Ok(row)
    }

    /// Puts the badge into the row; a leaver gives it up, a current person keeps it (rule W4).
    fn take_badge(
        &self,
        tx: &Transaction<'_>,
        own: Option<EmployeeId>,
        credentials: Option<&Credentials>,
        row: &mut Prepared,
    ) -> Step<()> {
        let Some(credentials) = credentials.filter(|_| self.settings.reads(EmployeeField::Badge)) else {
            return Ok(());
        };
        let Some(badge) = self.dated(tx, own, credentials)?.badge() else {
            row.values.push(("badge", Value::Null));
            return Ok(());
        };
        for (holder, leaver) in self.holders(tx, badge)? {
            if Some(holder) == own {
                continue;
            }
            if !leaver {
                let reason = "another current person holds this badge";
                return Err(Error::conflict("badge", reason, Some(holder.get())).into());
            }
            self.sql.update(tx, Table::Employee, holder.get(), vec![("badge", Value::Null)])?;
            self.announce(tx, holder)?;
            row.warnings.push(Warning::BadgeTakenOver { from: holder });
        }
        row.values.push(("badge", Value::Integer(badge)));
        Ok(())
    }

    fn holders(&self, tx: &Connection, badge: i64) -> Step<Vec<(EmployeeId, bool)>> {
        let mut statement = self.sql.prepare(
            tx,
            "SELECT {employee.id@e}, {employee_status.exclude_from_calculation@s} FROM {employee} e \
             LEFT JOIN {employee_status} s ON {employee_status.id@s} = {employee.status@e} WHERE {employee.badge@e} = ?",
        )?;
        let rows = statement
            .query_map([badge], |row| Ok((EmployeeId::new(row.get(0)?), row.get::<_, Option<i64>>(1)? == Some(1))))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn is_leaver(&self, tx: &Connection, id: EmployeeId) -> Step<bool> {
        let mut statement = self.sql.prepare(
            tx,
            "SELECT {employee_status.exclude_from_calculation@s} FROM {employee} e \
             LEFT JOIN {employee_status} s ON {employee_status.id@s} = {employee.status@e} WHERE {employee.id@e} = ?",
        )?;
        let excluded: Option<Option<i64>> = statement.query_row([id.get()], |row| row.get(0)).optional()?;
        match excluded {
            Some(excluded) => Ok(excluded == Some(1)),
            None => Err(Error::not_found("person", id.get()).into()),
        }
    }

    /// Whether the badge would still count: an end in the past stays as it is.
    fn badge_expires_later(&self, tx: &Connection, id: EmployeeId) -> Step<bool> {
        let text = "SELECT {employee.badge_expiry} FROM {employee} WHERE {employee.id} = ?";
        let expiry: Option<String> = self.sql.prepare(tx, text)?.query_row([id.get()], |row| row.get(0))?;
        Ok(expiry.is_none_or(|expiry| expiry > local_text(self.local_now())))
    }

    /// Tells the site's own terminals to read the person again.
    fn announce(&self, tx: &Transaction<'_>, id: EmployeeId) -> Step<()> {
        if self.settings.notifies_hardware() {
            let row = vec![("command", Value::Integer(PERSON_CHANGED)), ("find_key", Value::Text(id.to_string()))];
            self.sql.insert(tx, Table::EventUpdate, row)?;
        }
        Ok(())
    }

    pub(super) fn person_exists(&self, db: &Connection, id: EmployeeId) -> Step<bool> {
        let text = "SELECT 1 FROM {employee} WHERE {employee.id} = ?";
        Ok(self.sql.prepare(db, text)?.exists([id.get()])?)
    }

    fn local_now(&self) -> chrono::NaiveDateTime {
        to_local(self.settings.time_zone(), self.now()).local
    }

    fn today(&self) -> NaiveDate {
        self.local_now().date()
    }
}

/// A new person needs one part of the name; the other gets the sign for none.
fn fill_name(row: &mut Prepared) -> Result<(), Error> {
    let missing: Vec<&str> = ["first_name", "last_name"]
        .into_iter()
        .filter(|part| !row.values.iter().any(|(name, _)| name == part))
        .collect();
    if missing.len() == 2 {
        return Err(Error::rejected("last_name", "a new person needs a name"));
    }
    for part in missing {
        row.values.push((part, Value::Text(NO_NAME.to_owned())));
    }
    Ok(())
}
