//! What people should be told, made of what is confirmed, and told once.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use rusqlite::Transaction;
use serde::Serialize;
use sync_core::connector::CodeKind;

use crate::codes::{CodeState, CodeStay, Issued, Turn, active_or_reserved, bound};
use crate::grants::{Grants, Holder};
use crate::mail::{
    Attention, Letter, LetterCode, LetterKind, MailConfig, MailRow, Outbox, Queued, Site, Stationery, Stay, Transport,
    hold_back, mails, mark_deliverable, mark_undeliverable, next_due, take_codes, unanswered,
};
use crate::store::{BookingState, PersonRow, all_people, booking_by_id, update_person};
use crate::turns::turn_of;
use crate::{Access, AccessError, Fault, Told, address_key};

/// The post of a site: letters that wait, and when they are written.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) outbox: Outbox,
    reminder: Option<Duration>,
    withhold_hours: u32,
}

/// What became of letters in one round of sending.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Posted {
    /// Letters that the mail server has.
    pub sent: u32,
    /// Letters that wait for another time.
    pub deferred: u32,
    /// Letters that the mail server will never take.
    pub refused: u32,
    /// Letters that came to nothing before they could be sent.
    pub given_up: u32,
    /// Why the mail server cannot be used at all.
    pub unreachable: Option<String>,
}

impl Access {
    /// With letters to bookers and staff.
    ///
    /// # Errors
    /// Templates that cannot be used.
    pub fn with_mail(mut self, config: &MailConfig) -> Result<Self, Vec<Fault>> {
        let access = self.config();
        let site = Site::new(self.zone(), access.grace_before_minutes, access.grace_after_minutes);
        let stationery = Stationery::load(config, self.codes(), site)?;
        let outbox = Outbox::new(stationery, self.shared_sealer());
        let reminder = (config.reminder_hours > 0).then(|| Duration::hours(config.reminder_hours.into()));
        self.post = Some(Post { outbox, reminder, withhold_hours: config.withhold_code_hours });
        Ok(self)
    }

    /// Queues what people were not told yet. Nobody is written to before the door system confirmed their code.
    ///
    /// Returns how many letters were queued. Call it after each run; a letter is queued once, whenever the program stops.
    ///
    /// # Errors
    /// The store, or a letter cannot be written.
    pub fn write_letters(&self, now: DateTime<Utc>) -> Result<u64, AccessError> {
        let Some(post) = &self.post else { return Ok(0) };
        let grants = self.grants();
        // What was being sent when the program stopped waits again, and may be taken back.
        let people = self.store().transaction(|transaction| {
            unanswered(transaction, now)?;
            all_people(transaction)
        })?;
        let mut queued = 0;
        for person in people {
            let Some(holder) = grants.person(&person.key) else { continue };
            if holder.is_blocked() {
                // A letter that was being sent when they were blocked may wait again.
                self.store().transaction(|transaction| keep_quiet(transaction, person, now))?;
                continue;
            }
            if !holder.is_listed(now) || person.door_user.is_none() {
                continue;
            }
            queued += self
                .store()
                .transaction(|transaction| self.write_to(transaction, post, person, holder, &grants, now))?;
        }
        Ok(queued)
    }

    fn write_to(
        &self,
        transaction: &Transaction<'_>,
        post: &Post,
        mut person: PersonRow,
        holder: &Holder,
        grants: &Grants,
        now: DateTime<Utc>,
    ) -> Result<u64, AccessError> {
        let stays = stays(grants, holder, now);
        let code = match self.codes().kind() {
            None => Shown::default(),
            Some(_) => match self.shown(transaction, grants, holder, now)? {
                Some(code) => code,
                // Whoever has nothing booked any more needs none to be told so.
                None if stays.is_empty() && self.has_fresh_codes() => Shown::default(),
                None => {
                    // The code of a letter that still waits opens nothing any more; the next one tells all that it told.
                    take_codes(transaction, &person.key, now)?;
                    return Ok(0);
                }
            },
        };
        let issued = code.issued.as_ref();
        let should = Told {
            code: post.tells_code(&stays, now).then(|| issued.map_or(0, |issued| issued.version)),
            bookings: stays.iter().map(|(id, stays)| (*id, digest(stays))).collect(),
        };
        let mut queued = post.remind(transaction, &person, holder, &code, &stays, now)?;
        let Some(kind) = news(&person.told, &should) else {
            // No letter of its own, but what waits should tell what stands now.
            let all: Vec<Stay> = stays.into_values().flatten().collect();
            let letter = post.letter(LetterKind::Changed, &person, holder, &code, all, now);
            post.outbox.refresh(transaction, &letter, now)?;
            return Ok(queued + post.call_off(transaction, &mut person, holder, &should, now)?);
        };
        let all: Vec<Stay> = stays.into_values().flatten().collect();
        let letter = post.letter(kind, &person, holder, &code, all, now);
        match post.outbox.queue(transaction, &letter, now)? {
            Queued::NotWanted => return Ok(queued),
            Queued::Now(_) => queued += 1,
            Queued::AlreadyTold | Queued::NoAddress => {}
        }
        queued += post.call_off(transaction, &mut person, holder, &should, now)?;
        // Who was told a code knows it, though a later letter withholds it.
        person.told = Told { code: should.code.or(person.told.code), ..should };
        update_person(transaction, &person)?;
        Ok(queued)
    }

