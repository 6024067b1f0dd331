//! What an endpoint keeps for a while, so that it need not ask for each record and each booking.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sync_core::connector::Delivered;
use sync_core::model::EventKey;

use crate::model::{AstrowSession, Employee, Lookups, PersNo};

/// What an endpoint keeps for a while.
#[derive(Default)]
pub(super) struct Memory(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    session: Option<Arc<dyn AstrowSession>>,
    lookups: Option<(Instant, Arc<Lookups>)>,
    /// When the last list of people was made, where Astrow says so.
    people_made: Option<DateTime<Utc>>,
    badges: HashMap<PersNo, (Instant, Option<String>)>,
    delivered: HashMap<EventKey, Delivered>,
    order: VecDeque<EventKey>,
}

impl Memory {
    pub(super) fn session(&self) -> Option<Arc<dyn AstrowSession>> {
        self.kept().session.clone()
    }

    pub(super) fn keep_session(&self, session: Arc<dyn AstrowSession>) {
        self.kept().session = Some(session);
    }

    pub(super) fn lookups(&self, now: Instant) -> Option<Arc<Lookups>> {
        let kept = self.kept();
        let (read, lookups) = kept.lookups.as_ref()?;
        (now.duration_since(*read) < FRESH).then(|| lookups.clone())
    }

    pub(super) fn keep_lookups(&self, lookups: Arc<Lookups>, now: Instant) {
        self.kept().lookups = Some((now, lookups));
    }

    pub(super) fn forget_lookups(&self) {
        self.kept().lookups = None;
    }

    pub(super) fn people_made(&self) -> Option<DateTime<Utc>> {
        self.kept().people_made
    }

    pub(super) fn note_people_made(&self, at: Option<DateTime<Utc>>) {
        self.kept().people_made = at;
    }

    /// The badge number of an employee; the inner nothing is an employee without one.
    #[expect(clippy::option_option, reason = "not known, and known to have none")]
    pub(super) fn badge(&self, id: PersNo, now: Instant) -> Option<Option<String>> {
        let kept = self.kept();
        let (read, badge) = kept.badges.get(&id)?;
        (now.duration_since(*read) < FRESH).then(|| badge.clone())
    }

    pub(super) fn keep_badges<'a>(&self, employees: impl IntoIterator<Item = &'a Employee>, now: Instant) {
        let mut kept = self.kept();
        kept.badges.extend(employees.into_iter().map(|one| (one.pers_no, (now, one.badge_no.clone()))));
    }

    pub(super) fn delivered(&self, key: &EventKey) -> Option<Delivered> {
        self.kept().delivered.get(key).cloned()
    }

    pub(super) fn keep_delivered(&self, key: &EventKey, delivered: &Delivered) {
        let mut kept = self.kept();
        if kept.delivered.insert(key.clone(), delivered.clone()).is_none() {
            kept.order.push_back(key.clone());
        }
        if kept.order.len() > REMEMBERED
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.delivered.remove(&oldest);
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long codes and badge numbers count as known.
const FRESH: Duration = Duration::from_mins(5);
/// Bookings whose outcome is remembered.
const REMEMBERED: usize = 10_000;
