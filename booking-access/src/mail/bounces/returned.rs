//! What reports about our own letters mean: a letter that came back did not arrive, and its recipient needs help.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Duration, Utc};
use rusqlite::{OptionalExtension as _, Transaction};
use serde::{Deserialize, Serialize};

use super::super::check::remedy;
use super::super::error::MailError;
use super::super::outbox::mark_undeliverable;
use super::super::smtp::{Failure, Trace};
use super::mailbox::BounceMailbox;
use super::report::{DeliveryReport, Fate, ReportedRecipient, delivery_report};
use super::session::Session;
use crate::store::{document, put_document};
use crate::{Access, AccessError, address_key};

/// Kind of the document that says how far a mailbox was read.
const READ: &str = "bounces";
/// Older mails are not looked at: a server that gives up does so within days.
const DAYS: i64 = 7;
/// Mails of one look; whatever else there is waits for the next.
const MOST_MAILS: usize = 500;
/// Reports of one look.
const MOST_REPORTS: usize = 100;
/// Digits of the name of a letter, with which its Message-ID begins.
const NAME_DIGITS: usize = 32;

/// What a look into the mailbox brought.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Bounced {
    /// Reports about letters of ours.
    pub reports: u32,
    /// Letters that came back, with the person and why. Each is told once.
    pub returned: Vec<(String, String)>,
    /// Letters that a server still tries to pass on, with the person and why.
    pub delayed: Vec<(String, String)>,
    /// Letters about malfunctions that came back, with the address and why.
    pub staff: Vec<(String, String)>,
    /// Reports that are about none of our letters. They were left as they are.
    pub foreign: u32,
    /// More mails wait to be looked at.
    pub more: bool,
    /// Why the mailbox cannot be read, and what to do about it.
    pub unreadable: Option<(String, String)>,
}

/// How far a mailbox was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// Number under which mails keep theirs.
    validity: u32,
    /// The last mail that was looked at.
    last: u32,
}

/// A letter of ours that a report is about.
struct Ours {
    id: i64,
    person: String,
}

impl Access {
    /// Looks into the mailbox for reports about letters of ours. Whoever they say cannot be reached is marked, and their
    /// letter counts as failed. Reports about anything else, and all other mails, are left as they are.
    ///
    /// What a report says is kept before the report is marked as read: a program that stops between reads it again, and
    /// nothing counts twice.
    ///
    /// # Errors
    /// The store. A mailbox that cannot be read is part of the answer.
    pub async fn read_bounces(&self, mailbox: &BounceMailbox, now: DateTime<Utc>) -> Result<Bounced, AccessError> {
        let mut bounced = Bounced::default();
        let key = mailbox.place();
        let known: Place = self.store().with(|connection| document(connection, READ, &key))?.unwrap_or_default();
        let place = match self.look(mailbox, known, now, &mut bounced).await? {
            Ok(place) => place,
            Err(failure) => {
                bounced.unreadable = Some((failure.text.clone(), remedy(&failure)));
                return Ok(bounced);
            }
        };
        if place != known {
            self.store().with(|connection| put_document(connection, READ, &key, &place))?;
        }
        Ok(bounced)
    }

    /// One look from the place that is known; answers the next one. The inner error is the mailbox's.
    async fn look(
        &self,
        mailbox: &BounceMailbox,
        known: Place,
        now: DateTime<Utc>,
        bounced: &mut Bounced,
    ) -> Result<Result<Place, Failure>, AccessError> {
        let mut session = match Session::open(mailbox, &mut Trace::new()).await {
            Ok(session) => session,
            Err(failure) => return Ok(Err(failure)),
        };
        let found = match find(&mut session, mailbox, known, now).await {
            Ok(found) => found,
            Err(failure) => return Ok(Err(failure)),
        };
        bounced.more = found.more;
        let mut ours = Vec::new();
        for uid in found.reports {
            let mail = match session.read(uid).await {
                Ok(mail) => mail,
                Err(failure) => return Ok(Err(failure)),
            };
            let Some(report) = delivery_report(&mail) else { continue };
            if self.take_report(&report, now, bounced)? {
                bounced.reports += 1;
                ours.push(uid);
            } else {
                bounced.foreign += 1;
            }
        }
        if let Err(failure) = session.settle(&ours, mailbox.move_to()).await {
            return Ok(Err(failure));
        }
        session.close().await;
        Ok(Ok(found.place))
    }

    /// Takes over what a report says; answers whether it is about a letter of ours.
    fn take_report(
        &self,
        report: &DeliveryReport,
        now: DateTime<Utc>,
        bounced: &mut Bounced,
    ) -> Result<bool, AccessError> {
        self.store().transaction(|transaction| {
            let mut ours = false;
            for recipient in &report.recipients {
                let Some(letter) = letter_of(transaction, report, recipient, now)? else { continue };
                ours = true;
                if letter.person.is_empty() {
                    self.note_staff(recipient, bounced);
                } else {
                    note(transaction, &letter, recipient, now, bounced)?;
                }
            }
            Ok(ours)
        })
    }

