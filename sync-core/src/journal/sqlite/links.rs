//! Links and the records that they hold.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Row, params};

use super::batch::Batch;
use super::codec::{
    external_id_at, fingerprint_at, instant_at, json, json_at, key_at, key_bytes, link_state, link_state_code, micros,
    optional_json, optional_json_at, ownership, ownership_code, side_code,
};
use super::fault::{Fault, Found};
use super::names::{self, Names};
use crate::journal::{Link, LinkState, Side};
use crate::model::{ExternalId, Pair, SyncKey};

/// Rows of links whose records a batch has changed.
pub(super) type Moved = BTreeSet<i64>;

const FIND: &str = "SELECT n, pair, primary_id, secondary_id FROM link WHERE key = ?1";
const INSERT: &str =
    "INSERT INTO link (key, pair, primary_id, secondary_id, generation, state, held_because, ownership,
    primary_seen, secondary_seen, revision, due, retry_at, attempts, baseline, removed)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
const UPDATE: &str = "UPDATE link SET pair = ?2, primary_id = ?3, secondary_id = ?4, generation = ?5, state = ?6,
    held_because = ?7, ownership = ?8, primary_seen = ?9, secondary_seen = ?10, revision = ?11, due = ?12,
    retry_at = ?13, attempts = ?14, baseline = ?15, removed = ?16 WHERE key = ?1";
const DELETE: &str = "DELETE FROM link WHERE n = ?1";
const DUE: &str = "UPDATE link SET due = 1 WHERE key = ?1";
const FREE_END: &str = "DELETE FROM link_end WHERE pair = ?1 AND side = ?2 AND record = ?3 AND link = ?4";
const ENDS: &str =
    "SELECT pair, primary_id, secondary_id, primary_seen, secondary_seen FROM link WHERE n = ?1 AND state <> 3";
const TAKE_END: &str = "INSERT INTO link_end (pair, side, record, link, fingerprint) VALUES (?1, ?2, ?3, ?4, ?5)";
const BY_KEY: &str = "SELECT * FROM link WHERE key = ?1";
const BY_ROW: &str = "SELECT * FROM link WHERE n = ?1";
const OF_RECORD: &str = "SELECT link FROM link_end WHERE pair = ?1 AND side = ?2 AND record = ?3";
const DEAD_OF: &str = "SELECT * FROM link INDEXED BY link_dead WHERE pair = ?1 AND primary_id = ?2 AND state = 3
    ORDER BY generation DESC, key DESC LIMIT 1";
const ALL: &str = "SELECT * FROM link WHERE pair = ?1 AND state IN (0, 1, 2) ORDER BY primary_id, key";
const COUNTS: &str = "SELECT state, count(*) FROM link WHERE pair = ?1 GROUP BY state";

/// Changes the row at once; its records are taken at the end of the batch, so that a record may go from one link to
/// another in any order of writes.
pub(super) fn write(batch: &mut Batch<'_>, link: &Link) -> Found<()> {
    let connection = batch.connection;
    let pair = batch.names.make_pair(connection, &link.pair)?;
    let known = free_ends(connection, link.key)?;
    let mut statement = connection.prepare_cached(if known.is_some() { UPDATE } else { INSERT })?;
    statement.execute(params![
        key_bytes(link.key),
        pair,
        link.primary.as_ref().map(ExternalId::as_str),
        link.secondary.as_ref().map(ExternalId::as_str),
        link.generation,
        link_state_code(link.state),
        link.held_because,
        ownership_code(link.ownership),
        link.primary_seen.to_bytes(),
        link.secondary_seen.to_bytes(),
        link.revision.cast_signed(),
        link.due,
        micros(link.retry_at),
        link.attempts,
        json(&link.baseline)?,
        optional_json(link.removed.as_ref())?,
    ])?;
    batch.moved.insert(known.unwrap_or_else(|| connection.last_insert_rowid()));
    Ok(())
}

pub(super) fn forget(batch: &mut Batch<'_>, key: SyncKey) -> Found<()> {
    if let Some(n) = free_ends(batch.connection, key)? {
        batch.connection.prepare_cached(DELETE)?.execute([n])?;
    }
    Ok(())
}

pub(super) fn mark_due(connection: &Connection, key: SyncKey) -> Found<()> {
    connection.prepare_cached(DUE)?.execute([key_bytes(key)])?;
    Ok(())
}

/// Gives back the records of a link and tells its row.
fn free_ends(connection: &Connection, key: SyncKey) -> Found<Option<i64>> {
    let mut find = connection.prepare_cached(FIND)?;
    let mut rows = find.query([key_bytes(key)])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (n, pair): (i64, i64) = (row.get(0)?, row.get(1)?);
    let mut free = connection.prepare_cached(FREE_END)?;
    for (side, column) in [(Side::Primary, 2), (Side::Secondary, 3)] {
        if let Some(record) = row.get::<_, Option<String>>(column)? {
            free.execute(params![pair, side_code(side), record, n])?;
        }
    }
    Ok(Some(n))
}

