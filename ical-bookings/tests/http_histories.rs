//! Random histories of a feed: what was known survives whatever is no proof.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod http_support;

use std::time::Duration as Wait;

use chrono::{DateTime, Duration, Utc};
use http_support::*;
use ical_bookings::http::{AlarmKind, Answer, Failure, Feed, FeedBody, FeedState, Fetched, Outcome, PollReport};
use proptest::prelude::*;
use proptest::sample::Index;

fn body(text: impl AsRef<[u8]>) -> Fetched {
    Fetched::new(Answer::Body(FeedBody::new(text.as_ref())), Some(200))
}

/// An answer that proves nothing about a feed of so many bookings.
#[derive(Clone, Debug)]
enum Bad {
    Status(u16, Option<u64>),
    Failed(Failure),
    Page(String),
    Cut(Index),
    Empty,
    Majority,
    NotModified,
}

fn bad() -> impl Strategy<Value = Bad> {
    let failure = prop_oneof![
        Just(Failure::Timeout),
        Just(Failure::Broken),
        Just(Failure::TooLarge),
        Just(Failure::Bomb),
        Just(Failure::PlainHttp),
        Just(Failure::PrivateAddress),
        Just(Failure::Redirect("x")),
        Just(Failure::Protocol("x")),
    ];
    prop_oneof![
        (300u16..600, proptest::option::of(any::<u64>())).prop_map(|(code, wait)| Bad::Status(code, wait)),
        failure.prop_map(Bad::Failed),
        ".{0,40}".prop_map(Bad::Page),
        any::<Index>().prop_map(Bad::Cut),
        Just(Bad::Empty),
        Just(Bad::Majority),
        Just(Bad::NotModified),
    ]
}

fn answer(bad: &Bad, count: usize) -> Fetched {
    let whole = calendar(count);
    match bad {
        Bad::Status(code, wait) => Fetched::new(Answer::Status { retry_after: wait.map(Wait::from_secs) }, Some(*code)),
        Bad::Failed(failure) => Fetched::new(Answer::Failed(failure.clone()), None),
        Bad::Page(text) => body(text),
        Bad::Cut(at) => body(&whole[..at.index(whole.trim_end().len())]),
        Bad::Empty => body(calendar(0)),
        // Only the last one and a stranger are left of at least a dozen.
        Bad::Majority => body(calendar_of([count - 1, count + 3])),
        Bad::NotModified => Fetched::new(Answer::NotModified { max_age: None }, Some(304)),
    }
}

fn link() -> Feed {
    feed(&format!("https://rooms.example/{SECRET}"), |_| {})
}

fn known(feed: &Feed, count: usize) -> FeedState {
    let mut state = FeedState::default();
    assert_eq!(feed.judge(&mut state, body(calendar(count)), now(), 0.5).outcome, Outcome::New);
    assert_eq!(state.bookings().len(), count);
    state
}

fn all_there(state: &FeedState, count: usize) -> bool {
    (0..count).all(|n| state.bookings().iter().any(|booking| *booking.uid == *format!("day{n}@rooms.example")))
}

fn sane(report: &PollReport, at: DateTime<Utc>) {
    let wait = report.next_try - at;
    assert!(wait >= Duration::minutes(10) && wait <= Duration::hours(24), "{report:?}");
    assert!(!format!("{report:?}").contains(SECRET));
}

proptest! {
    /// Two bad answers in a row, of any kind and however far apart: nothing goes, and afterwards it is as before.
    #[test]
    fn bad_answers_take_nothing_away(
        count in 12usize..30, bads in proptest::collection::vec(bad(), 1..=2), gap in 1i64..600,
    ) {
        let feed = link();
        let mut state = known(&feed, count);
        let mut at = now();
        for bad in &bads {
            at += Duration::minutes(gap);
            let report = feed.judge(&mut state, answer(bad, count), at, 0.5);
            sane(&report, at);
            prop_assert!(all_there(&state, count), "{bad:?}");
            prop_assert!(!report.outcome.is_good(), "{bad:?}: {report:?}");
        }
        let report = feed.judge(&mut state, body(calendar(count)), at + Duration::minutes(gap), 0.5);
        prop_assert!(report.outcome.is_good());
        prop_assert!(all_there(&state, count));
    }

    /// Months of answers that are no calendar change nothing but the alarms, which come once.
    #[test]
    fn however_long_it_lasts(bads in proptest::collection::vec(bad(), 1..60)) {
        let feed = link();
        let mut state = known(&feed, 12);
        let before = state.bookings().to_vec();
        let (mut at, mut alarms) = (now(), Vec::new());
        for bad in bads.iter().filter(|bad| !matches!(bad, Bad::Empty | Bad::Majority)) {
            let report = feed.judge(&mut state, answer(bad, 12), at, 0.5);
            sane(&report, at);
            alarms.extend(report.alarms.into_iter().map(|alarm| alarm.kind));
            at = report.next_try;
        }
        prop_assert_eq!(state.bookings(), before.as_slice());
        let told = alarms.len();
        alarms.sort();
        alarms.dedup();
        prop_assert_eq!(told, alarms.len(), "each kind once");
    }

    /// A title, page or calendar of any bytes is judged without a panic and takes nothing away.
    #[test]
    fn bytes_of_any_kind_are_judged(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let feed = link();
        let mut state = known(&feed, 12);
        feed.judge(&mut state, body([b"BEGIN:VCALENDAR\r\n".as_slice(), &bytes].concat()), now(), 0.5);
        prop_assert!(all_there(&state, 12));
    }
}