    /// Queues the last letter of a person once more, whatever they were told.
    ///
    /// # Errors
    /// Nobody has this address; refused if no mail is sent, or nothing is confirmed that could be told.
    pub fn resend(&self, address: &str, order: crate::Order<'_>) -> Result<(), AccessError> {
        let post = self.post.as_ref().ok_or(AccessError::Refused("no mail is sent"))?;
        let grants = self.grants();
        self.change(address, "resend", order, |transaction, person| {
            let holder = grants.person(&person.key).ok_or(AccessError::Nobody)?;
            let code = match self.codes().kind() {
                None => Shown::default(),
                Some(_) => self.shown(transaction, &grants, holder, order.now)?.ok_or(NOT_CONFIRMED)?,
            };
            let stays = stays(&grants, holder, order.now).into_values().flatten().collect();
            let letter = post.letter(LetterKind::Code, person, holder, &code, stays, order.now);
            post.outbox.order_again(transaction, &letter, order.now)?;
            Ok(())
        })
    }

    /// What a letter may show at this time: the code that the door system confirmed, if it is for what is next.
    fn shown(
        &self,
        transaction: &Transaction<'_>,
        grants: &Grants,
        holder: &Holder,
        now: DateTime<Utc>,
    ) -> Result<Option<Shown>, AccessError> {
        let issued = active_or_reserved(transaction, self.sealer(), &holder.key)?;
        let Some(issued) = issued.filter(|issued| issued.state == CodeState::Active) else { return Ok(None) };
        let stay = self.code_stay(grants, holder, now);
        if self.has_fresh_codes()
            && let Some(found) = bound(transaction, &holder.key)?
            && matches!(turn_of(grants, holder, &found, now), Turn::Fresh(_) | Turn::Retire)
        {
            return Ok(None);
        }
        Ok(Some(Shown { issued: Some(issued), stay }))
    }

    /// Sends what is due.
    ///
    /// # Errors
    /// The store. Whatever the mail server says is part of the answer.
    pub async fn send_letters(&self, transport: &dyn Transport, now: DateTime<Utc>) -> Result<Posted, AccessError> {
        let Some(post) = &self.post else { return Ok(Posted::default()) };
        let round = post.outbox.send_due(self.store(), transport, now).await?;
        Ok(Posted {
            sent: round.sent,
            deferred: round.deferred,
            refused: round.refused,
            given_up: round.given_up,
            unreachable: round.unreachable,
        })
    }

    /// When the next letter may be sent; none if none waits.
    ///
    /// # Errors
    /// The store.
    pub fn next_letter(&self) -> Result<Option<DateTime<Utc>>, AccessError> {
        Ok(self.store().with(next_due)?)
    }

    /// Letters of one person, or all, oldest first: who, when, and how it went.
    ///
    /// # Errors
    /// The store.
    pub fn letters(&self, address: Option<&str>) -> Result<Vec<MailRow>, AccessError> {
        let key = address.map(|address| address.trim().to_lowercase());
        Ok(self.store().with(|connection| mails(connection, key.as_deref()))?)
    }

    /// People whose letter is not there an hour before their booking begins: each is told once, and staff by mail.
    ///
    /// # Errors
    /// The store.
    pub fn late_letters(&self, now: DateTime<Utc>) -> Result<Vec<Attention>, AccessError> {
        let Some(post) = &self.post else { return Ok(Vec::new()) };
        Ok(self.store().transaction(|transaction| post.outbox.late(transaction, now))?)
    }

    /// People whom a letter does not reach, for staff to help.
    ///
    /// # Errors
    /// The store.
    pub fn unreached(&self, now: DateTime<Utc>) -> Result<Vec<Attention>, AccessError> {
        let Some(post) = &self.post else { return Ok(Vec::new()) };
        Ok(self.store().with(|connection| post.outbox.attention(connection, now))?)
    }

    /// Letters to this address come back, or arrive again if there is no reason.
    ///
    /// # Errors
    /// The store, or this is no address.
    pub fn mark_mail(&self, address: &str, bounced: Option<&str>, now: DateTime<Utc>) -> Result<(), AccessError> {
        let key = address_key(address).map_err(|_| AccessError::Nobody)?;
        self.store().transaction(|transaction| {
            match bounced {
                Some(reason) => mark_undeliverable(transaction, &key, reason, now)?,
                None => mark_deliverable(transaction, &key)?,
            }
            Ok(())
        })
    }

