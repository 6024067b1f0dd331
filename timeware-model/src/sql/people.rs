//! Writing people (rules W1, W3, W4, W5).

use chrono::NaiveDate;

use super::Rulebook;
use super::database::Database;
use super::fault::Step;
use super::policies::made;
use super::statements::Template;
use super::value::{Value, day, values};
use crate::badge::Credentials;
use crate::contract::Table;
use crate::employee::{EmployeeField, Field, PersonFields};
use crate::error::Error;
use crate::ids::EmployeeId;
use crate::name::NO_NAME;
use crate::receipts::{LinkEntity, LinkState, ReceiptKey};
use crate::rules::{Prepared, person_values};
use crate::store::{Created, CreatedHow, Warning, Written};

/// The command of the change queue that makes terminals read a person again.
const PERSON_CHANGED: i64 = 1;

const HOLDERS: Template = Template::Read(
    "SELECT {employee.id@e}, {employee_status.exclude_from_calculation@s} FROM {employee} e{lock} \
     LEFT JOIN {employee_status} s ON {employee_status.id@s} = {employee.status@e} \
     WHERE {employee.badge@e} = {as employee.badge ?1}",
);
const STATUS: Template = Template::Read(
    "SELECT {employee_status.exclude_from_calculation@s}, {employee.badge_expiry@e} FROM {employee} e \
     LEFT JOIN {employee_status} s ON {employee_status.id@s} = {employee.status@e} WHERE {employee.id@e} = ?1",
);
const EXISTS: Template = Template::Read("SELECT 1 FROM {employee} WHERE {employee.id} = ?1");
#[cfg(test)]
pub(super) const ALL: &[(&str, Template)] =
    &[("holders of a badge", HOLDERS), ("status of a person", STATUS), ("a person is there", EXISTS)];

impl Rulebook {
    pub(super) async fn insert_person(
        &self,
        db: &mut impl Database,
        fields: &PersonFields,
        receipt: Option<&ReceiptKey>,
    ) -> Step<Created<EmployeeId>> {
        if let Some(id) = self.linked(db, LinkEntity::Employee, receipt).await? {
            return Ok(Created::new(EmployeeId::new(id), CreatedHow::Duplicate));
        }
        let mut row = self.prepared(db, fields).await?;
        fill_name(&mut row)?;
        row.values.push(("status", Value::Integer(self.report.current.get())));
        if fields.date_started.value().is_none() {
            row.values.retain(|(logical, _)| *logical != "date_started");
            row.values.push(("date_started", day(self.today())));
        }
        self.take_badge(db, None, fields.credentials.as_ref(), &mut row).await?;
        let id = EmployeeId::new(made(self.sql.insert(db, Table::Employee, row.values).await?)?);
        self.register_credentials(db, id, fields.credentials.as_ref()).await?;
        self.write_link(db, LinkEntity::Employee, receipt, id.get()).await?;
        self.announce(db, id).await?;
        Ok(Created { id, how: CreatedHow::New, warnings: row.warnings })
    }

    pub(super) async fn change_person(
        &self,
        db: &mut impl Database,
        id: EmployeeId,
        fields: &PersonFields,
    ) -> Step<Written> {
        let wants_badge = fields.credentials.as_ref().is_some_and(|credentials| credentials.badge().is_some());
        if wants_badge && self.is_leaver(db, id).await? {
            let error = Error::rejected("badge", "a leaver has no badge");
            return Err(error.with_remedy("make the person current first").into());
        }
        let row = self.prepared(db, fields).await?;
        self.write_person(db, id, fields, row).await
    }

    pub(super) async fn leave(&self, db: &mut impl Database, id: EmployeeId, on: Option<NaiveDate>) -> Step<Written> {
        let (leaver, expiry) = self.status_of(db, id).await?;
        if leaver {
            return Ok(Written::default());
        }
        let mut values = vec![
            ("status", Value::Integer(self.report.leaver.get())),
            ("date_left", day(on.unwrap_or_else(|| self.today()))),
            ("badge", Value::Null),
        ];
        // An end in the past stays as it is.
        if expiry.is_none_or(|expiry| expiry > self.local_now()) {
            values.push(("badge_expiry", Value::Time(self.local_now())));
        }
        self.sql.update(db, Table::Employee, id.get(), values).await?;
        self.end_spans(db, id).await?;
        self.set_states_of(db, LinkEntity::Employee, id.get(), LinkState::Leaver).await?;
        self.announce(db, id).await?;
        Ok(Written { changed: true, warnings: Vec::new() })
    }

