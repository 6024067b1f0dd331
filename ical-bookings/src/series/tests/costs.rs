//! What a series may cost.

use std::time::{Duration as Wall, Instant};

use super::*;
use crate::ProblemKind::RuleLimit;

/// A bound that holds on slow machines too and that an endless rule does not meet.
const QUICK: Wall = Wall::from_millis(if cfg!(debug_assertions) { 1_000 } else { 40 });

#[test]
fn hostile_rules_end_quickly() {
    // Weekdays that no month has, and all positions of each second.
    let weekdays: Vec<String> =
        (6..=53).flat_map(|nth| ["MO", "TU", "WE", "TH"].map(|day| format!("{nth}{day}"))).collect();
    let long = format!("FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYDAY={}", weekdays.join(","));
    let positions: Vec<String> = (2..=366).map(|position| position.to_string()).collect();
    let longer = format!("FREQ=SECONDLY;BYMONTH=6;BYSETPOS={}", positions.join(","));
    for (rule, limited) in [
        ("FREQ=SECONDLY", true),
        ("FREQ=SECONDLY;COUNT=4000000000", true),
        ("FREQ=SECONDLY;BYHOUR=3;BYMINUTE=4;BYSECOND=5", true),
        ("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=31", false),
        ("FREQ=MINUTELY;INTERVAL=7;BYMONTHDAY=30;BYMONTH=2;COUNT=3", false),
        ("FREQ=YEARLY;BYMONTHDAY=31;BYMONTH=2", false),
        ("FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6;BYDAY=MO", false),
        ("FREQ=DAILY;COUNT=99999999999999999999", false),
        ("FREQ=DAILY;INTERVAL=99999999999999999999", false),
        ("FREQ=SECONDLY;INTERVAL=4294967295;COUNT=18446744073709551615", false),
        ("FREQ=YEARLY;INTERVAL=4294967295", false),
        (&long, false),
        (&longer, true),
        ("FREQ=HOURLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYSECOND=0,10,20,30,40,50,60", true),
    ] {
        let series = Event { tzid: None, rrules: vec![rule], ..event("19710101T000000Z") };
        let begun = Instant::now();
        let found = all(&[series], "2026-06-01 00:00", "2028-06-01 00:00");
        assert!(begun.elapsed() < QUICK, "{rule} took {:?}", begun.elapsed());
        assert_eq!(found.problems.contains(&(RuleLimit, 0)), limited, "{rule}");
        assert!(found.instances.len() <= 2_000, "{rule}");
    }
}

#[test]
fn a_series_that_is_cut_keeps_what_it_found() {
    let series =
        Event { tzid: None, duration: Some("PT30S"), rrules: vec!["FREQ=MINUTELY"], ..event("20260101T000000Z") };
    let found = all(&[series], "2026-06-01 00:00", "2026-07-01 00:00");
    assert_eq!((found.instances.len(), found.problems), (2_000, vec![(RuleLimit, 0)]));
    assert_eq!(found.instances[0].start, utc("2026-06-01 00:00"));
}

#[test]
fn a_cut_is_noticed_though_the_first_start_is_given_twice_and_rules_repeat_each_other() {
    let found = |rrules| all(&[Event { rrules, ..event("20260601T000000") }], "2026-01-01 00:00", "2027-01-01 00:00");
    let cut = found(vec!["FREQ=HOURLY"]);
    assert_eq!((cut.instances.len(), cut.problems), (2_000, vec![(RuleLimit, 0)]));
    let whole = found(vec!["FREQ=HOURLY;COUNT=1500"; 9]);
    assert_eq!((whole.instances.len(), whole.problems), (1_500, vec![]));
}

#[test]
fn exactly_as_many_instances_as_allowed_are_no_problem() {
    let series = Event { rrules: vec!["FREQ=HOURLY;COUNT=2000"], ..event("20260101T000000") };
    let found = all(&[series], "2026-01-01 00:00", "2026-12-01 00:00");
    assert!(found.problems.is_empty());
    assert!((1_990..=2_000).contains(&found.instances.len()), "{}", found.instances.len());
}

#[test]
fn a_rule_that_began_long_ago_costs_as_much_as_one_of_today() {
    let steps = |start| all(&[Event { tzid: None, ..weekly(start) }], "2026-06-01 00:00", "2026-07-01 00:00").steps;
    assert!(steps("19700101T000000Z") <= steps("20260528T000000Z") + 4);
}

/// Ignored, since it measures: `cargo test --release -p ical-bookings speed -- --ignored --nocapture`.
#[test]
#[ignore = "measures"]
fn speed_of_two_thousand_series_over_two_years() {
    let mut zones = zones();
    let shapes = [
        "FREQ=WEEKLY",
        "FREQ=WEEKLY;BYDAY=MO,WE,FR",
        "FREQ=DAILY;INTERVAL=10",
        "FREQ=MONTHLY",
        "FREQ=MONTHLY;BYDAY=2TU",
        "FREQ=WEEKLY;BYDAY=MO,TU",
    ];
    let events: Vec<_> = shapes.iter().map(|rule| Event { rrules: vec![rule], ..event("20240603T090000") }).collect();
    let entries = entries(&events, &mut zones);
    let window = Window::new(utc("2026-06-01 00:00"), utc("2028-06-01 00:00"));
    let begun = Instant::now();
    let mut found = 0;
    for number in 0..2_000 {
        let entry = &entries[number % shapes.len()];
        found += expand(std::slice::from_ref(entry), &mut zones, window, &rules(), &Limits::default()).instances.len();
    }
    println!("{found} instances in {:?}", begun.elapsed());
}
