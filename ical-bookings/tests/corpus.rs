//! A second and a third opinion over a thousand calendars.
//!
//! `calcard` carries a corpus in its package. Its plain events are read by this crate, by `calcard` and by `icalendar`; every
//! difference has to have one of the reasons of a table.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may stop and say why"
)]

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;

use calcard::icalendar::dates::TimeOrDelta;
use calcard::icalendar::{ICalendarComponentType, ICalendarProperty};
use calcard::{Entry, Parser};
use chrono::{DateTime, Duration, NaiveTime, TimeZone, Utc};
use ical_bookings::{Dialect, Options, RejectedKind, Window, read};
use icalendar::{CalendarComponent, CalendarDateTime, Component, DatePerhapsTime};

/// What a peer says of each plain event whose uid stands once; none where it does not say.
type Events = HashMap<String, Option<(DateTime<Utc>, DateTime<Utc>)>>;

/// The kind of this machine: packages that only others need may not have been fetched.
fn host() -> String {
    let out = Command::new("rustc").arg("-vV").output().unwrap();
    let said = String::from_utf8(out.stdout).unwrap();
    said.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

fn corpus() -> Vec<PathBuf> {
    let asked = ["metadata", "--format-version", "1", "--offline", "--filter-platform", &host()];
    let out = Command::new(env!("CARGO")).args(asked).output().unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let calcard = packages.iter().find(|package| package["name"] == "calcard").unwrap();
    let root = Path::new(calcard["manifest_path"].as_str().unwrap()).parent().unwrap().join("resources/ical");
    let Ok(files) = std::fs::read_dir(root) else { return Vec::new() };
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "ics"));
    files.sort();
    files
}

/// What this crate makes of a file.
struct Ours {
    events: HashMap<String, (DateTime<Utc>, DateTime<Utc>)>,
    /// Kinds of problems by uid; those that cost the event begin with `!`.
    problems: HashMap<String, String>,
    whole: bool,
}

fn ours(body: &[u8]) -> Result<Ours, RejectedKind> {
    let year = |year| Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).unwrap();
    let mut options = Options::new(Window::new(year(1970), year(2200)));
    options.dialect = Some(Dialect::Generic);
    options.zone = Some(chrono_tz::UTC);
    options.longest_booking = Duration::days(36_500);
    options.limits.problems = 100_000;
    let found = read(body, &options).map_err(|rejected| rejected.kind())?;
    let mut ours = Ours { events: HashMap::new(), problems: HashMap::new(), whole: found.complete };
    for booking in found.bookings {
        ours.events.insert(booking.uid.to_string(), (booking.start, booking.end));
    }
    for problem in found.problems {
        let costs = if problem.kind.costs_the_booking() { "!" } else { "" };
        let kinds = ours.problems.entry(problem.uid.unwrap_or_default()).or_default();
        *kinds = format!("{kinds} {costs}{}", problem.kind);
    }
    Ok(ours)
}

fn calcard(text: &str) -> Events {
    let mut events = Events::new();
    let mut count: HashMap<String, u32> = HashMap::new();
    let mut parser = Parser::new(text);
    loop {
        let calendar = match parser.entry() {
            Entry::ICalendar(calendar) => calendar,
            Entry::Eof => break,
            _ => continue,
        };
        let expanded = calendar.expand_dates(calcard::common::timezone::Tz::Tz(chrono_tz::UTC), 1);
        for (id, component) in calendar.components.iter().enumerate() {
            if component.component_type != ICalendarComponentType::VEvent {
                continue;
            }
            let Some(uid) = component.uid() else { continue };
            let uid = uid.trim().to_owned();
            let series = [
                ICalendarProperty::Rrule,
                ICalendarProperty::Rdate,
                ICalendarProperty::Exdate,
                ICalendarProperty::RecurrenceId,
            ];
            *count.entry(uid.clone()).or_default() +=
                if series.iter().any(|name| component.has_property(name)) { 2 } else { 1 };
            let own = expanded.events.iter().find(|event| event.comp_id as usize == id);
            let when = own.and_then(|event| {
                let start = event.start.to_utc();
                let end = match &event.end {
                    TimeOrDelta::Time(end) => end.to_utc(),
                    TimeOrDelta::Delta(delta) => start.checked_add_signed(*delta)?,
                };
                Some((start, end))
            });
            events.insert(uid, when);
        }
    }
    events.retain(|uid, _| count.get(uid) == Some(&1));
    events
}

