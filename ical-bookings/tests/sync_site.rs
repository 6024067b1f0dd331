//! A site of several feeds as an endpoint of the engine.
#![cfg(feature = "sync")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod http_support;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use futures::TryStreamExt as _;
use http_support::*;
use ical_bookings::http::{FeedState, Outcome};
use ical_bookings::sync::{FeedConfig, FeedStates, IcalSite, MemoryStates};
use sync_core::connector::{CheckReport, Endpoint as _, ErrorClass, Page, Source as _, StepOutcome, SyncError, Window};
use sync_core::model::Booking;

fn config(name: &str) -> FeedConfig {
    let mut config = FeedConfig::new(name, "env:LINK");
    (config.allow_http, config.allow_private) = (true, true);
    config
}

fn resources() -> Vec<String> {
    vec!["Hall".to_owned(), "Attic".to_owned()]
}

fn site_with(server: &Server, paths: &[&str], states: Arc<dyn FeedStates>) -> IcalSite {
    let feeds = paths.iter().map(|path| (config(path.trim_start_matches('/')), server.link(path).into()));
    IcalSite::new("bookings", feeds.collect(), &resources(), states).unwrap()
}

fn site(server: &Server, paths: &[&str]) -> IcalSite {
    site_with(server, paths, Arc::new(MemoryStates::default()))
}

async fn whole(site: &IcalSite) -> Page<Booking> {
    let mut pages: Vec<_> = site.snapshot(None).try_collect().await.unwrap();
    assert_eq!(pages.len(), 1);
    pages.remove(0)
}

fn minutes(n: i64) -> DateTime<Utc> {
    now() + Duration::minutes(n)
}

fn complete(page: &Page<Booking>) -> bool {
    page.end.unwrap().complete
}