    /// Tells staff by mail that something does not work: at once, then at most once an hour.
    ///
    /// # Errors
    /// The store, or the letter cannot be written.
    pub fn raise(&self, cause: &str, words: &str, now: DateTime<Utc>) -> Result<bool, AccessError> {
        let Some(post) = &self.post else { return Ok(false) };
        Ok(self.store().transaction(|transaction| post.outbox.raise(transaction, cause, words, now))?)
    }

    /// Tells staff by mail that something works again of which they were told.
    ///
    /// # Errors
    /// The store, or the letter cannot be written.
    pub fn heal(&self, cause: &str, now: DateTime<Utc>) -> Result<bool, AccessError> {
        let Some(post) = &self.post else { return Ok(false) };
        Ok(self.store().transaction(|transaction| post.outbox.heal(transaction, cause, now))?)
    }
}

/// What a letter shows.
#[derive(Debug, Default)]
struct Shown {
    /// The code.
    issued: Option<Issued>,
    /// What it is for, where it does not last.
    stay: Option<CodeStay>,
}

const NOT_CONFIRMED: AccessError = AccessError::Refused("the door system has not confirmed a code of this person");

impl Post {
    /// Whether the code may be told, by the begin of what is next.
    fn tells_code(&self, stays: &BTreeMap<i64, Vec<Stay>>, now: DateTime<Utc>) -> bool {
        let ahead = Duration::hours(self.withhold_hours.into());
        let first = stays.values().flatten().map(|stay| stay.start).min();
        self.withhold_hours == 0 || first.is_some_and(|start| start - ahead <= now)
    }

    fn letter(
        &self,
        kind: LetterKind,
        person: &PersonRow,
        holder: &Holder,
        shown: &Shown,
        stays: Vec<Stay>,
        now: DateTime<Utc>,
    ) -> Letter {
        let ahead = Duration::hours(self.withhold_hours.into());
        let first = stays.iter().map(|stay| stay.start).min();
        let withheld = self.withhold_hours > 0 && first.is_none_or(|start| start - ahead > now);
        let code = match &shown.issued {
            _ if kind == LetterKind::Cancelled => LetterCode::None,
            None => LetterCode::OwnCard,
            Some(_) if withheld => LetterCode::Withheld(self.withhold_hours),
            Some(issued) => match issued.kind {
                CodeKind::Pin => LetterCode::Pin(issued.code.clone()),
                CodeKind::Number => LetterCode::Qr(issued.code.clone()),
            },
        };
        let version = shown.issued.as_ref().map_or(0, |issued| issued.version);
        let until = holder.end_of_validity.unwrap_or(now);
        let validity = (holder.valid_from.unwrap_or(now), until);
        // A code that is for one stay is known for that time.
        let validity = shown.stay.as_ref().map_or(validity, |stay| (stay.opens, stay.closes));
        let letter = Letter::new(kind, person.key.as_str(), code, version, stays, validity);
        let letter = if shown.leaves_some(&letter) { letter.with_codes_to_follow() } else { letter };
        letter.named(person.first_name.as_str(), person.last_name.as_str()).to(person.address.as_str())
    }

    /// Tells that bookings were called off which the person had been told of.
    fn call_off(
        &self,
        transaction: &Transaction<'_>,
        person: &mut PersonRow,
        holder: &Holder,
        should: &Told,
        now: DateTime<Utc>,
    ) -> Result<u64, AccessError> {
        let known: BTreeSet<i64> = person.told.bookings.keys().copied().collect();
        let gone: Vec<i64> = known.into_iter().filter(|id| !should.bookings.contains_key(id)).collect();
        if gone.is_empty() {
            return Ok(0);
        }
        let mut off = Vec::new();
        for id in gone {
            person.told.bookings.remove(&id);
            let Some(row) = booking_by_id(transaction, id)? else { continue };
            let called_off = matches!(row.state, BookingState::Cancelled | BookingState::Gone);
            if called_off && row.booking.end > now {
                let names = row.booking.resources.iter();
                off.extend(names.map(|name| Stay::new(name.as_str(), row.booking.start, row.booking.end)));
            }
        }
        update_person(transaction, person)?;
        if off.is_empty() {
            return Ok(0);
        }
        let letter = self.letter(LetterKind::Cancelled, person, holder, &Shown::default(), off, now);
        Ok(u64::from(matches!(self.outbox.queue(transaction, &letter, now)?, Queued::Now(_))))
    }

