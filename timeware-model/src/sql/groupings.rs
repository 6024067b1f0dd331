//! The values of the groupings, in each of their three shapes (rule W6).

use super::database::Database;
use super::fault::Step;
use super::policies::made;
use super::receipts::asked;
use super::value::{Value, values};
use super::{Rulebook, Statements};
use crate::config::GroupingsKind;
use crate::contract::Table;
use crate::error::Error;
use crate::grouping::{Grouping, GroupingNumber};
use crate::ids::GroupingRefId;
use crate::mapping::quote;
use crate::receipts::{LinkEntity, ReceiptKey};
use crate::rules::{description, fold};
use crate::store::{Created, CreatedHow, Written};

/// The names of the table that holds a grouping, and the statements on it.
struct Names<'a> {
    sql: &'a Statements,
    number: GroupingNumber,
    table: String,
    id: String,
    /// The column that tells the groupings apart, where they share a table.
    number_column: Option<String>,
    text: String,
}

impl Rulebook {
    pub(super) async fn values_of(
        &self,
        db: &mut impl Database,
        number: GroupingNumber,
        source: Option<&str>,
    ) -> Step<Vec<Grouping>> {
        let mut found = Vec::new();
        for row in db.rows(&names(&self.sql, number).select(), &values![asked(source)]).await? {
            found.push(Grouping {
                id: GroupingRefId::new(row.integer(0)?),
                number,
                description: row.text(1)?,
                receipt: row.maybe_text(2)?,
            });
        }
        Ok(found)
    }

    pub(super) async fn insert_grouping(
        &self,
        db: &mut impl Database,
        number: GroupingNumber,
        text: &str,
        receipt: Option<&ReceiptKey>,
    ) -> Step<Created<GroupingRefId>> {
        if let Some(id) = self.linked(db, LinkEntity::Grouping, receipt).await? {
            return Ok(Created::new(GroupingRefId::new(id), CreatedHow::Duplicate));
        }
        let mut warnings = Vec::new();
        let text = description(Table::GroupingRef, text, &mut warnings)?;
        if let Some(existing) = self.grouping_named(db, number, &text).await? {
            self.write_link(db, LinkEntity::Grouping, receipt, existing.get()).await?;
            return Ok(Created { id: existing, how: CreatedHow::Adopted, warnings });
        }
        let names = names(&self.sql, number);
        let mut row = vec![Value::Text(text)];
        row.extend(names.number_column.as_ref().map(|_| Value::Integer(number.get().into())));
        let id = made(db.insert(&names.insert(), &row).await?)?;
        self.write_link(db, LinkEntity::Grouping, receipt, id).await?;
        Ok(Created { id: GroupingRefId::new(id), how: CreatedHow::New, warnings })
    }

    pub(super) async fn change_grouping(
        &self,
        db: &mut impl Database,
        number: GroupingNumber,
        id: GroupingRefId,
        text: &str,
    ) -> Step<Written> {
        let mut warnings = Vec::new();
        let text = description(Table::GroupingRef, text, &mut warnings)?;
        let missing = || Error::not_found("grouping value", id.get());
        let before = self.grouping_text(db, number, id).await?.ok_or_else(missing)?;
        if let Some(other) = self.grouping_named(db, number, &text).await?.filter(|other| *other != id) {
            let reason = "another value of this grouping has the name";
            return Err(Error::conflict("grouping_ref.description", reason, Some(other.get())).into());
        }
        db.change(&names(&self.sql, number).rename(), &values![&text, id.get()]).await?;
        if let Some(rename) = self.sql.rename_texts(number) {
            db.change(&rename, &values![&text, &before]).await?;
        }
        Ok(Written { changed: before != text, warnings })
    }

    /// What a person's column takes for a value; a value of another grouping is refused.
    pub(super) async fn grouping_value(
        &self,
        db: &mut impl Database,
        number: GroupingNumber,
        id: GroupingRefId,
    ) -> Step<Value> {
        let Some(text) = self.grouping_text(db, number, id).await? else {
            let field = number.logical();
            return Err(Error::rejected(field, format!("grouping {number} has no value {id}")).into());
        };
        Ok(match self.sql.mapping().groupings() {
            GroupingsKind::TextColumn => Value::Text(text),
            _ => Value::Integer(id.get()),
        })
    }

    /// Gives an id to each text that stands in a person's column, where the site keeps groupings as text.
    pub(super) async fn register_texts(&self, db: &mut impl Database) -> Step<()> {
        for number in GroupingNumber::all() {
            if let Some(text) = self.sql.register_texts(number) {
                db.change(&text, &[]).await?;
            }
        }
        Ok(())
    }

    async fn grouping_named(
        &self,
        db: &mut impl Database,
        number: GroupingNumber,
        text: &str,
    ) -> Step<Option<GroupingRefId>> {
        let wanted = fold(text);
        let values = self.values_of(db, number, None).await?;
        Ok(values.into_iter().find(|value| fold(&value.description) == wanted).map(|value| value.id))
    }

    async fn grouping_text(
        &self,
        db: &mut impl Database,
        number: GroupingNumber,
        id: GroupingRefId,
    ) -> Step<Option<String>> {
        let rows = db.rows(&names(&self.sql, number).text_of(), &values![id.get()]).await?;
        rows.first().map(|row| row.text(0)).transpose()
    }
}

