//! Statement texts from mapped names, values as parameters only (rules S1, S15).

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use rusqlite::types::Value as Sql;
use rusqlite::{CachedStatement, Connection, params_from_iter};

use super::fault::Step;
use crate::config::Constant;
use crate::contract::Table;
use crate::error::{Error, ErrorKind};
use crate::mapping::{Mapping, quote};
use crate::rules::Value;

const LOCAL_FORMAT: &str = "%Y-%m-%d %H:%M:%S";

/// A local time as the database holds it.
pub(crate) fn local_text(time: NaiveDateTime) -> String {
    time.format(LOCAL_FORMAT).to_string()
}

/// An instant as the database holds it.
pub(crate) fn utc_text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Reads a local time; a fraction that another writer left is cut (rule S7).
pub(crate) fn read_local(text: &str) -> Result<NaiveDateTime, Error> {
    let whole = text.get(..19).unwrap_or(text).replace('T', " ");
    NaiveDateTime::parse_from_str(&whole, LOCAL_FORMAT)
        .map_err(|cause| Error::new(ErrorKind::Protocol, "a date in the database cannot be read").with_source(cause))
}

/// Reads an instant.
pub(crate) fn read_utc(text: &str) -> Result<DateTime<Utc>, Error> {
    text.parse().map_err(|cause| {
        Error::new(ErrorKind::Protocol, "an instant in the database cannot be read").with_source(cause)
    })
}

impl Value {
    fn into_sql(self) -> Option<Sql> {
        match self {
            Value::Null => None,
            Value::Integer(number) => Some(Sql::Integer(number)),
            Value::Text(text) => Some(Sql::Text(text)),
            Value::Time(time) => Some(Sql::Text(local_text(time))),
        }
    }
}

/// Statement texts, each built once from the mapping.
#[derive(Debug)]
pub(crate) struct Statements {
    mapping: Mapping,
    texts: Mutex<HashMap<&'static str, Arc<str>>>,
}

impl Statements {
    pub(crate) fn new(mapping: &Mapping) -> Self {
        Self { mapping: mapping.clone(), texts: Mutex::default() }
    }

    /// The text of a template; a template is its own name.
    pub(crate) fn text(&self, template: &'static str) -> Arc<str> {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(texts.entry(template).or_insert_with(|| self.mapping.expand(template).into()))
    }

    /// A prepared statement of a template.
    pub(crate) fn prepare<'c>(&self, db: &'c Connection, template: &'static str) -> Step<CachedStatement<'c>> {
        Ok(db.prepare_cached(&self.text(template))?)
    }

