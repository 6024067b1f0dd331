//! What staff order for one person. Each order has a reason and stands in the audit log.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction};
use serde::Serialize;
use serde_json::{Value, json};
use sync_core::connector::DoorSystem;
use sync_core::model::{Booking, BookingStatus, ExternalId, Participant, ParticipantRole, SecretText};

use crate::codes::{Wish, active_or_reserved, bind, forget, reissue, retire};
use crate::letters::take_letters_back;
use crate::store::{
    BookingRow, BookingState, PersonRow, append_audit, delete_person, insert_booking, live_bookings, note_history,
    person_by_key, timeline_of, update_booking, update_person,
};
use crate::{Access, AccessError, address_key};

/// Source of bookings that staff made.
pub(crate) const DESK: &str = "desk";

/// Who orders something, why, and when.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// Who.
    pub actor: &'a str,
    /// Why; never empty.
    pub reason: &'a str,
    /// When.
    pub now: DateTime<Utc>,
}

/// What was forgotten of a person, and what would bring them back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Erasure {
    /// Bookings from which they were taken.
    pub bookings: u64,
    /// Codes that rest now, without a name.
    pub codes: u64,
    /// Letters, sent and not.
    pub letters: u64,
    /// The door system still has them; they go with the next run, and the last of our notes with them.
    pub at_door_system: bool,
    /// Sources with a booking of theirs that is not over: these will bring them back.
    pub still_in: Vec<String>,
}

impl<'a> Order<'a> {
    /// An order.
    pub fn new(actor: &'a str, reason: &'a str, now: DateTime<Utc>) -> Self {
        Self { actor, reason, now }
    }

    pub(crate) fn check(&self) -> Result<(), AccessError> {
        if self.reason.trim().is_empty() { Err(AccessError::Refused("give a reason")) } else { Ok(()) }
    }

    fn note(&self, connection: &Connection, action: &str, person: &PersonRow) -> Result<(), AccessError> {
        append_audit(connection, self.now, self.actor, action, &person.label(), self.reason)
    }
}

impl Access {
    /// Takes all doors from a person until they are unblocked, and takes back the letters that wait for them.
    ///
    /// # Errors
    /// Nobody has this address, there is no reason, or the store.
    pub fn block(&self, address: &str, order: Order<'_>) -> Result<(), AccessError> {
        self.change(address, "block", order, |transaction, person| {
            person.blocked = Some(order.reason.to_owned());
            take_letters_back(transaction, person, order.now)?;
            Ok(())
        })
    }

    /// Gives a blocked person back what their bookings ask for.
    ///
    /// # Errors
    /// As [`Access::block`].
    pub fn unblock(&self, address: &str, order: Order<'_>) -> Result<(), AccessError> {
        self.change(address, "unblock", order, |_, person| {
            person.blocked = None;
            Ok(())
        })
    }

    /// Keeps the doors that a person may open now open for them until a time, to the minute.
    ///
    /// # Errors
    /// As [`Access::block`]; refused if no door is open for them now, the time has passed, or they are blocked.
    pub fn extend(&self, address: &str, until: DateTime<Utc>, order: Order<'_>) -> Result<(), AccessError> {
        if until <= order.now {
            return Err(AccessError::Refused("the time has passed"));
        }
        let grants = self.grants();
        self.change(address, "extend", order, |transaction, person| {
            if person.blocked.is_some() {
                return Err(AccessError::Refused("the person is blocked"));
            }
            let holder = grants.person(&person.key).ok_or(AccessError::Nobody)?;
            let active = holder.active(order.now);
            let resources: std::collections::BTreeSet<String> =
                active.map(|grant| grants.resource_of(grant).to_owned()).collect();
            if resources.is_empty() {
                return Err(AccessError::Refused("no door is open for this person now"));
            }
            let who =
                Participant { email: person.address.clone(), name: person.name.clone(), role: ParticipantRole::Booker };
            let row = BookingRow {
                id: 0,
                source: DESK.to_owned(),
                key: format!("extend-{}-{}", person.id, order.now.timestamp_millis()),
                booking: Booking {
                    start: order.now,
                    end: until,
                    resources,
                    people: vec![who],
                    status: BookingStatus::Confirmed,
                    ..Booking::default()
                },
                state: BookingState::Live,
                exact: true,
                doubtful: false,
                missing: 0,
                first_seen: order.now,
                changed: order.now,
            };
            let id = insert_booking(transaction, &row)?;
            note_history(transaction, id, order.now, "made at the desk")
        })
    }

    /// Chooses a new code for a person; the one they have is taken away with the next run.
    ///
    /// # Errors
    /// As [`Access::block`]; the door system does not answer, or no code is free. Refused where each stay has a code of its
    /// own and none is to come.
    pub async fn reissue(&self, address: &str, doors: &dyn DoorSystem, order: Order<'_>) -> Result<(), AccessError> {
        order.check()?;
        let in_use = doors.codes().await?;
        let grants = self.grants();
        self.change(address, "reissue", order, |transaction, person| {
            let stay = grants.person(&person.key).and_then(|holder| self.code_stay(&grants, holder, order.now));
            if stay.is_none() && self.has_fresh_codes() {
                return Err(AccessError::Refused("no booking of this person is to come that needs a code"));
            }
            let holder = person.door_user.as_deref().map(ExternalId::from);
            let wish = Wish { person: &person.key, holder: holder.as_ref(), in_use: &in_use };
            let reserved = reissue(transaction, self.sealer(), self.codes(), wish, order.now)?;
            Ok(bind(transaction, reserved.issued.version, stay.as_ref())?)
        })
    }