impl Statements {
    /// The expression that gives a person's value as an id.
    pub(super) fn grouping_expression(&self, number: GroupingNumber) -> String {
        let Some(real) = self.mapping().real_column(Table::Employee, number.logical()) else {
            return "NULL".to_owned();
        };
        let column = format!("e.{}", quote(real));
        if self.mapping().groupings() != GroupingsKind::TextColumn {
            return column;
        }
        format!(
            "(SELECT g.grouping_ref_id FROM {} g WHERE g.grouping_number = {number} AND g.description = {column})",
            self.own("grouping")
        )
    }

    /// The statement that gives ids to the texts of a grouping, where the site keeps them so.
    pub(super) fn register_texts(&self, number: GroupingNumber) -> Option<String> {
        let column = self.text_column(number)?;
        let (own, count) = (self.own("grouping"), self.dialect().count());
        Some(format!(
            "INSERT INTO {own} (grouping_number, description) SELECT DISTINCT {number}, e.{column} FROM {} e \
             WHERE e.{column} IS NOT NULL AND e.{column} <> '' AND NOT EXISTS (SELECT 1 FROM {own} g \
             WHERE g.grouping_number = {number} AND g.description = e.{column}){count}",
            self.table(Table::Employee)
        ))
    }

    /// The statement that renames a text in all people, where the site keeps groupings so.
    pub(super) fn rename_texts(&self, number: GroupingNumber) -> Option<String> {
        let column = self.text_column(number)?;
        let dialect = self.dialect();
        let table = self.table(Table::Employee);
        let (new, old, count) = (dialect.mark(1), dialect.mark(2), dialect.count());
        Some(format!("UPDATE {table} SET {column} = {new} WHERE {column} = {old}{count}"))
    }

    fn text_column(&self, number: GroupingNumber) -> Option<String> {
        if self.mapping().groupings() != GroupingsKind::TextColumn {
            return None;
        }
        self.mapping().real_column(Table::Employee, number.logical()).map(quote)
    }
}

/// The statements on the values of a grouping, for the golden texts.
#[cfg(test)]
pub(super) fn texts(sql: &Statements, number: GroupingNumber) -> Vec<(String, String)> {
    let names = names(sql, number);
    let mut texts = vec![
        ("values of a grouping".to_owned(), names.select()),
        ("new value of a grouping".to_owned(), names.insert()),
        ("rename a value of a grouping".to_owned(), names.rename()),
        ("text of a value".to_owned(), names.text_of()),
    ];
    texts.extend(sql.register_texts(number).map(|text| ("register the texts of people".to_owned(), text)));
    texts.extend(sql.rename_texts(number).map(|text| ("rename the texts of people".to_owned(), text)));
    texts
}

fn names(sql: &Statements, number: GroupingNumber) -> Names<'_> {
    let mapping = sql.mapping();
    let table = sql.dialect().table(&mapping.grouping_name(number));
    let real = |logical, default: &str| quote(mapping.real_column(Table::GroupingRef, logical).unwrap_or(default));
    match mapping.groupings() {
        GroupingsKind::TextColumn => Names {
            sql,
            number,
            table,
            id: "grouping_ref_id".to_owned(),
            number_column: Some("grouping_number".to_owned()),
            text: "description".to_owned(),
        },
        kind => Names {
            sql,
            number,
            table,
            id: real("id", "grouping_ref_id"),
            number_column: (kind == GroupingsKind::OneTable).then(|| real("number", "grouping_number")),
            text: real("description", "description"),
        },
    }
}

impl Names<'_> {
    fn select(&self) -> String {
        let filter = self.of_this(" WHERE g.");
        let (id, receipt) =
            (format!("g.{}", self.id), self.sql.receipt_of(LinkEntity::Grouping, &format!("g.{}", self.id)));
        format!("SELECT {id}, g.{}, {receipt} FROM {} g{filter} ORDER BY 1", self.text, self.table)
    }

    fn insert(&self) -> String {
        let columns: Vec<&str> = std::iter::once(&self.text).chain(&self.number_column).map(String::as_str).collect();
        let marks = self.sql.marks(1, columns.len());
        let id = self.sql.dialect().new_id();
        format!("INSERT INTO {} ({}) VALUES ({marks}){id}", self.table, columns.join(", "))
    }

    fn rename(&self) -> String {
        let dialect = self.sql.dialect();
        let (text, id, count) = (dialect.mark(1), dialect.mark(2), dialect.count());
        format!("UPDATE {} SET {} = {text} WHERE {} = {id}{count}", self.table, self.text, self.id)
    }

    fn text_of(&self) -> String {
        let (mark, filter) = (self.sql.dialect().mark(1), self.of_this(" AND "));
        format!("SELECT {} FROM {} WHERE {} = {mark}{filter}", self.text, self.table, self.id)
    }

    fn of_this(&self, before: &str) -> String {
        let filter = |column: &String| format!("{before}{column} = {}", self.number);
        self.number_column.as_ref().map_or_else(String::new, filter)
    }
}
