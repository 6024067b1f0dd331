//! The values of the groupings, in each of their three shapes (rule W6).

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Transaction, TransactionBehavior, params_from_iter};

use super::SqliteStore;
use super::fault::Step;
use crate::config::GroupingsKind;
use crate::contract::Table;
use crate::error::{Error, Result};
use crate::grouping::{Grouping, GroupingNumber};
use crate::ids::GroupingRefId;
use crate::mapping::quote;
use crate::receipts::{LinkEntity, ReceiptKey};
use crate::rules::{Value, description, fold};
use crate::store::{Created, CreatedHow, Written};

/// The names of the table that holds a grouping.
struct Names {
    table: String,
    id: String,
    number: Option<String>,
    text: String,
}

impl SqliteStore {
    pub(super) fn values_of(
        &self,
        db: &Connection,
        number: GroupingNumber,
        source: Option<&str>,
    ) -> Step<Vec<Grouping>> {
        let names = self.names(number);
        let filter = names.number.as_ref().map_or_else(String::new, |column| format!("WHERE g.{column} = {number}"));
        let text = format!(
            "SELECT g.{id}, g.{text}, (SELECT external_id FROM {link} WHERE source = ?1 AND entity = 'grouping' \
             AND internal_id = g.{id} ORDER BY link_id LIMIT 1) FROM {table} g {filter} ORDER BY 1",
            id = names.id,
            text = names.text,
            table = names.table,
            link = quote(&self.sql.mapping().own_table("link")),
        );
        let mut statement = db.prepare_cached(&text)?;
        let rows = statement.query_map([source], |row| {
            Ok(Grouping { id: GroupingRefId::new(row.get(0)?), number, description: row.get(1)?, receipt: row.get(2)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub(super) fn insert_grouping(
        &self,
        tx: &Transaction<'_>,
        number: GroupingNumber,
        text: &str,
        receipt: Option<&ReceiptKey>,
    ) -> Step<Created<GroupingRefId>> {
        if let Some(id) = self.linked(tx, LinkEntity::Grouping, receipt)? {
            return Ok(Created::new(GroupingRefId::new(id), CreatedHow::Duplicate));
        }
        let mut warnings = Vec::new();
        let text = description(Table::GroupingRef, text, &mut warnings)?;
        if let Some(existing) = self.grouping_named(tx, number, &text)? {
            self.write_link(tx, LinkEntity::Grouping, receipt, existing.get())?;
            return Ok(Created { id: existing, how: CreatedHow::Adopted, warnings });
        }
        let names = self.names(number);
        let mut columns = vec![names.text];
        let mut values = vec![Sql::Text(text)];
        if let Some(column) = names.number {
            columns.push(column);
            values.push(Sql::Integer(number.get().into()));
        }
        let marks = vec!["?"; values.len()].join(", ");
        let statement = format!("INSERT INTO {} ({}) VALUES ({marks})", names.table, columns.join(", "));
        tx.prepare_cached(&statement)?.execute(params_from_iter(values))?;
        let id = tx.last_insert_rowid();
        self.write_link(tx, LinkEntity::Grouping, receipt, id)?;
        Ok(Created { id: GroupingRefId::new(id), how: CreatedHow::New, warnings })
    }

    pub(super) fn change_grouping(
        &self,
        tx: &Transaction<'_>,
        number: GroupingNumber,
        id: GroupingRefId,
        text: &str,
    ) -> Step<Written> {
        let mut warnings = Vec::new();
        let text = description(Table::GroupingRef, text, &mut warnings)?;
        let before = self.grouping_text(tx, number, id)?.ok_or_else(|| Error::not_found("grouping value", id.get()))?;
        if let Some(other) = self.grouping_named(tx, number, &text)?.filter(|other| *other != id) {
            let reason = "another value of this grouping has the name";
            return Err(Error::conflict("grouping_ref.description", reason, Some(other.get())).into());
        }
        let names = self.names(number);
        let statement = format!("UPDATE {} SET {} = ?1 WHERE {} = ?2", names.table, names.text, names.id);
        tx.prepare_cached(&statement)?.execute((&text, id.get()))?;
        if self.sql.mapping().groupings() == GroupingsKind::TextColumn {
            self.rename_texts(tx, number, &before, &text)?;
        }
        Ok(Written { changed: before != text, warnings })
    }

    /// What a person's column takes for a value; a value of another grouping is refused.
    pub(super) fn grouping_value(&self, db: &Connection, number: GroupingNumber, id: GroupingRefId) -> Step<Value> {
        let Some(text) = self.grouping_text(db, number, id)? else {
            let field = number.logical();
            return Err(Error::rejected(field, format!("grouping {number} has no value {id}")).into());
        };
        Ok(match self.sql.mapping().groupings() {
            GroupingsKind::TextColumn => Value::Text(text),
            _ => Value::Integer(id.get()),
        })
    }

    /// The expression that gives a person's value as an id.
    pub(super) fn grouping_expression(&self, number: GroupingNumber) -> String {
        let mapping = self.sql.mapping();
        let Some(real) = mapping.real_column(Table::Employee, number.logical()) else { return "NULL".to_owned() };
        let column = format!("e.{}", quote(real));
        if mapping.groupings() != GroupingsKind::TextColumn {
            return column;
        }
        let table = quote(&mapping.own_table("grouping"));
        format!(
            "(SELECT g.grouping_ref_id FROM {table} g WHERE g.grouping_number = {number} AND g.description = {column})"
        )
    }

    /// Gives an id to each text that stands in a person's column, where the site keeps groupings as text.
    pub(super) fn register_texts(&self) -> Result<()> {
        if self.sql.mapping().groupings() != GroupingsKind::TextColumn
            || self.may_write(&[super::Role::Writer]).is_err()
        {
            return Ok(());
        }
        let mut db = self.db();
        let mut register = || -> Step<()> {
            let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for number in GroupingNumber::all() {
                let Some(real) = self.sql.mapping().real_column(Table::Employee, number.logical()) else { continue };
                let (table, column) = (quote(&self.sql.mapping().own_table("grouping")), quote(real));
                let text = format!(
                    "INSERT OR IGNORE INTO {table} (grouping_number, description) SELECT DISTINCT {number}, {column} \
                     FROM {} WHERE {column} IS NOT NULL AND {column} <> ''",
                    quote(self.sql.mapping().real_table(Table::Employee))
                );
                tx.prepare_cached(&text)?.execute([])?;
            }
            tx.commit()?;
            Ok(())
        };
        Ok(register()?)
    }

    fn rename_texts(&self, tx: &Transaction<'_>, number: GroupingNumber, from: &str, to: &str) -> Step<()> {
        let mapping = self.sql.mapping();
        let Some(real) = mapping.real_column(Table::Employee, number.logical()) else { return Ok(()) };
        let column = quote(real);
        let text =
            format!("UPDATE {} SET {column} = ?1 WHERE {column} = ?2", quote(mapping.real_table(Table::Employee)));
        tx.prepare_cached(&text)?.execute((to, from))?;
        Ok(())
    }

    fn grouping_named(&self, db: &Connection, number: GroupingNumber, text: &str) -> Step<Option<GroupingRefId>> {
        let wanted = fold(text);
        let found = self.values_of(db, number, None)?.into_iter().find(|value| fold(&value.description) == wanted);
        Ok(found.map(|value| value.id))
    }

    fn grouping_text(&self, db: &Connection, number: GroupingNumber, id: GroupingRefId) -> Step<Option<String>> {
        let names = self.names(number);
        let filter = names.number.as_ref().map_or_else(String::new, |column| format!("AND {column} = {number}"));
        let text = format!("SELECT {} FROM {} WHERE {} = ? {filter}", names.text, names.table, names.id);
        let mut statement = db.prepare_cached(&text)?;
        let mut rows = statement.query([id.get()])?;
        Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
    }

    fn names(&self, number: GroupingNumber) -> Names {
        let mapping = self.sql.mapping();
        let table = quote(&mapping.grouping_table(number));
        let real = |logical, default: &str| quote(mapping.real_column(Table::GroupingRef, logical).unwrap_or(default));
        match mapping.groupings() {
            GroupingsKind::TextColumn => Names {
                table,
                id: "grouping_ref_id".to_owned(),
                number: Some("grouping_number".to_owned()),
                text: "description".to_owned(),
            },
            kind => Names {
                table,
                id: real("id", "grouping_ref_id"),
                number: (kind == GroupingsKind::OneTable).then(|| real("number", "grouping_number")),
                text: real("description", "description"),
            },
        }
    }
}
