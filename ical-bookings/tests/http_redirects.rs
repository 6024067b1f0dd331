//! Where a feed may be fetched from.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod http_support;

use http_support::*;
use ical_bookings::http::{AlarmKind, FeedState, Outcome, PollReport};

async fn poll(feed: &ical_bookings::http::Feed) -> (PollReport, FeedState) {
    let mut state = FeedState::default();
    let report = feed.poll(&mut state, now()).await;
    (report, state)
}

fn to(code: u16, location: &str) -> Reply {
    with(code, &[("Location", location)], "")
}

#[tokio::test]
async fn all_kinds_are_followed_and_only_lasting_ones_reported() {
    for (code, lasting) in [(301, true), (302, false), (303, false), (307, false), (308, true)] {
        let server = Server::start().await;
        server.on("/f", [to(code, &format!("/new?k={SECRET}"))]).on("/new", [ok(calendar(2))]);
        let (report, state) = poll(&server.feed("/f")).await;
        assert_eq!((report.outcome, state.bookings().len()), (Outcome::New, 2), "{code}");
        let alarms: Vec<_> = report.alarms.iter().map(|alarm| alarm.kind).collect();
        assert_eq!(alarms, if lasting { vec![AlarmKind::Moved] } else { vec![] }, "{code}");
        assert!(!format!("{report:?} {state:?}").contains(SECRET));
    }
}

#[tokio::test]
async fn a_lasting_move_behind_a_passing_one_is_none() {
    let server = Server::start().await;
    server.on("/f", [to(302, "/a")]).on("/a", [to(301, "/b")]).on("/b", [ok(calendar(1))]);
    assert_eq!(poll(&server.feed("/f")).await.0.alarms, []);
}

#[tokio::test]
async fn five_are_followed_and_six_are_not() {
    let server = Server::start().await;
    for n in 0..6 {
        server.on(&format!("/{n}"), [to(302, &format!("/{}", n + 1))]);
    }
    server.on("/6", [ok(calendar(1))]);
    assert_eq!(poll(&server.feed("/1")).await.0.outcome, Outcome::New);
    assert_eq!(poll(&server.feed("/0")).await.0.outcome, Outcome::Refused);
    server.on("/loop", [to(302, "/loop")]);
    let before = server.seen().len();
    assert_eq!(poll(&server.feed("/loop")).await.0.outcome, Outcome::Refused);
    assert_eq!(server.seen().len() - before, 6);
}

#[tokio::test]
async fn the_sign_in_goes_to_the_first_host_only() {
    let (first, second) = (Server::start().await, Server::start().await);
    first.on("/f", [to(302, "/g")]).on("/g", [to(302, &second.link("/h"))]);
    second.on("/h", [ok(calendar(1))]);
    let link = format!("http://user:pass@127.0.0.1:{}/f", first.port);
    assert_eq!(poll(&feed(&link, |_| {})).await.0.outcome, Outcome::New);
    assert!(first.seen().iter().all(|request| request.contains("authorization: basic")));
    assert!(!second.seen()[0].contains("authorization"));
}

#[tokio::test]
async fn plain_http_needs_leave() {
    let server = Server::start().await;
    server.on("/f", [ok(calendar(1))]);
    let feed = feed(&server.link("/f"), |settings| settings.allow_http = false);
    let (report, _) = poll(&feed).await;
    assert_eq!((report.outcome, server.seen().len()), (Outcome::Refused, 0));
    assert_eq!(report.alarms[0].kind, AlarmKind::Refused);
}

#[tokio::test]
async fn this_machine_needs_leave_under_whatever_name() {
    let server = Server::start().await;
    server.on("/f", [ok(calendar(1))]);
    let port = server.port;
    for host in ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        let feed = feed(&format!("http://{host}:{port}/f"), |settings| settings.allow_private = false);
        let (report, _) = poll(&feed).await;
        assert_eq!((report.outcome, server.seen().len()), (Outcome::Refused, 0), "{host}: {report:?}");
    }
}

/// The first hop is allowed; the second, to the metadata service, is not even tried.
#[tokio::test]
async fn a_redirect_to_an_odd_place_is_not_followed() {
    let server = Server::start().await;
    for place in ["ftp://127.0.0.1/", "file:///etc/passwd", "javascript:alert(1)", "//", "gopher://127.0.0.1/"] {
        server.on("/f", [to(302, place)]);
        assert_eq!(poll(&server.feed("/f")).await.0.outcome, Outcome::Refused, "{place}");
    }
}
