//! The connection test: what works, what does not, why, and what to do.

use chrono::{NaiveDate, TimeDelta, Utc};
use connector_http::{ConnectFailure, Error, ErrorKind, Probe, probe};
use sync_core::connector::CheckReport;

use super::endpoint::InventryEndpoint;
use crate::error;
use crate::info::{Capability, Info};
use crate::version::Version;

const STEPS: [&str; 9] = ["name", "port", "TLS", "sign-in", "version", "licence", "clock", "right", "reads"];
/// Events of clocks that differ more than this are doubted.
const CLOCK: TimeDelta = TimeDelta::seconds(60);
/// A licence that ends within this time is reported.
const LICENCE: TimeDelta = TimeDelta::days(30);

pub(super) async fn run(endpoint: &InventryEndpoint) -> CheckReport {
    let mut report = CheckReport::default();
    let complete = async {
        reach(endpoint, &mut report).await?;
        let info = sign_in(endpoint, &mut report).await?;
        version(&info, &mut report)?;
        licence(&info, &mut report)?;
        clock(endpoint, &mut report);
        reads(endpoint, &info, &mut report).await
    }
    .await;
    if complete.is_none() {
        let made: Vec<_> = report.steps.iter().map(|step| step.name.clone()).collect();
        let left: Vec<_> = STEPS.into_iter().filter(|step| !made.iter().any(|name| name == step)).collect();
        report.skipped(&left);
    }
    report
}

/// Name, port and certificate. `None` ends the test.
async fn reach(endpoint: &InventryEndpoint, report: &mut CheckReport) -> Option<()> {
    let base = endpoint.client().base();
    let host = base.host_str().unwrap_or_default();
    let port = base.port_or_known_default().unwrap_or_default();
    match probe(base, endpoint.client().trust(), endpoint.config.connect_timeout()).await {
        Ok(found) => {
            report.passed("name", format!("{host} is {}", found.address.ip()));
            report.passed("port", format!("port {port} answers"));
            certificate(&found, report)
        }
        Err(error) => {
            unreachable(&error, host, port, report);
            None
        }
    }
}

fn unreachable(error: &Error, host: &str, port: u16, report: &mut CheckReport) {
    match error.failure() {
        Some(ConnectFailure::Dns) => report.failed(
            "name",
            format!("the name {host} is not known"),
            "check the host in `url`, and the name service of this machine",
        ),
        Some(ConnectFailure::Tls(failure)) => {
            report.passed("name", format!("{host} is known"));
            report.passed("port", format!("port {port} answers"));
            report.failed("TLS", failure.to_string(), failure.remedy());
        }
        Some(ConnectFailure::Refused) => {
            report.passed("name", format!("{host} is known"));
            report.failed(
                "port",
                format!("port {port} refuses connections"),
                "check the port in `url`, and that InVentry's interface is switched on",
            );
        }
        _ => {
            report.passed("name", format!("{host} is known"));
            report.failed(
                "port",
                format!("nothing answers at port {port}: {error}"),
                "check host and port in `url`, the firewall between, and that the server is running",
            );
        }
    }
}

fn certificate(found: &Probe, report: &mut CheckReport) -> Option<()> {
    let Some(shown) = &found.certificate else {
        report.warning(
            "TLS",
            "the connection is not encrypted; that is possible within this machine only",
            "use the https address of the server",
        );
        return Some(());
    };
    let detail = format!("certificate of {}, SHA-256 {}", shown.subject, shown.fingerprint);
    let Some(failure) = &found.failure else {
        report.passed("TLS", detail);
        return Some(());
    };
    let remedy = format!(
        "compare the fingerprint with the one at the server; if it is the same, trust it: \
         trust = {{ pinned_sha256 = [\"{}\"] }}",
        shown.fingerprint
    );
    report.failed("TLS", format!("{failure} ({detail})"), remedy);
    None
}

/// The first call tells whether the key is good, and whether the server speaks as the profile says.
async fn sign_in(endpoint: &InventryEndpoint, report: &mut CheckReport) -> Option<Info> {
    let failure = match endpoint.client().info().await {
        Ok(info) => {
            report.passed("sign-in", "the key is accepted");
            return Some(info);
        }
        Err(failure) => failure,
    };
    let (step, remedy) = match failure.kind() {
        ErrorKind::Auth => ("sign-in", "check the key that `key` refers to, and [auth] of the profile"),
        _ if error::is_version_unsupported(&failure) => ("version", "update InVentry to 4.11.0 or later"),
        _ if error::is_licence_missing(&failure) => ("licence", "ask the vendor for a licence of the interface"),
        ErrorKind::Permission => ("right", "give the key the right to read, at the server"),
        ErrorKind::NotFound => ("reads", "check `url`, and [paths] base and info of the profile"),
        ErrorKind::Protocol => ("reads", "compare the server's answer with the profile; see `profile check`"),
        _ => ("sign-in", "see whether the server is running, then try again"),
    };
    if matches!(step, "version" | "licence" | "right" | "reads") {
        report.passed("sign-in", "the key is not refused");
    }
    report.failed(step, said(&failure), remedy);
    None
}

