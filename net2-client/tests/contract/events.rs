//! The log of events, alarms and roll calls.

use chrono::NaiveDate;
use futures::{StreamExt as _, TryStreamExt as _};
use net2_client::events::{EventCursor, EventPage, EventQuery};
use net2_client::id::{RollCallId, SafeRecordId};
use net2_client::query::{Condition, EventColumn};
use net2_client::{ErrorKind, EventId};
use serde_json::json;

use super::MAYA;
use crate::support::Site;

#[tokio::test]
async fn the_log_is_followed_until_an_answer_is_empty() {
    let site = Site::of("events_follow").await;
    let follow = site.client().events().since(EventCursor::after(EventId::new(900_110))).rows(2);
    let pages: Vec<EventPage> = follow.pages().try_collect().await.unwrap();
    assert_eq!(pages.iter().map(|page| page.events.len()).collect::<Vec<_>>(), [2, 1, 0]);
    assert_eq!(pages.iter().map(|page| page.is_end).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(pages[2].cursor.last_id(), EventId::new(900_113));
    assert_eq!(pages[1].events[0].user, None);
    site.done().await;
}

#[tokio::test]
async fn a_server_that_does_not_move_on_is_an_error() {
    let site = Site::of("events_stuck").await;
    let mut pages = site.client().events().since(EventCursor::after(EventId::new(900_110))).rows(2).pages();
    assert_eq!(pages.next().await.unwrap().unwrap_err().kind(), ErrorKind::Protocol);
    assert!(pages.next().await.is_none());
    site.done().await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_set_aside() {
    let site = Site::of("events_odd").await;
    let events = site.client().events().query(&EventQuery::newest(10)).await.unwrap();
    assert_eq!(events.items.len(), 1);
    assert_eq!(events.invalid.iter().map(|item| item.id).collect::<Vec<_>>(), [Some(4), Some(3)]);
    site.done().await;
}

#[tokio::test]
async fn a_refused_condition_is_rejected_and_not_repeated() {
    let site = Site::of("events_refused").await;
    let time = NaiveDate::from_ymd_opt(2027, 3, 1).unwrap().and_hms_opt(9, 0, 0).unwrap();
    let condition =
        Condition::equal(EventColumn::Surname, "O'Hara").and(Condition::at_least(EventColumn::EventTime, time));
    let error = site.client().events().query(&EventQuery::newest(5).matching(condition)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    site.done().await;
}

#[tokio::test]
async fn a_server_without_conditions_on_the_number_is_followed_by_time() {
    let site = Site::of("events_by_time").await;
    let time = NaiveDate::from_ymd_opt(2027, 3, 1).unwrap().and_hms_opt(9, 0, 0).unwrap();
    let cursor = EventCursor::after_time(EventId::new(10), time);
    let pages: Vec<EventPage> = site.client().events().since(cursor).rows(2).pages().try_collect().await.unwrap();
    let seen: Vec<_> = pages.iter().flat_map(|page| &page.events).map(|event| event.id.get()).collect();
    assert_eq!(seen, [10, 11]);
    assert_eq!(pages.last().unwrap().cursor.last_id(), EventId::new(11));
    site.done().await;
}

#[tokio::test]
async fn unknown_tokens_are_read_in_both_shapes() {
    let site = Site::of("events_unknown_tokens").await;
    let tokens = site.client().events().latest_unknown_tokens(5).await.unwrap();
    assert_eq!(tokens.iter().map(|token| token.token.as_str()).collect::<Vec<_>>(), ["5550123", "5550124"]);
    assert_eq!(tokens[1].place.as_deref(), Some("Gate"));
    site.done().await;
}

#[tokio::test]
async fn an_alarm_is_acknowledged_at_the_second_address() {
    let site = Site::of("events_acknowledge").await;
    site.client().events().acknowledge_alarm(EventId::new(77)).await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn roll_calls_are_read_and_people_marked() {
    let site = Site::of("roll_calls").await;
    let roll_calls = site.client().roll_calls();
    let id = RollCallId::new(1);
    assert_eq!(roll_calls.list().await.unwrap()[0].other["kind"], json!(2));
    roll_calls.get(id).await.unwrap();
    assert_eq!(roll_calls.items(id).await.unwrap()[0].user, Some(MAYA));
    roll_calls.item(id, MAYA).await.unwrap();
    assert_eq!(roll_calls.start(&json!({ "name": "Drill" })).await.unwrap().unwrap().id, RollCallId::new(2));
    roll_calls.mark_safe(id, MAYA, &json!({ "markedSafeBy": 7 })).await.unwrap();
    roll_calls.unmark_safe(id, MAYA, SafeRecordId::new(7)).await.unwrap();
    site.done().await;
}
