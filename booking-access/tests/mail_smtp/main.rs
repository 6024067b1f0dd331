//! Letters over SMTP: protection, signing on, and every way in which a server can fail.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod server;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use booking_access::codes::CodesConfig;
use booking_access::mail::{
    AuthMode, Envelope, MailConfig, Outcome, Site, Smtp, Stationery, TlsMode, Transport as _, TrustConfig, test_steps,
};
use chrono::{TimeZone as _, Utc};
use chrono_tz::Tz;
use secrecy::SecretString;
use server::{Behaviour, Server};
use sync_core::connector::{CheckReport, StepOutcome};

const LETTER: &[u8] = b"Subject: x\r\n\r\n.begins with a dot\r\n..and with two\r\nend";

fn config(server: &Server) -> MailConfig {
    MailConfig {
        enabled: true,
        server: "localhost".to_owned(),
        port: server.port,
        sender: "Desk <desk@site.example>".to_owned(),
        trust: TrustConfig::PinnedSha256(vec![server.fingerprint.clone()]),
        ..MailConfig::default()
    }
}

fn signing_on(server: &Server, auth: AuthMode) -> MailConfig {
    let mut config = config(server);
    (config.user, config.auth) = (Some("desk".to_owned()), auth);
    config
}

fn smtp(config: &MailConfig) -> Smtp {
    let secret = config.user.is_some().then(|| SecretString::from("hunter2"));
    Smtp::new(config, secret, None).unwrap()
}

fn envelope() -> Envelope {
    Envelope::new("bounces@site.example", ["maya@club.example".to_owned()])
}

async fn send(config: &MailConfig) -> Outcome {
    smtp(config).send(&envelope(), LETTER).await
}

/// How a letter fares at a server that behaves so, and the server.
async fn fate(behaviour: Behaviour) -> (Outcome, Server) {
    let server = Server::start(behaviour).await;
    let outcome = send(&config(&server)).await;
    (outcome, server)
}

fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

#[tokio::test]
async fn a_letter_goes_by_starttls_unchanged() {
    let (outcome, server) = fate(Behaviour::default()).await;
    assert_eq!(outcome, Outcome::Sent);
    assert_eq!(server.letters(), [[LETTER, b"\r\n"].concat()]);
    let words: Vec<_> = server.log().iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(words, ["EHLO", "STARTTLS", "EHLO", "MAIL", "RCPT", "DATA", "QUIT"]);
    assert!(server.heard("MAIL FROM:<bounces@site.example>") && server.heard("RCPT TO:<maya@club.example>"));
}

#[tokio::test]
async fn a_letter_goes_by_tls_from_the_first_byte() {
    let server = Server::start(Behaviour { implicit: true, ..Behaviour::default() }).await;
    let mut config = config(&server);
    config.tls = Some(TlsMode::Implicit);
    assert_eq!(send(&config).await, Outcome::Sent);
    assert!(!server.heard("STARTTLS"));
}

#[tokio::test]
async fn an_own_root_is_believed_and_nobody_else() {
    let (server, other) = (Server::start(Behaviour::default()).await, Server::start(Behaviour::default()).await);
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root.pem");
    let mut config = config(&server);
    for (pem, trusted) in [(&server.root, true), (&other.root, false)] {
        std::fs::write(&root, pem).unwrap();
        config.trust = TrustConfig::ExtraRoot(root.clone());
        assert_eq!(send(&config).await == Outcome::Sent, trusted);
    }
    for trust in [TrustConfig::System, TrustConfig::PinnedSha256(vec![other.fingerprint.clone()])] {
        config.trust = trust;
        assert!(matches!(send(&config).await, Outcome::Unreachable(_)));
    }
    assert_eq!(server.letters().len(), 1);
}

#[tokio::test]
async fn signing_on_happens_inside_tls_in_the_agreed_way() {
    let cases = [
        (AuthMode::Plain, "PLAIN LOGIN", vec![format!("AUTH PLAIN {}", base64("\0desk\0hunter2"))]),
        (AuthMode::Plain, "LOGIN", vec!["AUTH LOGIN".to_owned(), base64("desk"), base64("hunter2")]),
        (AuthMode::Login, "PLAIN LOGIN", vec!["AUTH LOGIN".to_owned(), base64("desk"), base64("hunter2")]),
        (
            AuthMode::Xoauth2,
            "XOAUTH2",
            vec![format!("AUTH XOAUTH2 {}", base64("user=desk\x01auth=Bearer hunter2\x01\x01"))],
        ),
    ];
    for (mode, auth, expected) in cases {
        let server = Server::start(Behaviour { auth, ..Behaviour::default() }).await;
        assert_eq!(send(&signing_on(&server, mode)).await, Outcome::Sent);
        let log = server.log();
        assert_eq!(log[3..3 + expected.len()], expected);
        assert_eq!(log[1], "STARTTLS");
    }
}