    pub(crate) fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// Inserts a row with the columns that have a value, and gives its id.
    pub(crate) fn insert(&self, tx: &Connection, table: Table, values: Vec<(&'static str, Value)>) -> Step<i64> {
        let (names, bound) = self.columns_to_insert(table, values);
        let marks = vec!["?"; names.len()].join(", ");
        let text =
            format!("INSERT INTO {} ({}) VALUES ({marks})", quote(self.mapping.real_table(table)), names.join(", "));
        tx.prepare_cached(&text)?.execute(params_from_iter(bound))?;
        Ok(tx.last_insert_rowid())
    }

    /// Inserts a row unless one with the same values in `same` exists (rule S5); `None` when one does.
    pub(crate) fn insert_guarded(
        &self,
        tx: &Connection,
        table: Table,
        values: Vec<(&'static str, Value)>,
        same: &[&str],
    ) -> Step<Option<i64>> {
        let keys: Vec<Sql> = pick(&values, same);
        let (names, bound) = self.columns_to_insert(table, values);
        let real = quote(self.mapping.real_table(table));
        let marks = vec!["?"; names.len()].join(", ");
        let text = format!(
            "INSERT INTO {real} ({}) SELECT {marks} WHERE NOT EXISTS (SELECT 1 FROM {real} WHERE {})",
            names.join(", "),
            self.equal(table, same)
        );
        let count = tx.prepare_cached(&text)?.execute(params_from_iter(bound.into_iter().chain(keys)))?;
        Ok((count > 0).then(|| tx.last_insert_rowid()))
    }

    /// The id of the row with the same values in `same`.
    pub(crate) fn find_same(
        &self,
        tx: &Connection,
        table: Table,
        values: &[(&'static str, Value)],
        same: &[&str],
    ) -> Step<Option<i64>> {
        let real = quote(self.mapping.real_table(table));
        let id = self.mapping.real_column(table, "id").map_or_else(|| "rowid".to_owned(), quote);
        let text = format!("SELECT {id} FROM {real} WHERE {} ORDER BY 1 LIMIT 1", self.equal(table, same));
        let mut statement = tx.prepare_cached(&text)?;
        let mut rows = statement.query(params_from_iter(pick(values, same)))?;
        Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
    }

    /// Updates a row by its id; `false` when there is none.
    pub(crate) fn update(
        &self,
        tx: &Connection,
        table: Table,
        id: i64,
        values: Vec<(&'static str, Value)>,
    ) -> Step<bool> {
        self.update_by(tx, table, "id", id, values)
    }

    /// Updates the rows that have `id` in the column `key`; `false` when there are none.
    pub(crate) fn update_by(
        &self,
        tx: &Connection,
        table: Table,
        key: &str,
        id: i64,
        values: Vec<(&'static str, Value)>,
    ) -> Step<bool> {
        let mut set = String::new();
        let mut bound = Vec::new();
        for (logical, value) in values {
            let Some(real) = self.mapping.real_column(table, logical) else { continue };
            let separator = if set.is_empty() { "" } else { ", " };
            let value = value.into_sql();
            let mark = if value.is_some() { "?" } else { "NULL" };
            let _ = write!(set, "{separator}{} = {mark}", quote(real));
            bound.extend(value);
        }
        let key = self.mapping.real_column(table, key).map_or_else(|| "rowid".to_owned(), quote);
        let real = quote(self.mapping.real_table(table));
        if set.is_empty() {
            let text = format!("SELECT 1 FROM {real} WHERE {key} = ?");
            return Ok(tx.prepare_cached(&text)?.exists([id])?);
        }
        let text = format!("UPDATE {real} SET {set} WHERE {key} = ?");
        bound.push(Sql::Integer(id));
        Ok(tx.prepare_cached(&text)?.execute(params_from_iter(bound))? > 0)
    }

    /// Columns without a value are left out, so that no null is ever bound; constants of the site win.
    fn columns_to_insert(&self, table: Table, values: Vec<(&'static str, Value)>) -> (Vec<String>, Vec<Sql>) {
        let constants = self.mapping.constants(table);
        let mut names = Vec::with_capacity(values.len() + constants.len());
        let mut bound = Vec::with_capacity(values.len() + constants.len());
        for (logical, value) in values {
            let Some(real) = self.mapping.real_column(table, logical) else { continue };
            if constants.iter().any(|(name, _)| name == real) {
                continue;
            }
            let Some(value) = value.into_sql() else { continue };
            names.push(quote(real));
            bound.push(value);
        }
        for (real, constant) in constants {
            names.push(quote(real));
            bound.push(match constant {
                Constant::Integer(number) => Sql::Integer(*number),
                Constant::Text(text) => Sql::Text(text.clone()),
            });
        }
        (names, bound)
    }

    fn equal(&self, table: Table, same: &[&str]) -> String {
        let real = |logical: &&str| self.mapping.real_column(table, logical).map(|real| format!("{} = ?", quote(real)));
        same.iter().filter_map(real).collect::<Vec<_>>().join(" AND ")
    }
}

fn pick(values: &[(&'static str, Value)], same: &[&str]) -> Vec<Sql> {
    let find = |wanted: &&str| values.iter().find(|(logical, _)| logical == wanted)?.1.clone().into_sql();
    same.iter().filter_map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_written_and_fractions_cut() {
        let time = read_local("2026-06-01 08:58:41").unwrap();
        assert_eq!(local_text(time), "2026-06-01 08:58:41");
        assert_eq!(read_local("2026-06-01T08:58:41.997").unwrap(), time);
        assert!(read_local("01/06/2026").is_err() && read_local("ä".repeat(12).as_str()).is_err());
        let at = read_utc("2026-06-01T07:58:41.123Z").unwrap();
        assert_eq!(utc_text(at), "2026-06-01T07:58:41.123Z");
    }
}
