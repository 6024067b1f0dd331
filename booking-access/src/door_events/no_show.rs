//! Bookings to which nobody came: none of their doors was opened by their people.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::{DoorEvent, DoorEventKind, Place};
use crate::store::{BookingRow, PersonRow};
use crate::{Rules, address_key};

/// Events are read so much longer before somebody counts as absent: they come a little late, and clocks differ.
const SETTLE: Duration = Duration::minutes(2);
/// A controller that was silent needs so long to deliver what it kept.
const DELIVERED: Duration = Duration::minutes(15);
/// Passes are kept no longer.
const KEPT: Duration = Duration::days(3);

/// Who was let in where last, and which controllers do not tell.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Presence {
    /// Person at the door system → door → when last let in. Bookers only.
    passes: BTreeMap<String, BTreeMap<String, DateTime<Utc>>>,
    /// Doors whose controller does not answer, or has only just come back: until when nothing is concluded.
    silent: BTreeMap<String, Option<DateTime<Utc>>>,
}

/// A booking that can be missed, and by whom.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Stay {
    pub(super) booking: i64,
    pub(super) opens: DateTime<Utc>,
    pub(super) closes: DateTime<Utc>,
    /// Who did not come by then is absent.
    pub(super) deadline: DateTime<Utc>,
    pub(super) doors: BTreeSet<String>,
    /// Its people, by their ids at the door system.
    pub(super) users: BTreeSet<String>,
    /// The door system confirmed that somebody of them may open one of the doors.
    pub(super) may_open: bool,
}

impl Presence {
    /// Notes who was let in and which controllers are silent. Of people who are no bookers nothing is kept.
    pub(super) fn note(&mut self, fresh: &[&DoorEvent], bookers: &BTreeSet<&str>, now: DateTime<Utc>) {
        for event in fresh {
            let Some(door) = &event.door else { continue };
            match (event.kind, &event.user) {
                (DoorEventKind::Admitted, Some(user)) if bookers.contains(user.as_str()) => {
                    let last = self.passes.entry(user.clone()).or_default().entry(door.clone()).or_insert(event.at);
                    *last = event.at.max(*last);
                }
                (DoorEventKind::ControllerSilent, _) => drop(self.silent.insert(door.clone(), None)),
                (DoorEventKind::ControllerBack, _) => {
                    self.silent.insert(door.clone(), Some(now + DELIVERED));
                }
                _ => {}
            }
        }
        self.silent.retain(|_, until| until.is_none_or(|until| until > now));
        self.passes.retain(|user, doors| {
            doors.retain(|_, at| *at > now - KEPT);
            bookers.contains(user.as_str()) && !doors.is_empty()
        });
    }

    /// The bookings to which nobody came. Whatever is not sure is left out, and asked again with the next look.
    pub(super) fn absent(&self, stays: &[Stay], place: &Place, now: DateTime<Utc>) -> Vec<i64> {
        let due = |stay: &&Stay| stay.deadline + SETTLE <= place.read_to && now < stay.closes && stay.may_open;
        let told = |stay: &&Stay| !stay.doors.iter().any(|door| self.silent.contains_key(door));
        let nobody = |stay: &&Stay| {
            let from = stay.from(stays);
            from >= place.since && !self.came(stay, from)
        };
        stays.iter().filter(due).filter(told).filter(nobody).map(|stay| stay.booking).collect()
    }

    fn came(&self, stay: &Stay, from: DateTime<Utc>) -> bool {
        let passes = stay.users.iter().filter_map(|user| self.passes.get(user)).flatten();
        passes.into_iter().any(|(door, at)| stay.doors.contains(door) && *at >= from)
    }
}

impl Stay {
    /// The stay in a booking; `None` where nobody can be missed.
    pub(super) fn of(
        row: &BookingRow,
        rules: &Rules,
        people: &BTreeMap<&str, &PersonRow>,
        rights: &BTreeMap<i64, BTreeSet<String>>,
        after: Duration,
    ) -> Option<Self> {
        // What staff gave by hand has no begin at which somebody is expected.
        if row.exact || row.doubtful || !rules.confirmed(row) {
            return None;
        }
        let doors: BTreeSet<String> =
            row.booking.resources.iter().filter_map(|name| rules.doors(name)).flatten().cloned().collect();
        let keys = row.booking.people.iter().filter_map(|person| address_key(&person.email).ok());
        let expected: Vec<&PersonRow> = keys
            .filter_map(|key| people.get(key.as_str()).copied())
            .filter(|person| person.blocked.is_none())
            .collect();
        let users: BTreeSet<String> = expected.iter().filter_map(|person| person.door_user.clone()).collect();
        let held = expected.iter().filter_map(|person| rights.get(&person.id));
        let may_open = held.into_iter().any(|held| !held.is_disjoint(&doors));
        let (opens, closes) = rules.window(row);
        // Who booked or moved it while it was under way has as long from then on.
        let begin = row.booking.start.max(row.changed);
        let deadline = (begin + after).min(row.booking.end.max(begin));
        let stay = Self { booking: row.id, opens, closes, deadline, doors, users, may_open };
        (!stay.users.is_empty() && !stay.doors.is_empty()).then_some(stay)
    }

    /// From when on somebody may have come in and stayed: bookings of the same people at the same doors that touch are one.
    fn from(&self, stays: &[Self]) -> DateTime<Utc> {
        let mut before: Vec<&Self> = stays.iter().filter(|other| other.is_before_with(self)).collect();
        before.sort_unstable_by_key(|stay| std::cmp::Reverse(stay.closes));
        before.into_iter().fold(self.opens, |from, stay| if stay.closes >= from { from.min(stay.opens) } else { from })
    }

    fn is_before_with(&self, later: &Self) -> bool {
        self.opens < later.opens && !self.users.is_disjoint(&later.users) && !self.doors.is_disjoint(&later.doors)
    }
}

#[cfg(test)]
#[path = "no_show_tests.rs"]
mod tests;
