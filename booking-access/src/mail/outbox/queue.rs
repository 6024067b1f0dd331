//! Letters are written once, and what a newer one tells makes an older one superfluous.

use chrono::{DateTime, Duration, Utc};
use rusqlite::Transaction;

use super::super::config::mailbox;
use super::super::error::MailError;
use super::super::letter::{Letter, LetterCode, LetterKind};
use super::super::stationery::Written;
use super::{Outbox, PURPOSE, Queued};

/// What is written into a new row, but for the text.
pub(in super::super) struct Entry<'a> {
    pub(in super::super) key: &'a str,
    pub(in super::super) base: &'a str,
    pub(in super::super) person: &'a str,
    pub(in super::super) kind: &'a str,
    pub(in super::super) not_before: DateTime<Utc>,
    pub(in super::super) starts: DateTime<Utc>,
    pub(in super::super) useless_from: DateTime<Utc>,
}

impl Outbox {
    /// Queues a letter, unless the same was told last. What waits for this person and is told by it is taken back.
    pub(crate) fn queue(&self, tx: &Transaction<'_>, letter: &Letter, now: DateTime<Utc>) -> Result<Queued, MailError> {
        if !self.wanted(letter.kind) {
            return Ok(Queued::NotWanted);
        }
        let base = self.base(letter);
        if told(tx, letter, &base)? {
            return Ok(Queued::AlreadyTold);
        }
        let waiting = if letter.kind.tells_all() { take_back(tx, &letter.person, now)? } else { Waiting::default() };
        let kind = if waiting.told_code { LetterKind::Code } else { letter.kind };
        let gathered = now + Duration::seconds(self.stationery.config().gather_seconds.into());
        let at_once = letter.kind == LetterKind::Reminder;
        let not_before = waiting.not_before.unwrap_or(if at_once { now } else { gathered });
        self.insert(tx, letter, kind, &base, not_before, now)
    }

    /// Queues a letter that somebody ordered, whatever was told before.
    pub(crate) fn order_again(
        &self,
        tx: &Transaction<'_>,
        letter: &Letter,
        now: DateTime<Utc>,
    ) -> Result<Queued, MailError> {
        if letter.kind.tells_all() {
            take_back(tx, &letter.person, now)?;
        }
        self.insert(tx, letter, letter.kind, &self.base(letter), now, now)
    }

