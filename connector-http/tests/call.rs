//! Repeats, deadlines, pace: what happens to one call, with a scripted server and a clock that does not wait.
#![cfg(feature = "client")]
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod support;

use connector_http::{ErrorKind, ManualClock, Pace, Phase, RetryPolicy, SendOptions, Timeouts};
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};
use support::{OpenDoor, Put, Read, Script, Step, client};

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::default())
}

#[tokio::test]
async fn a_read_is_repeated_until_it_works() {
    let script = Script::new([Step::Answer(503, ""), Step::LoseReply, Step::Refuse, Step::Answer(200, "[1]")]);
    let clock = clock();
    let client = client(&script, &clock).build().unwrap();
    assert_eq!(client.send(&Read("doors")).await.unwrap(), json!([1]));
    assert_eq!(clock.sleeps().len(), 3);
    assert_eq!(client.request_count(), 3, "the refused one never went out");
}

#[tokio::test]
async fn a_read_that_keeps_failing_is_unavailable_and_not_applied() {
    let script = Script::new((0..4).map(|_| Step::Answer(502, "")));
    let error = client(&script, &clock()).build().unwrap().send(&Read("doors")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.operation(), Some("test.read"));
    assert!(!error.may_have_been_applied());
    assert_eq!(script.paths().len(), 4);
}

#[tokio::test]
async fn a_door_command_is_never_sent_twice() {
    for step in [Step::LoseReply, Step::Answer(502, ""), Step::Answer(500, ""), Step::Answer(504, "")] {
        let script = Script::new([step, Step::Answer(200, "")]);
        let error = client(&script, &clock()).build().unwrap().send(&OpenDoor).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
        assert!(error.may_have_been_applied());
        assert_eq!(script.paths().len(), 1);
    }
}

#[tokio::test]
async fn a_door_command_that_was_turned_away_is_not_repeated_but_known_not_applied() {
    for (status, kind) in [(429, ErrorKind::RateLimited), (503, ErrorKind::Unavailable), (409, ErrorKind::Conflict)] {
        let script = Script::new([Step::Answer(status, ""), Step::Answer(200, "")]);
        let error = client(&script, &clock()).build().unwrap().send(&OpenDoor).await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_been_applied()), (kind, false));
        assert_eq!(script.paths().len(), 1);
    }
}

#[tokio::test]
async fn a_door_command_that_never_left_is_sent_again() {
    let script = Script::new([Step::Refuse, Step::Answer(200, "")]);
    client(&script, &clock()).build().unwrap().send(&OpenDoor).await.unwrap();
    assert_eq!(script.paths().len(), 2);
}

#[tokio::test]
async fn a_command_whose_answer_cannot_be_read_may_have_been_applied() {
    let script = Script::new([Step::Answer(200, "nonsense")]);
    let error = client(&script, &clock()).build().unwrap().send(&OpenDoor).await.unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Protocol, Phase::Answered));
    assert!(error.may_have_been_applied());
}

#[tokio::test]
async fn a_whole_write_is_repeated_and_in_doubt_when_no_answer_ever_comes() {
    let script = Script::new([Step::LoseReply, Step::Answer(200, "")]);
    client(&script, &clock()).build().unwrap().send(&Put(json!({}))).await.unwrap();

    let script = Script::new((0..4).map(|_| Step::LoseReply));
    let error = client(&script, &clock()).build().unwrap().send(&Put(json!({}))).await.unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::OutcomeUnknown, Phase::Sent));
    assert_eq!(script.paths().len(), 4);
}

#[tokio::test]
async fn doubt_of_an_earlier_attempt_outlives_a_later_one_that_was_never_sent() {
    let script = Script::new([Step::LoseReply, Step::Refuse, Step::Refuse, Step::Refuse]);
    let error = client(&script, &clock()).build().unwrap().send(&Put(json!({}))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);

    let script = Script::new([Step::Answer(504, ""), Step::Answer(404, "")]);
    let error = client(&script, &clock()).build().unwrap().send(&Put(json!({}))).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_applied()), (ErrorKind::NotFound, true));

    let script = Script::new([Step::LoseReply, Step::Answer(200, "")]);
    let pace = Pace { requests_per_second: 0.001, burst: 1, ..Pace::default() };
    let client = client(&script, &clock()).pace(pace).build().unwrap();
    assert_eq!(client.send(&Put(json!({}))).await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(script.paths().len(), 1, "no turn came before the deadline");
}

