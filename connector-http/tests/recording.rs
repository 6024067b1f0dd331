//! Exchanges are written without secrets and serve later as a server.
#![cfg(feature = "client")]
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod support;

use connector_http::{Error, ErrorKind, Exchange, HttpClient, ManualClock, Pace, Replayer, RetryPolicy};
use mockito::Server;
use serde_json::json;
use std::{fs, path::Path, sync::Arc};
use support::{OpenDoor, Password, Put, Read};

async fn session(client: &HttpClient) -> Result<serde_json::Value, Error> {
    client.send(&Put(json!({ "name": "x", "pin": 4711 }))).await?;
    let missing = client.send(&Read("missing")).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    client.send(&Read("doors")).await
}

fn exchange(text: &str) -> Exchange {
    serde_json::from_str(text).unwrap()
}

fn texts(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

fn replaying(replayer: &Arc<Replayer>) -> HttpClient {
    HttpClient::builder("http://somewhere.else.example/")
        .pace(Pace::unlimited())
        .retry(RetryPolicy::never())
        .clock(Arc::new(ManualClock::default()))
        .transport(replayer.clone())
        .tokens(Arc::new(Password))
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_recorded_session_replays_and_holds_no_secret() {
    let mut server = Server::new_async().await;
    let sign_in = r#"{"access_token":"secret-access-token","expires_in":1800,"refresh_token":"secret-refresh"}"#;
    server.mock("POST", "/token").with_body(sign_in).create_async().await;
    server.mock("PUT", "/users/7").create_async().await;
    server.mock("GET", "/missing").with_status(404).with_body("nothing here").create_async().await;
    let doors = r#"[{"id":0,"tokenValue":"secret-card"}]"#;
    server.mock("GET", "/doors").with_header("x-request-id", "1").with_body(doors).create_async().await;
    let folder = tempfile::tempdir().unwrap();
    let client = HttpClient::builder(&server.url())
        .pace(Pace::unlimited())
        .tokens(Arc::new(Password))
        .record_to(folder.path())
        .build()
        .unwrap();
    session(&client).await.unwrap();

    let files = texts(folder.path());
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["0001_test.sign_in.json", "0002_test.put.json", "0003_test.read.json", "0004_test.read.json"]);
    for (name, text) in &files {
        for secret in ["hunter2", "secret-access", "secret-refresh", "secret-card", "4711", "Bearer", "127.0.0.1"] {
            assert!(!text.contains(secret), "{secret} in {name}: {text}");
        }
    }

    let replayer = Arc::new(Replayer::open(folder.path()).unwrap());
    let doors = session(&replaying(&replayer)).await.unwrap();
    assert_eq!(doors[0]["id"], 0);
    assert_eq!(replayer.unused(), Vec::<String>::new());
}

#[tokio::test]
async fn an_unexpected_call_says_what_was_recorded() {
    let replayer = Arc::new(Replayer::new(vec![
        exchange(
            r#"{"request":{"method":"POST","path":"/token","form":[["grant_type","password"],["password","p"]]},
                     "response":{"status":200,"json":{"access_token":"t"}}}"#,
        ),
        exchange(r#"{"request":{"method":"GET","path":"/doors"},"response":{"status":200,"json":[]}}"#),
        exchange(r#"{"request":{"method":"PUT","path":"/users/7","json":{"a":1}},"response":{"status":200}}"#),
    ]));
    let client = replaying(&replayer);
    let error = client.send(&OpenDoor).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "test.open_door: no recorded exchange answers POST /open; left are: GET /doors, PUT /users/7"
    );
    let error = client.send(&Put(json!({ "a": 2 }))).await.unwrap_err();
    assert!(error.message().ends_with("recorded with another body"), "{error}");
    client.send(&Read("doors")).await.unwrap();
    let error = client.send(&Read("doors")).await.unwrap_err();
    assert!(error.message().ends_with("asked for more often than that"), "{error}");
    assert_eq!(replayer.unused(), ["PUT /users/7"]);
}

#[tokio::test]
async fn a_repeating_replay_gives_the_last_answer_again() {
    let token = exchange(
        r#"{"request":{"method":"POST","path":"/token","form":[["grant_type","password"],["password","p"]]},
            "response":{"status":200,"json":{"access_token":"t"}}}"#,
    );
    let door = |id| {
        exchange(&format!(
            r#"{{"request":{{"method":"GET","path":"/doors"}},"response":{{"status":200,"json":{id}}}}}"#
        ))
    };
    let client = replaying(&Arc::new(Replayer::new(vec![token, door(1), door(2)]).repeating()));
    for id in [1, 2, 2] {
        assert_eq!(client.send(&Read("doors")).await.unwrap(), json!(id));
    }
}

#[tokio::test]
async fn a_second_recording_goes_on_counting() {
    let mut server = Server::new_async().await;
    server.mock("GET", "/doors").with_body("[]").expect(2).create_async().await;
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let client = HttpClient::builder(&server.url()).record_to(folder.path()).build().unwrap();
        client.send(&Read("doors")).await.unwrap();
    }
    let names: Vec<_> = texts(folder.path()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["0001_test.read.json", "0002_test.read.json"]);
}

#[test]
fn a_folder_without_recordings_is_told() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Replayer::open(folder.path()).unwrap_err().kind(), ErrorKind::Config);
    fs::write(folder.path().join("1.json"), "{").unwrap();
    let error = Replayer::open(folder.path()).unwrap_err();
    assert!(error.to_string().contains("1.json"), "{error}");
}
