//! Where each stay has a code of its own: codes of stays that are over are taken away, and the next stays get theirs.

use chrono::{DateTime, Utc};
use rusqlite::Transaction;

use crate::codes::{Bound, CodeStay, Held, Turn, all_bound, bind, bound, let_last, retire, turn};
use crate::grants::{Grants, Holder};
use crate::mail::take_codes;
use crate::store::PersonRow;
use crate::{Access, AccessError};

impl Access {
    /// Whether each stay gets a fresh code. Then [`Access::prepare`] has something to do whenever a stay ends.
    pub fn has_fresh_codes(&self) -> bool {
        self.codes().kind().is_some() && self.codes().per_booking()
    }

    /// The stay that a person's code is for; none where codes last, or no booking is to come.
    pub(crate) fn code_stay(&self, grants: &Grants, holder: &Holder, now: DateTime<Utc>) -> Option<CodeStay> {
        if self.has_fresh_codes() { CodeStay::of(grants, holder, Held::Nothing, now) } else { None }
    }

    /// When the code of a person is taken away, where it does not last.
    pub(crate) fn code_until(&self, person: &PersonRow, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let grants = self.grants();
        Some(self.code_stay(&grants, grants.person(&person.key)?, now)?.closes)
    }

    /// Notes that the codes of stays that are over are to be taken away, and what the others are for. Asks nobody, and writes
    /// nothing where nothing changed. [`Access::prepare`] begins with it.
    ///
    /// # Errors
    /// The store.
    pub fn turn_codes(&self, now: DateTime<Utc>) -> Result<(), AccessError> {
        if !self.has_fresh_codes() {
            return Ok(self.store().with(let_last)?);
        }
        let grants = self.grants();
        let found = self.store().with(all_bound)?;
        let listed = grants.listed(now);
        let turning: Vec<&Holder> = listed
            .filter(|holder| {
                let Some(found) = found.get(&*holder.key) else { return false };
                turn_of(&grants, holder, found, now) != Turn::Keep
            })
            .collect();
        if turning.is_empty() {
            return Ok(());
        }
        self.store().transaction(|transaction| {
            for holder in turning {
                turn_one(transaction, &grants, holder, now)?;
            }
            Ok(())
        })
    }
}

/// What becomes of the code that a person has.
pub(crate) fn turn_of(grants: &Grants, holder: &Holder, found: &Bound, now: DateTime<Utc>) -> Turn {
    let held = Bound::held(Some(found));
    turn(held, CodeStay::of(grants, holder, held, now))
}

/// Reads again what the code is for: another process may have given an order meanwhile.
fn turn_one(
    transaction: &Transaction<'_>,
    grants: &Grants,
    holder: &Holder,
    now: DateTime<Utc>,
) -> Result<(), AccessError> {
    let Some(found) = bound(transaction, &holder.key)? else { return Ok(()) };
    match turn_of(grants, holder, &found, now) {
        Turn::Keep => Ok(()),
        Turn::Bind(stay) => Ok(bind(transaction, found.version, Some(&stay))?),
        Turn::Fresh(_) | Turn::Retire => {
            retire(transaction, &holder.key, now)?;
            Ok(take_codes(transaction, &holder.key, now)?)
        }
    }
}