fn icalendar(text: &str) -> Option<Events> {
    let calendar: icalendar::Calendar = text.parse().ok()?;
    let mut events = Events::new();
    let mut count: HashMap<String, u32> = HashMap::new();
    for component in &calendar.components {
        let CalendarComponent::Event(event) = component else { continue };
        let Some(uid) = event.get_uid() else { continue };
        let series = ["RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"];
        let repeats = series
            .iter()
            .any(|name| event.property_value(name).is_some() || event.multi_properties().contains_key(*name));
        *count.entry(uid.trim().to_owned()).or_default() += if repeats { 2 } else { 1 };
        let when = event.get_start().and_then(instant).zip(event.get_end().and_then(instant));
        events.insert(uid.trim().to_owned(), when);
    }
    events.retain(|uid, _| count.get(uid) == Some(&1));
    Some(events)
}

fn instant(time: DatePerhapsTime) -> Option<DateTime<Utc>> {
    match time {
        DatePerhapsTime::Date(day) => Some(day.and_time(NaiveTime::MIN).and_utc()),
        DatePerhapsTime::DateTime(CalendarDateTime::Utc(time)) => Some(time),
        DatePerhapsTime::DateTime(CalendarDateTime::Floating(time)) => Some(time.and_utc()),
        DatePerhapsTime::DateTime(CalendarDateTime::WithTimezone { date_time, tzid }) => {
            let zone: chrono_tz::Tz = tzid.parse().ok()?;
            Some(zone.from_local_datetime(&date_time).earliest()?.to_utc())
        }
    }
}

/// Why two readers may differ; each line stands on a rule of this crate or a limit of the other one.
const REASONS: [(&str, &str); 12] = [
    ("refused", "a problem says what is wrong with the event; the peer repairs it in silence"),
    ("swallowed", "a component before it never closes: the body is not whole here, the peer guesses where it ends"),
    (
        "definition",
        "the VTIMEZONE of the feed counts, not the name it bears; Z counts, not the TZID beside it; days are in the link's zone",
    ),
    (
        "foreign name",
        "a zone whose name is none of IANA's is as the feed defines it, or what its name ends in; the peer goes by its own list",
    ),
    ("calendar zone", "X-WR-TIMEZONE is the zone of times without one; the peers do not know it"),
    ("end without zone", "an end without a zone is in the link's zone; the peers take that of the start"),
    (
        "unresolved",
        "icalendar leaves ends by DURATION, days without end and zones that are not IANA names to its caller",
    ),
    ("days", "a day without an end lasts a day; the peer says a second less"),
    ("no calendar", "the file does not begin with BEGIN:VCALENDAR"),
    ("too deep", "components are nested deeper than sixteen"),
    ("no feed", "the METHOD is that of an answer"),
    ("file lost", "icalendar loses the file for one line"),
];

/// The facts of an event that decide which reason holds.
struct Difference<'a> {
    own: Option<(DateTime<Utc>, DateTime<Utc>)>,
    peer: Option<(DateTime<Utc>, DateTime<Utc>)>,
    kinds: &'a str,
    whole: bool,
    text: &'a str,
    event: &'a str,
}

impl Difference<'_> {
    fn reason(&self) -> Option<&'static str> {
        let line = |name: &str| self.event.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        let floating = |name: &str| !line(name).contains("TZID=") && !line(name).trim_end().ends_with('Z');
        match (self.own, self.peer) {
            (None, _) if self.kinds.contains('!') => Some("refused"),
            (None, _) if !self.whole => Some("swallowed"),
            (Some(_), None) => Some("unresolved"),
            (Some(_), Some(_)) if self.kinds.contains("zone_conflict") => Some("definition"),
            (Some(_), Some(_)) if self.text.contains("X-WR-TIMEZONE") && floating("DTSTART") => Some("calendar zone"),
            (Some(_), Some(_)) if has_foreign_name(line("DTSTART")) => Some("foreign name"),
            (Some(own), Some(peer)) if own.0 == peer.0 && floating("DTEND") && !floating("DTSTART") => {
                Some("end without zone")
            }
            (Some(own), Some(peer)) if own.0 == peer.0 && own.1 - peer.1 == Duration::seconds(1) => Some("days"),
            _ => None,
        }
    }
}

