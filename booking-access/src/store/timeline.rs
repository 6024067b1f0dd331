//! Who held which door from when to when, as the door system confirmed it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row};
use serde::Serialize;

use super::{instant, millis};
use crate::AccessError;

/// A right to one door that the door system confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimelineRow {
    /// Number of the person.
    pub person: i64,
    /// The door.
    pub door: String,
    /// When it was confirmed.
    pub opened: DateTime<Utc>,
    /// When its withdrawal was confirmed; `None` while it lasts.
    pub closed: Option<DateTime<Utc>>,
}

/// A person holds exactly these doors from now on.
pub(crate) fn set_doors(
    connection: &Connection,
    person: i64,
    doors: &BTreeSet<String>,
    now: DateTime<Utc>,
) -> Result<(), AccessError> {
    let held: BTreeSet<String> = {
        let mut statement =
            connection.prepare_cached("SELECT door FROM timeline WHERE person = ?1 AND closed IS NULL")?;
        statement.query_map([person], |row| row.get(0))?.collect::<Result<_, _>>()?
    };
    for door in held.difference(doors) {
        connection
            .prepare_cached("UPDATE timeline SET closed = ?3 WHERE person = ?1 AND door = ?2 AND closed IS NULL")?
            .execute((person, door, millis(now)))?;
    }
    for door in doors.difference(&held) {
        connection.prepare_cached("INSERT INTO timeline (person, door, opened) VALUES (?1, ?2, ?3)")?.execute((
            person,
            door,
            millis(now),
        ))?;
    }
    Ok(())
}

/// A person holds no door any more.
pub(crate) fn close_all(connection: &Connection, person: i64, now: DateTime<Utc>) -> Result<(), AccessError> {
    set_doors(connection, person, &BTreeSet::new(), now)
}

/// Rights that were held at some time between.
pub(crate) fn timeline_between(
    connection: &Connection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<TimelineRow>, AccessError> {
    let mut statement = connection.prepare_cached(
        "SELECT person, door, opened, closed FROM timeline
         WHERE opened < ?2 AND (closed IS NULL OR closed > ?1) ORDER BY door, opened, person",
    )?;
    Ok(statement.query_map([millis(from), millis(to)], TimelineRow::read)?.collect::<Result<_, _>>()?)
}

/// All rights of one person that are kept.
pub(crate) fn timeline_of(connection: &Connection, person: i64) -> Result<Vec<TimelineRow>, AccessError> {
    let query = "SELECT person, door, opened, closed FROM timeline WHERE person = ?1 ORDER BY opened, door";
    let mut statement = connection.prepare_cached(query)?;
    Ok(statement.query_map([person], TimelineRow::read)?.collect::<Result<_, _>>()?)
}

/// The doors that everybody holds now.
pub(crate) fn open_rights(connection: &Connection) -> Result<BTreeMap<i64, BTreeSet<String>>, AccessError> {
    let mut statement = connection.prepare_cached("SELECT person, door FROM timeline WHERE closed IS NULL")?;
    let mut rows = statement.query([])?;
    let mut held: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        held.entry(row.get(0)?).or_default().insert(row.get(1)?);
    }
    Ok(held)
}

impl TimelineRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            person: row.get(0)?,
            door: row.get(1)?,
            opened: instant(row.get(2)?),
            closed: row.get::<_, Option<i64>>(3)?.map(instant),
        })
    }
}

/// How many rights were given and withdrawn since.
pub(crate) fn timeline_counts(connection: &Connection, since: DateTime<Utc>) -> Result<(u64, u64), AccessError> {
    let count = |column: &str| {
        let query = format!("SELECT count(*) FROM timeline WHERE {column} >= ?1");
        connection.query_row(&query, [millis(since)], |row| row.get::<_, i64>(0))
    };
    let unsigned = |count: i64| u64::try_from(count).unwrap_or_default();
    Ok((unsigned(count("opened")?), unsigned(count("closed")?)))
}

/// Forgets what was over before; returns how many.
pub(crate) fn delete_timeline_before(connection: &Connection, before: DateTime<Utc>) -> Result<usize, AccessError> {
    Ok(connection.execute("DELETE FROM timeline WHERE closed < ?1", [millis(before)])?)
}
