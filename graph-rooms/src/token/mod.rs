//! Tokens by client credentials: one at a time, renewed in time, and no storm when they are refused.

mod answer;
mod assertion;
mod refusal;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use connector_http::{Clock, Error, Operation, Replay, Token, TokenSource, Unauthenticated, form_request};
use http::Request;
use http::response::Parts;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

pub(crate) use assertion::{Certificate, random_id};

use crate::fault::{Fault, FaultKind, SignInProblem};
pub(crate) use answer::Granted;

/// What the application proves itself with.
pub(crate) enum Credential {
    Secret(SecretString),
    Certificate(Certificate),
}

/// Asks for tokens.
pub(crate) struct ClientCredentials {
    pub(crate) endpoint: Url,
    pub(crate) client_id: String,
    pub(crate) scope: String,
    pub(crate) credential: Credential,
    pub(crate) clock: Arc<dyn Clock>,
    /// A refusal that repeating does not help, and when it came.
    pub(crate) refused: Mutex<Option<(Instant, Error)>>,
}

impl ClientCredentials {
    /// Lets the next sign-in ask again, whatever was answered before.
    pub(crate) fn forget(&self) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn ask(&self, http: &Unauthenticated) -> Result<Granted, Error> {
        let answer = http.send(&self.request()?).await;
        let is_clock = |error: &Error| Fault::of(error).kind == FaultKind::SignIn(SignInProblem::Clock);
        match answer {
            Err(error) if matches!(self.credential, Credential::Certificate(_)) && is_clock(&error) => {
                // Perhaps it only waited too long on its way.
                http.send(&self.request()?).await
            }
            answer => answer,
        }
    }

    pub(crate) fn request(&self) -> Result<RequestToken, Error> {
        let mut fields = vec![
            ("grant_type", SecretString::from("client_credentials")),
            ("client_id", self.client_id.as_str().into()),
            ("scope", self.scope.as_str().into()),
        ];
        match &self.credential {
            Credential::Secret(secret) => fields.push(("client_secret", secret.clone())),
            Credential::Certificate(certificate) => {
                let assertion = certificate.assertion(&self.endpoint, &self.client_id, self.clock.wall())?;
                fields.push(("client_assertion_type", ASSERTION_TYPE.into()));
                fields.push(("client_assertion", assertion));
            }
        }
        Ok(RequestToken { endpoint: self.endpoint.clone(), fields })
    }
}

#[async_trait]
impl TokenSource for ClientCredentials {
    async fn fetch(&self, http: &Unauthenticated, _previous: Option<&Token>) -> Result<Token, Error> {
        let refused = || self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, error)) = &*refused()
            && http.now().saturating_duration_since(*at) < PAUSE
        {
            return Err(error.clone());
        }
        match self.ask(http).await {
            Ok(granted) => {
                self.forget();
                Ok(granted.into_token(http.now()))
            }
            Err(error) => {
                *refused() = (!error.is_transient()).then(|| (http.now(), error.clone()));
                Err(error)
            }
        }
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// `POST {authority}/{tenant}/oauth2/v2.0/token`. Repeating it does no harm: it makes another token at worst.
pub(crate) struct RequestToken {
    endpoint: Url,
    fields: Vec<(&'static str, SecretString)>,
}

impl Operation for RequestToken {
    const NAME: &'static str = "graph.sign_in";
    const REPLAY: Replay = Replay::Safe;
    type Output = Granted;

    fn request(&self, _base: &Url) -> Result<Request<Vec<u8>>, Error> {
        let fields: Vec<_> = self.fields.iter().map(|(name, value)| (*name, value.expose_secret())).collect();
        form_request(self.endpoint.clone(), &fields)
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<Granted, Error> {
        if parts.status.is_success() { Granted::read(parts, body) } else { Err(refusal::read(parts, body)) }
    }
}

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// For so long a refusal stands that only a person can help; then it is tried once more.
const PAUSE: Duration = Duration::from_mins(10);
