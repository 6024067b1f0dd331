//! Sign-in: password, refresh, second factor, and the end of a session.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use connector_http::{
    Error, ErrorKind, Operation, Phase, Replay, Token, TokenSource, Unauthenticated, form_request, json_request,
};
use http::response::Parts;
use http::{Method, Request, StatusCode, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use url::Url;

use crate::answer;
use crate::client::Net2Client;
use crate::json::{FromJson, Object, Shape};
use crate::route::api;
use crate::time::ServerTime;

/// How the server sends the code of the second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MfaChannel {
    /// By e-mail.
    Email,
    /// From an authenticator.
    Otp,
}

impl MfaChannel {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Otp => "otp",
        }
    }
}

/// Answers the server's question for a second factor, usually by asking a person.
///
/// Services that nobody watches do better with an operator that needs no second factor.
#[async_trait]
pub trait MfaCodes: Send + Sync + fmt::Debug {
    /// Where the code shall come from.
    fn channel(&self) -> MfaChannel;

    /// Waits for the code.
    ///
    /// # Errors
    /// Whatever keeps the code from coming; the sign-in ends with it.
    async fn code(&self) -> Result<SecretString, Error>;
}

/// Signs in with the password once and goes on with refresh tokens.
pub(crate) struct SignIn {
    operator: String,
    password: SecretString,
    client_id: String,
    client_secret: Option<SecretString>,
    mfa: Option<Arc<dyn MfaCodes>>,
    refresh: Mutex<Option<SecretString>>,
}

impl SignIn {
    pub(crate) fn new(
        operator: String,
        password: SecretString,
        client_id: String,
        client_secret: Option<SecretString>,
        mfa: Option<Arc<dyn MfaCodes>>,
    ) -> Self {
        Self { operator, password, client_id, client_secret, mfa, refresh: Mutex::new(None) }
    }

    /// Lets the server forget the refresh token, if there is one.
    pub(crate) async fn sign_out(&self, client: &Net2Client) -> Result<(), Error> {
        let refresh = self.refresh.lock().unwrap_or_else(PoisonError::into_inner).take();
        match refresh {
            Some(refresh) => client.send(&EndSession { refresh }).await,
            None => Ok(()),
        }
    }

    async fn with_password(&self, http: &Unauthenticated) -> Result<Granted, Error> {
        let grant = Grant::new(Kind::Password, &self.client_id, self.client_secret.as_ref())
            .field("username", &self.operator)
            .field("password", self.password.expose_secret())
            .field("scope", OFFLINE);
        match http.send(&grant).await? {
            Answer::Granted(granted) => Ok(granted),
            Answer::MfaRequired(challenge) => self.with_second_factor(http, challenge).await,
        }
    }

    async fn with_refresh(&self, http: &Unauthenticated, refresh: &SecretString) -> Result<Granted, Error> {
        let grant = Grant::new(Kind::Refresh, &self.client_id, self.client_secret.as_ref())
            .field("refresh_token", refresh.expose_secret())
            .field("scope", OFFLINE);
        match http.send(&grant).await? {
            Answer::Granted(granted) => Ok(granted),
            Answer::MfaRequired(_) => Err(mfa_required()),
        }
    }

    async fn with_second_factor(
        &self,
        http: &Unauthenticated,
        challenge: Option<SecretString>,
    ) -> Result<Granted, Error> {
        let (Some(codes), Some(challenge)) = (&self.mfa, challenge) else { return Err(mfa_required()) };
        http.send(&MfaRequest { challenge: challenge.clone(), channel: codes.channel() }).await?;
        let code = codes.code().await?;
        http.send(&MfaChallenge { challenge: challenge.clone(), code }).await?;
        let grant = Grant::new(Kind::SecondFactor, &self.client_id, self.client_secret.as_ref())
            .field("challengeToken", challenge.expose_secret());
        match http.send(&grant).await? {
            Answer::Granted(granted) => Ok(granted),
            Answer::MfaRequired(_) => Err(mfa_required()),
        }
    }
}

