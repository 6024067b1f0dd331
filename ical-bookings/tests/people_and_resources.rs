//! Whom an event names, and what it takes up.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod support;

use ical_bookings::{Dialect, Options, PeopleFrom, Role};
use support::*;

fn of(dialect: Dialect) -> Options {
    let mut options = options();
    options.dialect = Some(dialect);
    options
}

#[test]
fn each_dialect_believes_its_own_lines() {
    let more = "|ORGANIZER;CN=O:mailto:o@example.org|ATTENDEE;CN=A:mailto:a@example.org";
    let mut with_attendees = of(Dialect::Type2Escaped);
    with_attendees.type2_attendees = true;
    let from = |people| {
        let mut options = of(Dialect::Generic);
        options.people = people;
        options
    };
    let (o, a) = ("O <o@example.org>", "A <a@example.org>");
    let table = [
        (of(Dialect::Type1), vec![a]),
        (of(Dialect::Type2Escaped), vec![o]),
        (with_attendees, vec![o, a]),
        (of(Dialect::Generic), vec![a]),
        (from(PeopleFrom::Organizer), vec![o]),
        (from(PeopleFrom::Both), vec![o, a]),
        (from(PeopleFrom::Attendees), vec![a]),
        (from(PeopleFrom::Nobody), vec![]),
    ];
    for (options, expected) in table {
        let found = snapshot(&calendar(&event(more)), &options);
        assert_eq!(people(&found), expected, "{:?} {:?}", options.dialect, options.people);
    }
    let alone = snapshot(&calendar(&event("|ORGANIZER;CN=O:mailto:o@example.org")), &of(Dialect::Generic));
    assert_eq!((people(&alone), alone.bookings[0].people[0].role), (vec![o.to_owned()], Role::Organizer));
    let alone = snapshot(&calendar(&event("|ORGANIZER;CN=O:mailto:o@example.org")), &of(Dialect::Type1));
    assert!(people(&alone).is_empty());
}

#[test]
fn addresses_are_read_in_all_their_forms() {
    let table = [
        (":mailto:a@example.org", "a@example.org"),
        (":MAILTO:A@Example.org", "A@Example.org"),
        (":mailto: a@example.org ", "a@example.org"),
        (":dave@example.org", "dave@example.org"),
        (":<frank@example.org>", "frank@example.org"),
        (":mailto:<frank@example.org>", "frank@example.org"),
        (":mailto:a%2Bb@example.org", "a+b@example.org"),
        (":mailto:a%40example.org", "a@example.org"),
        (":mailto:a@example.org?subject=x", "a@example.org"),
        (";EMAIL=e@example.org:urn:uuid:0815", "e@example.org"),
        (";EMAIL=e@example.org:invalid:nomail", "e@example.org"),
        (";EMAIL=e@example.org:mailto:a@example.org", "a@example.org"),
        (":mailto:zoë@exämple.org", "zoë@exämple.org"),
    ];
    for (line, address) in table {
        let found = one(&format!("|ATTENDEE{line}"));
        assert_eq!(people(&found), [format!("- <{address}>")], "{line}");
        assert!(found.problems.is_empty(), "{line}");
    }
}

#[test]
fn without_an_address_there_is_somebody_without_access() {
    let lines = [
        ":mailto:Private",
        ":Private",
        ":",
        ":mailto:",
        ":invalid:nomail",
        ":nobody",
        ":mailto:a@b@example.org",
        ":mailto:@example.org",
        ":mailto:a@",
        ":mailto:a%0Ab@example.org",
        ":mailto:a%00@example.org",
        ":mailto:a b@example.org",
        ":mailto:a@x.org%0d%0aBcc:b@x.org",
        ":urn:uuid:0815",
        ":mailto:a@example.org,b@example.org",
        ":mailto:%ff@example.org",
    ];
    for line in lines {
        let found = one(&format!("|ATTENDEE;CN=X{line}"));
        assert_eq!((people(&found), kinds(&found)), (vec!["X <->".to_owned()], vec!["no_address"]), "{line}");
    }
}

#[test]
fn hidden_addresses_of_type_2_are_none_and_elsewhere_they_are() {
    let line = "|ORGANIZER;CN=X:mailto:x-noreply@example.org";
    for (dialect, expected) in [(Dialect::Type2Escaped, "X <->"), (Dialect::Generic, "X <x-noreply@example.org>")] {
        assert_eq!(people(&snapshot(&calendar(&event(line)), &of(dialect))), [expected]);
    }
}

#[test]
fn rooms_groups_and_those_who_declined_are_nobody() {
    let nobody = [
        ";PARTSTAT=DECLINED:mailto:a@example.org",
        ";CUTYPE=ROOM:mailto:a@example.org",
        ";CUTYPE=resource:mailto:a@example.org",
        ";CUTYPE=GROUP:mailto:a@example.org",
        ":mailto:c_123@resource.calendar.google.com",
        ";ROLE=NON-PARTICIPANT:mailto:a@example.org",
    ];
    for line in nobody {
        let found = one(&format!("|ATTENDEE{line}"));
        assert!(people(&found).is_empty() && found.problems.is_empty(), "{line}");
    }
    let host = "|ORGANIZER:mailto:A@example.org|ATTENDEE;ROLE=NON-PARTICIPANT:mailto:a@example.org";
    assert_eq!(people(&one(host)), ["- <a@example.org>"]);
    for line in [";PARTSTAT=ACCEPTED", ";CUTYPE=INDIVIDUAL", ";ROLE=OPT-PARTICIPANT"] {
        assert_eq!(people(&one(&format!("|ATTENDEE{line}:mailto:a@example.org"))).len(), 1, "{line}");
    }
}

