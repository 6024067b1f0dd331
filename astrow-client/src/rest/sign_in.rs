//! The session: a token for user and password, given back at the end.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, FixedOffset};
use connector_http::{Error, ErrorKind, Token, TokenSource, Unauthenticated, decode};
use http::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use super::operation::{operation, post, read};
use super::problem::Problem;

/// What signing in gives.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SessionToken {
    #[serde(deserialize_with = "secret")]
    token: SecretString,
    /// When it ends unless it is used.
    pub expires_at: Option<DateTime<FixedOffset>>,
    /// What the user may do.
    #[serde(default)]
    pub permissions: Vec<String>,
    /// The user.
    pub user: Option<String>,
}

impl SessionToken {
    /// The permission *Allow API to connect to Astrow*.
    pub const CONNECT: &'static str = "api.connect";

    /// Whether the user may use the interface at all.
    pub fn may_connect(&self) -> bool {
        self.permissions.iter().any(|permission| permission == Self::CONNECT)
    }
}

/// The token stays out.
impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionToken")
            .field("expires_at", &self.expires_at)
            .field("permissions", &self.permissions)
            .finish_non_exhaustive()
    }
}

operation! {
    /// Signs in.
    BeginSession {
        /// The user of Astrow.
        user: String,
        /// The password.
        password: SecretString,
        /// Who calls.
        client: String,
        /// The key of this attempt.
        key: Uuid,
    } = "astrow.sign_in", Never -> SessionToken;
    request(op, base) => {
        let password = op.password.expose_secret();
        post(base, &["session"], &Login { user: &op.user, password, client: &op.client }, op.key)
    };
    response(parts, body) => decode(parts, body);
}

operation! {
    /// Gives the token back.
    EndSession {} = "astrow.end_session", Never -> ();
    request(op, base) => {
        let EndSession {} = op;
        let mut request = read(base, &["session"], &[])?;
        *request.method_mut() = Method::DELETE;
        Ok(request)
    };
    response(_parts, _body) => Ok(());
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

#[derive(Serialize)]
struct Login<'a> {
    user: &'a str,
    password: &'a str,
    client: &'a str,
}

/// Signs in when a call needs it, and knows whether there is something to give back.
#[derive(Debug)]
pub(crate) struct SignIn {
    user: String,
    password: SecretString,
    client: String,
    open: AtomicBool,
}

impl SignIn {
    pub(crate) fn new(user: String, password: SecretString, client: String) -> Self {
        Self { user, password, client, open: AtomicBool::new(false) }
    }

    pub(crate) fn client(&self) -> &str {
        &self.client
    }

    /// Whether a session is open; from now on it counts as closed.
    pub(crate) fn take_open(&self) -> bool {
        self.open.swap(false, Ordering::AcqRel)
    }
}

/// Tokens are taken for good until they are refused: each call prolongs the session at the server.
#[async_trait]
impl TokenSource for SignIn {
    async fn fetch(&self, http: &Unauthenticated, _previous: Option<&Token>) -> Result<Token, Error> {
        let (user, password, client) = (self.user.clone(), self.password.clone(), self.client.clone());
        let session = http.send(&BeginSession { user, password, client, key: Uuid::new_v4() }).await?;
        if !session.may_connect() {
            return Err(Error::new(ErrorKind::Permission, "the user may sign in, but not use the interface")
                .with_source(Problem::named("permission-missing"))
                .with_operation("astrow.sign_in"));
        }
        self.open.store(true, Ordering::Release);
        Ok(Token::bearer(session.token))
    }
}
