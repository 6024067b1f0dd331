//! Days and times in words.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The language of a letter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Dutch.
    Nl,
}

struct Words {
    days: [&'static str; 7],
    months: [&'static str; 12],
}

const ENGLISH: Words = Words {
    days: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
};

const DUTCH: Words = Words {
    days: ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"],
    months: [
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ],
};

impl Language {
    /// Its code in `lang` attributes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Nl => "nl",
        }
    }

    /// `Tuesday 24 November 2026`.
    fn date(self, date: NaiveDate) -> String {
        let words = match self {
            Self::En => &ENGLISH,
            Self::Nl => &DUTCH,
        };
        let day = words.days.get(date.weekday().num_days_from_monday() as usize).copied().unwrap_or_default();
        let month = words.months.get(date.month0() as usize).copied().unwrap_or_default();
        format!("{day} {} {month} {}", date.day(), date.year())
    }

    /// Day and time of an instant in a zone.
    pub(super) fn moment(self, at: DateTime<Utc>, zone: Tz) -> String {
        let local = at.with_timezone(&zone);
        format!("{}, {}", self.date(local.date_naive()), local.format("%H:%M"))
    }

    /// From when to when, in the zone of the site; that zone is named if the booking was made in another one.
    pub(super) fn span(self, start: DateTime<Utc>, end: DateTime<Utc>, site: Tz, booked_in: Option<Tz>) -> String {
        let (from, to) = (start.with_timezone(&site), end.with_timezone(&site));
        let until =
            if from.date_naive() == to.date_naive() { to.format("%H:%M").to_string() } else { self.moment(end, site) };
        let zone = booked_in.filter(|zone| *zone != site).map(|_| format!(" ({})", site.name()));
        format!("{} – {until}{}", self.moment(start, site), zone.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;

    #[test]
    fn days_and_months_are_in_the_language_and_times_in_the_zone_of_the_site() {
        let start = Utc.with_ymd_and_hms(2026, 3, 29, 0, 30, 0).unwrap();
        let end = Utc.with_ymd_and_hms(2026, 3, 29, 1, 30, 0).unwrap();
        let span = |language: Language| language.span(start, end, Tz::Europe__Amsterdam, None);
        assert_eq!(span(Language::En), "Sunday 29 March 2026, 01:30 – 03:30", "the clock goes forward in between");
        assert_eq!(span(Language::Nl), "zondag 29 maart 2026, 01:30 – 03:30");
    }

    #[test]
    fn the_end_has_its_day_where_it_is_another_one() {
        let start = Utc.with_ymd_and_hms(2026, 12, 31, 22, 0, 0).unwrap();
        let end = Utc.with_ymd_and_hms(2027, 1, 1, 2, 0, 0).unwrap();
        let span = Language::Nl.span(start, end, Tz::UTC, Some(Tz::UTC));
        assert_eq!(span, "donderdag 31 december 2026, 22:00 – vrijdag 1 januari 2027, 02:00");
    }

    #[test]
    fn the_zone_is_named_where_the_booking_was_made_in_another() {
        let start = Utc.with_ymd_and_hms(2026, 7, 1, 8, 0, 0).unwrap();
        let span = Language::En.span(start, start, Tz::Europe__Amsterdam, Some(Tz::Europe__London));
        assert_eq!(span, "Wednesday 1 July 2026, 10:00 – 10:00 (Europe/Amsterdam)");
    }
}
