//! The real road: a mock server, closed ports, silent and rude servers.
#![cfg(feature = "client")]
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod support;

use connector_http::{
    ConnectFailure, ErrorKind, HttpClient, HttpClientBuilder, ManualClock, Pace, Phase, RetryPolicy, Timeouts, Trust,
    probe,
};
use mockito::{Matcher, Server};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use support::{OpenDoor, Password, Put, Read};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use url::Url;

fn client(base: &str) -> HttpClientBuilder {
    HttpClient::builder(base)
        .user_agent("net2-client", "1.2.3")
        .pace(Pace::unlimited())
        .clock(Arc::new(ManualClock::default()))
}

/// A server that does as it likes with the first connection.
async fn rude<F: Future<Output = ()> + Send>(
    manners: impl FnOnce(tokio::net::TcpStream) -> F + Send + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { manners(listener.accept().await.unwrap().0).await });
    format!("http://{address}/")
}

#[tokio::test]
async fn requests_carry_what_they_should() {
    let mut server = Server::new_async().await;
    let sign_in = server
        .mock("POST", "/api/token")
        .match_header("authorization", Matcher::Missing)
        .match_body("grant_type=password&password=hunter2-secret")
        .with_body(r#"{"access_token":"t-1","expires_in":1800}"#)
        .create_async()
        .await;
    let put = server
        .mock("PUT", "/api/users/7")
        .match_header("authorization", "Bearer t-1")
        .match_header("user-agent", "net2-client/1.2.3")
        .match_header("content-type", "application/json")
        .match_body(Matcher::Json(json!({ "a": null })))
        .create_async()
        .await;
    let client = client(&format!("{}/api", server.url())).tokens(Arc::new(Password)).build().unwrap();
    client.send(&Put(json!({ "a": null }))).await.unwrap();
    sign_in.assert_async().await;
    put.assert_async().await;
    assert_eq!(client.request_count(), 2);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_over_the_wire() {
    let mut server = Server::new_async().await;
    let sign_in = server.mock("POST", "/token").with_body(r#"{"access_token":"t"}"#).expect(2).create_async().await;
    let doors = server.mock("GET", "/doors").with_status(401).expect(2).create_async().await;
    let client = client(&server.url()).tokens(Arc::new(Password)).build().unwrap();
    assert_eq!(client.send(&Read("doors")).await.unwrap_err().kind(), ErrorKind::Auth);
    sign_in.assert_async().await;
    doors.assert_async().await;
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let mut server = Server::new_async().await;
    let other = server.mock("GET", "/other").expect(0).create_async().await;
    server.mock("GET", "/doors").with_status(302).with_header("location", "/other").create_async().await;
    let error = client(&server.url()).build().unwrap().send(&Read("doors")).await.unwrap_err();
    assert_eq!((error.kind(), error.status().unwrap().as_u16()), (ErrorKind::Protocol, 302));
    other.assert_async().await;
}

#[tokio::test]
async fn answers_are_bounded_with_and_without_a_length() {
    let mut server = Server::new_async().await;
    server.mock("GET", "/long").with_body("x".repeat(2000)).create_async().await;
    server.mock("GET", "/chunked").with_chunked_body(|w| w.write_all(&[b'x'; 2000])).create_async().await;
    server.mock("GET", "/fits").with_body(format!("\"{}\"", "x".repeat(998))).create_async().await;
    let client = client(&server.url()).largest_answer(1000).build().unwrap();
    for path in ["long", "chunked"] {
        let error = client.send(&Read(path)).await.unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::TooLarge, Phase::Answered), "{path}");
    }
    client.send(&Read("fits")).await.unwrap();
}

#[tokio::test]
async fn a_closed_port_is_told_and_nothing_counts_as_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = client(&base).build().unwrap();
    let error = client.send(&OpenDoor).await.unwrap_err();
    assert_eq!(error.failure(), Some(ConnectFailure::Refused));
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Unavailable, Phase::NotSent));
    assert!(!error.may_have_been_applied());
    assert_eq!(client.request_count(), 0);
    let probed = probe(&Url::parse(&base).unwrap(), &Trust::System, Duration::from_secs(5)).await.unwrap_err();
    assert_eq!(probed.failure(), Some(ConnectFailure::Refused));
}

#[tokio::test]
async fn a_name_without_address_is_told() {
    // Longer than a label may be, so no name server is asked.
    let base = format!("http://{}.invalid/", "x".repeat(70));
    let error = client(&base).retry(RetryPolicy::never()).build().unwrap().send(&OpenDoor).await.unwrap_err();
    assert_eq!((error.failure(), error.phase()), (Some(ConnectFailure::Dns), Phase::NotSent));
    let probed = probe(&Url::parse(&base).unwrap(), &Trust::System, Duration::from_secs(5)).await.unwrap_err();
    assert_eq!(probed.failure(), Some(ConnectFailure::Dns));
}

#[tokio::test]
async fn a_silent_server_runs_into_the_read_timeout() {
    let base = rude(|stream| async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let timeouts = Timeouts { read: Duration::from_millis(50), ..Timeouts::default() };
    let client = client(&base).timeouts(timeouts).build().unwrap();
    let error = client.send(&OpenDoor).await.unwrap_err();
    assert_eq!((error.failure(), error.phase()), (Some(ConnectFailure::Timeout), Phase::Sent));
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
}

#[tokio::test]
async fn a_server_that_hangs_up_after_the_request_leaves_doubt() {
    let base = rude(|mut stream| async move {
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await;
    })
    .await;
    let error = client(&base).build().unwrap().send(&OpenDoor).await.unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::OutcomeUnknown, Phase::Sent));
}

#[tokio::test]
async fn an_answer_cut_in_its_body_leaves_doubt() {
    let base = rude(|mut stream| async move {
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc").await;
    })
    .await;
    let error = client(&base).build().unwrap().send(&OpenDoor).await.unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::OutcomeUnknown, Phase::Sent));
}

#[tokio::test]
async fn no_error_shows_a_query_value_or_a_secret() {
    let base = rude(|stream| async move { drop(stream) }).await;
    let client = client(&base).tokens(Arc::new(Password)).retry(RetryPolicy::never()).build().unwrap();
    let error = client.send(&Read("x")).await.unwrap_err();
    let mut shown = format!("{error} {error:?} {client:?}");
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        shown = format!("{shown} {cause} {cause:?}");
        source = cause.source();
    }
    assert!(!shown.contains("hunter2") && !shown.contains("/token"), "{shown}");
}
