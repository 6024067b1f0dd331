//! Times and series, from a body to instants.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod support;

use chrono_tz::Tz;
use support::*;

const UTC02: &str = "BEGIN:VTIMEZONE|TZID:UTC+02|BEGIN:STANDARD|DTSTART:20160101T020000|TZOFFSETFROM:+0200|TZOFFSETTO:+0200|END:STANDARD|END:VTIMEZONE";

fn at(start: &str, more: &str) -> String {
    format!("BEGIN:VEVENT|UID:a|DTSTART{start}{more}|END:VEVENT")
}

/// The only booking's time, or the kinds of problems.
fn outcome(content: &str, zone: Option<Tz>) -> Result<String, String> {
    let mut options = options();
    options.zone = zone;
    let found = snapshot(&calendar(content), &options);
    match times(&found).as_slice() {
        [time] => Ok(format!("{time} {}", kinds(&found).join(",")).trim_end().to_owned()),
        _ => Err(kinds(&found).join(",")),
    }
}

#[test]
fn starts_are_resolved_by_the_rules_of_their_zone() {
    let table = [
        (":20260601T100000Z", None, Ok("2026-06-01T10:00Z")),
        (";TZID=Europe/Amsterdam:20260601T100000Z", None, Ok("2026-06-01T10:00Z zone_conflict")),
        (";TZID=UTC+02:20260601T100000", None, Ok("2026-06-01T08:00Z")),
        (";TZID=\"UTC+02\":20260101T100000", None, Ok("2026-01-01T08:00Z")),
        (";TZID=Europe/Amsterdam:20260601T100000", None, Ok("2026-06-01T08:00Z")),
        (";TZID=W. Europe Standard Time:20260101T100000", None, Ok("2026-01-01T09:00Z")),
        (
            ";TZID=\"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna\":20260601T100000",
            None,
            Ok("2026-06-01T08:00Z"),
        ),
        (
            ";TZID=(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna:20260601T100000",
            None,
            Ok("2026-06-01T08:00Z"),
        ),
        (";TZID=UTC-3:20260601T100000", None, Ok("2026-06-01T13:00Z")),
        (";TZID=Etc/GMT-2:20260601T100000", None, Ok("2026-06-01T08:00Z")),
        (";TZID=Nowhere:20260601T100000", None, Err("unknown_zone")),
        (";TZID=tzone://Microsoft/Custom:20260601T100000", None, Err("unknown_zone")),
        (":20260601T100000", None, Err("no_zone")),
        (":20260601T100000", Some(Tz::Europe__Amsterdam), Ok("2026-06-01T08:00Z")),
        (";TZID=Europe/Amsterdam:20260329T023000", None, Ok("2026-03-29T01:30Z")),
        (";TZID=Europe/Amsterdam:20261025T023000", None, Ok("2026-10-25T00:30Z")),
        (":20260601T1000Z", None, Ok("2026-06-01T10:00Z repaired_time")),
        (":2026-06-01T10:00:00Z", None, Ok("2026-06-01T10:00Z repaired_time")),
        (":20260601T100000+0200", None, Ok("2026-06-01T08:00Z repaired_time")),
        (":20260601T240000Z", None, Err("bad_time")),
        (":20261301T100000Z", None, Err("bad_time")),
        (":20260230T100000Z", None, Err("bad_time")),
        (":", None, Err("bad_time")),
        (":19690101T100000Z", None, Err("year_out_of_range")),
        (":22010101T100000Z", None, Err("year_out_of_range")),
    ];
    for (start, zone, expected) in table {
        let found = outcome(&format!("{}|{UTC02}", at(start, "|DURATION:PT1H")), zone);
        let found = found.map(|text| {
            let (start, end) = text.split_once('/').unwrap();
            let kinds = end.split_once(' ').map_or(String::new(), |(_, kinds)| format!(" {kinds}"));
            format!("{start}{kinds}")
        });
        assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{start}");
    }
}

