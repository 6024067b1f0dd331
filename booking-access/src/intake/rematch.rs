//! A booking that was moved may come back under another name: which of the new ones is it?

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use sync_core::model::{Booking, Participant, ParticipantRole};

use crate::grants::booker;
use crate::store::BookingRow;

/// A booking that is going on is taken for moved only if it was moved by less than this.
const NEAR: Duration = Duration::hours(24);

/// Whether a new booking may be what became of an old one.
type Rule<'a> = &'a dyn Fn(&BookingRow, &Booking) -> bool;

/// Pairs of a vanished booking and the new one that it became, by their places; each at most once.
pub(super) fn rematch(
    vanished: &[&BookingRow],
    new: &[(&str, &Booking)],
    active: impl Fn(&BookingRow) -> bool,
) -> Vec<(usize, usize)> {
    let rules: [Rule<'_>; 3] = [
        &|old, new| {
            let near = (new.start - old.booking.start).abs() < NEAR;
            old.booking.series.is_some() && old.booking.series == new.series && (near || !active(old))
        },
        &|old, new| old.booking.start == new.start && shares_resource(old, new),
        &|old, new| old.booking.start < new.end && new.start < old.booking.end && shares_resource(old, new),
    ];
    let (mut pairs, mut used_old, mut used_new) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for rule in rules {
        let mut found = Vec::new();
        for (n, (_, booking)) in new.iter().enumerate().filter(|(n, _)| !used_new.contains(n)) {
            let whose = booker_of(booking);
            let left = vanished.iter().enumerate().filter(|(o, _)| !used_old.contains(o));
            for (o, old) in left.filter(|(_, old)| whose.is_some() && booker(old) == whose && rule(old, booking)) {
                found.push((distance(old.booking.start, booking.start), o, n));
            }
        }
        found.sort_unstable();
        for (_, o, n) in found {
            if !used_old.contains(&o) && !used_new.contains(&n) {
                used_old.insert(o);
                used_new.insert(n);
                pairs.push((o, n));
            }
        }
    }
    pairs
}

fn distance(a: DateTime<Utc>, b: DateTime<Utc>) -> i64 {
    (a - b).num_seconds().abs()
}

fn shares_resource(old: &BookingRow, new: &Booking) -> bool {
    !old.booking.resources.is_disjoint(&new.resources)
}

fn booker_of(booking: &Booking) -> Option<String> {
    let people = &booking.people;
    let first = people.iter().find(|person| person.role == ParticipantRole::Booker).or(people.first());
    first.map(Participant::key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, booking, plain};

    #[test]
    fn the_series_decides_first_then_the_begin_then_the_overlap() {
        let mut first = booking(1, "ann@x.example", "Room 1", at(10, 0), at(11, 0));
        first.booking.series = Some("77".into());
        let second = booking(2, "ann@x.example", "Room 1", at(12, 0), at(13, 0));
        let third = booking(3, "ann@x.example", "Room 2", at(14, 0), at(15, 0));
        let mut moved = plain("Ann@x.example", "Room 3", at(18, 0), at(19, 0));
        moved.series = Some("77".into());
        let longer = plain("ann@x.example", "Room 1", at(12, 0), at(14, 0));
        let shifted = plain("ann@x.example", "Room 2", at(14, 30), at(15, 30));
        let strange = plain("bob@x.example", "Room 2", at(14, 0), at(15, 0));
        let new = [("a", &strange), ("b", &shifted), ("c", &longer), ("d", &moved)];
        let pairs = rematch(&[&first, &second, &third], &new, |_| false);
        assert_eq!(pairs, [(0, 3), (1, 2), (2, 1)]);
    }

    #[test]
    fn the_next_of_a_series_is_not_the_one_that_is_going_on() {
        let mut going_on = booking(1, "ann@x.example", "Room 1", at(10, 0), at(11, 0));
        going_on.booking.series = Some("77".into());
        let far = at(10, 0) + Duration::days(180);
        let mut next = plain("ann@x.example", "Room 1", far, far + Duration::hours(1));
        next.series = Some("77".into());
        assert!(rematch(&[&going_on], &[("z", &next)], |_| true).is_empty());
        next.start = at(10, 30);
        assert_eq!(rematch(&[&going_on], &[("z", &next)], |_| true), [(0, 0)]);
    }
}
