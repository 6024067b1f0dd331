//! What a new reading takes away from what is known, and whether it may.
//!
//! Only a sudden loss is doubted: of bookings, or of the rooms that they are for. A single booking that is missing is gone from the next reading on, under way or not: how
//! often it must be missing before a door closes is up to whoever opens doors.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};

use super::state::{BookingKey, FeedState, Hold};
use super::{Outcome, Validators};
use crate::{Booking, ProblemKind, Snapshot, Status};

/// Takes a whole snapshot over, except for what it may not take away yet.
pub(super) fn take_over(
    state: &mut FeedState,
    snapshot: Snapshot,
    validators: Option<Validators>,
    now: DateTime<Utc>,
) -> Outcome {
    let mut reading = Reading::new(snapshot);
    let mut merge = Merge::new(std::mem::take(&mut state.bookings), &mut reading, now);
    let believed = if merge.is_sudden(state.hold.as_ref(), &reading) {
        let hold = merge.hold(state.hold.take(), reading.empty, validators.clone(), now);
        let believed = hold.is_believed(now);
        state.hold = (!believed).then_some(hold);
        believed
    } else {
        state.hold = None;
        true
    };
    if believed {
        reading.bookings.append(&mut merge.bare);
    } else {
        merge.kept.extend(std::mem::take(&mut merge.missing).into_values());
    }
    merge.kept.extend(reading.bookings.into_values());
    merge.kept.sort_by(|a, b| (a.start, &a.uid, a.instance).cmp(&(b.start, &b.uid, b.instance)));
    let changed = merge.before != merge.kept;
    state.bookings = merge.kept;
    if !believed {
        return Outcome::Held;
    }
    state.validators = validators;
    if changed { Outcome::New } else { Outcome::Unchanged }
}

/// What a snapshot says.
struct Reading {
    bookings: BTreeMap<BookingKey, Booking>,
    /// Bookings and series that are there, but not or not wholly understood.
    unread: BTreeSet<String>,
    /// Series of which a limit left out some.
    cut: BTreeSet<String>,
    empty: bool,
    latest_start: Option<DateTime<Utc>>,
}

impl Reading {
    fn new(snapshot: Snapshot) -> Self {
        let empty = snapshot.events == 0;
        let latest_start = snapshot.bookings.iter().map(|booking| booking.start).max();
        let uids = |wanted: fn(ProblemKind) -> bool| {
            let found = snapshot.problems.iter().filter(move |problem| wanted(problem.kind));
            found.filter_map(|problem| problem.uid.clone()).collect::<BTreeSet<_>>()
        };
        let unread = uids(|kind| kind.costs_the_booking() && kind != ProblemKind::BeyondHorizon);
        let cut = uids(|kind| kind == ProblemKind::RuleLimit);
        let bookings = snapshot.bookings.into_iter().map(|mut booking| {
            booking.summary = None;
            (BookingKey::of(&booking), booking)
        });
        Self { bookings: bookings.collect(), unread, cut, empty, latest_start }
    }

    /// Whether the feed still mentions this one in some way, or does not reach as far as it.
    fn leaves_open(&self, booking: &Booking, now: DateTime<Utc>) -> bool {
        self.cut.contains(&*booking.uid) || !self.empty && booking.start > self.span_end(now)
    }

    /// The last instant about which the feed says anything: its latest start, and a day ahead at the least, so that the
    /// last booking of a quiet feed can be called off, too.
    fn span_end(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let day = now + Duration::days(1);
        self.latest_start.map_or(day, |latest| latest.max(day))
    }
}

/// What becomes of the known bookings.
struct Merge {
    before: Vec<Booking>,
    /// Stay although the reading does not have them.
    kept: Vec<Booking>,
    /// Gone, if the reading is believed.
    missing: BTreeMap<BookingKey, Booking>,
    /// Of these, the ones that the reading has without any room.
    bare: BTreeMap<BookingKey, Booking>,
    /// Known ones that stand and are not over.
    of: usize,
}

