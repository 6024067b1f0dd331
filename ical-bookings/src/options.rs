//! What a caller knows about a feed.

use chrono::{DateTime, Duration, NaiveTime, Utc};
use chrono_tz::Tz;

use crate::Dialect;

/// How one feed is to be read.
///
/// Only the window has no default; everything else is a public field to be changed.
///
/// ```
/// use chrono::{Duration, TimeZone, Utc};
/// use ical_bookings::{Options, Window};
///
/// let from = Utc.with_ymd_and_hms(2026, 6, 1, 0, 0, 0).unwrap();
/// let mut options = Options::new(Window::new(from, from + Duration::days(90)));
/// options.zone = Some(chrono_tz::Europe::Amsterdam);
/// options.resources = vec!["Room #1".into(), "Hall".into()];
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// Overrides the recognition of the writer.
    pub dialect: Option<Dialect>,
    /// Bookings that overlap it are returned.
    pub window: Window,
    /// The zone of days and of times without any; without it such a booking is a problem.
    pub zone: Option<Tz>,
    /// The resources that the caller knows, in the spelling in which they are to be reported.
    pub resources: Vec<String>,
    /// The one resource of this link: whatever an event says, it is for this one.
    pub fixed_resource: Option<String>,
    /// The resource of events that name none.
    pub default_resource: Option<String>,
    /// Where the people of generic feeds come from.
    pub people: PeopleFrom,
    /// Reads the `ATTENDEE`s of escaped type-2 feeds besides the organizer.
    pub type2_attendees: bool,
    /// Local time at which a booking in whole days begins; midnight if none.
    pub check_in: Option<NaiveTime>,
    /// Local time, on the day given as its end, at which a booking in whole days ends; midnight if none.
    pub check_out: Option<NaiveTime>,
    /// Longer ones are refused.
    pub longest_booking: Duration,
    /// How far after [`now`](Self::now) a booking may start.
    pub horizon: Duration,
    /// The time of reading, from which the horizon counts. Without it there is no horizon.
    pub now: Option<DateTime<Utc>>,
    /// Events with `TRANSP:TRANSPARENT` are left out.
    pub skip_transparent: bool,
    /// Events whose summary is one of these, or begins with one that ends in `*`, are left out. Case does not count.
    pub skip_summaries: Vec<String>,
    /// Names of properties that plug-ins add to the events of a type-2 template.
    pub plugin_properties: Vec<String>,
    /// What a body may cost.
    pub limits: Limits,
}

impl Options {
    /// The defaults for a window.
    pub fn new(window: Window) -> Self {
        Self {
            dialect: None,
            window,
            zone: None,
            resources: Vec::new(),
            fixed_resource: None,
            default_resource: None,
            people: PeopleFrom::default(),
            type2_attendees: false,
            check_in: None,
            check_out: None,
            longest_booking: Duration::days(31),
            horizon: Duration::days(400),
            now: None,
            skip_transparent: false,
            skip_summaries: Vec::new(),
            plugin_properties: Vec::new(),
            limits: Limits::default(),
        }
    }
}

/// A stretch of time, its end excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Window {
    /// Begin.
    pub from: DateTime<Utc>,
    /// End, not part of it.
    pub to: DateTime<Utc>,
}

impl Window {
    /// From one instant to another; empty if the second is not later.
    pub fn new(from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        Self { from, to }
    }

    /// Whether a stretch of time has a moment in common with it.
    pub fn overlaps(&self, start: DateTime<Utc>, end: DateTime<Utc>) -> bool {
        start < self.to && end > self.from
    }
}

/// Where the people of an event are looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "http", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "http", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum PeopleFrom {
    /// `ATTENDEE`, and `ORGANIZER` of an event that has no attendee.
    #[default]
    AttendeesElseOrganizer,
    /// `ATTENDEE` alone.
    Attendees,
    /// `ORGANIZER` alone.
    Organizer,
    /// Both.
    Both,
    /// The feed names nobody who may come.
    Nobody,
}

/// What one body may cost; beyond that it, the event or the series is refused or cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of the body.
    pub body: usize,
    /// `VEVENT`s of the body.
    pub events: usize,
    /// Bytes of a line after unfolding.
    pub line: usize,
    /// Components inside each other.
    pub nesting: usize,
    /// Properties of an event.
    pub properties: usize,
    /// People of an event.
    pub people: usize,
    /// Resources of an event.
    pub resources: usize,
    /// Instances of a series in the window.
    pub instances_per_series: usize,
    /// Steps that the expansion of a series may take.
    pub steps_per_series: usize,
    /// Bookings of a snapshot.
    pub instances: usize,
    /// Zones that a calendar may define.
    pub zones: usize,
    /// Changes of offset that a zone may have.
    pub onsets: usize,
    /// Problems that are kept; the rest is counted.
    pub problems: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 64 * 1024 * 1024,
            events: 200_000,
            line: 4 * 1024 * 1024,
            nesting: 16,
            properties: 2_000,
            people: 200,
            resources: 200,
            instances_per_series: 2_000,
            steps_per_series: 100_000,
            instances: 500_000,
            zones: 500,
            onsets: 2_000,
            problems: 1_000,
        }
    }
}