#[async_trait]
impl TokenSource for SignIn {
    async fn fetch(&self, http: &Unauthenticated, previous: Option<&Token>) -> Result<Token, Error> {
        let refreshed = match previous.and_then(Token::refresh_token) {
            Some(refresh) => match self.with_refresh(http, refresh).await {
                Ok(granted) => Some(granted),
                // Worn out or forgotten: the password is the way back.
                Err(error) if !error.is_transient() => None,
                Err(error) => return Err(error),
            },
            None => None,
        };
        let (granted, previous) = match refreshed {
            Some(granted) => (granted, previous),
            None => (self.with_password(http).await?, None),
        };
        let token = granted.into_token(http.now()).or_refresh_of(previous);
        *self.refresh.lock().unwrap_or_else(PoisonError::into_inner) = token.refresh_token().cloned();
        Ok(token)
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").field("operator", &self.operator).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Password,
    Refresh,
    SecondFactor,
}

/// `POST /authorization/tokens`. Repeating it does no harm: it makes another token at worst.
struct Grant {
    kind: Kind,
    fields: Vec<(&'static str, SecretString)>,
}

impl Grant {
    fn new(kind: Kind, client_id: &str, client_secret: Option<&SecretString>) -> Self {
        let name = match kind {
            Kind::Password => "password",
            Kind::Refresh => "refresh_token",
            Kind::SecondFactor => "mfa_2fa",
        };
        let grant = Self { kind, fields: Vec::new() }.field("grant_type", name).field("client_id", client_id);
        match client_secret {
            Some(secret) => grant.field("client_secret", secret.expose_secret()),
            None => grant,
        }
    }

    fn field(mut self, name: &'static str, value: &str) -> Self {
        self.fields.push((name, value.into()));
        self
    }
}

enum Answer {
    Granted(Granted),
    MfaRequired(Option<SecretString>),
}

impl Operation for Grant {
    const NAME: &'static str = "net2.sign_in";
    const REPLAY: Replay = Replay::Safe;
    type Output = Answer;

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        let fields: Vec<_> = self.fields.iter().map(|(name, value)| (*name, value.expose_secret())).collect();
        form_request(api(base, &["authorization", "tokens"])?, &fields)
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<Answer, Error> {
        if let Some(answer) = second_factor(body) {
            return Ok(answer);
        }
        if parts.status.is_success() {
            let value = answer::json(parts, body)?;
            return Granted::read(value, parts).map(Answer::Granted).map_err(|shape| answer::misfit(parts, shape));
        }
        Err(self.refused(parts, body))
    }
}

impl Grant {
    /// The server's words stay out of these errors where they may repeat what was sent.
    fn refused(&self, parts: &Parts, body: &[u8]) -> Error {
        let words = String::from_utf8_lossy(body).to_ascii_lowercase();
        let (kind, text) = match parts.status {
            StatusCode::BAD_REQUEST if words.contains("invalid_client") => (
                ErrorKind::Config,
                "the server does not know this client id: check the name of the licence file, \
                 and restart the Net2 service after installing it",
            ),
            StatusCode::BAD_REQUEST if self.kind == Kind::Password && words.contains("invalid_grant") => {
                (ErrorKind::Auth, "the operator's name or password is wrong")
            }
            StatusCode::BAD_REQUEST if self.kind == Kind::Password => {
                (ErrorKind::Config, "the server refused the sign-in: check operator, client id and licence")
            }
            StatusCode::UNAUTHORIZED if self.kind == Kind::Password => {
                (ErrorKind::Auth, "the operator's name or password is wrong")
            }
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED => {
                (ErrorKind::Auth, "the server refused to renew the token")
            }
            StatusCode::FORBIDDEN => (ErrorKind::Permission, "the operator may not sign in here"),
            StatusCode::NOT_FOUND => {
                (ErrorKind::Config, "there is no Net2 web API at this address, or it is switched off")
            }
            _ => return connector_http::classify(parts, b""),
        };
        Error::new(kind, text).with_status(parts.status)
    }
}

/// What a sign-in gave.
struct Granted {
    access: SecretString,
    refresh: Option<SecretString>,
    lives: Duration,
}

impl Granted {
    fn read(value: Value, parts: &Parts) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        let access: String = match object.first_of(&["access_token", "accessToken"])? {
            Some(access) => access,
            None => object.required("access_token")?,
        };
        let refresh: Option<String> = object.first_of(&["refresh_token", "refreshToken"])?;
        let seconds: Option<i64> = object.first_of(&["expires_in", "expiresIn"]).unwrap_or_default();
        let until: Option<ServerTime> = object.first_of(&["expiry_datetime", "expiryDatetime"]).unwrap_or_default();
        let now = server_now(parts);
        let left = |until: DateTime<Utc>| u64::try_from((until - now).num_seconds()).ok();
        let lives = seconds
            .and_then(|seconds| u64::try_from(seconds).ok())
            .or_else(|| left(until?.instant(chrono_tz::Tz::UTC)))
            .or_else(|| left(jwt_expiry(&access)?))
            .filter(|&seconds| seconds > 0)
            .map_or(UNKNOWN_LIFE, Duration::from_secs);
        Ok(Self { access: access.into(), refresh: refresh.map(SecretString::from), lives })
    }