impl Merge {
    fn new(before: Vec<Booking>, reading: &mut Reading, now: DateTime<Utc>) -> Self {
        let of = before.iter().filter(|booking| booking.end > now && booking.status != Status::Cancelled).count();
        let mut merge =
            Self { before: Vec::new(), kept: Vec::new(), missing: BTreeMap::new(), bare: BTreeMap::new(), of };
        for booking in &before {
            merge.decide(booking, reading, now);
        }
        merge.before = before;
        merge
    }

    fn decide(&mut self, booking: &Booking, reading: &mut Reading, now: DateTime<Utc>) {
        let key = BookingKey::of(booking);
        if let Some(found) = reading.bookings.get(&key) {
            if found.held {
                reading.bookings.remove(&key);
                self.kept.push(Booking { held: true, ..booking.clone() });
            } else if opens_nothing_now(booking, found, now) {
                // A booking without a room is worth as much as none.
                self.bare.extend(reading.bookings.remove_entry(&key));
                self.missing.insert(key, booking.clone());
            }
            return;
        }
        if booking.end <= now {
            // Over, not called off: whoever grants time after it needs it for a while.
            if now - booking.end < Duration::days(1) {
                self.kept.push(booking.clone());
            }
        } else if booking.status == Status::Cancelled {
        } else if reading.unread.contains(&*booking.uid) {
            self.kept.push(Booking { held: true, ..booking.clone() });
        } else if reading.leaves_open(booking, now) {
            self.kept.push(booking.clone());
        } else {
            self.missing.insert(key, booking.clone());
        }
    }

    /// Too much at once; or part of what was too much before, for what came meanwhile makes a loss no smaller.
    fn is_sudden(&self, before: Option<&Hold>, reading: &Reading) -> bool {
        let missing = self.missing.len();
        let many = 2 * missing > self.of.max(10);
        let of_before = |hold: &Hold| !hold.empty && hold.missing.iter().any(|key| self.missing.contains_key(key));
        missing > 0 && (many || missing == self.of || reading.empty || before.is_some_and(of_before))
    }

    fn hold(&self, before: Option<Hold>, empty: bool, validators: Option<Validators>, now: DateTime<Utc>) -> Hold {
        let missing: BTreeSet<_> = self.missing.keys().cloned().collect();
        let began = before.as_ref().filter(|hold| hold.empty == empty).map_or(now, |hold| hold.began);
        let agrees = |hold: &Hold| {
            let over: BTreeSet<_> = self.before.iter().filter(|b| b.end <= now).map(BookingKey::of).collect();
            hold.empty == empty && hold.missing.iter().filter(|key| !over.contains(key)).eq(missing.iter())
        };
        match before.filter(agrees) {
            Some(hold) if hold.polls > 0 => {
                Hold { missing, polls: hold.polls.saturating_add(1), last: Some(now), validators, ..hold }
            }
            Some(hold) => Hold { missing, polls: 1, since: now, last: Some(now), validators, ..hold },
            None => Hold { missing, of: self.of, empty, polls: 1, since: now, began, last: Some(now), validators },
        }
    }
}

/// Whether a booking that stands and is not over lost all its rooms.
fn opens_nothing_now(known: &Booking, found: &Booking, now: DateTime<Utc>) -> bool {
    let stands = [known, found].iter().all(|booking| booking.end > now && booking.status != Status::Cancelled);
    stands && !known.resources.is_empty() && found.resources.is_empty()
}

impl Hold {
    /// Nobody but an operator, or a feed that is not empty any more, ends the hold of an empty one.
    fn is_believed(&self, now: DateTime<Utc>) -> bool {
        !self.empty && self.polls >= POLLS && now - self.since >= Duration::minutes(30)
    }
}

/// Readings in a row that must agree.
const POLLS: u32 = 3;

#[cfg(test)]
mod tests;
