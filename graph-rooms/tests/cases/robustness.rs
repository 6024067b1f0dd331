//! Cases 46 to 49, 53, 54: a server that is busy, ill or odd.

use std::time::Duration;

use futures::future::join_all;
use graph_rooms::{ErrorKind, Fault, FaultKind, GraphClient};
use serde_json::json;
use tokio::time::Instant;

use crate::support::*;

async fn read(graph: &std::sync::Arc<Script>) -> (Result<usize, graph_rooms::Error>, Duration) {
    let start = Instant::now();
    let result = graph.client().room("a@example.org").events(march()).await;
    (result.map(|calendar| calendar.events.len()), start.elapsed())
}

fn throttled() -> Answer {
    fault(429, "ApplicationThrottled")
}

#[tokio::test(start_paused = true)]
async fn case_46_throttling_is_heeded_and_ends() {
    let once =
        |answer: Answer| Script::new(move |seen| if seen.number == 1 { answer.clone() } else { page([plain("a")]) });
    let (result, took) = read(&once(throttled().header("retry-after", "2.128"))).await;
    assert_eq!(result.unwrap(), 1);
    assert!(took >= Duration::from_millis(2128) && took < Duration::from_secs(4), "{took:?}");

    let dated = throttled()
        .header("date", "Tue, 03 Mar 2026 09:00:00 GMT")
        .header("retry-after", "Tue, 03 Mar 2026 09:00:07 GMT");
    let (result, took) = read(&once(dated)).await;
    assert!(result.is_ok() && took >= Duration::from_secs(7) && took < Duration::from_secs(9), "{took:?}");

    let (result, took) = read(&once(throttled())).await;
    assert!(result.is_ok() && took <= Duration::from_secs(2), "{took:?}");

    // Without end: small waits, none, and one that is longer than anybody waits for.
    for (wait, calls) in [("0.2", 4), ("", 4), ("280", 1), ("100000", 1)] {
        let graph =
            Script::new(move |_| if wait.is_empty() { throttled() } else { throttled().header("retry-after", wait) });
        let (result, took) = read(&graph).await;
        let error = result.unwrap_err();
        assert_eq!((error.kind(), Fault::of(&error).kind), (ErrorKind::RateLimited, FaultKind::Throttled), "{wait}");
        assert!(Fault::of(&error).is_retryable() && took < Duration::from_mins(1), "{wait} {took:?}");
        assert_eq!(graph.calls().len(), calls, "{wait}");
        assert_eq!(error.retry_after().is_some(), !wait.is_empty());
    }
    let graph = Script::new(|_| raw(509, ""));
    assert_eq!(Fault::of(&read(&graph).await.0.unwrap_err()).kind, FaultKind::Throttled);
}

