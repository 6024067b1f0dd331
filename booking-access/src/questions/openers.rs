//! Who can open a door at a time: by what was confirmed where that is the past, by what is planned where it is to come.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::store::{person_by_id, timeline_between};
use crate::{Access, AccessError};

/// Somebody who can open a door.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Opener {
    /// Given and family name.
    pub name: String,
    /// Mail address.
    pub address: String,
    /// What was booked.
    pub resources: Vec<String>,
    /// From when.
    pub from: Option<DateTime<Utc>>,
    /// Until when.
    pub until: Option<DateTime<Utc>>,
    /// The door system confirmed it; otherwise it is what the bookings ask for.
    pub confirmed: bool,
}

impl Access {
    /// Who can open a door at a time, of those whom the bookings bring: as confirmed for a time that has passed or is now,
    /// as planned for a time to come.
    ///
    /// # Errors
    /// The store.
    pub fn who_can_open(&self, door: &str, at: DateTime<Utc>, now: DateTime<Utc>) -> Result<Vec<Opener>, AccessError> {
        let grants = self.grants();
        let mut openers = Vec::new();
        self.store().with(|connection| {
            let rights = timeline_between(connection, at, at + chrono::Duration::milliseconds(1))?;
            for right in rights.into_iter().filter(|right| at <= now && right.door == door) {
                let Some(person) = person_by_id(connection, right.person)? else { continue };
                openers.push(Opener {
                    name: person.full_name(),
                    address: person.key,
                    resources: Vec::new(),
                    from: Some(right.opened),
                    until: right.closed,
                    confirmed: true,
                });
            }
            for holder in grants.listed(at).filter(|holder| !holder.is_blocked()) {
                let opens = |grant: &&crate::Grant| grants.doors_of(grant).contains(door);
                let own: Vec<_> = holder.active(at).filter(opens).collect();
                let Some(first) = own.first() else { continue };
                let mut resources: Vec<String> = own.iter().map(|grant| grants.resource_of(grant).to_owned()).collect();
                resources.dedup();
                if let Some(known) = openers.iter_mut().find(|opener| *opener.address == *holder.key) {
                    known.resources = resources;
                    continue;
                }
                let Some(person) = person_by_id(connection, holder.person)?.filter(|_| at > now) else { continue };
                openers.push(Opener {
                    name: person.full_name(),
                    address: person.key,
                    resources,
                    from: Some(own.iter().map(|grant| grant.opens).fold(first.opens, DateTime::min)),
                    until: Some(own.iter().map(|grant| grant.closes).fold(first.closes, DateTime::max)),
                    confirmed: false,
                });
            }
            Ok(openers)
        })
    }
}

/// Names nobody.
impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opener").field("from", &self.from).field("until", &self.until).finish_non_exhaustive()
    }
}
