//! What is told about letters, and how long it is kept.

use chrono::{DateTime, Duration, Utc};
use rusqlite::{Connection, Row, Transaction};

use super::super::error::MailError;
use super::{Attention, MailRow, MailState, Outbox};

/// A letter should be there this long before its booking begins.
const IN_TIME: i64 = 60;
/// So long a new letter may wait without anybody being worried.
const PATIENCE: i64 = 5;

const COLUMNS: &str = "key, person, kind, state, queued, finished, attempts, result";

impl Outbox {
    /// People whose letter is not there an hour before their booking begins; each letter is told once.
    pub(crate) fn late(&self, tx: &Transaction<'_>, now: DateTime<Utc>) -> Result<Vec<Attention>, MailError> {
        let which = format!("{} AND warned = 0", worrying());
        let parameters = moments(now);
        let found = worries(tx, &which, parameters)?;
        tx.execute(&format!("UPDATE mail SET warned = 1 WHERE {which}"), parameters)?;
        if !found.is_empty() {
            let people: Vec<_> = found.iter().map(|late| format!("{} ({})", late.person, late.why)).collect();
            let words = format!("These people have no letter yet and may need help:\n{}", people.join("\n"));
            self.raise(tx, "letters", &words, now)?;
        }
        Ok(found)
    }

    /// Everybody whom staff should help now.
    #[expect(clippy::unused_self, reason = "beside the other questions about letters")]
    pub(crate) fn attention(&self, connection: &Connection, now: DateTime<Utc>) -> Result<Vec<Attention>, MailError> {
        attention(connection, now)
    }
}

fn attention(connection: &Connection, now: DateTime<Utc>) -> Result<Vec<Attention>, MailError> {
    let mut found = worries(connection, worrying(), moments(now))?;
    let mut statement = connection.prepare_cached("SELECT person, reason FROM mail_undeliverable ORDER BY person")?;
    let bounced = statement.query_map([], |row| {
        let (person, reason): (String, String) = (row.get(0)?, row.get(1)?);
        Ok(Attention { person, kind: "bounce".to_owned(), why: reason, starts: None })
    })?;
    for bounced in bounced {
        let bounced = bounced?;
        // The letter that came back tells it already, with its booking.
        if !found.iter().any(|known| known.person == bounced.person && known.why == bounced.why) {
            found.push(bounced);
        }
    }
    Ok(found)
}

/// Letters of one person, or all, oldest first.
pub(crate) fn mails(connection: &Connection, person: Option<&str>) -> Result<Vec<MailRow>, MailError> {
    let query = format!("SELECT {COLUMNS} FROM mail WHERE ?1 IS NULL OR person = ?1 ORDER BY id");
    let mut statement = connection.prepare_cached(&query)?;
    let rows = statement.query_map([person], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When the next letter may be sent; `None` if none waits.
pub(crate) fn next_due(connection: &Connection) -> Result<Option<DateTime<Utc>>, MailError> {
    let query = "SELECT min(not_before) FROM mail WHERE body IS NOT NULL";
    let millis: Option<i64> = connection.prepare_cached(query)?.query_row([], |row| row.get(0))?;
    Ok(millis.and_then(DateTime::from_timestamp_millis))
}

/// Letters to this person come back; staff should ask for another address.
pub(crate) fn mark_undeliverable(
    tx: &Transaction<'_>,
    person: &str,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), MailError> {
    tx.prepare_cached(
        "INSERT INTO mail_undeliverable (person, since, reason) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET reason = excluded.reason",
    )?
    .execute((person, now.timestamp_millis(), reason))?;
    Ok(())
}

/// A letter to a person was taken: what did not reach them before is told by it, and letters to them arrive until one comes
/// back again.
pub(super) fn taken(tx: &Transaction<'_>, id: i64) -> Result<(), MailError> {
    let person = "(SELECT person FROM mail WHERE id = ?1 AND person != '')";
    tx.prepare_cached(&format!("DELETE FROM mail_undeliverable WHERE person = {person}"))?.execute([id])?;
    let update = format!(
        "UPDATE mail SET superseded = 1 WHERE person = {person} AND id < ?1 AND state = 'failed'
         AND kind IN ('code', 'booked', 'changed')
         AND EXISTS (SELECT 1 FROM mail WHERE id = ?1 AND kind IN ('code', 'booked', 'changed'))"
    );
    tx.prepare_cached(&update)?.execute([id])?;
    Ok(())
}

/// Letters to this person arrive again.
pub(crate) fn mark_deliverable(tx: &Transaction<'_>, person: &str) -> Result<(), MailError> {
    tx.prepare_cached("DELETE FROM mail_undeliverable WHERE person = ?1")?.execute([person])?;
    Ok(())
}

/// Forgets all letters of a person, sent or not; returns how many.
pub(crate) fn erase(tx: &Transaction<'_>, person: &str) -> Result<usize, MailError> {
    mark_deliverable(tx, person)?;
    Ok(tx.prepare_cached("DELETE FROM mail WHERE person = ?1")?.execute([person])?)
}

/// Forgets letters that are over, and whose bookings were over before this; returns how many.
pub(crate) fn purge(tx: &Transaction<'_>, before: DateTime<Utc>) -> Result<usize, MailError> {
    let delete = "DELETE FROM mail WHERE finished < ?1 AND useless_from < ?1";
    Ok(tx.prepare_cached(delete)?.execute([before.timestamp_millis()])?)
}

/// Letters whose booking is not over (?1), that begins soon (?2), and that were refused or have waited for long (?3).
fn worrying() -> &'static str {
    "kind NOT IN ('fault', 'cancelled') AND superseded = 0 AND useless_from > ?1 AND (state = 'failed' OR
     (starts <= ?2 AND state != 'sent' AND (attempts > 0 OR queued <= ?3)))"
}

fn worries(connection: &Connection, which: &str, parameters: (i64, i64, i64)) -> Result<Vec<Attention>, MailError> {
    let query = format!("SELECT person, kind, result, starts FROM mail WHERE {which} ORDER BY starts, id");
    let mut statement = connection.prepare_cached(&query)?;
    let rows = statement.query_map(parameters, |row| {
        let why: Option<String> = row.get(2)?;
        Ok(Attention {
            person: row.get(0)?,
            kind: row.get(1)?,
            why: why.unwrap_or_else(|| "not sent yet".to_owned()),
            starts: DateTime::from_timestamp_millis(row.get(3)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn moments(now: DateTime<Utc>) -> (i64, i64, i64) {
    let (soon, patient) = (now + Duration::minutes(IN_TIME), now - Duration::minutes(PATIENCE));
    (now.timestamp_millis(), soon.timestamp_millis(), patient.timestamp_millis())
}

fn read(row: &Row<'_>) -> rusqlite::Result<MailRow> {
    let state: String = row.get(3)?;
    Ok(MailRow {
        key: row.get(0)?,
        person: row.get(1)?,
        kind: row.get(2)?,
        state: match state.as_str() {
            "queued" => MailState::Queued,
            "sending" => MailState::Sending,
            "sent" => MailState::Sent,
            "deferred" => MailState::Deferred,
            "failed" => MailState::Failed,
            _ => MailState::GivenUp,
        },
        queued: DateTime::from_timestamp_millis(row.get(4)?).unwrap_or_default(),
        finished: row.get::<_, Option<i64>>(5)?.and_then(DateTime::from_timestamp_millis),
        attempts: row.get(6)?,
        result: row.get(7)?,
    })
}
