//! One sign-in for all, early renewal, one repeat after a refused token.
#![cfg(feature = "client")]
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod support;

use connector_http::{ErrorKind, HttpClient, ManualClock, Pace, Phase, RetryPolicy, SendOptions};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use support::{OpenDoor, Password, Put, Read, Script, Step, client};

fn signed_in(script: &Arc<Script>) -> (HttpClient, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    (client(script, &clock).tokens(Arc::new(Password)).build().unwrap(), clock)
}

fn answers(count: usize) -> impl Iterator<Item = Step> {
    (0..count).map(|_| Step::Answer(200, "{}"))
}

#[tokio::test]
async fn many_callers_make_one_sign_in() {
    let script = Script::new(answers(8));
    let (client, _) = signed_in(&script);
    let calls = (0..8).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.send(&Read("x")).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    assert_eq!(script.sign_ins(), 1);
    assert_eq!(script.tokens(), ["Bearer token-1"; 8]);
}

#[tokio::test]
async fn a_token_is_renewed_a_minute_before_its_end() {
    let script = Script::new(answers(3));
    let (client, clock) = signed_in(&script);
    client.send(&Read("x")).await.unwrap();
    clock.advance(Duration::from_secs(1739));
    client.send(&Read("x")).await.unwrap();
    assert_eq!(script.sign_ins(), 1);
    clock.advance(Duration::from_secs(2));
    client.send(&Read("x")).await.unwrap();
    assert_eq!(script.tokens(), ["Bearer token-1", "Bearer token-1", "Bearer token-2"]);
}

#[tokio::test]
async fn an_early_renewal_that_fails_for_the_moment_disturbs_nobody() {
    let good = Step::Answer(200, r#"{"access_token":"a","expires_in":1800}"#);
    let script = Script::with_sign_ins(answers(3), [good, Step::LoseReply]);
    let clock = Arc::new(ManualClock::default());
    let client = client(&script, &clock).tokens(Arc::new(Password)).retry(RetryPolicy::never()).build().unwrap();
    client.send(&Read("x")).await.unwrap();
    clock.advance(Duration::from_secs(1750));
    client.send(&Read("x")).await.unwrap();
    client.send(&Read("x")).await.unwrap();
    assert_eq!(script.tokens(), ["Bearer a"; 3]);
    assert_eq!(script.sign_ins(), 2, "the second failed and was not tried again at once");
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_even_for_a_door_command() {
    let script = Script::new([Step::Answer(401, ""), Step::Answer(200, "")]);
    let (client, _) = signed_in(&script);
    client.send(&OpenDoor).await.unwrap();
    assert_eq!(script.tokens(), ["Bearer token-1", "Bearer token-2"]);
}

#[tokio::test]
async fn a_second_refusal_is_final() {
    let script = Script::new([Step::Answer(401, ""), Step::Answer(401, ""), Step::Answer(200, "")]);
    let (client, _) = signed_in(&script);
    let error = client.send(&Put(json!({}))).await.unwrap_err();
    assert!(error.is_auth() && !error.may_have_been_applied());
    assert_eq!(error.operation(), Some("test.put"));
    assert_eq!(script.tokens().len(), 2);
}

#[tokio::test]
async fn a_refusal_seen_by_many_makes_one_new_sign_in() {
    let steps = (0..4).map(|_| Step::Answer(401, "")).chain(answers(4));
    let script = Script::new(steps);
    let (client, _) = signed_in(&script);
    client.sign_in().await.unwrap();
    let calls = (0..4).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.send(&Read("x")).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    assert_eq!(script.sign_ins(), 2);
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_for_all_who_wait() {
    let script = Script::with_sign_ins([], [Step::Answer(401, ""), Step::Answer(401, ""), Step::Answer(401, "")]);
    let (client, _) = signed_in(&script);
    let calls = (0..3).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.send(&OpenDoor).await })
    });
    for call in calls.collect::<Vec<_>>() {
        let error = call.await.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Auth, Phase::NotSent));
        assert_eq!(error.operation(), Some("test.sign_in"));
        assert!(!error.may_have_been_applied());
    }
    assert_eq!(script.sign_ins(), 1);
}

#[tokio::test]
async fn a_sign_in_without_answer_leaves_the_call_unsent() {
    let script = Script::with_sign_ins([], (0..4).map(|_| Step::LoseReply));
    let (client, _) = signed_in(&script);
    let error = client.send(&OpenDoor).await.unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Unavailable, Phase::NotSent));
    assert!(!error.may_have_been_applied());
    assert_eq!(script.sign_ins(), 4, "the sign-in's own repeats, and none on top");
}

#[tokio::test]
async fn sign_ins_keep_their_distance_and_do_not_slow_the_calls() {
    let script = Script::new([Step::Answer(200, "{}"), Step::Answer(401, ""), Step::Answer(200, "{}")]);
    let clock = Arc::new(ManualClock::default());
    let pace = Pace { sign_in_spacing: Duration::from_secs(15), ..Pace::unlimited() };
    let client = client(&script, &clock).tokens(Arc::new(Password)).pace(pace).build().unwrap();
    client.send(&Read("x")).await.unwrap();
    assert!(clock.sleeps().is_empty());
    client.send(&Read("x")).await.unwrap();
    assert_eq!(clock.sleeps(), [Duration::from_secs(15)]);
}

#[tokio::test]
async fn a_sign_in_that_is_told_to_wait_waits() {
    let script = Script::with_sign_ins(answers(1), [Step::AnswerWith(429, &[("retry-after", "12")], "")]);
    let (client, clock) = signed_in(&script);
    client.send(&Read("x")).await.unwrap();
    assert_eq!(clock.sleeps(), [Duration::from_secs(12)]);
}

#[tokio::test]
async fn a_sign_in_that_must_wait_too_long_says_so_at_once() {
    let script = Script::with_sign_ins([], [Step::AnswerWith(429, &[("retry-after", "60")], "")]);
    let (client, clock) = signed_in(&script);
    let options = SendOptions { deadline: Some(Duration::from_secs(30)), ..SendOptions::default() };
    let error = client.send_with(&Read("x"), options).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, Some(Duration::from_mins(1))));
    assert_eq!(error.operation(), Some("test.sign_in"));
    assert!(clock.sleeps().is_empty());
}
