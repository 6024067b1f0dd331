//! Two feeds: one as a type-1 system writes it, one full of series.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Europe::Amsterdam;
use ical_bookings::{Options, Window};

/// Events of the first feed.
pub(super) const EVENTS: u64 = 50_000;
/// Series of the second one.
pub(super) const SERIES: u64 = 2_000;
/// Octets of a line before it is folded.
const FOLD: usize = 75;
/// From the first day of the calendar to the epoch of Unix.
const SECONDS_BEFORE_1970: i64 = 62_135_596_800;
const TICKS: i64 = 10_000_000;
const ROOMS: [&str; 8] = ["Room #1", "Room #2", "Room #3", "Hall", "Studio", "Workshop, north", "Lab", "Kitchen"];
const LAST_DAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(2027, 12, 31);

/// A body and what a reader has to find in it.
pub(super) struct Body {
    pub(super) text: String,
    pub(super) instances: u64,
    /// Instances of series that stand at another time than their rule says.
    pub(super) moved: u64,
}

/// How both are read.
pub(super) fn options() -> Options {
    let mut options = Options::new(window());
    options.zone = Some(Amsterdam);
    options.resources = ROOMS.map(str::to_owned).to_vec();
    options
}

/// The years 2026 and 2027.
pub(super) fn window() -> Window {
    let begin = |year| day(year, 1, 1).and_time(NaiveTime::MIN).and_utc();
    Window::new(begin(2026), begin(2028))
}

/// Events written out one by one; each has the zone of its own offset, and its start in the uid.
pub(super) fn type1() -> Body {
    let mut body = Lines::new(&["VERSION:2.0", "PRODID:-//Skedda Pty Ltd//Skedda 1.0//EN"]);
    for (name, offset) in [("UTC+01", "+0100"), ("UTC+02", "+0200")] {
        body.lines(&["BEGIN:VTIMEZONE", &format!("TZID:{name}"), "BEGIN:STANDARD", "DTSTART:20160101T010000"]);
        body.lines(&[&format!("TZNAME:{name}"), &format!("TZOFFSETFROM:{offset}"), &format!("TZOFFSETTO:{offset}")]);
        body.lines(&["END:STANDARD", "END:VTIMEZONE"]);
    }
    for n in 0..EVENTS {
        type1_event(&mut body, n);
    }
    Body { text: body.end(), instances: EVENTS, moved: 0 }
}

fn type1_event(body: &mut Lines, n: u64) {
    let dice = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    let local = (day(2026, 1, 1) + Days::new(dice % 720)).and_time(NaiveTime::MIN)
        + TimeDelta::minutes(15 * i64::try_from(28 + n % 48).unwrap_or_default());
    let (start, zone) = instant(local);
    let end = local + TimeDelta::minutes(30 * i64::try_from(1 + n % 6).unwrap_or_default());
    let (room, more) = (room(n), n.is_multiple_of(4));
    let name = format!("Some User {}", n % 5_000);
    body.line("BEGIN:VEVENT");
    // A fifth belongs to the venue.
    let held = n % 5 != 4;
    if held {
        body.line(&format!("ATTENDEE;CN={name}:mailto:some.user{}@example.com", n % 5_000));
    }
    let hall = if more { "\\, Hall" } else { "" };
    body.line(&format!("DESCRIPTION:Spaces: {}{hall}\\n\\nNotes: bring a key", room.replace(',', "\\,")));
    body.line(&format!("DTEND;TZID={zone}:{}", stamp(end)));
    body.line("DTSTAMP:20260601T072531Z");
    body.line(&format!("DTSTART;TZID={zone}:{}", stamp(local)));
    body.line(&format!("RESOURCES:{}", room.replace(',', "\\,")));
    if more {
        body.line("RESOURCES:Hall");
    }
    body.lines(&["SEQUENCE:0", "STATUS:CONFIRMED"]);
    let who = if held { format!("{name}: ") } else { String::new() };
    body.line(&format!("SUMMARY:{who}repair ({}{})", room.replace(',', "\\,"), if more { " + 1 other" } else { "" }));
    let ticks = (start.timestamp() + SECONDS_BEFORE_1970) * TICKS;
    body.lines(&[&format!("UID:{}_{ticks}", 24_600_000 + n), "END:VEVENT"]);
}

/// The instant of a local time, and what a type-1 feed calls its offset.
fn instant(local: NaiveDateTime) -> (DateTime<Utc>, &'static str) {
    // No booking begins in the night of a clock change.
    let instant = Amsterdam.from_local_datetime(&local).earliest().map_or_else(|| local.and_utc(), |at| at.to_utc());
    let zone = if local.and_utc() - instant == TimeDelta::hours(2) { "UTC+02" } else { "UTC+01" };
    (instant, zone)
}

