//! Small things by kind and key, such as the state of a feed.

use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::AccessError;

/// What was put there, if it can still be read.
///
/// # Errors
/// The store.
pub fn document<T: DeserializeOwned>(connection: &Connection, kind: &str, key: &str) -> Result<Option<T>, AccessError> {
    let text: Option<String> = connection
        .prepare_cached("SELECT value FROM documents WHERE kind = ?1 AND key = ?2")?
        .query_row((kind, key), |row| row.get(0))
        .optional()?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// All of a kind, by key.
pub(crate) fn documents<T: DeserializeOwned>(
    connection: &Connection,
    kind: &str,
) -> Result<Vec<(String, T)>, AccessError> {
    let mut statement = connection.prepare_cached("SELECT key, value FROM documents WHERE kind = ?1 ORDER BY key")?;
    let rows = statement.query_map([kind], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    let rows: Vec<(String, String)> = rows.collect::<Result<_, _>>()?;
    Ok(rows.into_iter().filter_map(|(key, text)| Some((key, serde_json::from_str(&text).ok()?))).collect())
}

/// Takes away what was put there.
pub(crate) fn drop_document(connection: &Connection, kind: &str, key: &str) -> Result<(), AccessError> {
    connection.prepare_cached("DELETE FROM documents WHERE kind = ?1 AND key = ?2")?.execute((kind, key))?;
    Ok(())
}

/// Puts something there, in place of what was.
///
/// # Errors
/// The store.
pub fn put_document(connection: &Connection, kind: &str, key: &str, value: &impl Serialize) -> Result<(), AccessError> {
    let text = serde_json::to_string(value).map_err(|_| AccessError::Damaged("a document cannot be written"))?;
    connection
        .prepare_cached("INSERT OR REPLACE INTO documents (kind, key, value) VALUES (?1, ?2, ?3)")?
        .execute((kind, key, text))?;
    Ok(())
}
