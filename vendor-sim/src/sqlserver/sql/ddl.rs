//! Tables and indexes are made, changed and dropped, in SQLite and in the catalogue.

use std::fmt::Write;

use sqlparser::ast::{
    AlterTable, AlterTableOperation, ColumnDef, ColumnOption, CreateIndex, CreateTable, Expr, Ident, IndexColumn,
    ObjectName, ObjectType, Statement, TableConstraint,
};

use super::catalogue::{Catalogue, Column, Foreign, Key, Table, same};
use super::functions::COLLATION;
use super::infer::{Scope, Variables};
use super::names::{bracketed, exact_collation, last};
use super::rewrite::{Rewriter, Tables};
use super::types::{Family, SqlType};
use crate::sqlserver::errors::SqlError;

/// Statements for SQLite and what they do to the catalogue.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) sql: Vec<String>,
    pub(crate) change: Change,
}

/// A change of the catalogue.
#[derive(Debug)]
pub(crate) enum Change {
    Table(Table),
    Index { table: String, key: Option<Key> },
    Drop(String),
    DropIndex(String),
    Column { table: String, column: Column },
    Nothing,
}

impl Change {
    pub(crate) fn apply(self, catalogue: &mut Catalogue) {
        match self {
            Self::Table(table) => catalogue.add(table),
            Self::Index { table, key } => {
                if let Some(table) = catalogue.table_mut(&table) {
                    table.keys.extend(key);
                }
            }
            Self::Drop(name) => catalogue.remove(&name),
            Self::DropIndex(name) => catalogue.remove_index(&name),
            Self::Column { table, column } => {
                if let Some(table) = catalogue.table_mut(&table) {
                    table.columns.push(column);
                }
            }
            Self::Nothing => {}
        }
    }
}

/// What a statement of this kind does; `None` if it is of another kind.
pub(crate) fn define(
    statement: &Statement,
    catalogue: &Catalogue,
    case_matters: bool,
) -> Option<Result<Definition, SqlError>> {
    let maker = Maker { catalogue, case_matters };
    Some(match statement {
        Statement::CreateTable(table) => maker.table(table),
        Statement::CreateIndex(index) => maker.index(index),
        Statement::Drop { object_type: ObjectType::Table, if_exists, names, .. } => maker.drop(names, *if_exists),
        Statement::Drop { object_type: ObjectType::Index, names, .. } => Ok(drop_index(names)),
        Statement::AlterTable(alter) => maker.alter(alter),
        Statement::Truncate(truncate) => match truncate.table_names.first() {
            Some(target) => Ok(Definition {
                sql: vec![format!("DELETE FROM {}", bracketed(last(&target.name)))],
                change: Change::Nothing,
            }),
            None => Err(SqlError::syntax("TRUNCATE")),
        },
        _ => return None,
    })
}

/// Nothing but the table that is being made.
#[derive(Debug)]
struct NoTables;

impl Tables for NoTables {
    fn has_table(&self, _: &str) -> bool {
        false
    }

    fn has_variable(&self, _: &str) -> bool {
        false
    }
}

struct Maker<'a> {
    catalogue: &'a Catalogue,
    case_matters: bool,
}