/// Series of several kinds over two years; every second has an exception, every fifth a moved instance.
pub(super) fn series() -> Body {
    let mut body = Lines::new(&["VERSION:2.0", "PRODID:-//Example//Rooms//EN", "METHOD:PUBLISH"]);
    body.lines(&["BEGIN:VTIMEZONE", "TZID:Europe/Amsterdam", "BEGIN:DAYLIGHT", "TZOFFSETFROM:+0100"]);
    body.lines(&["TZOFFSETTO:+0200", "TZNAME:CEST", "DTSTART:19700329T020000"]);
    body.lines(&["RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "END:DAYLIGHT", "BEGIN:STANDARD", "TZOFFSETFROM:+0200"]);
    body.lines(&["TZOFFSETTO:+0100", "TZNAME:CET", "DTSTART:19701025T030000"]);
    body.lines(&["RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "END:STANDARD", "END:VTIMEZONE"]);
    let (mut instances, mut moved) = (0, 0);
    for n in 0..SERIES {
        let series = Series::new(n);
        let (lost, shifted) = (series.exception(), series.moved());
        instances += series.days.len() as u64 - u64::from(lost.is_some());
        moved += u64::from(shifted.is_some());
        series.write(&mut body, lost, shifted);
    }
    Body { text: body.end(), instances, moved }
}

struct Series {
    n: u64,
    rule: String,
    /// The days of its instances, by a loop of our own.
    days: Vec<NaiveDate>,
    time: NaiveTime,
}

impl Series {
    fn new(n: u64) -> Self {
        let monday = day(2026, 1, 5);
        let first = monday + Days::new(n % 5);
        let (rule, days): (String, Vec<NaiveDate>) = match n % 100 {
            0..2 => ("FREQ=DAILY".to_owned(), every(first, 1)),
            2..14 => ("FREQ=MONTHLY;BYDAY=1MO".to_owned(), months(|day| day.weekday().num_days_from_monday() == 0, 7)),
            14..25 => ("FREQ=MONTHLY;BYMONTHDAY=15".to_owned(), months(|day| day.day() == 15, 31)),
            25..35 => ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH".to_owned(), {
                let mut days = every(monday, 14);
                days.extend(every(monday + Days::new(3), 14));
                days.sort_unstable();
                days
            }),
            _ => ("FREQ=WEEKLY".to_owned(), every(first, 7)),
        };
        let hour = u32::try_from(8 + n % 10).unwrap_or_default();
        Self { n, rule, days, time: NaiveTime::from_hms_opt(hour, 30, 0).unwrap_or_default() }
    }

    fn exception(&self) -> Option<NaiveDate> {
        if self.n.is_multiple_of(2) { self.days.get(9).copied() } else { None }
    }

    fn moved(&self) -> Option<NaiveDate> {
        if self.n % 5 == 1 { self.days.get(12).copied() } else { None }
    }

    fn write(&self, body: &mut Lines, lost: Option<NaiveDate>, moved: Option<NaiveDate>) {
        let at = |day: NaiveDate, hours: i64| stamp(day.and_time(self.time) + TimeDelta::hours(hours));
        let zone = "TZID=Europe/Amsterdam";
        let first = self.days.first().copied().unwrap_or_default();
        self.open(body);
        body.lines(&[&format!("DTSTART;{zone}:{}", at(first, 0)), &format!("DTEND;{zone}:{}", at(first, 1))]);
        body.line(&format!("RRULE:{};UNTIL=20271231T225959Z", self.rule));
        if let Some(lost) = lost {
            body.line(&format!("EXDATE;{zone}:{}", at(lost, 0)));
        }
        body.line("END:VEVENT");
        if let Some(moved) = moved {
            self.open(body);
            body.line(&format!("RECURRENCE-ID;{zone}:{}", at(moved, 0)));
            body.lines(&[&format!("DTSTART;{zone}:{}", at(moved, 2)), &format!("DTEND;{zone}:{}", at(moved, 3))]);
            body.line("END:VEVENT");
        }
    }

    fn open(&self, body: &mut Lines) {
        let n = self.n;
        body.lines(&["BEGIN:VEVENT", &format!("UID:series-{n:05}@rooms.example.org"), "DTSTAMP:20260101T000000Z"]);
        // One of the peers tells overrides of two series apart by this alone.
        body.line(&format!("SEQUENCE:{n}"));
        body.line(&format!("ORGANIZER;CN=Front Desk {}:mailto:desk{0}@example.org", n % 10));
        body.line(&format!("ATTENDEE;CN=\"Member, {0}\";PARTSTAT=ACCEPTED:mailto:member{0}@example.org", n % 700));
        body.lines(&[&format!("LOCATION:{}", room(n).replace(',', "\\,")), &format!("SUMMARY:Course {n}")]);
    }
}

/// Every so many days to the end of the two years.
fn every(first: NaiveDate, step: u64) -> Vec<NaiveDate> {
    let days = std::iter::successors(Some(first), |day| day.checked_add_days(Days::new(step)));
    days.take_while(|day| Some(*day) <= LAST_DAY).collect()
}

/// Of each month the first day that is right, if it is among so many.
fn months(right: impl Fn(NaiveDate) -> bool, among: u32) -> Vec<NaiveDate> {
    let mut found = BTreeMap::new();
    for day in every(day(2026, 1, 1), 1).into_iter().filter(|day| day.day() <= among && right(*day)) {
        found.entry((day.year(), day.month())).or_insert(day);
    }
    found.into_values().collect()
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

fn stamp(local: NaiveDateTime) -> String {
    local.format("%Y%m%dT%H%M%S").to_string()
}

fn room(n: u64) -> &'static str {
    ROOMS.get((n % 8) as usize).copied().unwrap_or_default()
}

/// A calendar as it is written.
struct Lines(String);

impl Lines {
    fn new(head: &[&str]) -> Self {
        let mut lines = Self("BEGIN:VCALENDAR\r\n".to_owned());
        lines.lines(head);
        lines
    }

    fn lines(&mut self, lines: &[&str]) {
        for line in lines {
            self.line(line);
        }
    }

    fn line(&mut self, line: &str) {
        // All of it is ASCII.
        let mut rest = line;
        let mut room = FOLD;
        while let Some((head, tail)) = rest.split_at_checked(room).filter(|(_, tail)| !tail.is_empty()) {
            let _ = write!(self.0, "{head}\r\n ");
            (rest, room) = (tail, FOLD - 1);
        }
        let _ = write!(self.0, "{rest}\r\n");
    }

    fn end(mut self) -> String {
        self.line("END:VCALENDAR");
        self.0
    }
}
