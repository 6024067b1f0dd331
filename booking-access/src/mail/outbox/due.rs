//! Letters are sent in the order in which their bookings begin, no faster than agreed, until it makes no sense any more.

use chrono::{DateTime, Duration, Utc};
use rusqlite::{OptionalExtension as _, Transaction};

use super::super::error::MailError;
use super::super::stationery::Written;
use super::super::transport::{Outcome, Transport};
use super::queue::finish;
use super::rows::taken;
use super::{Outbox, PURPOSE, Round};
use crate::Store;

/// Minutes until a letter is tried again; the last one from then on.
const GAPS: [i64; 7] = [1, 2, 5, 10, 20, 30, 60];

struct Due {
    id: i64,
    key: String,
    body: Vec<u8>,
    attempts: u32,
}

impl Outbox {
    /// Sends what is due. Ends when nothing is, when the pace is used up, or when the server cannot be used.
    ///
    /// A letter that was being handed over when the program stopped is sent again under the same Message-ID.
    pub(crate) async fn send_due(
        &self,
        store: &Store,
        transport: &dyn Transport,
        now: DateTime<Utc>,
    ) -> Result<Round, MailError> {
        let _alone = self.one_round.lock().await;
        let given_up = store.transaction(|tx| {
            unanswered(tx, now)?;
            give_up(tx, now)
        })?;
        let mut round = Round { given_up, ..Round::default() };
        while let Some(due) = store.transaction(|tx| self.next(tx, now))? {
            let outcome = self.hand_over(&due, transport, now).await;
            store.transaction(|tx| note(tx, &due, &outcome, now))?;
            match outcome {
                Outcome::Sent => round.sent += 1,
                Outcome::Refused(_) => round.refused += 1,
                Outcome::Deferred(_) | Outcome::InDoubt(_) => round.deferred += 1,
                Outcome::Unreachable(why) => {
                    round.deferred += 1;
                    round.unreachable = Some(why);
                    break;
                }
            }
        }
        Ok(round)
    }

    async fn hand_over(&self, due: &Due, transport: &dyn Transport, now: DateTime<Utc>) -> Outcome {
        match self.open(due).and_then(|written| self.stationery.put_together(&written, &due.key, now)) {
            Ok((envelope, message)) => transport.send(&envelope, &message).await,
            Err(error) => error.outcome(),
        }
    }

    fn open(&self, due: &Due) -> Result<Written, MailError> {
        let clear = self.sealer.unseal(PURPOSE, &due.body)?;
        serde_json::from_slice(&clear).map_err(|_| MailError::Damaged)
    }

    /// The most urgent letter that is due, marked as being sent.
    fn next(&self, tx: &Transaction<'_>, now: DateTime<Utc>) -> Result<Option<Due>, MailError> {
        let minute_ago = (now - Duration::minutes(1)).timestamp_millis();
        let pace: u32 = tx
            .prepare_cached("SELECT count(*) FROM mail WHERE attempted > ?1")?
            .query_row([minute_ago], |row| row.get(0))?;
        if pace >= self.stationery.config().rate_per_minute {
            return Ok(None);
        }
        let due = tx
            .prepare_cached(
                "SELECT id, key, body, attempts FROM mail
                 WHERE body IS NOT NULL AND state IN ('queued', 'deferred') AND not_before <= ?1
                 ORDER BY starts, id LIMIT 1",
            )?
            .query_row([now.timestamp_millis()], |row| {
                Ok(Due { id: row.get(0)?, key: row.get(1)?, body: row.get(2)?, attempts: row.get(3)? })
            })
            .optional()?;
        if let Some(due) = &due {
            tx.prepare_cached(
                "UPDATE mail SET state = 'sending', attempts = attempts + 1, attempted = ?2 WHERE id = ?1",
            )?
            .execute((due.id, now.timestamp_millis()))?;
        }
        Ok(due)
    }
}

fn note(tx: &Transaction<'_>, due: &Due, outcome: &Outcome, now: DateTime<Utc>) -> Result<(), MailError> {
    match outcome {
        Outcome::Sent => {
            taken(tx, due.id)?;
            finish(tx, "id = ?1", &due.id, ("sent", "accepted by the mail server"), now)?
        }
        Outcome::Refused(why) => finish(tx, "id = ?1", &due.id, ("failed", why), now)?,
        Outcome::Deferred(why) | Outcome::Unreachable(why) => put_off(tx, due, why, now)?,
        Outcome::InDoubt(why) => put_off(tx, due, &format!("sent, but not answered: {why}"), now)?,
    };
    Ok(())
}

fn put_off(tx: &Transaction<'_>, due: &Due, why: &str, now: DateTime<Utc>) -> Result<usize, MailError> {
    let place = usize::try_from(due.attempts).unwrap_or(usize::MAX).min(GAPS.len() - 1);
    let again = now + Duration::minutes(GAPS.get(place).copied().unwrap_or(60));
    let update = "UPDATE mail SET state = 'deferred', result = ?2, not_before = ?3 WHERE id = ?1";
    Ok(tx.prepare_cached(update)?.execute((due.id, why, again.timestamp_millis()))?)
}

/// Whatever was being handed over when the program stopped waits again.
pub(crate) fn unanswered(tx: &Transaction<'_>, now: DateTime<Utc>) -> Result<(), MailError> {
    tx.prepare_cached(
        "UPDATE mail SET state = 'deferred', not_before = ?1, result = 'the program stopped while it was being sent'
         WHERE state = 'sending'",
    )?
    .execute([now.timestamp_millis()])?;
    Ok(())
}

/// Letters about bookings that are over come to nothing.
fn give_up(tx: &Transaction<'_>, now: DateTime<Utc>) -> Result<u32, MailError> {
    let update = "UPDATE mail SET state = 'given_up', finished = ?1, body = NULL,
                  result = 'not sent before the booking was over: ' || coalesce(result, 'it was not its turn')
                  WHERE body IS NOT NULL AND useless_from <= ?1 AND state IN ('queued', 'deferred') AND queued < ?1";
    let given_up = tx.prepare_cached(update)?.execute([now.timestamp_millis()])?;
    Ok(u32::try_from(given_up).unwrap_or(u32::MAX))
}
