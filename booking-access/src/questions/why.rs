//! Why can this person not get in? The chain from the booking to the door, with the first broken link.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use serde::Serialize;
use sync_core::model::BookingStatus;

use super::{listed, local};
use crate::codes::{CodeState, active_or_reserved};
use crate::grants::{Grant, Grants, Holder};
use crate::mail::{MailState, mails};
use crate::store::{BookingRow, BookingState, PersonRow, all_people, live_bookings, open_rights, person_by_key};
use crate::{Access, AccessError, address_key};

/// Everything between a person and the door, in order.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Chain {
    /// Whom the question is about: the folded address, or what was asked.
    pub person: String,
    /// The links in order.
    pub links: Vec<ChainLink>,
    /// Place of the first broken link, if there is one.
    pub first_broken: Option<usize>,
    /// People whom the question may have meant, if it named nobody.
    pub meant: Vec<String>,
}

/// One link.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ChainLink {
    /// What it is: `person`, `booking`, `block`, `window`, `doors`, `controller` (before a booking begins), `code`, `user`,
    /// `rights` or `mail`.
    pub what: String,
    /// Whether it holds.
    pub state: LinkState,
    /// What is known.
    pub words: String,
}

/// Whether a link of the chain holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LinkState {
    /// It holds.
    Holds,
    /// It will, at its time.
    NotYet,
    /// It is broken.
    Broken,
}

impl Access {
    /// Everything between a person and the door now. `who` is an address, or part of a name.
    ///
    /// # Errors
    /// The store.
    pub fn why(&self, who: &str, now: DateTime<Utc>) -> Result<Chain, AccessError> {
        let grants = self.grants();
        self.store().with(|connection| {
            let mut found = people_called(&all_people(connection)?, who);
            let person = if found.len() == 1 { found.pop() } else { None };
            let key = person.as_ref().map(|person| person.key.clone());
            let mut chain = Chain {
                person: key.clone().unwrap_or_else(|| who.trim().to_owned()),
                links: Vec::new(),
                first_broken: None,
                meant: found.iter().map(|row| row.key.clone()).collect(),
            };
            let asked = key.or_else(|| address_key(who).ok());
            let bookings = live_bookings(connection)?;
            let own: Vec<&BookingRow> =
                bookings.iter().filter(|row| asked.as_ref().is_some_and(|key| is_of(row, key))).collect();
            match &person {
                Some(person) => {
                    chain.add("person", LinkState::Holds, format!("{}, {}", person.full_name(), person.key));
                }
                None if !own.is_empty() => {
                    chain.add("person", LinkState::Broken, "is in a booking, but none that opens anything".to_owned());
                }
                None => {
                    let words = if chain.meant.is_empty() { "nobody is known under this" } else { "several are meant" };
                    chain.add("person", LinkState::Broken, words.to_owned());
                }
            }
            self.add_booking(&mut chain, &own, now);
            if let (Some(person), Some(holder)) = (&person, asked.as_ref().and_then(|key| grants.person(key))) {
                self.add_rest(&mut chain, connection, person, holder, None, &grants, now)?;
            }
            chain.first_broken = chain.links.iter().position(|link| link.state == LinkState::Broken);
            Ok(chain)
        })
    }

    /// The chain of one person for one booking, whatever else they booked.
    pub(crate) fn why_booking(
        &self,
        connection: &Connection,
        key: &str,
        booking: &BookingRow,
        grants: &Grants,
        now: DateTime<Utc>,
    ) -> Result<Chain, AccessError> {
        let mut chain = Chain { person: key.to_owned(), links: Vec::new(), first_broken: None, meant: Vec::new() };
        let person = person_by_key(connection, key)?;
        match &person {
            Some(person) => chain.add("person", LinkState::Holds, format!("{}, {key}", person.full_name())),
            None => chain.add("person", LinkState::Broken, "is in a booking, but not known yet".to_owned()),
        }
        self.add_booking(&mut chain, &[booking], now);
        if let (Some(person), Some(holder)) = (&person, grants.person(key)) {
            self.add_rest(&mut chain, connection, person, holder, Some(booking.id), grants, now)?;
        }
        chain.first_broken = chain.links.iter().position(|link| link.state == LinkState::Broken);
        Ok(chain)
    }

