//! From the times of an event to instants.

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;

use super::event::Event;
use super::time::{Border, UnknownZone, to_utc};

/// When an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Interval {
    /// Begin, inclusive.
    pub start: DateTime<Utc>,
    /// End, exclusive. It may not be later than the begin.
    pub end: DateTime<Utc>,
    /// It is given in whole days.
    pub all_day: bool,
    /// It says that it is given in whole days, but does not begin and end at midnight.
    pub odd_day: bool,
}

/// When an event is. Whole days are those of the site, whatever zone Graph writes beside them: read as universal time, doors
/// would open hours too early or too late.
///
/// # Errors
/// For a zone without rules that are known, of an event that is not given in whole days.
pub fn interval(event: &Event, site: Tz) -> Result<Interval, UnknownZone> {
    let days = event.start.whole_day().zip(event.end.whole_day()).filter(|_| event.is_all_day);
    if let Some((first, last)) = days {
        return Ok(Interval {
            start: to_utc(first.and_time(NaiveTime::MIN), site, Border::Start),
            end: to_utc(last.and_time(NaiveTime::MIN), site, Border::End),
            all_day: true,
            odd_day: false,
        });
    }
    Ok(Interval {
        start: event.start.instant(Border::Start)?,
        end: event.end.instant(Border::End)?,
        all_day: false,
        odd_day: event.is_all_day,
    })
}
