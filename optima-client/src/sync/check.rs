//! The connection test: what works, what does not, why, and what to do.

use connector_http::sync::Reach;
use connector_http::{Error, ErrorKind};
use sync_core::connector::CheckReport;

use super::OptimaEndpoint;
use crate::info::Info;
use crate::refusal::refusal;
use crate::words::{Capability, ProblemKind};

const STEPS: [&str; 8] = ["name", "port", "TLS", "sign-in", "licence", "version", "capabilities", "reads"];

pub(super) async fn run(endpoint: &OptimaEndpoint) -> CheckReport {
    let mut report = CheckReport::default();
    let complete = async {
        reach(endpoint, &mut report).await?;
        let info = sign_in(endpoint, &mut report).await?;
        if let Some(info) = &info {
            licence(endpoint, info, &mut report)?;
            version(info, &mut report);
            capabilities(info, &mut report);
        }
        reads(endpoint, &mut report).await
    }
    .await;
    if complete.is_none() {
        report.skip_rest(&STEPS);
    }
    report
}

async fn reach(endpoint: &OptimaEndpoint, report: &mut CheckReport) -> Option<()> {
    let optima = &endpoint.optima;
    Reach::new(optima.http().base(), optima.http().trust(), endpoint.config.connect_timeout())
        .refused("", "check the port in `url`, and that the interface of Optima is running")
        .open(
            "the connection is not encrypted: the key travels in clear",
            "use an https address, unless the server is on this machine",
        )
        .check(report)
        .await
        .map(drop)
}

/// The first call that is signed. A profile without a call for it shows its sign-in when it reads.
async fn sign_in(endpoint: &OptimaEndpoint, report: &mut CheckReport) -> Option<Option<Info>> {
    if let Err(error) = endpoint.optima.http().sign_in().await {
        refused(&error, report);
        return None;
    }
    if !endpoint.optima.profile().has_path("info") {
        report.passed("sign-in", "nothing to sign in to; the first read shows whether the key is accepted");
        report.warning(
            "version",
            "the profile has no call for what the server says of itself",
            "give the path `info` in the profile, if the server has one",
        );
        return Some(None);
    }
    match endpoint.optima.info().await {
        Ok(info) => {
            report.passed("sign-in", "the key is accepted");
            Some(Some(info))
        }
        Err(error) => {
            refused(&error, report);
            None
        }
    }
}

/// Tells a wrong key from a missing licence, a missing right, a wrong profile and a server out of order.
fn refused(error: &Error, report: &mut CheckReport) {
    let kind = refusal(error).and_then(|refusal| refusal.kind);
    let (step, remedy) = match (error.kind(), kind) {
        (_, Some(ProblemKind::LicenceMissing)) => ("licence", "have the server's licence for its interface renewed"),
        (ErrorKind::Auth | ErrorKind::MfaRequired, _) => {
            ("sign-in", "check the secret that `key` refers to, `user`, and [auth] of the profile")
        }
        (ErrorKind::Permission, _) => {
            ("sign-in", "give the key the right to read at the server; its licence may lack too")
        }
        (ErrorKind::NotFound, _) => ("reads", "check the address in `url`, and [paths] of the profile"),
        (ErrorKind::Protocol, _) => ("reads", "compare the profile with an answer of the server: `profile check`"),
        (ErrorKind::RateLimited, _) => ("sign-in", "wait a little, and see whether another program uses the same key"),
        (ErrorKind::Config, _) => ("sign-in", "repair the setting or the profile"),
        _ => ("reads", "see whether the server is running, then try again"),
    };
    if step != "sign-in" && step != "licence" && error.status().is_some_and(|status| status.is_success()) {
        report.passed("sign-in", "the key is accepted");
    }
    report.failed(step, with_cause(error), remedy);
}

/// The error with what the server said.
fn with_cause(error: &Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

fn licence(endpoint: &OptimaEndpoint, info: &Info, report: &mut CheckReport) -> Option<()> {
    let today = endpoint.now().with_timezone(&endpoint.zone()).date_naive();
    let renew = "have the licence of the server's interface renewed";
    let licence = info.licence;
    match (licence.until, licence.days_left(today)) {
        _ if licence.is_over(today) => {
            let since = licence.until.map(|day| format!(" since {day}")).unwrap_or_default();
            report.failed("licence", format!("the licence is not in force{since}"), renew);
            return None;
        }
        (Some(until), Some(days)) if licence.ends_soon(today) => {
            report.warning("licence", format!("the licence ends on {until}, in {days} days"), renew);
        }
        (Some(until), _) => report.passed("licence", format!("in force until {until}")),
        (None, _) => report.passed("licence", "in force, no end told"),
    }
    Some(())
}

fn version(info: &Info, report: &mut CheckReport) {
    let product = info.product.as_deref().unwrap_or("the server");
    match &info.version {
        Some(version) => report.passed("version", format!("{product} {version}")),
        None => report.warning(
            "version",
            format!("{product} does not tell its version"),
            "any version works that speaks as the profile says; see the other steps",
        ),
    }
}

fn capabilities(info: &Info, report: &mut CheckReport) {
    let wanted = [
        (Capability::Badges, "people cannot be read"),
        (Capability::WriteBadges, "people cannot be written: Optima can only lead"),
        (Capability::AccessGroups, "access groups cannot be read"),
        (Capability::Readers, "readers cannot be read"),
        (Capability::Events, "events cannot be read"),
    ];
    let missing: Vec<_> = wanted.iter().filter(|(capability, _)| !info.can(capability)).collect();
    if missing.is_empty() {
        return report.passed("capabilities", "badges, access groups, readers, events");
    }
    let said: Vec<_> = missing.iter().map(|(capability, so)| format!("`{capability}` is missing: {so}")).collect();
    report.warning("capabilities", said.join("; "), "switch that part off, or have it enabled at the server");
}

/// The first page of everything that the server says it has.
async fn reads(endpoint: &OptimaEndpoint, report: &mut CheckReport) -> Option<()> {
    let optima = &endpoint.optima;
    let mut seen = Vec::new();
    let mut unreadable = Vec::new();
    let mut note = |what: &str, result: Result<(usize, Vec<String>), Error>, report: &mut CheckReport| match result {
        Ok((good, bad)) => {
            seen.push(format!("{good} {what}"));
            unreadable.extend(bad);
            Some(())
        }
        Err(error) => {
            refused(&error, report);
            None
        }
    };
    if endpoint.can(&Capability::Badges) {
        note("badges", optima.badges().first_page().await, report)?;
    }
    if endpoint.can(&Capability::AccessGroups) && optima.profile().has_path("access_groups") {
        note("access groups", optima.access_groups().first_page().await, report)?;
    }
    if endpoint.can(&Capability::Readers) && optima.profile().has_path("readers") {
        note("readers", optima.readers().first_page().await, report)?;
    }
    if endpoint.can(&Capability::Events) && optima.profile().has_path("events") {
        note("events", optima.events().first_page().await, report)?;
    }
    let detail = format!("first pages: {}", seen.join(", "));
    match unreadable.first() {
        None => report.passed("reads", detail),
        Some(first) => report.warning(
            "reads",
            format!("{detail}; {} cannot be read, the first: {first}", unreadable.len()),
            "the report of a run names them; the others are handled",
        ),
    }
    Some(())
}