    /// A letter before each booking, where that is wanted; the outbox knows which were written.
    fn remind(
        &self,
        transaction: &Transaction<'_>,
        person: &PersonRow,
        holder: &Holder,
        shown: &Shown,
        stays: &BTreeMap<i64, Vec<Stay>>,
        now: DateTime<Utc>,
    ) -> Result<u64, AccessError> {
        let Some(before) = self.reminder else { return Ok(0) };
        let mut queued = 0;
        // The letter with a code that does not exist yet comes late enough to remind of its booking.
        let has_code = |id: &i64| shown.stay.as_ref().is_none_or(|stay| stay.bookings.contains(id));
        let known = stays.iter().filter(|(id, _)| person.told.bookings.contains_key(id) && has_code(id));
        for (_, stays) in known {
            let soon = stays.iter().any(|stay| stay.start - before <= now && now < stay.start);
            if soon {
                let letter = self.letter(LetterKind::Reminder, person, holder, shown, stays.clone(), now);
                queued += u64::from(matches!(self.outbox.queue(transaction, &letter, now)?, Queued::Now(_)));
            }
        }
        Ok(queued)
    }
}

impl Shown {
    /// Whether a letter lists bookings that the code is not for.
    fn leaves_some(&self, letter: &Letter) -> bool {
        self.stay.as_ref().is_some_and(|stay| letter.bookings.iter().any(|booking| booking.start >= stay.closes))
    }
}

fn keep_quiet(transaction: &Transaction<'_>, mut person: PersonRow, now: DateTime<Utc>) -> Result<(), AccessError> {
    if take_letters_back(transaction, &mut person, now)? {
        update_person(transaction, &person)?;
    }
    Ok(())
}

/// Takes back what waits for somebody who is blocked, and notes that they were not told. Returns whether something waited.
pub(crate) fn take_letters_back(
    transaction: &Transaction<'_>,
    person: &mut PersonRow,
    now: DateTime<Utc>,
) -> Result<bool, AccessError> {
    let waiting = hold_back(transaction, &person.key, now)?;
    if waiting.told_code {
        person.told.code = None;
    }
    if waiting.told_all {
        person.told.bookings.clear();
    }
    Ok(waiting.told_all)
}

/// Bookings that are not over and open something.
fn stays(grants: &Grants, holder: &Holder, now: DateTime<Utc>) -> BTreeMap<i64, Vec<Stay>> {
    let mut found: BTreeMap<i64, Vec<Stay>> = BTreeMap::new();
    let useful = |grant: &&crate::Grant| grant.end > now && !grants.doors_of(grant).is_empty();
    for grant in holder.not_over(now).filter(useful) {
        let stay = Stay::new(grants.resource_of(grant), grant.start, grant.end);
        found.entry(grant.booking).or_default().push(stay);
    }
    for stays in found.values_mut() {
        stays.sort_by(|a, b| (a.start, a.end, &a.resource).cmp(&(b.start, b.end, &b.resource)));
    }
    found
}

/// What is said of a booking, short.
fn digest(stays: &[Stay]) -> String {
    let said = |stay: &Stay| format!("{}|{}|{}", stay.start.timestamp(), stay.end.timestamp(), stay.resource);
    stays.iter().map(said).collect::<Vec<_>>().join("\n")
}

/// Why a letter is due, if one is.
fn news(told: &Told, should: &Told) -> Option<LetterKind> {
    if should.bookings.is_empty() {
        return None;
    }
    if should.code.is_some() && should.code != told.code {
        return Some(LetterKind::Code);
    }
    if should.bookings.keys().any(|id| !told.bookings.contains_key(id)) {
        return Some(LetterKind::Booked);
    }
    let changed = should.bookings.iter().any(|(id, said)| told.bookings.get(id).is_some_and(|before| before != said));
    changed.then_some(LetterKind::Changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(code: Option<u32>, bookings: &[(i64, &str)]) -> Told {
        Told { code, bookings: bookings.iter().map(|(id, said)| (*id, (*said).to_owned())).collect() }
    }

    #[test]
    fn a_letter_is_due_for_what_is_new_and_for_nothing_else() {
        let known = told(Some(1), &[(1, "a"), (2, "b")]);
        assert_eq!(news(&known, &known), None);
        assert_eq!(news(&known, &told(Some(1), &[(2, "b")])), None, "what is over is no news");
        assert_eq!(news(&known, &told(Some(2), &[(2, "b")])), Some(LetterKind::Code));
        assert_eq!(news(&known, &told(Some(1), &[(2, "b"), (3, "c")])), Some(LetterKind::Booked));
        assert_eq!(news(&known, &told(Some(1), &[(2, "c")])), Some(LetterKind::Changed));
        assert_eq!(news(&known, &told(None, &[(2, "b")])), None, "a code that is known is not taken back");
        assert_eq!(news(&known, &told(Some(2), &[])), None, "who has no booking is told nothing");
    }
}
