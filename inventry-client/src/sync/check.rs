//! The connection test: what works, what does not, why, and what to do.

use chrono::{NaiveDate, TimeDelta, Utc};
use connector_http::sync::Reach;
use connector_http::{Error, ErrorKind};
use sync_core::connector::CheckReport;

use super::endpoint::InventryEndpoint;
use crate::error;
use crate::info::{Capability, Info};
use crate::version::Version;

const STEPS: [&str; 8] = ["name", "port", "TLS", "sign-in", "version", "licence", "right", "reads"];
/// A licence that ends within this time is reported.
const LICENCE: TimeDelta = TimeDelta::days(30);

pub(super) async fn run(endpoint: &InventryEndpoint) -> CheckReport {
    let mut report = CheckReport::default();
    let complete = async {
        reach(endpoint, &mut report).await?;
        let info = sign_in(endpoint, &mut report).await?;
        version(&info, &mut report)?;
        licence(&info, &mut report)?;
        reads(endpoint, &info, &mut report).await
    }
    .await;
    if complete.is_none() {
        report.skip_rest(&STEPS);
    }
    report
}

async fn reach(endpoint: &InventryEndpoint, report: &mut CheckReport) -> Option<()> {
    let client = endpoint.client();
    Reach::new(client.base(), client.trust(), endpoint.config.connect_timeout())
        .refused("", "check the port in `url`, and that InVentry's interface is switched on")
        .open(
            "the connection is not encrypted; that is possible within this machine only",
            "use the https address of the server",
        )
        .check(report)
        .await
        .map(drop)
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
