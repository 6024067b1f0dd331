//! Bodies for tests, and short ways to look at what they come to.
#![allow(dead_code, reason = "each test file uses its part")]

use chrono::{DateTime, TimeZone, Utc};
use ical_bookings::{Options, ProblemKind, Snapshot, Window, read};

/// Lines separated by `|`, with CRLF.
pub(crate) fn crlf(text: &str) -> String {
    text.replace('|', "\r\n")
}

pub(crate) fn utc(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// Options for the years 2020 to 2029.
pub(crate) fn options() -> Options {
    let year = |year| Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).unwrap();
    Options::new(Window::new(year(2020), year(2030)))
}

/// A calendar of no particular writer.
pub(crate) fn calendar(content: &str) -> String {
    crlf(&format!("BEGIN:VCALENDAR|VERSION:2.0|PRODID:-//Example//EN|{content}|END:VCALENDAR|"))
}

/// A plain event of an hour, with more lines.
pub(crate) fn event(more: &str) -> String {
    format!("BEGIN:VEVENT|UID:a|DTSTART:20260601T100000Z|DTEND:20260601T110000Z{more}|END:VEVENT")
}

/// Reads with those options; the body has to be a feed.
pub(crate) fn snapshot(body: &str, options: &Options) -> Snapshot {
    read(body.as_bytes(), options).unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// A calendar with one plain event and more lines in it.
pub(crate) fn one(more: &str) -> Snapshot {
    snapshot(&calendar(&event(more)), &options())
}

pub(crate) fn kinds(snapshot: &Snapshot) -> Vec<&'static str> {
    snapshot.problems.iter().map(|problem| problem.kind.as_str()).collect()
}

pub(crate) fn has(snapshot: &Snapshot, kind: ProblemKind) -> bool {
    snapshot.problems.iter().any(|problem| problem.kind == kind)
}

pub(crate) fn uids(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.bookings.iter().map(|booking| &*booking.uid).collect()
}

/// `start/end` of each booking.
pub(crate) fn times(snapshot: &Snapshot) -> Vec<String> {
    let text = |instant: DateTime<Utc>| instant.format("%Y-%m-%dT%H:%MZ").to_string();
    snapshot.bookings.iter().map(|booking| format!("{}/{}", text(booking.start), text(booking.end))).collect()
}

/// `name <address>` of each person of the only booking.
pub(crate) fn people(snapshot: &Snapshot) -> Vec<String> {
    let [booking] = snapshot.bookings.as_slice() else {
        panic!("{} bookings: {:?}", snapshot.bookings.len(), snapshot.problems)
    };
    let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".into());
    booking.people.iter().map(|person| format!("{} <{}>", part(&person.name), part(&person.email))).collect()
}

/// The resources of the only booking.
pub(crate) fn resources(snapshot: &Snapshot) -> Vec<&str> {
    let [booking] = snapshot.bookings.as_slice() else {
        panic!("{} bookings: {:?}", snapshot.bookings.len(), snapshot.problems)
    };
    booking.resources.iter().map(String::as_str).collect()
}

/// An event as type-2 templates write it.
pub(crate) struct Template<'a> {
    pub(crate) reference: &'a str,
    pub(crate) location: &'a str,
    pub(crate) organizer: &'a str,
    pub(crate) status: &'a str,
    pub(crate) title: &'a str,
    pub(crate) day: u32,
}

impl Default for Template<'_> {
    fn default() -> Self {
        Self {
            reference: "607d1d3a5e1b1",
            location: "Room #1",
            organizer: "ORGANIZER;CN=Sam Example:MAILTO:sam@example.org",
            status: "|STATUS:CONFIRMED",
            title: "Weekly",
            day: 1,
        }
    }
}

impl Template<'_> {
    pub(crate) fn text(&self) -> String {
        let Self { reference, location, organizer, status, title, day } = self;
        format!(
            "BEGIN:VEVENT|CLASS:PUBLIC|CREATED:20260501T080000Z|DESCRIPTION:|DTSTAMP:20260501T080000Z\
             |DTSTART:202606{day:02}T100000Z|DTEND:202606{day:02}T110000Z|LAST-MODIFIED:20260501T080000Z\
             |LOCATION:{location}|{organizer}{status}|SUMMARY:{title}|UID:{reference}&booked.example.org|SEQUENCE:0\
             |URL:http://booked.example.org/reservation.php?rn={reference}|X-MICROSOFT-CDO-BUSYSTATUS:BUSY|END:VEVENT"
        )
    }
}

/// A body of a type-2 template, without a line end at its end.
pub(crate) fn template(events: &[String]) -> String {
    let events = events.join("|");
    crlf(&format!(
        "BEGIN:VCALENDAR|VERSION:2.0|METHOD:REQUEST|PRODID:-//BookedScheduler//NONSGML 2.8//EN|{events}|END:VCALENDAR"
    ))
}