fn has_foreign_name(line: &str) -> bool {
    let name = line.split_once("TZID=").and_then(|(_, rest)| rest.split([':', ';']).next());
    name.is_some_and(|name| name.trim_matches('"').parse::<chrono_tz::Tz>().is_err())
}

/// What all differences come to: how often each reason, and those without any.
#[derive(Default)]
struct Outcome {
    same: HashMap<&'static str, usize>,
    reasons: BTreeMap<&'static str, usize>,
    unexplained: Vec<String>,
}

impl Outcome {
    fn file(&mut self, path: &Path) {
        let body = std::fs::read(path).unwrap();
        let text = String::from_utf8_lossy(&body).into_owned();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let ours = match ours(&body) {
            Ok(ours) => ours,
            Err(kind) => return self.rejected(&name, &text, kind),
        };
        let unfolded =
            ["\r\n ", "\r\n\t", "\n ", "\n\t"].iter().fold(text.clone(), |text, fold| text.replace(fold, ""));
        self.compare("calcard", &name, &unfolded, &ours, &calcard(&text));
        match icalendar(&text) {
            Some(events) => self.compare("icalendar", &name, &unfolded, &ours, &events),
            None => *self.reasons.entry("file lost").or_default() += 1,
        }
    }

    fn rejected(&mut self, name: &str, text: &str, kind: RejectedKind) {
        let begins =
            text.trim_start_matches('\u{feff}').trim_start().to_ascii_uppercase().starts_with("BEGIN:VCALENDAR");
        match kind {
            RejectedKind::NotACalendar if !begins => *self.reasons.entry("no calendar").or_default() += 1,
            RejectedKind::TooDeep => *self.reasons.entry("too deep").or_default() += 1,
            RejectedKind::NoFeed => *self.reasons.entry("no feed").or_default() += 1,
            kind => self.unexplained.push(format!("{name}: {kind}")),
        }
    }

    fn compare(&mut self, peer: &'static str, name: &str, text: &str, ours: &Ours, events: &Events) {
        for (uid, when) in events {
            let own = ours.events.get(uid).copied();
            if own == *when {
                *self.same.entry(peer).or_default() += usize::from(own.is_some());
                continue;
            }
            let kinds = ours.problems.get(uid).map_or("", String::as_str);
            let event = text.split("BEGIN:VEVENT").find(|event| event.contains(uid.as_str())).unwrap_or_default();
            let difference = Difference { own, peer: *when, kinds, whole: ours.whole, text, event };
            match difference.reason() {
                Some(reason) => *self.reasons.entry(reason).or_default() += 1,
                None => self.unexplained.push(format!("{peer} {name} {uid}: {own:?} {when:?} {kinds}")),
            }
        }
    }
}

#[test]
fn every_difference_from_other_readers_has_a_reason() {
    let files = corpus();
    if files.is_empty() {
        eprintln!("skipped: this package of calcard carries no calendars");
        return;
    }
    assert!(files.len() >= 900, "only {} calendars", files.len());
    // Parsers by recursion want room.
    let run = move || {
        let mut outcome = Outcome::default();
        for file in &files {
            outcome.file(file);
        }
        outcome
    };
    let outcome = std::thread::Builder::new().stack_size(64 << 20).spawn(run).unwrap().join().unwrap();
    for (reason, count) in &outcome.reasons {
        let text = REASONS.iter().find(|(name, _)| name == reason).map(|(_, text)| text);
        eprintln!("{count:5} {reason}: {}", text.expect("every reason is told"));
    }
    eprintln!("same: {:?}", outcome.same);
    assert!(outcome.unexplained.is_empty(), "{}", outcome.unexplained.join("\n"));
    assert!(outcome.same["calcard"] > 3_500 && outcome.same["icalendar"] > 3_000, "{:?}", outcome.same);
}
