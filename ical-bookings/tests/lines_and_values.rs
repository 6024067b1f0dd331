//! What a body may look like, and what that comes to.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod support;

use ical_bookings::{ProblemKind, RejectedKind, Status, body_hash, read};
use support::*;

#[test]
fn every_line_end_is_read_the_same() {
    let body = calendar(&event("|SUMMARY:x"));
    let plain = snapshot(&body, &options());
    assert!(plain.complete && plain.problems.is_empty());
    for end in ["\n", "\r", "\r\n\r\n", "\n\r\n"] {
        let ended = body.replace("\r\n", end);
        let other = snapshot(&ended, &options());
        assert_eq!(other.bookings, plain.bookings, "{end:?}");
        assert!(other.complete && other.problems.is_empty(), "{end:?}");
        assert_ne!(body_hash(ended.as_bytes()), body_hash(body.as_bytes()));
        assert_eq!(other.semantic_hash(), plain.semantic_hash());
    }
}

#[test]
fn folds_are_joined_wherever_they_stand() {
    let body = calendar(&event("|SUMMARY:Caf\u{e9}"));
    let bytes = body.as_bytes();
    let whole = snapshot(&body, &options());
    // Between any two bytes of a line, also inside the é.
    for at in 1..bytes.len() {
        if matches!(bytes[at - 1], b'\r' | b'\n') || matches!(bytes[at], b'\r' | b'\n') {
            continue;
        }
        let folded = [&bytes[..at], &b"\r\n "[..], &bytes[at..]].concat();
        // The first line decides whether it is a calendar at all, and may be folded like any other.
        let found = read(&folded, &options()).unwrap();
        assert_eq!(found.bookings, whole.bookings, "fold at {at}");
        assert!(found.complete, "fold at {at}");
    }
}

