//! What holds for any text and any series.

use proptest::prelude::*;

use super::*;

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
