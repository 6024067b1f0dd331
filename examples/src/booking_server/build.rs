//! From the configuration to feeds, doors and the link between them.

use std::sync::Arc;

use booking_access::codes::Identification;
use booking_access::mail::BounceMailbox;
use booking_access::{Access, Bookers, Fault, Sealer, Settings, Store, Watched, link};
use graph_rooms::sync::GraphRooms;
use ical_bookings::sync::IcalSite;
use net2_client::sync::{BookersConfig, Net2Doors};
use secrecy::SecretString;
use sync_core::clock::Clock;
use sync_core::connector::{CodeKind, DoorSystem, Endpoint, Source as _};
use sync_service::{ConfigFault, ConfigFaults, Installation, Setup};

use super::bounces::{self, BouncesEndpoint};
use super::outlook::Tenant;
use super::post::{self, MailEndpoint, Post};
use super::source::BookingSource;
use super::states::StoredStates;
use super::{Config, Parts};

/// Secrets that the configuration refers to.
pub(super) struct Secrets {
    pub(super) net2: SecretString,
    pub(super) client: Option<SecretString>,
    /// One per feed, in their order.
    pub(super) links: Vec<SecretString>,
    /// Of the application in the tenant.
    pub(super) outlook: Option<SecretString>,
}

/// What was made from the configuration.
pub(super) struct Built {
    pub(super) parts: Arc<Parts>,
    pub(super) installation: Installation,
    /// The mailbox that undeliverable letters go back to, where it is read.
    pub(super) mailbox: Option<BounceMailbox>,
}

/// Reads the secrets, opens the store, makes everything. Sends nothing.
pub(super) fn from_config(config: &Config, setup: &Setup) -> Result<Built, ConfigFaults> {
    let config = &located(config, setup);
    let (mut faults, warnings) = config.faults();
    if setup.is_for("rooms") {
        // The verb is there to find them.
        faults.retain(|fault| fault.setting != "outlook.rooms");
    }
    for warning in warnings {
        setup.warn(warning);
    }
    let secrets = secrets(config, setup, &mut faults);
    if let (true, Some(reference)) = (config.mail.enabled, &config.mail.password) {
        faults.extend(setup.secret("mail.password", reference).err());
    }
    let bounces = config.mail.bounces.as_ref().filter(|_| config.mail.enabled);
    if let Some(reference) = bounces.and_then(|bounces| bounces.password.as_ref()) {
        faults.extend(setup.secret("mail.bounces.password", reference).err());
    }
    ConfigFaults::none_of(faults)?;
    let tenant = tenant(config, secrets.outlook.clone())?;
    let carrier = post::carrier(config, setup, tenant.as_ref())?;
    let post = carrier.post();
    let (parts, mut installation) = assemble(config, setup, secrets, tenant, post, setup.clock().clone())?;
    installation.endpoints.push(Arc::new(MailEndpoint::new(config, setup, carrier)));
    let mailbox = bounces::mailbox(config, setup)?;
    if let Some(mailbox) = &mailbox {
        installation.endpoints.push(Arc::new(BouncesEndpoint::new(mailbox.clone())));
    }
    Ok(Built { parts, installation, mailbox })
}

/// Files are named relative to the configuration.
fn located(config: &Config, setup: &Setup) -> Config {
    let mut config = config.clone();
    if let Some(outlook) = &mut config.outlook {
        for file in [&mut outlook.certificate, &mut outlook.certificate_key].into_iter().flatten() {
            let whole = setup.path(&*file);
            *file = whole;
        }
    }
    config
}

fn tenant(config: &Config, secret: Option<SecretString>) -> Result<Option<Tenant>, ConfigFaults> {
    let Some(outlook) = config.outlook.clone() else { return Ok(None) };
    let client = outlook
        .builder(secret)
        .and_then(graph_rooms::GraphClientBuilder::build)
        .map_err(|error| ConfigFault::new("outlook", error.message().to_owned(), "Correct it"))?;
    Ok(Some(Tenant { config: outlook, client }))
}

