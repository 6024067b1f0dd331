//! Small documents.

use rusqlite::{Connection, params};
use serde_json::Value;

use super::codec::{json, json_at};
use super::fault::Found;

const PUT: &str = "INSERT INTO document (kind, key, value) VALUES (?1, ?2, ?3)
    ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value";
const DELETE: &str = "DELETE FROM document WHERE kind = ?1 AND key = ?2";
const ONE: &str = "SELECT value FROM document WHERE kind = ?1 AND key = ?2";
const FROM: &str = "SELECT key, value FROM document WHERE kind = ?1 AND key >= ?2 ORDER BY key";

pub(super) fn put(connection: &Connection, kind: &str, key: &str, value: &Value) -> Found<()> {
    connection.prepare_cached(PUT)?.execute(params![kind, key, json(value)?])?;
    Ok(())
}

pub(super) fn delete(connection: &Connection, kind: &str, key: &str) -> Found<()> {
    connection.prepare_cached(DELETE)?.execute([kind, key])?;
    Ok(())
}

pub(super) fn one(connection: &Connection, kind: &str, key: &str) -> Found<Option<Value>> {
    let mut one = connection.prepare_cached(ONE)?;
    let mut rows = one.query([kind, key])?;
    rows.next()?.map(|row| json_at(row, 0, "a document")).transpose()
}

/// Keys with a prefix lie together.
pub(super) fn with_prefix(connection: &Connection, kind: &str, prefix: &str) -> Found<Vec<(String, Value)>> {
    let mut from = connection.prepare_cached(FROM)?;
    let mut rows = from.query([kind, prefix])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let key: String = row.get(0)?;
        if !key.starts_with(prefix) {
            break;
        }
        found.push((key, json_at(row, 1, "a document")?));
    }
    Ok(found)
}
