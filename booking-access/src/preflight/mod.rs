//! Before a booking begins, everything between its people and its doors is looked at, and what is not ready is told in time.

mod rounds;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Duration, Utc};
use rusqlite::{Connection, Transaction};
use serde::{Deserialize, Serialize};

use crate::grants::Grants;
use crate::mail::mails;
use crate::questions::{Chain, LinkState};
use crate::store::{
    BookingRow, Problem, booking_by_id, document, documents, drop_document, drop_problem, live_bookings, put_document,
    set_problem,
};
use crate::{Access, AccessError};

/// Kind of the document that says how far rounds were made.
const ROUNDS: &str = "preflight rounds";
/// Kind of the documents that say what was found, by the number of the booking.
const FOUND: &str = "preflight finding";
/// Area of the problems.
const AREA: &str = "preflight";
/// So long a new letter may wait without anybody being worried.
const PATIENCE_MINUTES: i64 = 5;
/// The time of the last round is written down at least this often.
const NOTED_MINUTES: i64 = 10;
/// Cause of fault mails while the door system does not answer.
const UNREAD: &str = "pre-flight: the door system";

/// The bookings whose turn it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreflightRound {
    due: BTreeSet<i64>,
}

/// What the door system tells of its doors: what is wrong with each, `None` where nothing is known to be; or why it tells
/// nothing.
pub type DoorsSeen = Result<BTreeMap<String, Option<String>>, String>;

/// What a round of looking ahead found.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Preflight {
    /// Bookings that were looked at since it was their time.
    pub checked: u64,
    /// One line for each of them that is not ready, with the first broken link.
    pub not_ready: Vec<String>,
    /// Why nothing could be looked at; the round is made up for once it can.
    pub unread: Option<String>,
}

/// What was found of one booking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Finding {
    /// The first broken link.
    link: String,
    /// The fault mail in which it was told last.
    cause: String,
}

/// The first broken link of one booking.
struct Broken {
    link: String,
    person: String,
    words: String,
}

impl PreflightRound {
    /// Whether there is nothing to look at.
    pub fn is_empty(&self) -> bool {
        self.due.is_empty()
    }
}

impl Access {
    /// The bookings whose turn it is to be looked at: each once for every time before its begin that the settings name, and
    /// once after any number of them was missed. Takes off besides what is mended or over.
    ///
    /// # Errors
    /// The store, or the letter to staff that something was mended cannot be written.
    pub fn preflight_round(&self, now: DateTime<Utc>) -> Result<PreflightRound, AccessError> {
        let leads = self.config().preflight();
        let grants = self.grants();
        self.store().transaction(|transaction| {
            self.mend(transaction, &grants, None, now)?;
            let last: Option<DateTime<Utc>> = document(transaction, ROUNDS, "last")?;
            let mut round = PreflightRound::default();
            if let Some(last) = last {
                let rows = live_bookings(transaction)?;
                let due =
                    rows.iter().filter(|row| self.rules().confirmed(row) && rounds::is_due(row, &leads, last, now));
                round.due = due.map(|row| row.id).filter(|id| opens_for(&grants, *id).next().is_some()).collect();
            }
            let stale = last.is_none_or(|last| now - last >= Duration::minutes(NOTED_MINUTES));
            if round.is_empty() && stale {
                put_document(transaction, ROUNDS, "last", &now)?;
            }
            Ok(round)
        })
    }

    /// Looks at the bookings of a round with what the door system tells of its doors. Staff get one letter for all that is
    /// not ready.
    ///
    /// # Errors
    /// The store, or the letter cannot be written.
    pub fn preflight(
        &self,
        round: &PreflightRound,
        doors: &DoorsSeen,
        now: DateTime<Utc>,
    ) -> Result<Preflight, AccessError> {
        let doors = match doors {
            Ok(doors) => doors,
            Err(why) => return self.preflight_unread(round, why, now),
        };
        let grants = self.grants();
        let mut report = Preflight { checked: round.due.len() as u64, ..Preflight::default() };
        let cause = format!("bookings that are not ready ({})", now.format("%Y-%m-%d %H:%M UTC"));
        self.store().transaction(|transaction| {
            drop_problem(transaction, AREA, "unread", "doors")?;
            self.preflight_heal(transaction, UNREAD, now)?;
            // Before anything is told anew: a letter says that all is mended only if nothing of it is left.
            self.mend(transaction, &grants, Some(doors), now)?;
            for id in &round.due {
                let Some(row) = booking_by_id(transaction, *id)? else { continue };
                let Some(broken) = self.broken(transaction, &grants, &row, Some(doors), now)? else { continue };
                let line = format!("{}, {}: {}: {}", self.told(&row), broken.person, broken.link, broken.words);
                note(transaction, &row, &broken, &line, &cause, now)?;
                report.not_ready.push(line);
            }
            put_document(transaction, ROUNDS, "last", &now)?;
            if let (Some(post), false) = (&self.post, report.not_ready.is_empty()) {
                let words = format!("These bookings begin soon and are not ready:\n{}", report.not_ready.join("\n"));
                post.outbox.raise(transaction, &cause, &words, now)?;
            }
            Ok(report)
        })
    }

