//! Signing calls: key, header, user and password, or a session.

use super::Profile;
use crate::{Error, ErrorKind, Operation, Replay, Token, TokenSource, Unauthenticated, decode, json_request};
use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderName, Method, Request, StatusCode, header, response::Parts};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::{fmt, sync::Arc, time::Duration};
use url::Url;

/// How calls are signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    pub(super) kind: AuthKind,
    pub(super) header: HeaderName,
    pub(super) prefix: String,
}

/// The way of signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthKind {
    /// `Authorization: Bearer <key>`.
    Bearer,
    /// A header of the vendor's own, with a prefix before the key.
    Header,
    /// `Authorization: Basic` with user and password.
    Basic,
    /// User and password get a token, which signs as a key does.
    Session,
}

/// The secrets that calls are signed with.
#[derive(Clone)]
#[non_exhaustive]
pub enum Credentials {
    /// A key.
    Key(SecretString),
    /// A user and a password.
    Login {
        /// The user.
        user: String,
        /// The password.
        password: SecretString,
    },
}

impl Auth {
    /// The way of signing.
    pub fn kind(&self) -> AuthKind {
        self.kind
    }

    /// Whether a user is needed besides the secret.
    pub fn needs_user(&self) -> bool {
        matches!(self.kind, AuthKind::Basic | AuthKind::Session)
    }

    fn token(&self, secret: &str) -> Token {
        Token::in_header(format!("{}{secret}", self.prefix), self.header.clone())
    }
}

impl AuthKind {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "bearer" => Some(Self::Bearer),
            "header" => Some(Self::Header),
            "basic" => Some(Self::Basic),
            "session" => Some(Self::Session),
            _ => None,
        }
    }
}

impl Credentials {
    /// A key.
    pub fn key(key: impl Into<SecretString>) -> Self {
        Self::Key(key.into())
    }

    /// A user and a password.
    pub fn login(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self::Login { user: user.into(), password: password.into() }
    }

    /// User and password; a key of the form `user:password` is both.
    fn split(&self) -> Option<(String, SecretString)> {
        match self {
            Self::Login { user, password } => Some((user.clone(), password.clone())),
            Self::Key(key) => {
                let (user, password) = key.expose_secret().split_once(':')?;
                Some((user.to_owned(), password.to_owned().into()))
            }
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "Key(***)",
            Self::Login { .. } => "Login(***)",
        })
    }
}

impl Profile {
    /// What signs the calls of a client: [`HttpClientBuilder::tokens`](crate::HttpClientBuilder::tokens).
    ///
    /// A refused key is not tried a second time; a refused session token is replaced by a new one, once.
    ///
    /// # Errors
    /// `Config` where the secrets are not of the kind that the profile needs.
    pub fn sign_in(&self, credentials: &Credentials) -> Result<Arc<dyn TokenSource>, Error> {
        let auth = self.auth();
        let user_missing = || Error::new(ErrorKind::Config, "this way of signing in needs a user and a password");
        let fixed = |token| -> Arc<dyn TokenSource> { Arc::new(Fixed(token)) };
        match (auth.kind, credentials) {
            (AuthKind::Bearer | AuthKind::Header, Credentials::Key(key)) => Ok(fixed(auth.token(key.expose_secret()))),
            (AuthKind::Bearer | AuthKind::Header, Credentials::Login { .. }) => {
                Err(Error::new(ErrorKind::Config, "this way of signing in needs a key and no user"))
            }
            (AuthKind::Basic, credentials) => {
                let (user, password) = credentials.split().ok_or_else(user_missing)?;
                let both = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
                Ok(fixed(Token::bearer(both).scheme("Basic")))
            }
            (AuthKind::Session, credentials) => {
                let (user, password) = credentials.split().ok_or_else(user_missing)?;
                Ok(Arc::new(Session { profile: self.clone(), user, password }))
            }
        }
    }
}

/// A secret that never changes.
#[derive(Debug)]
struct Fixed(Token);

#[async_trait]
impl TokenSource for Fixed {
    async fn fetch(&self, _: &Unauthenticated, previous: Option<&Token>) -> Result<Token, Error> {
        if previous.is_none() {
            return Ok(self.0.clone());
        }
        let text = "the server does not accept the key, or the user and password";
        Err(Error::new(ErrorKind::Auth, text).with_status(StatusCode::UNAUTHORIZED))
    }
}

/// A user and a password that get tokens.
struct Session {
    profile: Profile,
    user: String,
    password: SecretString,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenSource for Session {
    async fn fetch(&self, http: &Unauthenticated, _: Option<&Token>) -> Result<Token, Error> {
        let (token, life) = http.send(&Open { session: self }).await?;
        let token = self.profile.auth().token(&token);
        let end = life.and_then(|life| http.now().checked_add(life));
        Ok(end.map_or(token.clone(), |end| token.expires_at(end)))
    }
}

/// The call that begins a session.
struct Open<'a> {
    session: &'a Session,
}

impl Operation for Open<'_> {
    const NAME: &'static str = "profile.sign_in";
    const REPLAY: Replay = Replay::Idempotent;
    type Output = (String, Option<Duration>);

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        let Session { profile, user, password } = self.session;
        let mut body = profile.body("session");
        body.set("user", user.as_str());
        body.set("password", password.expose_secret());
        json_request(Method::POST, profile.url(base, "session", &[])?, &body.into_value())
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<Self::Output, Error> {
        let profile = &self.session.profile;
        if !parts.status.is_success() {
            return Err(profile.problem(parts, body));
        }
        let answer: Value = decode(parts, body)?;
        let item = profile.item("session", &answer, "the sign-in");
        let token = item.text("token")?;
        let end = item.instant_opt("expires_at", None)?.map(|at| at.to_utc());
        let sent = parts.headers.get(header::DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        let now = sent.map_or_else(chrono::Utc::now, chrono::DateTime::from);
        Ok((token, end.map(|end| (end - now).to_std().unwrap_or_default())))
    }
}