#[tokio::test]
async fn refusals_are_not_repeated() {
    for (status, kind) in [(400, ErrorKind::Rejected), (403, ErrorKind::Permission), (404, ErrorKind::NotFound)] {
        let script = Script::new([Step::Answer(status, "")]);
        let error = client(&script, &clock()).build().unwrap().send(&Read("x")).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(script.paths().len(), 1);
    }
}

#[tokio::test]
async fn a_caller_may_switch_repeats_off() {
    for step in [Step::Answer(503, ""), Step::Refuse] {
        let script = Script::new([step, Step::Answer(200, "{}")]);
        let client = client(&script, &clock()).build().unwrap();
        let options = SendOptions { retry: false, ..SendOptions::default() };
        assert_eq!(client.send_with(&Read("x"), options).await.unwrap_err().kind(), ErrorKind::Unavailable);
        assert_eq!(script.paths().len(), 1);
    }
}

#[tokio::test]
async fn retry_after_wins_over_backoff_in_every_form() {
    for (headers, wait) in [
        (&[("retry-after", "7")] as &[_], Duration::from_secs(7)),
        (&[("retry-after", "2.5")], Duration::from_millis(2500)),
        (
            &[("date", "Wed, 21 Oct 2026 07:28:00 GMT"), ("retry-after", "Wed, 21 Oct 2026 07:28:09 GMT")],
            Duration::from_secs(9),
        ),
    ] {
        let script = Script::new([Step::AnswerWith(503, headers, ""), Step::Answer(200, "{}")]);
        let clock = clock();
        client(&script, &clock).build().unwrap().send(&Read("x")).await.unwrap();
        assert_eq!(clock.sleeps(), [wait]);
    }
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_not_begun() {
    let script = Script::new([Step::AnswerWith(429, &[("retry-after", "3600")], "")]);
    let clock = clock();
    let error = client(&script, &clock).build().unwrap().send(&Read("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after(), Some(Duration::from_hours(1)));
    assert!(clock.sleeps().is_empty());
}

#[tokio::test]
async fn the_callers_deadline_wins_over_the_setting() {
    let script = Script::new([Step::AnswerWith(503, &[("retry-after", "5")], ""), Step::Answer(200, "{}")]);
    let timeouts = Timeouts { whole: Duration::from_secs(1), ..Timeouts::default() };
    let client = client(&script, &clock()).timeouts(timeouts).build().unwrap();
    let options = SendOptions { deadline: Some(Duration::from_secs(10)), ..SendOptions::default() };
    client.send_with(&Read("x"), options).await.unwrap();
}

#[tokio::test]
async fn a_busy_server_is_left_alone_by_all_clones() {
    let script = Script::new([
        Step::AnswerWith(429, &[("retry-after", "30")], ""),
        Step::Answer(200, "{}"),
        Step::Answer(200, "{}"),
    ]);
    let clock = clock();
    let client = client(&script, &clock).retry(RetryPolicy::never()).build().unwrap();
    let other = client.clone();
    client.send(&Read("x")).await.unwrap_err();
    other.send(&Read("x")).await.unwrap();
    assert_eq!(clock.sleeps(), [Duration::from_secs(30)]);
    client.send(&Read("x")).await.unwrap();
    assert_eq!(clock.sleeps().len(), 1);
}

#[tokio::test]
async fn a_pause_longer_than_the_deadline_is_told_and_nothing_is_sent() {
    let script = Script::new([Step::AnswerWith(429, &[("retry-after", "999999999")], ""), Step::Answer(200, "{}")]);
    let clock = clock();
    let client = client(&script, &clock).build().unwrap();
    client.send(&Read("x")).await.unwrap_err();
    let error = client.send(&OpenDoor).await.unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::RateLimited, Phase::NotSent));
    assert_eq!(error.retry_after(), Some(Duration::from_hours(1)), "no header silences us for good");
    clock.advance(Duration::from_hours(1));
    client.send(&Read("x")).await.unwrap();
    assert_eq!(script.paths().len(), 2);
}

#[tokio::test]
async fn clones_share_the_pace() {
    let script = Script::new((0..4).map(|_| Step::Answer(200, "{}")));
    let clock = clock();
    let pace = Pace { requests_per_second: 2.0, burst: 2, ..Pace::default() };
    let client = client(&script, &clock).pace(pace).build().unwrap();
    for _ in 0..2 {
        client.send(&Read("x")).await.unwrap();
        client.clone().send(&Read("x")).await.unwrap();
    }
    assert_eq!(clock.sleeps(), [Duration::from_millis(500); 2]);
}

#[tokio::test]
async fn a_call_that_cannot_wait_for_its_turn_is_not_sent() {
    let script = Script::new([Step::Answer(200, "{}")]);
    let pace = Pace { requests_per_second: 0.1, burst: 1, ..Pace::default() };
    let client = client(&script, &clock()).pace(pace).build().unwrap();
    client.send(&Read("x")).await.unwrap();
    let options = SendOptions { deadline: Some(Duration::from_secs(1)), ..SendOptions::default() };
    let error = client.send_with(&OpenDoor, options).await.unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Unavailable, Phase::NotSent));
    assert!(!error.may_have_been_applied());
    assert_eq!(script.paths().len(), 1);
}