#[tokio::test(start_paused = true)]
async fn a_long_pause_of_one_room_is_not_that_of_the_others() {
    let graph = Script::new(|seen| {
        if seen.path().contains("busy") { throttled().header("retry-after", "300") } else { page([plain("a")]) }
    });
    let client = graph.client();
    assert!(client.room("busy@example.org").events(march()).await.is_err());
    let start = Instant::now();
    assert!(client.room("a@example.org").events(march()).await.is_ok());
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn case_47_no_more_calls_are_under_way_than_allowed() {
    for (limit, expected) in [(None, 3), (Some(1), 1), (Some(4), 4)] {
        let graph = Script::slow(Duration::from_secs(2), |_| page([]));
        let builder = graph.builder();
        let client = match limit {
            Some(limit) => builder.max_in_flight(limit).build().unwrap(),
            None => builder.build().unwrap(),
        };
        // Clones share the limit, and a long queue costs no call its time.
        let clients: Vec<GraphClient> = (0..120).map(|_| client.clone()).collect();
        let rooms: Vec<_> =
            clients.iter().enumerate().map(|(n, client)| client.room(format!("r{n}@example.org"))).collect();
        let read = join_all(rooms.iter().map(|room| room.events(march()))).await;
        assert!(read.iter().all(Result::is_ok));
        assert_eq!((graph.most(), graph.calls().len()), (expected, 120));
    }
}

#[tokio::test(start_paused = true)]
async fn case_48_one_forbidden_room_is_its_own_affair() {
    let graph =
        Script::new(
            |seen| {
                if seen.path().contains("room3@") { fault(403, "ErrorAccessDenied") } else { page([plain("a")]) }
            },
        );
    let client = graph.client();
    for n in 0..6 {
        let result = client.room(format!("room{n}@example.org")).events(march()).await;
        assert_eq!(result.is_ok(), n != 3);
        if let Err(error) = result {
            let fault = Fault::of(&error);
            assert_eq!((fault.kind, fault.code.as_deref()), (FaultKind::Forbidden, Some("ErrorAccessDenied")));
            assert!(fault.remedy().contains("consent") && !fault.is_retryable());
        }
    }
    assert_eq!(graph.calls().len(), 6, "not repeated");
}

#[tokio::test(start_paused = true)]
async fn case_49_a_room_that_is_gone_and_a_mailbox_that_cannot_be_read() {
    for (code, kind) in [
        ("ErrorItemNotFound", FaultKind::NotFound),
        ("ErrorInvalidUser", FaultKind::NotFound),
        ("ResourceNotFound", FaultKind::NotFound),
        ("Request_ResourceNotFound", FaultKind::NotFound),
        ("MailboxNotEnabledForRESTAPI", FaultKind::MailboxUnavailable),
    ] {
        let graph = Script::new(move |_| fault(404, code));
        let error = read(&graph).await.0.unwrap_err();
        assert_eq!(Fault::of(&error).kind, kind, "{code}");
        assert_eq!(error.request_id(), Some("r-1"));
    }
}

#[tokio::test(start_paused = true)]
async fn case_53_a_clock_that_jumps_does_not_age_a_token() {
    // Lives are counted by the steady clock: ten jumps of the time of day are nobody's business.
    let clock = std::sync::Arc::new(connector_http::ManualClock::at(std::time::UNIX_EPOCH));
    let graph = Script::new(|_| page([]));
    let client = graph.builder().clock(clock.clone()).build().unwrap();
    client.sign_in().await.unwrap();
    client.room("a@example.org").events(march()).await.unwrap();
    assert_eq!(graph.tokens().len(), 1, "the year 1970 is as good as any");
    clock.advance(Duration::from_hours(2));
    client.room("a@example.org").events(march()).await.unwrap();
    assert_eq!(graph.tokens().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn case_54_odd_bodies_hide_no_status_and_are_no_empty_calendar() {
    for (answer, kind) in [
        (raw(500, "<html><h1>Server Error</h1>"), FaultKind::Transient),
        (raw(502, ""), FaultKind::Transient),
        (status(504, json!({ "error": { "code": "UnknownError", "message": "" } })), FaultKind::Transient),
        (raw(503, "{\"error\":{"), FaultKind::Transient),
        (raw(403, "<html>"), FaultKind::Forbidden),
        (raw(404, ""), FaultKind::NotFound),
        (raw(200, "<html>sign in</html>"), FaultKind::Protocol),
        (raw(200, ""), FaultKind::Protocol),
        (raw(200, "{\"value\":[{\"id\":"), FaultKind::Protocol),
        (raw(200, vec![0xff, 0xfe, 0x00]), FaultKind::Protocol),
        (raw(200, "null"), FaultKind::Protocol),
        (raw(302, ""), FaultKind::Protocol),
        (cut(), FaultKind::Transient),
    ] {
        let graph = Script::new({
            let answer = answer.clone();
            move |_| answer.clone()
        });
        let error = read(&graph).await.0.unwrap_err();
        assert_eq!(Fault::of(&error).kind, kind, "{answer:?}: {error}");
    }
    let bom = Script::new(|_| raw(200, "\u{feff}{\"value\":[]}"));
    assert_eq!(read(&bom).await.0.unwrap(), 0);
}

#[tokio::test]
async fn case_54_a_packed_body_is_unpacked() {
    use base64::Engine as _;
    // `{"value":[]}`, packed.
    let packed = "H4sIAAAAAAAAA6tWKkvMKU1VsoqOrQUAQupARAwAAAA=";
    let packed = base64::prelude::BASE64_STANDARD.decode(packed).unwrap();
    let mut server = mockito::Server::new_async().await;
    let token = json!({ "access_token": "t", "expires_in": 3599 }).to_string();
    server.mock("POST", "/example.org/oauth2/v2.0/token").with_body(token).create_async().await;
    let view = server
        .mock("GET", mockito::Matcher::Regex("calendarView".into()))
        .match_header("accept-encoding", mockito::Matcher::Regex("gzip".into()))
        .with_header("content-encoding", "gzip")
        .with_body(packed)
        .create_async()
        .await;
    let client = GraphClient::builder().tenant("example.org").client_id("a").secret("s");
    let client = client.base_url(server.url()).authority(server.url()).build().unwrap();
    assert_eq!(client.room("a@example.org").events(march()).await.unwrap().events.len(), 0);
    view.assert_async().await;
}

#[tokio::test(start_paused = true)]
async fn passing_failures_are_tried_again_with_growing_waits() {
    let graph =
        Script::new(|seen| if seen.number < 4 { fault(503, "serviceNotAvailable") } else { page([plain("a")]) });
    assert_eq!(read(&graph).await.0.unwrap(), 1);
    let graph = Script::new(|_| fault(503, "serviceNotAvailable"));
    let (result, took) = read(&graph).await;
    assert!(result.unwrap_err().is_transient());
    assert!(graph.calls().len() == 4 && took <= Duration::from_secs(7), "{took:?}");
}
