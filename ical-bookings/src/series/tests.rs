use std::time::{Duration as Wall, Instant};

use chrono::{Duration, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;
use crate::ProblemKind::{BadRule, NoEnd, RuleIgnored, RuleLimit};

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
fn a_series_that_ends_before_it_begins_is_deleted_with_its_overrides() {
    let deleted = Event { rrules: vec!["FREQ=WEEKLY;UNTIL=20260531T000000Z"], ..event("20260601T090000") };
    let moved = Event { id: Some(ams("20260608T090000")), ..event("20260609T090000") };
    assert_eq!(june(&[deleted, moved]), Vec::<String>::new());
}

#[test]
fn an_override_replaces_its_instance_wherever_it_stands_and_whatever_its_sequence() {
    let master = Event { sequence: Some("7"), ..weekly("20260601T090000") };
    let moved = |id| Event { id: Some(id), sequence: Some("2"), duration: Some("PT2H"), ..event("20260609T110000") };
    let expected = ["01 07:00", "09 09:00", "15 07:00", "22 07:00", "29 07:00"];
    for id in
        [ams("20260608T090000"), raw(None, "20260608T070000Z"), raw(None, "20260608"), raw(None, "20260608T090000")]
    {
        for events in [[master.clone(), moved(id)], [moved(id), master.clone()]] {
            let found: Vec<String> = june(&events).iter().map(|text| text[..8].to_owned()).collect();
            assert_eq!(found, expected, "{id:?}");
        }
    }
    let found = all(&[master, moved(raw(None, "20260608"))], "2026-06-09 00:00", "2026-06-10 00:00").instances;
    let (original, start, end) = (Some(utc("2026-06-08 07:00")), utc("2026-06-09 09:00"), utc("2026-06-09 11:00"));
    assert_eq!(found, [Instance { original, start, end, payload: 1, cancelled: false }]);
}

#[test]
fn an_override_may_move_into_the_window_or_out_of_it() {
    let into = Event { id: Some(ams("20260831T090000")), ..event("20260609T110000") };
    let out = Event { id: Some(ams("20260615T090000")), ..event("20260909T110000") };
    let found = june(&[weekly("20260601T090000"), into, out]);
    assert_eq!(found, ["01 07:00 #0", "08 07:00 #0", "09 09:00 #1", "22 07:00 #0", "29 07:00 #0"]);
}

#[test]
fn the_newest_of_two_events_counts() {
    let a = weekly("20260601T090000");
    let b = weekly("20260601T100000");
    let winner = |a: Event<'_>, b: Event<'_>| all(&[a, b], "2026-06-01 00:00", "2026-06-02 00:00").instances[0].payload;
    let with = |event: &Event<'static>, sequence, modified| Event { sequence, modified, ..event.clone() };
    assert_eq!(winner(with(&a, Some("2"), None), with(&b, Some("1"), Some("20260601T000000Z"))), 0);
    assert_eq!(winner(with(&a, Some("1"), Some("20260602T000000Z")), with(&b, Some("1"), Some("20260601T000000Z"))), 0);
    assert_eq!(winner(with(&a, Some("1"), None), with(&b, Some("1"), Some("20260601T000000Z"))), 1);
    assert_eq!(winner(a.clone(), b.clone()), 1);
    // Beyond all numbers, and below zero.
    assert_eq!(
        winner(with(&a, Some("99999999999999999999999"), None), with(&b, Some("18446744073709551614"), None)),
        0
    );
    assert_eq!(winner(with(&a, Some("-5"), None), with(&b, None, None)), 1);
    assert_eq!(winner(with(&a, Some("1"), None), with(&b, Some("-9"), None)), 0);
}

#[test]
fn a_newer_series_comes_with_its_own_dates_alone() {
    let old = Event {
        exdates: vec![ams("20260608T090000")],
        rdates: vec![ams("20260610T090000")],
        ..weekly("20260601T090000")
    };
    let new = Event { sequence: Some("1"), exdates: vec![ams("20260615T090000")], ..weekly("20260601T090000") };
    assert_eq!(june(&[new, old]), ["01 07:00 #0", "08 07:00 #0", "22 07:00 #0", "29 07:00 #0"]);
}

#[test]
fn of_two_overrides_of_an_instance_the_newest_counts() {
    let id = Some(ams("20260608T090000"));
    let first = Event { id, sequence: Some("3"), ..event("20260609T110000") };
    let second = Event { id, sequence: Some("2"), ..event("20260610T110000") };
    let found = june(&[weekly("20260601T090000"), first, second]);
    assert_eq!(found, ["01 07:00 #0", "09 09:00 #1", "15 07:00 #0", "22 07:00 #0", "29 07:00 #0"]);
}

#[test]
fn an_override_wins_over_a_removed_date_unless_the_series_is_newer() {
    let master = |sequence| Event { sequence, exdates: vec![ams("20260608T090000")], ..weekly("20260601T090000") };
    let moved = Event { id: Some(ams("20260608T090000")), sequence: Some("1"), ..event("20260609T110000") };
    assert_eq!(june(&[master(Some("1")), moved.clone()]).len(), 5);
    assert_eq!(june(&[master(Some("2")), moved.clone()]).len(), 4);
    let by_day = Event { exdates: vec![raw(None, "20260608")], ..master(Some("2")) };
    assert_eq!(june(&[by_day, moved]).len(), 4);
}

#[test]
fn a_change_for_the_future_shifts_all_later_ones_until_the_next() {
    let range = Some("THISANDFUTURE");
    let later = Event { range, id: Some(ams("20260608T090000")), duration: Some("PT3H"), ..event("20260609T100000") };
    let last = Event { range, id: Some(ams("20260622T090000")), ..event("20260622T080000") };
    let alone = Event { id: Some(ams("20260615T090000")), ..event("20260615T200000") };
    let found = all(&[weekly("20260601T090000"), later, last, alone], "2026-06-01 00:00", "2026-07-01 00:00");
    assert_eq!(shown(&found), ["01 07:00 #0", "09 08:00 #1", "15 18:00 #3", "22 06:00 #2", "29 06:00 #2"]);
    let hours: Vec<i64> = found.instances.iter().map(|one| (one.end - one.start).num_hours()).collect();
    assert_eq!(hours, [1, 3, 1, 1, 1]);
    assert_eq!(found.instances[4].original, Some(utc("2026-06-29 07:00")));
}

#[test]
fn a_change_for_the_future_keeps_to_the_clock_and_reaches_far_windows() {
    let later = Event { range: Some("thisandfuture"), id: Some(ams("20260608T090000")), ..event("20260608T100000") };
    let found = all(&[weekly("20260601T090000"), later], "2026-12-01 00:00", "2026-12-08 00:00");
    assert_eq!(shown(&found), ["07 09:00 #1"]);
    let moved = Event { range: Some("THISANDFUTURE"), id: Some(ams("20260608T090000")), ..event("20270608T090000") };
    let found = all(&[weekly("20260601T090000"), moved], "2027-06-10 00:00", "2027-06-17 00:00");
    assert_eq!(shown(&found), ["15 07:00 #1"]);
}

#[test]
fn a_cancellation_for_the_future_ends_the_series() {
    let end = Event {
        range: Some("THISANDFUTURE"),
        id: Some(ams("20260615T090000")),
        cancelled: true,
        ..event("20260615T090000")
    };
    let found = june(&[weekly("20260601T090000"), end]);
    assert_eq!(found, ["01 07:00 #0", "08 07:00 #0", "(15 07:00 #1)", "(22 07:00 #1)", "(29 07:00 #1)"]);
}

#[test]
fn after_a_broken_change_for_the_future_nothing_is_known() {
    let broken = Event {
        range: Some("THISANDFUTURE"),
        id: Some(ams("20260615T090000")),
        duration: None,
        ..event("20260615T090000")
    };
    assert_eq!(june(&[weekly("20260601T090000"), broken]), ["01 07:00 #0", "08 07:00 #0"]);
}

#[test]
fn a_change_for_the_past_is_ignored_and_noted() {
    let prior = Event { range: Some("THISANDPRIOR"), id: Some(ams("20260615T090000")), ..event("20260615T100000") };
    let found = all(&[weekly("20260601T090000"), prior], "2026-06-01 00:00", "2026-07-01 00:00");
    assert_eq!(shown(&found), ["01 07:00 #0", "08 07:00 #0", "15 08:00 #1", "22 07:00 #0", "29 07:00 #0"]);
    assert_eq!(found.problems, [(RuleIgnored, 1)]);
}

#[test]
fn an_override_without_series_is_a_booking_of_its_own() {
    let alone = Event { id: Some(ams("20260608T090000")), ..event("20260609T110000") };
    let found = all(&[alone], "2026-06-01 00:00", "2026-07-01 00:00").instances;
    assert_eq!(found[0].original, Some(utc("2026-06-08 07:00")));
    assert_eq!(found.len(), 1);
}

#[test]
fn a_cancelled_series_cancels_all_and_a_cancelled_override_its_instance() {
    let moved = Event { id: Some(ams("20260608T090000")), ..event("20260609T110000") };
    let series = Event { rrules: vec!["FREQ=WEEKLY;COUNT=3"], ..event("20260601T090000") };
    let cancelled = Event { cancelled: true, ..series.clone() };
    assert_eq!(june(&[cancelled, moved.clone()]), ["(01 07:00 #0)", "(09 09:00 #1)", "(15 07:00 #0)"]);
    let one = Event { cancelled: true, ..moved };
    assert_eq!(june(&[series, one]), ["01 07:00 #0", "(09 09:00 #1)", "15 07:00 #0"]);
}

#[test]
fn a_cancellation_need_not_repeat_the_time() {
    let bare = Event { id: Some(ams("20260608T090000")), duration: None, cancelled: true, ..event("20260608T090000") };
    let found = june(&[weekly("20260601T090000"), bare.clone()]);
    assert_eq!(found[..2], ["01 07:00 #0", "(08 07:00 #1)"]);
    // A broken override is no booking, and neither is what it replaces.
    let broken = Event { cancelled: false, ..bare };
    assert_eq!(entries(std::slice::from_ref(&broken), &mut zones())[0].when, Err(NoEnd));
    assert_eq!(june(&[weekly("20260601T090000"), broken]).len(), 4);
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

proptest! {
    #[test]
    fn no_text_makes_a_series_panic(
        rule in "\\PC{0,30}", date in "\\PC{0,20}", id in "\\PC{0,20}", range in "\\PC{0,14}", sequence in "\\PC{0,12}", stamp in "\\PC{0,16}",
    ) {
        let master = Event { rrules: vec![&rule], rdates: vec![raw(None, &date)], exdates: vec![raw(None, &id)], modified: Some(&stamp), ..event("20260601T090000") };
        let other = Event { id: Some(raw(Some(&date), &id)), range: Some(&range), sequence: Some(&sequence), ..event("20260602T090000") };
        let _ = all(&[master.clone(), other.clone()], "2026-06-01 00:00", "2027-07-01 00:00");
        let _ = all(&[Event { rrules: vec!["FREQ=DAILY"], ..master }, other], "2026-06-01 00:00", "2027-07-01 00:00");
    }

    #[test]
    fn nearly_rules_end_within_their_steps(
        rule in "FREQ=(SECONDLY|MINUTELY|HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY)(;INTERVAL=[0-9]{1,12})?(;COUNT=[0-9]{1,20})?(;UNTIL=[0-9]{8}(T[0-9]{6}Z?)?)?(;BYMONTH=[1-9](,1[0-2])?)?(;BYMONTHDAY=-?[1-9](,[1-3][0-9])?)?(;BYDAY=(-?[1-5])?(MO|SU))?(;BYWEEKNO=-?[1-5][0-3]?)?(;BYHOUR=[0-9](,2[0-3])?)?(;BYSECOND=[0-9])?(;BYSETPOS=-?[1-9])?",
        start in "(19[789][0-9]|2[01][0-9][0-9])(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])T(0[0-9]|1[0-9]|2[0-3])[0-5][0-9]00",
    ) {
        let found = all(&[Event { rrules: vec![&rule], ..event(&start) }], "2026-06-01 00:00", "2028-06-01 00:00");
        prop_assert!(found.instances.len() <= 2_000 && found.steps <= 100_000);
        prop_assert!(found.instances.windows(2).all(|pair| pair[0].start <= pair[1].start));
        prop_assert!(found.instances.iter().all(|one| one.start < one.end));
    }

    #[test]
    fn a_window_shows_what_the_whole_series_has_in_it(
        rule in "FREQ=(DAILY|WEEKLY|MONTHLY)(;INTERVAL=[1-4])?(;BYDAY=(MO|TU,FR|SA,SU))?", start_day in 0_i64..700, from in 0_i64..1_400, days in 1_i64..120,
        hours in 1_i64..100, tzid in "(Europe/Amsterdam|America/New_York|Australia/Lord_Howe)", shift in -3000_i64..3000,
    ) {
        let first = utc("2024-01-01 00:00");
        let start = (first + Duration::days(start_day)).format("%Y%m%dT091500").to_string();
        let third = (first + Duration::days(start_day + 200)).format("%Y%m%dT091500").to_string();
        let moved = (first + Duration::days(start_day + 200) + Duration::minutes(shift)).format("%Y%m%dT%H%M00").to_string();
        let duration = format!("PT{hours}H");
        let master = Event { tzid: Some(&tzid), duration: Some(&duration), rrules: vec![&rule], ..event(&start) };
        let later = Event { tzid: Some(&tzid), id: Some(raw(Some(&tzid), &third)), range: Some("THISANDFUTURE"), ..event(&moved) };
        let mut zones = zones();
        let entries = entries(&[master, later], &mut zones);
        let limits = Limits { instances_per_series: 20_000, ..Limits::default() };
        let window = Window::new(first + Duration::days(from), first + Duration::days(from + days));
        let whole = Window::new(utc("1990-01-01 00:00"), utc("2030-01-01 00:00"));
        let part = expand(&entries, &mut zones, window, &rules(), &limits);
        let mut all = expand(&entries, &mut zones, whole, &rules(), &limits);
        all.instances.retain(|one| window.overlaps(one.start, one.end));
        prop_assert_eq!(part.instances, all.instances);
    }
}
