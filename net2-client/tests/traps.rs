//! The traps of this vendor, by the numbers of `docs/vendors/net2.md`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod support;

use std::time::Duration;

use chrono::NaiveDate;
use futures::TryStreamExt as _;
use net2_client::departments::Department;
use net2_client::event_types::EventGroup;
use net2_client::events::{EventCursor, EventPage, EventQuery, QueryEvents};
use net2_client::image::Jpeg;
use net2_client::query::{Condition, EventColumn};
use net2_client::tokens::NewToken;
use net2_client::users::UserChanges;
use net2_client::{
    AccessLevelId, DepartmentId, DoorId, ErrorKind, EventId, Fingerprint, Operation as _, ServerTime, TokenId,
    TokenType, Trust, UserId,
};
use serde_json::json;
use support::Site;

const MAYA: UserId = UserId::new(42);
const DOOR: DoorId = DoorId::new(7_000_123);

#[tokio::test]
async fn trap_01_put_without_expiry_never_leaves_and_unknown_keys_go_back() {
    // The fixture compares the whole body: both dates, `FutureField`, no permission set.
    let site = Site::of("users_update").await;
    let user = site.client().user(MAYA).update(&UserChanges::new().last_name("Adeyemi")).await.unwrap();
    assert!(user.expiry_date.is_some());
    site.done().await;
}

#[tokio::test]
async fn trap_02_an_expiry_is_returned_as_the_server_kept_it() {
    let site = Site::of("users_update_verified").await;
    let evening = NaiveDate::from_ymd_opt(2027, 5, 2).unwrap().and_hms_opt(23, 59, 0).unwrap();
    let changes = UserChanges::new().expiry_date(ServerTime::local(evening));
    let stored = site.client().users().update_and_verify(MAYA, &changes).await.unwrap();
    let expiry = stored.expiry_date.unwrap();
    assert_eq!((expiry.date(), expiry.naive().time()), (evening.date(), chrono::NaiveTime::MIN));
    site.done().await;
}

#[tokio::test]
async fn trap_03_a_list_without_permissions_says_nothing_about_access() {
    let site = Site::of("users_list").await;
    let users = site.client().users().list().await.unwrap();
    assert!(users.items.iter().all(|user| user.permissions.is_none()));
    site.done().await;
}

#[tokio::test]
async fn trap_04_replacing_levels_keeps_individual_rights() {
    let site = Site::of("permissions_modify").await;
    let set = site.client().user(MAYA).modify_access_levels(&[AccessLevelId::new(7)], &[]).await.unwrap();
    assert_eq!(set.individual_permissions.len(), 1);
    site.done().await;
}

#[tokio::test]
async fn trap_05_an_empty_body_is_an_empty_list_of_events() {
    let mut site = Site::empty().await;
    for status in [200, 204] {
        let mock = site.server.mock("GET", "/api/v1/events").match_query(mockito::Matcher::Any).with_status(status);
        let mock = mock.expect(1).create_async().await;
        assert!(site.client().events().query(&EventQuery::newest(10)).await.unwrap().items.is_empty());
        mock.assert_async().await;
        mock.remove_async().await;
    }
}

#[tokio::test]
async fn trap_06_keys_in_any_case_within_one_answer() {
    let mut site = Site::empty().await;
    let doors = json!([{ "id": 1, "name": "a" }, { "Id": 2, "Name": "b" }, { "ID": 3, "NAME": "c" }]);
    site.answer("GET", "/doors", 200, doors).await;
    let doors = site.client().doors().list().await.unwrap();
    assert_eq!(doors.iter().map(|door| door.name.as_str()).collect::<String>(), "abc");
    site.done().await;
}

