//! What each kind of answer does to what is known.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod http_support;

use std::io::Write as _;

use chrono::Duration;
use flate2::{Compression, write::GzEncoder};
use http_support::*;
use ical_bookings::http::Outcome as O;
use ical_bookings::http::{AlarmKind, FeedState, Outcome, PollReport};

const HTML: &str = "<!DOCTYPE html><html><body>Please sign in, hunter2</body></html>";

/// A feed with ten bookings, then what the server says next, ten minutes later.
async fn after(reply: Reply) -> (PollReport, FeedState) {
    let server = Server::start().await;
    server.on("/f", [ok(calendar(10)), reply]);
    let feed = server.feed("/f");
    let mut state = FeedState::default();
    let first = feed.poll(&mut state, now()).await;
    assert_eq!((first.outcome, state.bookings().len()), (Outcome::New, 10), "{first:?}");
    let report = feed.poll(&mut state, now() + Duration::minutes(10)).await;
    (report, state)
}

/// Minutes from the second request to the third.
fn wait(report: &PollReport) -> i64 {
    (report.next_try - now() - Duration::minutes(10)).num_minutes()
}

fn begun(report: &PollReport) -> Vec<AlarmKind> {
    report.alarms.iter().map(|alarm| alarm.kind).collect()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::best());
    writer.write_all(body).unwrap();
    writer.finish().unwrap()
}

#[tokio::test]
async fn bad_answers_keep_everything() {
    let whole = calendar(10);
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n{:x}\r\n{whole}\r\n",
        whole.len()
    );
    let packed = gzip(whole.as_bytes());
    let gz = [("Content-Encoding", "gzip")];
    let cases = [
        ("login page", ok(HTML), O::NotACalendar),
        (
            "page called a calendar",
            with(200, &[("Content-Type", "text/Calendar;charset=UTF-8")], HTML),
            O::NotACalendar,
        ),
        ("JSON", ok("{\"error\":\"x\"}"), O::NotACalendar),
        ("nothing", ok(""), O::NotACalendar),
        ("blanks", ok("\r\n\r\n "), O::NotACalendar),
        ("end missing", ok(whole.trim_end().trim_end_matches("END:VCALENDAR")), O::Truncated),
        ("half", ok(&whole[..whole.len() / 2]), O::Truncated),
        ("shorter than declared", with(200, &[("Content-Length", "99999")], &whole), O::Truncated),
        ("last chunk missing", Reply::Bytes(chunked.into_bytes()), O::Truncated),
        ("packed and cut", with(200, &gz, &packed[..packed.len() - 9]), O::Truncated),
        ("bomb", with(200, &gz, gzip(&vec![b' '; 3_000_000])), O::Rejected),
        ("larger than allowed", with(200, &[("Content-Length", "99999999999")], ""), O::Rejected),
        ("packed otherwise", with(200, &[("Content-Encoding", "br")], &whole), O::Failed),
        ("not packed at all", with(200, &gz, &whole), O::Failed),
        ("401", status(401), O::Denied),
        ("403", status(403), O::Denied),
        ("404", status(404), O::Gone),
        ("410", status(410), O::Gone),
        ("429", status(429), O::Busy),
        ("503", status(503), O::Busy),
        ("500", status(500), O::Failed),
        ("502", with(502, &[], calendar(0)), O::Failed),
        ("400", status(400), O::Failed),
        ("204", status(204), O::Failed),
        ("206", with(206, &[], &whole), O::Failed),
        ("304 without a question", status(304), O::Failed),
        ("no HTTP", Reply::Bytes(b"hunter2".to_vec()), O::Failed),
        ("hung up", Reply::Bytes(Vec::new()), O::Failed),
        ("redirect to nowhere", status(302), O::Refused),
        ("redirect to a file", with(302, &[("Location", "file:///etc/hunter2")], ""), O::Refused),
    ];
    for (name, reply, outcome) in cases {
        let (report, state) = after(reply).await;
        assert_eq!(report.outcome, outcome, "{name}: {report:?}");
        assert_eq!(state.bookings().len(), 10, "{name}");
        assert_eq!(state.last_good(), Some(now()), "{name}");
        assert!(!format!("{report:?} {state:?}").contains(SECRET), "{name}: {report:?}");
    }
}

