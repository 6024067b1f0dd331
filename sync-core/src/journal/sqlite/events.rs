//! The ledger of events.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params};

use super::batch::Batch;
use super::codec::{
    direction, direction_code, event_class, event_class_code, event_state, event_state_code, external_id_at, instant,
    instant_at, micros, remark, remark_code, with_offset,
};
use super::fault::{Fault, Found};
use super::names::Names;
use crate::journal::{EventFilter, EventState, EventUpdate, LedgerEvent};
use crate::model::{EndpointName, EventKey, ExternalId};

const INSERT: &str = "INSERT INTO event (endpoint, epoch, number, occurred, utc_offset, received, class, code, person,
    device, credential, direction, content, state, reason, target, retry_at, attempts, identity, remark)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)
    ON CONFLICT (endpoint, epoch, number) DO NOTHING";
const STATE: &str = "SELECT state FROM event WHERE endpoint = ?1 AND epoch = ?2 AND number = ?3";
const UPDATE: &str = "UPDATE event SET state = ?4, reason = ?5, target = ?6, retry_at = ?7, attempts = ?8
    WHERE endpoint = ?1 AND epoch = ?2 AND number = ?3";
const ADD_COUNT: &str = "INSERT INTO event_count (endpoint, state, events) VALUES (?1, ?2, ?3)
    ON CONFLICT (endpoint, state) DO UPDATE SET events = events + excluded.events";
const COUNTS: &str = "SELECT state, events FROM event_count WHERE endpoint = ?1 AND events > 0";

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT epoch, number, occurred, utc_offset, received, class, code, person, device, credential, direction,
                content, state, reason, target, retry_at, attempts, identity, remark FROM event ",
            $rest
        )
    };
}

const ONE: &str = select!("WHERE endpoint = ?1 AND epoch = ?2 AND number = ?3");
/// Events in one open state, by the index of open states.
const OPEN: &str = select!(
    "INDEXED BY event_open WHERE endpoint = ?1 AND state = ?2 AND state IN (0, 1, 4, 5, 7)
        AND (epoch, number) > (?3, ?4) AND (?5 IS NULL OR reason = ?5) AND (?6 IS NULL OR device = ?6)
        AND (?7 IS NULL OR person = ?7) AND (?8 IS NULL OR occurred >= ?8) ORDER BY epoch, number LIMIT ?9"
);
/// Events in any of the states whose bits are set, by their keys.
const ANY: &str = select!(
    "WHERE endpoint = ?1 AND (?2 >> state) & 1
        AND (epoch, number) > (?3, ?4) AND (?5 IS NULL OR reason = ?5) AND (?6 IS NULL OR device = ?6)
        AND (?7 IS NULL OR person = ?7) AND (?8 IS NULL OR occurred >= ?8) ORDER BY epoch, number LIMIT ?9"
);
const DELIVERED: &str = select!(
    "INDEXED BY event_delivered WHERE endpoint = ?1 AND state = 2 AND person = ?2 AND occurred BETWEEN ?3 AND ?4
        ORDER BY epoch, number"
);
/// Without the index the order would make it walk through the whole ledger.
const REVISIONS: &str =
    select!("INDEXED BY event_identity WHERE endpoint = ?1 AND identity = ?2 ORDER BY epoch, number");
const CONTENTS: &str =
    "SELECT number, content FROM event WHERE endpoint = ?1 AND epoch = ?2 AND number BETWEEN ?3 AND ?4 ORDER BY number";

/// Changes of the counts by endpoint and state during a batch; the counts spare a look at every event.
#[derive(Debug, Default)]
pub(super) struct CountChanges(BTreeMap<(i64, i64), i64>);

impl CountChanges {
    fn add(&mut self, endpoint: i64, state: EventState, by: i64) {
        *self.0.entry((endpoint, event_state_code(state))).or_default() += by;
    }

    pub(super) fn write(&self, connection: &Connection) -> Found<()> {
        let mut add = connection.prepare_cached(ADD_COUNT)?;
        for ((endpoint, state), by) in self.0.iter().filter(|(_, by)| **by != 0) {
            add.execute([endpoint, state, by])?;
        }
        Ok(())
    }
}

