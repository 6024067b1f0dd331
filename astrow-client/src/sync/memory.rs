//! What an endpoint keeps for a while, so that it need not ask for each record and each booking.

use std::collections::{HashMap, HashSet, VecDeque};
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
    badges: HashMap<PersNo, Holder>,
    /// When all employees were last read, and how many there were.
    all: Option<(Instant, usize)>,
    delivered: HashMap<EventKey, Delivered>,
    order: VecDeque<EventKey>,
}

/// An employee, as far as a badge number needs one.
struct Holder {
    read: Instant,
    badge: Option<String>,
    /// Whom PAC knows the employee as.
    person: Option<u32>,
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
        let holder = kept.badges.get(&id)?;
        (now.duration_since(holder.read) < BADGES_FRESH).then(|| holder.badge.clone())
    }

    pub(super) fn keep_badges<'a>(&self, employees: impl IntoIterator<Item = &'a Employee>, now: Instant) {
        let holder = |one: &Employee| Holder { read: now, badge: one.badge_no.clone(), person: one.pac.person_id };
        self.kept().badges.extend(employees.into_iter().map(|one| (one.pers_no, holder(one))));
    }

    /// Keeps the badge numbers of everybody.
    pub(super) fn keep_all_badges(&self, employees: &[Employee], now: Instant) {
        let mut kept = self.kept();
        kept.badges.clear();
        kept.all = Some((now, employees.len()));
        drop(kept);
        self.keep_badges(employees, now);
    }

    pub(super) fn forget_badge(&self, id: PersNo) {
        self.kept().badges.remove(&id);
    }

    /// Whether everybody's badge number was read not too long ago.
    pub(super) fn knows_all_badges(&self, now: Instant) -> bool {
        self.kept().all.is_some_and(|(read, _)| now.duration_since(read) < BADGES_FRESH)
    }

    /// How many employees there are, as far as is known.
    pub(super) fn headcount(&self) -> usize {
        self.kept().all.map_or(0, |(_, count)| count)
    }

    /// Whom PAC knows the holders of these numbers as; holders whom it does not know are left out.
    pub(super) fn holders(&self, numbers: &HashSet<String>) -> HashMap<String, u32> {
        let kept = self.kept();
        let known = kept.badges.values().filter_map(|holder| Some((plain(holder.badge.as_deref()?), holder.person?)));
        known.filter(|(number, _)| numbers.contains(number)).collect()
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

/// A badge number as it is compared with others.
pub(super) fn plain(number: &str) -> String {
    number.trim().trim_start_matches('0').to_uppercase()
}

/// How long codes count as known.
const FRESH: Duration = Duration::from_mins(5);
/// How long badge numbers count as known; they hardly ever change, and one that turns out to be wrong is forgotten at once.
const BADGES_FRESH: Duration = Duration::from_hours(1);
/// Bookings whose outcome is remembered.
const REMEMBERED: usize = 10_000;