    /// What waits for this person tells what stands now, where that has become another. Without bookings it is taken back.
    ///
    /// For changes that are worth no letter of their own, such as a booking that was called off before its letter went.
    /// Returns whether something waited that was not right any more.
    pub(crate) fn refresh(&self, tx: &Transaction<'_>, letter: &Letter, now: DateTime<Utc>) -> Result<bool, MailError> {
        let base = self.base(letter);
        let stale = "SELECT EXISTS (SELECT 1 FROM mail WHERE person = ?1 AND base != ?2
                     AND state IN ('queued', 'deferred') AND kind IN ('code', 'booked', 'changed'))";
        if !tx.prepare_cached(stale)?.query_row((&letter.person, &base), |row| row.get(0))? {
            return Ok(false);
        }
        let waiting = take_back(tx, &letter.person, now)?;
        if !letter.bookings.is_empty() {
            let kind = if waiting.told_code { LetterKind::Code } else { letter.kind };
            self.insert(tx, letter, kind, &base, waiting.not_before.unwrap_or(now), now)?;
        }
        Ok(true)
    }

    fn wanted(&self, kind: LetterKind) -> bool {
        let config = self.stationery.config();
        let of_kind = match kind {
            LetterKind::Cancelled => config.cancellations,
            LetterKind::Reminder => config.reminder_hours > 0,
            LetterKind::Code | LetterKind::Booked | LetterKind::Changed => true,
        };
        self.writes_to_bookers() && of_kind
    }

    fn insert(
        &self,
        tx: &Transaction<'_>,
        letter: &Letter,
        kind: LetterKind,
        base: &str,
        not_before: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Queued, MailError> {
        let key = self.unused_key(tx, base)?;
        let starts = letter.bookings.iter().map(|stay| stay.start).min().unwrap_or(letter.valid_until);
        let ends = letter.bookings.iter().map(|stay| stay.end).max().unwrap_or(letter.valid_until);
        let entry = Entry {
            key: &key,
            base,
            person: &letter.person,
            kind: kind.as_str(),
            not_before,
            starts,
            useless_from: ends.max(now),
        };
        let written = self.stationery.write(letter, &key, now);
        self.write_row(tx, &entry, &written, now)?;
        if mailbox(&letter.address).is_err() {
            finish(tx, "key = ?1", &key, ("failed", &MailError::Address.to_string()), now)?;
            return Ok(Queued::NoAddress);
        }
        Ok(Queued::Now(key))
    }

    pub(in super::super) fn write_row(
        &self,
        tx: &Transaction<'_>,
        entry: &Entry<'_>,
        written: &Written,
        now: DateTime<Utc>,
    ) -> Result<(), MailError> {
        let clear = zeroize::Zeroizing::new(serde_json::to_vec(written).map_err(|_| MailError::Damaged)?);
        let body = self.sealer.seal(PURPOSE, &clear)?;
        let millis = |at: DateTime<Utc>| at.timestamp_millis();
        let Entry { key, base, person, kind, not_before, starts, useless_from } = entry;
        tx.prepare_cached(
            "INSERT INTO mail (key, base, person, kind, state, body, queued, not_before, starts, useless_from)
             VALUES (?1, ?2, ?3, ?4, 'queued', ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute((
            key,
            base,
            person,
            kind,
            body,
            millis(now),
            millis(*not_before),
            millis(*starts),
            millis(*useless_from),
        ))?;
        Ok(())
    }

    /// What a letter tells: person, version of the code and content, not how it is worded.
    fn base(&self, letter: &Letter) -> String {
        let single = if is_single(letter.kind) { letter.kind.as_str() } else { "" };
        let code = match &letter.code {
            LetterCode::Pin(code) | LetterCode::Qr(code) => code.expose(),
            _ => "",
        };
        let version = letter.version.to_be_bytes();
        let mut parts: Vec<Vec<u8>> = vec![letter.person.as_bytes().to_vec(), version.to_vec()];
        parts.extend([single, letter.code.form(), code].map(|part| part.as_bytes().to_vec()));
        for stay in &letter.bookings {
            parts.push(stay.start.timestamp().to_be_bytes().to_vec());
            parts.push(stay.end.timestamp().to_be_bytes().to_vec());
            parts.push(stay.resource.as_bytes().to_vec());
        }
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        short(self.sealer.hash(PURPOSE, &parts))
    }

    /// The key of a letter with this content; another one each time that the same is told again after something else.
    fn unused_key(&self, tx: &Transaction<'_>, base: &str) -> Result<String, MailError> {
        let before: u32 =
            tx.prepare_cached("SELECT count(*) FROM mail WHERE base = ?1")?.query_row([base], |row| row.get(0))?;
        if before == 0 {
            return Ok(base.to_owned());
        }
        let last: i64 = tx.query_row("SELECT max(id) FROM mail", [], |row| row.get(0))?;
        Ok(short(self.sealer.hash(PURPOSE, &[b"again", base.as_bytes(), &last.to_be_bytes()])))
    }
}

/// Letters that stand beside those that tell all; each is written once.
fn is_single(kind: LetterKind) -> bool {
    !kind.tells_all()
}

/// What was taken back.
#[derive(Default)]
pub(crate) struct Waiting {
    /// It told a code.
    pub told_code: bool,
    /// It told bookings.
    pub told_all: bool,
    not_before: Option<DateTime<Utc>>,
}

const ANY_KIND: &str = "TRUE";

/// Takes back whatever waits for this person: nobody writes to them now.
pub(crate) fn hold_back(tx: &Transaction<'_>, person: &str, now: DateTime<Utc>) -> Result<Waiting, MailError> {
    take_back_for(tx, person, ANY_KIND, "the person is blocked", now)
}

/// Takes back whatever waits for this person and may tell their code, which opens nothing any more. The letter with the
/// next one tells all the rest.
pub(crate) fn take_codes(tx: &Transaction<'_>, person: &str, now: DateTime<Utc>) -> Result<(), MailError> {
    take_back_for(tx, person, "kind != 'cancelled'", "the code in it is taken away", now).map(drop)
}

/// Takes back whatever waits for this person: the newer letter tells it too.
fn take_back(tx: &Transaction<'_>, person: &str, now: DateTime<Utc>) -> Result<Waiting, MailError> {
    take_back_for(tx, person, ANY_KIND, "a newer letter tells it", now)
}

fn take_back_for(
    tx: &Transaction<'_>,
    person: &str,
    kinds: &str,
    why: &str,
    now: DateTime<Utc>,
) -> Result<Waiting, MailError> {
    let which = &format!("person = ?1 AND state IN ('queued', 'deferred') AND {kinds}");
    let mut waiting = Waiting::default();
    {
        let mut statement = tx.prepare_cached(&format!(
            "SELECT kind, attempts, not_before FROM mail WHERE {which} ORDER BY not_before"
        ))?;
        let rows = statement
            .query_map([person], |row| Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?, row.get::<_, i64>(2)?)))?;
        for row in rows {
            let (kind, attempts, not_before) = row?;
            waiting.told_code |= kind == LetterKind::Code.as_str();
            let single = [LetterKind::Cancelled, LetterKind::Reminder].map(LetterKind::as_str);
            waiting.told_all |= !single.contains(&kind.as_str());
            if attempts == 0 && waiting.not_before.is_none() {
                waiting.not_before = DateTime::from_timestamp_millis(not_before);
            }
        }
    }
    tx.execute(&format!("UPDATE mail SET superseded = 1 WHERE {which}"), [person])?;
    finish(tx, which, &person, ("given_up", why), now)?;
    Ok(waiting)
}

