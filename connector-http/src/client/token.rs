//! Access tokens and where they come from.

use super::sign_in::Unauthenticated;
use crate::{Error, ErrorKind};
use async_trait::async_trait;
use http::{HeaderName, HeaderValue, Request, header};
use secrecy::{ExposeSecret, SecretString};
use std::{
    fmt::Debug,
    time::{Duration, Instant},
};
use zeroize::Zeroizing;

/// Signs in, and signs in again when a token is old or was refused.
///
/// The client asks for one token at a time, however many calls wait for it.
#[async_trait]
pub trait TokenSource: Send + Sync + Debug {
    /// Gets a token; `previous` is the one that is old or was refused, with its refresh token.
    ///
    /// # Errors
    /// What the sign-in failed with. Callers that waited for the same sign-in get the same error.
    async fn fetch(&self, http: &Unauthenticated, previous: Option<&Token>) -> Result<Token, Error>;
}

/// What opens the server for a while.
#[derive(Debug, Clone)]
pub struct Token {
    access: SecretString,
    scheme: String,
    header: HeaderName,
    expires_at: Option<Instant>,
    refresh: Option<SecretString>,
}

impl Token {
    /// A bearer token that never expires by itself.
    pub fn bearer(access: impl Into<SecretString>) -> Self {
        Self {
            access: access.into(),
            scheme: "Bearer".to_owned(),
            header: header::AUTHORIZATION,
            expires_at: None,
            refresh: None,
        }
    }

    /// Sends the token in a header of its own, without a scheme, as API keys are.
    pub fn in_header(access: impl Into<SecretString>, header: HeaderName) -> Self {
        Self { scheme: String::new(), header, ..Self::bearer(access) }
    }

    /// Another scheme than `Bearer`.
    pub fn scheme(mut self, scheme: impl Into<String>) -> Self {
        self.scheme = scheme.into();
        self
    }

    /// When it ends, by the client's clock ([`Unauthenticated::now`]).
    pub fn expires_at(mut self, at: Instant) -> Self {
        self.expires_at = Some(at);
        self
    }

    /// What gets the next token without the password.
    pub fn refresh(mut self, refresh: impl Into<SecretString>) -> Self {
        self.refresh = Some(refresh.into());
        self
    }

    /// Keeps the previous refresh token when the server sent no new one.
    pub fn or_refresh_of(mut self, previous: Option<&Token>) -> Self {
        if self.refresh.is_none() {
            self.refresh = previous.and_then(|token| token.refresh.clone());
        }
        self
    }

    /// The access token.
    pub fn access(&self) -> &SecretString {
        &self.access
    }

    /// The refresh token.
    pub fn refresh_token(&self) -> Option<&SecretString> {
        self.refresh.as_ref()
    }

    /// When it ends.
    pub fn expiry(&self) -> Option<Instant> {
        self.expires_at
    }

    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// When to get the next one: a minute before the end, or at half time of a very short life.
    pub(crate) fn renew_at(&self, now: Instant) -> Option<Instant> {
        let at = self.expires_at?;
        let margin = MARGIN.min(at.saturating_duration_since(now) / 2);
        at.checked_sub(margin)
    }

    pub(crate) fn sign(&self, request: &mut Request<Vec<u8>>) -> Result<(), Error> {
        let text = if self.scheme.is_empty() {
            Zeroizing::new(self.access.expose_secret().to_owned())
        } else {
            Zeroizing::new(format!("{} {}", self.scheme, self.access.expose_secret()))
        };
        let mut value = HeaderValue::from_str(&text)
            .map_err(|_| Error::new(ErrorKind::Auth, "the access token cannot be sent in a header"))?;
        value.set_sensitive(true);
        request.headers_mut().insert(self.header.clone(), value);
        Ok(())
    }
}

const MARGIN: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_shows_itself() {
        let token = Token::bearer("access-1").refresh("refresh-1");
        let mut request = Request::new(Vec::new());
        token.sign(&mut request).unwrap();
        assert_eq!(request.headers()["authorization"], "Bearer access-1");
        let shown = format!("{token:?} {request:?}");
        assert!(!shown.contains("access-1") && !shown.contains("refresh-1"), "{shown}");
    }

    #[test]
    fn renewal_is_a_minute_before_the_end_or_at_half_time() {
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(Token::bearer("x").expires_at(after(1800)).renew_at(now), Some(after(1740)));
        assert_eq!(Token::bearer("x").expires_at(after(10)).renew_at(now), Some(after(5)));
        assert_eq!(Token::bearer("x").renew_at(now), None);
    }

    #[test]
    fn an_old_refresh_token_is_kept_until_a_new_one_comes() {
        let old = Token::bearer("a").refresh("one");
        let kept = Token::bearer("b").or_refresh_of(Some(&old));
        assert_eq!(kept.refresh_token().unwrap().expose_secret(), "one");
        let renewed = Token::bearer("b").refresh("two").or_refresh_of(Some(&old));
        assert_eq!(renewed.refresh_token().unwrap().expose_secret(), "two");
    }
}
