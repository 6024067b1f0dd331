//! Access tokens for signing on with OAuth 2.

use std::fmt;

use async_trait::async_trait;
use secrecy::SecretString;

/// Where access tokens come from.
#[async_trait]
pub trait Tokens: Send + Sync + fmt::Debug {
    /// A token that is valid now.
    ///
    /// # Errors
    /// Why there is none, in words without secrets.
    async fn token(&self) -> Result<SecretString, String>;
}

/// A token that somebody else keeps fresh.
#[derive(Debug)]
pub struct FixedToken(SecretString);

impl FixedToken {
    /// Always this one.
    pub fn new(token: SecretString) -> Self {
        Self(token)
    }
}

#[async_trait]
impl Tokens for FixedToken {
    async fn token(&self) -> Result<SecretString, String> {
        Ok(self.0.clone())
    }
}