    fn add_booking(&self, chain: &mut Chain, own: &[&BookingRow], now: DateTime<Utc>) {
        let ahead = |row: &&&BookingRow| self.rules().confirmed(row) && self.rules().window(row).1 > now;
        if let Some(next) = own.iter().filter(ahead).min_by_key(|row| row.booking.start) {
            let words = format!("{} of {}", self.told(next), next.source);
            return chain.add("booking", LinkState::Holds, words);
        }
        let Some(last) = own.iter().max_by_key(|row| (row.booking.end, row.id)) else {
            return chain.add("booking", LinkState::Broken, "no booking is known".to_owned());
        };
        let why = match (last.state, last.booking.status) {
            (BookingState::Cancelled, _) => "was called off by the source",
            (BookingState::Gone, _) => "is no longer listed by the source",
            (BookingState::Doubted, _) => "is doubted by the source",
            (_, BookingStatus::Tentative) if !self.rules().confirmed(last) => "waits for somebody's approval",
            _ => "is over",
        };
        chain.add("booking", LinkState::Broken, format!("{} {why}", self.told(last)));
    }

    pub(crate) fn told(&self, row: &BookingRow) -> String {
        let (start, end) = (local(row.booking.start, self.zone()), local(row.booking.end, self.zone()));
        format!("{}, {start} – {end}", listed(&row.booking.resources))
    }

    /// What follows the booking; `only` asks for one booking of theirs, otherwise it is the one now or next.
    #[expect(clippy::too_many_arguments, reason = "what is asked for, and all that is known")]
    fn add_rest(
        &self,
        chain: &mut Chain,
        connection: &Connection,
        person: &PersonRow,
        holder: &Holder,
        only: Option<i64>,
        grants: &Grants,
        now: DateTime<Utc>,
    ) -> Result<(), AccessError> {
        if let Some(reason) = person.blocked.as_ref().or(person.refused.as_ref()) {
            chain.add("block", LinkState::Broken, reason.clone());
        } else if person.erasing {
            chain.add("block", LinkState::Broken, "is being forgotten".to_owned());
        } else {
            chain.add("block", LinkState::Holds, "not blocked".to_owned());
        }
        let asked = |grant: &&Grant| only.is_none_or(|booking| grant.booking == booking);
        let active: Vec<_> = holder.active(now).filter(asked).collect();
        let next = holder.not_over(now).find(asked);
        match (active.first(), next) {
            (Some(grant), _) => {
                let words = format!("open until {}", local(grant.closes, self.zone()));
                chain.add("window", LinkState::Holds, words);
            }
            (None, Some(next)) => {
                let words = format!("doors open at {}", local(next.opens, self.zone()));
                chain.add("window", LinkState::NotYet, words);
            }
            (None, None) => chain.add("window", LinkState::Broken, "no time is left".to_owned()),
        }
        let near = active.first().copied().or(next);
        let doors = near.map(|grant| grants.doors_of(grant).clone()).unwrap_or_default();
        if doors.is_empty() {
            chain.add("doors", LinkState::Broken, "the resource has no door".to_owned());
        } else {
            chain.add("doors", LinkState::Holds, listed(&doors));
        }
        self.add_code(chain, connection, (person, holder), grants, now)?;
        match &person.door_user {
            Some(id) => chain.add("user", LinkState::Holds, format!("user {id} at the door system")),
            None => chain.add("user", LinkState::Broken, "the door system does not have them yet".to_owned()),
        }
        let wanted = match only {
            None => grants.doors(holder, now),
            Some(_) => active.iter().flat_map(|grant| grants.doors_of(grant)).cloned().collect(),
        };
        let held = open_rights(connection)?.remove(&person.id).unwrap_or_default();
        chain.add_rights(&wanted, &held);
        self.add_mail(chain, connection, person)
    }

