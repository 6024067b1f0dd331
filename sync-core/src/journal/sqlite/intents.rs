//! Writes that are about to be sent, and actions that were carried out.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::batch::Batch;
use super::codec::{json, json_at};
use super::fault::Found;
use super::names::Names;
use crate::journal::{Intent, OutcomeRow};
use crate::model::Pair;

const WRITE: &str = "INSERT INTO intent (id, pair, open, body) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (id) DO UPDATE SET pair = excluded.pair, open = excluded.open, body = excluded.body";
const OPEN: &str = "SELECT body FROM intent INDEXED BY intent_open WHERE pair = ?1 AND open = 1";
const WRITE_OUTCOME: &str = "INSERT INTO outcome (pair, class, at, approved) VALUES (?1, ?2, ?3, ?4)";
const COUNT_OUTCOMES: &str = "SELECT count(*) FROM outcome INDEXED BY outcome_counted
    WHERE pair = ?1 AND class = ?2 AND at >= ?3 AND approved = 0";

pub(super) fn write(batch: &mut Batch<'_>, intent: &Intent) -> Found<()> {
    let pair = batch.names.make_pair(batch.connection, &intent.pair)?;
    let mut write = batch.connection.prepare_cached(WRITE)?;
    write.execute(params![intent.id.0.cast_signed(), pair, intent.state.is_open(), json(intent)?])?;
    Ok(())
}

pub(super) fn open(connection: &Connection, names: &mut Names, pair: &Pair) -> Found<Vec<Intent>> {
    let mut open: Vec<Intent> = Vec::new();
    if let Some(pair) = names.find_pair(connection, pair)? {
        let mut statement = connection.prepare_cached(OPEN)?;
        let mut rows = statement.query([pair])?;
        while let Some(row) = rows.next()? {
            open.push(json_at(row, 0, "an intent")?);
        }
    }
    open.sort_by_key(|intent| (intent.prepared_at, intent.key, intent.attempt, intent.id));
    Ok(open)
}

pub(super) fn write_outcome(batch: &mut Batch<'_>, row: &OutcomeRow) -> Found<()> {
    let pair = batch.names.make_pair(batch.connection, &row.pair)?;
    let mut write = batch.connection.prepare_cached(WRITE_OUTCOME)?;
    write.execute(params![pair, row.class, row.at.timestamp_micros(), row.approved])?;
    Ok(())
}

pub(super) fn outcomes_since(
    connection: &Connection,
    names: &mut Names,
    pair: &Pair,
    class: &str,
    since: DateTime<Utc>,
) -> Found<u64> {
    let Some(pair) = names.find_pair(connection, pair)? else { return Ok(0) };
    let mut count = connection.prepare_cached(COUNT_OUTCOMES)?;
    let count: i64 = count.query_row(params![pair, class, since.timestamp_micros()], |row| row.get(0))?;
    Ok(count.cast_unsigned())
}
