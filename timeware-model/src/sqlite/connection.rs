//! A SQLite connection that runs the statements of the rules.

use std::future::{Future, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};

use super::fault::fault;
use crate::error::{Error, ErrorKind};
use crate::sql::value::{Row, Value, local_text, utc_text};
use crate::sql::{Database, Step};

/// A connection whose answers are there at once.
#[derive(Debug)]
pub(super) struct SqliteDatabase(pub(super) Connection);

/// The answer of a future that never waits.
pub(super) fn at_once<T>(future: impl Future<Output = Step<T>>) -> Step<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => Err(Error::new(ErrorKind::Protocol, "the embedded store was asked to wait").into()),
    }
}

impl SqliteDatabase {
    pub(super) fn begin(&mut self) -> Step<()> {
        // A transaction is open here only where a panic left the last one; it was not to be kept.
        if !self.0.is_autocommit() {
            self.roll_back();
        }
        self.0.execute_batch("BEGIN IMMEDIATE").map_err(fault)
    }

    pub(super) fn commit(&mut self) -> Step<()> {
        self.0.execute_batch("COMMIT").map_err(|error| {
            self.roll_back();
            fault(error)
        })
    }

    /// SQLite may have rolled back already; then there is nothing to do.
    pub(super) fn roll_back(&self) {
        if !self.0.is_autocommit()
            && let Err(error) = self.0.execute_batch("ROLLBACK")
        {
            tracing::warn!(%error, "a transaction could not be rolled back");
        }
    }

    fn query(&self, text: &str, values: &[Value]) -> rusqlite::Result<Vec<Row>> {
        let mut statement = self.0.prepare_cached(text)?;
        let columns = statement.column_count();
        let mut rows = statement.query(params_from_iter(values))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let cell = |at| row.get_ref(at).map(read);
            found.push(Row::new((0..columns).map(cell).collect::<rusqlite::Result<_>>()?));
        }
        Ok(found)
    }

    fn execute(&self, text: &str, values: &[Value]) -> rusqlite::Result<u64> {
        let count = self.0.prepare_cached(text)?.execute(params_from_iter(values))?;
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

impl Database for SqliteDatabase {
    fn rows(&mut self, text: &str, values: &[Value]) -> impl Future<Output = Step<Vec<Row>>> + Send {
        ready(self.query(text, values).map_err(fault))
    }

    fn change(&mut self, text: &str, values: &[Value]) -> impl Future<Output = Step<u64>> + Send {
        ready(self.execute(text, values).map_err(fault))
    }

    fn insert(&mut self, text: &str, values: &[Value]) -> impl Future<Output = Step<Option<i64>>> + Send {
        let made = self.execute(text, values).map(|count| (count > 0).then(|| self.0.last_insert_rowid()));
        ready(made.map_err(fault))
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Value::Null | Value::Other => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Integer(number) => ToSqlOutput::from(*number),
            Value::Text(text) => ToSqlOutput::from(text.as_str()),
            Value::Time(time) => ToSqlOutput::from(local_text(*time)),
            Value::OwnTime(time) => ToSqlOutput::from(time.format("%Y-%m-%dT%H:%M:%S").to_string()),
            Value::Instant(at) => ToSqlOutput::from(utc_text(*at)),
        })
    }
}

fn read(cell: ValueRef<'_>) -> Value {
    match cell {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(text) => std::str::from_utf8(text).map_or(Value::Other, Value::from),
        ValueRef::Real(_) | ValueRef::Blob(_) => Value::Other,
    }
}
