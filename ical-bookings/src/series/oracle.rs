//! Our expansion against that of the `rrule` crate.

use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime, Timelike};
use proptest::prelude::*;
use rrule::RRuleSet;

use super::*;

/// Starts in a stretch of time, found by entering the rule near it.
fn ours(rule: &str, start: NaiveDateTime, from: NaiveDateTime, to: NaiveDateTime, most: usize) -> Vec<NaiveDateTime> {
    let rule = Rule::parse(rule).unwrap();
    let mut found = Vec::new();
    let mut budget = Budget::new(5_000_000);
    rule.each(start, from, to, &mut budget, |time| {
        found.push(time);
        found.len() < most
    });
    assert!(!budget.is_cut());
    found
}

/// The first starts by the crate, from the start on.
fn theirs(rule: &str, start: NaiveDateTime, most: u16) -> Option<Vec<NaiveDateTime>> {
    let text = format!("DTSTART:{}\nRRULE:{rule}", start.format("%Y%m%dT%H%M%SZ"));
    let found = text.parse::<RRuleSet>().ok()?.all(most);
    Some(found.dates.into_iter().map(|time| time.naive_utc()).collect())
}

/// Equal in the first instances of three decades, and in the stretch.
fn agree(rule: &str, start: NaiveDateTime, skip: i64, length: i64) -> Result<(), TestCaseError> {
    let mut all = ours(rule, start, start, start + Duration::days(11_000), 150);
    // The crate takes seconds to find nothing.
    prop_assume!(!all.is_empty());
    // The crate counts what the rule gives; the standard counts the first start besides.
    prop_assume!(!rule.contains("COUNT") || all.first() == Some(&start));
    let Some(theirs) = theirs(rule, start, u16::try_from(all.len()).unwrap()) else {
        return Err(TestCaseError::fail(format!("{rule} is no rule of the crate")));
    };
    prop_assert_eq!(&all, &theirs, "{} from {}", rule, start);
    let from = start + Duration::minutes(skip);
    let to = from + Duration::minutes(length);
    prop_assume!(all.last().is_some_and(|last| *last >= to || rule.contains("COUNT")));
    all.retain(|time| (from..to).contains(time));
    prop_assert_eq!(ours(rule, start, from, to, usize::MAX), all, "{} from {} within {} {}", rule, start, from, to);
    Ok(())
}

