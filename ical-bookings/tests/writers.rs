//! The feeds of the two kinds of booking programs, and what a title may try in one of them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod support;

use ical_bookings::{Dialect, ProblemKind, Role, Status, read};
use support::*;

const ZONES: &str = "BEGIN:VTIMEZONE|TZID:UTC+02|BEGIN:STANDARD|DTSTART:20160101T020000|TZNAME:UTC+02|TZOFFSETFROM:+0200|TZOFFSETTO:+0200|END:STANDARD|END:VTIMEZONE";

/// The ticks that a type-1 uid ends in.
fn ticks(start: &str) -> i64 {
    (utc(start).timestamp() + 62_135_596_800) * 10_000_000
}

fn type1_event(room: &str, person: &str, start: &str, end: &str, ticks: i64) -> String {
    format!(
        "BEGIN:VEVENT|ATTENDEE;CN={person}|DESCRIPTION:Spaces: {room}|DTEND;TZID=UTC+02:{end}|DTSTAMP:20210420T072531Z|DTSTART;TZID=UTC+02:{start}|RESOURCES:{room}|SEQUENCE:0|STATUS:CONFIRMED|SUMMARY:x ({room})|UID:24600000_{ticks}|END:VEVENT"
    )
}

fn type1(events: &str) -> String {
    crlf(&format!("BEGIN:VCALENDAR|PRODID:-//Skedda//Calendar//EN|VERSION:2.0|{ZONES}|{events}|END:VCALENDAR|"))
}

#[test]
fn the_two_events_of_the_type_1_sample_are_read_also_with_bare_line_feeds() {
    let events = [
        type1_event(
            "Room #4",
            "Some User:mailto:some.user@example.com",
            "20210414T123000",
            "20210414T220000",
            ticks("2021-04-14T10:30:00Z"),
        ),
        type1_event(
            "Room #1",
            "Other User:mailto:other.user@example.com",
            "20210416T100000",
            "20210416T110000",
            ticks("2021-04-16T08:00:00Z"),
        ),
    ];
    let body = type1(&events.join("|")).replace("\r\n", "\n");
    let found = snapshot(&body, &options());
    assert_eq!(times(&found), ["2021-04-14T10:30Z/2021-04-14T20:00Z", "2021-04-16T08:00Z/2021-04-16T09:00Z"]);
    let first = &found.bookings[0];
    assert_eq!(
        (first.people[0].email.as_deref(), first.people[0].name.as_deref()),
        (Some("some.user@example.com"), Some("Some User"))
    );
    assert_eq!((first.people[0].role, &first.resources[..]), (Role::Attendee, &["Room #4".to_owned()][..]));
    assert_eq!(found.bookings[1].people[0].email.as_deref(), Some("other.user@example.com"));
    assert_eq!(*found.bookings[1].resources, ["Room #1"]);
    assert!(found.complete && found.problems.is_empty() && found.dialect == Dialect::Type1);
}

#[test]
fn a_type_1_start_that_its_uid_denies_opens_nothing() {
    let right = ticks("2021-04-14T10:30:00Z");
    for (ticks, good) in [(right, true), (right + 36_000_000_000, false), (right - 1, false)] {
        let event = type1_event("R", "X:mailto:x@example.org", "20210414T123000", "20210414T220000", ticks);
        let found = snapshot(&type1(&event), &options());
        assert_eq!(found.bookings.len(), usize::from(good));
        assert_eq!(has(&found, ProblemKind::StartDisagreesWithUid), !good);
    }
    // Other uids tell nothing.
    let event = type1_event("R", "X:mailto:x@example.org", "20210414T123000", "20210414T220000", 1);
    assert_eq!(snapshot(&type1(&event), &options()).bookings.len(), 1);
}

#[test]
fn a_type_1_event_without_a_person_still_takes_its_room() {
    let event = "BEGIN:VEVENT|DTSTART;TZID=UTC+02:20210414T123000|DTEND;TZID=UTC+02:20210414T130000|RESOURCES:Hall|RESOURCES:Room #4|UID:1|END:VEVENT";
    let found = snapshot(&type1(event), &options());
    assert_eq!((people(&found).len(), resources(&found)), (0, vec!["Hall", "Room #4"]));
    assert!(found.problems.is_empty());
}

