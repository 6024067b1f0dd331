//! Events that replace instances of others.

use super::*;
use crate::ProblemKind::{NoEnd, RuleIgnored};

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