fn starts() -> impl Strategy<Value = NaiveDateTime> {
    (0_i64..4000, 0_i64..24 * 60).prop_map(|(day, minute)| {
        NaiveDate::from_ymd_opt(2016, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap()
            + Duration::days(day)
            + Duration::minutes(minute)
    })
}

fn part(name: &'static str, values: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    proptest::option::weighted(0.4, values)
        .prop_map(move |value| value.map_or(String::new(), |value| format!(";{name}={value}")))
}

fn numbers(range: impl Strategy<Value = i32>) -> impl Strategy<Value = String> {
    proptest::collection::btree_set(range, 1..4)
        .prop_map(|set| set.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
}

fn either_sign(most: i32) -> impl Strategy<Value = i32> {
    (1..=most, any::<bool>()).prop_map(|(number, negative)| if negative { -number } else { number })
}

fn weekdays() -> impl Strategy<Value = String> {
    proptest::sample::subsequence(vec!["MO", "TU", "WE", "TH", "FR", "SA", "SU"], 1..7).prop_map(|days| days.join(","))
}

fn nth_weekdays(most: i32) -> impl Strategy<Value = String> {
    proptest::collection::vec(
        (either_sign(most), proptest::sample::select(vec!["MO", "TU", "WE", "TH", "FR", "SA", "SU"])),
        1..3,
    )
    .prop_map(|days| days.iter().map(|(number, day)| format!("{number}{day}")).collect::<Vec<_>>().join(","))
}

fn week_start() -> impl Strategy<Value = String> {
    part("WKST", proptest::sample::select(vec!["MO", "TU", "SU"]).prop_map(str::to_owned))
}

fn count() -> impl Strategy<Value = String> {
    part("COUNT", (1_u32..80).prop_map(|count| count.to_string()))
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 100_000, failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn days_and_weeks_agree(
        every in "(DAILY|WEEKLY)", interval in 1..6, count in count(), months in part("BYMONTH", numbers(1..=12)),
        days in part("BYDAY", weekdays()), hours in part("BYHOUR", numbers(0..=23)), minutes in part("BYMINUTE", numbers(0..=59)),
        week_start in week_start(), start in starts(), skip in 0_i64..50_000, length in 0_i64..20_000,
    ) {
        agree(&format!("FREQ={every};INTERVAL={interval}{count}{months}{days}{hours}{minutes}{week_start}"), start, skip, length)?;
    }

    #[test]
    fn months_agree(
        interval in 1..6, count in count(), months in part("BYMONTH", numbers(1..=12)),
        month_days in part("BYMONTHDAY", numbers(either_sign(31))), days in part("BYDAY", prop_oneof![weekdays(), nth_weekdays(4)]),
        hours in part("BYHOUR", numbers(0..=23)), positions in part("BYSETPOS", numbers(either_sign(8))),
        start in starts(), skip in 0_i64..300_000, length in 0_i64..100_000,
    ) {
        let by = format!("{months}{month_days}{days}{hours}");
        let positions = if by.is_empty() { String::new() } else { positions };
        agree(&format!("FREQ=MONTHLY;INTERVAL={interval}{count}{by}{positions}"), start, skip, length)?;
    }

    #[test]
    fn years_agree(
        interval in 1..4, count in count(), months in part("BYMONTH", numbers(1..=12)),
        month_days in part("BYMONTHDAY", numbers(either_sign(31))), year_days in part("BYYEARDAY", numbers(either_sign(366))),
        days in part("BYDAY", prop_oneof![weekdays(), nth_weekdays(20)]), positions in part("BYSETPOS", numbers(either_sign(20))),
        start in starts(), skip in 0_i64..2_000_000, length in 0_i64..1_000_000,
    ) {
        let by = format!("{months}{month_days}{year_days}{days}");
        let positions = if by.is_empty() { String::new() } else { positions };
        agree(&format!("FREQ=YEARLY;INTERVAL={interval}{count}{by}{positions}"), start, skip, length)?;
    }

    // Not the first and last weeks: the crate misses days that belong to a week of the other year.
    #[test]
    fn weeks_of_the_year_agree(
        interval in 1..4, count in count(), weeks in numbers((3_i32..=50, any::<bool>()).prop_map(|(week, last)| if last { -week } else { week })), days in weekdays(), week_start in week_start(),
        start in starts(), skip in 0_i64..2_000_000, length in 0_i64..1_000_000,
    ) {
        agree(&format!("FREQ=YEARLY;INTERVAL={interval}{count};BYWEEKNO={weeks};BYDAY={days}{week_start}"), start, skip, length)?;
    }

    #[test]
    fn weeks_are_those_of_iso_8601(week in 1_i64..=53, start in starts()) {
        let rule = format!("FREQ=YEARLY;BYWEEKNO={week};BYDAY=MO,TU,WE,TH,FR,SA,SU");
        let by_calendar: Vec<_> = (0..1_500)
            .map(|day| start + Duration::days(day))
            .filter(|time| i64::from(time.iso_week().week()) == week)
            .collect();
        prop_assert_eq!(ours(&rule, start, start, start + Duration::days(1_500), usize::MAX), by_calendar);
    }

    // Against every second, minute or hour looked at: the crate loses the beat, and whole weeks, where it skips.
    #[test]
    fn hours_minutes_and_seconds_are_those_that_match(
        unit in 0_usize..3, interval in 1_i64..100, days in part("BYDAY", weekdays()), hours in part("BYHOUR", numbers(0..=23)),
        minutes in part("BYMINUTE", numbers(0..=59)), start in starts(), skip in 0_i64..9_000,
    ) {
        let (every, seconds) = [("SECONDLY", 1), ("MINUTELY", 60), ("HOURLY", 3600)][unit];
        let rule = format!("FREQ={every};INTERVAL={interval}{days}{hours}{minutes}");
        let parsed = Rule::parse(&rule).unwrap();
        let is_in = |list: &[u8], part: u32| list.is_empty() || list.iter().any(|listed| u32::from(*listed) == part);
        let matches = |time: &NaiveDateTime| {
            (parsed.weekdays == 0 || parsed.weekdays & (1 << time.weekday().num_days_from_monday()) != 0)
                && is_in(&parsed.hours, time.hour())
                && is_in(&parsed.minutes, time.minute())
        };
        // Nine thousand ticks; within an hour its minutes are listed or are the start's.
        let ticks = (0..9_000).step_by(usize::try_from(interval).unwrap()).map(|tick| start + Duration::seconds(tick * seconds));
        let by_hour = unit == 2 && !parsed.minutes.is_empty();
        let all = ticks.flat_map(|time| {
            let listed: Vec<u32> = if by_hour { parsed.minutes.iter().map(|minute| u32::from(*minute)).collect() } else { vec![time.minute()] };
            listed.into_iter().filter_map(move |minute| time.with_minute(minute))
        });
        let (from, to) = (start + Duration::seconds(skip * seconds), start + Duration::seconds(8_900 * seconds));
        let expected: Vec<_> = all.filter(matches).filter(|time| *time >= start && (from..to).contains(time)).collect();
        prop_assert_eq!(ours(&rule, start, from, to, usize::MAX), expected, "{} from {}", rule, start);
    }

    #[test]
    fn entering_a_rule_late_gives_the_same_as_walking_there(
        every in "(HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY)", interval in 1..9, days in part("BYDAY", weekdays()),
        start in starts(), skip in 0_i64..2_000, length in 0_i64..400,
    ) {
        let rule = format!("FREQ={every};INTERVAL={interval}{days}");
        let (from, to) = (start + Duration::days(skip), start + Duration::days(skip + length));
        let slow: Vec<_> = ours(&rule, start, start, to, usize::MAX).into_iter().filter(|time| *time >= from).collect();
        prop_assert_eq!(ours(&rule, start, from, to, usize::MAX), slow);
    }
}