impl Batch<'_> {
    pub(super) fn insert_events(&mut self, events: &[LedgerEvent]) -> Found<()> {
        let mut insert = self.connection.prepare_cached(INSERT)?;
        for events in events.chunk_by(|a, b| a.key.endpoint == b.key.endpoint && a.state == b.state) {
            let Some(first) = events.first() else { continue };
            let endpoint = self.names.make_endpoint(self.connection, &first.key.endpoint)?;
            let mut new = 0;
            for event in events {
                new += insert.execute(params![
                    endpoint,
                    event.key.epoch,
                    event.key.number,
                    event.occurred.timestamp_micros(),
                    event.occurred.offset().local_minus_utc(),
                    event.received.timestamp_micros(),
                    event_class_code(event.class),
                    event.code,
                    event.person.as_ref().map(ExternalId::as_str),
                    event.device.as_ref().map(ExternalId::as_str),
                    event.credential,
                    direction_code(event.direction),
                    event.content.cast_signed(),
                    event_state_code(event.state),
                    event.reason,
                    event.target,
                    micros(event.retry_at),
                    event.attempts,
                    event.identity,
                    remark_code(event.remark),
                ])?;
            }
            self.committed.new_events += new as u64;
            self.counts.add(endpoint, first.state, i64::try_from(new).unwrap_or(i64::MAX));
        }
        Ok(())
    }

    pub(super) fn update_events(&mut self, updates: &[EventUpdate]) -> Found<()> {
        let mut state = self.connection.prepare_cached(STATE)?;
        let mut change = self.connection.prepare_cached(UPDATE)?;
        for update in updates {
            let key = &update.key;
            let endpoint = self.names.make_endpoint(self.connection, &key.endpoint)?;
            let old: Option<i64> =
                state.query_row(params![endpoint, key.epoch, key.number], |row| row.get(0)).optional()?;
            let old = old.ok_or_else(|| Fault::invariant(format!("event {key} is not in the ledger")))?;
            change.execute(params![
                endpoint,
                key.epoch,
                key.number,
                event_state_code(update.state),
                update.reason,
                update.target,
                micros(update.retry_at),
                update.attempts,
            ])?;
            self.counts.add(endpoint, event_state(old)?, -1);
            self.counts.add(endpoint, update.state, 1);
        }
        Ok(())
    }
}

pub(super) fn one(connection: &Connection, names: &mut Names, key: &EventKey) -> Found<Option<LedgerEvent>> {
    let Some(endpoint) = names.find_endpoint(connection, &key.endpoint)? else { return Ok(None) };
    let found = query(connection, ONE, &key.endpoint, params![endpoint, key.epoch, key.number])?;
    Ok(found.into_iter().next())
}

pub(super) fn matching(connection: &Connection, names: &mut Names, filter: &EventFilter) -> Found<Vec<LedgerEvent>> {
    let Some(endpoint) = names.find_endpoint(connection, &filter.endpoint)? else { return Ok(Vec::new()) };
    let Some((epoch, number)) = lower_bound(filter) else { return Ok(Vec::new()) };
    let select = |text: &str, states: i64| {
        let values = params![
            endpoint,
            states,
            epoch,
            number,
            filter.reason,
            filter.device.as_ref().map(ExternalId::as_str),
            filter.person.as_ref().map(ExternalId::as_str),
            micros(filter.since),
            i64::try_from(filter.limit).unwrap_or(i64::MAX),
        ];
        query(connection, text, &filter.endpoint, values)
    };
    if !filter.states.iter().all(|state| is_open(*state)) {
        return select(ANY, filter.states.iter().fold(0, |bits, state| bits | (1 << event_state_code(*state))));
    }
    let mut states = filter.states.clone();
    states.sort_unstable();
    states.dedup();
    let mut found = Vec::new();
    for state in states {
        found.extend(select(OPEN, event_state_code(state))?);
    }
    found.sort_by(|a, b| a.key.cmp(&b.key));
    found.truncate(filter.limit);
    Ok(found)
}

