//! What follows from a reading: pure, so that every rule can be tried by itself.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use sync_core::model::{Booking, BookingStatus};

use super::Reading;
use super::rematch::rematch;
use crate::grants::Rules;
use crate::store::{BookingRow, BookingState};

/// Complete readings in a row that must lack a booking before it counts as gone.
const CONFIRMATIONS: u32 = 2;
/// The same for one that is going on, and where suddenly many are lacking.
const CONFIRMATIONS_WITH_CARE: u32 = 3;
/// A source that lists a span of time lists at least this much of the future.
const LEAST_REACH: Duration = Duration::hours(24);
/// More bookings than this, and than half of those known, lacking at once is strange.
const STRANGE_LOSS: usize = 5;

/// What a reading means.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) steps: Vec<Step>,
    /// So many of so many lack all at once.
    pub(super) loss: Option<(usize, usize)>,
}

/// One thing to note about one booking.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is new.
    Add { key: String, booking: Booking },
    /// It is known and something of it is new, such as its key.
    Change { id: i64, key: String, booking: Booking },
    /// It is there and the source doubts it; what was known stays.
    Doubt(i64),
    /// It is there again, as it was.
    Seen(i64),
    /// It was lacking this many times in a row.
    Missing(i64, u32),
    /// It is over before its time.
    End(i64, BookingState),
}

/// What follows from a reading. Nothing is concluded from what an incomplete one lacks, nor from what one lacks that the
/// source made without looking again.
pub(super) fn decide(
    known: &[BookingRow],
    reading: &Reading,
    looked_again: bool,
    rules: &Rules,
    now: DateTime<Utc>,
) -> Decision {
    let by_key: BTreeMap<&str, &BookingRow> = known.iter().map(|row| (row.key.as_str(), row)).collect();
    let mut decision = Decision::default();
    let mut new = Vec::new();
    for (key, booking) in &reading.bookings {
        match by_key.get(key.as_str()) {
            Some(row) => decision.steps.extend(known_again(row, booking)),
            None if is_news(booking, rules, now) => new.push((key.as_str(), booking)),
            None => {}
        }
    }
    // Something is still there under its key, though it cannot be read.
    let unreadable: BTreeSet<&str> = reading.invalid.iter().map(|record| record.id.as_str()).collect();
    let lacking: Vec<&BookingRow> = known
        .iter()
        .filter(|row| matches!(row.state, BookingState::Live | BookingState::Doubted) && row.booking.end > now)
        .filter(|row| !reading.bookings.contains_key(&row.key))
        // A fault may be about one of a series, or about all of it.
        .filter(|row| !unreadable.contains(row.key.as_str()) && !unreadable.contains(series_of(&row.key)))
        .collect();
    let is_active = |row: &BookingRow| {
        let (opens, closes) = rules.window(row);
        opens <= now && now < closes
    };
    let pairs = if reading.complete { rematch(&lacking, &new, is_active) } else { Vec::new() };
    let moved: BTreeMap<usize, i64> = pairs.iter().filter_map(|(o, n)| Some((*n, lacking.get(*o)?.id))).collect();
    for (n, (key, booking)) in new.into_iter().enumerate() {
        let (key, booking) = (key.to_owned(), booking.clone());
        decision.steps.push(match moved.get(&n) {
            Some(id) => Step::Change { id: *id, key, booking },
            None => Step::Add { key, booking },
        });
    }
    if reading.complete && looked_again {
        let gone: BTreeSet<i64> = moved.into_values().collect();
        let reach = reach(reading, now);
        let lacking: Vec<_> =
            lacking.into_iter().filter(|row| !gone.contains(&row.id) && row.booking.start <= reach).collect();
        decision.absent(&lacking, known, is_active, now);
    }
    decision
}

impl Decision {
    fn absent(
        &mut self,
        lacking: &[&BookingRow],
        known: &[BookingRow],
        is_active: impl Fn(&BookingRow) -> bool,
        now: DateTime<Utc>,
    ) {
        let ahead = known.iter().filter(|row| row.state == BookingState::Live && row.booking.end > now).count();
        let lost = lacking.iter().filter(|row| row.state == BookingState::Live).count();
        let strange = lost > STRANGE_LOSS.max(ahead / 2) || (lost == ahead && ahead >= 3);
        self.loss = strange.then_some((lost, ahead));
        for row in lacking {
            let careful = strange || is_active(row);
            let needed = if careful { CONFIRMATIONS_WITH_CARE } else { CONFIRMATIONS };
            let times = row.missing.saturating_add(1);
            self.steps.push(if times >= needed {
                Step::End(row.id, BookingState::Gone)
            } else {
                Step::Missing(row.id, times)
            });
        }
    }
}

