//! Logs say what was called and how it ended, and nothing that is nobody's business.
#![cfg(feature = "client")]
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod support;

use connector_http::{Error, ManualClock, Operation, Replay, expect_success, get, join};
use http::{Request, response::Parts};
use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};
use support::{Password, Put, Script, Step, client};
use tracing_subscriber::fmt::MakeWriter;
use url::Url;

/// A read with somebody's name in its query.
struct Find;

impl Operation for Find {
    const NAME: &'static str = "test.find";
    const REPLAY: Replay = Replay::Safe;
    type Output = ();

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        let mut url = join(base, &["users"])?;
        url.query_pairs_mut().append_pair("where", "surname='Roe'");
        get(url)
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<(), Error> {
        expect_success(parts, body)
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn logs_hold_names_of_calls_and_no_data() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let script = Script::new([
        Step::AnswerWith(503, &[("x-request-id", "r-17")], "Roe is not here"),
        Step::Answer(200, "Roe"),
        Step::Answer(400, r#"{"message":"Roe"}"#),
    ]);
    let client = client(&script, &Arc::new(ManualClock::default())).tokens(Arc::new(Password)).build().unwrap();
    client.send(&Find).await.unwrap();
    client.send(&Put(serde_json::json!({ "pin": 4711 }))).await.unwrap_err();

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for said in
        ["test.find", "test.sign_in", "server=test", "status=503", "request_id=\"r-17\"", "trying again", "/api/users"]
    {
        assert!(text.contains(said), "{said} is missing in {text}");
    }
    for hidden in ["Roe", "surname", "hunter2", "token-1", "4711", "Bearer"] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
    assert!(!text.contains("WARN") && !text.contains("ERROR"), "{text}");
}