#[tokio::test]
async fn trap_07_zero_is_an_id() {
    let site = Site::of("tokens").await;
    let tokens = site.client().user(MAYA).tokens();
    assert_eq!(tokens.list().await.unwrap()[0].id, TokenId::new(0));
    tokens.get(TokenId::new(0)).await.unwrap();
    tokens.delete(TokenId::new(0)).await.unwrap();
    site.done().await;

    let site = Site::of("user_department_none").await;
    let maya = site.client().user(MAYA);
    for _ in 0..4 {
        assert_eq!(maya.department().await.unwrap(), None);
    }
    site.done().await;

    let departments = site_with_departments().await;
    assert_eq!(departments, [DepartmentId::NONE, DepartmentId::new(3)]);
    assert_eq!(Department::none().id, DepartmentId::NONE);
}

async fn site_with_departments() -> Vec<DepartmentId> {
    let mut site = Site::empty().await;
    site.answer("GET", "/departments", 200, json!([{ "id": 0, "name": "-" }, { "id": 3, "name": "x" }])).await;
    site.client().departments().list().await.unwrap().iter().map(|department| department.id).collect()
}

#[tokio::test]
async fn trap_08_a_burst_signs_in_once_and_a_429_is_waited_for() {
    let mut site = Site::only("sign_in_limited").await;
    site.server.mock("GET", "/api/v1/doors").with_body("[]").expect(20).create_async().await;
    let net2 = site.client();
    let calls = (0..20).map(|_| {
        let net2 = net2.clone();
        async move { net2.doors().list().await }
    });
    futures::future::try_join_all(calls).await.unwrap();
    let waited: Duration = site.clock.sleeps().iter().sum();
    assert!(waited >= Duration::from_millis(600), "{waited:?}");
    site.done().await;
}

#[tokio::test]
async fn trap_09_an_accepted_order_is_no_word_about_the_door() {
    let mut site = Site::empty().await;
    site.answer("POST", "/commands/door/open", 200, json!({})).await;
    let shut = json!([{ "id": 7_000_123, "status": { "doorRelayOpen": true, "doorContactClosed": true } }]);
    site.answer("GET", "/doors/status", 200, shut).await;
    let net2 = site.client();
    let accepted: () = net2.door(DOOR).open_momentarily().send().await.unwrap();
    let () = accepted;
    let status = net2.doors().status().await.unwrap()[0].status.unwrap();
    assert_eq!((status.door_relay_open, status.door_contact_closed), (Some(true), Some(true)));
    site.done().await;
}

#[tokio::test]
async fn trap_10_a_lost_order_is_sent_once() {
    let site = Site::of("door_command_lost").await;
    let net2 = site.client();
    let order = net2.door(DOOR).open_momentarily();
    assert_eq!(net2.request_count(), 0);
    let error = order.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert!(error.may_have_been_applied());
    site.done().await;
}

// Traps 11 to 13 are about live events: see `tests/live.rs`.

#[tokio::test]
async fn trap_14_events_are_told_by_number_whatever_their_language() {
    let mut site = Site::empty().await;
    let event = |id: i64, kind: i64, text: &str| json!({ "id": id, "eventTime": "2027-03-01T09:00:00", "eventType": kind, "eventDescription": text });
    let events = json!([
        event(1, 20, "Adgang nægtet"),
        event(2, 23, "Access permitted"),
        event(3, 27, "x"),
        event(4, 4711, "x")
    ]);
    site.answer("GET", "/events", 200, events).await;
    let events = site.client().events().query(&EventQuery::newest(10)).await.unwrap();
    let groups: Vec<_> = events.items.iter().map(|event| event.event_type.group()).collect();
    assert_eq!(groups, [EventGroup::Granted, EventGroup::Denied, EventGroup::Granted, EventGroup::Other]);
}

#[tokio::test]
async fn trap_15_a_duplicate_may_be_our_own_and_is_never_repeated_in_words() {
    let token = NewToken::new(TokenType::ProxCard, "87654321");
    let site = Site::of("tokens_add_again").await;
    let own = site.client().user(MAYA).tokens().add(&token).await.unwrap();
    assert_eq!(own.id, TokenId::new(400));
    site.done().await;

    let site = Site::of("tokens_add_clash").await;
    let error = site.client().user(MAYA).tokens().add(&token).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Duplicate);
    assert!(!format!("{error} {error:?}").contains("87654321"));
    site.done().await;
}

