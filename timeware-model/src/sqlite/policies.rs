//! Policies.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::SqliteStore;
use super::fault::Step;
use crate::contract::Table;
use crate::error::Error;
use crate::ids::PolicyId;
use crate::policy::{Policy, PolicyRights};
use crate::receipts::{LinkEntity, ReceiptKey};
use crate::rules::{Value, description};
use crate::store::{Created, CreatedHow, Written};

impl SqliteStore {
    pub(super) fn all_policies(&self, db: &Connection, source: Option<&str>) -> Step<Vec<Policy>> {
        let mut statement = self.sql.prepare(
            db,
            "SELECT {terminal_policy.id@p}, {terminal_policy.description@p}, {terminal_policy.data@p}, \
             (SELECT external_id FROM {own.link} WHERE source = ?1 AND entity = 'policy' \
              AND internal_id = {terminal_policy.id@p} ORDER BY link_id LIMIT 1) \
             FROM {terminal_policy} p ORDER BY 1",
        )?;
        let rows = statement.query_map([source], |row| {
            Ok(Policy {
                id: PolicyId::new(row.get(0)?),
                description: row.get(1)?,
                data: row.get(2)?,
                receipt: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub(super) fn insert_policy(
        &self,
        tx: &Transaction<'_>,
        text: &str,
        rights: Option<&PolicyRights>,
        receipt: Option<&ReceiptKey>,
    ) -> Step<Created<PolicyId>> {
        if let Some(id) = self.linked(tx, LinkEntity::Policy, receipt)? {
            return Ok(Created::new(PolicyId::new(id), CreatedHow::Duplicate));
        }
        let mut warnings = Vec::new();
        let text = description(Table::TerminalPolicy, text, &mut warnings)?;
        self.refuse_other_policy(tx, &text, None)?;
        let mut values = vec![("description", Value::Text(text))];
        if let Some(rights) = rights.filter(|_| self.settings.config().write_policy_data) {
            values.push(("data", Value::Text(rights.to_data())));
        }
        let id = self.sql.insert(tx, Table::TerminalPolicy, values)?;
        self.write_link(tx, LinkEntity::Policy, receipt, id)?;
        Ok(Created { id: PolicyId::new(id), how: CreatedHow::New, warnings })
    }

    pub(super) fn change_policy(
        &self,
        tx: &Transaction<'_>,
        id: PolicyId,
        text: Option<&str>,
        rights: Option<&PolicyRights>,
    ) -> Step<Written> {
        let mut warnings = Vec::new();
        let mut values = Vec::new();
        if let Some(text) = text {
            let text = description(Table::TerminalPolicy, text, &mut warnings)?;
            self.refuse_other_policy(tx, &text, Some(id.get()))?;
            values.push(("description", Value::Text(text)));
        }
        if let Some(rights) = rights.filter(|_| self.settings.config().write_policy_data) {
            values.push(("data", Value::Text(rights.to_data())));
        }
        let changed = !values.is_empty();
        if !self.sql.update(tx, Table::TerminalPolicy, id.get(), values)? {
            return Err(Error::not_found("policy", id.get()).into());
        }
        Ok(Written { changed, warnings })
    }

    fn refuse_other_policy(&self, tx: &Transaction<'_>, text: &str, own: Option<i64>) -> Step<()> {
        let mut statement = self.sql.prepare(
            tx,
            "SELECT {terminal_policy.id} FROM {terminal_policy} WHERE {terminal_policy.description} = ?1 \
             AND {terminal_policy.id} <> ?2",
        )?;
        let other = statement.query_row(params![text, own.unwrap_or(-1)], |row| row.get(0)).optional()?;
        match other {
            None => Ok(()),
            Some(other) => {
                Err(Error::conflict("terminal_policy.description", "another policy has this name", Some(other)).into())
            }
        }
    }

    pub(super) fn policy_exists(&self, db: &Connection, id: PolicyId) -> Step<bool> {
        let text = "SELECT 1 FROM {terminal_policy} WHERE {terminal_policy.id} = ?";
        Ok(self.sql.prepare(db, text)?.exists([id.get()])?)
    }
}
