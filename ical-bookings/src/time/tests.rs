use chrono::{Duration, NaiveTime, TimeZone};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;
use crate::Limits;
use crate::ProblemKind::{BadZone, ZoneLimit};

fn raw(value: &str) -> RawTime<'_> {
    RawTime { value, ..RawTime::default() }
}

fn zoned<'a>(tzid: &'a str, value: &'a str) -> RawTime<'a> {
    RawTime { value, tzid: Some(tzid), date: false }
}

fn zones_of(blocks: &[ZoneBlock]) -> Zones {
    let mut problems = Vec::new();
    let zones = Zones::new(blocks, None, Some(Tz::Europe__Amsterdam), &Limits::default(), &mut problems);
    assert_eq!(problems, []);
    zones
}

fn utc(text: &str) -> DateTime<Utc> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap().and_utc()
}

/// `tzid` and `value` give that instant.
#[track_caller]
fn gives(zones: &mut Zones, tzid: &str, value: &str, expected: &str) {
    assert_eq!(zones.moment(zoned(tzid, value)).unwrap().utc, utc(expected), "{tzid} {value}");
}

fn part(dtstart: &str, from: &str, to: &str, rrule: &str) -> Observance {
    Observance {
        dtstart: dtstart.into(),
        offset_from: from.into(),
        offset_to: to.into(),
        rrules: if rrule.is_empty() { Vec::new() } else { vec![rrule.into()] },
        rdates: Vec::new(),
    }
}

fn block(tzid: &str, observances: Vec<Observance>) -> ZoneBlock {
    ZoneBlock { tzid: tzid.into(), location: None, observances }
}

fn western_europe(tzid: &str) -> ZoneBlock {
    let standard = part("16010101T030000", "+0200", "+0100", "FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10");
    let daylight = part("16010101T020000", "+0100", "+0200", "FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3");
    block(tzid, vec![standard, daylight])
}

fn day_rules() -> DayRules {
    DayRules { check_in: NaiveTime::MIN, check_out: NaiveTime::MIN, longest: Duration::days(31) }
}

#[test]
fn a_utc_time_needs_no_zone_and_ignores_one() {
    let mut zones = zones_of(&[]);
    let plain = zones.moment(raw("20260601T100000Z")).unwrap();
    assert_eq!((plain.utc, plain.notes), (utc("2026-06-01 10:00:00"), Notes::default()));
    let beside = zones.moment(zoned("No Such Zone", "20260601T100000Z")).unwrap();
    assert_eq!((beside.utc, beside.notes), (plain.utc, Notes::ZONE_CONFLICT));
}

#[test]
fn a_definition_of_the_calendar_decides() {
    let fixed = block("UTC-05", vec![part("20160101T000000", "-0500", "-0500", "")]);
    let mut zones = zones_of(&[fixed, western_europe("Our Zone")]);
    // One without rule holds before and after its start.
    gives(&mut zones, "UTC-05", "19990101T120000", "1999-01-01 17:00:00");
    gives(&mut zones, "UTC-05", "20260101T120000", "2026-01-01 17:00:00");
    gives(&mut zones, "Our Zone", "20260701T120000", "2026-07-01 10:00:00");
    gives(&mut zones, "Our Zone", "20261201T120000", "2026-12-01 11:00:00");
    gives(&mut zones, "Our Zone", "19700101T120000", "1970-01-01 11:00:00");
    gives(&mut zones, "Our Zone", "22000701T120000", "2200-07-01 10:00:00");
}

#[test]
fn a_definition_wins_over_the_meaning_of_its_name() {
    let mut zones = zones_of(&[block("UTC+02", vec![part("20160101T000000", "+0300", "+0300", "")])]);
    gives(&mut zones, "UTC+02", "20260101T120000", "2026-01-01 09:00:00");
}

#[test]
fn before_its_first_onset_a_definition_has_the_offset_it_comes_from() {
    let mut zones = zones_of(&[block(
        "X",
        vec![part("20200101T000000", "+0100", "+0300", ""), part("20210101T000000", "+0300", "+0400", "")],
    )]);
    gives(&mut zones, "X", "20191231T235959", "2019-12-31 22:59:59");
    gives(&mut zones, "X", "20200601T120000", "2020-06-01 09:00:00");
    gives(&mut zones, "X", "20260601T120000", "2026-06-01 08:00:00");
}