#[tokio::test]
async fn a_server_that_wants_another_way_of_signing_on_hears_no_secret() {
    let server = Server::start(Behaviour { auth: "PLAIN LOGIN", ..Behaviour::default() }).await;
    assert!(matches!(send(&signing_on(&server, AuthMode::Xoauth2)).await, Outcome::Unreachable(_)));
    assert!(!server.heard("AUTH") && !server.heard("MAIL"));
}

#[tokio::test]
async fn without_starttls_nothing_is_sent_where_it_is_required() {
    for behaviour in [
        Behaviour { no_starttls: true, ..Behaviour::default() },
        Behaviour::answering("STARTTLS", "454 not now"),
        Behaviour { speaks_on: true, ..Behaviour::default() },
    ] {
        let server = Server::start(Behaviour { auth: "PLAIN", ..behaviour }).await;
        assert!(matches!(send(&signing_on(&server, AuthMode::Plain)).await, Outcome::Unreachable(_)));
        assert!(!server.heard("AUTH") && !server.heard("MAIL"), "{:?}", server.log());
    }
}

#[tokio::test]
async fn where_it_is_not_required_a_letter_goes_in_the_clear_and_the_password_does_not() {
    let server = Server::start(Behaviour { no_starttls: true, auth: "PLAIN", ..Behaviour::default() }).await;
    for tls in [TlsMode::Opportunistic, TlsMode::None] {
        let mut open = config(&server);
        open.tls = Some(tls);
        assert_eq!(send(&open).await, Outcome::Sent);
        let mut signing_on = signing_on(&server, AuthMode::Plain);
        signing_on.tls = Some(tls);
        assert!(matches!(send(&signing_on).await, Outcome::Unreachable(_)));
    }
    assert!(!server.heard("AUTH"));
    let protected = Server::start(Behaviour::default()).await;
    let mut open = config(&protected);
    open.tls = Some(TlsMode::Opportunistic);
    assert_eq!(send(&open).await, Outcome::Sent);
    assert!(protected.heard("STARTTLS"), "taken where it is offered");
}

#[tokio::test]
async fn what_the_server_does_not_want_now_is_put_off() {
    for word in ["MAIL", "RCPT", "DATA", "."] {
        let (outcome, _) = fate(Behaviour::answering(word, "451 greylisted")).await;
        assert_eq!(outcome, Outcome::Deferred("451 greylisted".to_owned()), "{word}");
    }
}

