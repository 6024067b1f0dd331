//! What series come to.

mod any;
mod costs;
mod dates;
mod overrides;
mod rules;

use chrono::{Duration, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;

use super::*;

/// One event of a series, short to write.
#[derive(Clone, Default)]
struct Event<'a> {
    tzid: Option<&'a str>,
    start: &'a str,
    end: Option<&'a str>,
    duration: Option<&'a str>,
    rrules: Vec<&'a str>,
    rdates: Vec<RawTime<'a>>,
    exdates: Vec<RawTime<'a>>,
    id: Option<RawTime<'a>>,
    range: Option<&'a str>,
    sequence: Option<&'a str>,
    modified: Option<&'a str>,
    cancelled: bool,
}

/// An hour in Amsterdam.
fn event(start: &str) -> Event<'_> {
    Event { tzid: Some("Europe/Amsterdam"), start, duration: Some("PT1H"), ..Event::default() }
}

fn weekly(start: &str) -> Event<'_> {
    Event { rrules: vec!["FREQ=WEEKLY"], ..event(start) }
}

fn raw<'a>(tzid: Option<&'a str>, value: &'a str) -> RawTime<'a> {
    RawTime { value, tzid, date: false }
}

fn ams(value: &str) -> RawTime<'_> {
    raw(Some("Europe/Amsterdam"), value)
}

fn utc(text: &str) -> DateTime<Utc> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap().and_utc()
}

fn rules() -> DayRules {
    DayRules { check_in: NaiveTime::MIN, check_out: NaiveTime::MIN, longest: Duration::days(31) }
}

fn zones() -> Zones {
    Zones::new(&[], None, Some(Tz::Europe__Amsterdam), &Limits::default(), &mut Vec::new())
}

fn entries<'a>(events: &[Event<'a>], zones: &mut Zones) -> Vec<Entry<'a>> {
    let entry = |(payload, event): (usize, &Event<'a>)| {
        let end = event.end.map(|end| raw(event.tzid, end));
        Entry {
            payload,
            when: zones.interval(raw(event.tzid, event.start), end, event.duration, &rules()),
            sequence: event.sequence,
            last_modified: event.modified,
            dtstamp: None,
            rrules: event.rrules.clone(),
            rdates: event.rdates.clone(),
            exdates: event.exdates.clone(),
            exrule: false,
            recurrence_id: event.id,
            range: event.range,
            cancelled: event.cancelled,
        }
    };
    events.iter().enumerate().map(entry).collect()
}

fn all(events: &[Event<'_>], from: &str, to: &str) -> Expansion {
    let mut zones = zones();
    let entries = entries(events, &mut zones);
    expand(&entries, &mut zones, Window::new(utc(from), utc(to)), &rules(), &Limits::default())
}

/// Starts of the instances in June 2026, which has to be all that there is to say.
#[track_caller]
fn june(events: &[Event<'_>]) -> Vec<String> {
    let expansion = all(events, "2026-06-01 00:00", "2026-07-01 00:00");
    assert_eq!(expansion.problems, []);
    shown(&expansion)
}

/// Day, time and event of each; cancelled ones in brackets.
fn shown(expansion: &Expansion) -> Vec<String> {
    let one = |instance: &Instance| {
        let text = format!("{} #{}", instance.start.format("%d %H:%M"), instance.payload);
        if instance.cancelled { format!("({text})") } else { text }
    };
    expansion.instances.iter().map(one).collect()
}