#[tokio::test]
async fn trap_16_the_refresh_token_is_kept_when_none_comes_back() {
    let mut site = Site::only("sign_in_refresh").await;
    site.server.mock("GET", "/api/v1/doors").with_body("[]").expect(3).create_async().await;
    let net2 = site.client();
    for _ in 0..3 {
        net2.doors().list().await.unwrap();
        site.clock.advance(Duration::from_mins(31));
    }
    site.done().await;
}

#[tokio::test]
async fn trap_17_and_20_a_wrong_licence_is_not_a_wrong_password() {
    let site = Site::only("sign_in_client").await;
    let error = site.client().doors().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("restart"), "{error}");
    site.done().await;

    let site = Site::only("sign_in_password").await;
    let error = site.client().doors().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(!format!("{error} {error:?}").contains("secret"));
    site.done().await;
}

#[test]
fn trap_18_a_portrait_is_a_jpeg_of_bounded_size() {
    assert_eq!(Jpeg::new(*b"\x89PNG\r\n\x1a\n").unwrap_err().kind(), ErrorKind::Rejected);
    let mut large = vec![0xff, 0xd8, 0xff];
    large.resize(Jpeg::MAX_BYTES + 1, 0);
    assert_eq!(Jpeg::new(large.clone()).unwrap_err().kind(), ErrorKind::TooLarge);
    large.truncate(Jpeg::MAX_BYTES);
    assert!(Jpeg::new(large).is_ok());
}

#[tokio::test]
async fn trap_19_a_certificate_and_its_successor_are_pinned_together() {
    let site = Site::bare().await;
    let pins = vec![Fingerprint::of(b"old"), Fingerprint::of(b"new")];
    assert!(site.builder().trust(Trust::PinnedSha256(pins)).build().is_ok());
}

#[test]
fn trap_21_conditions_carry_local_time_without_offset() {
    let base = url::Url::parse("https://h.example").unwrap();
    let time = NaiveDate::from_ymd_opt(2027, 10, 31).unwrap().and_hms_opt(1, 30, 0).unwrap();
    let query = EventQuery::newest(5).matching(Condition::at_least(EventColumn::EventTime, time));
    let request = QueryEvents::new(query).request(&base).unwrap();
    let sent = request.uri().query().unwrap().to_owned();
    assert!(sent.contains("2027-10-31T01%3A30%3A00%27"), "{sent}");
}

#[tokio::test]
async fn trap_22_quotes_in_names_stay_in_their_quotes() {
    let site = Site::of("events_quoted").await;
    let time = NaiveDate::from_ymd_opt(2027, 3, 1).unwrap().and_hms_opt(9, 0, 0).unwrap();
    let condition =
        Condition::equal(EventColumn::Surname, "O'Hara").and(Condition::at_least(EventColumn::EventTime, time));
    site.client().events().query(&EventQuery::newest(5).matching(condition)).await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn trap_23_private_levels_are_no_choice() {
    let mut site = Site::empty().await;
    let levels = json!([{ "id": 7, "name": "Courts" }, { "id": 10_000_042, "name": "Individual: Maya Okonkwo" }]);
    site.answer("GET", "/accesslevels", 200, levels).await;
    let net2 = site.client();
    assert_eq!(net2.access_levels().shared().await.unwrap().len(), 1);
    let private = AccessLevelId::new(10_000_042);
    let refused = net2.user(MAYA).modify_access_levels(&[private], &[]).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Rejected);
    assert_eq!(net2.access_levels().delete(private).await.unwrap_err().kind(), ErrorKind::Rejected);
    site.done().await;
}

#[tokio::test]
async fn trap_24_an_event_delivered_late_is_found_by_its_number() {
    let site = Site::of("events_follow").await;
    let follow = site.client().events().since(EventCursor::after(EventId::new(900_110))).rows(2);
    let pages: Vec<EventPage> = follow.pages().try_collect().await.unwrap();
    let [first, late] = &pages[0].events[..] else { panic!("two events were there") };
    assert!(late.id > first.id && late.time.naive() < first.time.naive());
    site.done().await;
}