#[tokio::test]
async fn alarms_come_at_once_where_a_person_must_act() {
    for (reply, alarm) in [
        (status(401), AlarmKind::Denied),
        (status(403), AlarmKind::Denied),
        (status(404), AlarmKind::Gone),
        (status(410), AlarmKind::Gone),
        (ok(HTML), AlarmKind::NotACalendar),
        (status(302), AlarmKind::Refused),
        (ok(calendar(0)), AlarmKind::Empty),
        (ok(calendar_of(8..12)), AlarmKind::SuddenLoss),
    ] {
        let (report, state) = after(reply).await;
        assert_eq!(begun(&report), [alarm]);
        assert!(state.bookings().len() >= 10);
        assert!((10..=11).contains(&wait(&report)), "{}", wait(&report));
    }
    for reply in [status(500), status(429), ok("BEGIN:VCALENDAR"), ok(calendar(9))] {
        assert_eq!(begun(&after(reply).await.0), []);
    }
}

#[tokio::test]
async fn a_server_decides_how_long_it_is_left_alone_within_a_day() {
    let asked = |code, value| with(code, &[("Retry-After", value), ("Date", "Mon, 01 Jun 2026 12:10:00 GMT")], "");
    for (reply, least, most) in [
        (asked(429, "7200"), 120, 120),
        (asked(503, "7200"), 120, 120),
        (asked(429, "Mon, 01 Jun 2026 15:10:00 GMT"), 180, 180),
        (asked(429, "5"), 10, 11),
        (asked(429, "9999999"), 1440, 1440),
        (asked(429, "soon"), 20, 22),
        (status(429), 20, 22),
        (status(500), 10, 11),
    ] {
        let (report, _) = after(reply).await;
        assert!((least..=most).contains(&wait(&report)), "{report:?}");
    }
}

#[tokio::test]
async fn failures_move_apart_up_to_four_hours_and_one_good_answer_ends_that() {
    let server = Server::start().await;
    server.on("/f", [status(500)]);
    let feed = server.feed("/f");
    let (mut state, mut at) = (FeedState::default(), now());
    let mut waits = Vec::new();
    let mut alarms = Vec::new();
    for _ in 0..14 {
        let report = feed.poll(&mut state, at).await;
        waits.push((report.next_try - at).num_minutes());
        alarms.extend(begun(&report));
        at = report.next_try;
    }
    assert!(waits[0] <= 11 && waits.windows(2).all(|pair| pair[0] <= pair[1]), "{waits:?}");
    assert_eq!(*waits.last().unwrap(), 240);
    assert_eq!(alarms, [AlarmKind::Late, AlarmKind::Stale], "each once");
    assert!(feed.status(&state, at).stale);
    server.on("/f", [ok(calendar(2))]);
    let report = feed.poll(&mut state, at).await;
    assert!((report.next_try - at).num_minutes() <= 11);
    assert_eq!((report.outcome, report.ended), (Outcome::New, vec![AlarmKind::Late, AlarmKind::Stale]));
}

