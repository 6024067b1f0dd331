//! Bodies that nobody meant to be read.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod support;

use ical_bookings::{Dialect, Options, Snapshot, read};
use proptest::prelude::*;
use support::*;

/// One body of each kind.
fn bodies() -> Vec<String> {
    let zone = "BEGIN:VTIMEZONE|TZID:Here|X-LIC-LOCATION:Europe/Amsterdam|BEGIN:STANDARD|DTSTART:19701025T030000|RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU|TZOFFSETFROM:+0200|TZOFFSETTO:+0100|END:STANDARD|BEGIN:DAYLIGHT|DTSTART:19700329T020000|RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU|TZOFFSETFROM:+0100|TZOFFSETTO:+0200|END:DAYLIGHT|END:VTIMEZONE";
    let series = "BEGIN:VEVENT|UID:s|DTSTART;TZID=Here:20260601T100000|DURATION:PT1H|RRULE:FREQ=WEEKLY;COUNT=5;BYDAY=MO,WE|EXDATE;TZID=Here:20260603T100000|ATTENDEE;CN=\"Zoë, x\":mailto:z@example.org|LOCATION:A\\, B|END:VEVENT|BEGIN:VEVENT|UID:s|RECURRENCE-ID;TZID=Here:20260608T100000|DTSTART;TZID=Here:20260608T120000|DURATION:PT2H|END:VEVENT";
    vec![
        calendar(&format!("{zone}|{}|{series}", event("|RESOURCES:R|ATTENDEE;CN=A:mailto:a@example.org"))),
        template(&[
            Template::default().text(),
            Template { day: 2, reference: "607d1d3a5e1b2", title: "two|lines", ..Template::default() }.text(),
        ]),
        calendar(&event("|DTSTAMP:20260101T000000Z")) + &calendar(&event("|SEQUENCE:1|RESOURCES:R,S")),
    ]
}

/// What holds for every snapshot.
fn check(snapshot: &Snapshot, options: &Options) {
    for booking in &snapshot.bookings {
        assert!(booking.start < booking.end && !booking.uid.is_empty());
        assert!(options.window.overlaps(booking.start, booking.end));
        assert!(booking.end - booking.start <= options.longest_booking + chrono::Duration::days(1));
        assert!(booking.people.len() <= options.limits.people && booking.resources.len() <= options.limits.resources);
        for person in &*booking.people {
            let email = person.email.as_deref().unwrap_or("a@b");
            assert!(
                email.split('@').count() == 2
                    && !email.contains(|char: char| char.is_control() || char.is_whitespace())
            );
        }
    }
    assert!(snapshot.bookings.is_sorted_by(|one, other| (one.start, &one.uid, one.instance) <= (other.start, &other.uid, other.instance)));
    let mut keys: Vec<_> = snapshot.bookings.iter().map(|booking| (&booking.uid, booking.instance)).collect();
    keys.sort();
    assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "a key stands once");
    assert!(
        snapshot.problems.len() <= options.limits.problems && snapshot.problems.len() as u64 <= snapshot.problems_total
    );
}

#[test]
fn a_body_cut_anywhere_is_never_whole() {
    for body in bodies() {
        let whole = body.trim_end().len();
        assert!(read(body.as_bytes(), &options()).unwrap().complete);
        for at in 0..body.len() {
            // A cut between two calendars cannot be seen in the body.
            let between = body.as_bytes()[..at].trim_ascii_end().ends_with(b"END:VCALENDAR");
            let complete = read(&body.as_bytes()[..at], &options()).is_ok_and(|found| found.complete);
            assert_eq!(complete, between, "cut at {at} of {whole}");
        }
    }
}

#[test]
fn a_lost_line_never_adds_a_booking() {
    for body in bodies() {
        let whole = read(body.as_bytes(), &options()).unwrap();
        let lines: Vec<&str> = body.split_inclusive("\r\n").collect();
        for lost in 0..lines.len() {
            let rest: String = lines.iter().enumerate().filter(|(at, _)| *at != lost).map(|(_, line)| *line).collect();
            if let Ok(found) = read(rest.as_bytes(), &options()) {
                check(&found, &options());
                let known = |uid: &str| whole.bookings.iter().any(|booking| *booking.uid == *uid);
                assert!(found.bookings.iter().all(|booking| known(&booking.uid)));
            }
        }
    }
}

fn pieces() -> impl Strategy<Value = String> {
    let words = vec![
        "BEGIN:VCALENDAR",
        "END:VCALENDAR",
        "BEGIN:VEVENT",
        "END:VEVENT",
        "BEGIN:VTIMEZONE",
        "END:VTIMEZONE",
        "BEGIN:STANDARD",
        "END:STANDARD",
        "BEGIN:VALARM",
        "END:VALARM",
        "UID:a",
        "UID:b",
        "DTSTART:20260601T100000Z",
        "DTSTART;TZID=X:20260601T100000",
        "DTSTART;VALUE=DATE:20260601",
        "DTEND:20260601T110000Z",
        "DURATION:PT1H",
        "DURATION:P1D",
        "RRULE:FREQ=DAILY;COUNT=3",
        "RRULE:FREQ=SECONDLY",
        "EXDATE:20260602T100000Z",
        "RDATE:20260605T100000Z",
        "RECURRENCE-ID:20260602T100000Z",
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20260602T100000Z",
        "TZID:X",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "METHOD:CANCEL",
        "PRODID:-//LibreBooking//x",
        "METHOD:REQUEST",
        "STATUS:CANCELLED",
        "SEQUENCE:3",
        "ATTENDEE;CN=\"a;b:mailto:a@b",
        "ORGANIZER;CN=x:MAILTO:a@b",
        "LOCATION:A;B",
        "RESOURCES:a\\,b,c",
        " folded",
        "stray",
        "X-WR-TIMEZONE:Europe/Amsterdam",
        "CLASS:PUBLIC",
        "CREATED:20260501T080000Z",
        "URL:http://x/a",
        "",
        ":",
        ";",
        "=",
    ];
    let line =
        prop_oneof![8 => prop::sample::select(words).prop_map(str::to_owned), 1 => "[ -~]{0,20}", 1 => "\\PC{0,8}"];
    prop::collection::vec(line, 0..60).prop_map(|lines| lines.join("\r\n"))
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes, &options());
        let framed = [b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", bytes.as_slice(), b"\r\nEND:VEVENT\r\nEND:VCALENDAR"].concat();
        if let Ok(found) = read(&framed, &options()) {
            check(&found, &options());
        }
    }

    #[test]
    fn any_lines_keep_the_promises(text in pieces(), dialect in prop::sample::select(vec![None, Some(Dialect::Type1), Some(Dialect::Type2Template), Some(Dialect::Type2Escaped), Some(Dialect::Generic)])) {
        let mut options = options();
        options.dialect = dialect;
        options.limits.instances_per_series = 50;
        options.limits.steps_per_series = 2_000;
        let body = format!("BEGIN:VCALENDAR\r\n{text}\r\nEND:VCALENDAR");
        for body in [body.as_str(), text.as_str()] {
            if let Ok(found) = read(body.as_bytes(), &options) {
                check(&found, &options);
                prop_assert_eq!(&read(body.as_bytes(), &options).unwrap(), &found);
            }
        }
    }

    #[test]
    fn a_changed_byte_is_survived(which in 0..3_usize, at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut body = bodies()[which].clone().into_bytes();
        let at = at.index(body.len());
        body[at] = byte;
        if let Ok(found) = read(&body, &options()) {
            check(&found, &options());
        }
    }
}
