//! Letters that come back: the mailbox is looked into now and then, and `test` walks through it.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use booking_access::mail::{AuthMode, BounceMailbox, Bounced, test_mailbox};
use chrono::Utc;
use sync_core::connector::{CheckReport, Endpoint, EndpointIdentity, SyncError};
use sync_core::model::EndpointName;
use sync_service::{Chore, ChoreReport, ConfigFault, ConfigFaults, Desk, Failure, Setup, Stage, Trouble};

use super::chores::shown_by_name;
use super::{Config, Parts, post};

/// Looks into the mailbox that undeliverable letters go back to.
pub(super) struct Bounces {
    parts: Arc<Parts>,
    mailbox: BounceMailbox,
}

/// The mailbox as something that `test` walks through.
pub(super) struct BouncesEndpoint {
    name: EndpointName,
    mailbox: BounceMailbox,
}

/// The mailbox of the configuration, if there is one and letters are sent at all.
pub(super) fn mailbox(config: &Config, setup: &Setup) -> Result<Option<BounceMailbox>, ConfigFaults> {
    let Some(bounces) = config.mail.bounces.as_ref().filter(|_| config.mail.enabled) else { return Ok(None) };
    let password = bounces.password.as_ref();
    let password = password.map(|reference| setup.secret("mail.bounces.password", reference)).transpose()?;
    let endpoint = bounces.token_endpoint.as_ref().filter(|_| bounces.auth == AuthMode::Xoauth2);
    let tokens = post::tokens("mail.bounces.token_endpoint", endpoint, setup)?;
    let mailbox = BounceMailbox::new(bounces, password, tokens)
        .map_err(|error| ConfigFault::new("mail.bounces", error.to_string(), "Correct it"))?;
    Ok(Some(mailbox))
}

impl Bounces {
    pub(super) fn new(parts: Arc<Parts>, mailbox: BounceMailbox) -> Self {
        Self { parts, mailbox }
    }
}

#[async_trait]
impl Chore for Bounces {
    fn name(&self) -> &'static str {
        "bounces"
    }

    fn stage(&self) -> Stage {
        Stage::AfterLinks
    }

    async fn next(&self, desk: &Desk) {
        desk.clock().sleep(self.mailbox.interval()).await;
    }

    async fn run(&self, _desk: &Desk) -> Result<ChoreReport, Failure> {
        // Mails bear the time of the server: not that of a demo's clock.
        let bounced = self.parts.access.read_bounces(&self.mailbox, Utc::now()).await?;
        tracing::info!(
            reports = bounced.reports,
            returned = bounced.returned.len(),
            delayed = bounced.delayed.len(),
            foreign = bounced.foreign,
            more = bounced.more,
            "looked for letters that came back"
        );
        Ok(told(bounced))
    }
}

fn told(bounced: Bounced) -> ChoreReport {
    let mut report = ChoreReport::default();
    report.count("returned", bounced.returned.len() as u64);
    let returned = bounced.returned.iter().map(|(person, why)| format!("the letter to {person} {why}"));
    let delayed = bounced.delayed.iter();
    let delayed = delayed.map(|(person, why)| format!("the letter to {person} is delayed on its way: {why}"));
    let staff = bounced.staff.iter();
    let staff =
        staff.map(|(address, why)| format!("a fault mail to {address} came back: {why}; see mail.fault_recipients"));
    report.warnings.extend(returned.chain(delayed).chain(staff));
    if let Some((why, remedy)) = bounced.unreadable {
        let remedy = format!("{remedy}; letters go on, and `test` walks through it step by step");
        report.troubles.push(Trouble::new("the mailbox for letters that come back", why).with_remedy(remedy));
    }
    report
}

impl BouncesEndpoint {
    pub(super) fn new(mailbox: BounceMailbox) -> Self {
        Self { name: "bounces".into(), mailbox }
    }
}

#[async_trait]
impl Endpoint for BouncesEndpoint {
    fn name(&self) -> &EndpointName {
        &self.name
    }

    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        Ok(EndpointIdentity::default())
    }

    async fn check(&self) -> CheckReport {
        test_mailbox(&self.mailbox).await
    }
}

shown_by_name!(Bounces);

impl fmt::Debug for BouncesEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BouncesEndpoint")
    }
}