impl Maker<'_> {
    fn table(&self, create: &CreateTable) -> Result<Definition, SqlError> {
        let name = last(&create.name).to_owned();
        if self.catalogue.table(&name).is_some() {
            return Err(SqlError::new(2714, format!("There is already an object named '{name}' in the database.")));
        }
        let mut table = Table {
            id: 0,
            name: name.clone(),
            columns: Vec::new(),
            keys: Vec::new(),
            foreign: Vec::new(),
            triggers: Vec::new(),
        };
        let mut lines = Vec::new();
        for column in &create.columns {
            lines.push(self.column(column, &mut table)?);
        }
        for constraint in &create.constraints {
            lines.push(self.constraint(constraint, &mut table)?);
        }
        // The primary key is the order of the rows, as a clustered one is.
        let clustered = table.keys.iter().any(|key| key.primary);
        let tail = if clustered { " WITHOUT ROWID" } else { "" };
        let sql = format!("CREATE TABLE {} (\n  {}\n){tail}", bracketed(&name), lines.join(",\n  "));
        Ok(Definition { sql: vec![sql], change: Change::Table(table) })
    }

    fn column(&self, definition: &ColumnDef, table: &mut Table) -> Result<String, SqlError> {
        let name = definition.name.value.clone();
        let text = definition.data_type.to_string();
        let kind = SqlType::parse(&text)
            .ok_or_else(|| SqlError::new(2715, format!("Column '{name}': cannot find data type {text}.")))?;
        let mut column = Column { name: name.clone(), kind, nullable: true, identity: false, default: None };
        let mut sql = format!("{} {}", bracketed(&name), kind.declared());
        if kind.family() == Family::Text && !self.case_matters && !is_exact(definition) {
            sql.push_str(" COLLATE ");
            sql.push_str(COLLATION);
        }
        for option in &definition.options {
            let constraint = option.name.as_ref().map(|name| name.value.clone());
            match &option.option {
                ColumnOption::NotNull => column.nullable = false,
                ColumnOption::Identity(_) => {
                    column.identity = true;
                    column.nullable = false;
                }
                ColumnOption::Default(value) => {
                    column.default = Some(default_text(value));
                    let _ = write!(sql, " DEFAULT ({})", self.expression(value)?);
                }
                ColumnOption::PrimaryKey(_) => {
                    column.nullable = false;
                    table.keys.push(key(constraint, "PK", &table.name, std::slice::from_ref(&name), true));
                    sql.push_str(" PRIMARY KEY");
                }
                ColumnOption::Unique(_) => {
                    table.keys.push(key(constraint, "UQ", &table.name, std::slice::from_ref(&name), false));
                    sql.push_str(" UNIQUE");
                }
                ColumnOption::Check(check) => {
                    let named = constraint.map(|name| format!("CONSTRAINT {} ", bracketed(&name))).unwrap_or_default();
                    let _ = write!(sql, " {named}CHECK ({})", self.expression(&check.expr)?);
                }
                ColumnOption::ForeignKey(foreign) => {
                    table.foreign.push(Foreign {
                        name: constraint.unwrap_or_else(|| format!("FK_{name}")),
                        to: last(&foreign.foreign_table).to_owned(),
                    });
                    sql.push_str(&references(&foreign.foreign_table, &foreign.referred_columns));
                }
                _ => {}
            }
        }
        if !column.nullable {
            sql.push_str(" NOT NULL");
        }
        table.columns.push(column);
        Ok(sql)
    }

    fn constraint(&self, constraint: &TableConstraint, table: &mut Table) -> Result<String, SqlError> {
        let named = |name: Option<&Ident>| {
            name.map(|name| format!("CONSTRAINT {} ", bracketed(&name.value))).unwrap_or_default()
        };
        let text = |name: Option<&Ident>| name.map(|name| name.value.clone());
        Ok(match constraint {
            TableConstraint::PrimaryKey(primary) => {
                let columns = index_columns(&primary.columns);
                table.keys.push(key(text(primary.name.as_ref()), "PK", &table.name, &columns, true));
                format!("{}PRIMARY KEY ({})", named(primary.name.as_ref()), list(&columns))
            }
            TableConstraint::Unique(unique) => {
                let columns = index_columns(&unique.columns);
                table.keys.push(key(text(unique.name.as_ref()), "UQ", &table.name, &columns, false));
                format!("{}UNIQUE ({})", named(unique.name.as_ref()), list(&columns))
            }
            TableConstraint::ForeignKey(foreign) => {
                let columns: Vec<String> = foreign.columns.iter().map(|column| column.value.clone()).collect();
                let to = last(&foreign.foreign_table);
                if self.catalogue.table(to).is_none() && !same(to, &table.name) {
                    return Err(SqlError::new(1767, format!("A foreign key references the unknown table '{to}'.")));
                }
                let name = text(foreign.name.as_ref()).unwrap_or_else(|| format!("FK_{}", table.name));
                table.foreign.push(Foreign { name, to: to.to_owned() });
                let references = references(&foreign.foreign_table, &foreign.referred_columns);
                format!("{}FOREIGN KEY ({}){references}", named(foreign.name.as_ref()), list(&columns))
            }
            TableConstraint::Check(check) => {
                format!("{}CHECK ({})", named(check.name.as_ref()), self.expression(&check.expr)?)
            }
            other => return Err(SqlError::syntax(&other.to_string())),
        })
    }

    fn index(&self, create: &CreateIndex) -> Result<Definition, SqlError> {
        let table = last(&create.table_name).to_owned();
        if self.catalogue.table(&table).is_none() {
            return Err(SqlError::new(1088, format!("Cannot find the object \"{table}\".")));
        }
        let name = create.name.as_ref().map(|name| last(name).to_owned()).unwrap_or_default();
        let columns = index_columns(&create.columns);
        let unique = if create.unique { "UNIQUE " } else { "" };
        let filter = match &create.predicate {
            Some(predicate) => format!(" WHERE {}", self.expression(predicate)?),
            None => String::new(),
        };
        let sql =
            format!("CREATE {unique}INDEX {} ON {} ({}){filter}", bracketed(&name), bracketed(&table), list(&columns));
        let key = create.unique.then(|| Key {
            name,
            columns: columns.iter().map(|column| column.to_lowercase()).collect(),
            primary: false,
            index: true,
        });
        Ok(Definition { sql: vec![sql], change: Change::Index { table, key } })
    }

    fn drop(&self, names: &[ObjectName], if_exists: bool) -> Result<Definition, SqlError> {
        let name = names.first().map(last).unwrap_or_default().to_owned();
        if self.catalogue.table(&name).is_none() {
            if if_exists {
                return Ok(Definition { sql: Vec::new(), change: Change::Nothing });
            }
            return Err(SqlError::new(3701, format!("Cannot drop the table '{name}', because it does not exist.")));
        }
        Ok(Definition { sql: vec![format!("DROP TABLE {}", bracketed(&name))], change: Change::Drop(name) })
    }

    /// Adds a column; the other ways of changing a table are not needed.
    fn alter(&self, alter: &AlterTable) -> Result<Definition, SqlError> {
        let name = last(&alter.name).to_owned();
        let Some(found) = self.catalogue.table(&name) else {
            return Err(SqlError::new(4902, format!("Cannot find the object \"{name}\".")));
        };
        let [AlterTableOperation::AddColumn { column_def, .. }] = alter.operations.as_slice() else {
            return Err(SqlError::new(50_000, "the simulator changes tables by ADD of a column only"));
        };
        let mut table = found.clone();
        let sql = self.column(column_def, &mut table)?;
        let Some(column) = table.columns.pop() else { return Err(SqlError::syntax("ALTER TABLE")) };
        Ok(Definition {
            sql: vec![format!("ALTER TABLE {} ADD COLUMN {sql}", bracketed(&name))],
            change: Change::Column { table: name, column },
        })
    }

    fn expression(&self, expression: &Expr) -> Result<String, SqlError> {
        let mut expression = expression.clone();
        let variables = Variables::new();
        Rewriter::new(Scope::new(self.catalogue, &variables), &NoTables).rewrite(&mut expression)?;
        Ok(expression.to_string())
    }
}

