//! Terminal groups and their members.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::SqliteStore;
use super::fault::Step;
use crate::contract::Table;
use crate::error::Error;
use crate::ids::{TerminalGroupId, TerminalId};
use crate::receipts::{LinkEntity, ReceiptKey};
use crate::rules::{Value, description};
use crate::store::{Created, CreatedHow, Warning, Written};
use crate::terminal_group::TerminalGroup;

impl SqliteStore {
    pub(super) fn all_groups(&self, db: &Connection, source: Option<&str>) -> Step<Vec<TerminalGroup>> {
        let mut members = self.all_members(db)?;
        let mut statement = self.sql.prepare(
            db,
            "SELECT {terminal_group_ref.id@g}, {terminal_group_ref.description@g}, \
             (SELECT external_id FROM {own.link} WHERE source = ?1 AND entity = 'terminal_group' \
              AND internal_id = {terminal_group_ref.id@g} ORDER BY link_id LIMIT 1) \
             FROM {terminal_group_ref} g ORDER BY 1",
        )?;
        let rows = statement.query_map([source], |row| {
            let id = row.get(0)?;
            Ok(TerminalGroup {
                id: TerminalGroupId::new(id),
                description: row.get(1)?,
                terminals: members.remove(&id).unwrap_or_default(),
                receipt: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub(super) fn insert_group(
        &self,
        tx: &Transaction<'_>,
        text: &str,
        members: &BTreeSet<TerminalId>,
        receipt: Option<&ReceiptKey>,
    ) -> Step<Created<TerminalGroupId>> {
        if let Some(id) = self.linked(tx, LinkEntity::TerminalGroup, receipt)? {
            return Ok(Created::new(TerminalGroupId::new(id), CreatedHow::Duplicate));
        }
        let mut warnings = Vec::new();
        let text = description(Table::TerminalGroupRef, text, &mut warnings)?;
        self.refuse_other_group(tx, &text, None)?;
        let id = self.sql.insert(tx, Table::TerminalGroupRef, vec![("description", Value::Text(text))])?;
        self.add_members(tx, id, &BTreeSet::new(), members)?;
        self.write_link(tx, LinkEntity::TerminalGroup, receipt, id)?;
        Ok(Created { id: TerminalGroupId::new(id), how: CreatedHow::New, warnings })
    }

    pub(super) fn change_group(
        &self,
        tx: &Transaction<'_>,
        id: TerminalGroupId,
        text: Option<&str>,
        members: Option<&BTreeSet<TerminalId>>,
    ) -> Step<Written> {
        let mut written = Written::default();
        let mut values = Vec::new();
        if let Some(text) = text {
            let text = description(Table::TerminalGroupRef, text, &mut written.warnings)?;
            self.refuse_other_group(tx, &text, Some(id.get()))?;
            values.push(("description", Value::Text(text)));
        }
        written.changed = !values.is_empty();
        if !self.sql.update(tx, Table::TerminalGroupRef, id.get(), values)? {
            return Err(Error::not_found("terminal group", id.get()).into());
        }
        if let Some(members) = members {
            let present = self.all_members(tx)?.remove(&id.get()).unwrap_or_default();
            written.changed |= self.add_members(tx, id.get(), &present, members)?;
            let count = present.difference(members).count();
            if count > 0 {
                written.warnings.push(Warning::MembersKept { count });
            }
        }
        Ok(written)
    }

    fn add_members(
        &self,
        tx: &Transaction<'_>,
        group: i64,
        present: &BTreeSet<TerminalId>,
        wanted: &BTreeSet<TerminalId>,
    ) -> Step<bool> {
        for terminal in wanted.difference(present) {
            if !self.terminal_exists(tx, *terminal)? {
                let reason = format!("there is no terminal {terminal}");
                return Err(Error::rejected("terminal_group.terminal", reason).into());
            }
            let row = vec![("group", Value::Integer(group)), ("terminal", Value::Integer(terminal.get()))];
            self.sql.insert(tx, Table::TerminalGroup, row)?;
        }
        Ok(wanted.difference(present).next().is_some())
    }

    fn all_members(&self, db: &Connection) -> Step<BTreeMap<i64, BTreeSet<TerminalId>>> {
        let mut statement =
            self.sql.prepare(db, "SELECT {terminal_group.group}, {terminal_group.terminal} FROM {terminal_group}")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, TerminalId::new(row.get(1)?))))?;
        let mut members: BTreeMap<i64, BTreeSet<TerminalId>> = BTreeMap::new();
        for row in rows {
            let (group, terminal) = row?;
            members.entry(group).or_default().insert(terminal);
        }
        Ok(members)
    }

    fn refuse_other_group(&self, tx: &Transaction<'_>, text: &str, own: Option<i64>) -> Step<()> {
        let mut statement = self.sql.prepare(
            tx,
            "SELECT {terminal_group_ref.id} FROM {terminal_group_ref} WHERE {terminal_group_ref.description} = ?1 \
             AND {terminal_group_ref.id} <> ?2",
        )?;
        let other = statement.query_row(params![text, own.unwrap_or(-1)], |row| row.get(0)).optional()?;
        match other {
            None => Ok(()),
            Some(other) => {
                let reason = "another terminal group has this name";
                Err(Error::conflict("terminal_group_ref.description", reason, Some(other)).into())
            }
        }
    }
}
