//! The audit trail; every row carries a hash over itself and the row before it.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::codec::{json, json_at};
use super::fault::Found;
use crate::journal::{AuditEntry, AuditRow};
use crate::model::ExternalId;

const LAST: &str = "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1";
const APPEND: &str = "INSERT INTO audit (number, record, entry, hash) VALUES (?1, ?2, ?3, ?4)";
const NEWEST: &str = "SELECT number, entry, hash FROM audit ORDER BY number DESC LIMIT ?1";
const NEWEST_OF: &str = "SELECT number, entry, hash FROM audit WHERE record = ?2 ORDER BY number DESC LIMIT ?1";

/// The end of the trail during a batch.
#[derive(Debug, Default)]
pub(super) struct Chain {
    last: Option<(i64, String)>,
}

impl Chain {
    pub(super) fn append(&mut self, connection: &Connection, entry: &AuditEntry) -> Found<()> {
        let (number, previous) = match self.last.take() {
            Some(last) => last,
            None => last(connection)?.unwrap_or_default(),
        };
        let (number, hash) = (number + 1, entry.chained(&previous));
        let mut append = connection.prepare_cached(APPEND)?;
        append.execute(params![number, entry.record.as_str(), json(entry)?, hash])?;
        self.last = Some((number, hash));
        Ok(())
    }
}

fn last(connection: &Connection) -> Found<Option<(i64, String)>> {
    let mut last = connection.prepare_cached(LAST)?;
    Ok(last.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

pub(super) fn newest(connection: &Connection, record: Option<&ExternalId>, limit: usize) -> Found<Vec<AuditRow>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(if record.is_some() { NEWEST_OF } else { NEWEST })?;
    let mut rows = match record {
        Some(record) => statement.query(params![limit, record.as_str()])?,
        None => statement.query([limit])?,
    };
    let mut newest = Vec::new();
    while let Some(row) = rows.next()? {
        newest.push(AuditRow {
            number: row.get::<_, i64>(0)?.cast_unsigned(),
            entry: json_at(row, 1, "a row of the audit trail")?,
            hash: row.get(2)?,
        });
    }
    Ok(newest)
}