#[test]
fn the_body_tells_its_dialect_and_the_configuration_overrides_it() {
    let head = |head: &str, more: &str| crlf(&format!("BEGIN:VCALENDAR|{head}|{}|END:VCALENDAR", event(more)));
    let table = [
        (head("PRODID:-//Skedda//x", ""), Dialect::Type1),
        (head("PROIDID:-//BookedScheduler//x|METHOD:REQUEST", ""), Dialect::Type2Template),
        (head("METHOD:REQUEST|PRODID:-//LibreBooking//x", ""), Dialect::Type2Template),
        (head("PRODID:-//phpScheduleIt//x|METHOD:REQUEST", ""), Dialect::Type2Template),
        (head("PRODID:-//LibreBooking//x|METHOD:PUBLISH", ""), Dialect::Type2Escaped),
        (head("PRODID:-//Other//x", "|RESOURCES:R"), Dialect::Type1),
        (head("PRODID:-//Other//x", ""), Dialect::Generic),
        // What follows the first event is not the header.
        (head("VERSION:2.0", "|PRODID:-//Skedda//x"), Dialect::Generic),
    ];
    for (body, dialect) in table {
        assert_eq!(snapshot(&body, &options()).dialect, dialect, "{body}");
        let mut options = options();
        options.dialect = Some(Dialect::Type2Escaped);
        assert_eq!(snapshot(&body, &options).dialect, Dialect::Type2Escaped);
    }
}

#[test]
fn the_type_2_sample_is_read_with_its_misspelt_names() {
    let body = "BEGIN:VCALENDAR|VERSION:2.0|METHOD:REQUEST|PROIDID:-//BookedScheduler//NONSGML 2.7//EN|BEGIN:VEVENT|CLASS:PUBLIC|CREATED:20210414T080000Z|DESCRIPTION:|DTSTAMP:20210414T080000Z|DTSTART:20210416T080000Z|DTEND:20210416T090000Z|LOCATION:Room #1|ORGANIZER;CN=Some User:MAILTO:some.user@example.com|SUMMARY:Some title|UID:607d1d3a5e1b1&booked.example.com|SEQUENCE:0|URL:http://booked.example.com/Web/reservation.php?rn=607d1d3a5e1b1|X-MICROSOFT-CD0-BUSYSTATUS:BUSY|END:VEVENT|END:VCALENDAR";
    for body in [crlf(body), body.replace('|', "\n")] {
        let found = snapshot(&body, &options());
        assert_eq!(found.dialect, Dialect::Type2Template);
        assert_eq!(
            (uids(&found), times(&found)),
            (vec!["607d1d3a5e1b1&booked.example.com"], vec!["2021-04-16T08:00Z/2021-04-16T09:00Z".to_owned()])
        );
        assert_eq!(
            (people(&found), resources(&found)),
            (vec!["Some User <some.user@example.com>".to_owned()], vec!["Room #1"])
        );
        assert_eq!(found.bookings[0].people[0].role, Role::Organizer);
        assert!(found.complete && found.problems.is_empty(), "{:?}", found.problems);
    }
}