    /// Nobody is blamed for what could not be looked at, and the round is not over.
    fn preflight_unread(
        &self,
        round: &PreflightRound,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<Preflight, AccessError> {
        let words = format!("{} bookings could not be looked at before they begin: {why}", round.due.len());
        self.store().transaction(|transaction| {
            let remedy = "It is made up for once the door system answers";
            set_problem(transaction, &Problem::new(AREA, "unread", "doors", words.as_str(), remedy, now))?;
            if let Some(post) = &self.post {
                post.outbox.raise(transaction, UNREAD, &words, now)?;
            }
            Ok(Preflight { unread: Some(words), ..Preflight::default() })
        })
    }

    fn preflight_heal(
        &self,
        transaction: &Transaction<'_>,
        cause: &str,
        now: DateTime<Utc>,
    ) -> Result<(), AccessError> {
        if let Some(post) = &self.post {
            post.outbox.heal(transaction, cause, now)?;
        }
        Ok(())
    }

    /// Takes off what is mended, and what is over. Without the doors nothing is said of controllers.
    fn mend(
        &self,
        transaction: &Transaction<'_>,
        grants: &Grants,
        doors: Option<&BTreeMap<String, Option<String>>>,
        now: DateTime<Utc>,
    ) -> Result<(), AccessError> {
        let mut open = found(transaction)?;
        let mut mended = BTreeSet::new();
        for (id, finding) in open.clone() {
            let row =
                booking_by_id(transaction, id)?.filter(|row| self.rules().confirmed(row) && row.booking.end > now);
            if let Some(row) = &row {
                let unseen = finding.link == "controller" && doors.is_none();
                if unseen || self.broken(transaction, grants, row, doors, now)?.is_some() {
                    continue;
                }
                mended.insert(finding.cause);
            }
            open.remove(&id);
            drop_document(transaction, FOUND, &id.to_string())?;
            drop_problem(transaction, AREA, "not_ready", &subject(id))?;
        }
        mended.retain(|cause| open.values().all(|finding| finding.cause != *cause));
        mended.iter().try_for_each(|cause| self.preflight_heal(transaction, cause, now))
    }

    /// The first broken link of a booking, of the first of its people who has one.
    fn broken(
        &self,
        connection: &Connection,
        grants: &Grants,
        row: &BookingRow,
        doors: Option<&BTreeMap<String, Option<String>>>,
        now: DateTime<Utc>,
    ) -> Result<Option<Broken>, AccessError> {
        for (key, opened) in opens_for(grants, row.id) {
            let mut chain = self.why_booking(connection, key, row, grants, now)?;
            if let Some(words) = doors.and_then(|doors| controller(opened, doors)) {
                chain.insert_after("doors", "controller", LinkState::Broken, words);
            }
            if let Some((link, words)) = self.first_broken(connection, &chain, now)? {
                return Ok(Some(Broken { link, person: key.to_owned(), words }));
            }
        }
        Ok(None)
    }

    fn first_broken(
        &self,
        connection: &Connection,
        chain: &Chain,
        now: DateTime<Utc>,
    ) -> Result<Option<(String, String)>, AccessError> {
        for link in &chain.links {
            let broken = match link.state {
                LinkState::Broken => true,
                LinkState::NotYet if link.what == "mail" => self.lacks_letter(connection, &chain.person, now)?,
                _ => false,
            };
            if broken {
                return Ok(Some((link.what.clone(), link.words.clone())));
            }
        }
        Ok(None)
    }

    /// Whether somebody should have had a letter by now and has none.
    fn lacks_letter(&self, connection: &Connection, person: &str, now: DateTime<Utc>) -> Result<bool, AccessError> {
        let wanted = self.post.as_ref().is_some_and(|post| post.outbox.writes_to_bookers());
        let last = mails(connection, Some(person))?.into_iter().rfind(|letter| letter.kind != "cancelled");
        let patient = now - Duration::minutes(PATIENCE_MINUTES);
        Ok(wanted && last.is_none_or(|letter| letter.attempts > 0 || letter.queued <= patient))
    }
}

/// Whom a booking opens doors for, and which.
fn opens_for(grants: &Grants, booking: i64) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
    let own = grants.people().iter().flat_map(|holder| holder.grants.iter().map(move |grant| (&*holder.key, grant)));
    let own = own.filter(move |(_, grant)| grant.booking == booking);
    own.map(|(key, grant)| (key, grants.doors_of(grant))).filter(|(_, doors)| !doors.is_empty())
}

/// What keeps a change from reaching the first of these doors that has something.
fn controller(opened: &BTreeSet<String>, doors: &BTreeMap<String, Option<String>>) -> Option<String> {
    opened.iter().find_map(|door| match doors.get(door) {
        None => Some(format!("door {door}: the door system does not list it")),
        Some(Some(trouble)) => Some(format!("door {door}: {trouble}")),
        Some(None) => None,
    })
}

fn note(
    transaction: &Transaction<'_>,
    row: &BookingRow,
    broken: &Broken,
    line: &str,
    cause: &str,
    now: DateTime<Utc>,
) -> Result<(), AccessError> {
    let remedy = match broken.link.as_str() {
        "controller" => "Look at the controller, its power and its line to the server".to_owned(),
        _ => format!("`why {}` shows the whole chain", broken.person),
    };
    let finding = Finding { link: broken.link.clone(), cause: cause.to_owned() };
    put_document(transaction, FOUND, &row.id.to_string(), &finding)?;
    set_problem(transaction, &Problem::new(AREA, "not_ready", subject(row.id), line, remedy, now))
}

fn subject(booking: i64) -> String {
    format!("booking {booking}")
}

fn found(connection: &Connection) -> Result<BTreeMap<i64, Finding>, AccessError> {
    let known = documents(connection, FOUND)?.into_iter();
    Ok(known.filter_map(|(id, finding)| Some((id.parse().ok()?, finding))).collect())
}

/// Names nobody.
impl fmt::Debug for Preflight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preflight")
            .field("checked", &self.checked)
            .field("not_ready", &self.not_ready.len())
            .field("unread", &self.unread.is_some())
            .finish()
    }
}