    fn into_token(self, now: Instant) -> Token {
        let token = Token::bearer(self.access);
        let token = match now.checked_add(self.lives) {
            Some(end) => token.expires_at(end),
            None => token,
        };
        match self.refresh {
            Some(refresh) => token.refresh(refresh),
            None => token,
        }
    }
}

/// The server's clock, where it tells it: its tokens end by that one.
fn server_now(parts: &Parts) -> DateTime<Utc> {
    let told = parts.headers.get(header::DATE).and_then(|value| value.to_str().ok());
    told.and_then(|text| DateTime::parse_from_rfc2822(text).ok()).map_or_else(Utc::now, |time| time.to_utc())
}

/// The end that stands in the token itself.
fn jwt_expiry(token: &str) -> Option<DateTime<Utc>> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    DateTime::from_timestamp(claims.get("exp")?.as_i64()?, 0)
}

/// Whether the server asks for a second factor, with its challenge if it gives one.
fn second_factor(body: &[u8]) -> Option<Answer> {
    let mut object = Object::from_json(serde_json::from_slice(body).ok()?).ok()?;
    let error: String = object.optional("error").ok()??;
    if !error.eq_ignore_ascii_case("mfa_required") {
        return None;
    }
    let challenge: Option<String> = object.first_of(&["challengeToken", "challenge_token"]).ok().flatten();
    Some(Answer::MfaRequired(challenge.map(SecretString::from)))
}

fn mfa_required() -> Error {
    Error::new(ErrorKind::MfaRequired, "this operator needs a second factor to sign in: use an operator without one")
        .with_phase(Phase::Answered)
}

struct MfaRequest {
    challenge: SecretString,
    channel: MfaChannel,
}

impl Operation for MfaRequest {
    const NAME: &'static str = "net2.mfa_request";
    const REPLAY: Replay = Replay::Never;
    type Output = ();

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        let body = json!({
            "challengeToken": self.challenge.expose_secret(),
            "challengeType": self.channel.as_str(),
        });
        json_request(Method::POST, api(base, &["authorization", "mfa-request"])?, &body)
    }

    fn response(&self, parts: &Parts, _body: &[u8]) -> Result<(), Error> {
        answer::check(parts, b"")
    }
}

struct MfaChallenge {
    challenge: SecretString,
    code: SecretString,
}