#[tokio::test]
async fn polling_asks_and_reading_does_not() {
    let server = Server::start().await;
    server.on("/hall", [ok(calendar(3))]);
    let site = site(&server, &["/hall"]);
    assert!(!complete(&whole(&site).await));
    assert_eq!(server.seen().len(), 0);
    assert_eq!(site.next_try(now()).await.unwrap(), Some(now()));
    let reports = site.poll(now()).await;
    assert_eq!((reports.len(), reports[0].outcome), (1, Outcome::New));
    let page = whole(&site).await;
    assert_eq!((page.records.len(), page.invalid.len(), complete(&page)), (3, 0, true));
    assert_eq!(page.records[0].id.as_str(), "day0@rooms.example");
    assert_eq!(page.records[0].value.people[0].email, format!("ada.{SECRET}@example.org"));
    let again = site.get(&page.records[1].id).await.unwrap().unwrap();
    assert_eq!(again, page.records[1]);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn only_feeds_whose_time_has_come_are_asked() {
    let server = Server::start().await;
    server.on("/hall", [ok(calendar(1))]).on("/attic", [status(500)]);
    let site = site(&server, &["/hall", "/attic"]);
    assert_eq!(site.poll(now()).await.len(), 2);
    assert_eq!(site.poll(minutes(1)).await, []);
    let next = site.next_try(minutes(1)).await.unwrap().unwrap();
    assert!(next >= minutes(10) && next <= minutes(11));
    assert_eq!(site.poll(minutes(11)).await.len(), 2);
    let late: Vec<_> = site.poll(minutes(24)).await.into_iter().map(|report| report.feed).collect();
    assert_eq!(late, ["hall"], "the other one is left alone for longer");
    assert_eq!(site.poll_all(minutes(25)).await.len(), 2);
}

#[tokio::test]
async fn a_dead_link_hurts_no_other_and_keeps_its_own() {
    let server = Server::start().await;
    let hall = wrap(&event("u", minutes(600), "Hall"));
    let attic = wrap(&(event("u", minutes(600), "Attic") + &event("v", minutes(700), "Attic")));
    server.on("/hall", [ok(&hall), status(500)]).on("/attic", [ok(&attic), ok(attic.replace("UID:v", "UID:w"))]);
    let site = site(&server, &["/hall", "/attic"]);
    site.poll(now()).await;
    let before = whole(&site).await;
    assert_eq!(before.records.len(), 2);
    assert_eq!(before.records[0].value.resources.len(), 2, "one booking of two rooms");
    let outcomes: Vec<_> = site.poll(minutes(11)).await.into_iter().map(|report| report.outcome).collect();
    assert_eq!(outcomes, [Outcome::Failed, Outcome::New]);
    let after = whole(&site).await;
    assert!(complete(&after), "what it had is still listed");
    let ids: Vec<_> = after.records.iter().map(|record| record.id.as_str()).collect();
    assert_eq!((ids, after.records[0].value.resources.len()), (vec!["u", "w"], 2));
}

#[tokio::test]
async fn until_each_feed_was_read_once_the_list_proves_no_absence() {
    let server = Server::start().await;
    server.on("/hall", [ok(calendar(1))]).on("/attic", [ok("<html>"), ok(calendar(0))]);
    let site = site(&server, &["/hall", "/attic"]);
    site.poll(now()).await;
    assert!(!complete(&whole(&site).await));
    site.poll(minutes(11)).await;
    assert!(complete(&whole(&site).await));
}

#[tokio::test]
async fn bookings_are_at_hand_after_a_restart_without_a_network() {
    let states: Arc<dyn FeedStates> = Arc::new(MemoryStates::default());
    let server = Server::start().await;
    server.on("/hall", [ok(calendar(4))]);
    let before = site_with(&server, &["/hall"], states.clone());
    before.poll(now()).await;
    let asked = server.seen().len();
    let after = site_with(&server, &["/hall"], states);
    assert_eq!(whole(&after).await, whole(&before).await);
    assert_eq!(after.poll(minutes(1)).await, [], "nor is anybody asked too early");
    assert_eq!(server.seen().len(), asked);
}

fn ids(page: &Page<Booking>) -> Vec<&str> {
    page.records.iter().map(|record| record.id.as_str()).collect()
}

#[tokio::test]
async fn each_accepted_answer_is_a_look_and_no_other_is() {
    let server = Server::start().await;
    let tagged = |body: String| with(200, &[("ETag", "\"1\"")], body);
    let (with_both, without) = (calendar(2), calendar_of([1]));
    let replies = [ok(with_both), ok(&without), tagged(without), status(304), status(500), ok("<html>")];
    server.on("/hall", replies);
    let site = site(&server, &["/hall"]);
    assert_eq!((whole(&site).await.records.len(), site.as_of()), (0, None), "never read");
    let looks = [
        (0, Outcome::New, 2, 0),
        (20, Outcome::New, 1, 20),
        (40, Outcome::Unchanged, 1, 40),
        (60, Outcome::NotModified, 1, 60),
        (80, Outcome::Failed, 1, 60),
        (100, Outcome::NotACalendar, 1, 60),
    ];
    for (at, outcome, bookings, as_of) in looks {
        assert_eq!(site.poll_all(minutes(at)).await[0].outcome, outcome);
        let page = whole(&site).await;
        assert!(complete(&page));
        assert_eq!((page.records.len(), site.as_of()), (bookings, Some(minutes(as_of))), "at {at}");
        whole(&site).await;
        assert_eq!(site.as_of(), Some(minutes(as_of)), "read again, not looked again");
    }
    assert_eq!(ids(&whole(&site).await), ["day1@rooms.example"]);
}

/// Whoever read the list before the poll has not seen what the poll brought.
#[tokio::test]
async fn a_poll_makes_no_list_newer_that_was_told_before() {
    let server = Server::start().await;
    server.on("/hall", [ok(calendar(2))]);
    let site = site(&server, &["/hall"]);
    site.poll_all(now()).await;
    whole(&site).await;
    site.poll_all(minutes(20)).await;
    site.get(&"day0@rooms.example".into()).await.unwrap().unwrap();
    assert_eq!(site.as_of(), Some(now()));
    whole(&site).await;
    assert_eq!(site.as_of(), Some(minutes(20)));
}

#[tokio::test]
async fn a_restart_is_no_look() {
    let states: Arc<dyn FeedStates> = Arc::new(MemoryStates::default());
    let server = Server::start().await;
    server.on("/hall", [ok(calendar(4)), status(500), ok(calendar(4))]);
    let before = site_with(&server, &["/hall"], states.clone());
    before.poll_all(now()).await;
    before.poll_all(minutes(20)).await;
    let after = site_with(&server, &["/hall"], states);
    whole(&after).await;
    assert_eq!(after.as_of(), Some(now()));
    after.poll_all(minutes(40)).await;
    whole(&after).await;
    assert_eq!(after.as_of(), Some(minutes(40)));
}

#[tokio::test]
async fn a_site_is_as_old_as_its_oldest_feed() {
    let server = Server::start().await;
    server.on("/hall", [ok(calendar(1))]).on("/attic", [status(500), ok(calendar(1)), status(500)]);
    let site = site(&server, &["/hall", "/attic"]);
    for (at, as_of) in [(0, None), (20, Some(20)), (40, Some(20)), (60, Some(20))] {
        site.poll_all(minutes(at)).await;
        whole(&site).await;
        assert_eq!(site.as_of(), as_of.map(minutes), "at {at}");
    }
}

#[tokio::test]
async fn a_doubtful_answer_is_no_look_until_it_is_confirmed() {
    let server = Server::start().await;
    server.on("/hall", [ok(calendar(3)), ok(calendar(0)), status(500)]);
    let site = site(&server, &["/hall"]);
    for at in [0, 20, 40] {
        site.poll_all(minutes(at)).await;
        whole(&site).await;
        assert_eq!(site.as_of(), Some(now()));
    }
    assert!(site.confirm("hall").await.unwrap());
    assert_eq!((whole(&site).await.records.len(), site.as_of()), (0, Some(minutes(20))));
}

#[tokio::test]
async fn a_setting_that_changed_is_tried_at_once_unless_the_server_wants_rest() {
    let server = Server::start().await;
    let busy = with(429, &[("Retry-After", "7200")], "");
    server.on("/hall", [with(200, &[("ETag", "\"1\"")], calendar(1)), ok(calendar(1)), busy]);
    let states: Arc<dyn FeedStates> = Arc::new(MemoryStates::default());
    let site = |resources: &[&str]| {
        let resources: Vec<_> = resources.iter().map(|name| (*name).to_owned()).collect();
        IcalSite::new("bookings", vec![(config("hall"), server.link("/hall").into())], &resources, states.clone())
            .unwrap()
    };
    assert_eq!(site(&["Attic"]).poll(now()).await.len(), 1);
    assert_eq!(site(&["Attic"]).poll(minutes(1)).await.len(), 0);
    let more = site(&["Attic", "Hall"]);
    assert_eq!(more.next_try(minutes(1)).await.unwrap(), Some(minutes(1)));
    assert_eq!(more.poll(minutes(1)).await.len(), 1);
    assert!(!server.seen()[1].contains("if-none-match"), "the same body says something else now");
    assert_eq!(more.poll(minutes(20)).await[0].outcome, Outcome::Busy);
    assert_eq!(site(&["Hall"]).poll(minutes(30)).await.len(), 0);
}

#[tokio::test]
async fn an_operator_ends_the_hold_of_an_empty_feed() {
    let server = Server::start().await;
    server.on("/hall", [ok(calendar(3)), ok(calendar(0))]);
    let site = site(&server, &["/hall"]);
    assert!(!site.confirm("hall").await.unwrap());
    for n in 0..9 {
        site.poll(minutes(20 * n)).await;
    }
    let held = &site.statuses(minutes(180)).await.unwrap()[0];
    assert!(held.hold.unwrap().needs_confirmation);
    assert_eq!(whole(&site).await.records.len(), 3);
    assert!(!site.confirm("attic").await.unwrap());
    assert!(site.confirm("hall").await.unwrap());
    let page = whole(&site).await;
    assert_eq!((page.records.len(), complete(&page)), (0, true));
}

#[tokio::test]
async fn a_window_leaves_out_what_has_no_moment_in_it() {
    let server = Server::start().await;
    server.on("/hall", [ok(calendar(5))]);
    let site = site(&server, &["/hall"]);
    site.poll(now()).await;
    let window = Window { from: now() + Duration::days(2), to: now() + Duration::days(3) };
    let pages: Vec<_> = site.snapshot(Some(window)).try_collect().await.unwrap();
    let ids: Vec<_> = pages[0].records.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(ids, ["day1@rooms.example"]);
}

#[tokio::test]
async fn what_is_known_can_be_read_while_a_server_lets_us_wait() {
    let server = Server::start().await;
    server.on("/hall", [ok(calendar(2)), Reply::Stall(Vec::new())]);
    let site = site(&server, &["/hall"]);
    site.poll(now()).await;
    let reading = async {
        while server.seen().len() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(site.statuses(minutes(11)).await.unwrap()[0].bookings, 2);
        whole(&site).await
    };
    tokio::select! {
        reports = site.poll(minutes(11)) => panic!("{reports:?}"),
        page = reading => assert_eq!(page.records.len(), 2),
    }
}

#[derive(Debug)]
struct Broken {
    load: bool,
}

#[async_trait]
impl FeedStates for Broken {
    async fn load(&self, _: &str) -> Result<Option<FeedState>, SyncError> {
        if self.load { Ok(None) } else { Err(SyncError::new(ErrorClass::Transient, "the disk is gone")) }
    }

    async fn save(&self, _: &str, _: &FeedState) -> Result<(), SyncError> {
        Err(SyncError::new(ErrorClass::Transient, "the disk is full"))
    }
}

#[tokio::test]
async fn without_its_state_a_feed_is_not_asked() {
    let server = Server::start().await;
    server.on("/hall", [ok(calendar(1))]);
    let unread = site_with(&server, &["/hall"], Arc::new(Broken { load: false }));
    let report = unread.poll(now()).await.remove(0);
    assert_eq!((report.outcome, server.seen().len()), (Outcome::Failed, 0));
    assert!(report.store_fault.unwrap().contains("gone"));
    assert!(unread.snapshot(None).try_collect::<Vec<_>>().await.is_err());
    let unsaved = site_with(&server, &["/hall"], Arc::new(Broken { load: true }));
    let report = unsaved.poll(now()).await.remove(0);
    assert_eq!(report.outcome, Outcome::New);
    assert!(report.store_fault.unwrap().contains("full"));
}

#[test]
fn two_feeds_of_one_name_are_refused() {
    let feeds = vec![(config("hall"), "https://a.example".into()), (config("hall"), "https://b.example".into())];
    let error = IcalSite::new("bookings", feeds, &[], Arc::new(MemoryStates::default())).unwrap_err();
    assert!(error.to_string().contains("hall"));
}

fn step<'a>(report: &'a CheckReport, name: &str) -> &'a sync_core::connector::CheckStep {
    report.steps.iter().find(|step| step.name == name).unwrap_or_else(|| panic!("no step {name}: {report:?}"))
}

