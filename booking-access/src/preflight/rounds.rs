//! When a booking is looked at: a pure function of its begin and the clock.

use chrono::{DateTime, Duration, Utc};

use crate::store::BookingRow;

/// Whether it is time to look at a booking, given when that was done last: one of the times before its begin came since then,
/// and since it is known. Any number of missed ones is one.
pub(super) fn is_due(row: &BookingRow, leads: &[Duration], last: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    let since = last.max(row.first_seen);
    let came = |lead: &Duration| {
        let mark = row.booking.start - *lead;
        since < mark && mark <= now
    };
    now < row.booking.start && leads.iter().any(came)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, booking};

    #[test]
    fn a_booking_is_due_once_at_each_of_its_times() {
        let leads = [Duration::hours(24), Duration::hours(1), Duration::minutes(15)];
        let yesterday = at(12, 0) - Duration::days(1);
        // First seen, last look, now; the booking begins at noon.
        for (first_seen, last, now, expected, why) in [
            (at(0, 0) - Duration::days(9), yesterday - Duration::minutes(1), yesterday, true, "a day before"),
            (at(0, 0) - Duration::days(9), yesterday, yesterday + Duration::minutes(1), false, "just done"),
            (at(0, 0), at(10, 59), at(11, 0), true, "an hour before"),
            (at(0, 0), at(10, 58), at(10, 59), false, "not yet"),
            (at(0, 0), at(11, 0), at(11, 44), false, "between"),
            (at(0, 0), at(11, 44), at(11, 45), true, "a quarter before"),
            (at(0, 0), at(0, 0) - Duration::days(3), at(11, 50), true, "all were missed"),
            (at(0, 0), at(11, 50), at(11, 51), false, "and made up for once"),
            (at(11, 30), at(0, 0), at(11, 31), false, "nobody knew of it an hour before"),
            (at(11, 30), at(0, 0), at(11, 45), true, "but a quarter before"),
            (at(0, 0), at(0, 0), at(12, 0), false, "it has begun"),
            (at(0, 0), at(0, 0), at(13, 0), false, "it is running"),
            (at(0, 0), at(11, 46), at(10, 0), false, "the clock was set back"),
        ] {
            let mut row = booking(1, "ann@x.example", "Room 1", at(12, 0), at(14, 0));
            row.first_seen = first_seen;
            assert_eq!(is_due(&row, &leads, last, now), expected, "{why}");
        }
    }

    #[test]
    fn without_times_nothing_is_ever_due() {
        let row = booking(1, "ann@x.example", "Room 1", at(12, 0), at(14, 0));
        assert!(!is_due(&row, &[], at(0, 0), at(11, 59)));
    }
}
