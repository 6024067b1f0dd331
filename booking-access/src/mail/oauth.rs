//! Access tokens in exchange for an application's own credentials.

use std::time::Duration;

use async_trait::async_trait;
use connector_http::{Error, ErrorKind, HttpClient, Operation, Replay, Trust, decode, expect_success, form_request};
use http::Request;
use http::response::Parts;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use super::config::TokenEndpoint;
use super::tokens::Tokens;

/// A token is replaced this long before it ends.
const EARLY: Duration = Duration::from_mins(5);
/// How long a token lasts whose end was not told.
const USUAL_LIFE: Duration = Duration::from_mins(15);

/// Exchanges an application's own credentials for access tokens, and keeps one while it lasts.
#[derive(Debug)]
pub struct ClientCredentials {
    http: HttpClient,
    request: TokenRequest,
    held: Mutex<Option<Held>>,
}

#[derive(Debug)]
struct Held {
    token: SecretString,
    ends: Instant,
}

#[derive(Debug)]
struct TokenRequest {
    url: Url,
    client_id: String,
    secret: SecretString,
    scope: String,
}

#[derive(Deserialize)]
struct Granted {
    #[serde(deserialize_with = "secret")]
    access_token: SecretString,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl ClientCredentials {
    /// Tokens from an endpoint; `secret` is what the reference in the settings stands for. Nothing is sent yet.
    ///
    /// # Errors
    /// The address is none, or the trust is unusable.
    pub fn new(endpoint: &TokenEndpoint, secret: SecretString, trust: Trust) -> Result<Self, Error> {
        let url = Url::parse(&endpoint.url).map_err(|error| {
            Error::new(ErrorKind::Config, "the token endpoint is no web address").with_source(error)
        })?;
        let request =
            TokenRequest { url, client_id: endpoint.client_id.clone(), secret, scope: endpoint.scope.clone() };
        let http = HttpClient::builder(&endpoint.url).label("mail tokens").trust(trust).build()?;
        Ok(Self { http, request, held: Mutex::new(None) })
    }
}

#[async_trait]
impl Tokens for ClientCredentials {
    async fn token(&self) -> Result<SecretString, String> {
        let mut held = self.held.lock().await;
        if let Some(held) = held.as_ref().filter(|held| held.ends > Instant::now()) {
            return Ok(held.token.clone());
        }
        let granted = self.http.send(&self.request).await.map_err(|error| error.message().to_owned())?;
        let life = granted.expires_in.map_or(USUAL_LIFE, Duration::from_secs);
        let ends = Instant::now() + life.saturating_sub(EARLY).min(Duration::from_hours(24));
        *held = Some(Held { token: granted.access_token.clone(), ends });
        Ok(granted.access_token)
    }
}

impl Operation for TokenRequest {
    const NAME: &'static str = "mail.token";
    const REPLAY: Replay = Replay::Safe;
    type Output = Granted;

    fn request(&self, _: &Url) -> Result<Request<Vec<u8>>, Error> {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", &self.client_id),
            ("client_secret", self.secret.expose_secret()),
            ("scope", &self.scope),
        ];
        form_request(self.url.clone(), &fields)
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<Granted, Error> {
        expect_success(parts, body)?;
        decode(parts, body)
    }
}

fn secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

#[cfg(test)]
mod tests {
    use mockito::Matcher;

    use super::*;

    fn tokens(server: &mockito::ServerGuard) -> ClientCredentials {
        let endpoint = TokenEndpoint {
            url: format!("{}/tenant/token", server.url()),
            client_id: "app".to_owned(),
            client_secret: "env:SECRET".to_owned(),
            scope: "https://mail.example/.default".to_owned(),
        };
        ClientCredentials::new(&endpoint, SecretString::from("hunter2"), Trust::System).unwrap()
    }

    #[tokio::test]
    async fn a_token_is_asked_for_once_while_it_lasts() {
        let mut server = mockito::Server::new_async().await;
        let form = |name: &str, value: &str| Matcher::UrlEncoded(name.to_owned(), value.to_owned());
        let asked = server
            .mock("POST", "/tenant/token")
            .match_body(Matcher::AllOf(vec![
                form("grant_type", "client_credentials"),
                form("client_id", "app"),
                form("client_secret", "hunter2"),
                form("scope", "https://mail.example/.default"),
            ]))
            .with_body(r#"{"access_token":"abc","expires_in":3600,"token_type":"Bearer"}"#)
            .expect(1)
            .create_async()
            .await;
        let tokens = tokens(&server);
        for _ in 0..2 {
            assert_eq!(tokens.token().await.unwrap().expose_secret(), "abc");
        }
        asked.assert_async().await;
        assert!(!format!("{tokens:?}").contains("hunter2") && !format!("{tokens:?}").contains("abc"));
    }

    #[tokio::test]
    async fn a_token_about_to_end_is_replaced() {
        let mut server = mockito::Server::new_async().await;
        let body = r#"{"access_token":"abc","expires_in":60}"#;
        let asked = server.mock("POST", "/tenant/token").with_body(body).expect(2).create_async().await;
        let tokens = tokens(&server);
        for _ in 0..2 {
            tokens.token().await.unwrap();
        }
        asked.assert_async().await;
    }

    #[tokio::test]
    async fn a_refusal_is_told_without_the_secret() {
        let mut server = mockito::Server::new_async().await;
        server.mock("POST", "/tenant/token").with_status(401).with_body("hunter2").create_async().await;
        assert!(!tokens(&server).token().await.unwrap_err().contains("hunter2"));
    }
}