#[test]
fn ends_are_given_calculated_or_refused() {
    let (start, day) = (":20260601T100000Z", ";VALUE=DATE:20260601");
    let table = [
        (start, "|DTEND;TZID=UTC+02:20260601T130000", Ok("2026-06-01T10:00Z/2026-06-01T11:00Z")),
        (start, "|DURATION:P1DT2H", Ok("2026-06-01T10:00Z/2026-06-02T12:00Z")),
        (start, "|DURATION:PT2H|DTEND:20260601T110000Z", Ok("2026-06-01T10:00Z/2026-06-01T11:00Z end_and_duration")),
        (";TZID=Europe/Amsterdam:20260328T100000", "|DURATION:P1D", Ok("2026-03-28T09:00Z/2026-03-29T08:00Z")),
        (day, "", Ok("2026-05-31T22:00Z/2026-06-01T22:00Z")),
        (":20260601", "|DTEND;VALUE=DATE:20260603", Ok("2026-05-31T22:00Z/2026-06-02T22:00Z")),
        (day, "|DTEND:20260601T100000Z", Ok("2026-05-31T22:00Z/2026-06-01T10:00Z mixed_date_and_time")),
        (start, "", Err("no_end")),
        (start, "|DTEND:20260601T100000Z", Err("zero_length")),
        (start, "|DTEND:20260601T090000Z", Err("end_before_start")),
        (start, "|DURATION:-PT1H", Err("end_before_start")),
        (start, "|DTEND:20260703T100000Z", Err("too_long")),
    ];
    for (start, more, expected) in table {
        let found = outcome(&format!("{}|{UTC02}", at(start, more)), Some(Tz::Europe__Amsterdam));
        assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{start}{more}");
    }
}

#[test]
fn whole_days_may_have_a_check_in_and_a_check_out() {
    let mut options = options();
    options.zone = Some(Tz::Europe__Amsterdam);
    options.check_in = chrono::NaiveTime::from_hms_opt(15, 0, 0);
    options.check_out = chrono::NaiveTime::from_hms_opt(11, 0, 0);
    let found = snapshot(&calendar(&at(";VALUE=DATE:20260601", "|DTEND;VALUE=DATE:20260603")), &options);
    assert_eq!(times(&found), ["2026-06-01T13:00Z/2026-06-03T09:00Z"]);
    assert!(found.bookings[0].all_day);
}

#[test]
fn a_calendar_may_tell_the_zone_of_times_without_one() {
    let content = format!("X-WR-TIMEZONE:America/New_York|{}", at(":20260601T100000", "|DURATION:PT1H"));
    assert_eq!(outcome(&content, Some(Tz::Europe__Amsterdam)), Ok("2026-06-01T14:00Z/2026-06-01T15:00Z".to_owned()));
}

#[test]
fn an_event_without_a_start_is_a_problem() {
    let found = snapshot(&calendar("BEGIN:VEVENT|UID:a|DTEND:20260601T100000Z|END:VEVENT"), &options());
    assert_eq!((found.bookings.len(), kinds(&found)), (0, vec!["no_start"]));
}

/// Instances of a series as `day hour` of their start, in UTC, and what was moved.
fn instances(events: &[&str]) -> Vec<String> {
    let events: Vec<String> = events.iter().map(|event| format!("BEGIN:VEVENT|UID:s|{event}|END:VEVENT")).collect();
    let found = snapshot(&calendar(&events.join("|")), &options());
    let text = |at: chrono::DateTime<chrono::Utc>| at.format("%m-%dT%H").to_string();
    let line = |booking: &ical_bookings::Booking| match booking.instance {
        Some(instance) if instance == booking.start => text(booking.start),
        Some(instance) => format!("{}<{}", text(booking.start), text(instance)),
        None => format!("{} alone", text(booking.start)),
    };
    let status = |booking: &ical_bookings::Booking| {
        if booking.status == ical_bookings::Status::Cancelled { " cancelled" } else { "" }
    };
    let mut lines: Vec<String> = found.bookings.iter().map(|booking| line(booking) + status(booking)).collect();
    lines.extend(kinds(&found).iter().map(|kind| format!("!{kind}")));
    lines
}

const MASTER: &str = "DTSTART;TZID=Europe/Amsterdam:20260601T090000|DURATION:PT1H|RRULE:FREQ=DAILY;COUNT=4";