#[tokio::test]
async fn an_alarm_is_told_once_until_it_is_over() {
    let server = Server::start().await;
    server.on("/f", [status(401), status(401), status(500), status(403), ok(calendar(1)), status(401)]);
    let feed = server.feed("/f");
    let mut state = FeedState::default();
    let mut told = Vec::new();
    for n in 0..6 {
        let report = feed.poll(&mut state, now() + Duration::minutes(n)).await;
        told.push((begun(&report), report.ended));
    }
    let denied = vec![AlarmKind::Denied];
    let expected = [
        (denied.clone(), vec![]),
        (vec![], vec![]),
        (vec![], vec![]),
        (vec![], vec![]),
        (vec![], denied.clone()),
        (denied, vec![]),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn the_second_question_is_conditional_and_304_keeps_everything_fresh() {
    let server = Server::start().await;
    let headers = [("ETag", "W/\"v1\""), ("Last-Modified", "Mon, 01 Jun 2026 10:00:00 GMT")];
    server.on("/f", [with(200, &headers, calendar(3)), status(304)]);
    let feed = server.feed("/f");
    let mut state = FeedState::default();
    feed.poll(&mut state, now()).await;
    let at = now() + Duration::hours(5);
    let report = feed.poll(&mut state, at).await;
    assert_eq!((report.outcome, state.bookings().len(), state.last_good()), (Outcome::NotModified, 3, Some(at)));
    let seen = server.seen();
    assert!(!seen[0].contains("if-none-match") && !seen[0].contains("if-modified-since"));
    assert!(seen[1].contains("if-none-match: w/\"v1\"\r\n"), "{}", seen[1]);
    assert!(seen[1].contains("if-modified-since: mon, 01 jun 2026 10:00:00 gmt\r\n"));
    feed.poll(&mut state, now() + Duration::hours(25)).await;
    assert!(!server.seen()[2].contains("if-none-match"), "once a day the whole is read");
}

#[tokio::test]
async fn validators_of_answers_that_were_not_accepted_are_not_used() {
    let server = Server::start().await;
    let tagged = |tag, body: &str| with(200, &[("ETag", tag)], body);
    let replies = [
        tagged("\"good\"", &calendar(10)),
        tagged("\"empty\"", &calendar(0)),
        tagged("\"page\"", HTML),
        status(304),
        status(500),
    ];
    server.on("/f", replies);
    let feed = server.feed("/f");
    let mut state = FeedState::default();
    for n in 0..5 {
        feed.poll(&mut state, now() + Duration::minutes(n)).await;
    }
    let seen = server.seen();
    for request in &seen[1..4] {
        assert!(request.contains("if-none-match: \"good\""), "{request}");
    }
    assert_eq!(state.bookings().len(), 10);
    assert!(feed.status(&state, now()).hold.is_none(), "304 says that the good one is true");
    assert!(!seen[4].contains("if-none-match"), "and what came meanwhile is read again");
}

#[tokio::test]
async fn other_settings_or_another_link_ask_for_everything() {
    let server = Server::start().await;
    server.on("/f", [with(200, &[("ETag", "\"1\"")], calendar(1))]).on("/g", [ok(calendar(1))]);
    let mut state = FeedState::default();
    server.feed("/f").poll(&mut state, now()).await;
    server.feed("/g").poll(&mut state, now()).await;
    assert!(!server.seen()[1].contains("if-none-match"));
}

#[tokio::test]
async fn the_request_says_who_asks_for_what_and_nothing_else() {
    let server = Server::start().await;
    server.on("/f", [with(200, &[("Set-Cookie", "a=b")], calendar(1))]);
    let link = format!("http://me%40x:p%20w@127.0.0.1:{}/f?k={SECRET}", server.port);
    let feed = feed(&link, |settings| settings.user_agent = "Rooms/1 (desk@example.org)".to_owned());
    let mut state = FeedState::default();
    feed.poll(&mut state, now()).await;
    feed.poll(&mut state, now()).await;
    for request in server.seen() {
        assert!(request.starts_with(&format!("get /f?k={SECRET} http/1.1\r\n")));
        assert!(request.contains("accept: text/calendar, text/plain;q=0.5, */*;q=0.1\r\n"));
        assert!(request.contains("accept-encoding: gzip\r\n"));
        assert!(request.contains("user-agent: rooms/1 (desk@example.org)\r\n"));
        assert!(request.contains("authorization: basic bwvaedpwihc=\r\n"), "{request}");
        assert!(!request.contains("cookie") && !request.contains("referer"));
    }
}

#[tokio::test]
async fn packed_calendars_are_unpacked() {
    let packed = gzip(calendar_of((0..10).filter(|n| n % 3 != 1)).as_bytes());
    let (report, state) = after(with(200, &[("Content-Encoding", "GZip")], packed)).await;
    assert_eq!((report.outcome, state.bookings().len()), (Outcome::New, 7));
}

#[tokio::test]
async fn a_feed_may_ask_to_be_read_more_seldom() {
    let hinted = |line: &str| ok(wrap(&format!("{line}\r\n{}", event("a", now() + Duration::days(1), "Hall"))));
    let minutes = [
        (with(200, &[("Cache-Control", "private, max-age=1800")], calendar(9)), 30),
        (with(200, &[("Cache-Control", "max-age=999999")], calendar(9)), 60),
        (with(200, &[("Cache-Control", "no-store, max-age=1")], calendar(9)), 10),
        (hinted("REFRESH-INTERVAL;VALUE=DURATION:PT20M"), 20),
        (hinted("X-PUBLISHED-TTL:PT12H"), 60),
    ];
    for (reply, expected) in minutes {
        let (report, _) = after(reply).await;
        assert!((expected..=expected * 11 / 10).contains(&wait(&report)), "{expected}: {report:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_ends_in_time() {
    let half = calendar(3);
    for bytes in [Vec::new(), b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n".to_vec(), half.into_bytes()] {
        let server = Server::start().await;
        server.on("/f", [Reply::Stall(bytes)]);
        let mut state = FeedState::default();
        let begin = tokio::time::Instant::now();
        let report = server.feed("/f").poll(&mut state, now()).await;
        assert_eq!(report.outcome, Outcome::Failed, "{report:?}");
        assert!(begin.elapsed() <= std::time::Duration::from_secs(61));
    }
}

#[tokio::test]
async fn nobody_there_is_a_failure_like_any_other() {
    let port = Server::start().await.port;
    for link in [format!("http://127.0.0.1:{port}/{SECRET}"), format!("https://{SECRET}.invalid/x")] {
        let mut state = FeedState::default();
        let report = feed(&link, |_| {}).poll(&mut state, now()).await;
        assert_eq!((report.outcome, report.status), (Outcome::Failed, None), "{report:?}");
        assert!(!report.detail.contains(SECRET));
    }
}

#[tokio::test]
async fn a_bad_answer_between_readings_that_agree_begins_the_count_anew() {
    let server = Server::start().await;
    let few = || ok(calendar_of(8..12));
    server.on("/f", [ok(calendar(10)), few(), few(), status(500), few(), few(), few()]);
    let feed = server.feed("/f");
    let mut state = FeedState::default();
    let mut outcomes = Vec::new();
    let mut alarms = Vec::new();
    for n in 0..7 {
        let report = feed.poll(&mut state, now() + Duration::minutes(20 * n)).await;
        alarms.extend(begun(&report));
        outcomes.push(report.outcome);
    }
    assert_eq!(outcomes, [O::New, O::Held, O::Held, O::Failed, O::Held, O::Held, O::New]);
    assert_eq!(alarms.iter().filter(|kind| **kind == AlarmKind::SuddenLoss).count(), 1);
    assert_eq!(state.bookings().len(), 4);
}

#[tokio::test]
async fn status_and_state_show_no_secret_and_no_title() {
    let (report, state) = after(ok(calendar_of(8..12))).await;
    let server = Server::start().await;
    let feed = server.feed("/f");
    let status = feed.status(&state, now() + Duration::minutes(10));
    assert_eq!(status.hold.unwrap().missing, 8);
    assert_eq!((status.bookings, status.status, status.last_good), (12, Some(200), Some(now())));
    let json = serde_json::to_string(&status).unwrap() + &serde_json::to_string(&report).unwrap();
    for shown in [json, format!("{status:?} {report:?} {state:?} {feed:?}")] {
        assert!(!shown.contains(SECRET), "{shown}");
    }
    let kept = serde_json::to_string(&state).unwrap();
    assert!(!kept.contains("Title of") && !kept.contains("k=") && !kept.contains("127.0.0.1"));
}
