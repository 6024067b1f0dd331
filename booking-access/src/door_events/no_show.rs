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
/// Passes are kept no longer; whoever may have come in before that is not missed.
const KEPT: Duration = Duration::days(3);

/// Who holds which door since when, by the person's number.
pub(super) type Rights = BTreeMap<i64, BTreeMap<String, DateTime<Utc>>>;

/// Who was let in where last, and which controllers do not tell.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Presence {
    /// When noting began; `None` where nothing is noted.
    #[serde(default)]
    since: Option<DateTime<Utc>>,
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
    /// Who did not come by then is absent; `None` where the door system did not confirm that one of them may open a door.
    pub(super) deadline: Option<DateTime<Utc>>,
    pub(super) doors: BTreeSet<String>,
    /// Its people, by their ids at the door system.
    pub(super) users: BTreeSet<String>,
}

impl Presence {
    /// Notes who was let in and which controllers are silent. Of people who are no bookers nothing is kept.
    pub(super) fn note(&mut self, fresh: &[&DoorEvent], bookers: &BTreeSet<&str>, now: DateTime<Utc>) {
        self.since.get_or_insert(now);
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
        let Some(noted) = self.since else { return Vec::new() };
        let known = place.since.max(noted);
        let is_read = |deadline: DateTime<Utc>| deadline + SETTLE <= place.read_to;
        let due = |stay: &&Stay| stay.deadline.is_some_and(is_read) && now < stay.closes;
        let told = |stay: &&Stay| !stay.doors.iter().any(|door| self.silent.contains_key(door));
        let nobody = |stay: &&Stay| {
            let from = stay.from(stays);
            // Where the door system's clock is behind, whoever came in then did so earlier by it.
            let earliest = from - place.lag();
            from >= known && earliest > now - KEPT && !self.came(stay, earliest)
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
        rights: &Rights,
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
        let held = expected.iter().filter_map(|person| rights.get(&person.id)).flatten();
        let opened = held.filter(|(door, _)| doors.contains(*door)).map(|(_, opened)| *opened).min();
        let (opens, closes) = rules.window(row);
        // Who booked or moved it while it was under way has as long from then on, and who got the right late as well.
        let deadline = opened.map(|opened| {
            let begin = row.booking.start.max(row.changed).max(opened);
            (begin + after).min(row.booking.end.max(begin))
        });
        let stay = Self { booking: row.id, opens, closes, deadline, doors, users };
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
