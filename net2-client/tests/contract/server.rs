//! The server itself: what it is, how it fails, how one signs in.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use net2_client::id::IoBoardId;
use net2_client::server::{ProductType, ServerVersion};
use net2_client::{AreaId, DepartmentId, Error, ErrorKind, EventId, MfaChannel, MfaCodes, TokenType, UserId};
use secrecy::SecretString;
use serde_json::json;

use super::MAYA;
use crate::support::Site;

#[tokio::test]
async fn io_boards_are_read_and_switched() {
    let site = Site::of("io_boards").await;
    let boards = site.client().io_boards();
    let id = IoBoardId::new(1);
    assert_eq!(boards.list().await.unwrap()[0].id, id);
    boards.get(id).await.unwrap();
    assert_eq!(boards.detail(id).await.unwrap()["anything"], json!(1));
    assert_eq!(boards.inputs(id).await.unwrap()[0].is_active, Some(false));
    assert_eq!(boards.outputs(id).await.unwrap()[0].is_active, Some(true));
    boards.switch_relays(id, &json!({ "relay": 1, "state": 0 })).await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn operators_are_listed_with_the_built_in_one() {
    let site = Site::of("operators").await;
    let operators = site.client().operators().list().await.unwrap();
    assert_eq!(operators[0].id, UserId::SYSTEM_ENGINEER);
    assert_eq!(operators[1].surname.as_deref(), Some("Silva"));
    site.done().await;
}

#[tokio::test]
async fn the_server_tells_about_itself() {
    let site = Site::of("server").await;
    let server = site.client().server();
    assert_eq!(server.version().await.unwrap().unwrap().to_string(), "6.07.14853.6254");
    assert_eq!(server.product_type().await.unwrap(), Some(ProductType::Pro));
    server.features().await.unwrap();
    server.properties().await.unwrap();
    server.version_history().await.unwrap();
    server.api_versions().await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn a_server_before_6_02_is_refused_and_a_silent_one_is_not() {
    let oldest = ServerVersion::oldest_supported();
    let site = Site::of("server_old").await;
    let error = site.client().server().require_version(&oldest).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("6.01") && error.to_string().contains("6.02"), "{error}");
    site.done().await;

    let site = Site::of("server_silent").await;
    assert_eq!(site.client().server().require_version(&oldest).await.unwrap(), None);
    site.done().await;
}

#[tokio::test]
async fn a_check_reads_version_edition_and_doors() {
    let site = Site::of("check").await;
    let info = site.client().check().await.unwrap();
    assert_eq!((info.product, info.doors), (Some(ProductType::Lite), 1));
    site.done().await;
}

#[tokio::test]
async fn everybody_is_read_by_a_constant_number_of_statements() {
    let site = Site::of("custom_query").await;
    let query = site.client().custom_query();
    let users = query.users().await.unwrap();
    assert_eq!(users[0].department, DepartmentId::new(3));
    assert!(users[1].level.is_private());
    let cards = query.cards().await.unwrap();
    assert_eq!(cards.len(), 1);
    assert_eq!(cards[0].kind, Some(TokenType::Keyfob));
    assert_eq!(query.card_owner(&"12345678".into()).await.unwrap(), Some(MAYA));
    assert_eq!(query.door_areas().await.unwrap()[0].area, AreaId::new(12));
    assert_eq!(query.last_event().await.unwrap(), Some(EventId::new(900_113)));
    site.done().await;

    let site = Site::of("custom_query_forbidden").await;
    let error = site.client().custom_query().querydb("SELECT 1 AS [one]").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    site.done().await;
}

#[tokio::test]
async fn each_failure_has_its_kind() {
    for (scenario, kind) in [
        ("error_rejected", ErrorKind::Rejected),
        ("error_forbidden", ErrorKind::Permission),
        ("error_missing", ErrorKind::NotFound),
        ("error_too_large", ErrorKind::TooLarge),
        ("error_rate_limited", ErrorKind::RateLimited),
        ("error_fault", ErrorKind::Unavailable),
        ("error_bad_gateway", ErrorKind::Unavailable),
        ("error_unavailable", ErrorKind::Unavailable),
        ("error_not_json", ErrorKind::Protocol),
        ("error_shape", ErrorKind::Protocol),
    ] {
        let site = Site::of(scenario).await;
        let error =
            site.builder().retry(net2_client::RetryPolicy::never()).build().unwrap().doors().list().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{scenario}");
        assert!(!error.may_have_been_applied(), "{scenario}");
        let shown = chain(&error);
        assert!(!shown.contains("Maya"), "{scenario}: {shown}");
        site.done().await;
    }
}

fn chain(error: &Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text} {cause} {cause:?}");
        source = cause.source();
    }
    text
}

#[tokio::test]
async fn the_sign_in_is_a_form_and_happens_once() {
    let mut site = Site::only("sign_in").await;
    site.play("doors_wrapped").await;
    let net2 = site.client();
    net2.doors().list().await.unwrap();
    assert_eq!(net2.request_count(), 2);
    site.done().await;
}

#[tokio::test]
async fn a_forgotten_refresh_token_leads_back_to_the_password() {
    let mut site = Site::only("sign_in_refresh_refused").await;
    site.server.mock("GET", "/api/v1/doors").with_body("[]").expect(2).create_async().await;
    let net2 = site.client();
    net2.doors().list().await.unwrap();
    site.clock.advance(Duration::from_mins(31));
    net2.doors().list().await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn a_second_factor_is_its_own_kind() {
    let site = Site::only("sign_in_mfa").await;
    let error = site.client().doors().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MfaRequired);
    site.done().await;
}

#[derive(Debug)]
struct Person;

#[async_trait]
impl MfaCodes for Person {
    fn channel(&self) -> MfaChannel {
        MfaChannel::Email
    }

    async fn code(&self) -> Result<SecretString, Error> {
        Ok("123456".into())
    }
}

#[tokio::test]
async fn a_second_factor_can_be_answered() {
    let mut site = Site::only("sign_in_mfa_answered").await;
    site.play("doors_wrapped").await;
    let net2 = site.builder().mfa_codes(Arc::new(Person)).build().unwrap();
    net2.doors().list().await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn signing_out_tells_the_server_to_forget() {
    let mut site = Site::only("sign_out").await;
    site.play("doors_wrapped").await;
    let net2 = site.client();
    net2.doors().list().await.unwrap();
    net2.sign_out().await.unwrap();
    net2.sign_out().await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn a_client_that_lacks_something_is_not_built() {
    let site = Site::bare().await;
    let url = site.server.url();
    let kind = |builder: net2_client::Net2ClientBuilder| builder.build().unwrap_err().kind();
    assert_eq!(kind(net2_client::Net2Client::builder(&url).client_id("x")), ErrorKind::Config);
    assert_eq!(kind(net2_client::Net2Client::builder(&url).operator("o", "p")), ErrorKind::Config);
    assert_eq!(kind(net2_client::Net2Client::builder("ftp://h").operator("o", "p").client_id("x")), ErrorKind::Config);
}
