//! The mailbox of a configuration, and its connection test step by step.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use sync_core::connector::CheckReport;
use tokio_rustls::rustls::ClientConfig;

use super::super::check::told_steps;
use super::super::config::AuthMode;
use super::super::error::MailError;
use super::super::reach::Reach;
use super::super::smtp::{Failure, Secret, Step, Trace};
use super::super::tokens::Tokens;
use super::config::{BouncesConfig, MailboxTls};
use super::session::Session;

/// How long a server may take for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

const STEPS: [(Step, &str); 5] = [
    (Step::Name, "name"),
    (Step::Connect, "connect"),
    (Step::Tls, "TLS"),
    (Step::SignOn, "sign-on"),
    (Step::Folder, "folder"),
];

/// The mailbox that undeliverable letters go back to.
#[derive(Clone)]
pub struct BounceMailbox {
    config: BouncesConfig,
    tls: Arc<ClientConfig>,
    pub(super) secret: Secret,
}

impl BounceMailbox {
    /// The mailbox of a configuration. Nothing is sent yet.
    ///
    /// `password` is what the reference of that name stands for: with `xoauth2` the access token, unless `tokens` are given.
    ///
    /// # Errors
    /// A certificate, fingerprint or secret that is missing or unusable.
    pub fn new(
        config: &BouncesConfig,
        password: Option<SecretString>,
        tokens: Option<Arc<dyn Tokens>>,
    ) -> Result<Self, MailError> {
        let settings = |error: connector_http::Error| MailError::Settings(format!("trust {}", error.message()));
        let tls = config.trust.load().and_then(|trust| trust.client_config()).map_err(settings)?;
        Ok(Self { config: config.clone(), tls, secret: Secret::new(config.auth, password, tokens)? })
    }

    /// How often to look into it.
    pub fn interval(&self) -> Duration {
        Duration::from_mins(self.config.interval_minutes.into())
    }

    pub(super) fn user(&self) -> &str {
        &self.config.user
    }

    pub(super) fn auth(&self) -> AuthMode {
        self.config.auth
    }

    pub(super) fn mode(&self) -> MailboxTls {
        self.config.tls_mode()
    }

    pub(super) fn folder(&self) -> &str {
        &self.config.folder
    }

    pub(super) fn move_to(&self) -> Option<&str> {
        self.config.move_to.as_deref()
    }

    /// What tells it from every other, to remember how far it was read.
    pub(super) fn place(&self) -> String {
        format!("{}@{}:{}/{}", self.config.user, self.config.server, self.config.port, self.config.folder)
    }

    pub(super) fn reach(&self) -> Reach<'_> {
        Reach { server: &self.config.server, port: self.config.port, tls: &self.tls, patience: PATIENCE }
    }
}

/// Finds the server of the mailbox, connects, signs on, and opens the folders; nothing in them is read or changed.
///
/// Names the step that fails, and what to do about it.
pub async fn test_mailbox(mailbox: &BounceMailbox) -> CheckReport {
    let mut trace = Trace::new();
    let failure = walk(mailbox, &mut trace).await.err();
    told_steps(&STEPS, &trace, failure.as_ref(), |report, _, name, seen| report.passed(name, seen))
}

async fn walk(mailbox: &BounceMailbox, trace: &mut Trace) -> Result<(), Failure> {
    let mut session = Session::open(mailbox, trace).await?;
    let mut seen = Vec::new();
    for folder in [Some(mailbox.folder()), mailbox.move_to()].into_iter().flatten() {
        let mails = session.examine(folder).await?;
        seen.push(format!("{folder} with {mails} mails"));
    }
    trace.push((Step::Folder, seen.join(", ")));
    session.close().await;
    Ok(())
}

/// Hides the secret.
impl fmt::Debug for BounceMailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BounceMailbox").field("server", &self.config.server).finish_non_exhaustive()
    }
}
