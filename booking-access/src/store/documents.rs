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

/// Puts something there, in place of what was.
///
/// # Errors
/// The store.
pub fn put_document(
    connection: &Connection,
    kind: &str,
    key: &str,
    value: &impl Serialize,
) -> Result<(), AccessError> {
    let text = serde_json::to_string(value).map_err(|_| AccessError::Damaged("a document cannot be written"))?;
    connection
        .prepare_cached("INSERT OR REPLACE INTO documents (kind, key, value) VALUES (?1, ?2, ?3)")?
        .execute((kind, key, text))?;
    Ok(())
}
