//! How letters leave: the mail server of the configuration, or the demo's pile.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use booking_access::mail::{
    AuthMode, Carrier, ClientCredentials, MailConfig, Site, Smtp, Stationery, TokenEndpoint, Tokens, Transport,
    test_steps,
};
use chrono::Utc;
use connector_http::Trust;
use sync_core::connector::{CheckReport, Endpoint, EndpointIdentity, SyncError};
use sync_core::model::EndpointName;
use sync_service::{ConfigFault, ConfigFaults, Setup};

use super::Config;
use super::outlook::{GraphPost, Tenant};

/// How letters leave; nobody is written to where mail is off.
#[derive(Clone)]
pub(super) struct Post {
    transport: Option<Arc<dyn Transport>>,
}

/// The mail server as something that `test` walks through.
pub(super) struct MailEndpoint {
    name: EndpointName,
    config: Config,
    carried: Carried,
    site: Site,
}

impl Post {
    /// No mail.
    pub(super) fn none() -> Self {
        Self { transport: None }
    }

    pub(super) fn by(transport: Arc<dyn Transport>) -> Self {
        Self { transport: Some(transport) }
    }

    pub(super) fn transport(&self) -> Option<&dyn Transport> {
        self.transport.as_deref()
    }
}

/// What carries letters, by the configuration.
#[derive(Clone)]
pub(super) enum Carried {
    /// Mail is off.
    Nobody,
    /// A mail server.
    Server(Box<Smtp>),
    /// A mailbox of the tenant.
    Mailbox(Arc<GraphPost>),
}

impl Carried {
    pub(super) fn post(&self) -> Post {
        match self {
            Self::Nobody => Post::none(),
            Self::Server(smtp) => Post::by(Arc::new((**smtp).clone())),
            Self::Mailbox(mailbox) => Post::by(mailbox.clone()),
        }
    }
}

/// The carrier of the configuration.
pub(super) fn carrier(config: &Config, setup: &Setup, tenant: Option<&Tenant>) -> Result<Carried, ConfigFaults> {
    let mail = &config.mail;
    match (mail.carrier, tenant, mail.mailbox_address()) {
        _ if !mail.enabled => Ok(Carried::Nobody),
        (Carrier::Graph, Some(tenant), Some(mailbox)) => {
            Ok(Carried::Mailbox(Arc::new(GraphPost::new(tenant.client.clone(), mailbox))))
        }
        (Carrier::Graph, _, _) => {
            let remedy = "Add the section [outlook], and a mailbox of the tenant as mail.sender";
            Err(ConfigFault::new("mail.carrier", "has no tenant or no mailbox to send from", remedy).into())
        }
        _ => smtp(mail, setup),
    }
}

fn smtp(mail: &MailConfig, setup: &Setup) -> Result<Carried, ConfigFaults> {
    let password = mail.password.as_ref().map(|reference| setup.secret("mail.password", reference)).transpose()?;
    let endpoint = mail.token_endpoint.as_ref().filter(|_| mail.auth == AuthMode::Xoauth2);
    let smtp = Smtp::new(mail, password, tokens("mail.token_endpoint", endpoint, setup)?)
        .map_err(|error| ConfigFault::new("mail.server", error.to_string(), "Correct it"))?;
    Ok(Carried::Server(Box::new(smtp)))
}

/// Where access tokens come from, by the section at this place; `None` where there is no such section.
pub(super) fn tokens(
    at: &str,
    endpoint: Option<&TokenEndpoint>,
    setup: &Setup,
) -> Result<Option<Arc<dyn Tokens>>, ConfigFaults> {
    let Some(endpoint) = endpoint else { return Ok(None) };
    let secret = setup.secret(&format!("{at}.client_secret"), &endpoint.client_secret)?;
    let tokens = ClientCredentials::new(endpoint, secret, Trust::System)
        .map_err(|error| ConfigFault::new(format!("{at}.url"), error.to_string(), "Correct it"))?;
    Ok(Some(Arc::new(tokens)))
}

impl MailEndpoint {
    pub(super) fn new(config: &Config, setup: &Setup, carried: Carried) -> Self {
        let access = &config.access;
        let site = Site::new(setup.time_zone, access.grace_before_minutes, access.grace_after_minutes);
        Self { name: "mail".into(), config: config.clone(), carried, site }
    }
}

#[async_trait]
impl Endpoint for MailEndpoint {
    fn name(&self) -> &EndpointName {
        &self.name
    }

    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        Ok(EndpointIdentity::default())
    }

    /// Everything up to the letter itself.
    async fn check(&self) -> CheckReport {
        let mut report = CheckReport::default();
        let smtp = match &self.carried {
            Carried::Nobody => {
                let why = "is off: nobody is told a code, and nobody hears of malfunctions";
                report.warning("mail", why, "Set mail.enabled");
                return report;
            }
            Carried::Mailbox(mailbox) => return mailbox.check().await,
            Carried::Server(smtp) => smtp,
        };
        match Stationery::load(&self.config.mail, &self.config.codes, self.site) {
            Ok(stationery) => test_steps(&stationery, &self.config.codes, smtp, None, Utc::now()).await,
            Err(faults) => {
                for fault in faults {
                    report.failed("templates", fault.to_string(), "Correct the template");
                }
                report
            }
        }
    }
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Post")
    }
}

impl fmt::Debug for MailEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailEndpoint")
    }
}
