//! What a body may cost.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod support;

use std::fmt::Write as _;

use ical_bookings::{ProblemKind, RejectedKind, read};
use support::*;

fn many(count: usize) -> String {
    let mut events = String::new();
    for n in 0..count {
        let _ = write!(events, "BEGIN:VEVENT|UID:{n}|DTSTART:20260601T100000Z|DURATION:PT1H|END:VEVENT|");
    }
    calendar(&events)
}

#[test]
fn bodies_and_events_beyond_the_limits_are_refused() {
    let mut options = options();
    options.limits.events = 10;
    assert_eq!(snapshot(&many(10), &options).bookings.len(), 10);
    assert_eq!(read(many(11).as_bytes(), &options).unwrap_err().kind(), RejectedKind::TooLarge);
    let body = many(1);
    options.limits.body = body.len();
    assert!(read(body.as_bytes(), &options).is_ok());
    options.limits.body -= 1;
    assert_eq!(read(body.as_bytes(), &options).unwrap_err().kind(), RejectedKind::TooLarge);
}

#[test]
fn the_limits_are_those_that_are_documented() {
    let limits = options().limits;
    assert_eq!((limits.body, limits.events, limits.line, limits.nesting), (64 << 20, 200_000, 4 << 20, 16));
    assert_eq!((limits.properties, limits.people, limits.resources), (2_000, 200, 200));
    assert_eq!((limits.instances_per_series, limits.steps_per_series, limits.instances), (2_000, 100_000, 500_000));
    assert_eq!((limits.zones, limits.onsets, limits.problems), (500, 2_000, 1_000));
}

#[test]
fn nesting_ends_the_body_and_never_the_stack() {
    let nested = |depth: usize| calendar(&format!("{}{}", "BEGIN:X-A|".repeat(depth), "END:X-A|".repeat(depth)));
    assert!(snapshot(&nested(15), &options()).complete);
    for depth in [16, 17, 100_000] {
        assert_eq!(read(nested(depth).as_bytes(), &options()).unwrap_err().kind(), RejectedKind::TooDeep, "{depth}");
    }
}

#[test]
fn an_event_of_too_many_properties_is_refused_alone() {
    let fits = event(&"|X-A:b".repeat(2_000 - 3));
    let body = calendar(&format!("{}|{}", event(&"|X-A:b".repeat(2_001)).replace("UID:a", "UID:b"), fits));
    let found = snapshot(&body, &options());
    assert_eq!((uids(&found), kinds(&found)), (vec!["a"], vec!["too_many_properties"]));
}

#[test]
fn problems_are_counted_beyond_those_that_are_kept() {
    let body = many(1_500).replace("DTSTART:", "DTSTART:x");
    let found = snapshot(&body, &options());
    assert_eq!((found.problems.len(), found.problems_total, found.events), (1_000, 1_500, 1_500));
}

#[test]
fn a_hostile_series_costs_itself_alone() {
    let rules = [
        "FREQ=SECONDLY",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;COUNT=999999999",
    ];
    for rule in rules {
        let series = event(&format!("|RRULE:{rule}")).replace("UID:a", "UID:hostile");
        let found = snapshot(&calendar(&format!("{series}|{}", event(""))), &options());
        assert!(found.bookings.iter().any(|booking| &*booking.uid == "a"), "{rule}");
        assert!(found.bookings.len() <= 2_001, "{rule}: {}", found.bookings.len());
    }
    let found = snapshot(&calendar(&event("|RRULE:FREQ=HOURLY")), &options());
    assert!(has(&found, ProblemKind::RuleLimit));
    assert_eq!(found.bookings.len(), 2_000);
}

#[test]
fn more_instances_than_a_snapshot_may_hold_are_refused() {
    let mut options = options();
    options.limits.instances = 20;
    let series = |count: u32| calendar(&event(&format!("|RRULE:FREQ=DAILY;COUNT={count}")));
    assert_eq!(snapshot(&series(20), &options).bookings.len(), 20);
    assert_eq!(read(series(21).as_bytes(), &options).unwrap_err().kind(), RejectedKind::TooLarge);
}

#[test]
fn what_a_series_repeats_is_bounded_in_bytes() {
    let long_uid = "u".repeat(1 << 20);
    let series = event("|RRULE:FREQ=DAILY;COUNT=2000").replace("UID:a", &format!("UID:{long_uid}"));
    assert_eq!(read(calendar(&series).as_bytes(), &options()).unwrap_err().kind(), RejectedKind::TooLarge);
    let long_title = event(&format!("|RRULE:FREQ=DAILY;COUNT=1000|SUMMARY:{}", "s".repeat(1 << 20)));
    assert_eq!(snapshot(&calendar(&long_title), &options()).bookings.len(), 1_000);
}

#[test]
fn one_uid_many_times_costs_that_uid_alone() {
    let same = event("").replace("UID:a", "UID:same");
    let found = snapshot(&calendar(&format!("{}{}", format!("{same}|").repeat(20_000), event(""))), &options());
    assert_eq!((uids(&found), kinds(&found)), (vec!["a"], vec!["bad_rule"]));
}

#[test]
fn endless_lists_of_rooms_are_cut_before_they_cost_memory() {
    let list = "a,".repeat(1_000_000);
    assert_eq!(resources(&one(&format!("|RESOURCES:{list}"))), ["a"]);
    let rooms: Vec<String> = (0..100_000).map(|n| format!("r{n}")).collect();
    let found = one(&format!("|RESOURCES:{}", rooms.join(",")));
    assert_eq!((resources(&found).len(), kinds(&found)), (200, vec!["too_many_resources"]));
}
