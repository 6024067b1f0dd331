//! Records as last seen.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::batch::{Batch, Noted};
use super::codec::{fingerprint_at, instant_at, json, json_at, micros, optional_json, optional_json_at};
use super::fault::Found;
use crate::journal::{Seen, Stream};
use crate::model::ExternalId;

const FIND: &str = "SELECT n FROM seen WHERE stream = ?1 AND id = ?2";
const INSERT: &str =
    "INSERT INTO seen (stream, id, n, fingerprint, missing, missing_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const UPDATE: &str = "UPDATE seen SET fingerprint = ?3, missing = ?4, missing_at = ?5 WHERE stream = ?1 AND id = ?2";
const INSERT_BODY: &str =
    "INSERT INTO seen_body (fields, title, marker, revision, invalid) VALUES (?1, ?2, ?3, ?4, ?5)";
const UPDATE_BODY: &str =
    "UPDATE seen_body SET fields = ?1, title = ?2, marker = ?3, revision = ?4, invalid = ?5 WHERE n = ?6";
const GONE: &str = "UPDATE seen SET missing = 4294967295, missing_at = ?3 WHERE stream = ?1 AND id = ?2";
const ONE: &str =
    "SELECT s.id, s.fingerprint, b.fields, b.title, b.marker, b.revision, b.invalid, s.missing, s.missing_at
    FROM seen s JOIN seen_body b ON b.n = s.n WHERE s.stream = ?1 AND s.id = ?2";
const ALL: &str =
    "SELECT s.id, s.fingerprint, b.fields, b.title, b.marker, b.revision, b.invalid, s.missing, s.missing_at
    FROM seen s CROSS JOIN seen_body b ON b.n = s.n WHERE s.stream = ?1 ORDER BY s.id";

pub(super) fn write(batch: &mut Batch<'_>, stream: &Stream, rows: &[Seen]) -> Found<()> {
    let connection = batch.connection;
    let stream = batch.names.make_stream(connection, stream)?;
    let mut find = connection.prepare_cached(FIND)?;
    let mut insert = connection.prepare_cached(INSERT)?;
    let mut update = connection.prepare_cached(UPDATE)?;
    let mut insert_body = connection.prepare_cached(INSERT_BODY)?;
    let mut update_body = connection.prepare_cached(UPDATE_BODY)?;
    for row in rows {
        let (fields, marker) = (json(&row.fields)?, optional_json(row.marker.as_ref())?);
        let invalid = optional_json(row.invalid.as_ref())?;
        let (fingerprint, missing_at) = (row.fingerprint.to_bytes(), micros(row.missing_at));
        let known: Option<i64> = find.query_row(params![stream, row.id.as_str()], |row| row.get(0)).optional()?;
        let n = if let Some(n) = known {
            update.execute(params![stream, row.id.as_str(), fingerprint, row.missing, missing_at])?;
            update_body.execute(params![fields, row.title, marker, row.revision, invalid, n])?;
            n
        } else {
            insert_body.execute(params![fields, row.title, marker, row.revision, invalid])?;
            let n = connection.last_insert_rowid();
            insert.execute(params![stream, row.id.as_str(), n, fingerprint, row.missing, missing_at])?;
            n
        };
        if let Some(noted) = &mut batch.noted {
            noted.push(Noted { stream, n, id: row.id.clone() });
        }
    }
    Ok(())
}

pub(super) fn gone(batch: &mut Batch<'_>, stream: &Stream, id: &ExternalId, at: DateTime<Utc>) -> Found<()> {
    if let Some(stream) = batch.names.find_stream(batch.connection, stream)? {
        let mut gone = batch.connection.prepare_cached(GONE)?;
        gone.execute(params![stream, id.as_str(), at.timestamp_micros()])?;
    }
    Ok(())
}

pub(super) fn one(connection: &Connection, stream: i64, id: &ExternalId) -> Found<Option<Seen>> {
    let mut one = connection.prepare_cached(ONE)?;
    let mut rows = one.query(params![stream, id.as_str()])?;
    rows.next()?.map(read).transpose()
}

pub(super) fn all(connection: &Connection, stream: i64) -> Found<Vec<Seen>> {
    let mut all = connection.prepare_cached(ALL)?;
    let mut rows = all.query([stream])?;
    let mut seen = Vec::new();
    while let Some(row) = rows.next()? {
        seen.push(read(row)?);
    }
    Ok(seen)
}

fn read(row: &Row<'_>) -> Found<Seen> {
    Ok(Seen {
        id: ExternalId::from(row.get::<_, String>(0)?),
        fingerprint: fingerprint_at(row, 1)?,
        fields: json_at(row, 2, "the fields of a record")?,
        title: row.get(3)?,
        marker: optional_json_at(row, 4, "the marker of a record")?,
        revision: row.get(5)?,
        invalid: optional_json_at(row, 6, "the fault of a record")?,
        missing: row.get(7)?,
        missing_at: instant_at(row, 8)?,
    })
}