#[tokio::test]
async fn the_test_says_what_it_found() {
    let server = Server::start().await;
    let events =
        event("a", Utc::now() + Duration::days(1), "Hall") + &event("b", Utc::now() + Duration::days(2), "Cellar");
    server.on("/hall", [ok(wrap(&events))]);
    let mut section = config("hall");
    section.interval_minutes = 2;
    let feeds = vec![(section, server.link("/hall").into())];
    let site = IcalSite::new("bookings", feeds, &resources(), Arc::new(MemoryStates::default())).unwrap();
    let report = site.check().await;
    assert!(report.is_ok(), "{report:?}");
    assert_eq!(step(&report, "interval").outcome, StepOutcome::Warning);
    assert_eq!(step(&report, "http").outcome, StepOutcome::Warning);
    assert_eq!(step(&report, "port").outcome, StepOutcome::Passed);
    assert!(step(&report, "calendar").detail.contains("2 events"));
    assert!(step(&report, "resources").detail.contains("Cellar"), "{report:?}");
    assert!(!format!("{report:?}").contains(SECRET));
    assert!(!whole(&site).await.end.unwrap().complete, "a test changes nothing");
}

#[tokio::test]
async fn the_test_names_the_step_that_fails_for_each_link() {
    let server = Server::start().await;
    server
        .on("/denied", [status(403)])
        .on("/page", [ok("<html>hunter2")])
        .on("/fine", [ok(calendar(1))])
        .on("/empty", [ok(calendar(0))]);
    let site = site(&server, &["/denied", "/page", "/fine", "/empty"]);
    let report = site.check().await;
    assert!(!report.is_ok());
    assert_eq!(step(&report, "denied: answer").outcome, StepOutcome::Failed);
    assert_eq!(step(&report, "denied: calendar").outcome, StepOutcome::Skipped);
    assert_eq!(step(&report, "page: calendar").outcome, StepOutcome::Failed);
    assert_eq!(step(&report, "fine: calendar").outcome, StepOutcome::Passed);
    assert_eq!(step(&report, "empty: calendar").outcome, StepOutcome::Warning);
    assert!(!format!("{report:?} {site:?}").contains(SECRET));
}

#[tokio::test]
async fn the_test_does_not_go_where_a_feed_may_not() {
    let server = Server::start().await;
    server.on("/hall", [ok(calendar(1))]);
    for (http, private, failed) in [(false, true, "TLS"), (true, false, "name")] {
        let mut section = config("hall");
        (section.allow_http, section.allow_private) = (http, private);
        let feeds = vec![(section, server.link("/hall").into())];
        let site = IcalSite::new("bookings", feeds, &[], Arc::new(MemoryStates::default())).unwrap();
        let report = site.check().await;
        assert_eq!(step(&report, failed).outcome, StepOutcome::Failed, "{report:?}");
    }
    assert_eq!(server.seen().len(), 0);
}
