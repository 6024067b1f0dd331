//! What a refusal of the server becomes, row by row, and what is repeated after one.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use astrow_client::model::{
    Booking, BookingDirection, CommandState, CommandWord, EmployeePatch, Heartbeat, Licence, Master, Name, NewEmployee,
    PacTab, SafeConfirmation,
};
use astrow_client::{AstrowClient, AstrowError, AstrowErrorKind, PersNo, RetryPolicy, Timeouts, Transport};
use async_trait::async_trait;
use http::{Request, Response};
use support::{KEY, Site, at, exchanges};

const TEO: PersNo = PersNo::new(1077);

fn newcomer() -> NewEmployee {
    NewEmployee::new(Name::new("Teo", "Marchetti"), "213", "2026-03-02".parse().unwrap(), "C-STD", "PG-9")
}

/// The call that a fixture is about.
async fn call(client: &AstrowClient, operation: &str) -> Result<(), AstrowError> {
    let (time, etag) = (at("2026-03-02T08:01:14+01:00"), "\"1\"".into());
    let patch = EmployeePatch::new().with(|patch| patch.department = "FIN".to_owned().into());
    match operation {
        "astrow.sign_in" | "astrow.info" => client.info().await.map(drop),
        "astrow.lookups" => client.lookups().await.map(drop),
        "astrow.employee" => client.employees().get(TEO).await.map(drop),
        "astrow.create_employee" => client.employees().create(&newcomer(), KEY).await.map(drop),
        "astrow.patch_employee" => client.employees().update(TEO, &patch, &etag).await.map(drop),
        "astrow.set_pac" => client.employees().set_pac(TEO, &PacTab::new(None, Master::Pac), &etag).await.map(drop),
        "astrow.delete_employee" => client.employees().delete_with_history(TEO, &etag).await,
        "astrow.changes" => client.changes().since(&"c-1".into(), Duration::ZERO).await.map(drop),
        "astrow.write_bookings" => {
            let booking = Booking::new("pac:1:1", "101", time, "9001011", BookingDirection::Auto);
            client.bookings().write(&[booking], KEY).await.map(drop)
        }
        "astrow.command_result" => {
            let id = "9d3f0a5e-6f2d-4f37-8a52-55d1b7c10e11".parse().unwrap();
            client.terminals().report(id, &CommandState::new(CommandWord::Failed), KEY).await
        }
        "astrow.roll_call" => client.roll_calls().current().await.map(drop),
        "astrow.confirm_safe" => {
            client.roll_calls().confirm(&[SafeConfirmation::new("rc-31", TEO, 12, time)], KEY).await
        }
        other => panic!("no call for {other}"),
    }
}

async fn refusal(scenario: &str) -> AstrowError {
    let scenario = format!("error_{scenario}");
    let operation = exchanges(&scenario)[0].operation.clone().unwrap();
    let site = if operation == "astrow.sign_in" { Site::only(&scenario).await } else { Site::of(&scenario).await };
    let error = call(&site.client(), &operation).await.unwrap_err();
    assert_eq!(error.operation(), Some(operation.as_str()), "{scenario}");
    site.done().await;
    error
}

