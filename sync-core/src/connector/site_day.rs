//! Days at a site and the instants that a system stores for them.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};

/// Days in the zone of one site.
///
/// A validity of days ends with the last second of its last day; a system that stores the first instant after it stores
/// [`SiteDay::after`], one that stores the last second stores [`SiteDay::end_of`]. Both read back as the same day.
#[derive(Clone, Copy, Debug)]
pub struct SiteDay<Z>(pub Z);

impl<Z: TimeZone> SiteDay<Z> {
    /// The day that it is at the site.
    pub fn of(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.0).date_naive()
    }

    /// The last day of a validity that ends at an instant: one that ends at midnight ends with the day before.
    pub fn last_before(&self, until: DateTime<Utc>) -> NaiveDate {
        self.of(until - TimeDelta::seconds(1))
    }

    /// The first instant of a day: midnight, or what comes first where a clock change skips it.
    pub fn begin_of(&self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(NaiveTime::MIN);
        let found = self.0.from_local_datetime(&midnight).earliest();
        let later = || self.0.from_local_datetime(&(midnight + TimeDelta::hours(1))).earliest();
        found.or_else(later).map_or_else(|| midnight.and_utc(), |at| at.to_utc())
    }

    /// The first instant after a day.
    pub fn after(&self, day: NaiveDate) -> DateTime<Utc> {
        self.begin_of(day.checked_add_days(Days::new(1)).unwrap_or(day))
    }

    /// The last second of a day.
    pub fn end_of(&self, day: NaiveDate) -> DateTime<Utc> {
        self.after(day) - TimeDelta::seconds(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::FixedOffset;

    #[test]
    fn a_last_day_survives_both_ways_of_storing_it() {
        let site = SiteDay(FixedOffset::east_opt(2 * 3600).unwrap());
        for day in ["2027-03-31", "2028-02-29", "2027-12-31"] {
            let day: NaiveDate = day.parse().unwrap();
            assert_eq!(site.of(site.begin_of(day)), day);
            assert_eq!(site.of(site.end_of(day)), day);
            assert_eq!(site.last_before(site.after(day)), day);
            assert_eq!(site.last_before(site.end_of(day)), day);
            assert_eq!(site.after(day) - site.begin_of(day), TimeDelta::days(1));
        }
    }
}
