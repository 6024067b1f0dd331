//! Local times without an offset, in the zone of the Astrow server.

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, TimeZone as _, Timelike as _, Utc};
use chrono_tz::Tz;

/// A local minute, and whether the clocks show it twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalMinute {
    /// The minute; seconds are cut, never rounded up.
    pub at: NaiveDateTime,
    /// It is shown twice: nobody can tell from the text which of the two it was.
    pub twice: bool,
}

/// What the clocks of the Astrow server showed at an instant.
pub fn local_minute(at: DateTime<Utc>, zone: Tz) -> LocalMinute {
    let local = at.with_timezone(&zone).naive_local();
    let at = local.with_second(0).and_then(|at| at.with_nanosecond(0)).unwrap_or(local);
    LocalMinute { at, twice: matches!(zone.from_local_datetime(&at), MappedLocalTime::Ambiguous(..)) }
}

/// The instants at which the clocks of the Astrow server showed a local time: mostly one, two where they are put back, none
/// where they are put forward.
pub fn instants(local: NaiveDateTime, zone: Tz) -> Vec<DateTime<Utc>> {
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(at) => vec![at.to_utc()],
        MappedLocalTime::Ambiguous(first, second) => vec![first.to_utc(), second.to_utc()],
        MappedLocalTime::None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Europe::Brussels;

    fn local(at: &str) -> LocalMinute {
        local_minute(at.parse().unwrap(), Brussels)
    }

    #[test]
    fn seconds_are_cut() {
        assert_eq!(local("2026-03-02T07:01:59Z").at, "2026-03-02T08:01:00".parse().unwrap());
    }

    #[test]
    fn the_hour_that_comes_twice_is_told() {
        for (at, shown, twice) in [
            ("2026-10-24T23:59:59Z", "2026-10-25T01:59:00", false),
            ("2026-10-25T00:00:00Z", "2026-10-25T02:00:00", true),
            ("2026-10-25T01:59:59Z", "2026-10-25T02:59:00", true),
            ("2026-10-25T02:00:00Z", "2026-10-25T03:00:00", false),
            ("2026-03-29T01:00:00Z", "2026-03-29T03:00:00", false),
        ] {
            assert_eq!(local(at), LocalMinute { at: shown.parse().unwrap(), twice }, "{at}");
        }
        assert_eq!(instants("2026-10-25T02:30:00".parse().unwrap(), Brussels).len(), 2);
        assert_eq!(instants("2026-03-29T02:30:00".parse().unwrap(), Brussels).len(), 0);
    }
}