/// Whether a letter says nothing that was not told before, or waits to be told.
///
/// What tells all is compared with the last letter that did so; a reminder with all others; a cancellation with those since
/// the last letter that told all, since a booking that was made again can be called off again.
fn told(tx: &Transaction<'_>, letter: &Letter, base: &str) -> Result<bool, MailError> {
    let newest =
        "SELECT max(id) FROM mail WHERE person = ?1 AND superseded = 0 AND kind IN ('code', 'booked', 'changed')";
    let which = match letter.kind {
        LetterKind::Code | LetterKind::Booked | LetterKind::Changed => format!("id = ({newest})"),
        LetterKind::Cancelled => format!("id > coalesce(({newest}), 0)"),
        LetterKind::Reminder => "TRUE".to_owned(),
    };
    let query =
        format!("SELECT EXISTS (SELECT 1 FROM mail WHERE person = ?1 AND base = ?2 AND superseded = 0 AND {which})");
    Ok(tx.prepare_cached(&query)?.query_row((&letter.person, base), |row| row.get(0))?)
}

/// Ends letters: their text goes.
pub(super) fn finish(
    tx: &Transaction<'_>,
    which: &str,
    parameter: &dyn rusqlite::ToSql,
    (state, result): (&str, &str),
    now: DateTime<Utc>,
) -> Result<usize, MailError> {
    let update = format!("UPDATE mail SET state = ?2, result = ?3, finished = ?4, body = NULL WHERE {which}");
    Ok(tx.prepare_cached(&update)?.execute((parameter, state, result, now.timestamp_millis()))?)
}

pub(in super::super) fn short(hash: [u8; 32]) -> String {
    hex::encode(hash.get(..16).unwrap_or_default())
}