fn version(info: &Info, report: &mut CheckReport) -> Option<()> {
    let oldest = Version::oldest_supported();
    match info.require_version(&oldest) {
        Ok(version) => {
            let product = info.product.as_deref().unwrap_or("InVentry");
            report.passed("version", format!("{product} {version}"));
            Some(())
        }
        Err(error) => {
            report.failed("version", error.message(), format!("update InVentry to {oldest} or later"));
            None
        }
    }
}

fn licence(info: &Info, report: &mut CheckReport) -> Option<()> {
    let Some(licence) = info.licence else {
        report.passed("licence", "the server does not speak about a licence");
        return Some(());
    };
    if !licence.active {
        report.failed("licence", "the licence of the interface is not active", "renew it with the vendor");
        return None;
    }
    let today = info.now.unwrap_or_else(Utc::now).date_naive();
    match licence.until {
        Some(until) if ends_soon(until, today) => {
            report.warning("licence", format!("the licence ends on {until}"), "renew it with the vendor in time");
        }
        Some(until) => report.passed("licence", format!("active until {until}")),
        None => report.passed("licence", "active"),
    }
    Some(())
}

fn ends_soon(until: NaiveDate, today: NaiveDate) -> bool {
    until.signed_duration_since(today) <= LICENCE
}

fn clock(endpoint: &InventryEndpoint, report: &mut CheckReport) {
    match endpoint.client().clock_difference() {
        Some(difference) if difference.abs() > CLOCK => report.warning(
            "clock",
            format!("the server's clock differs by {} seconds", difference.num_seconds()),
            "set both clocks by a time server: events are booked by the server's clock",
        ),
        Some(difference) => report.passed("clock", format!("differs by {} seconds", difference.num_seconds())),
        None => report.passed("clock", "the server does not tell the time with its answers"),
    }
}

/// A look at everything that is going to be read.
async fn reads(endpoint: &InventryEndpoint, info: &Info, report: &mut CheckReport) -> Option<()> {
    let mut seen = Vec::new();
    for capability in [Capability::Departments, Capability::Personnel, Capability::Devices, Capability::Events] {
        if !endpoint.client().knows(capability) || !info.offers(capability) {
            seen.push(format!("no {}", capability.as_str()));
            continue;
        }
        match look(endpoint, capability).await {
            Ok(text) => seen.push(text),
            Err(failure) => {
                refused(capability, &failure, report);
                return None;
            }
        }
    }
    report.passed("right", "everything that is read may be read");
    report.passed("reads", seen.join(", "));
    Some(())
}

async fn look(endpoint: &InventryEndpoint, capability: Capability) -> Result<String, Error> {
    let client = endpoint.client();
    Ok(match capability {
        Capability::Departments => format!("{} departments", client.departments().list().await?.items.len()),
        Capability::Personnel => format!("{} people", endpoint.people_query().list().await?.items.len()),
        Capability::Devices => format!("{} devices", client.devices().list().await?.items.len()),
        _ => {
            let count = endpoint.some_events().await?;
            if count == 0 { "no events yet".to_owned() } else { "events".to_owned() }
        }
    })
}

fn refused(capability: Capability, failure: &Error, report: &mut CheckReport) {
    let what = capability.as_str();
    let (step, remedy) = match failure.kind() {
        _ if error::is_licence_missing(failure) => {
            ("licence", "ask the vendor for a licence of the interface".to_owned())
        }
        ErrorKind::Permission => ("right", format!("give the key the right to read {what}, at the server")),
        ErrorKind::Auth => ("right", format!("the key is good, but not for {what}: give it the right at the server")),
        ErrorKind::Protocol => {
            ("reads", "compare the server's answer with the profile; see `profile check`".to_owned())
        }
        ErrorKind::NotFound => ("reads", format!("check [paths] of the profile for {what}, or leave it empty there")),
        _ => ("reads", "see whether the server is running, then try again".to_owned()),
    };
    report.failed(step, format!("{what}: {}", said(failure)), remedy);
}

/// The error with what the server said.
fn said(failure: &Error) -> String {
    match connector_http::profile::Problem::of(failure) {
        Some(problem) => format!("{failure}; {problem}"),
        None => failure.to_string(),
    }
}