/// Everything behind this key; `None` if nothing of the endpoint is.
fn lower_bound(filter: &EventFilter) -> Option<(i64, i64)> {
    let from_start = (-1, 0);
    let Some(after) = &filter.after else { return Some(from_start) };
    match after.endpoint.cmp(&filter.endpoint) {
        Ordering::Less => Some(from_start),
        Ordering::Equal => Some((i64::from(after.epoch), after.number)),
        Ordering::Greater => None,
    }
}

fn is_open(state: EventState) -> bool {
    !matches!(state, EventState::Delivered | EventState::Ignored | EventState::Rejected)
}

pub(super) fn contents(
    connection: &Connection,
    names: &mut Names,
    endpoint: &EndpointName,
    epoch: u32,
    numbers: RangeInclusive<i64>,
) -> Found<Vec<(i64, u64)>> {
    let Some(endpoint) = names.find_endpoint(connection, endpoint)? else { return Ok(Vec::new()) };
    let mut statement = connection.prepare_cached(CONTENTS)?;
    let rows = statement.query_map(params![endpoint, epoch, numbers.start(), numbers.end()], |row| {
        Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn delivered(
    connection: &Connection,
    names: &mut Names,
    endpoint: &EndpointName,
    person: &ExternalId,
    span: RangeInclusive<DateTime<Utc>>,
) -> Found<Vec<LedgerEvent>> {
    let Some(number) = names.find_endpoint(connection, endpoint)? else { return Ok(Vec::new()) };
    let (from, to) = (span.start().timestamp_micros(), span.end().timestamp_micros());
    query(connection, DELIVERED, endpoint, params![number, person.as_str(), from, to])
}

pub(super) fn revisions(
    connection: &Connection,
    names: &mut Names,
    endpoint: &EndpointName,
    identities: &[String],
) -> Found<Vec<LedgerEvent>> {
    let Some(number) = names.find_endpoint(connection, endpoint)? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for identity in identities {
        found.extend(query(connection, REVISIONS, endpoint, params![number, identity])?);
    }
    found.sort_by(|a, b| a.key.cmp(&b.key));
    found.dedup_by(|a, b| a.key == b.key);
    Ok(found)
}

pub(super) fn counts(
    connection: &Connection,
    names: &mut Names,
    endpoint: &EndpointName,
) -> Found<BTreeMap<EventState, u64>> {
    let mut counts = BTreeMap::new();
    if let Some(endpoint) = names.find_endpoint(connection, endpoint)? {
        let mut statement = connection.prepare_cached(COUNTS)?;
        let mut rows = statement.query([endpoint])?;
        while let Some(row) = rows.next()? {
            counts.insert(event_state(row.get(0)?)?, row.get::<_, i64>(1)?.cast_unsigned());
        }
    }
    Ok(counts)
}

fn query(
    connection: &Connection,
    text: &str,
    endpoint: &EndpointName,
    values: &[&dyn ToSql],
) -> Found<Vec<LedgerEvent>> {
    let mut statement = connection.prepare_cached(text)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row, endpoint)?);
    }
    Ok(found)
}

fn read(row: &Row<'_>, endpoint: &EndpointName) -> Found<LedgerEvent> {
    Ok(LedgerEvent {
        key: EventKey { endpoint: endpoint.clone(), epoch: row.get(0)?, number: row.get(1)? },
        occurred: with_offset(row.get(2)?, row.get(3)?)?,
        received: instant(row.get(4)?)?,
        class: event_class(row.get(5)?)?,
        code: row.get(6)?,
        person: external_id_at(row, 7)?,
        device: external_id_at(row, 8)?,
        credential: row.get(9)?,
        direction: direction(row.get(10)?)?,
        content: row.get::<_, i64>(11)?.cast_unsigned(),
        state: event_state(row.get(12)?)?,
        reason: row.get(13)?,
        target: row.get(14)?,
        retry_at: instant_at(row, 15)?,
        attempts: row.get(16)?,
        identity: row.get(17)?,
        remark: remark(row.get(18)?)?,
    })
}
