//! The connection test: what works, what does not, why, and what to do.

use std::net::SocketAddr;
use std::sync::Arc;

use sync_core::connector::CheckReport;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::PacEndpoint;
use crate::model::{ActiveFilter, Capability, CloseReason, LogStream, PacError, PacErrorKind, PacSession};

const STEPS: [&str; 10] =
    ["key file", "name", "port", "TLS", "hello", "organisation", "capabilities", "default group", "reads", "events"];

pub(super) async fn run(pac: &PacEndpoint) -> CheckReport {
    let mut report = CheckReport::default();
    if walk(pac, &mut report).await.is_none() {
        report.skip_rest(&STEPS);
    }
    report
}

async fn walk(pac: &PacEndpoint, report: &mut CheckReport) -> Option<()> {
    key_file(pac, report)?;
    reach(pac, report).await?;
    // A session of its own: whoever tests wants to see it begin, whatever was refused a moment ago.
    let session = hello(pac, report).await?;
    let done = talk(&*session, report).await;
    session.close(CloseReason::Stop).await;
    done
}

async fn talk(session: &dyn PacSession, report: &mut CheckReport) -> Option<()> {
    organisation(session, report);
    capabilities(session, report);
    default_group(session, report).await?;
    reads(session, report).await?;
    events(session, report).await
}

fn key_file(pac: &PacEndpoint, report: &mut CheckReport) -> Option<()> {
    let path = pac.client.endpoint().key_path.display();
    match pac.client.inspect_key() {
        Ok(summary) => {
            let until =
                summary.not_after.map(|at| format!(", good until {}", at.format("%Y-%m-%d"))).unwrap_or_default();
            let print = summary.fingerprint.map(|print| format!(", SHA-256 {print}")).unwrap_or_default();
            let detail = format!("{path}: client {}{until}{print}", summary.client);
            if summary.warnings.is_empty() {
                report.passed("key file", detail);
            } else {
                let told: Vec<_> = summary.warnings.iter().map(ToString::to_string).collect();
                let remedy = "have a new key file made at the server; see docs/vendors/pac.md";
                report.warning("key file", format!("{detail}; {}", told.join("; ")), remedy);
            }
            Some(())
        }
        Err(error) => {
            let remedy = remedy(&error, "write the path of the key file that the server made for this client");
            report.failed("key file", format!("{path}: {error}"), remedy);
            None
        }
    }
}

/// Name and port, without a word to the server.
async fn reach(pac: &PacEndpoint, report: &mut CheckReport) -> Option<()> {
    let address = pac.client.endpoint();
    let (host, port) = (address.address.as_str(), address.port);
    let found: Vec<SocketAddr> = match timeout(address.connect_timeout, lookup_host((host, port))).await {
        Ok(Ok(found)) => found.collect(),
        _ => Vec::new(),
    };
    let Some(first) = found.first() else {
        let remedy = "check `server_address`, and the name service of this machine";
        report.failed("name", format!("the name {host} is not known"), remedy);
        return None;
    };
    report.passed("name", format!("{host} is {}", first.ip()));
    let why = match timeout(address.connect_timeout, TcpStream::connect(found.as_slice())).await {
        Ok(Ok(_)) => {
            report.passed("port", format!("port {port} answers"));
            return Some(());
        }
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            format!("port {port} refuses connections")
        }
        Ok(Err(error)) => format!("nothing answers at port {port}: {error}"),
        Err(_) => format!("nothing answers at port {port} within {} s", address.connect_timeout.as_secs()),
    };
    let remedy = "check `server_port`, that the OEM interface of the server is running, and the network: both must be in one \
                  local network";
    report.failed("port", why, remedy);
    None
}

/// The server's certificate, and whether it takes us. A refusal inside TLS and one in words are told apart.
async fn hello(pac: &PacEndpoint, report: &mut CheckReport) -> Option<Arc<dyn PacSession>> {
    let error = match pac.client.connect().await {
        Ok(session) => {
            let server = session.server();
            let tls = if server.tls.is_empty() { "encrypted" } else { &server.tls };
            report.passed("TLS", format!("{tls}, the server's certificate is trusted"));
            let profile = format!("driver {}, profile {}", server.driver, server.profile);
            let note = if server.driver == "oem1" { " (this project's own profile, not PAC's)" } else { "" };
            report.passed("hello", format!("{} {}, {profile}{note}", server.name, server.version));
            return Some(session);
        }
        Err(error) => error,
    };
    let inside_tls = matches!(error.kind(), PacErrorKind::ServerUntrusted | PacErrorKind::TlsIncompatible)
        || (!error.is_answer() && matches!(error.kind(), PacErrorKind::ClientUnknown | PacErrorKind::ClientExpired));
    if inside_tls {
        let shown = shown(pac, &error).await;
        report.failed("TLS", format!("{error}{shown}"), remedy(&error, "see what the server's certificate is"));
        return None;
    }
    if error.is_answer() {
        report.passed("TLS", "the server's certificate is trusted");
    }
    let step = match error.kind() {
        PacErrorKind::OrgForbidden => "organisation",
        _ => "hello",
    };
    report.failed(step, error.to_string(), remedy(&error, "see whether the server is running, then try again"));
    None
}