#[test]
fn raw_text_of_a_template_is_taken_as_it_is() {
    let event = Template {
        location: "Board room, 2nd floor; west",
        organizer: r#"ORGANIZER;CN=Zoë: "Ops" O&#039;Neil; Jr:MAILTO:zoe@example.org"#,
        title: r"50% \off",
        ..Template::default()
    };
    let found = snapshot(&template(&[event.text()]), &options());
    assert_eq!(
        (resources(&found), people(&found)),
        (vec!["Board room, 2nd floor; west"], vec![r#"Zoë: "Ops" O'Neil; Jr <zoe@example.org>"#.to_owned()])
    );
    assert_eq!(found.bookings[0].summary.as_deref(), Some(r"50% \off"));
    let event = Template { location: "Room &amp; Co", ..Template::default() };
    assert_eq!(resources(&snapshot(&template(&[event.text()]), &options())), ["Room & Co"]);
}

#[test]
fn a_pending_booking_has_its_title_glued_to_its_status() {
    let event = Template::default().text().replace("|STATUS:CONFIRMED|SUMMARY:", "|STATUS:TENTATIVESUMMARY:");
    let found = snapshot(&template(&[event]), &options());
    assert_eq!((found.bookings[0].status, found.bookings[0].summary.as_deref()), (Status::Tentative, Some("Weekly")));
    assert!(found.problems.is_empty());
}

#[test]
fn hidden_users_of_a_template_have_no_address() {
    for organizer in ["ORGANIZER;CN=Private:MAILTO:Private", "ORGANIZER;CN=Sam:MAILTO:sam-noreply@example.org"] {
        let found = snapshot(&template(&[Template { organizer, ..Template::default() }.text()]), &options());
        assert_eq!((found.bookings[0].people[0].email.as_deref(), kinds(&found)), (None, vec!["no_address"]));
    }
    let early = Template { organizer: "ORGANIZER:MAILTO:sam@example.org", ..Template::default() };
    assert_eq!(people(&snapshot(&template(&[early.text()]), &options())), ["- <sam@example.org>"]);
}

#[test]
fn one_link_for_several_rooms_is_said_once() {
    let rooms = |rooms: &[&str]| {
        let events: Vec<_> = rooms
            .iter()
            .zip(1..)
            .map(|(location, day)| {
                Template { location, day, reference: &format!("ref{day}"), ..Template::default() }.text()
            })
            .collect();
        template(&events)
    };
    assert_eq!(kinds(&snapshot(&rooms(&["A", "B", "C"]), &options())), ["type2_schedule_link"]);
    assert!(snapshot(&rooms(&["A", "A"]), &options()).problems.is_empty());
    let mut fixed = options();
    fixed.fixed_resource = Some("A".into());
    let found = snapshot(&rooms(&["A", "B"]), &fixed);
    assert!(found.bookings.iter().all(|booking| *booking.resources == ["A"]), "the link fixes the room");
}

#[test]
fn all_forms_of_the_template_pass_and_alarms_may_follow() {
    let usual = Template::default().text();
    let alarm = "BEGIN:VALARM|TRIGGER;RELATED=START:-PT15M|ACTION:DISPLAY|DESCRIPTION:x|END:VALARM";
    let earliest = "BEGIN:VEVENT|CREATED:20260501T080000Z|DESCRIPTION:x|DTEND:20260601T110000Z|DTSTAMP:20260501T080000Z|DTSTART:20260601T100000Z|LOCATION:R|ORGANIZER:MAILTO:a@example.org|SUMMARY:x|UID:ref1&http://example.org/reservation.php?rn=ref1|URL:http://example.org/reservation.php?rn=ref1|X-MICROSOFT-CDO-BUSYSTATUS:BUSY|END:VEVENT";
    let table = [
        usual.clone(),
        usual.replace("|LAST-MODIFIED:20260501T080000Z", ""),
        usual.replace("|STATUS:CONFIRMED", ""),
        usual.replace("CLASS:PUBLIC", "CLASS:PRIVATE"),
        usual.replace("DESCRIPTION:|", "DESCRIPTION:a| b| LOCATION:c|"),
        usual.replace("|END:VEVENT", &format!("|{alarm}|{alarm}|END:VEVENT")),
        format!("{usual}|{alarm}"),
        earliest.to_owned(),
        usual.replace("BUSY|END", "BUSY|X-MICROSOFT-CDO-IMPORTANCE:1|END"),
    ];
    for event in table {
        let found = snapshot(&template(std::slice::from_ref(&event)), &options());
        assert_eq!(
            (found.bookings.len(), found.problems.len(), found.complete),
            (1, 0, true),
            "{event}: {:?}",
            found.problems
        );
    }
}

#[test]
fn plug_ins_may_add_lines_that_are_configured() {
    let event = Template::default().text().replace("|SUMMARY:", "|ATTENDEE;CN=P:MAILTO:p@example.org|SUMMARY:");
    let found = snapshot(&template(std::slice::from_ref(&event)), &options());
    assert_eq!((found.bookings.len(), kinds(&found)), (0, vec!["injection_suspect"]));
    let mut options = options();
    options.plugin_properties = vec!["attendee".into()];
    let found = snapshot(&template(&[event]), &options);
    assert_eq!(people(&found), ["Sam Example <sam@example.org>"]);
}

/// Three bookings of three days, the middle one with this title.
fn with_title(title: &str) -> String {
    let day = |day: u32, title: &str| {
        Template { day, title, reference: &format!("reference{day}"), ..Template::default() }.text()
    };
    template(&[day(1, "before"), day(2, title), day(3, "after"), day(4, "later")])
}

#[test]
fn a_title_with_a_harmless_second_line_costs_nothing() {
    for title in [
        "Planning|second half",
        "Planning|Agenda: budget",
        "Planning|X-RAY: yes",
        "Planning|",
        "Planning| folded LOCATION:x",
    ] {
        let found = snapshot(&with_title(title), &options());
        assert_eq!((found.bookings.len(), found.complete), (4, true), "{title}: {:?}", found.problems);
        assert!(found.bookings.iter().all(|booking| !booking.held), "{title}");
        assert!(kinds(&found).iter().all(|kind| *kind == "stray_line"), "{title}");
    }
}

#[test]
fn a_title_that_adds_lines_to_its_own_event_loses_it_and_holds_its_neighbours() {
    let titles = [
        "x|LOCATION:Vault",
        "x|ATTENDEE:mailto:evil@example.org",
        "x|RESOURCES:Vault",
        "x|RRULE:FREQ=DAILY",
        "x|RDATE:20260701T100000Z",
        "x|DTEND:20270601T100000Z",
        "x|DURATION:P30D",
        "x|UID:reference1&booked.example.org",
        "x|STATUS:CONFIRMED",
        "x|ORGANIZER;CN=Evil:MAILTO:evil@example.org",
        "x|organizer;cn=Evil:mailto:evil@example.org",
        "x|SEQUENCE:9",
        "x|URL:http://example.org/x",
        "x|X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
        "x|LOCA\0TION:Vault",
        "x|SUMMARY:y",
        "x|BEGIN:VALARM",
        "x|BEGIN:VALARM|END:VALARM",
        "x|BEGIN:VTIMEZONE",
        "x|BEGIN:X-THING",
        "x|END:VALARM",
        "x|BEGIN:VEVENT",
        "x|BEGIN:VCALENDAR",
        "x|END:VEVENT",
        "x|END:VEVENT|BEGIN:VTODO",
        "x|END:VEVENT|BEGIN:VEVENT",
        "x|END:VCALENDAR",
        "x|END:VEVENT|END:VCALENDAR",
        "x|END:VEVENT|END:VCALENDAR|BEGIN:VCALENDAR",
        "x|END:VEVENT|END:VCALENDAR|BEGIN:VCALENDAR|METHOD:REPLY",
        "x|END:VEVENT|END:VCALENDAR|BEGIN:VCALENDAR|PRODID:-//Skedda//x|METHOD:CANCEL",
    ];
    for title in titles {
        let found = snapshot(&with_title(title), &options());
        assert!(has(&found, ProblemKind::InjectionSuspect), "{title}: {:?}", found.problems);
        let got: Vec<(&str, bool)> = found.bookings.iter().map(|booking| (&booking.uid[..10], booking.held)).collect();
        assert_eq!(
            got,
            [("reference1", true), ("reference3", true), ("reference4", false)],
            "{title}: {:?}",
            found.problems
        );
        assert!(
            found
                .bookings
                .iter()
                .all(|booking| booking.status == Status::Confirmed && *booking.resources == ["Room #1"]),
            "{title}"
        );
        assert!(found.complete, "one title must not stop the feed: {title}");
    }
}

#[test]
fn deep_nesting_in_a_title_does_not_stop_the_feed() {
    let title = format!("x{}", "|BEGIN:A".repeat(30));
    let found = snapshot(&with_title(&title), &options());
    assert_eq!((found.bookings.len(), found.complete), (3, true));
}

/// The shortest forged event: the end of the event before and everything that the order asks for, nothing more.
const FORGED: [&str; 16] = [
    "X",
    "UID:1234567&booked.example.org",
    "SEQUENCE:0",
    "URL:http://booked.example.org/reservation.php?rn=1234567",
    "X-MICROSOFT-CDO-BUSYSTATUS:",
    "END:VEVENT",
    "BEGIN:VEVENT",
    "CLASS:P",
    "CREATED:20200101T000000Z",
    "DESCRIPTION:",
    "DTSTAMP:20200101T000000Z",
    "DTSTART:20260605T000000Z",
    "DTEND:20260625T000000Z",
    "LOCATION:V",
    "ORGANIZER:MAILTO:e@x.nl",
    "SUMMARY:",
];

/// Whether somebody could get in by such a title: by another room, or by a booking that is not held.
fn opens(title: &str) -> bool {
    let found = snapshot(&with_title(title).replace("\r\n", "\n"), &options());
    assert!(found.complete, "{title}");
    found.bookings.iter().any(|booking| *booking.resources != ["Room #1"] && !booking.held)
}

#[test]
fn a_forged_event_needs_more_than_a_title_holds() {
    let whole = FORGED.join("|");
    assert!(opens(&whole), "the list is right");
    assert!(whole.len() > 300, "{}", whole.len());
    for (skipped, line) in FORGED.iter().enumerate().skip(1) {
        let kept: Vec<&str> =
            FORGED.iter().enumerate().filter(|(at, _)| *at != skipped).map(|(_, line)| *line).collect();
        assert!(!opens(&kept.join("|")), "without {line}");
    }
    let cheaper = [
        ("UID:1234567&booked.example.org", "UID:1234567"),
        ("UID:1234567&booked.example.org", "UID:1&booked.example.org"),
        ("http://booked.example.org/reservation.php?rn=", ""),
        ("1234567", "1"),
        ("X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-"),
        ("CLASS:P", "CLASS:"),
        ("SEQUENCE:0", "SEQUENCE:"),
        ("T000000Z", "T0000Z"),
    ];
    for (from, to) in cheaper {
        assert!(!opens(&whole.replace(from, to)), "{from} -> {to}");
    }
}

#[test]
fn a_forged_event_of_three_hundred_characters_opens_nothing() {
    let whole = FORGED.join("|");
    let cheap = whole
        .replace("UID:1234567&booked.example.org", "UID:1")
        .replace("http://booked.example.org/reservation.php?rn=1234567", "1");
    assert!(cheap.len() < 300);
    let padded = format!("{cheap}{}", "y".repeat(300 - cheap.len()));
    for title in [&whole[..300], &cheap, &padded] {
        for length in 1..=title.len() {
            assert!(!opens(&title[..length]), "{length}");
        }
    }
    let found = snapshot(&with_title(&padded), &options());
    assert!(has(&found, ProblemKind::InjectionSuspect));
    let plain: Vec<&str> =
        found.bookings.iter().filter(|booking| !booking.held).map(|booking| &booking.uid[..10]).collect();
    assert_eq!(plain, ["reference3", "reference4"], "its neighbours are held, others are not");
}

#[test]
fn the_links_of_a_template_must_tell_its_reference_and_its_times_be_utc() {
    let event = Template::default().text();
    for (from, to) in [
        ("rn=607d1d3a5e1b1", "rn=other"),
        ("UID:607d1d3a5e1b1&", "UID:&"),
        ("CREATED:20260501T080000Z", "CREATED:20260501T080000"),
        ("DTSTART:20260601T100000Z", "DTSTART;VALUE=DATE:20260601"),
        ("DTEND:20260601T110000Z", "DTEND:20260601T110000+0200"),
        ("DTSTAMP:20260501T080000Z", "DTSTAMP:now"),
        (
            "|LOCATION:Room #1|ORGANIZER;CN=Sam Example:MAILTO:sam@example.org",
            "|ORGANIZER;CN=Sam Example:MAILTO:sam@example.org|LOCATION:Room #1",
        ),
        ("|X-MICROSOFT-CDO-BUSYSTATUS:BUSY", ""),
    ] {
        let changed = event.replace(from, to);
        assert_ne!(changed, event);
        let found = snapshot(&template(&[changed]), &options());
        assert_eq!((found.bookings.len(), kinds(&found)), (0, vec!["injection_suspect"]), "{from} -> {to}");
    }
}

#[test]
fn the_limits_of_time_hold_for_templates_too() {
    let event = Template::default().text().replace("DTEND:20260601", "DTEND:20270601");
    assert_eq!(kinds(&snapshot(&template(&[event]), &options())), ["too_long"]);
}

#[test]
fn an_empty_feed_is_whole_and_empty() {
    for body in [
        "BEGIN:VCALENDAR|VERSION:2.0|METHOD:REQUEST|PRODID:-//LibreBooking//x|END:VCALENDAR",
        "BEGIN:VCALENDAR|END:VCALENDAR|",
    ] {
        let found = read(crlf(body).as_bytes(), &options()).unwrap();
        assert!(found.complete && found.bookings.is_empty() && found.events == 0);
    }
}