    /// A letter about a malfunction that came back, from an address that such letters go to.
    fn note_staff(&self, recipient: &ReportedRecipient, bounced: &mut Bounced) {
        let config = self.post.as_ref().map(|post| post.outbox.stationery().config());
        let staff = config.and_then(|config| config.fault_recipients().ok()).unwrap_or_default();
        let known = |address: &&String| staff.iter().any(|one| one.email.to_string().eq_ignore_ascii_case(address));
        let address = recipient.addresses.iter().find(known);
        if let (Some(address), Fate::Refused | Fate::GivenUp) = (address, recipient.fate) {
            bounced.staff.push((address.clone(), recipient.words.clone()));
        }
    }
}

/// What is to be read, and where the next look begins.
struct Found {
    reports: Vec<u32>,
    place: Place,
    more: bool,
}

async fn find(
    session: &mut Session,
    mailbox: &BounceMailbox,
    known: Place,
    now: DateTime<Utc>,
) -> Result<Found, Failure> {
    let validity = session.select(mailbox.folder()).await?;
    // Another number: the server has numbered its mails anew.
    let last = if known.validity == validity { known.last } else { 0 };
    let since = (now - Duration::days(DAYS)).date_naive();
    let behind = session.behind(last, since).await?;
    let some: Vec<u32> = behind.iter().copied().take(MOST_MAILS).collect();
    let reports: BTreeSet<u32> = session.reports_among(&some).await?;
    let taken: Vec<u32> = reports.iter().copied().take(MOST_REPORTS).collect();
    let whole = taken.len() == reports.len();
    let end = if whole { some.last() } else { taken.last() };
    let place = Place { validity, last: end.copied().unwrap_or(last) };
    Ok(Found { reports: taken, place, more: !whole || some.len() < behind.len() })
}

/// The letter of ours that a report is about, for one recipient.
///
/// Anybody can write a report. It is believed if it knows the name of a letter, which nobody can guess; or, where it names no
/// letter at all, if it is about somebody whom we wrote to in the last days.
fn letter_of(
    transaction: &Transaction<'_>,
    report: &DeliveryReport,
    recipient: &ReportedRecipient,
    now: DateTime<Utc>,
) -> Result<Option<Ours>, AccessError> {
    let read = |row: &rusqlite::Row<'_>| Ok(Ours { id: row.get(0)?, person: row.get(1)? });
    for name in [&report.message_id, &report.envelope_id].into_iter().flatten().filter_map(|id| name_in(id)) {
        let mut statement = transaction.prepare_cached("SELECT id, person FROM mail WHERE key = ?1")?;
        if let Some(letter) = statement.query_row([name], read).optional()? {
            return Ok(Some(letter));
        }
    }
    if report.message_id.is_some() {
        return Ok(None);
    }
    let after = (now - Duration::days(DAYS)).timestamp_millis();
    for key in recipient.addresses.iter().filter_map(|address| address_key(address).ok()) {
        let mut statement = transaction.prepare_cached(
            "SELECT id, person FROM mail WHERE person = ?1 AND state = 'sent' AND finished > ?2 ORDER BY id DESC LIMIT 1",
        )?;
        if let Some(letter) = statement.query_row((&key, after), read).optional()? {
            return Ok(Some(letter));
        }
    }
    Ok(None)
}

/// The name of a letter, if this may be one: what stands before the `@` of its Message-ID.
fn name_in(id: &str) -> Option<String> {
    let name = id.trim().trim_start_matches('<').split('@').next().unwrap_or_default();
    let hex = name.len() == NAME_DIGITS && name.bytes().all(|b| b.is_ascii_hexdigit());
    hex.then(|| name.to_ascii_lowercase())
}

/// Notes what became of a letter to a person. A letter that is not as sent was told of before, or waits to be sent again.
fn note(
    transaction: &Transaction<'_>,
    letter: &Ours,
    recipient: &ReportedRecipient,
    now: DateTime<Utc>,
    bounced: &mut Bounced,
) -> Result<(), MailError> {
    let person = letter.person.clone();
    match recipient.fate {
        Fate::Other => {}
        Fate::Delayed => bounced.delayed.push((person, recipient.words.clone())),
        Fate::Refused | Fate::GivenUp => {
            let why = format!("came back: {}", recipient.words);
            let update = "UPDATE mail SET state = 'failed', result = ?2, finished = ?3, warned = 0
                          WHERE id = ?1 AND state = 'sent'";
            let told = transaction.prepare_cached(update)?.execute((letter.id, &why, now.timestamp_millis()))?;
            if told == 0 {
                return Ok(());
            }
            if recipient.fate == Fate::Refused {
                mark_undeliverable(transaction, &person, &why, now)?;
            }
            bounced.returned.push((person, why));
        }
    }
    Ok(())
}

/// Names nobody.
impl fmt::Debug for Bounced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bounced")
            .field("reports", &self.reports)
            .field("returned", &self.returned.len())
            .field("delayed", &self.delayed.len())
            .field("foreign", &self.foreign)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "returned_tests.rs"]
mod tests;
