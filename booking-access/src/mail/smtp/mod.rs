//! Letters by SMTP.

mod clear;
mod session;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use connector_http::Fingerprint;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use secrecy::{ExposeSecret as _, SecretString};
use tokio_rustls::rustls::ClientConfig;

use super::config::{AuthMode, MailConfig, TlsMode};
use super::error::MailError;
use super::reach::Reach;
use super::tokens::{FixedToken, Tokens};
use super::transport::{Envelope, Outcome, Transport};
pub(super) use session::{Session, Trace};

/// How long a server may take for one answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it may take to accept a whole letter, virus scanners included.
const PATIENCE_FOR_LETTER: Duration = Duration::from_mins(3);
/// Longest text of a server that is kept.
const LONGEST_TEXT: usize = 200;

/// Sends letters by SMTP, over one connection each.
#[derive(Clone)]
pub struct Smtp {
    server: String,
    port: u16,
    mode: TlsMode,
    tls: Arc<ClientConfig>,
    sign_on: Option<SignOn>,
    patience: Duration,
    patience_for_letter: Duration,
}

#[derive(Clone)]
struct SignOn {
    user: String,
    mechanisms: &'static [Mechanism],
    secret: Secret,
}

/// What is shown at a sign-on.
#[derive(Clone)]
pub(super) enum Secret {
    Password(SecretString),
    Token(Arc<dyn Tokens>),
}

/// A step on the way of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Name,
    Connect,
    Tls,
    SignOn,
    #[cfg(feature = "bounces")]
    Folder,
    Sender,
    Recipient,
    Letter,
}

/// A step that did not work.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) step: Step,
    pub(super) text: String,
    pub(super) answer: Answer,
    pub(super) seen: Option<Fingerprint>,
}

/// What the server said to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Not now.
    Later,
    /// Never.
    Never,
    /// Nothing, or nothing that makes sense.
    Nothing,
}

impl Smtp {
    /// A way to the server of a configuration. Nothing is sent yet.
    ///
    /// `password` is what the reference of that name stands for: with `xoauth2` the access token, unless `tokens` are given.
    ///
    /// # Errors
    /// A certificate, fingerprint or secret that is missing or unusable.
    pub fn new(
        config: &MailConfig,
        password: Option<SecretString>,
        tokens: Option<Arc<dyn Tokens>>,
    ) -> Result<Self, MailError> {
        let settings = |error: connector_http::Error| MailError::Settings(format!("trust {}", error.message()));
        Ok(Self {
            server: config.server.clone(),
            port: config.port,
            mode: config.tls_mode(),
            tls: config.trust.load().and_then(|trust| trust.client_config()).map_err(settings)?,
            sign_on: SignOn::new(config, password, tokens)?,
            patience: PATIENCE,
            patience_for_letter: PATIENCE_FOR_LETTER,
        })
    }

    /// Waits no longer than this for one answer.
    pub fn with_patience(mut self, patience: Duration) -> Self {
        (self.patience, self.patience_for_letter) = (patience, patience);
        self
    }

    pub(super) fn mode(&self) -> TlsMode {
        self.mode
    }

    pub(super) fn signs_on(&self) -> bool {
        self.sign_on.is_some()
    }

    fn reach(&self) -> Reach<'_> {
        Reach { server: &self.server, port: self.port, tls: &self.tls, patience: self.patience }
    }

    async fn deliver(&self, envelope: &Envelope, message: &[u8]) -> Result<(), Failure> {
        let mut session = Session::open(self, &mut Trace::default()).await?;
        session.sender(envelope.from(), message, envelope).await?;
        session.recipients(envelope.to()).await?;
        session.letter(message).await?;
        session.quit().await;
        Ok(())
    }
}

#[async_trait]
impl Transport for Smtp {
    async fn send(&self, envelope: &Envelope, message: &[u8]) -> Outcome {
        match self.deliver(envelope, message).await {
            Ok(()) => Outcome::Sent,
            Err(failure) => failure.outcome(),
        }
    }
}

impl SignOn {
    fn new(
        config: &MailConfig,
        password: Option<SecretString>,
        tokens: Option<Arc<dyn Tokens>>,
    ) -> Result<Option<Self>, MailError> {
        let Some(user) = config.user.clone() else { return Ok(None) };
        let mechanisms: &'static [Mechanism] = match config.auth {
            AuthMode::Plain => &[Mechanism::Plain, Mechanism::Login],
            AuthMode::Login => &[Mechanism::Login],
            AuthMode::Xoauth2 => &[Mechanism::Xoauth2],
        };
        let secret = Secret::new(config.auth, password, tokens)?;
        Ok(Some(Self { user, mechanisms, secret }))
    }

    async fn credentials(&self) -> Result<Credentials, Failure> {
        let secret = self.secret.reveal().await?;
        Ok(Credentials::new(self.user.clone(), secret.expose_secret().to_owned()))
    }
}

impl Secret {
    /// With `xoauth2` the password is the access token, unless `tokens` are given.
    pub(super) fn new(
        auth: AuthMode,
        password: Option<SecretString>,
        tokens: Option<Arc<dyn Tokens>>,
    ) -> Result<Self, MailError> {
        let missing = || MailError::Settings("the secret for signing on is missing".to_owned());
        Ok(match (auth, tokens) {
            (AuthMode::Xoauth2, Some(tokens)) => Self::Token(tokens),
            (AuthMode::Xoauth2, None) => Self::Token(Arc::new(FixedToken::new(password.ok_or_else(missing)?))),
            _ => Self::Password(password.ok_or_else(missing)?),
        })
    }

    pub(super) async fn reveal(&self) -> Result<SecretString, Failure> {
        match self {
            Self::Password(password) => Ok(password.clone()),
            Self::Token(tokens) => {
                tokens.token().await.map_err(|why| Failure::nothing(Step::SignOn, format!("no access token: {why}")))
            }
        }
    }
}

impl Failure {
    pub(super) fn new(step: Step, text: impl Into<String>, answer: Answer) -> Self {
        let text = super::template::plain(&text.into());
        Self { step, text: text.chars().take(LONGEST_TEXT).collect(), answer, seen: None }
    }

    pub(super) fn nothing(step: Step, text: impl Into<String>) -> Self {
        Self::new(step, text, Answer::Nothing)
    }

    /// What it means for the letter.
    fn outcome(self) -> Outcome {
        match (self.step, self.answer) {
            (Step::Letter, Answer::Nothing) => Outcome::InDoubt(self.text),
            (Step::Recipient | Step::Letter, Answer::Never) => Outcome::Refused(self.text),
            (Step::Sender | Step::Recipient | Step::Letter, Answer::Later) => Outcome::Deferred(self.text),
            _ => Outcome::Unreachable(self.text),
        }
    }
}

/// Hides the secret.
impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp")
            .field("server", &self.server)
            .field("port", &self.port)
            .field("mode", &self.mode)
            .field("signs_on", &self.signs_on())
            .finish_non_exhaustive()
    }
}