/// What stands before the instance in the key of one of a series.
fn series_of(key: &str) -> &str {
    key.rsplit_once('#').map_or(key, |(series, _)| series)
}

/// The latest begin of which a reading says anything: what begins later is not lacking but out of sight.
fn reach(reading: &Reading, now: DateTime<Utc>) -> DateTime<Utc> {
    if !reading.windowed {
        return DateTime::<Utc>::MAX_UTC;
    }
    let latest = reading.bookings.values().map(|booking| booking.start).max();
    latest.unwrap_or(now).max(now + LEAST_REACH)
}

fn known_again(row: &BookingRow, booking: &Booking) -> Option<Step> {
    let stands = matches!(row.state, BookingState::Live | BookingState::Doubted);
    if booking.doubtful || booking.start >= booking.end {
        return stands.then_some(Step::Doubt(row.id)).filter(|_| !row.doubtful || row.missing > 0);
    }
    if booking.status == BookingStatus::Cancelled {
        return stands.then_some(Step::End(row.id, BookingState::Cancelled));
    }
    let same = Booking { doubtful: row.booking.doubtful, ..booking.clone() } == row.booking;
    if !same || row.state != BookingState::Live || row.doubtful {
        let (id, key) = (row.id, row.key.clone());
        return Some(Step::Change { id, key, booking: booking.clone() });
    }
    (row.missing > 0).then_some(Step::Seen(row.id))
}

