//! Terminal groups and their members.

use std::collections::{BTreeMap, BTreeSet};

use super::Rulebook;
use super::database::Database;
use super::fault::Step;
use super::policies::made;
use super::receipts::asked;
use super::statements::Template;
use super::value::{Value, values};
use crate::contract::Table;
use crate::error::Error;
use crate::ids::{TerminalGroupId, TerminalId};
use crate::receipts::{LinkEntity, ReceiptKey};
use crate::rules::description;
use crate::store::{Created, CreatedHow, Warning, Written};
use crate::terminal_group::TerminalGroup;

const GROUPS: Template = Template::Read(
    "SELECT {terminal_group_ref.id@g}, {terminal_group_ref.description@g}, \
     (SELECT {top 1}external_id FROM {own.link} WHERE source = ?1 AND entity = 'terminal_group' \
     AND internal_id = {terminal_group_ref.id@g} ORDER BY link_id{limit 1}) \
     FROM {terminal_group_ref} g ORDER BY 1",
);
const MEMBERS: Template =
    Template::Read("SELECT {terminal_group.group}, {terminal_group.terminal} FROM {terminal_group}");
const OTHER_NAMED: Template = Template::Read(
    "SELECT {terminal_group_ref.id} FROM {terminal_group_ref}{lock} \
     WHERE {terminal_group_ref.description} = {as terminal_group_ref.description ?1} \
     AND {terminal_group_ref.id} <> ?2",
);
#[cfg(test)]
pub(super) const ALL: &[(&str, Template)] =
    &[("terminal groups", GROUPS), ("members of terminal groups", MEMBERS), ("another group of a name", OTHER_NAMED)];

type Members = BTreeMap<i64, BTreeSet<TerminalId>>;

impl Rulebook {
    pub(super) async fn all_groups(&self, db: &mut impl Database, source: Option<&str>) -> Step<Vec<TerminalGroup>> {
        let mut members = self.all_members(db).await?;
        let rows = self.sql.rows(db, GROUPS, &values![asked(source)]).await?;
        let mut groups = Vec::with_capacity(rows.len());
        for row in rows {
            let id = row.integer(0)?;
            groups.push(TerminalGroup {
                id: TerminalGroupId::new(id),
                description: row.text(1)?,
                terminals: members.remove(&id).unwrap_or_default(),
                receipt: row.maybe_text(2)?,
            });
        }
        Ok(groups)
    }

    pub(super) async fn insert_group(
        &self,
        db: &mut impl Database,
        text: &str,
        members: &BTreeSet<TerminalId>,
        receipt: Option<&ReceiptKey>,
    ) -> Step<Created<TerminalGroupId>> {
        if let Some(id) = self.linked(db, LinkEntity::TerminalGroup, receipt).await? {
            return Ok(Created::new(TerminalGroupId::new(id), CreatedHow::Duplicate));
        }
        let mut warnings = Vec::new();
        let text = description(Table::TerminalGroupRef, text, &mut warnings)?;
        self.refuse_other_group(db, &text, None).await?;
        let row = vec![("description", Value::Text(text))];
        let id = made(self.sql.insert(db, Table::TerminalGroupRef, row).await?)?;
        self.add_members(db, id, &BTreeSet::new(), members).await?;
        self.write_link(db, LinkEntity::TerminalGroup, receipt, id).await?;
        Ok(Created { id: TerminalGroupId::new(id), how: CreatedHow::New, warnings })
    }

    pub(super) async fn change_group(
        &self,
        db: &mut impl Database,
        id: TerminalGroupId,
        text: Option<&str>,
        members: Option<&BTreeSet<TerminalId>>,
    ) -> Step<Written> {
        let mut written = Written::default();
        let mut values = Vec::new();
        if let Some(text) = text {
            let text = description(Table::TerminalGroupRef, text, &mut written.warnings)?;
            self.refuse_other_group(db, &text, Some(id.get())).await?;
            values.push(("description", Value::Text(text)));
        }
        written.changed = !values.is_empty();
        if !self.sql.update(db, Table::TerminalGroupRef, id.get(), values).await? {
            return Err(Error::not_found("terminal group", id.get()).into());
        }
        if let Some(members) = members {
            let present = self.all_members(db).await?.remove(&id.get()).unwrap_or_default();
            written.changed |= self.add_members(db, id.get(), &present, members).await?;
            let count = present.difference(members).count();
            if count > 0 {
                written.warnings.push(Warning::MembersKept { count });
            }
        }
        Ok(written)
    }

    async fn add_members(
        &self,
        db: &mut impl Database,
        group: i64,
        present: &BTreeSet<TerminalId>,
        wanted: &BTreeSet<TerminalId>,
    ) -> Step<bool> {
        let new: Vec<TerminalId> = wanted.difference(present).copied().collect();
        for terminal in &new {
            if !self.terminal_exists(db, *terminal).await? {
                let reason = format!("there is no terminal {terminal}");
                return Err(Error::rejected("terminal_group.terminal", reason).into());
            }
            let row = vec![("group", Value::Integer(group)), ("terminal", Value::Integer(terminal.get()))];
            self.sql.add(db, Table::TerminalGroup, row).await?;
        }
        Ok(!new.is_empty())
    }

    async fn all_members(&self, db: &mut impl Database) -> Step<Members> {
        let mut members = Members::new();
        for row in self.sql.rows(db, MEMBERS, &[]).await? {
            members.entry(row.integer(0)?).or_default().insert(TerminalId::new(row.integer(1)?));
        }
        Ok(members)
    }

    async fn refuse_other_group(&self, db: &mut impl Database, text: &str, own: Option<i64>) -> Step<()> {
        match self.sql.first(db, OTHER_NAMED, &values![text, own.unwrap_or(-1)]).await? {
            None => Ok(()),
            Some(other) => {
                let reason = "another terminal group has this name";
                Err(Error::conflict("terminal_group_ref.description", reason, Some(other.integer(0)?)).into())
            }
        }
    }
}
