//! Rows of people.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::{Deserialize, Serialize};

use super::{instant, millis};
use crate::AccessError;

const COLUMNS: &str = "id, key, address, name, first_name, last_name, first_seen, valid_from, end_of_validity, adopted, \
                       blocked, refused, erasing, examined, door_user, removed, told";

/// A person as they are kept.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// Number; the name in logs that name nobody.
    pub id: i64,
    /// Mail address, folded: the identity.
    pub key: String,
    /// Mail address as it was first written.
    pub address: String,
    /// Display name that the name was made of.
    pub name: Option<String>,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// When they were first seen.
    pub first_seen: DateTime<Utc>,
    /// From when on a right was ever confirmed.
    pub valid_from: Option<DateTime<Utc>>,
    /// Latest end of anything ever confirmed, grace included.
    pub end_of_validity: Option<DateTime<Utc>>,
    /// Found at the door system with our marker, not made by a booking.
    pub adopted: bool,
    /// Staff blocked them, for this reason.
    pub blocked: Option<String>,
    /// They are not made at the door system, for this reason.
    pub refused: Option<String>,
    /// They asked to be forgotten; they go once the door system has let them go.
    pub erasing: bool,
    /// The door system was asked for others with this address.
    pub examined: bool,
    /// Their id at the door system.
    pub door_user: Option<String>,
    /// When the door system confirmed that they are gone.
    pub removed: Option<DateTime<Utc>>,
    /// What they were told.
    pub told: Told,
}

/// What a person was told by mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    /// Version of the code.
    pub code: Option<u32>,
    /// Booking → what was said of it.
    pub bookings: BTreeMap<i64, String>,
}

impl PersonRow {
    /// Somebody new.
    pub(crate) fn new(key: &str, address: &str, now: DateTime<Utc>) -> Self {
        Self {
            id: 0,
            key: key.to_owned(),
            address: address.trim().to_owned(),
            name: None,
            first_name: String::new(),
            last_name: String::new(),
            first_seen: now,
            valid_from: None,
            end_of_validity: None,
            adopted: false,
            blocked: None,
            refused: None,
            erasing: false,
            examined: false,
            door_user: None,
            removed: None,
            told: Told::default(),
        }
    }

    /// How logs that name nobody call them.
    pub fn label(&self) -> String {
        format!("person {}", self.id)
    }

    /// Given and family name.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let at = |n| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(n)?.map(instant));
        Ok(Self {
            id: row.get(0)?,
            key: row.get(1)?,
            address: row.get(2)?,
            name: row.get(3)?,
            first_name: row.get(4)?,
            last_name: row.get(5)?,
            first_seen: instant(row.get(6)?),
            valid_from: at(7)?,
            end_of_validity: at(8)?,
            adopted: row.get(9)?,
            blocked: row.get(10)?,
            refused: row.get(11)?,
            erasing: row.get(12)?,
            examined: row.get(13)?,
            door_user: row.get(14)?,
            removed: at(15)?,
            told: serde_json::from_str(&row.get::<_, String>(16)?).unwrap_or_default(),
        })
    }
}

/// Names nobody.
impl fmt::Debug for PersonRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonRow({})", self.id)
    }
}

/// Everybody, by number.
pub(crate) fn all_people(connection: &Connection) -> Result<Vec<PersonRow>, AccessError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM people ORDER BY id"))?;
    Ok(statement.query_map([], PersonRow::read)?.collect::<Result<_, _>>()?)
}

pub(crate) fn person_by_key(connection: &Connection, key: &str) -> Result<Option<PersonRow>, AccessError> {
    one(connection, "key", key)
}

pub(crate) fn person_by_id(connection: &Connection, id: i64) -> Result<Option<PersonRow>, AccessError> {
    one(connection, "id", id)
}

pub(crate) fn person_by_door_user(connection: &Connection, id: &str) -> Result<Option<PersonRow>, AccessError> {
    one(connection, "door_user", id)
}

fn one(connection: &Connection, column: &str, value: impl rusqlite::ToSql) -> Result<Option<PersonRow>, AccessError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM people WHERE {column} = ?1"))?;
    Ok(statement.query_row([value], PersonRow::read).optional()?)
}

/// Adds a person; returns the number.
pub(crate) fn insert_person(connection: &Connection, person: &PersonRow) -> Result<i64, AccessError> {
    connection
        .prepare_cached(
            "INSERT INTO people (key, address, first_name, last_name, first_seen) VALUES (?1, ?2, '', '', ?3)",
        )?
        .execute((&person.key, &person.address, millis(person.first_seen)))?;
    let id = connection.last_insert_rowid();
    update_person(connection, &PersonRow { id, ..person.clone() })?;
    Ok(id)
}

pub(crate) fn update_person(connection: &Connection, person: &PersonRow) -> Result<(), AccessError> {
    let told = serde_json::to_string(&person.told).map_err(|_| AccessError::Damaged("a person cannot be written"))?;
    connection
        .prepare_cached(
            "UPDATE people SET address = ?2, name = ?3, first_name = ?4, last_name = ?5, valid_from = ?6, \
             end_of_validity = ?7, adopted = ?8, blocked = ?9, refused = ?10, erasing = ?11, examined = ?12, \
             door_user = ?13, removed = ?14, told = ?15 WHERE id = ?1",
        )?
        .execute(rusqlite::params![
            person.id,
            person.address,
            person.name,
            person.first_name,
            person.last_name,
            person.valid_from.map(millis),
            person.end_of_validity.map(millis),
            person.adopted,
            person.blocked,
            person.refused,
            person.erasing,
            person.examined,
            person.door_user,
            person.removed.map(millis),
            told,
        ])?;
    Ok(())
}

pub(crate) fn delete_person(connection: &Connection, id: i64) -> Result<(), AccessError> {
    connection.execute("DELETE FROM timeline WHERE person = ?1", [id])?;
    connection.execute("DELETE FROM people WHERE id = ?1", [id])?;
    Ok(())
}