/// Takes the records of the links that a batch changed; a record in two links fails the batch.
pub(super) fn write_ends(connection: &Connection, moved: &Moved) -> Found<()> {
    let mut ends = connection.prepare_cached(ENDS)?;
    let mut take = connection.prepare_cached(TAKE_END)?;
    for n in moved {
        let mut rows = ends.query([n])?;
        let Some(row) = rows.next()? else { continue };
        for (side, column) in [(Side::Primary, 1), (Side::Secondary, 2)] {
            if let Some(record) = row.get::<_, Option<String>>(column)? {
                let (pair, seen): (i64, [u8; 16]) = (row.get(0)?, row.get(column + 2)?);
                let taken = take.execute(params![pair, side_code(side), record, n, seen]).map_err(Fault::from);
                taken.map_err(|fault| {
                    if fault.is_duplicate() { in_two_links(connection, pair, side, &record) } else { fault }
                })?;
            }
        }
    }
    Ok(())
}

fn in_two_links(connection: &Connection, pair: i64, side: Side, record: &str) -> Fault {
    match names::pair(connection, pair) {
        Ok(pair) => Fault::invariant(format!("{} {record} would be in two links of {pair}", side.as_str())),
        Err(fault) => fault,
    }
}

pub(super) fn by_key(connection: &Connection, key: SyncKey) -> Found<Option<Link>> {
    let mut find = connection.prepare_cached(BY_KEY)?;
    let mut rows = find.query([key_bytes(key)])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let pair = names::pair(connection, row.get(2)?)?;
    read(row, &pair).map(Some)
}

/// Finds links of one pair by their rows.
pub(super) struct ByRow<'c> {
    statement: CachedStatement<'c>,
}

impl<'c> ByRow<'c> {
    pub(super) fn new(connection: &'c Connection) -> Found<Self> {
        Ok(Self { statement: connection.prepare_cached(BY_ROW)? })
    }

    pub(super) fn get(&mut self, n: i64, pair: &Pair) -> Found<Option<Link>> {
        let mut rows = self.statement.query([n])?;
        rows.next()?.map(|row| read(row, pair)).transpose()
    }
}

pub(super) fn of_record(
    connection: &Connection,
    names: &mut Names,
    pair: &Pair,
    side: Side,
    id: &ExternalId,
) -> Found<Option<Link>> {
    let Some(number) = names.find_pair(connection, pair)? else { return Ok(None) };
    let mut find = connection.prepare_cached(OF_RECORD)?;
    let n: Option<i64> = find.query_row(params![number, side_code(side), id.as_str()], |row| row.get(0)).optional()?;
    match n {
        Some(n) => ByRow::new(connection)?.get(n, pair),
        None => Ok(None),
    }
}

/// The last life of a primary record whose links are all dead.
pub(super) fn dead_of(connection: &Connection, number: i64, pair: &Pair, id: &ExternalId) -> Found<Option<Link>> {
    let mut find = connection.prepare_cached(DEAD_OF)?;
    let mut rows = find.query(params![number, id.as_str()])?;
    rows.next()?.map(|row| read(row, pair)).transpose()
}

pub(super) fn all(connection: &Connection, names: &mut Names, pair: &Pair) -> Found<Vec<Link>> {
    let Some(number) = names.find_pair(connection, pair)? else { return Ok(Vec::new()) };
    let mut all = connection.prepare_cached(ALL)?;
    let mut rows = all.query([number])?;
    let mut links = Vec::new();
    while let Some(row) = rows.next()? {
        links.push(read(row, pair)?);
    }
    Ok(links)
}

pub(super) fn counts(connection: &Connection, names: &mut Names, pair: &Pair) -> Found<BTreeMap<LinkState, u64>> {
    let mut counts = BTreeMap::new();
    if let Some(number) = names.find_pair(connection, pair)? {
        let mut states = connection.prepare_cached(COUNTS)?;
        let mut rows = states.query([number])?;
        while let Some(row) = rows.next()? {
            counts.insert(link_state(row.get(0)?)?, row.get::<_, i64>(1)?.cast_unsigned());
        }
    }
    Ok(counts)
}

fn read(row: &Row<'_>, pair: &Pair) -> Found<Link> {
    Ok(Link {
        key: key_at(row, 1)?,
        pair: pair.clone(),
        primary: external_id_at(row, 3)?,
        secondary: external_id_at(row, 4)?,
        generation: row.get(5)?,
        state: link_state(row.get(6)?)?,
        held_because: row.get(7)?,
        ownership: ownership(row.get(8)?)?,
        primary_seen: fingerprint_at(row, 9)?,
        secondary_seen: fingerprint_at(row, 10)?,
        revision: row.get::<_, i64>(11)?.cast_unsigned(),
        due: row.get(12)?,
        retry_at: instant_at(row, 13)?,
        attempts: row.get(14)?,
        baseline: json_at(row, 15, "the baseline of a link")?,
        removed: optional_json_at(row, 16, "the removal of a link")?,
    })
}