    pub(super) async fn come_back(
        &self,
        db: &mut impl Database,
        id: EmployeeId,
        fields: &PersonFields,
    ) -> Step<Written> {
        let mut row = self.prepared(db, fields).await?;
        if self.is_leaver(db, id).await? {
            row.values.push(("status", Value::Integer(self.report.current.get())));
            row.values.push(("date_left", Value::Null));
            if fields.badge_expiry.is_keep() {
                row.values.push(("badge_expiry", Value::Null));
            }
            self.set_states_of(db, LinkEntity::Employee, id.get(), LinkState::Active).await?;
        }
        self.write_person(db, id, fields, row).await
    }

    async fn write_person(
        &self,
        db: &mut impl Database,
        id: EmployeeId,
        fields: &PersonFields,
        mut row: Prepared,
    ) -> Step<Written> {
        self.take_badge(db, Some(id), fields.credentials.as_ref(), &mut row).await?;
        let changed = !row.values.is_empty() || fields.credentials.is_some();
        if !self.sql.update(db, Table::Employee, id.get(), row.values).await? {
            return Err(Error::not_found("person", id.get()).into());
        }
        self.register_credentials(db, id, fields.credentials.as_ref()).await?;
        if changed {
            self.announce(db, id).await?;
        }
        Ok(Written { changed, warnings: row.warnings })
    }

    /// The plain columns, the policy checked and the groupings resolved.
    async fn prepared(&self, db: &mut impl Database, fields: &PersonFields) -> Step<Prepared> {
        let mut row = person_values(&self.settings, fields)?;
        if let Field::Set(policy) = &fields.policy
            && !self.policy_exists(db, *policy).await?
        {
            return Err(Error::rejected("policy", format!("there is no policy {policy}")).into());
        }
        for (number, change) in &fields.groupings {
            match change {
                Field::Keep => {}
                Field::Clear => row.values.push((number.logical(), Value::Null)),
                Field::Set(id) => {
                    let value = self.grouping_value(db, *number, *id).await?;
                    row.values.push((number.logical(), value));
                }
            }
        }
        Ok(row)
    }

    /// Puts the badge into the row; a leaver gives it up, a current person keeps it (rule W4).
    async fn take_badge(
        &self,
        db: &mut impl Database,
        own: Option<EmployeeId>,
        credentials: Option<&Credentials>,
        row: &mut Prepared,
    ) -> Step<()> {
        let Some(credentials) = credentials.filter(|_| self.settings.reads(EmployeeField::Badge)) else {
            return Ok(());
        };
        let Some(badge) = self.dated(db, own, credentials).await?.badge() else {
            row.values.push(("badge", Value::Null));
            return Ok(());
        };
        for holder in self.sql.rows(db, HOLDERS, &values![badge]).await? {
            let (holder, leaver) = (EmployeeId::new(holder.integer(0)?), holder.maybe_integer(1)? == Some(1));
            if Some(holder) == own {
                continue;
            }
            if !leaver {
                let reason = "another current person holds this badge";
                return Err(Error::conflict("badge", reason, Some(holder.get())).into());
            }
            self.sql.update(db, Table::Employee, holder.get(), vec![("badge", Value::Null)]).await?;
            self.announce(db, holder).await?;
            row.warnings.push(Warning::BadgeTakenOver { from: holder });
        }
        row.values.push(("badge", Value::Integer(badge)));
        Ok(())
    }

    async fn is_leaver(&self, db: &mut impl Database, id: EmployeeId) -> Step<bool> {
        Ok(self.status_of(db, id).await?.0)
    }

    /// Whether a person is a leaver, and up to when the badge counts.
    async fn status_of(&self, db: &mut impl Database, id: EmployeeId) -> Step<(bool, Option<chrono::NaiveDateTime>)> {
        match self.sql.first(db, STATUS, &values![id.get()]).await? {
            // An end that cannot be read is none.
            Some(row) => Ok((row.maybe_integer(0)? == Some(1), row.maybe_time(1).unwrap_or_default())),
            None => Err(Error::not_found("person", id.get()).into()),
        }
    }

    /// Tells the site's own terminals to read the person again.
    async fn announce(&self, db: &mut impl Database, id: EmployeeId) -> Step<()> {
        if self.settings.notifies_hardware() {
            let row = vec![("command", Value::Integer(PERSON_CHANGED)), ("find_key", Value::Text(id.to_string()))];
            self.sql.add(db, Table::EventUpdate, row).await?;
        }
        Ok(())
    }

    pub(super) async fn person_exists(&self, db: &mut impl Database, id: EmployeeId) -> Step<bool> {
        self.sql.exists(db, EXISTS, &values![id.get()]).await
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
