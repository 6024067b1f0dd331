//! How the sources of bookings are doing, and what becomes of one that is no longer asked.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};

use crate::desk::{DESK, Order};
use crate::intake::SourceState;
use crate::store::{
    self, BookingState, Problem, append_audit, bookings_of_source, drop_document, live_bookings, note_history,
    put_document, replace_problems, set_problem, update_booking,
};
use crate::{Access, AccessError};

impl Access {
    /// With the names of all sources that the configuration has.
    ///
    /// Bookings of any other source stay in force until they end, since its name may be a typing error; they are among the
    /// problems, and [`Access::drop_source`] ends them. Without this, every source counts as configured.
    #[must_use]
    pub fn with_sources(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.configured = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// How a source is doing; `None` if it was never asked.
    ///
    /// # Errors
    /// The store.
    pub fn source(&self, name: &str) -> Result<Option<SourceState>, AccessError> {
        self.store().with(|connection| store::document(connection, "source", name))
    }

    /// All sources that were ever asked, until they are dropped.
    ///
    /// # Errors
    /// The store.
    pub fn sources(&self) -> Result<Vec<(String, SourceState)>, AccessError> {
        self.store().with(|connection| store::documents(connection, "source"))
    }

    /// What a person should look at, oldest first.
    ///
    /// # Errors
    /// The store.
    pub fn problems(&self, now: DateTime<Utc>) -> Result<Vec<Problem>, AccessError> {
        let mut found = self.store().with(store::problems)?;
        let stale = Duration::hours(self.config().stale_hours.into());
        for (name, state) in self.sources()? {
            if !self.is_configured(&name) {
                found.retain(|problem| problem.area != name);
                continue;
            }
            let Some(since) = state.last_good.or(state.last_try).filter(|at| now - *at >= stale) else { continue };
            let words = "gave no whole answer for long; known bookings stay in force, new ones are not seen";
            found.push(Problem::new(&name, "stale", name.clone(), words, "Look at the source", since));
        }
        for name in self.left_behind(now)? {
            let since = self.source(&name)?.and_then(|state| state.last_good).unwrap_or(now);
            let words = "is no longer configured; its bookings stay in force until they end, and none is called off";
            let remedy = "Name it in the configuration again, or drop it, which ends its bookings";
            found.push(Problem::new(&name, "unconfigured", name.clone(), words, remedy, since));
        }
        found.sort_by_key(|problem| problem.since);
        Ok(found)
    }

    /// Ends every booking of a source that the configuration no longer names; returns how many.
    ///
    /// # Errors
    /// There is no reason; refused if the configuration names the source, or nothing is known of it; the store.
    pub fn drop_source(&self, name: &str, order: Order<'_>) -> Result<u64, AccessError> {
        order.check()?;
        if name == DESK || (self.configured.is_some() && self.is_configured(name)) {
            return Err(AccessError::Refused("the configuration names this source: take it out there first"));
        }
        self.rebuild(order.now, |transaction| {
            let rows = bookings_of_source(transaction, name)?;
            let state: Option<SourceState> = store::document(transaction, "source", name)?;
            if rows.is_empty() && state.is_none() {
                return Err(AccessError::Refused("nothing is known of a source of this name"));
            }
            let mut ended = 0;
            for mut row in rows.into_iter().filter(|row| self.rules().window(row).1 > order.now) {
                if !matches!(row.state, BookingState::Live | BookingState::Doubted) {
                    continue;
                }
                ended += u64::from(row.state == BookingState::Live);
                (row.state, row.changed) = (BookingState::Gone, order.now);
                update_booking(transaction, &row)?;
                note_history(transaction, row.id, order.now, "its source was dropped by staff")?;
            }
            replace_problems(transaction, name, &[])?;
            drop_document(transaction, "source", name)?;
            append_audit(transaction, order.now, order.actor, "drop-source", &format!("source {name}"), order.reason)?;
            Ok(ended)
        })
    }

    pub(crate) fn note_failure(&self, source: &str, why: &str, now: DateTime<Utc>) -> Result<(), AccessError> {
        self.store().transaction(|transaction| {
            let mut state: SourceState = store::document(transaction, "source", source)?.unwrap_or_default();
            state.last_try = Some(now);
            state.failure = Some(why.to_owned());
            put_document(transaction, "source", source, &state)?;
            let remedy = "Known bookings stay in force; look at the source";
            set_problem(transaction, &Problem::new(source, "unreachable", source, why, remedy, now))
        })
    }

    /// Sources that the configuration does not name, with bookings that are not over.
    fn left_behind(&self, now: DateTime<Utc>) -> Result<BTreeSet<String>, AccessError> {
        if self.configured.is_none() {
            return Ok(BTreeSet::new());
        }
        let rows = self.store().with(live_bookings)?.into_iter();
        let stands = rows.filter(|row| row.state == BookingState::Live && self.rules().window(row).1 > now);
        Ok(stands.map(|row| row.source).filter(|name| !self.is_configured(name)).collect())
    }

    fn is_configured(&self, name: &str) -> bool {
        name == DESK || self.configured.as_ref().is_none_or(|names| names.contains(name))
    }
}