/// Puts everything together.
pub(super) fn assemble(
    config: &Config,
    setup: &Setup,
    secrets: Secrets,
    tenant: Option<Tenant>,
    post: Post,
    clock: Arc<dyn Clock>,
) -> Result<(Arc<Parts>, Installation), ConfigFaults> {
    let fault = |setting: &str, error: &dyn std::fmt::Display, remedy: &str| {
        ConfigFaults::from(ConfigFault::new(setting, error.to_string(), remedy))
    };
    let unusable = "Name another folder, or give this account the right to write there";
    std::fs::create_dir_all(setup.data()).map_err(|error| fault("service.data", &error, unusable))?;
    let store =
        Store::open(setup.data().join("bookings.db")).map_err(|error| fault("service.data", &error, unusable))?;
    let sealer =
        Sealer::open(setup.data().join("secret.key")).map_err(|error| fault("service.data", &error, unusable))?;
    let settings = Settings { access: config.access.clone(), codes: config.codes.clone(), zone: setup.time_zone };
    let access = Access::open(store.clone(), sealer, settings)
        .map_err(|error| fault("service.data", &error, "Look at the file, or move it away and start afresh"))?;
    let access = access
        .with_sources(config.sources())
        .with_mail(&config.mail)
        .map_err(|faults| ConfigFaults::from(ConfigFault::new("mail", told(&faults), "Correct the template")))?;
    let access = Arc::new(access);
    let numbers = access
        .has_issued(CodeKind::Number)
        .map_err(|error| fault("service.data", &error, "Look at the file, or move it away and start afresh"))?;

    let states = Arc::new(StoredStates(store));
    let mut sources: Vec<Arc<dyn BookingSource>> = Vec::with_capacity(config.feeds.len());
    for (feed, link) in config.feeds.iter().cloned().zip(secrets.links) {
        let name = feed.name.clone();
        let site = IcalSite::new(name, vec![(feed, link)], &config.resources(), states.clone());
        sources.push(Arc::new(site.map_err(|error| fault("feeds", &error.message(), "Correct it"))?));
    }
    let mut rooms = None;
    if let Some(Tenant { config: outlook, client }) = tenant.clone().filter(|_| config.takes_rooms()) {
        let of_tenant = GraphRooms::with_client(outlook.name.clone(), outlook, client, states.clone());
        let of_tenant = Arc::new(of_tenant.map_err(|error| fault("outlook", &error.message(), "Correct it"))?);
        sources.push(of_tenant.clone());
        rooms = Some(of_tenant);
    }
    let client = config
        .net2
        .client(secrets.net2, secrets.client)
        .map_err(|error| fault("net2.url", &error.message(), "Correct it"))?;
    let doors_in_use = config.access.resources.values().flatten().map(booking_access::DoorId::as_str);
    let net2 = Net2Doors::with_client("net2", config.net2.clone(), bookers_of(config, numbers), client)
        .using_doors(doors_in_use)
        .reading_events(config.watch.is_on());
    let net2 = Arc::new(net2);

    let doors: Arc<dyn DoorSystem> = net2.clone();
    let watched = Arc::new(Watched::new(doors, access.clone(), clock.clone()));
    let bookers = Arc::new(Bookers::new(access.clone(), clock.clone(), &watched.reads()));
    let (net2_section, zone, watch) = (config.net2.clone(), setup.time_zone, config.watch.clone());
    let net2_of_parts = net2.clone();
    let parts = Parts { access, sources, rooms, net2: net2_of_parts, net2_section, tenant, post, clock, zone, watch };
    let parts = Arc::new(parts);
    let mut endpoints: Vec<Arc<dyn Endpoint>> = vec![net2];
    for source in &parts.sources {
        endpoints.push(source.clone());
    }
    Ok((parts, Installation::new(endpoints).link(link(bookers, watched))))
}

fn told(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The bookers of the configuration. Tokens are the staff's alone where no numbers are issued and none of earlier days is
/// left to be taken away.
fn bookers_of(config: &Config, numbers: bool) -> BookersConfig {
    let mut bookers = config.bookers.clone();
    if config.codes.identification != Identification::Qr && !numbers {
        bookers.code_token_type = String::new();
    }
    bookers
}

fn secrets(config: &Config, setup: &Setup, faults: &mut Vec<ConfigFault>) -> Secrets {
    let mut secret = |setting: String, reference: &str| match setup.secret(&setting, reference) {
        Ok(secret) => secret,
        Err(fault) => {
            faults.push(fault);
            SecretString::default()
        }
    };
    let net2 = secret("net2.password".to_owned(), &config.net2.password);
    let client = config.net2.client_secret.as_ref();
    let client = client.map(|reference| secret("net2.client_secret".to_owned(), reference));
    let outlook = config.outlook.as_ref().and_then(|outlook| outlook.secret.as_ref());
    let outlook = outlook.map(|reference| secret("outlook.secret".to_owned(), reference));
    let links = config.feeds.iter().enumerate();
    let links = links.map(|(position, feed)| secret(format!("feeds[{position}].link"), &feed.link)).collect();
    Secrets { net2, client, links, outlook }
}