#[tokio::test]
async fn what_the_server_will_never_want_is_refused() {
    for word in ["RCPT", "DATA", "."] {
        let (outcome, _) = fate(Behaviour::answering(word, "550 no such user")).await;
        assert_eq!(outcome, Outcome::Refused("550 no such user".to_owned()), "{word}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_us_is_not_held_against_the_recipient() {
    for (word, answer) in
        [("", "554 go away"), ("", "421 busy"), ("EHLO", "502 what"), ("MAIL", "553 not your address")]
    {
        let (outcome, _) = fate(Behaviour::answering(word, answer)).await;
        assert!(matches!(outcome, Outcome::Unreachable(_)), "{word} {answer}: {outcome:?}");
    }
    let server = Server::start(Behaviour { auth: "PLAIN", ..Behaviour::answering("AUTH", "535 wrong") }).await;
    let outcome = send(&signing_on(&server, AuthMode::Plain)).await;
    assert_eq!(outcome, Outcome::Unreachable("535 wrong".to_owned()));
}

#[tokio::test]
async fn a_connection_that_is_cut_leaves_doubt_only_after_the_letter() {
    for word in ["", "EHLO", "STARTTLS", "MAIL", "RCPT", "DATA"] {
        let (outcome, server) = fate(Behaviour { cuts_at: Some(word), ..Behaviour::default() }).await;
        assert!(matches!(outcome, Outcome::Unreachable(_)), "{word}: {outcome:?}");
        assert!(server.letters().is_empty());
    }
    let (outcome, server) = fate(Behaviour { cuts_at: Some("."), ..Behaviour::default() }).await;
    assert!(matches!(outcome, Outcome::InDoubt(_)) && server.letters().len() == 1);
    let (outcome, _) = fate(Behaviour { cuts_at: Some("QUIT"), ..Behaviour::default() }).await;
    assert_eq!(outcome, Outcome::Sent);
}

#[tokio::test]
async fn a_silent_server_is_not_waited_for_without_end() {
    for word in ["", "MAIL", "."] {
        let server = Server::start(Behaviour { silent_at: Some(word), ..Behaviour::default() }).await;
        let hasty = smtp(&config(&server)).with_patience(Duration::from_millis(500));
        let outcome = hasty.send(&envelope(), LETTER).await;
        let doubt = matches!(outcome, Outcome::InDoubt(_));
        assert!(doubt == (word == ".") && outcome != Outcome::Sent, "{word}: {outcome:?}");
    }
}

#[tokio::test]
async fn nobody_listening_is_told_so() {
    let server = Server::start(Behaviour::default()).await;
    let mut config = config(&server);
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    config.port = closed.local_addr().unwrap().port();
    drop(closed);
    assert_eq!(send(&config).await, Outcome::Unreachable("nothing listens on that port".to_owned()));
    config.server = "no-such-host.invalid".to_owned();
    assert!(matches!(send(&config).await, Outcome::Unreachable(_)));
}

#[tokio::test]
async fn one_of_several_recipients_is_enough() {
    let server = Server::start(Behaviour::default()).await;
    let several = Envelope::new("a@site.example", ["it@site.example".to_owned(), "no address".to_owned()]);
    assert_eq!(smtp(&config(&server)).send(&several, LETTER).await, Outcome::Sent);
}

async fn walk(config: &MailConfig, recipient: Option<&str>) -> CheckReport {
    let codes = CodesConfig::default();
    let stationery = Stationery::load(config, &codes, Site::new(Tz::UTC, 5, 10)).unwrap();
    let now = Utc.with_ymd_and_hms(2026, 11, 24, 9, 0, 0).unwrap();
    test_steps(&stationery, &codes, &smtp(config), recipient, now).await
}

fn failing(report: &CheckReport) -> (Vec<&str>, usize, &str) {
    let of = |outcome| report.steps.iter().filter(move |step| step.outcome == outcome);
    let remedy = of(StepOutcome::Failed).next().and_then(|step| step.remedy.as_deref()).unwrap_or_default();
    (of(StepOutcome::Failed).map(|step| step.name.as_str()).collect(), of(StepOutcome::Passed).count(), remedy)
}

#[tokio::test]
async fn the_test_goes_all_the_way_to_a_letter_with_made_up_data() {
    let server = Server::start(Behaviour { auth: "PLAIN", ..Behaviour::default() }).await;
    let report = walk(&signing_on(&server, AuthMode::Plain), Some("it@site.example")).await;
    assert!(report.is_ok(), "{report:?}");
    let names: Vec<_> = report.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["name", "connect", "TLS", "sign-on", "sender", "recipient", "sent"]);
    let letters = server.letters();
    let letter = mail_parser::MessageParser::new().parse(&letters[0]).unwrap();
    assert!(letter.body_text(0).unwrap().contains("Robin van den Berg"));
    assert!(!format!("{report:?}").contains("hunter2"));
}

#[tokio::test]
async fn the_test_names_the_step_that_fails() {
    let cases = [
        (Behaviour::answering("", "554 go away"), "connect", 1),
        (Behaviour { no_starttls: true, ..Behaviour::default() }, "TLS", 2),
        (Behaviour::answering("AUTH", "535 wrong"), "sign-on", 3),
        (Behaviour::answering("MAIL", "553 not yours"), "sender", 4),
        (Behaviour::answering("RCPT", "550 nobody"), "recipient", 5),
        (Behaviour::answering(".", "554 spam"), "sent", 6),
    ];
    for (behaviour, step, passed) in cases {
        let server = Server::start(Behaviour { auth: "PLAIN", ..behaviour }).await;
        let report = walk(&signing_on(&server, AuthMode::Plain), Some("it@site.example")).await;
        let (failed, count, remedy) = failing(&report);
        assert_eq!(failed, [step], "{report:?}");
        assert!(!remedy.is_empty() && report.steps.len() == 7);
        assert_eq!(count, passed, "{step}: {report:?}");
    }
    let server = Server::start(Behaviour::default()).await;
    let mut wrong_name = config(&server);
    wrong_name.server = "no-such-host.invalid".to_owned();
    assert_eq!(failing(&walk(&wrong_name, None).await).0, ["name"]);
}

#[tokio::test]
async fn the_test_shows_the_fingerprint_of_an_unknown_certificate() {
    let server = Server::start(Behaviour::default()).await;
    let mut config = config(&server);
    config.trust = TrustConfig::PinnedSha256(vec!["00".repeat(32)]);
    let report = walk(&config, None).await;
    let (failed, _, remedy) = failing(&report);
    assert!(failed == ["TLS"] && remedy.contains(&server.fingerprint), "{report:?}");
}

#[tokio::test]
async fn the_test_warns_of_a_connection_in_the_clear_and_sends_nothing_without_a_recipient() {
    let server = Server::start(Behaviour { no_starttls: true, ..Behaviour::default() }).await;
    let mut config = config(&server);
    config.tls = Some(TlsMode::Opportunistic);
    let report = walk(&config, None).await;
    let outcome = |name| report.steps.iter().find(|step| step.name == name).unwrap().outcome;
    assert_eq!(
        [outcome("TLS"), outcome("sender"), outcome("recipient"), outcome("sent")],
        [StepOutcome::Warning, StepOutcome::Passed, StepOutcome::Skipped, StepOutcome::Skipped]
    );
    assert!(server.letters().is_empty());
}

#[tokio::test]
async fn debug_of_the_way_shows_no_secret() {
    let server = Server::start(Behaviour::default()).await;
    assert!(!format!("{:?}", smtp(&signing_on(&server, AuthMode::Plain))).contains("hunter2"));
}