/// The certificate that the server shows, where it is not believed.
async fn shown(pac: &PacEndpoint, error: &PacError) -> String {
    let address = pac.client.endpoint();
    if error.kind() != PacErrorKind::ServerUntrusted {
        return String::new();
    }
    match crate::server_certificate(&address.address, address.port, address.connect_timeout).await {
        Ok(shown) => format!(" (certificate of {}, server_cert_sha256 = \"{}\")", shown.subject, shown.sha256),
        Err(_) => String::new(),
    }
}

fn organisation(session: &dyn PacSession, report: &mut CheckReport) {
    let server = session.server();
    let detail = format!("{}, our changes are labelled {}", server.organisation, server.origin);
    if server.time_zone.parse::<chrono_tz::Tz>().is_ok() {
        return report.passed("organisation", format!("{detail}, zone {}", server.time_zone));
    }
    report.warning(
        "organisation",
        format!("{detail}; its zone {:?} is none that is known: UTC is taken", server.time_zone),
        "set the zone at the server: days of validity begin and end by it",
    );
}

fn capabilities(session: &dyn PacSession, report: &mut CheckReport) {
    let costs = [
        (Capability::DefinitionsRead, "access groups and readers cannot be read"),
        (Capability::PeopleRead, "people cannot be read"),
        (Capability::PeopleWrite, "people cannot be written: PAC can only be the master"),
        (Capability::PeopleDelete, "people are never deleted, only their cards are taken away"),
        (Capability::GroupsWrite, "groups are written with the whole person"),
        (Capability::CredentialsWrite, "cards are written with the whole person"),
        (Capability::EventsRead, "events cannot be read: nothing is booked"),
        (Capability::EventsPush, "events come by the interval only, not at once"),
        (Capability::ChangesRead, "changes are found by whole lists only"),
        (Capability::ChangesPush, "changes come by the interval only, not at once"),
        (Capability::DoorOpen, "doors cannot be released"),
        (Capability::StatusRead, "the state of controllers and doors is not shown"),
        (Capability::Idempotency, "a lost reply to a creation is resolved by the person's external key"),
        (Capability::BookingsWrite, "bookings cannot be sent to PAC (an extension of this project)"),
    ];
    let (missing, has): (Vec<_>, Vec<_>) = costs.iter().partition(|(capability, _)| !session.supports(*capability));
    let detail = format!("{} of {}", has.len(), costs.len());
    if missing.is_empty() {
        return report.passed("capabilities", detail);
    }
    let told: Vec<_> = missing.iter().map(|(capability, cost)| format!("`{capability}` is missing: {cost}")).collect();
    report.warning("capabilities", format!("{detail}; {}", told.join("; ")), "have it enabled, or go without");
}

/// The group that the server gives to a new person.
async fn default_group(session: &dyn PacSession, report: &mut CheckReport) -> Option<()> {
    const STEP: &str = "default group";
    if !session.supports(Capability::DefinitionsRead) {
        report.warning(STEP, "access groups cannot be read", "have `definitions.read` enabled");
        return Some(());
    }
    let Some(definitions) = read(STEP, session.definitions(None).await, report)? else { return Some(()) };
    match definitions.default_group() {
        Some(group) if group.enabled => report.passed(STEP, format!("{} ({})", group.name, group.id)),
        Some(group) => report.warning(
            STEP,
            format!("{} ({}) is not in use: new people open nothing", group.name, group.id),
            "enable it at PAC, or make another one the default",
        ),
        None => report.warning(
            STEP,
            "there is none: new people open nothing until they are given a group",
            "make an access group the default at PAC",
        ),
    }
    Some(())
}

async fn reads(session: &dyn PacSession, report: &mut CheckReport) -> Option<()> {
    if !session.supports(Capability::PeopleRead) {
        report.warning("reads", "people cannot be read", "have `people.read` enabled");
        return Some(());
    }
    let page = read("reads", session.people(None, ActiveFilter::All).await, report)?;
    report.passed("reads", format!("{} people", page.total));
    Some(())
}

async fn events(session: &dyn PacSession, report: &mut CheckReport) -> Option<()> {
    let log = session.server().log(LogStream::Events).filter(|_| session.supports(Capability::EventsRead));
    let Some(log) = log else {
        report.warning("events", "the log of events cannot be read", "have `events.read` enabled");
        return Some(());
    };
    read("events", session.read_log(LogStream::Events, log.head(), 1).await, report)?;
    report.passed("events", format!("{} are kept", log.next.saturating_sub(log.first)));
    Some(())
}

fn read<T>(step: &str, answer: Result<T, PacError>, report: &mut CheckReport) -> Option<T> {
    answer
        .map_err(|error| report.failed(step, error.to_string(), remedy(&error, "see what the server's log says")))
        .ok()
}

fn remedy(error: &PacError, otherwise: &'static str) -> &'static str {
    match error.kind().remedy() {
        "" => otherwise,
        remedy => remedy,
    }
}
