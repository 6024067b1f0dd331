//! A zone as a small value, and the clocks of the IANA database.

use chrono::{Datelike, LocalResult, NaiveDate, NaiveDateTime, Offset, TimeZone};
use chrono_tz::{GapInfo, Tz};

/// A zone; cheap to copy, resolved by the [`Zones`](super::Zones) that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Zone {
    /// Seconds east of UTC, for ever.
    Fixed(i32),
    /// A zone of the IANA database.
    Iana(Tz),
    /// The definition with this number in the calendar.
    Block(u16),
}

impl Zone {
    /// UTC.
    pub(crate) const UTC: Self = Self::Fixed(0);
}

/// Seconds east of UTC when the clock shows a time: in a gap the offset before it, of two the first.
pub(super) fn offset_at_local(zone: Tz, local: NaiveDateTime) -> i32 {
    let local = within_tables(local);
    match zone.offset_from_local_datetime(&local) {
        LocalResult::Single(offset) | LocalResult::Ambiguous(offset, _) => offset.fix().local_minus_utc(),
        LocalResult::None => GapInfo::new(&local, &zone)
            .and_then(|gap| gap.begin)
            .map_or_else(|| offset_at_utc(zone, local), |(_, offset)| offset.fix().local_minus_utc()),
    }
}

/// Seconds east of UTC at an instant.
pub(super) fn offset_at_utc(zone: Tz, utc: NaiveDateTime) -> i32 {
    zone.offset_from_utc_datetime(&within_tables(utc)).fix().local_minus_utc()
}

/// The tables of the database end with the century. Later years are read as one of the same weekdays before its end.
fn within_tables(time: NaiveDateTime) -> NaiveDateTime {
    let year = time.year();
    if year < END_OF_TABLES {
        return time;
    }
    let shape = |year: i32| NaiveDate::from_yo_opt(year, 1).map(|first| (first.leap_year(), first.weekday()));
    // Within 28 years each shape occurs.
    (END_OF_TABLES - 36..END_OF_TABLES - 8)
        .find(|other| shape(*other) == shape(year))
        .and_then(|other| time.with_year(other))
        .unwrap_or(time)
}

/// First year that is not looked up.
const END_OF_TABLES: i32 = 2100;