#[test]
fn series_follow_their_rule_and_their_exceptions() {
    let moved = "RECURRENCE-ID;TZID=Europe/Amsterdam:20260602T090000|DTSTART;TZID=Europe/Amsterdam:20260602T150000|DURATION:PT1H";
    let called_off = "RECURRENCE-ID:20260602T070000Z|STATUS:CANCELLED|DTSTART:20260602T070000Z|DURATION:PT1H";
    let from_then = "RECURRENCE-ID;RANGE=THISANDFUTURE:20260603T070000Z|DTSTART:20260603T080000Z|DURATION:PT1H";
    let table: [(&[&str], &[&str]); 12] = [
        (&[MASTER], &["06-01T07", "06-02T07", "06-03T07", "06-04T07"]),
        (&[MASTER, moved], &["06-01T07", "06-02T13<06-02T07", "06-03T07", "06-04T07"]),
        (&[moved, MASTER], &["06-01T07", "06-02T13<06-02T07", "06-03T07", "06-04T07"]),
        (&[MASTER, called_off], &["06-01T07", "06-02T07 cancelled", "06-03T07", "06-04T07"]),
        (&[MASTER, from_then], &["06-01T07", "06-02T07", "06-03T08<06-03T07", "06-04T08<06-04T07"]),
        (&[moved], &["06-02T13<06-02T07"]),
        (&[&format!("{MASTER}|EXDATE:20260602T070000Z")], &["06-01T07", "06-03T07", "06-04T07"]),
        (&[&format!("{MASTER}|EXDATE;VALUE=DATE:20260602")], &["06-01T07", "06-03T07", "06-04T07"]),
        (&[&format!("{MASTER}|RDATE:20260610T100000Z")], &["06-01T07", "06-02T07", "06-03T07", "06-04T07", "06-10T10"]),
        (
            &[&format!("{MASTER}|STATUS:CANCELLED")],
            &["06-01T07 cancelled", "06-02T07 cancelled", "06-03T07 cancelled", "06-04T07 cancelled"],
        ),
        (&[MASTER, &format!("SEQUENCE:1|{}", MASTER.replace("COUNT=4", "COUNT=1"))], &["06-01T07"]),
        (&[&MASTER.replace("FREQ=DAILY", "FREQ=DAILY;INTERVAL=0")], &["!bad_rule"]),
    ];
    for (events, expected) in table {
        assert_eq!(instances(events), expected, "{events:?}");
    }
}

#[test]
fn nine_o_clock_stays_nine_o_clock_over_a_change_of_the_clock() {
    let series = MASTER.replace("20260601", "20260327");
    assert_eq!(instances(&[&series]), ["03-27T08", "03-28T08", "03-29T07", "03-30T07"]);
}

#[test]
fn a_broken_override_still_takes_the_place_of_its_instance() {
    let broken = "RECURRENCE-ID:20260602T070000Z|DTSTART:never|DURATION:PT1H";
    assert_eq!(instances(&[MASTER, broken]), ["06-01T07", "06-03T07", "06-04T07", "!bad_time"]);
    let refused = "RECURRENCE-ID:20260602T070000Z|DTSTART:20260602T130000Z|DTSTART:20260602T140000Z|DURATION:PT1H";
    assert_eq!(instances(&[MASTER, refused]), ["06-01T07", "06-03T07", "06-04T07", "!duplicate_property"]);
}

#[test]
fn instances_have_the_people_and_rooms_of_the_event_they_come_from() {
    let master = format!("{MASTER}|RESOURCES:A|ATTENDEE:mailto:a@example.org");
    let moved = "RECURRENCE-ID:20260602T070000Z|DTSTART:20260602T130000Z|DURATION:PT1H|RESOURCES:B|ATTENDEE:mailto:b@example.org";
    let body = calendar(&format!("BEGIN:VEVENT|UID:s|{master}|END:VEVENT|BEGIN:VEVENT|UID:s|{moved}|END:VEVENT"));
    let found = snapshot(&body, &options());
    let rooms: Vec<&str> = found.bookings.iter().map(|booking| booking.resources[0].as_str()).collect();
    assert_eq!(rooms, ["A", "B", "A", "A"]);
    assert_eq!(found.bookings[1].people[0].email.as_deref(), Some("b@example.org"));
}
