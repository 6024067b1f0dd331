//! Instants as the local wall-clock times that timeware stores (rule W10).

use chrono::{DateTime, Duration, LocalResult, NaiveDateTime, Offset, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

/// An instant on the wall clock of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LocalTime {
    /// Local date and time, cut to seconds.
    pub local: NaiveDateTime,
    /// Distance to UTC at that instant, in minutes.
    pub offset_minutes: i16,
    /// The same local time comes twice (the hour that autumn repeats).
    pub ambiguous: bool,
}

/// A local time without a zone, placed on the time line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlacedTime {
    /// The instant; of two possible ones the first.
    pub utc: DateTime<Utc>,
    /// The local time after placing.
    pub local: NaiveDateTime,
    /// How far a time that does not exist was moved forward; to be reported.
    pub moved: Option<Duration>,
    /// The local time stands for two instants.
    pub ambiguous: bool,
}

/// The wall-clock time of an instant.
pub fn to_local(zone: Tz, at: DateTime<Utc>) -> LocalTime {
    let there = at.with_timezone(&zone);
    let local = cut_to_seconds(there.naive_local());
    LocalTime {
        local,
        offset_minutes: i16::try_from(there.offset().fix().local_minus_utc() / 60).unwrap_or_default(),
        ambiguous: matches!(zone.from_local_datetime(&local), LocalResult::Ambiguous(..)),
    }
}

/// The instant of a wall-clock time; one in the missing hour of spring is moved forward by the gap.
pub fn from_local(zone: Tz, local: NaiveDateTime) -> PlacedTime {
    let local = cut_to_seconds(local);
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) => placed(at.to_utc(), local, None, false),
        LocalResult::Ambiguous(first, _) => placed(first.to_utc(), local, None, true),
        LocalResult::None => after_the_gap(zone, local),
    }
}

/// Cuts to whole seconds (rule S7).
pub fn cut_to_seconds(time: NaiveDateTime) -> NaiveDateTime {
    time.with_nanosecond(0).unwrap_or(time)
}

/// Cuts to whole minutes, as a clock writes bookings.
pub fn cut_to_minutes(time: NaiveDateTime) -> NaiveDateTime {
    cut_to_seconds(time).with_second(0).unwrap_or(time)
}

/// Read with the offset that held before the gap, a missing time lands behind it, moved by exactly its length.
fn after_the_gap(zone: Tz, local: NaiveDateTime) -> PlacedTime {
    let before = zone.offset_from_utc_datetime(&(local - Duration::hours(24))).fix().local_minus_utc();
    let utc = (local - Duration::seconds(i64::from(before))).and_utc();
    let there = cut_to_seconds(utc.with_timezone(&zone).naive_local());
    placed(utc, there, Some(there - local), false)
}

fn placed(utc: DateTime<Utc>, local: NaiveDateTime, moved: Option<Duration>, ambiguous: bool) -> PlacedTime {
    PlacedTime { utc, local, moved, ambiguous }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap()
    }

    #[test]
    fn both_clock_changes_of_london() {
        for (utc, wanted, offset, ambiguous) in [
            ("2026-03-29T00:59:30Z", "2026-03-29 00:59:30", 0, false),
            ("2026-03-29T01:00:30Z", "2026-03-29 02:00:30", 60, false),
            ("2026-10-25T00:30:00Z", "2026-10-25 01:30:00", 60, true),
            ("2026-10-25T01:30:00Z", "2026-10-25 01:30:00", 0, true),
            ("2026-06-01T07:58:41.900Z", "2026-06-01 08:58:41", 60, false),
        ] {
            let got = to_local(Tz::Europe__London, utc.parse().unwrap());
            assert_eq!((got.local, got.offset_minutes, got.ambiguous), (local(wanted), offset, ambiguous), "{utc}");
        }
    }

    #[test]
    fn a_time_that_does_not_exist_moves_forward_by_the_gap() {
        let got = from_local(Tz::Europe__London, local("2026-03-29 01:15:00"));
        assert_eq!(got.local, local("2026-03-29 02:15:00"));
        assert_eq!(got.moved, Some(Duration::hours(1)));
        assert_eq!(got.utc, "2026-03-29T01:15:00Z".parse::<DateTime<Utc>>().unwrap());
    }

    #[test]
    fn a_repeated_time_is_the_first_of_both() {
        let got = from_local(Tz::Europe__London, local("2026-10-25 01:30:00"));
        assert_eq!(got.utc, "2026-10-25T00:30:00Z".parse::<DateTime<Utc>>().unwrap());
        assert!(got.ambiguous && got.moved.is_none());
    }
}
