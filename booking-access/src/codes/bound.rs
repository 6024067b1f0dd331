//! Which stay a code is for, on disk: the numbers of its bookings, beside the code itself.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension as _, Transaction};

use super::registry::CodeError;
use super::stays::{CodeStay, Held};

/// What older stores lack. Nothing stands there for a code that lasts.
pub(crate) const SCHEMA_OF_STAYS: &str = "ALTER TABLE code ADD COLUMN stay TEXT;";

/// The code that somebody has or is about to have, without the code itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    /// Which one.
    pub version: u32,
    stay: Option<BTreeSet<i64>>,
}

impl Bound {
    /// What the code is for that a person has.
    pub(crate) fn held(bound: Option<&Self>) -> Held<'_> {
        match bound {
            None => Held::Nothing,
            Some(Self { stay: None, .. }) => Held::Lasting,
            Some(Self { stay: Some(bookings), .. }) => Held::For(bookings),
        }
    }
}

/// The codes of all people who have one.
pub(crate) fn all_bound(connection: &Connection) -> Result<BTreeMap<String, Bound>, CodeError> {
    let query = "SELECT person, version, stay FROM code WHERE state IN ('reserved', 'active')";
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query([])?;
    let mut all = BTreeMap::new();
    while let Some(row) = rows.next()? {
        all.insert(row.get(0)?, Bound { version: row.get(1)?, stay: read(row.get(2)?)? });
    }
    Ok(all)
}

/// The code of one person.
pub(crate) fn bound(connection: &Connection, person: &str) -> Result<Option<Bound>, CodeError> {
    let query = "SELECT version, stay FROM code WHERE person = ?1 AND state IN ('reserved', 'active')";
    let row = connection.prepare_cached(query)?.query_row([person], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    row.map(|(version, stay)| Ok(Bound { version, stay: read(stay)? })).transpose()
}

/// From now on a code is for this stay; nothing changes without one.
pub(crate) fn bind(tx: &Transaction<'_>, version: u32, stay: Option<&CodeStay>) -> Result<(), CodeError> {
    stay.map_or(Ok(()), |stay| write(tx, version, &stay.bookings))
}

fn write(tx: &Transaction<'_>, version: u32, bookings: &BTreeSet<i64>) -> Result<(), CodeError> {
    let stay = serde_json::to_string(bookings).map_err(|_| CodeError::Damaged)?;
    tx.prepare_cached("UPDATE code SET stay = ?2 WHERE version = ?1")?.execute((version, stay))?;
    Ok(())
}

/// A code is for whatever another one was for.
pub(super) fn bind_like(tx: &Transaction<'_>, version: u32, other: Option<Bound>) -> Result<(), CodeError> {
    match other.and_then(|other| other.stay) {
        Some(bookings) => write(tx, version, &bookings),
        None => Ok(()),
    }
}

/// Codes last from now on, whatever they were for. Writes nothing where all of them do.
pub(crate) fn let_last(connection: &Connection) -> Result<(), CodeError> {
    let which = "stay NOT NULL AND state IN ('reserved', 'active')";
    let any = format!("SELECT EXISTS (SELECT 1 FROM code WHERE {which})");
    if connection.prepare_cached(&any)?.query_row([], |row| row.get(0))? {
        connection.execute(&format!("UPDATE code SET stay = NULL WHERE {which}"), [])?;
    }
    Ok(())
}

fn read(stay: Option<String>) -> Result<Option<BTreeSet<i64>>, CodeError> {
    stay.map(|text| serde_json::from_str(&text).map_err(|_| CodeError::Damaged)).transpose()
}