/// A default as the information schema shows it: a number in two pairs of parentheses, all else in one.
fn default_text(value: &Expr) -> String {
    match value {
        Expr::Nested(inner) => default_text(inner),
        Expr::Value(number) if number.to_string().starts_with(|sign: char| sign.is_ascii_digit()) => {
            format!("(({number}))")
        }
        other => format!("({other})"),
    }
}

/// Whether a column's texts are compared letter by letter.
fn is_exact(definition: &ColumnDef) -> bool {
    definition.options.iter().any(|option| match &option.option {
        ColumnOption::Collation(name) => exact_collation(last(name)),
        _ => false,
    })
}

fn drop_index(names: &[ObjectName]) -> Definition {
    let name = names.first().map(last).unwrap_or_default().to_owned();
    Definition { sql: vec![format!("DROP INDEX {}", bracketed(&name))], change: Change::DropIndex(name) }
}

fn key(name: Option<String>, kind: &str, table: &str, columns: &[String], primary: bool) -> Key {
    Key {
        name: name.unwrap_or_else(|| format!("{kind}__{table}")),
        columns: columns.iter().map(|column| column.to_lowercase()).collect(),
        primary,
        index: false,
    }
}

fn index_columns(columns: &[IndexColumn]) -> Vec<String> {
    columns
        .iter()
        .map(|column| match &column.column.expr {
            Expr::Identifier(ident) => ident.value.clone(),
            other => other.to_string(),
        })
        .collect()
}

fn list(columns: &[String]) -> String {
    columns.iter().map(|column| bracketed(column)).collect::<Vec<_>>().join(", ")
}

fn references(table: &ObjectName, columns: &[Ident]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| column.value.clone()).collect();
    let columns = if columns.is_empty() { String::new() } else { format!(" ({})", list(&columns)) };
    format!(" REFERENCES {}{columns}", bracketed(last(table)))
}