/// Whether an unknown booking is worth keeping: not called off, not over, not backwards.
fn is_news(booking: &Booking, rules: &Rules, now: DateTime<Utc>) -> bool {
    let lasts = booking.start < booking.end && rules.closes(booking) > now;
    lasts && booking.status != BookingStatus::Cancelled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AccessConfig;
    use crate::testing::{at, booking, plain};

    fn rules() -> Rules {
        Rules::new(&AccessConfig::with_resources([("Room 1", ["1"])]))
    }

    fn reading(bookings: &[(&str, Booking)]) -> Reading {
        Reading {
            source: "rooms".into(),
            bookings: bookings.iter().map(|(key, booking)| ((*key).to_owned(), booking.clone())).collect(),
            invalid: Vec::new(),
            complete: true,
            windowed: true,
            as_of: None,
        }
    }

    fn ann(start: u32) -> BookingRow {
        booking(1, "ann@x.example", "Room 1", at(start, 0), at(start + 1, 0))
    }

    fn steps(known: &[BookingRow], reading: &Reading, now: DateTime<Utc>) -> Vec<Step> {
        decide(known, reading, true, &rules(), now).steps
    }

    #[test]
    fn what_is_lacking_twice_is_gone_and_what_is_going_on_three_times() {
        let mut row = ann(10);
        assert_eq!(steps(std::slice::from_ref(&row), &reading(&[]), at(8, 0)), [Step::Missing(1, 1)]);
        row.missing = 1;
        assert_eq!(steps(std::slice::from_ref(&row), &reading(&[]), at(8, 0)), [Step::End(1, BookingState::Gone)]);
        assert_eq!(steps(std::slice::from_ref(&row), &reading(&[]), at(9, 55)), [Step::Missing(1, 2)]);
        row.missing = 2;
        assert_eq!(steps(&[row], &reading(&[]), at(10, 30)), [Step::End(1, BookingState::Gone)]);
    }

    #[test]
    fn what_is_there_again_is_no_longer_lacking() {
        let mut row = ann(10);
        row.missing = 1;
        assert_eq!(
            steps(std::slice::from_ref(&row), &reading(&[("key-1", row.booking.clone())]), at(8, 0)),
            [Step::Seen(1)]
        );
    }

    #[test]
    fn nothing_is_concluded_from_what_an_incomplete_reading_lacks() {
        let row = BookingRow { missing: 9, ..ann(10) };
        let mut reading = reading(&[("key-2", plain("ann@x.example", "Room 1", at(10, 0), at(11, 0)))]);
        reading.complete = false;
        let found = steps(&[row], &reading, at(8, 0));
        assert!(matches!(found.as_slice(), [Step::Add { .. }]), "{found:?}");
    }

    #[test]
    fn what_ended_is_over_and_not_gone() {
        assert!(steps(&[ann(10)], &reading(&[]), at(11, 5)).is_empty());
    }

    #[test]
    fn what_begins_after_the_last_one_listed_is_out_of_sight() {
        let far = at(10, 0) + Duration::days(20);
        let row = booking(1, "ann@x.example", "Room 1", far, far + Duration::hours(1));
        let near = at(10, 0) + Duration::days(5);
        let other = plain("bob@x.example", "Room 1", near, near + Duration::hours(1));
        let known = [row.clone(), BookingRow { id: 2, key: "b".into(), booking: other.clone(), ..row.clone() }];
        assert!(steps(&known, &reading(&[("b", other)]), at(8, 0)).is_empty());
        let later = plain("bob@x.example", "Room 1", far + Duration::hours(1), far + Duration::hours(2));
        let known = [row.clone(), BookingRow { id: 2, key: "b".into(), booking: later.clone(), ..row }];
        assert_eq!(steps(&known, &reading(&[("b", later)]), at(8, 0)), [Step::Missing(1, 1)]);
    }

    #[test]
    fn the_last_one_of_a_short_list_is_missed_on_its_last_day() {
        let row = ann(10);
        assert_eq!(steps(std::slice::from_ref(&row), &reading(&[]), at(8, 0)), [Step::Missing(1, 1)]);
        assert!(steps(&[row], &reading(&[]), at(8, 0) - Duration::days(2)).is_empty());
    }

    #[test]
    fn an_explicit_cancellation_acts_at_once() {
        let row = ann(10);
        let cancelled = Booking { status: BookingStatus::Cancelled, ..row.booking.clone() };
        let found = steps(&[row], &reading(&[("key-1", cancelled.clone())]), at(10, 30));
        assert_eq!(found, [Step::End(1, BookingState::Cancelled)]);
        assert!(steps(&[], &reading(&[("key-1", cancelled)]), at(8, 0)).is_empty());
    }

    #[test]
    fn what_was_known_stays_while_the_source_doubts() {
        let row = ann(10);
        let doubted = Booking { doubtful: true, end: at(20, 0), ..row.booking.clone() };
        assert_eq!(steps(std::slice::from_ref(&row), &reading(&[("key-1", doubted)]), at(8, 0)), [Step::Doubt(1)]);
        let backwards = Booking { end: at(9, 0), ..row.booking.clone() };
        assert_eq!(steps(&[row], &reading(&[("key-1", backwards)]), at(8, 0)), [Step::Doubt(1)]);
    }

    #[test]
    fn what_cannot_be_read_is_not_lacking() {
        let mut reading = reading(&[]);
        reading.invalid = vec![sync_core::connector::InvalidRecord::new("key-1", "start", "unknown zone")];
        assert!(steps(&[ann(10)], &reading, at(8, 0)).is_empty());
        let one = BookingRow { key: "key-1#20270301T100000Z".into(), ..ann(10) };
        assert!(steps(&[one], &reading, at(8, 0)).is_empty());
    }

    #[test]
    fn a_source_that_did_not_look_again_proves_no_absence() {
        let row = BookingRow { missing: 1, ..ann(10) };
        assert!(decide(&[row], &reading(&[]), false, &rules(), at(8, 0)).steps.is_empty());
    }

    #[test]
    fn a_renamed_booking_stays_the_same_and_what_is_back_stands_again() {
        let row = ann(10);
        let moved = plain("ann@x.example", "Room 1", at(10, 30), at(11, 30));
        let found = steps(std::slice::from_ref(&row), &reading(&[("key-9", moved.clone())]), at(10, 20));
        assert_eq!(found, [Step::Change { id: 1, key: "key-9".into(), booking: moved }]);
        let gone = BookingRow { state: BookingState::Gone, ..row.clone() };
        let back = steps(&[gone], &reading(&[("key-1", row.booking.clone())]), at(8, 0));
        assert_eq!(back, [Step::Change { id: 1, key: "key-1".into(), booking: row.booking }]);
    }

    #[test]
    fn what_was_over_before_it_was_seen_is_nothing_new() {
        let past = plain("ann@x.example", "Room 1", at(6, 0), at(7, 0));
        assert!(steps(&[], &reading(&[("a", past.clone())]), at(7, 10)).is_empty());
        assert_eq!(steps(&[], &reading(&[("a", past)]), at(7, 9)).len(), 1);
    }

    #[test]
    fn a_sudden_loss_needs_more_confirmation() {
        let known: Vec<_> = (0..8).map(|n| BookingRow { id: n, key: n.to_string(), missing: 1, ..ann(10) }).collect();
        let decision = decide(&known, &reading(&[]), true, &rules(), at(8, 0));
        assert_eq!(decision.loss, Some((8, 8)));
        assert!(decision.steps.iter().all(|step| matches!(step, Step::Missing(_, 2))));
        let known: Vec<_> = known.into_iter().map(|row| BookingRow { missing: 2, ..row }).collect();
        let decision = decide(&known, &reading(&[]), true, &rules(), at(8, 0));
        assert!(decision.steps.iter().all(|step| matches!(step, Step::End(_, BookingState::Gone))));
    }
}
