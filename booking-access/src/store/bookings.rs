//! Rows of bookings and what happened to them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::{Deserialize, Serialize};
use sync_core::model::{Booking, BookingStatus, Participant};

use super::{instant, millis};
use crate::AccessError;

const COLUMNS: &str = "id, source, key, series, starts, ends, resources, people, status, all_day, state, exact, doubtful, \
                       missing, first_seen, changed";

/// A booking as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookingRow {
    /// Its number here; it stays the same when the source renames a booking that was moved.
    pub id: i64,
    /// Who told of it.
    pub source: String,
    /// The source's own key.
    pub key: String,
    /// What is known of it.
    pub booking: Booking,
    /// Whether it stands.
    pub state: BookingState,
    /// Doors open and close to the minute, without grace: staff made it.
    pub exact: bool,
    /// The source doubts it; what was known stays in force.
    pub doubtful: bool,
    /// Complete snapshots in a row that lacked it.
    pub missing: u32,
    /// When it was first seen.
    pub first_seen: DateTime<Utc>,
    /// When something of it last changed.
    pub changed: DateTime<Utc>,
}

/// Whether a booking stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BookingState {
    /// It stands, or it has been.
    Live,
    /// The source says in so many words that it was called off.
    Cancelled,
    /// The source no longer lists it, confirmed.
    Gone,
    /// The source doubted it from the beginning; it gives nothing.
    Doubted,
}

/// What happened to a booking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HistoryRow {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub what: String,
}

impl BookingState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Cancelled => "cancelled",
            Self::Gone => "gone",
            Self::Doubted => "doubted",
        }
    }

    fn from_text(text: &str) -> Self {
        match text {
            "live" => Self::Live,
            "cancelled" => Self::Cancelled,
            "doubted" => Self::Doubted,
            _ => Self::Gone,
        }
    }
}

impl BookingRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let text = |n| row.get::<_, String>(n);
        let resources: BTreeSet<String> = serde_json::from_str(&text(6)?).unwrap_or_default();
        let people: Vec<Participant> = serde_json::from_str(&text(7)?).unwrap_or_default();
        let status = match text(8)?.as_str() {
            "confirmed" => BookingStatus::Confirmed,
            "tentative" => BookingStatus::Tentative,
            _ => BookingStatus::Cancelled,
        };
        let booking = Booking {
            start: instant(row.get(4)?),
            end: instant(row.get(5)?),
            resources,
            people,
            status,
            all_day: row.get(9)?,
            doubtful: row.get(12)?,
            series: row.get(3)?,
        };
        Ok(Self {
            id: row.get(0)?,
            source: row.get(1)?,
            key: row.get(2)?,
            doubtful: booking.doubtful,
            booking,
            state: BookingState::from_text(&text(10)?),
            exact: row.get(11)?,
            missing: row.get(13)?,
            first_seen: instant(row.get(14)?),
            changed: instant(row.get(15)?),
        })
    }
}

/// All bookings, by number.
pub(crate) fn live_bookings(connection: &Connection) -> Result<Vec<BookingRow>, AccessError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM bookings ORDER BY id"))?;
    Ok(statement.query_map([], BookingRow::read)?.collect::<Result<_, _>>()?)
}

pub(crate) fn bookings_of_source(connection: &Connection, source: &str) -> Result<Vec<BookingRow>, AccessError> {
    let query = format!("SELECT {COLUMNS} FROM bookings WHERE source = ?1 ORDER BY id");
    let mut statement = connection.prepare_cached(&query)?;
    Ok(statement.query_map([source], BookingRow::read)?.collect::<Result<_, _>>()?)
}

pub(crate) fn booking_by_id(connection: &Connection, id: i64) -> Result<Option<BookingRow>, AccessError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM bookings WHERE id = ?1"))?;
    Ok(statement.query_row([id], BookingRow::read).optional()?)
}

/// Adds a booking; its number in `row` does not matter.
pub(crate) fn insert_booking(connection: &Connection, row: &BookingRow) -> Result<i64, AccessError> {
    connection
        .prepare_cached(
            "INSERT INTO bookings (source, key, series, starts, ends, resources, people, status, all_day, state, exact, \
             doubtful, missing, first_seen, changed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(rusqlite::params![
            row.source,
            row.key,
            row.booking.series,
            millis(row.booking.start),
            millis(row.booking.end),
            json(&row.booking.resources)?,
            json(&row.booking.people)?,
            row.booking.status.as_str(),
            row.booking.all_day,
            row.state.as_str(),
            row.exact,
            row.doubtful,
            row.missing,
            millis(row.first_seen),
            millis(row.changed),
        ])?;
    Ok(connection.last_insert_rowid())
}

pub(crate) fn update_booking(connection: &Connection, row: &BookingRow) -> Result<(), AccessError> {
    connection
        .prepare_cached(
            "UPDATE bookings SET key = ?2, series = ?3, starts = ?4, ends = ?5, resources = ?6, people = ?7, status = ?8, \
             all_day = ?9, state = ?10, exact = ?11, doubtful = ?12, missing = ?13, changed = ?14 WHERE id = ?1",
        )?
        .execute(rusqlite::params![
            row.id,
            row.key,
            row.booking.series,
            millis(row.booking.start),
            millis(row.booking.end),
            json(&row.booking.resources)?,
            json(&row.booking.people)?,
            row.booking.status.as_str(),
            row.booking.all_day,
            row.state.as_str(),
            row.exact,
            row.doubtful,
            row.missing,
            millis(row.changed),
        ])?;
    Ok(())
}

/// Forgets bookings that ended before; returns how many.
pub(crate) fn delete_bookings_before(connection: &Connection, before: DateTime<Utc>) -> Result<usize, AccessError> {
    connection.execute(
        "DELETE FROM booking_history WHERE booking IN (SELECT id FROM bookings WHERE ends < ?1)",
        [millis(before)],
    )?;
    Ok(connection.execute("DELETE FROM bookings WHERE ends < ?1", [millis(before)])?)
}

pub(crate) fn note_history(
    connection: &Connection,
    booking: i64,
    at: DateTime<Utc>,
    what: &str,
) -> Result<(), AccessError> {
    connection.prepare_cached("INSERT INTO booking_history (booking, at, what) VALUES (?1, ?2, ?3)")?.execute((
        booking,
        millis(at),
        what,
    ))?;
    Ok(())
}

pub(crate) fn booking_history(connection: &Connection, booking: i64) -> Result<Vec<HistoryRow>, AccessError> {
    let mut statement =
        connection.prepare_cached("SELECT at, what FROM booking_history WHERE booking = ?1 ORDER BY at, rowid")?;
    let rows = statement.query_map([booking], |row| Ok(HistoryRow { at: instant(row.get(0)?), what: row.get(1)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn json(value: &impl Serialize) -> Result<String, AccessError> {
    serde_json::to_string(value).map_err(|_| AccessError::Damaged("a booking cannot be written"))
}
