//! Letters to staff about malfunctions: the first at once, then at most one an hour, and one when it is over.

use chrono::{DateTime, Duration, Utc};
use rusqlite::{OptionalExtension as _, Transaction};

use super::error::MailError;
use super::outbox::{Entry, Outbox, short_key};
use crate::seal::random;

/// Letters about one cause are this far apart.
const APART: i64 = 60;
/// After so long a letter about a malfunction helps nobody.
const USEFUL_HOURS: i64 = 24;

struct Cause {
    since: DateTime<Utc>,
    open: bool,
    told: bool,
    last_letter: DateTime<Utc>,
    untold: u32,
}

impl Outbox {
    /// Something does not work. Returns whether a letter was queued. `words` must hold no code and no secret; addresses of
    /// the web are cut after the host.
    pub(crate) fn raise(
        &self,
        tx: &Transaction<'_>,
        cause: &str,
        words: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, MailError> {
        let known = read(tx, cause)?;
        let (mut seen, again) = match known {
            Some(seen) if seen.open => (seen, true),
            Some(seen) => (Cause { since: now, open: true, told: false, ..seen }, false),
            None => {
                let long_ago = DateTime::UNIX_EPOCH;
                (Cause { since: now, open: true, told: false, last_letter: long_ago, untold: 0 }, false)
            }
        };
        seen.untold += 1;
        let due = now - seen.last_letter >= Duration::minutes(APART);
        let queued = due && {
            let since = format!("\n\nSince {}, {} times since the last letter.", minute(seen.since), seen.untold);
            let text = without_addresses(words) + if again { &since } else { "" };
            self.tell(tx, cause, &text, now)?
        };
        if due {
            (seen.last_letter, seen.untold, seen.told) = (now, 0, true);
        }
        write(tx, cause, &seen)?;
        Ok(queued)
    }

    /// Something works again. Returns whether a letter was queued: only if its failing was told.
    pub(crate) fn heal(&self, tx: &Transaction<'_>, cause: &str, now: DateTime<Utc>) -> Result<bool, MailError> {
        let text = format!("This works again: {cause}. It did not since");
        self.end(tx, cause, &format!("{cause} works again"), &text, now)
    }

    /// What was raised has come to an end of itself. Returns as [`Outbox::heal`] does.
    pub(crate) fn calm(&self, tx: &Transaction<'_>, cause: &str, now: DateTime<Utc>) -> Result<bool, MailError> {
        let text = format!("This is over: {cause}. It began");
        self.end(tx, cause, &format!("{cause}: over"), &text, now)
    }

    /// `text` goes on with the time since when.
    fn end(
        &self,
        tx: &Transaction<'_>,
        cause: &str,
        subject: &str,
        text: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, MailError> {
        let Some(seen) = read(tx, cause)?.filter(|seen| seen.open) else { return Ok(false) };
        let text = format!("{text} {}.", minute(seen.since));
        let queued = seen.told && self.tell(tx, subject, &text, now)?;
        write(tx, cause, &Cause { open: false, untold: 0, ..seen })?;
        Ok(queued)
    }

    /// One letter to staff. Returns whether it was queued.
    pub(crate) fn tell(
        &self,
        tx: &Transaction<'_>,
        subject: &str,
        text: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, MailError> {
        let config = self.stationery().config();
        if !config.enabled || config.fault_recipients.trim().is_empty() {
            return Ok(false);
        }
        let written = self.stationery().about_fault(&without_addresses(subject), text)?;
        let mut unlike = [0; 32];
        random(&mut unlike)?;
        let key = short_key(unlike);
        let useless_from = now + Duration::hours(USEFUL_HOURS);
        let entry =
            Entry { key: &key, base: &key, person: "", kind: "fault", not_before: now, starts: now, useless_from };
        self.write_row(tx, &entry, &written, now)?;
        Ok(true)
    }
}

fn read(tx: &Transaction<'_>, cause: &str) -> Result<Option<Cause>, MailError> {
    let instant = |millis| DateTime::from_timestamp_millis(millis).unwrap_or_default();
    let mut statement =
        tx.prepare_cached("SELECT since, open, told, last_letter, untold FROM mail_fault WHERE cause = ?1")?;
    let found = statement.query_row([cause], |row| {
        Ok(Cause {
            since: instant(row.get(0)?),
            open: row.get(1)?,
            told: row.get(2)?,
            last_letter: instant(row.get(3)?),
            untold: row.get(4)?,
        })
    });
    Ok(found.optional()?)
}

fn write(tx: &Transaction<'_>, cause: &str, seen: &Cause) -> Result<(), MailError> {
    let Cause { since, open, told, last_letter, untold } = seen;
    tx.prepare_cached(
        "INSERT OR REPLACE INTO mail_fault (cause, since, open, told, last_letter, untold)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((cause, since.timestamp_millis(), open, told, last_letter.timestamp_millis(), untold))?;
    Ok(())
}

fn minute(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// Cuts addresses of the web after the host: what follows may be all that guards a feed.
fn without_addresses(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let ends = |c: char| c.is_whitespace() || c.is_control() || "\"'<>()[]{}|,;".contains(c);
        let address = after.split(ends).next().unwrap_or_default();
        let authority = address.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        shown.push_str(authority.rsplit_once('@').map_or(authority, |(_, host)| host));
        if authority.len() < address.len() {
            shown.push_str("/…");
        }
        rest = after.get(address.len()..).unwrap_or_default();
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_web_end_after_the_host() {
        let shown = without_addresses(
            "feed https://user:pw@host.example:8443/ical?key=SECRET, and (webcal://b.example/SECRET) of http://c.example.",
        );
        assert_eq!(shown, "feed https://host.example:8443/…, and (webcal://b.example/…) of http://c.example.");
        assert_eq!(without_addresses("a://"), "a://");
    }
}