#[test]
fn a_state_written_by_one_process_is_read_by_the_next() {
    let feed = link();
    let mut state = known(&feed, 12);
    feed.judge(&mut state, answer(&Bad::Majority, 12), now() + Duration::minutes(10), 0.5);
    let text = serde_json::to_string(&state).unwrap();
    let mut read: FeedState = serde_json::from_str(&text).unwrap();
    assert_eq!(read, state);
    for n in [30, 50] {
        feed.judge(&mut read, answer(&Bad::Majority, 12), now() + Duration::minutes(n), 0.5);
    }
    assert_eq!(read.bookings().len(), 2, "the count goes on after a restart");
}

/// Nobody knows the future: a state from a machine whose clock was wrong does not stop the feed.
#[test]
fn a_clock_that_was_wrong_stops_nothing() {
    let feed = link();
    let mut state = known(&feed, 12);
    let wrong = now() + Duration::days(4000);
    feed.judge(&mut state, Fetched::new(Answer::Status { retry_after: None }, Some(500)), wrong, 0.5);
    assert!(state.is_due(now()));
}

/// As a template feed shows it after somebody has typed line breaks into a title.
#[test]
fn a_forged_event_holds_its_neighbours_and_is_told_once() {
    let feed = link();
    let genuine = |n: i64, title: &str| {
        let at = |hours| (now() + Duration::days(n) + Duration::hours(hours)).format("%Y%m%dT%H%M%SZ").to_string();
        format!(
            "BEGIN:VEVENT\r\nCLASS:PUBLIC\r\nCREATED:20260501T080000Z\r\nDESCRIPTION:\r\nDTSTAMP:20260501T080000Z\r\n\
             DTSTART:{}\r\nDTEND:{}\r\nLOCATION:Hall\r\nORGANIZER;CN=Ada:MAILTO:ada@example.org\r\nSTATUS:CONFIRMED\r\n\
             SUMMARY:{title}\r\nUID:ref{n}&rooms.example\r\nSEQUENCE:0\r\nURL:https://rooms.example/Web/reservation.php?rn=ref{n}\r\n\
             X-MICROSOFT-CDO-BUSYSTATUS:BUSY\r\nEND:VEVENT\r\n",
            at(0),
            at(1)
        )
    };
    let whole = |events: String| {
        let head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nPRODID:-//LibreBooking//NONSGML 4//EN\r\n";
        body(format!("{head}{events}END:VCALENDAR"))
    };
    let fine: String = (1..=4).map(|n| genuine(n, "x")).collect();
    let mut state = FeedState::default();
    let report = feed.judge(&mut state, whole(fine.clone()), now(), 0.5);
    assert_eq!(
        (report.outcome, state.bookings().len(), report.alarms.len()),
        (Outcome::New, 4, 0),
        "{:?}",
        state.problems()
    );
    let forged = "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:mine\r\nDTSTART:20260601T000000Z\r\nDTEND:20260630T000000Z\r\n\
                  LOCATION:Attic\r\nORGANIZER;CN=M:MAILTO:mallory@example.org\r\nSUMMARY:y";
    let events = genuine(1, "x") + &genuine(2, forged) + &genuine(3, "x") + &genuine(4, "x");
    for (n, told) in [(1, vec![AlarmKind::InjectionSuspect]), (2, vec![])] {
        let report = feed.judge(&mut state, whole(events.clone()), now() + Duration::minutes(10 * n), 0.5);
        let kinds: Vec<_> = report.alarms.iter().map(|alarm| alarm.kind).collect();
        assert_eq!(kinds, told, "{report:?}");
        // The title cost its own booking; the one before and the one after stand as they were known.
        let held: Vec<_> = state.bookings().iter().map(|b| (&*b.uid, b.resources[0].as_str(), b.held)).collect();
        let uids = ["ref1&rooms.example", "ref3&rooms.example", "ref4&rooms.example"];
        assert_eq!(held, [(uids[0], "Hall", true), (uids[1], "Hall", true), (uids[2], "Hall", false)]);
    }
    let report = feed.judge(&mut state, whole(fine), now() + Duration::minutes(30), 0.5);
    assert_eq!(report.ended, [AlarmKind::InjectionSuspect]);
    assert!(!state.bookings().iter().any(|booking| booking.held));
}