    fn add_mail(&self, chain: &mut Chain, connection: &Connection, person: &PersonRow) -> Result<(), AccessError> {
        if self.post.is_none() {
            return Ok(());
        }
        let letters = mails(connection, Some(&person.key))?;
        let Some(last) = letters.into_iter().rfind(|letter| letter.kind != "cancelled") else {
            chain.add("mail", LinkState::NotYet, "no letter was written yet".to_owned());
            return Ok(());
        };
        let result = last.result.unwrap_or_else(|| "waits to be sent".to_owned());
        let at = local(last.finished.unwrap_or(last.queued), self.zone());
        let (state, words) = match last.state {
            MailState::Sent => (LinkState::Holds, format!("sent at {at}")),
            MailState::Failed | MailState::GivenUp => (LinkState::Broken, format!("not sent: {result}")),
            _ => (LinkState::NotYet, result),
        };
        chain.add("mail", state, words);
        Ok(())
    }

    fn add_code(
        &self,
        chain: &mut Chain,
        connection: &Connection,
        (person, holder): (&PersonRow, &Holder),
        grants: &Grants,
        now: DateTime<Utc>,
    ) -> Result<(), AccessError> {
        if self.codes().kind().is_none() {
            chain.add("code", LinkState::Holds, "a card or fob of their own".to_owned());
            return Ok(());
        }
        let stay = self.code_stay(grants, holder, now);
        let until = stay.as_ref().map(|stay| format!(", and is taken away at {}", local(stay.closes, self.zone())));
        match active_or_reserved(connection, self.sealer(), &person.key)? {
            Some(issued) if issued.state == CodeState::Active => {
                let until = until.unwrap_or_default();
                let words = format!("version {} is confirmed by the door system{until}", issued.version);
                chain.add("code", LinkState::Holds, words);
            }
            Some(issued) => {
                let words = format!("version {} is chosen, the door system has not confirmed it", issued.version);
                chain.add("code", LinkState::Broken, words);
            }
            None if self.has_fresh_codes() && stay.is_none() => {
                chain.add("code", LinkState::NotYet, "the next booking gets a fresh one".to_owned());
            }
            None => chain.add("code", LinkState::Broken, "no code was chosen yet".to_owned()),
        }
        Ok(())
    }
}

impl Chain {
    fn add_rights(&mut self, wanted: &BTreeSet<String>, held: &BTreeSet<String>) {
        let lacking: BTreeSet<String> = wanted.difference(held).cloned().collect();
        if !lacking.is_empty() {
            let words = format!("the door system has not confirmed {}", listed(&lacking));
            self.add("rights", LinkState::Broken, words);
        } else if wanted.is_empty() {
            self.add("rights", LinkState::NotYet, "no door is wanted open now".to_owned());
        } else {
            self.add("rights", LinkState::Holds, format!("{} confirmed by the door system", listed(held)));
        }
    }

    /// Puts a link behind the one of this name, or at the end where there is none.
    pub(crate) fn insert_after(&mut self, what: &str, added: &str, state: LinkState, words: String) {
        let place = self.links.iter().position(|link| link.what == what).map_or(self.links.len(), |place| place + 1);
        self.links.insert(place, ChainLink { what: added.to_owned(), state, words });
        self.first_broken = self.links.iter().position(|link| link.state == LinkState::Broken);
    }

    fn add(&mut self, what: &str, state: LinkState, words: String) {
        self.links.push(ChainLink { what: what.to_owned(), state, words });
    }
}

fn is_of(row: &BookingRow, key: &str) -> bool {
    row.booking.people.iter().any(|person| person.key() == key)
}

/// Whoever has the address; else whoever has all the words in name or address.
fn people_called(people: &[PersonRow], who: &str) -> Vec<PersonRow> {
    let wanted = who.trim().to_lowercase();
    if let Some(person) = people.iter().find(|person| person.key == wanted) {
        return vec![person.clone()];
    }
    let words: Vec<&str> = wanted.split_whitespace().collect();
    let called = |person: &&PersonRow| {
        let text = format!("{} {}", person.full_name().to_lowercase(), person.key);
        !words.is_empty() && words.iter().all(|word| text.contains(word))
    };
    people.iter().filter(called).cloned().collect()
}

/// Names nobody.
impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chain")
            .field("links", &self.links)
            .field("first_broken", &self.first_broken)
            .finish_non_exhaustive()
    }
}

/// Names nobody.
impl std::fmt::Debug for ChainLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.what, self.state)
    }
}
