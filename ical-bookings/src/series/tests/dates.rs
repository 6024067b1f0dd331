//! Starts of a series: the clock, days, dates put in and taken out.

use super::*;
use crate::ProblemKind::{BadRule, RuleIgnored};

#[test]
fn an_event_that_does_not_repeat_is_itself_and_no_instance() {
    let found = all(&[event("20260601T090000")], "2026-06-01 00:00", "2026-07-01 00:00");
    let (start, end) = (utc("2026-06-01 07:00"), utc("2026-06-01 08:00"));
    assert_eq!(found.instances, [Instance { original: None, start, end, payload: 0, cancelled: false }]);
    assert_eq!(all(&[event("20260601T090000")], "2026-06-02 00:00", "2026-07-01 00:00").instances, []);
}

#[test]
fn instances_that_overlap_the_window_are_returned_and_those_that_touch_it_are_not() {
    let nightly = Event { duration: Some("PT10H"), rrules: vec!["FREQ=DAILY"], ..event("20260501T220000") };
    let found = |from, to| shown(&all(std::slice::from_ref(&nightly), from, to));
    assert_eq!(found("2026-06-02 05:59", "2026-06-02 20:00"), ["01 20:00 #0"]);
    assert_eq!(found("2026-06-02 06:00", "2026-06-02 20:00"), Vec::<String>::new());
    assert_eq!(found("2026-06-02 06:00", "2026-06-02 20:01"), ["02 20:00 #0"]);
    assert_eq!(found("2026-06-02 20:00", "2026-06-02 06:00"), Vec::<String>::new());
}