    /// Shows the code of a person.
    ///
    /// # Errors
    /// As [`Access::block`]; refused if they have none.
    pub fn reveal(&self, address: &str, order: Order<'_>) -> Result<SecretText, AccessError> {
        let mut code = None;
        self.change(address, "reveal", order, |transaction, person| {
            let issued = active_or_reserved(transaction, self.sealer(), &person.key)?;
            code = Some(issued.ok_or(AccessError::Refused("the person has no code"))?.code);
            Ok(())
        })?;
        code.ok_or(AccessError::Nobody)
    }

    /// Forgets a person: bookings, codes, letters and names here at once, the user at the door system with the next run.
    ///
    /// # Errors
    /// As [`Access::block`].
    pub fn erase(&self, address: &str, order: Order<'_>) -> Result<Erasure, AccessError> {
        order.check()?;
        let key = address_key(address).map_err(|_| AccessError::Nobody)?;
        let erasure = self.store().transaction(|transaction| {
            let mut person = person_by_key(transaction, &key)?.ok_or(AccessError::Nobody)?;
            let mut erasure = Erasure { at_door_system: person.door_user.is_some(), ..Erasure::default() };
            for mut row in live_bookings(transaction)? {
                let before = row.booking.people.len();
                row.booking.people.retain(|participant| participant.key() != key);
                if row.booking.people.len() == before {
                    continue;
                }
                let stands = row.state == BookingState::Live && row.booking.end > order.now && row.source != DESK;
                if stands && !erasure.still_in.contains(&row.source) {
                    erasure.still_in.push(row.source.clone());
                }
                erasure.bookings += 1;
                update_booking(transaction, &row)?;
            }
            // What the door system still has rests only once it is gone there.
            erasure.codes = match person.door_user {
                Some(_) => u64::from(retire(transaction, &key, order.now)?),
                None => forget(transaction, self.codes(), &key, order.now)? as u64,
            };
            erasure.letters = crate::mail::erase(transaction, &key)? as u64;
            order.note(transaction, "erase", &person)?;
            transaction.execute("DELETE FROM problems WHERE subject = ?1", [person.label()])?;
            if person.door_user.is_some() {
                (person.erasing, person.name, person.address) = (true, None, key.clone());
                (person.first_name, person.last_name) = (String::new(), String::new());
                person.told = crate::Told::default();
                update_person(transaction, &person)?;
            } else {
                delete_person(transaction, person.id)?;
            }
            Ok::<_, AccessError>(erasure)
        })?;
        self.refresh(order.now)?;
        Ok(erasure)
    }

    /// Everything that is kept about a person, for a request of theirs. Codes are told apart by version, not shown.
    ///
    /// # Errors
    /// As [`Access::block`].
    pub fn export(&self, address: &str, order: Order<'_>) -> Result<Value, AccessError> {
        let mut export = Value::Null;
        self.change(address, "export", order, |transaction, person| {
            export = self.exported(transaction, person, order.now)?;
            Ok(())
        })?;
        Ok(export)
    }

    fn exported(
        &self,
        transaction: &Transaction<'_>,
        person: &PersonRow,
        now: DateTime<Utc>,
    ) -> Result<Value, AccessError> {
        let rows = live_bookings(transaction)?.into_iter();
        let own = rows.filter(|row| row.booking.people.iter().any(|participant| participant.key() == person.key));
        let bookings: Vec<Value> = own
            .map(|row| {
                json!({
                    "source": row.source, "key": row.key, "resources": row.booking.resources,
                    "start": row.booking.start, "end": row.booking.end,
                    "status": row.booking.status.as_str(), "state": row.state,
                    "first_seen": row.first_seen, "changed": row.changed,
                })
            })
            .collect();
        let issued = active_or_reserved(transaction, self.sealer(), &person.key)?;
        let mut code = issued.map(|issued| json!({ "version": issued.version, "state": issued.state }));
        if let (Some(code), Some(until)) = (&mut code, self.code_until(person, now)) {
            code["until"] = json!(until);
        }
        Ok(json!({
            "number": person.id, "address": person.address, "name": person.name,
            "first_name": person.first_name, "last_name": person.last_name,
            "first_seen": person.first_seen, "valid_from": person.valid_from,
            "end_of_validity": person.end_of_validity, "blocked": person.blocked, "refused": person.refused,
            "door_user": person.door_user, "code": code, "bookings": bookings,
            "rights": timeline_of(transaction, person.id)?,
            "letters": crate::mail::mails(transaction, Some(&person.key))?,
        }))
    }

    /// Changes a person, notes the order, and works out everybody's rights again.
    pub(crate) fn change(
        &self,
        address: &str,
        action: &str,
        order: Order<'_>,
        change: impl FnOnce(&Transaction<'_>, &mut PersonRow) -> Result<(), AccessError>,
    ) -> Result<(), AccessError> {
        order.check()?;
        let key = address_key(address).map_err(|_| AccessError::Nobody)?;
        self.store().transaction(|transaction| {
            let mut person = person_by_key(transaction, &key)?.ok_or(AccessError::Nobody)?;
            change(transaction, &mut person)?;
            update_person(transaction, &person)?;
            order.note(transaction, action, &person)
        })?;
        self.refresh(order.now)
    }
}