#[tokio::test]
async fn each_refusal_has_its_kind_and_says_whether_it_may_be_in_effect() {
    use AstrowErrorKind as Kind;
    for (scenario, kind, applied) in [
        ("bad_credentials", Kind::SignInRefused, false),
        ("permission_missing", Kind::PermissionMissing, false),
        ("permission_not_given", Kind::PermissionMissing, false),
        ("permission_withdrawn", Kind::PermissionMissing, false),
        ("licence_employees", Kind::LicenceMissing, false),
        ("licence_bookings", Kind::LicenceMissing, false),
        ("licence_roll_call", Kind::LicenceMissing, false),
        ("forbidden_unnamed", Kind::PermissionMissing, false),
        ("badge_in_use", Kind::BadgeInUse, false),
        ("badge_in_use_patch", Kind::BadgeInUse, false),
        ("unknown_code", Kind::UnknownCode, false),
        ("unknown_code_patch", Kind::UnknownCode, false),
        ("bad_value", Kind::Rejected, false),
        ("idempotency_mismatch", Kind::IdempotencyMismatch, false),
        ("not_found", Kind::NotFound, false),
        ("not_found_patch", Kind::NotFound, false),
        ("not_found_pac", Kind::NotFound, false),
        ("not_found_delete", Kind::NotFound, false),
        ("changed", Kind::Changed, false),
        ("changed_pac", Kind::Changed, false),
        ("changed_delete", Kind::Changed, false),
        ("history_loss", Kind::Rejected, false),
        ("cursor_expired", Kind::CursorExpired, false),
        ("command_not_found", Kind::NotFound, false),
        ("command_expired", Kind::CommandExpired, false),
        ("no_roll_call", Kind::NoRollCall, false),
        ("too_many_requests", Kind::Throttled, false),
        ("unavailable", Kind::Unreachable, false),
        ("failed_inside", Kind::OutcomeUnknown, true),
        ("too_large", Kind::TooLarge, false),
        ("html", Kind::Protocol, false),
        ("html_refusal", Kind::Unreachable, false),
        ("unread_create", Kind::Protocol, true),
    ] {
        let error = refusal(scenario).await;
        assert_eq!((error.kind(), error.may_have_been_applied()), (kind, applied), "{scenario}: {error:?}");
        assert!(!error.remedy().is_empty(), "{scenario}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("Mira") && !shown.contains("Marchetti") && !shown.contains("example-only"), "{shown}");
    }
}

#[tokio::test]
async fn permission_and_licence_are_told_apart() {
    let permission = refusal("permission_missing").await;
    assert!(permission.message().contains("permission") && permission.remedy().contains("Allow API to connect"));
    assert_eq!(permission.licence(), None);
    for (scenario, licence) in [
        ("licence_employees", Licence::EmployeesImport),
        ("licence_bookings", Licence::FileTerminal),
        ("licence_roll_call", Licence::RollCall),
    ] {
        let error = refusal(scenario).await;
        assert_eq!(error.licence(), Some(&licence), "{scenario}");
        assert!(error.message().contains(licence.as_str()) && !error.message().contains("permission"), "{error}");
        assert!(error.remedy().contains("licence"), "{error}");
    }
}

#[tokio::test]
async fn details_come_along() {
    assert_eq!(refusal("unknown_code").await.field(), Some("payGroup"));
    assert_eq!(refusal("bad_value").await.field(), Some("badges[0].number"));
    assert_eq!(refusal("badge_in_use").await.holder(), Some(PersNo::new(1042)));
    let changed = refusal("changed").await;
    assert_eq!(changed.current().unwrap().etag, Some("\"4\"".into()));
    assert_eq!(refusal("changed_delete").await.current(), None);
    assert_eq!(refusal("too_many_requests").await.retry_after(), Some(Duration::from_millis(1500)));
}

#[tokio::test]
async fn a_read_is_repeated_after_the_wait_that_the_server_asks_for() {
    let mut site = Site::of("error_too_many_requests").await;
    site.play("info").await;
    let client = site.builder().retry(RetryPolicy { attempts: 3, ..RetryPolicy::default() }).build().unwrap();
    client.info().await.unwrap();
    assert!(site.clock.sleeps().iter().any(|wait| *wait >= Duration::from_millis(1500)), "{:?}", site.clock.sleeps());
    site.done().await;
}

#[tokio::test]
async fn a_write_is_not_repeated_and_a_replaced_whole_is() {
    let site = Site::of("error_failed_inside").await;
    let client = site.builder().retry(RetryPolicy { attempts: 3, ..RetryPolicy::default() }).build().unwrap();
    let error = client.employees().create(&newcomer(), KEY).await.unwrap_err();
    assert_eq!((error.kind(), client.request_count()), (AstrowErrorKind::OutcomeUnknown, 2));
    site.done().await;

    let mut site = Site::bare().await;
    site.let_in().await;
    let path = "/api/pac-bridge/v1/service";
    let busy = site.server.mock("PUT", path).with_status(503).expect(1).create_async().await;
    let ready = site.server.mock("PUT", path).with_status(204).expect(1).create_async().await;
    let client = site.builder().retry(RetryPolicy { attempts: 3, ..RetryPolicy::default() }).build().unwrap();
    let sign = Heartbeat::new("bridge-hq", "0.1.0", at("2026-03-02T07:57:55+01:00"));
    client.terminals().heartbeat(&sign).await.unwrap();
    busy.assert_async().await;
    ready.assert_async().await;
}

/// A server that is in no hurry: it answers everything after a while.
#[derive(Debug)]
struct Slow(Duration);

#[async_trait]
impl Transport for Slow {
    async fn round_trip(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, connector_http::Error> {
        let body = if request.uri().path().ends_with("/session") {
            r#"{"token":"t-0","permissions":["api.connect"]}"#
        } else {
            tokio::time::sleep(self.0).await;
            r#"{"items":[],"next":"c-2"}"#
        };
        Ok(Response::new(body.as_bytes().to_vec()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_at_the_server_has_that_much_longer() {
    let client = AstrowClient::builder("https://astrow.example")
        .login("pac.bridge", "x")
        .transport(Arc::new(Slow(Duration::from_secs(12))))
        .timeouts(Timeouts { whole: Duration::from_secs(10), ..Timeouts::default() })
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let page = client.changes().since(&"c-1".into(), Duration::from_secs(5)).await.unwrap();
    assert_eq!(page.next.as_str(), "c-2");
    let error = client.changes().since(&"c-1".into(), Duration::ZERO).await.unwrap_err();
    assert_eq!(error.kind(), AstrowErrorKind::Unreachable);
    let hurried = client.with_deadline(Duration::from_secs(1));
    assert!(hurried.terminals().commands(Duration::from_secs(5)).await.is_err());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_from_one_that_refuses() {
    let client = AstrowClient::builder("http://127.0.0.1:9")
        .login("pac.bridge", "x")
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let error = client.info().await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_applied()), (AstrowErrorKind::Unreachable, false));
    assert!(error.remedy().contains("port"), "{}", error.remedy());
}
