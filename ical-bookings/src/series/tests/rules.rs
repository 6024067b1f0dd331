//! Rules: where they end, which ones are followed, and how.

use super::*;
use crate::ProblemKind::BadRule;

#[test]
fn until_is_an_instant_a_wall_clock_or_a_whole_day_and_part_of_the_series() {
    let count = |until: &str| {
        june(&[Event { rrules: vec![&format!("FREQ=WEEKLY;UNTIL={until}")], ..event("20260601T090000") }]).len()
    };
    assert_eq!(count("20260615T070000Z"), 3);
    assert_eq!(count("20260615T065959Z"), 2);
    assert_eq!(count("20260615T090000"), 3);
    assert_eq!(count("20260615T085959"), 2);
    assert_eq!(count("20260615"), 3);
    assert_eq!(count("20260614"), 2);
    assert_eq!(count("99991231T235959Z"), 5);
}

#[test]
fn a_rule_that_cannot_be_followed_grants_not_even_the_start() {
    for rule in [
        "",
        "FREQ",
        "FREQ=",
        "FREQ=OFTEN",
        "INTERVAL=1",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=-3",
        "FREQ=DAILY;COUNT=x",
        "FREQ=DAILY;UNTIL=",
        "FREQ=DAILY;UNTIL=20260230",
        "FREQ=DAILY;FREQ=WEEKLY",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=YEARLY;BYMONTH=13",
        "FREQ=YEARLY;BYYEARDAY=367",
        "FREQ=MONTHLY;BYYEARDAY=1",
        "FREQ=MONTHLY;BYWEEKNO=1",
        "FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYSETPOS=1",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=DAILY;BYMINUTE=60",
        "FREQ=DAILY;WKST=X",
        "FREQ=DAILY;X-Y=1",
        "RSCALE=CHINESE;FREQ=YEARLY",
        "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD",
        "FREQ=DAILY;BYDAY=",
        "FREQ=DAILY;BYDAY=,",
        "FREQ=DAILY;BYDAY=\u{e9}",
        "FREQ=WEEKLY;BYDAY=M\u{d6}",
    ] {
        let series = Event { rrules: vec![rule], ..event("20260601T090000") };
        let found = all(&[series], "2026-06-01 00:00", "2026-07-01 00:00");
        assert_eq!((found.instances, found.problems), (vec![], vec![(BadRule, 0)]), "{rule}");
    }
}

#[test]
fn rules_may_be_written_in_small_letters_with_a_last_semicolon_and_in_our_calendar() {
    for rule in [
        "freq=weekly;count=2;",
        "COUNT=2;FREQ=WEEKLY",
        "RSCALE=GREGORIAN;FREQ=WEEKLY;COUNT=2;SKIP=OMIT",
        " FREQ=WEEKLY; COUNT=2 ",
    ] {
        assert_eq!(june(&[Event { rrules: vec![rule], ..event("20260601T090000") }]).len(), 2, "{rule}");
    }
}

#[test]
fn shapes_that_libraries_read_in_two_ways() {
    let found = |rule: &str, start: &str| {
        let series = Event { rrules: vec![rule], ..event(start) };
        let found = all(&[series], "2026-01-01 00:00", "2027-01-01 00:00");
        found.instances.iter().map(|one| one.start.format("%m-%d").to_string()).collect::<Vec<_>>()
    };
    // Plain and counted weekdays add up.
    assert_eq!(
        found("FREQ=MONTHLY;COUNT=6;BYDAY=MO,1TU", "20260601T090000"),
        ["06-01", "06-02", "06-08", "06-15", "06-22", "06-29"]
    );
    // A week alone means the start's weekday.
    assert_eq!(found("FREQ=YEARLY;BYWEEKNO=20", "20260513T090000"), ["05-13"]);
    // No 31st of June.
    assert_eq!(found("FREQ=MONTHLY;COUNT=3", "20260531T090000"), ["05-31", "07-31", "08-31"]);
    assert_eq!(found("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2", "20260529T090000"), ["05-29", "06-30"]);
}
