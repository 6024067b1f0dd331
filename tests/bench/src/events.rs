//! A log full of events into the ledger, beside the same rows into the same tables by raw SQLite.

use std::path::Path;
use std::sync::Arc;

use futures::FutureExt as _;
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use sync_core::clock::SystemClock;
use sync_core::events::{EventLink, content_hash};
use sync_core::journal::{Durability, EventState, Journal as _, LedgerEvent, SqliteJournal, Write};
use sync_core::model::{AccessEvent, EventKey};

use crate::generated::{GeneratedEvents, GeneratedPeople};
use crate::measure::Stopwatch;

const ROWS_PER_COMMIT: u64 = 5_000;
/// The journal's own tables and indexes.
const SCHEMA: &str = concat!(
    include_str!("../../../sync-core/src/journal/sqlite/schema.sql"),
    include_str!("../../../sync-core/src/journal/sqlite/revisions.sql")
);
const INSERT: &str =
    "INSERT OR IGNORE INTO event (endpoint, epoch, number, occurred, utc_offset, received, class, code,
    person, device, credential, direction, content, state, reason, target, retry_at, attempts)
    VALUES (1, 0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, NULL, NULL, NULL, 0)";

/// Inserts the rows as fast as SQLite takes them, with the journal's settings.
pub(crate) fn raw(events: u64, folder: &Path) -> anyhow::Result<Value> {
    let path = folder.join("raw.db");
    let fresh = !path.exists();
    let mut connection = Connection::open(path)?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection
        .execute_batch("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4000;")?;
    if fresh {
        connection.execute_batch(SCHEMA)?;
    }
    let watch = Stopwatch::start();
    let mut new = 0;
    for from in (1..=events).step_by(5_000) {
        let transaction = connection.transaction()?;
        let mut insert = transaction.prepare_cached(INSERT)?;
        for number in from..(from + ROWS_PER_COMMIT).min(events + 1) {
            let event = GeneratedEvents::event(number);
            new += insert.execute(params![
                event.number,
                event.occurred.timestamp_micros(),
                event.occurred.offset().local_minus_utc(),
                event.occurred.timestamp_micros(),
                0,
                event.code,
                event.person.as_ref().map(sync_core::model::ExternalId::as_str),
                event.device.as_ref().map(sync_core::model::ExternalId::as_str),
                event.credential,
                1,
                content_hash(&event).cast_signed(),
            ])?;
        }
        drop(insert);
        transaction.commit()?;
    }
    Ok(watch.stop(json!({ "new": new })))
}

/// Reads the log with the engine.
pub(crate) async fn intake(events: u64, folder: &Path) -> anyhow::Result<Value> {
    let journal = SqliteJournal::open(folder.join("journal.db"))?;
    let clock = SystemClock::new(|duration| tokio::time::sleep(duration).boxed());
    let source = Arc::new(GeneratedEvents::new(events));
    let link = EventLink::new("bench", source, Arc::new(GeneratedPeople::secondary(0)));
    let watch = Stopwatch::start();
    let report = link.intake(&journal, &clock).await?;
    Ok(watch.stop(json!({ "read": report.read, "new": report.new })))
}

/// Hands the whole log to the ledger once more, as after the loss of every position.
pub(crate) async fn intake_again(events: u64, folder: &Path) -> anyhow::Result<Value> {
    let journal = SqliteJournal::open(folder.join("journal.db"))?;
    let watch = Stopwatch::start();
    let mut new = 0;
    for from in (1..=events).step_by(5_000) {
        let rows = (from..(from + ROWS_PER_COMMIT).min(events + 1)).map(|number| row(GeneratedEvents::event(number)));
        new += journal.commit(Durability::D2, vec![Write::Events(rows.collect())]).await?.new_events;
    }
    Ok(watch.stop(json!({ "new": new })))
}

fn row(event: AccessEvent) -> LedgerEvent {
    LedgerEvent {
        content: content_hash(&event),
        key: EventKey { endpoint: "access".into(), epoch: 0, number: event.number },
        occurred: event.occurred,
        received: event.occurred.to_utc(),
        class: event.class,
        code: event.code,
        person: event.person,
        device: event.device,
        credential: event.credential,
        direction: event.direction,
        identity: event.identity,
        remark: event.remark,
        state: EventState::Ready,
        reason: None,
        target: None,
        retry_at: None,
        attempts: 0,
    }
}
