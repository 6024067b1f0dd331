//! Cases 1 to 9: tokens.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures::future::join_all;
use graph_rooms::{Cloud, ErrorKind, Fault, FaultKind, GraphClient, SignInProblem};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tracing_subscriber::fmt::MakeWriter;

use crate::support::*;

fn file(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/graph/certificate");
    std::fs::read(folder.join(name)).unwrap()
}

fn text(name: &str) -> String {
    String::from_utf8(file(name)).unwrap()
}

fn refusal(number: u64, class: &str) -> Answer {
    status(
        401,
        json!({ "error": class, "error_description": format!("AADSTS{number}: words\r\nTrace ID: t-1"),
                "error_codes": [number], "trace_id": "t-1", "correlation_id": "c-1" }),
    )
}

#[tokio::test(start_paused = true)]
async fn case_01_a_secret_with_odd_signs_is_form_encoded() {
    let secret = "a+b&c=d%20 ü/~";
    let graph = Script::new(|_| page([]));
    graph.builder().secret(secret).build().unwrap().sign_in().await.unwrap();
    let token = &graph.tokens()[0];
    assert_eq!(token.url.as_str(), "https://login.example.test/example.org/oauth2/v2.0/token");
    assert_eq!(token.header("content-type"), "application/x-www-form-urlencoded");
    let form = token.form();
    assert_eq!(form["client_secret"], secret);
    assert_eq!((&*form["grant_type"], &*form["client_id"]), ("client_credentials", "app-1"));
    assert_eq!(form["scope"], "https://graph.microsoft.com/.default");
}

#[tokio::test(start_paused = true)]
async fn case_02_a_life_in_seconds_may_be_a_text() {
    let graph = Script::new(|_| page([])).on_token(|seen| {
        ok(json!({ "token_type": "Bearer", "expires_in": "1200", "access_token": format!("at {:?}", seen.at) }))
    });
    let client = graph.client();
    for (seconds, tokens) in [(0, 1), (880, 1), (40, 2)] {
        tokio::time::advance(std::time::Duration::from_secs(seconds)).await;
        client.room("a@example.org").events(march()).await.unwrap();
        assert_eq!(graph.tokens().len(), tokens, "five minutes before its end it is renewed");
    }
}

#[tokio::test(start_paused = true)]
async fn case_03_a_token_that_ends_between_pages_is_renewed_once_and_the_page_asked_for_again() {
    let link = |n| format!("{GRAPH}/v1.0/next?page={n}");
    let graph = Script::new(move |seen| match (seen.query("page").as_deref(), seen.header("authorization")) {
        (None, _) => page_with_next([plain("a")], &link(2)),
        (Some("2"), _) => page_with_next([plain("b")], &link(3)),
        (Some("3"), "Bearer token-1") => fault(401, "InvalidAuthenticationToken"),
        _ => page([plain("c")]),
    });
    let calendar = graph.client().room("a@example.org").events(march()).await.unwrap();
    assert_eq!(calendar.events.len(), 3);
    assert_eq!((graph.tokens().len(), graph.calls().len()), (2, 4));
    assert_eq!(graph.calls()[3].url, graph.calls()[2].url);
}