#[test]
fn nobody_is_listed_twice_and_the_first_name_counts() {
    let found = one(
        "|ATTENDEE:mailto:a@example.org|ATTENDEE;CN=Ann:mailto:A@Example.ORG|ATTENDEE;CN=Other:mailto:a@example.org",
    );
    assert_eq!(people(&found), ["Ann <a@example.org>"]);
}

#[test]
fn names_are_taken_out_of_their_quotes() {
    let table = [
        (r#";CN="Doe, Jane; Ops: 1":mailto:a@example.org"#, "Doe, Jane; Ops: 1"),
        (";CN=\"say ^'hi^' ^^ there\":mailto:a@example.org", "say \"hi\" ^ there"),
        (";CN=Zoë: Ops:mailto:a@example.org", "Zoë: Ops"),
        (r#";CN="Zoë: "Ops" O'Neil; Jr":mailto:a@example.org"#, r#"Zoë: "Ops" O'Neil; Jr"#),
        (";CN=:mailto:a@example.org", "-"),
        (";CN=a^nb:mailto:a@example.org", "a b"),
    ];
    for (line, name) in table {
        assert_eq!(people(&one(&format!("|ATTENDEE{line}"))), [format!("{name} <a@example.org>")], "{line}");
    }
}

#[test]
fn people_and_resources_are_cut_at_two_hundred() {
    let more: Vec<String> = (0..250).map(|n| format!("|ATTENDEE:mailto:p{n}@example.org|RESOURCES:R{n}")).collect();
    let found = one(&more.concat());
    assert_eq!((people(&found).len(), resources(&found).len()), (200, 200));
    assert_eq!(kinds(&found), ["too_many_people", "too_many_resources"]);
}

#[test]
fn resources_come_from_the_first_place_that_names_any() {
    let (lines, room, place) =
        ("|RESOURCES:R", "|ATTENDEE;CUTYPE=ROOM;CN=Room:mailto:r@example.org", "|LOCATION:Place");
    let declined = "|ATTENDEE;CUTYPE=ROOM;PARTSTAT=DECLINED;CN=Room:mailto:r@example.org";
    let mut options = of(Dialect::Generic);
    options.default_resource = Some("Default".into());
    let table = [
        (format!("{place}{room}{lines}"), "R"),
        (format!("{place}{room}"), "Room"),
        (format!("{place}{declined}"), "Place"),
        (format!("{place}|RESOURCES:"), "Place"),
        (place.to_owned(), "Place"),
        ("|LOCATION: ".to_owned(), "Default"),
        (String::new(), "Default"),
    ];
    for (more, name) in table {
        assert_eq!(resources(&snapshot(&calendar(&event(&more)), &options)), [name], "{more}");
    }
    options.fixed_resource = Some("Fixed".into());
    assert_eq!(resources(&snapshot(&calendar(&event(lines)), &options)), ["Fixed"]);
}

#[test]
fn lists_of_resources_are_split_and_known_names_are_not() {
    let configured = |names: &[&str]| {
        let mut options = of(Dialect::Type1);
        options.resources = names.iter().map(|name| (*name).to_owned()).collect();
        options
    };
    let table: [(&[&str], &str, &[&str]); 8] = [
        (&[], "|RESOURCES:A,B", &["A", "B"]),
        (&[], r"|RESOURCES:A\, B", &["A, B"]),
        (&["A, B"], "|RESOURCES:A, B", &["A, B"]),
        (&["Room #1"], "|RESOURCES:  room   #1 ", &["Room #1"]),
        (&["Café"], "|RESOURCES:CAFE\u{301}", &["Café"]),
        (&["Room & Co"], "|RESOURCES:Room &amp\\; Co", &["Room & Co"]),
        (&["A"], "|RESOURCES:A|RESOURCES:a|RESOURCES:B", &["A", "B"]),
        (&["A"], "|RESOURCES:|RESOURCES: ,A", &["A"]),
    ];
    for (names, more, expected) in table {
        assert_eq!(resources(&snapshot(&calendar(&event(more)), &configured(names))), expected, "{more}");
    }
}

#[test]
fn a_location_is_split_only_into_known_rooms() {
    let mut options = of(Dialect::Generic);
    options.resources = vec!["A".into(), "B".into(), "C; D".into(), "E, F".into()];
    let table: [(&str, &[&str], bool); 7] = [
        (r"A\; B", &["A", "B"], false),
        (r"A\, B", &["A", "B"], false),
        ("a;b", &["A", "B"], false),
        ("C; D", &["C; D"], false),
        (r"E\, F", &["E, F"], false),
        ("A; Berlin", &["A; Berlin"], true),
        ("Nowhere", &["Nowhere"], true),
    ];
    for (location, expected, unknown) in table {
        let found = snapshot(&calendar(&event(&format!("|LOCATION:{location}"))), &options);
        assert_eq!(
            (resources(&found), kinds(&found).contains(&"unknown_resource")),
            (expected.to_vec(), unknown),
            "{location}"
        );
    }
}

#[test]
fn an_unknown_resource_is_reported_once() {
    let mut options = of(Dialect::Type1);
    options.resources = vec!["A".into()];
    let events: Vec<String> = ["B", "b ", "C", "A"]
        .iter()
        .enumerate()
        .map(|(n, name)| event(&format!("|RESOURCES:{name}")).replace("UID:a", &format!("UID:{n}")))
        .collect();
    let found = snapshot(&calendar(&events.join("|")), &options);
    assert_eq!((found.bookings.len(), kinds(&found)), (4, vec!["unknown_resource", "unknown_resource"]));
    assert!(snapshot(&calendar(&events.join("|")), &of(Dialect::Type1)).problems.is_empty(), "nothing is configured");
}