#[tokio::test]
async fn the_servers_request_id_is_kept() {
    let script = Script::new([Step::AnswerWith(400, &[("x-request-id", "r-1")], "")]);
    let error = client(&script, &clock()).build().unwrap().send(&Read("x")).await.unwrap_err();
    assert_eq!(error.request_id(), Some("r-1"));
}

#[tokio::test(start_paused = true)]
async fn silence_ends_at_the_deadline() {
    #[derive(Debug)]
    struct Silence;
    #[async_trait::async_trait]
    impl connector_http::Transport for Silence {
        async fn round_trip(
            &self,
            _: http::Request<Vec<u8>>,
        ) -> Result<http::Response<Vec<u8>>, connector_http::Error> {
            std::future::pending().await
        }
    }
    let client = connector_http::HttpClient::builder("http://h.example").transport(Arc::new(Silence)).build().unwrap();
    let started = tokio::time::Instant::now();
    let options = SendOptions { deadline: Some(Duration::from_secs(5)), ..SendOptions::default() };
    let read = client.send_with(&Read("x"), options).await.unwrap_err();
    assert_eq!((read.kind(), read.phase()), (ErrorKind::Unavailable, Phase::Sent));
    assert_eq!(started.elapsed(), Duration::from_secs(5));
    let command = client.send_with(&OpenDoor, options).await.unwrap_err();
    assert_eq!(command.kind(), ErrorKind::OutcomeUnknown);
}

#[tokio::test]
async fn the_server_s_clock_is_compared_with_the_client_s() {
    let noon = UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    let clock = Arc::new(ManualClock::at(noon));
    let date = Step::AnswerWith(200, &[("date", "Mon, 21 Sep 2026 14:15:20 GMT")], "[]");
    let script = Script::new([Step::Answer(200, "[]"), date]);
    let client = client(&script, &clock).build().unwrap();
    client.send(&Read("doors")).await.unwrap();
    assert_eq!(client.clock_difference(), None, "it has told no time");
    client.clone().send(&Read("doors")).await.unwrap();
    assert_eq!(client.clock_difference().unwrap().num_milliseconds(), 120_500, "of the second, half has passed");
    clock.advance(Duration::from_mins(1));
    assert_eq!(client.clock_difference().unwrap().num_milliseconds(), 120_500, "both go on");
    assert_eq!(client.server_time().unwrap().timestamp_millis(), 1_790_000_180_500);
}