#[tokio::test(start_paused = true)]
async fn a_second_refusal_of_a_token_is_final() {
    let graph = Script::new(|_| fault(401, "InvalidAuthenticationToken"));
    let error = graph.client().room("a@example.org").events(march()).await.unwrap_err();
    assert_eq!(Fault::of(&error).kind, FaultKind::SignIn(SignInProblem::TokenRefused));
    assert_eq!((graph.tokens().len(), graph.calls().len()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn case_04_ten_rooms_at_once_ask_for_one_token() {
    let graph = Script::slow(std::time::Duration::from_millis(50), |_| page([]));
    let client = graph.client();
    let rooms: Vec<_> = (0..10).map(|n| client.room(format!("room{n}@example.org"))).collect();
    let read = join_all(rooms.iter().map(|room| room.events(march()))).await;
    assert!(read.iter().all(Result::is_ok));
    assert_eq!((graph.tokens().len(), graph.calls().len()), (1, 10));
}

#[tokio::test(start_paused = true)]
async fn case_05_refusals_have_hints_of_their_own_and_are_not_tried_again() {
    let mut remedies = Vec::new();
    for (number, class, problem) in [
        (7_000_215, "invalid_client", SignInProblem::WrongSecret),
        (7_000_222, "invalid_client", SignInProblem::SecretExpired),
        (90_002, "invalid_request", SignInProblem::UnknownTenant),
        (700_016, "unauthorized_client", SignInProblem::UnknownApplication),
    ] {
        let graph = Script::new(|_| page([])).on_token(move |_| refusal(number, class));
        let client = graph.client();
        for _ in 0..5 {
            let error = client.room("a@example.org").events(march()).await.unwrap_err();
            let fault = Fault::of(&error);
            assert_eq!((fault.kind, fault.aadsts), (FaultKind::SignIn(problem), u32::try_from(number).ok()));
            assert!(!fault.is_retryable() && error.to_string().contains(&number.to_string()), "{error}");
            assert_eq!(error.request_id(), Some("t-1"));
        }
        assert_eq!((graph.tokens().len(), graph.calls().len()), (1, 0), "{number}");
        remedies.push(problem.remedy());
        // Somebody who has repaired it does not want to wait.
        assert!(client.sign_in().await.is_err());
        assert_eq!(graph.tokens().len(), 2);
    }
    remedies.sort_unstable();
    remedies.dedup();
    assert_eq!(remedies.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn every_number_of_the_contract_has_its_meaning() {
    use SignInProblem as P;
    for (numbers, problem) in [
        (&[7_000_218][..], P::NoCredential),
        (&[700_011, 70_001], P::UnknownApplication),
        (&[7_000_112], P::ApplicationDisabled),
        (&[90_038, 900_382, 900_432], P::WrongCloud),
        (&[9_001_023, 90_124, 90_130], P::NoTenant),
        (&[70_011, 28_002, 700_022, 700_023, 1_002_012], P::Scope),
        (&[500_011, 650_052, 650_057], P::UnknownResource),
        (&[700_027, 50_012, 700_030, 50_003], P::Certificate),
        (&[500_133, 50_013, 700_024], P::Clock),
        (&[53_003, 530_032, 530_035], P::Blocked),
        (&[65_001, 90_094], P::ConsentMissing),
        (&[4_711], P::Other),
    ] {
        for number in numbers.iter().copied() {
            let graph = Script::new(|_| page([])).on_token(move |_| refusal(number, "invalid_client"));
            let error = graph.client().sign_in().await.unwrap_err();
            assert_eq!(Fault::of(&error).kind, FaultKind::SignIn(problem), "{number}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn case_06_a_page_instead_of_a_token_passes() {
    let graph = Script::new(|_| page([])).on_token(|_| raw(503, "<html>busy</html>"));
    let error = graph.client().sign_in().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(Fault::of(&error).is_retryable());
    assert_eq!(graph.tokens().len(), 4, "tried again, with bounds");
    for number in [90_006, 90_012, 90_024, 90_033, 90_055, 90_090] {
        let graph = Script::new(|_| page([])).on_token(move |_| refusal(number, "temporarily_unavailable"));
        assert!(graph.client().sign_in().await.unwrap_err().is_transient(), "{number}");
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
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

#[tokio::test(start_paused = true)]
async fn case_07_no_secret_shows_anywhere() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let (secret, token) = ("hunter2-Secret-Value", "eyJhunter3.token.value");
    let graph = Script::new(|seen| match seen.number {
        1 => page([plain("a")]),
        2 => raw(403, format!("{{\"error\":{{\"code\":\"x\",\"message\":\"{}\"}}}}", seen.header("authorization"))),
        _ => raw(200, format!("not json: {}", seen.header("authorization"))),
    })
    .on_token(move |_| ok(json!({ "access_token": token, "expires_in": 3599 })));
    let builder = graph.builder().secret(secret);
    let mut shown = vec![format!("{builder:?}")];
    let client = builder.build().unwrap();
    let room = client.room("a@example.org");
    shown.push(format!("{client:?} {room:?} {:?}", room.events(march()).await.unwrap()));
    for _ in 0..2 {
        let error = room.events(march()).await.unwrap_err();
        shown.push(format!("{error} {error:?} {:?} {:?}", Fault::of(&error), std::error::Error::source(&error)));
    }
    let refused = Script::new(|_| page([])).on_token(|seen| {
        status(401, json!({ "error": "invalid_client", "error_description": seen.form()["client_secret"] }))
    });
    let client = refused.builder().secret(secret).build().unwrap();
    let error = client.sign_in().await.unwrap_err();
    shown.push(format!("{error} {error:?} {:?}", Fault::of(&error)));
    let keyed = refused.builder().certificate(file("certificate.pem"), text("key.pem"));
    shown.push(format!("{keyed:?}"));
    shown.push(format!("{:?}", keyed.build().unwrap()));
    shown.push(String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned());
    let shown = shown.concat();
    for hidden in ["hunter2", "hunter3", "PRIVATE", "ada.quist"] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
    assert!(shown.contains("graph.calendar_view"), "the log was listened to");
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_proven_by_a_new_token_although_there_is_a_good_one() {
    let graph = Script::new(|_| page([]));
    let client = graph.client();
    client.sign_in().await.unwrap();
    client.prove().await.unwrap();
    assert_eq!(graph.tokens().len(), 2);
    client.room("a@example.org").events(march()).await.unwrap();
    assert_eq!((graph.tokens().len(), graph.calls()[0].header("authorization")), (2, "Bearer token-1"));
}

fn assertion(graph: &Script) -> String {
    let form = graph.tokens()[0].form();
    assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    assert!(!form.contains_key("client_secret"));
    form["client_assertion"].clone()
}

#[tokio::test(start_paused = true)]
async fn case_08_an_assertion_is_signed_by_the_certificate() {
    let graph = Script::new(|_| page([]));
    let client = graph.builder().certificate(file("certificate.pem"), text("key.pem")).build().unwrap();
    client.sign_in().await.unwrap();
    let jwt = assertion(&graph);
    // Read by another implementation than the one that signs.
    let key = DecodingKey::from_rsa_pem(&file("certificate.pem")).unwrap();
    let mut wanted = Validation::new(Algorithm::PS256);
    wanted.set_audience(&["https://login.example.test/example.org/oauth2/v2.0/token"]);
    let read = jsonwebtoken::decode::<Value>(&jwt, &key, &wanted).unwrap();
    assert_eq!((read.header.alg, read.header.typ.as_deref()), (Algorithm::PS256, Some("JWT")));
    let pem = text("certificate.pem");
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = base64::prelude::BASE64_STANDARD.decode(body).unwrap();
    let thumbprint = read.header.x5t_s256.unwrap();
    assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(&thumbprint).unwrap(), Sha256::digest(der).to_vec());
    assert!(!thumbprint.contains('='));
    let claims = read.claims;
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!("app-1"), &json!("app-1")));
    let seconds = |name: &str| claims[name].as_u64().unwrap();
    assert!((300..=600).contains(&(seconds("exp") - seconds("nbf"))) && seconds("nbf") == seconds("iat"));
    assert_eq!(claims["jti"].as_str().unwrap().len(), 36);
}

#[tokio::test(start_paused = true)]
async fn an_assertion_out_of_its_time_is_made_afresh_once() {
    let graph = Script::new(|_| page([])).on_token(|_| refusal(700_024, "invalid_client"));
    let client = graph.builder().certificate(file("certificate.pem"), text("key.pem")).build().unwrap();
    let error = client.sign_in().await.unwrap_err();
    assert_eq!(Fault::of(&error).kind, FaultKind::SignIn(SignInProblem::Clock));
    let sent: Vec<_> = graph.tokens().iter().map(|token| token.form()["client_assertion"].clone()).collect();
    assert_eq!(sent.len(), 2);
    assert_ne!(sent[0], sent[1]);
}

#[test]
fn certificates_that_cannot_work_are_refused_before_anything_is_sent() {
    let graph = Script::new(|_| page([]));
    let refused = |certificate: Vec<u8>, key: String| {
        let error = graph.builder().certificate(certificate, key).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        error.to_string()
    };
    assert!(refused(file("certificate.pem"), text("other_key.pem")).contains("another key"));
    assert!(refused(file("certificate.pem"), text("ec_key.pem")).contains("RSA"));
    assert!(refused(file("key.pem"), text("key.pem")).contains("no certificate"));
    assert!(refused(file("certificate.pem"), text("certificate.pem")).contains("no private key"));
}

#[test]
fn case_09_a_cloud_is_authority_root_and_scope_together() {
    let mut seen = Vec::new();
    for cloud in Cloud::ALL {
        let client =
            GraphClient::builder().tenant("example.org").client_id("a").secret("s").cloud(cloud).build().unwrap();
        assert_eq!(client.base().as_str(), format!("{}/", cloud.graph()));
        assert!(client.token_url().as_str().starts_with(cloud.authority()), "{cloud}");
        assert_eq!(cloud.scope(), format!("{}/.default", cloud.graph()));
        assert_eq!(cloud.to_string().parse(), Ok(cloud));
        seen.push((cloud.graph(), cloud.lists_rooms()));
    }
    seen.dedup();
    assert_eq!(seen.len(), 6);
    assert_eq!(seen.iter().filter(|(_, lists)| *lists).count(), 4);
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let graph = Script::new(|_| page([]));
    for (wrong, word) in [
        (graph.builder().tenant("common"), "common"),
        (graph.builder().tenant("a/b"), "tenant"),
        (graph.builder().tenant(" "), "tenant"),
        (graph.builder().client_id(""), "client id"),
        (graph.builder().secret(""), "empty"),
        (graph.builder().max_in_flight(5), "between 1 and 4"),
        (graph.builder().token_url("ftp://x"), "http"),
        (graph.builder().base_url("graph"), "URL"),
        (GraphClient::builder().tenant("example.org").client_id("a"), "neither"),
    ] {
        let error = wrong.build().unwrap_err();
        assert!(error.kind() == ErrorKind::Config && error.to_string().contains(word), "{word}: {error}");
    }
}