impl Operation for MfaChallenge {
    const NAME: &'static str = "net2.mfa_challenge";
    const REPLAY: Replay = Replay::Never;
    type Output = ();

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        let body = json!({
            "challengeToken": self.challenge.expose_secret(),
            "code": self.code.expose_secret(),
        });
        json_request(Method::POST, api(base, &["authorization", "mfa-challenge"])?, &body)
    }

    fn response(&self, parts: &Parts, _body: &[u8]) -> Result<(), Error> {
        answer::check(parts, b"").map_err(|error| match parts.status {
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED => {
                Error::new(ErrorKind::Auth, "the code of the second factor is wrong or too old")
                    .with_status(parts.status)
            }
            _ => error,
        })
    }
}

/// `DELETE /authorization/tokens`, with the bearer too.
struct EndSession {
    refresh: SecretString,
}

impl Operation for EndSession {
    const NAME: &'static str = "net2.sign_out";
    const REPLAY: Replay = Replay::Idempotent;
    type Output = ();

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        let body = json!({ "refreshToken": self.refresh.expose_secret() });
        json_request(Method::DELETE, api(base, &["authorization", "tokens"])?, &body)
    }

    fn response(&self, parts: &Parts, _body: &[u8]) -> Result<(), Error> {
        answer::check(parts, b"")
    }
}

const OFFLINE: &str = "offline_access";
/// For a token that does not say how long it lives.
const UNKNOWN_LIFE: Duration = Duration::from_mins(5);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(status: u16) -> Parts {
        let date = "Mon, 01 Mar 2027 09:00:00 GMT";
        http::Response::builder().status(status).header("date", date).body(()).unwrap().into_parts().0
    }

    fn lives(body: Value) -> u64 {
        Granted::read(body, &parts(200)).unwrap().lives.as_secs()
    }

    #[test]
    fn the_life_of_a_token_is_taken_from_the_best_source() {
        let claims = URL_SAFE_NO_PAD.encode(r#"{"exp":1803892200}"#);
        let jwt = format!("h.{claims}.s");
        let all = json!({ "access_token": jwt, "expires_in": 1800, "expiry_datetime": "2027-03-01T09:20:00.1234567Z" });
        assert_eq!(lives(all), 1800);
        assert_eq!(lives(json!({ "accessToken": jwt, "expiryDatetime": "2027-03-01T09:20:00.1234567Z" })), 1200);
        assert_eq!(lives(json!({ "access_token": jwt })), 600);
        assert_eq!(lives(json!({ "access_token": "opaque" })), 300);
        assert_eq!(lives(json!({ "access_token": "opaque", "expires_in": -5 })), 300);
    }

    #[test]
    fn refusals_are_told_apart() {
        let grant = |kind| Grant::new(kind, "licence", None);
        let refused =
            |kind, status, body: &str| grant(kind).response(&parts(status), body.as_bytes()).err().unwrap().kind();
        assert_eq!(refused(Kind::Password, 400, r#"{"error":"invalid_client"}"#), ErrorKind::Config);
        assert_eq!(refused(Kind::Password, 400, r#"{"Message":"invalid_client"}"#), ErrorKind::Config);
        assert_eq!(refused(Kind::Password, 401, ""), ErrorKind::Auth);
        assert_eq!(refused(Kind::Refresh, 400, r#"{"error":"invalid_grant"}"#), ErrorKind::Auth);
        assert_eq!(refused(Kind::Password, 429, "<html>"), ErrorKind::RateLimited);
        assert_eq!(refused(Kind::Password, 404, "<html>"), ErrorKind::Config);
    }

    proptest! {
        #[test]
        fn any_answer_reads_without_panic(body: Vec<u8>, status in 100_u16..600) {
            let _ = Grant::new(Kind::Password, "licence", None).response(&parts(status), &body);
            let _ = jwt_expiry(&String::from_utf8_lossy(&body));
        }
    }
}