#[test]
fn a_byte_order_mark_says_how_to_read() {
    let body = calendar(&event("|SUMMARY:Zo\u{eb} \u{1f511}"));
    let plain = snapshot(&body, &options());
    let utf8 = [&b"\xef\xbb\xbf"[..], body.as_bytes()].concat();
    let little: Vec<u8> = [0xfeff].into_iter().chain(body.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = [0xfeff].into_iter().chain(body.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    for bytes in [&utf8, &little, &big] {
        assert_eq!(read(bytes, &options()).unwrap().bookings, plain.bookings);
    }
    assert_eq!(read(&little[..little.len() - 1], &options()).unwrap_err().kind(), RejectedKind::Encoding);
    let unmarked: Vec<u8> = body.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(&unmarked, &options()).unwrap_err().kind(), RejectedKind::NotACalendar);
}

#[test]
fn one_line_in_another_encoding_costs_nothing_else() {
    let mut body = calendar(&format!("{}|{}", event("|SUMMARY:Zo?"), event("|SUMMARY:Zoë").replace("UID:a", "UID:b")))
        .into_bytes();
    let at = body.iter().position(|byte| *byte == b'?').unwrap();
    body[at] = 0xeb;
    let found = read(&body, &options()).unwrap();
    assert_eq!(
        found.bookings.iter().map(|booking| booking.summary.as_deref().unwrap()).collect::<Vec<_>>(),
        ["Zoë", "Zoë"]
    );
    assert_eq!(
        (kinds(&found), found.problems[0].line, found.problems[0].uid.as_deref()),
        (vec!["encoding"], 8, Some("a"))
    );
}

#[test]
fn control_characters_are_dropped_and_noted() {
    let found = one("|SUMMARY:a\0b\u{1b}c\td");
    assert_eq!(found.bookings[0].summary.as_deref(), Some("abc\td"));
    assert_eq!(kinds(&found), ["control_characters"]);
}

#[test]
fn blanks_at_the_end_and_case_do_not_matter() {
    let body = crlf(
        "begin:vcalendar |version:2.0||Begin:VEvent  |uid:a  |dtstart:20260601T100000Z |DtEnd:20260601T110000Z\t|Status:cancelled |attendee;cn=X:MAILTO:x@example.org |end:vevent |end:vcalendar  ||",
    );
    let found = snapshot(&body, &options());
    assert_eq!((uids(&found), times(&found)), (vec!["a"], vec!["2026-06-01T10:00Z/2026-06-01T11:00Z".to_owned()]));
    assert_eq!(found.bookings[0].status, Status::Cancelled);
    assert_eq!(people(&found), ["X <x@example.org>"]);
    assert!(found.complete && found.problems.is_empty(), "{:?}", found.problems);
}

#[test]
fn a_line_without_a_colon_is_noted_and_the_event_is_kept() {
    let found = one("|SUMMARY:first|second half");
    assert_eq!((uids(&found), kinds(&found), found.problems[0].line), (vec!["a"], vec!["stray_line"], 9));
}

#[test]
fn long_lines_are_fine_and_too_long_ones_are_cut() {
    assert!(one(&format!("|DESCRIPTION:{}", "x".repeat(1_000_000))).problems.is_empty());
    let found = one(&format!("|DESCRIPTION:{}", "x".repeat(5_000_000)));
    assert_eq!((uids(&found), kinds(&found)), (vec!["a"], vec!["line_too_long"]));
}

#[test]
fn several_calendars_make_one_snapshot_each_with_its_own_zones() {
    let zone = |offset: &str| {
        format!(
            "BEGIN:VTIMEZONE|TZID:Here|BEGIN:STANDARD|DTSTART:20160101T000000|TZOFFSETFROM:{offset}|TZOFFSETTO:{offset}|END:STANDARD|END:VTIMEZONE"
        )
    };
    let event =
        |uid: &str| format!("BEGIN:VEVENT|UID:{uid}|DTSTART;TZID=Here:20260601T100000|DURATION:PT1H|END:VEVENT");
    let body = calendar(&format!("{}|{}", zone("+0200"), event("a")))
        + &calendar(&format!("{}|{}", event("b"), zone("-0500")));
    let found = snapshot(&body, &options());
    assert_eq!(times(&found), ["2026-06-01T08:00Z/2026-06-01T09:00Z", "2026-06-01T15:00Z/2026-06-01T16:00Z"]);
    assert!(found.complete && found.problems.is_empty());
}

#[test]
fn of_two_calendars_with_one_uid_the_later_version_counts() {
    let version = |sequence: u32, hour: u32, room: &str| {
        calendar(&format!(
            "BEGIN:VEVENT|UID:a|SEQUENCE:{sequence}|DTSTART:20260601T{hour}0000Z|DURATION:PT1H|RESOURCES:{room}|END:VEVENT"
        ))
    };
    for body in [version(2, 10, "R") + &version(1, 12, "R"), version(1, 12, "R") + &version(2, 10, "R")] {
        assert_eq!(times(&snapshot(&body, &options())), ["2026-06-01T10:00Z/2026-06-01T11:00Z"]);
    }
    let both = snapshot(&(version(1, 10, "R") + &version(1, 10, "S")), &options());
    assert_eq!(both.bookings.len(), 1);
    assert_eq!(both.bookings[0].resources.len(), 2);
}

#[test]
fn other_components_are_passed_over_with_all_they_hold() {
    let inner = "BEGIN:VALARM|UID:no|DTSTART:20200101T000000Z|SUMMARY:no|stray text|END:VALARM";
    let others = "BEGIN:VTODO|UID:t|SUMMARY:x|END:VTODO|BEGIN:VJOURNAL|UID:j|END:VJOURNAL|BEGIN:VFREEBUSY|UID:f|END:VFREEBUSY|BEGIN:X-A|BEGIN:VEVENT|UID:inner|END:VEVENT|END:X-A|BEGIN:VALARM|UID:l|END:VALARM";
    let found = snapshot(
        &calendar(&format!("{others}|{}|{others}", event(&format!("|{inner}|SUMMARY:yes|{inner}")))),
        &options(),
    );
    assert_eq!((uids(&found), found.bookings[0].summary.as_deref(), found.complete), (vec!["a"], Some("yes"), true));
    assert!(found.problems.is_empty());
}

#[test]
fn an_event_that_does_not_close_in_order_is_refused_alone() {
    let good = event("").replace("UID:a", "UID:good");
    let body = calendar(&format!("{}|{good}", event("|BEGIN:VALARM")));
    let found = snapshot(&body, &options());
    assert_eq!((uids(&found), found.complete), (vec!["good"], false));
    assert!(has(&found, ProblemKind::Structure));
    let found = snapshot(&calendar(&format!("{}|{good}", event("|END:VALARM"))), &options());
    assert_eq!((uids(&found), found.complete, kinds(&found)), (vec!["good"], true, vec!["structure"]));
}

#[test]
fn what_may_stand_once_stands_once() {
    let table = [
        ("|UID:b", true),
        ("|DTSTART:20260601T100000Z", true),
        ("|DTEND:20260601T110000Z", true),
        ("|DURATION:PT1H|DURATION:PT1H", true),
        ("|STATUS:CONFIRMED|STATUS:CONFIRMED", true),
        ("|ORGANIZER:mailto:a@example.org|ORGANIZER:mailto:a@example.org", true),
        ("|LOCATION:A|LOCATION:B", true),
        ("|RECURRENCE-ID:20260601T100000Z|RECURRENCE-ID:20260601T100000Z", true),
        ("|ATTENDEE:mailto:a@example.org|ATTENDEE:mailto:b@example.org", false),
        ("|RESOURCES:A|RESOURCES:B", false),
        ("|EXDATE:20270601T100000Z|EXDATE:20280601T100000Z", false),
        ("|RDATE:20270601T100000Z|RDATE:20280601T100000Z", false),
        ("|RRULE:FREQ=YEARLY;COUNT=2|RRULE:FREQ=DAILY;COUNT=2", false),
        ("|SUMMARY:A|SUMMARY:B", false),
    ];
    for (more, refused) in table {
        let found = one(more);
        assert_eq!(has(&found, ProblemKind::DuplicateProperty), refused, "{more}");
        assert_eq!(found.bookings.is_empty(), refused, "{more}: {:?}", found.problems);
    }
}

#[test]
fn without_a_uid_there_is_no_booking() {
    for uid in ["UID:", "UID:  ", "X-UID:a"] {
        let found = snapshot(&calendar(&event("").replace("UID:a", uid)), &options());
        assert_eq!((found.bookings.len(), kinds(&found)), (0, vec!["no_uid"]), "{uid}");
    }
}

#[test]
fn titles_are_unescaped_as_the_writer_escaped_them() {
    let found = one(r"|SUMMARY:a\, b\; c\\d\ne\x");
    assert_eq!(found.bookings[0].summary.as_deref(), Some("a, b; c\\d\ne\\x"));
    let raw = Template { title: r"a\, b\; c\\d\ne\x", ..Template::default() };
    let found = snapshot(&template(&[raw.text()]), &options());
    assert_eq!(found.bookings[0].summary.as_deref(), Some("a\\, b\\; c\\\\d\ne\\x"));
}

#[test]
fn the_status_is_kept_and_an_unknown_one_is_not_settled() {
    let table = [
        ("", Status::Confirmed),
        ("|STATUS:CONFIRMED", Status::Confirmed),
        ("|STATUS:tentative ", Status::Tentative),
        ("|STATUS:CANCELLED", Status::Cancelled),
        ("|STATUS:PENDING", Status::Tentative),
    ];
    for (more, status) in table {
        assert_eq!(one(more).bookings[0].status, status, "{more}");
    }
}

#[test]
fn a_calendar_that_cancels_cancels_all_it_holds() {
    let body = calendar(&format!(
        "METHOD:CANCEL|{}|{}",
        event(""),
        event("|RRULE:FREQ=DAILY;COUNT=2").replace("UID:a", "UID:b")
    ));
    let found = snapshot(&body, &options());
    assert_eq!(found.bookings.len(), 3);
    assert!(found.bookings.iter().all(|booking| booking.status == Status::Cancelled));
}

#[test]
fn the_order_is_start_then_uid_then_instance_whatever_the_body_has() {
    let at =
        |uid: &str, hour: u32| format!("BEGIN:VEVENT|UID:{uid}|DTSTART:20260601T{hour}0000Z|DURATION:PT1H|END:VEVENT");
    let events = [at("b", 10), at("a", 10), at("c", 10), at("z", 11), at("y", 12)];
    let mut reversed = events.to_vec();
    reversed.reverse();
    let one = snapshot(&calendar(&events.join("|")), &options());
    let other = snapshot(&calendar(&reversed.join("|")), &options());
    assert_eq!(uids(&one), ["a", "b", "c", "z", "y"]);
    assert_eq!(one.bookings, other.bookings);
    assert_eq!(one.semantic_hash(), other.semantic_hash());
}

#[test]
fn the_semantic_hash_sees_meaning_alone() {
    let base = "|RESOURCES:R|ATTENDEE;CN=A:mailto:a@example.org|ATTENDEE;CN=B:mailto:b@example.org";
    let hash = |more: &str| one(&format!("{base}{more}")).semantic_hash();
    for same in
        ["|DTSTAMP:20260101T000000Z", "|SEQUENCE:7", "|LAST-MODIFIED:20260101T000000Z", "|SUMMARY:x", "|DESCRIPTION:x"]
    {
        assert_eq!(hash(same), hash(""), "{same}");
    }
    for other in ["|RESOURCES:S", "|STATUS:TENTATIVE", "|ATTENDEE:mailto:c@example.org"] {
        assert_ne!(hash(other), hash(""), "{other}");
    }
    let moved = base.replace("a@example", "A@EXAMPLE");
    assert_eq!(one(&moved).semantic_hash(), hash(""), "case of an address");
    let swapped = "|ATTENDEE;CN=B:mailto:b@example.org|RESOURCES:R|ATTENDEE;CN=A:mailto:a@example.org";
    assert_eq!(one(swapped).semantic_hash(), hash(""), "order of people");
    let later = calendar(&event(base).replace("T110000Z", "T120000Z"));
    assert_ne!(snapshot(&later, &options()).semantic_hash(), hash(""));
}

#[test]
fn equal_events_with_other_rooms_are_one_booking_of_all_rooms() {
    let room = |room: &str, more: &str| event(&format!("|RESOURCES:{room}{more}"));
    let found = snapshot(&calendar(&[room("A", ""), room("B", ""), room("A", "")].join("|")), &options());
    assert_eq!(resources(&found), ["A", "B"]);
    let found = snapshot(&calendar(&[room("A", "|SEQUENCE:1"), room("B", "")].join("|")), &options());
    assert_eq!(resources(&found), ["A"]);
    let found = snapshot(
        &calendar(
            &[room("A", "|DTSTAMP:20260101T000000Z"), room("B", "|DTSTAMP:20260102T000000Z|STATUS:TENTATIVE")]
                .join("|"),
        ),
        &options(),
    );
    assert_eq!(resources(&found), ["B"]);
}

#[test]
fn events_outside_the_window_are_left_out_and_those_that_touch_it_are_not() {
    let mut options = options();
    let body = calendar(&event(""));
    for (from, to, inside) in [
        ("2026-06-01T10:30:00Z", "2026-06-01T10:31:00Z", true),
        ("2026-06-01T11:00:00Z", "2026-06-02T00:00:00Z", false),
        ("2026-05-01T11:00:00Z", "2026-06-01T10:00:00Z", false),
        ("2026-05-01T11:00:00Z", "2026-06-01T10:00:01Z", true),
    ] {
        options.window = ical_bookings::Window::new(utc(from), utc(to));
        assert_eq!(snapshot(&body, &options).bookings.len(), usize::from(inside), "{from} {to}");
    }
}

#[test]
fn the_horizon_and_the_skipped_are_left_out() {
    let mut options = options();
    options.now = Some(utc("2025-01-01T00:00:00Z"));
    assert_eq!(kinds(&snapshot(&calendar(&event("")), &options)), ["beyond_horizon"]);
    options.now = Some(utc("2026-01-01T00:00:00Z"));
    assert!(snapshot(&calendar(&event("")), &options).problems.is_empty());
    options.skip_transparent = true;
    options.skip_summaries = vec!["airbnb (not available)".into(), "CLOSED - *".into()];
    for (more, left) in [
        ("|TRANSP:TRANSPARENT", 0),
        ("|TRANSP:OPAQUE", 1),
        ("|SUMMARY:Airbnb (Not available)", 0),
        ("|SUMMARY:Closed - Not available", 0),
        ("|SUMMARY:Reserved", 1),
    ] {
        let found = snapshot(&calendar(&event(more)), &options);
        assert_eq!((found.bookings.len(), found.problems.len()), (left, 0), "{more}");
    }
}

#[test]
fn what_people_typed_is_in_no_problem_and_no_debug_text() {
    let secret = "Zanzibar";
    let more = format!(
        "|SUMMARY:{secret}|ATTENDEE;CN={secret}:mailto:{secret}|ATTENDEE;CN={secret}:mailto:{secret}@example.org|LOCATION:{secret}|{secret} line|DTSTART:{secret}"
    );
    let mut options = options();
    options.resources = vec!["Hall".into()];
    for body in [calendar(&event(&more)), calendar(&event(&more.replace("|DTSTART:Zanzibar", "")))] {
        let found = snapshot(&body, &options);
        assert!(!found.problems.is_empty());
        assert!(found.problems.iter().all(|problem| !problem.text.contains(secret)), "{:?}", found.problems);
        let people: Vec<String> = found.bookings.iter().map(|booking| format!("{:?}", booking.people)).collect();
        assert!(!people.concat().contains(secret));
    }
}