#[test]
fn onsets_may_come_from_rules_that_end_and_from_dates() {
    let mut standard =
        part("20001029T030000", "+0200", "+0100", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10;UNTIL=20021027T010000Z");
    standard.rdates = vec!["20101031T030000,20111030T030000".into()];
    let daylight = part("20000326T020000", "+0100", "+0200", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3;UNTIL=20030330T010000Z");
    let mut zones = zones_of(&[block("X", vec![standard, daylight])]);
    gives(&mut zones, "X", "20021027T120000", "2002-10-27 11:00:00");
    gives(&mut zones, "X", "20030330T120000", "2003-03-30 10:00:00");
    gives(&mut zones, "X", "20051201T120000", "2005-12-01 10:00:00");
    gives(&mut zones, "X", "20101031T120000", "2010-10-31 11:00:00");
}

#[test]
fn a_block_that_agrees_with_the_database_is_not_noted_and_one_that_differs_wins_and_is() {
    let stale = block("Europe/Amsterdam", vec![part("19700101T000000", "+0100", "+0100", "")]);
    let mut zones = zones_of(&[stale]);
    let winter = zones.moment(zoned("Europe/Amsterdam", "20260101T120000")).unwrap();
    assert_eq!((winter.utc, winter.notes), (utc("2026-01-01 11:00:00"), Notes::default()));
    let summer = zones.moment(zoned("Europe/Amsterdam", "20260701T120000")).unwrap();
    assert_eq!((summer.utc, summer.notes), (utc("2026-07-01 11:00:00"), Notes::ZONE_CONFLICT));

    let mut located = block("Mine", vec![part("19700101T000000", "+0100", "+0100", "")]);
    located.location = Some("Europe/Amsterdam".into());
    assert_eq!(zones_of(&[located]).moment(zoned("Mine", "20260701T120000")).unwrap().notes, Notes::ZONE_CONFLICT);
}

#[test]
fn a_rule_block_equals_the_database_on_every_hour_of_its_changes() {
    let mut zones = zones_of(&[western_europe("Block")]);
    for day in ["20260329", "20261025", "20380328", "20380101", "19970330"] {
        for minute in 0..24 * 60 / 10 {
            let value = format!("{day}T{:02}{:02}00", minute / 6, minute % 6 * 10);
            let by_block = zones.moment(zoned("Block", &value)).unwrap();
            let by_name = zones.moment(zoned("Europe/Amsterdam", &value)).unwrap();
            assert_eq!(by_block.utc, by_name.utc, "{value}");
            assert_eq!(zones.local(by_block.zone, by_block.utc), zones.local(by_name.zone, by_name.utc), "{value}");
        }
    }
}

#[test]
fn iana_names_are_known_also_at_the_end_of_a_path() {
    let mut zones = zones_of(&[]);
    for tzid in [
        "Europe/Amsterdam",
        "europe/amsterdam",
        "/freeassociation.sourceforge.net/Europe/Amsterdam",
        "/mozilla.org/20050126_1/Europe/Amsterdam",
        "\"Europe/Amsterdam\"",
        "  Europe/Amsterdam ",
    ] {
        gives(&mut zones, tzid, "20260701T120000", "2026-07-01 10:00:00");
    }
    gives(&mut zones, "/x/America/Argentina/Buenos_Aires", "20260701T120000", "2026-07-01 15:00:00");
}

#[test]
fn windows_names_and_displayed_names_are_known() {
    let mut zones = zones_of(&[]);
    for tzid in [
        "W. Europe Standard Time",
        "w. europe standard time",
        "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
        "(GMT+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
        "(GMT+01:00) Amsterdam\\, Berlin\\, Bern\\, Rome\\, Stockholm\\, Vienna",
    ] {
        gives(&mut zones, tzid, "20260701T120000", "2026-07-01 10:00:00");
    }
    gives(&mut zones, "(GMT+10:00) Canberra, Melbourne, Sydney", "20260101T120000", "2026-01-01 01:00:00");
    gives(&mut zones, "(UTC) Coordinated Universal Time", "20260101T120000", "2026-01-01 12:00:00");
    gives(&mut zones, "UTC-11", "20260101T120000", "2026-01-01 23:00:00");
}

#[test]
fn utc_has_several_names() {
    let mut zones = zones_of(&[]);
    for tzid in ["UTC", "GMT", "Z", "Etc/UTC", "utc", "Etc/GMT"] {
        gives(&mut zones, tzid, "20260701T120000", "2026-07-01 12:00:00");
    }
}

#[test]
fn an_offset_as_name_counts_east_but_etc_names_count_west() {
    let mut zones = zones_of(&[]);
    gives(&mut zones, "UTC+02", "20260701T120000", "2026-07-01 10:00:00");
    gives(&mut zones, "UTC-3", "20260701T120000", "2026-07-01 15:00:00");
    gives(&mut zones, "UTC+05:30", "20260701T120000", "2026-07-01 06:30:00");
    gives(&mut zones, "UTC+0545", "20260701T120000", "2026-07-01 06:15:00");
    gives(&mut zones, "GMT+2", "20260701T120000", "2026-07-01 10:00:00");
    gives(&mut zones, "Etc/GMT-2", "20260701T120000", "2026-07-01 10:00:00");
}

#[test]
fn names_of_definitions_are_compared_without_quotes_escapes_and_blanks() {
    let mut zones = zones_of(&[block(" Mine\\, and yours", vec![part("20160101T000000", "+0700", "+0700", "")])]);
    for tzid in ["Mine, and yours", "\"Mine, and yours\"", " Mine\\, and yours "] {
        gives(&mut zones, tzid, "20260701T120000", "2026-07-01 05:00:00");
    }
}

#[test]
fn unknown_zones_are_refused_not_guessed() {
    let mut zones = zones_of(&[]);
    for tzid in [
        "",
        " ",
        "\"\"",
        "Mars/Olympus",
        "tzone://Microsoft/Custom",
        "Customized Time Zone",
        "(UTC+01:00)",
        "(UTC+01:00) Nowhere",
        "UTC+99",
        "UTC+",
        "UTC+2:5",
        "UTC+123",
        "UTC+1x",
        "+02:00",
        "/",
        "//",
        "/Nowhere/At All",
        "UTC+02:60",
        "(",
        "(\u{e9}\u{e9})",
    ] {
        assert_eq!(zones.moment(zoned(tzid, "20260701T120000")), Err(ProblemKind::UnknownZone), "{tzid}");
    }
}

#[test]
fn a_floating_time_is_of_the_calendar_else_of_the_link_else_refused() {
    let mut none = Vec::new();
    let limits = Limits::default();
    let mut at = |calendar: Option<&str>, link: Option<Tz>, blocks: &[ZoneBlock]| {
        Zones::new(blocks, calendar, link, &limits, &mut none).moment(raw("20260701T120000")).map(|moment| moment.utc)
    };
    let (tokyo, amsterdam) = (Some("Asia/Tokyo"), Some(Tz::Europe__Amsterdam));
    assert_eq!(at(tokyo, amsterdam, &[]), Ok(utc("2026-07-01 03:00:00")));
    assert_eq!(at(Some("Nowhere"), amsterdam, &[]), Ok(utc("2026-07-01 10:00:00")));
    assert_eq!(at(None, amsterdam, &[]), Ok(utc("2026-07-01 10:00:00")));
    // A lone definition says nothing about floating times.
    assert_eq!(at(None, None, &[western_europe("X")]), Err(ProblemKind::NoZone));
}

#[test]
fn a_time_in_the_spring_gap_has_the_offset_before_it() {
    let mut zones = zones_of(&[western_europe("Block")]);
    for tzid in ["Europe/Amsterdam", "Block"] {
        gives(&mut zones, tzid, "20260329T015959", "2026-03-29 00:59:59");
        gives(&mut zones, tzid, "20260329T023000", "2026-03-29 01:30:00");
        gives(&mut zones, tzid, "20260329T030000", "2026-03-29 01:00:00");
    }
    gives(&mut zones, "America/New_York", "20260308T023000", "2026-03-08 07:30:00");
    // Half an hour, and a day that Samoa left out.
    gives(&mut zones, "Australia/Lord_Howe", "20261004T021500", "2026-10-03 15:45:00");
    gives(&mut zones, "Pacific/Apia", "20111230T120000", "2011-12-30 22:00:00");
}

#[test]
fn a_time_that_comes_twice_is_the_first() {
    let mut zones = zones_of(&[western_europe("Block")]);
    for tzid in ["Europe/Amsterdam", "Block"] {
        gives(&mut zones, tzid, "20261025T023000", "2026-10-25 00:30:00");
        gives(&mut zones, tzid, "20261025T030000", "2026-10-25 02:00:00");
    }
    gives(&mut zones, "America/New_York", "20261101T013000", "2026-11-01 05:30:00");
    gives(&mut zones, "Australia/Lord_Howe", "20260405T014500", "2026-04-04 14:45:00");
}

#[test]
fn a_zone_whose_rules_changed_has_the_offset_of_the_day() {
    let mut zones = zones_of(&[]);
    // Turkey stays in summer time since 2016.
    gives(&mut zones, "Europe/Istanbul", "20150115T120000", "2015-01-15 10:00:00");
    gives(&mut zones, "Europe/Istanbul", "20260115T120000", "2026-01-15 09:00:00");
    gives(&mut zones, "Europe/Istanbul", "20150715T120000", "2015-07-15 09:00:00");
}

#[test]
fn a_day_is_midnight_in_the_zone_of_the_link() {
    let mut problems = Vec::new();
    let mut zones = Zones::new(&[], Some("Asia/Tokyo"), Some(Tz::Europe__Amsterdam), &Limits::default(), &mut problems);
    for raw in [raw("20260701"), RawTime { value: "20260701", tzid: None, date: true }] {
        let moment = zones.moment(raw).unwrap();
        assert_eq!((moment.utc, moment.date), (utc("2026-06-30 22:00:00"), true));
    }
    let mut nowhere = Zones::new(&[], None, None, &Limits::default(), &mut problems);
    assert_eq!(nowhere.moment(raw("20260701")), Err(ProblemKind::NoZone));
}

#[test]
fn other_forms_of_times_are_read_and_noted() {
    let mut zones = zones_of(&[]);
    for value in [
        "20260601T1000Z",
        "2026-06-01T10:00:00Z",
        "2026-06-01T10:00Z",
        "20260601T120000+0200",
        "2026-06-01T12:00:00+02:00",
        "2026-06-01 10:00:00z",
        "2026-06-01T10:00:00.000Z",
        "20260601T120000+02",
    ] {
        let moment = zones.moment(raw(value)).unwrap();
        assert_eq!((moment.utc, moment.notes), (utc("2026-06-01 10:00:00"), Notes::REPAIRED), "{value}");
    }
    assert_eq!(zones.moment(raw(" 20260601T100000Z  ")).unwrap().notes, Notes::default());
    let day = zones.moment(raw("2026-06-01")).unwrap();
    assert_eq!((day.date, day.notes), (true, Notes::REPAIRED));
    let time = zones.moment(RawTime { value: "20260601T100000Z", tzid: None, date: true }).unwrap();
    assert_eq!((time.date, time.notes), (false, Notes::REPAIRED));
}

#[test]
fn a_leap_second_is_the_second_before() {
    assert_eq!(zones_of(&[]).moment(raw("20161231T235960Z")).unwrap().utc, utc("2016-12-31 23:59:59"));
}

#[test]
fn what_is_no_time_is_refused() {
    let mut zones = zones_of(&[]);
    for value in [
        "",
        " ",
        "20260601T240000Z",
        "20261301T100000Z",
        "20260230",
        "20260230T100000",
        "20260601T106000Z",
        "20260601T100061Z",
        "2026",
        "20260601T",
        "20260601T10",
        "20260601T100000ZZ",
        "20260601T100000+",
        "20260601T100000+9900",
        "20260601T100000+02:60",
        "x",
        "2026060a",
        "20260601X100000",
        "-20260601",
        "\u{662}\u{660}\u{662}\u{666}0601",
        "20260601T10000\u{e9}",
        "20260601T100000.Z",
        "00000000",
    ] {
        assert_eq!(zones.moment(raw(value)), Err(ProblemKind::BadTime), "{value}");
    }
}

#[test]
fn years_that_no_booking_means_are_refused() {
    let mut zones = zones_of(&[]);
    for value in ["19691231T235959Z", "22010101T000000Z", "00010101T000000", "99991231"] {
        assert_eq!(zones.moment(raw(value)), Err(ProblemKind::YearOutOfRange), "{value}");
    }
    assert!(zones.moment(raw("19700101T000000Z")).is_ok());
    assert!(zones.moment(raw("22001231T235959Z")).is_ok());
}

/// From, to and notes of a booking.
fn bounds(
    start: RawTime<'_>,
    end: Option<RawTime<'_>>,
    duration: Option<&str>,
) -> Result<(DateTime<Utc>, DateTime<Utc>, bool, Notes), ProblemKind> {
    zones_of(&[])
        .interval(start, end, duration, &day_rules())
        .map(|interval| (interval.from, interval.to, interval.all_day, interval.notes))
}

#[test]
fn an_end_is_taken_as_given_in_its_own_zone() {
    let found =
        bounds(zoned("Europe/Amsterdam", "20260601T100000"), Some(zoned("America/New_York", "20260601T053000")), None);
    assert_eq!(found, Ok((utc("2026-06-01 08:00:00"), utc("2026-06-01 09:30:00"), false, Notes::default())));
}

#[test]
fn days_of_a_duration_follow_the_clock_and_hours_do_not() {
    let start = zoned("Europe/Amsterdam", "20260328T120000");
    let to = |duration| bounds(start, None, Some(duration)).map(|found| found.1);
    assert_eq!(to("P1D"), Ok(utc("2026-03-29 10:00:00")));
    assert_eq!(to("PT24H"), Ok(utc("2026-03-29 11:00:00")));
    assert_eq!(to("P1W"), Ok(utc("2026-04-04 10:00:00")));
    assert_eq!(to("P1DT2H"), Ok(utc("2026-03-29 12:00:00")));
    assert_eq!(to("+PT1H30M15S"), Ok(utc("2026-03-28 12:30:15")));
}

#[test]
fn of_end_and_duration_the_end_counts() {
    let found = bounds(raw("20260601T100000Z"), Some(raw("20260601T110000Z")), Some("PT5H")).unwrap();
    assert_eq!((found.1, found.3), (utc("2026-06-01 11:00:00"), Notes::END_AND_DURATION));
}

#[test]
fn a_day_without_end_is_one_day_and_a_time_without_end_is_refused() {
    let found = bounds(raw("20260601"), None, None).unwrap();
    assert_eq!((found.0, found.1, found.2), (utc("2026-05-31 22:00:00"), utc("2026-06-01 22:00:00"), true));
    assert_eq!(bounds(raw("20260601T100000Z"), None, None), Err(ProblemKind::NoEnd));
}

#[test]
fn empty_and_reversed_bookings_are_refused() {
    let start = raw("20260601T100000Z");
    assert_eq!(bounds(start, Some(start), None), Err(ProblemKind::ZeroLength));
    assert_eq!(bounds(start, None, Some("PT0S")), Err(ProblemKind::ZeroLength));
    assert_eq!(bounds(raw("20260601"), Some(raw("20260601")), None), Err(ProblemKind::ZeroLength));
    assert_eq!(bounds(start, Some(raw("20260601T090000Z")), None), Err(ProblemKind::EndBeforeStart));
    assert_eq!(bounds(raw("20260601"), Some(raw("20260531")), None), Err(ProblemKind::EndBeforeStart));
    assert_eq!(bounds(start, None, Some("-PT1H")), Err(ProblemKind::EndBeforeStart));
}

#[test]
fn unreadable_durations_are_refused() {
    for duration in ["", "P", "PT", "1H", "PT1", "P1H", "PT1D", "P1M", "PT1M1H", "P1DT", "PTH", "P 1D", "P-1D"] {
        assert_eq!(bounds(raw("20260601T100000Z"), None, Some(duration)), Err(ProblemKind::BadTime), "{duration}");
    }
}

#[test]
fn a_day_on_one_side_and_a_time_on_the_other_is_midnight_and_noted() {
    let day_first = bounds(raw("20260601"), Some(raw("20260601T100000Z")), None).unwrap();
    assert_eq!(day_first, (utc("2026-05-31 22:00:00"), utc("2026-06-01 10:00:00"), false, Notes::MIXED));
    let time_first = bounds(raw("20260601T100000Z"), Some(raw("20260602")), None).unwrap();
    assert_eq!(time_first, (utc("2026-06-01 10:00:00"), utc("2026-06-01 22:00:00"), false, Notes::MIXED));
    let lasting = bounds(raw("20260601"), None, Some("PT3H")).unwrap();
    assert_eq!(lasting, (utc("2026-05-31 22:00:00"), utc("2026-06-01 01:00:00"), false, Notes::MIXED));
}

#[test]
fn longer_than_the_limit_is_refused_also_when_a_clock_change_stretches_the_days() {
    assert!(bounds(raw("20261001"), Some(raw("20261101")), None).is_ok());
    assert_eq!(bounds(raw("20261001"), Some(raw("20261102")), None), Err(ProblemKind::TooLong));
    assert_eq!(bounds(raw("20261001T000000Z"), Some(raw("20261101T000001Z")), None), Err(ProblemKind::TooLong));
    for duration in ["P32D", "P99999999999999999999W", "PT99999999999999999999H", "P1000000000W"] {
        assert_eq!(bounds(raw("20261001T000000Z"), None, Some(duration)), Err(ProblemKind::TooLong), "{duration}");
    }
}

#[test]
fn whole_days_go_from_check_in_to_check_out() {
    let rules = DayRules {
        check_in: NaiveTime::from_hms_opt(15, 0, 0).unwrap(),
        check_out: NaiveTime::from_hms_opt(11, 0, 0).unwrap(),
        ..day_rules()
    };
    let stay = zones_of(&[]).interval(raw("20260601"), Some(raw("20260603")), None, &rules).unwrap();
    assert_eq!((stay.from, stay.to), (utc("2026-06-01 13:00:00"), utc("2026-06-03 09:00:00")));
    assert_eq!(stay.start.utc, utc("2026-05-31 22:00:00"));
}

#[test]
fn a_broken_definition_is_reported_and_its_name_is_left_to_the_database() {
    let limits = Limits::default();
    let faulty = [
        block("Nowhere", vec![]),
        block("", vec![part("20160101T000000", "+0100", "+0100", "")]),
        block("Europe/Amsterdam", vec![part("20160101T000000", "+0100", "+9900", "")]),
        block("Rule", vec![part("20160101T000000", "+0100", "+0200", "FREQ=SOMETIMES")]),
        ZoneBlock { location: Some("Europe/Amsterdam".into()), ..block("Located", vec![]) },
        block("Often", vec![part("20160101T000000", "+0100", "+0200", "FREQ=SECONDLY")]),
    ];
    let mut problems = Vec::new();
    let mut zones = Zones::new(&faulty, None, None, &limits, &mut problems);
    let kinds: Vec<ProblemKind> = problems.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [BadZone, BadZone, BadZone, BadZone, BadZone, ZoneLimit]);
    gives(&mut zones, "Europe/Amsterdam", "20260701T120000", "2026-07-01 10:00:00");
    gives(&mut zones, "Located", "20260701T120000", "2026-07-01 10:00:00");
    for tzid in ["Nowhere", "Rule", "Often"] {
        assert_eq!(zones.moment(zoned(tzid, "20260701T120000")), Err(ProblemKind::UnknownZone));
    }
}

#[test]
fn definitions_of_one_name_that_contradict_each_other_are_refused_and_equal_ones_are_not() {
    let one = block("X", vec![part("20160101T000000", "+0100", "+0100", "")]);
    let other = block("X", vec![part("20160101T000000", "+0200", "+0200", "")]);
    let mut problems = Vec::new();
    let mut zones = Zones::new(&[one.clone(), one.clone()], None, None, &Limits::default(), &mut problems);
    assert_eq!(problems, []);
    gives(&mut zones, "X", "20260701T120000", "2026-07-01 11:00:00");
    let mut zones = Zones::new(&[one, other], None, None, &Limits::default(), &mut problems);
    assert_eq!(problems.len(), 1);
    assert_eq!(zones.moment(zoned("X", "20260701T120000")), Err(ProblemKind::UnknownZone));
}

#[test]
fn more_zones_than_allowed_are_reported() {
    let blocks: Vec<ZoneBlock> = (0..4)
        .map(|number| block(&format!("Z{number}"), vec![part("20160101T000000", "+0100", "+0100", "")]))
        .collect();
    let mut problems = Vec::new();
    let limits = Limits { zones: 3, ..Limits::default() };
    let mut zones = Zones::new(&blocks, None, None, &limits, &mut problems);
    assert_eq!(problems.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [ProblemKind::ZoneLimit]);
    assert!(zones.moment(zoned("Z2", "20260701T120000")).is_ok());
    assert_eq!(zones.moment(zoned("Z3", "20260701T120000")), Err(ProblemKind::UnknownZone));
}

#[test]
fn a_definition_from_the_year_one_costs_no_more_than_one_of_today() {
    let old = block("Old", vec![part("00010101T030000", "+0200", "+0100", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10")]);
    let mut zones = zones_of(&[old]);
    gives(&mut zones, "Old", "20260701T120000", "2026-07-01 11:00:00");
    let limits = Limits { onsets: 250, ..Limits::default() };
    let mut problems = Vec::new();
    Zones::new(&[western_europe("Old")], None, None, &Limits { onsets: 500, ..limits }, &mut problems);
    assert_eq!(problems, []);
}

#[test]
fn clocks_of_the_database_follow_their_rules_up_to_the_last_believed_year() {
    let mut zones = zones_of(&[]);
    gives(&mut zones, "Europe/Amsterdam", "20990701T120000", "2099-07-01 10:00:00");
    gives(&mut zones, "Europe/Amsterdam", "22000701T120000", "2200-07-01 10:00:00");
}

proptest! {
    #[test]
    fn no_text_makes_times_panic(value in "\\PC{0,24}", tzid in proptest::option::of("\\PC{0,24}"), duration in "\\PC{0,12}", date: bool) {
        let mut zones = zones_of(&[]);
        let raw = RawTime { value: &value, tzid: tzid.as_deref(), date };
        let _ = zones.moment(raw);
        let start = RawTime { value: "20260601T100000Z", tzid: None, date: false };
        let _ = zones.interval(start, Some(raw), None, &day_rules());
        let _ = zones.interval(start, None, Some(&duration), &day_rules());
    }

    #[test]
    fn nearly_times_do_not_panic(value in "[0-9]{8}[T ]?[0-9:]{0,8}[-+.Z]{0,2}[0-9:]{0,6}", name in "(UTC|GMT|/|\\(UTC)[-+0-9:)/ ]{0,8}",
        duration in "[-+]?P[0-9]{0,20}[WDT]?[0-9]{0,20}[THMS]?[0-9]{0,3}[MS]?") {
        let mut zones = zones_of(&[]);
        let _ = zones.moment(zoned(&name, &value));
        let _ = zones.interval(zoned(&name, "20260601T100000"), Some(raw(&value)), Some(&duration), &day_rules());
        let _ = zones.interval(raw("22001231T235959Z"), None, Some(&duration), &DayRules { longest: Duration::MAX, ..day_rules() });
    }

    #[test]
    fn no_definition_panics(
        tzid in "\\PC{0,8}", dtstart in "([0-9]{8}T[0-9]{6}Z?|\\PC{0,16})", from in "[-+][0-9]{2,6}", to in "[-+][0-9]{2,6}",
        rule in "FREQ=(YEARLY|MONTHLY|DAILY|SECONDLY)(;BYDAY=-?[0-6]?(SU|MO))?(;BYMONTH=1?[0-9])?(;UNTIL=[0-9]{8}T[0-9]{6}Z?)?(;COUNT=[0-9]{1,9})?",
        rdate in "[0-9]{8}T[0-9]{6}",
    ) {
        let mut observance = part(&dtstart, &from, &to, &rule);
        observance.rdates = vec![rdate];
        let mut problems = Vec::new();
        let mut zones = Zones::new(&[block("X", vec![observance]), block(&tzid, vec![])], None, None, &Limits::default(), &mut problems);
        if let Ok(moment) = zones.moment(zoned("X", "20260701T120000")) {
            let _ = zones.local(moment.zone, moment.utc);
        }
    }

    #[test]
    fn a_clock_shows_again_what_was_set_unless_it_never_does(minutes in 0_i64..4_000_000) {
        let zones = zones_of(&[western_europe("Block")]);
        let local = Utc.with_ymd_and_hms(2020, 1, 1, 0, 0, 0).unwrap().naive_utc() + Duration::minutes(minutes);
        for zone in [Zone::Iana(Tz::Europe__Amsterdam), Zone::Iana(Tz::Australia__Lord_Howe), Zone::Block(0), Zone::Fixed(3600)] {
            let instant = zones.instant(zone, local);
            let shown = zones.local(zone, instant);
            // In a gap the clock is already ahead.
            prop_assert!(shown == local || shown - local == Duration::hours(1) || shown - local == Duration::minutes(30));
            if shown == local {
                let earlier = instant - Duration::minutes(30);
                prop_assert!(zones.local(zone, earlier) != local);
                prop_assert!(zones.local(zone, earlier - Duration::minutes(30)) != local);
            }
        }
    }
}
