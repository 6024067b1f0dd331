//! The daily job that forgets what was kept long enough.

use chrono::{DateTime, Duration, Utc};
use serde::Serialize;

use crate::codes::{forget, release_rested};
use crate::store::{all_people, delete_bookings_before, delete_person, delete_timeline_before, millis};
use crate::{Access, AccessError};

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Retained {
    /// Bookings that ended long ago.
    pub bookings: u64,
    /// People whom the door system let go long ago.
    pub people: u64,
    /// Rights in the timeline.
    pub rights: u64,
    /// Letters that are over.
    pub letters: u64,
    /// Lines of the audit log.
    pub audit: u64,
    /// Codes that rested long enough and may be chosen again.
    pub codes: u64,
}

impl Access {
    /// Forgets what was kept long enough.
    ///
    /// # Errors
    /// The store; nothing was forgotten then.
    pub fn retain(&self, now: DateTime<Utc>) -> Result<Retained, AccessError> {
        let privacy = &self.config().privacy;
        let ago = |days: u32| now - Duration::days(days.into());
        let grants = self.grants();
        let mut retained = Retained::default();
        self.store().transaction(|transaction| {
            retained.bookings = delete_bookings_before(transaction, ago(privacy.bookings_days))? as u64;
            for person in all_people(transaction)? {
                let listed = grants.person(&person.key).is_some_and(|holder| holder.is_listed(now));
                let over = person.removed.or(person.end_of_validity).unwrap_or(person.first_seen);
                if person.door_user.is_none() && !listed && over < ago(privacy.people_days) {
                    forget(transaction, self.codes(), &person.key, now)?;
                    crate::mail::erase(transaction, &person.key)?;
                    delete_person(transaction, person.id)?;
                    retained.people += 1;
                }
            }
            retained.rights = delete_timeline_before(transaction, ago(privacy.logs_days))? as u64;
            retained.letters = crate::mail::purge(transaction, ago(privacy.logs_days))? as u64;
            let old = transaction.execute("DELETE FROM audit WHERE at < ?1", [millis(ago(privacy.audit_days))])?;
            retained.audit = old as u64;
            retained.codes = release_rested(transaction, now)?.freed as u64;
            Ok::<_, AccessError>(())
        })?;
        self.refresh(now)?;
        Ok(retained)
    }
}