#[test]
fn nine_o_clock_stays_nine_o_clock_over_a_change_of_the_clock() {
    let found = |tzid, start, from, to| {
        let series = Event { tzid: Some(tzid), ..weekly(start) };
        all(&[series], from, to)
            .instances
            .iter()
            .map(|one| one.start.format("%m-%d %H:%M").to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        found("Europe/Amsterdam", "20260323T090000", "2026-03-20 00:00", "2026-04-01 00:00"),
        ["03-23 08:00", "03-30 07:00"]
    );
    assert_eq!(
        found("America/New_York", "20261026T090000", "2026-10-20 00:00", "2026-11-03 00:00"),
        ["10-26 13:00", "11-02 14:00"]
    );
    // Lord Howe changes by half an hour.
    assert_eq!(
        found("Australia/Lord_Howe", "20260330T090000", "2026-03-29 00:00", "2026-04-07 00:00"),
        ["03-29 22:00", "04-05 22:30"]
    );
    // Turkey gave up winter time in 2016.
    assert_eq!(found("Europe/Istanbul", "20151229T090000", "2015-12-28 00:00", "2016-01-01 00:00"), ["12-29 07:00"]);
    assert_eq!(found("Europe/Istanbul", "20151229T090000", "2016-12-27 00:00", "2016-12-28 00:00"), ["12-27 06:00"]);
}

#[test]
fn an_instance_in_the_gap_and_one_that_comes_twice_have_the_offset_before_the_change() {
    let daily = Event { rrules: vec!["FREQ=DAILY"], ..event("20260101T023000") };
    let at = |from, to| all(std::slice::from_ref(&daily), from, to).instances.first().unwrap().start;
    assert_eq!(at("2026-03-29 00:30", "2026-03-29 20:00"), utc("2026-03-29 01:30"));
    assert_eq!(at("2026-10-24 22:00", "2026-10-25 20:00"), utc("2026-10-25 00:30"));
}

#[test]
fn an_end_gives_each_instance_the_same_time_and_days_follow_the_clock() {
    let exact = Event { end: Some("20260321T130000"), duration: None, ..weekly("20260320T120000") };
    let nominal = Event { duration: Some("P1D"), ..weekly("20260321T120000") };
    let end = |event| all(&[event], "2026-03-28 00:00", "2026-03-29 12:00").instances.last().unwrap().end;
    assert_eq!(end(exact), utc("2026-03-28 12:00"));
    assert_eq!(end(nominal), utc("2026-03-29 10:00"));
}

#[test]
fn whole_days_repeat_as_days() {
    let day = Event { tzid: None, duration: None, rrules: vec!["FREQ=DAILY;COUNT=3"], ..event("20260328") };
    let found = all(&[day], "2026-03-01 00:00", "2026-05-01 00:00").instances;
    let bounds: Vec<_> = found.iter().map(|one| (one.start, one.end)).collect();
    let day = |from, to| (utc(from), utc(to));
    assert_eq!(
        bounds,
        [
            day("2026-03-27 23:00", "2026-03-28 23:00"),
            day("2026-03-28 23:00", "2026-03-29 22:00"),
            day("2026-03-29 22:00", "2026-03-30 22:00"),
        ]
    );
}

#[test]
fn the_first_start_belongs_to_the_series_and_to_its_count() {
    let off = Event { rrules: vec!["FREQ=WEEKLY;BYDAY=TU;COUNT=3"], ..event("20260601T090000") };
    assert_eq!(june(&[off]), ["01 07:00 #0", "02 07:00 #0", "09 07:00 #0"]);
    let on = Event { rrules: vec!["FREQ=WEEKLY;COUNT=3"], ..event("20260601T090000") };
    assert_eq!(june(&[on]), ["01 07:00 #0", "08 07:00 #0", "15 07:00 #0"]);
}

#[test]
fn several_rules_and_dates_give_each_start_once() {
    let series = Event {
        rrules: vec!["FREQ=WEEKLY;UNTIL=20260616T000000Z", "FREQ=DAILY;INTERVAL=14;COUNT=2"],
        rdates: vec![
            ams("20260608T090000,20260620T150000"),
            raw(None, "20260621T100000Z"),
            raw(None, "20260622T100000"),
        ],
        ..event("20260601T090000")
    };
    let expected = ["01 07:00 #0", "08 07:00 #0", "15 07:00 #0", "20 13:00 #0", "21 10:00 #0", "22 08:00 #0"];
    assert_eq!(june(&[series]), expected);
}

#[test]
fn a_period_brings_its_own_end() {
    let series = Event {
        rdates: vec![raw(None, "20260610T100000Z/PT3H,20260611T100000Z/20260611T123000Z")],
        ..event("20260601T090000")
    };
    let found = all(&[series], "2026-06-02 00:00", "2026-07-01 00:00").instances;
    let minutes: Vec<i64> = found.iter().map(|one| (one.end - one.start).num_minutes()).collect();
    assert_eq!(minutes, [180, 150]);
}

#[test]
fn a_date_that_cannot_be_read_adds_nothing_and_is_reported() {
    let rdates = vec![raw(Some("Mars"), "20260602T090000"), raw(None, "20260610T100000Z/PT999H,20260611")];
    let found = all(&[Event { rdates, ..event("20260601T090000") }], "2026-06-01 00:00", "2026-07-01 00:00");
    assert_eq!(found.instances.len(), 1);
    assert_eq!(found.problems, [(ProblemKind::UnknownZone, 0), (ProblemKind::TooLong, 0), (BadRule, 0)]);
}

#[test]
fn a_removed_date_may_be_in_another_zone_or_a_day() {
    let without = |exdates| june(&[Event { exdates, ..weekly("20260601T090000") }]);
    let left = ["01 07:00 #0", "15 07:00 #0", "22 07:00 #0", "29 07:00 #0"];
    assert_eq!(without(vec![ams("20260608T090000")]), left);
    assert_eq!(without(vec![raw(None, "20260608T070000Z")]), left);
    assert_eq!(without(vec![raw(Some("America/New_York"), "20260608T030000")]), left);
    assert_eq!(without(vec![RawTime { value: "20260608", tzid: None, date: true }]), left);
    assert_eq!(without(vec![raw(None, "20260608T090000")]), left);
    // Another time of that day is another instance.
    assert_eq!(without(vec![ams("20260608T091500")]).len(), 5);
    assert_eq!(
        without(vec![ams("20260608T090000,20260615T090000"), ams("20260601T090000")]),
        ["22 07:00 #0", "29 07:00 #0"]
    );
}

#[test]
fn a_day_is_removed_by_local_not_by_utc_day() {
    let late =
        Event { tzid: Some("America/New_York"), exdates: vec![raw(None, "20260608")], ..weekly("20260601T220000") };
    assert_eq!(june(&[late]), ["02 02:00 #0", "16 02:00 #0", "23 02:00 #0", "30 02:00 #0"]);
}

#[test]
fn whole_days_are_removed_by_day_or_by_their_midnight() {
    for exdate in [raw(None, "20260608"), raw(None, "20260608T000000"), raw(None, "20260608T000000Z")] {
        let days = Event { tzid: None, duration: None, exdates: vec![exdate], ..weekly("20260601") };
        assert_eq!(june(&[days]).len(), 4, "{exdate:?}");
    }
}

#[test]
fn a_removed_date_that_cannot_be_read_costs_the_series() {
    let broken = Event { exdates: vec![raw(Some("Mars"), "20260608T090000")], ..weekly("20260601T090000") };
    let found = all(&[broken], "2026-06-01 00:00", "2026-07-01 00:00");
    assert_eq!((found.instances, found.problems), (vec![], vec![(BadRule, 0)]));
    let harmless = Event { exdates: vec![raw(None, ""), raw(None, "99991231T000000Z")], ..weekly("20260601T090000") };
    assert_eq!(june(&[harmless]).len(), 5);
}

#[test]
fn exrule_is_ignored_and_noted() {
    let mut zones = zones();
    let mut entries = entries(&[weekly("20260601T090000")], &mut zones);
    entries[0].exrule = true;
    let window = Window::new(utc("2026-06-01 00:00"), utc("2026-07-01 00:00"));
    let found = expand(&entries, &mut zones, window, &rules(), &Limits::default());
    assert_eq!((found.instances.len(), found.problems), (5, vec![(RuleIgnored, 0)]));
}
