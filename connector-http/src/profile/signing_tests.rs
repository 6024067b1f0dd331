//! How a profile signs calls: keys, logins, sessions.

use super::tests::{built_in, own};
use super::*;
use crate::{ErrorKind, HttpClient, RetryPolicy};
use secrecy::ExposeSecret as _;
use serde_json::json;

#[tokio::test]
async fn every_way_of_signing_signs_as_it_says() {
    for (text, credentials, header, value) in [
        ("", Credentials::key("k"), "x-key", "k"),
        ("[auth]\nprefix = \"Token \"\n", Credentials::key("k"), "x-key", "Token k"),
        ("[auth]\nkind = \"bearer\"\n", Credentials::key("k"), "authorization", "Bearer k"),
        ("[auth]\nkind = \"basic\"\n", Credentials::login("me", "pass"), "authorization", "Basic bWU6cGFzcw=="),
        ("[auth]\nkind = \"basic\"\n", Credentials::key("me:pass"), "authorization", "Basic bWU6cGFzcw=="),
    ] {
        let mut site = mockito::Server::new_async().await;
        let mock = site.mock("GET", "/api/v1/people").match_header(header, value).with_body("{}").create_async().await;
        let client = client(&site, &own(text), &credentials);
        client.send(&Ask(own(text))).await.unwrap();
        mock.assert_async().await;
    }
    assert!(!format!("{:?} {:?}", Credentials::key("k-1"), Credentials::login("me", "p-1")).contains("-1"));
}

#[tokio::test]
async fn a_refused_key_is_not_tried_again() {
    let mut site = mockito::Server::new_async().await;
    let mock = site.mock("GET", "/api/v1/people").with_status(401).expect(1).create_async().await;
    let error = client(&site, &built_in(), &Credentials::key("k")).send(&Ask(built_in())).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_applied()), (ErrorKind::Auth, false));
    mock.assert_async().await;
}

#[tokio::test]
async fn a_session_is_begun_once_renewed_before_its_end_and_replaced_when_refused() {
    let profile = own("[auth]\nkind = \"session\"\n[fields.session]\ntoken = \"/auth/token\"\nexpires_at = \"\"\n");
    let mut site = mockito::Server::new_async().await;
    let begin = site
        .mock("POST", "/api/v1/session")
        .match_body(mockito::Matcher::Json(json!({ "user": "me", "password": "pass" })))
        .with_body(json!({ "auth": { "token": "t" } }).to_string())
        .expect(2)
        .create_async()
        .await;
    let refused =
        site.mock("GET", "/api/v1/people").match_header("authorization", "Bearer t").with_status(401).expect(2);
    let refused = refused.create_async().await;
    let client = client(&site, &profile, &Credentials::login("me", "pass"));
    let error = client.send(&Ask(profile)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    begin.assert_async().await;
    refused.assert_async().await;
}

#[test]
fn secrets_of_the_wrong_kind_are_refused() {
    for (text, credentials) in [
        ("", Credentials::login("me", "pass")),
        ("[auth]\nkind = \"basic\"\n", Credentials::key("no colon")),
        ("[auth]\nkind = \"session\"\n", Credentials::key("no colon")),
    ] {
        assert_eq!(own(text).sign_in(&credentials).unwrap_err().kind(), ErrorKind::Config, "{text}");
    }
    let Credentials::Key(key) = Credentials::key("k") else { panic!("a key") };
    assert_eq!(key.expose_secret(), "k");
}

fn client(site: &mockito::ServerGuard, profile: &Profile, credentials: &Credentials) -> HttpClient {
    let tokens = profile.sign_in(credentials).unwrap();
    HttpClient::builder(&site.url()).retry(RetryPolicy::never()).tokens(tokens).build().unwrap()
}

/// Asks for the people.
struct Ask(Profile);

impl crate::Operation for Ask {
    const NAME: &'static str = "acme.people";
    const REPLAY: crate::Replay = crate::Replay::Safe;
    type Output = Value;

    fn request(&self, base: &Url) -> Result<http::Request<Vec<u8>>, Error> {
        crate::get(self.0.url(base, "people", &[])?)
    }

    fn response(&self, parts: &http::response::Parts, body: &[u8]) -> Result<Value, Error> {
        if parts.status.is_success() { crate::decode(parts, body) } else { Err(self.0.problem(parts, body)) }
    }
}
