//! The connection test: what works, what does not, why, and what to do.

use connector_http::sync::Reach;
use connector_http::{Error, ErrorKind};
use http::StatusCode;
use sync_core::connector::CheckReport;

use super::Net2Endpoint;
use crate::server::ServerVersion;

const STEPS: [&str; 8] = ["name", "port", "TLS", "licence", "sign-in", "version", "right", "reads"];

pub(super) async fn run(endpoint: &Net2Endpoint) -> CheckReport {
    with_right_to(endpoint, true).await
}

/// The same for whoever can do without events.
pub(super) async fn run_without_events(endpoint: &Net2Endpoint) -> CheckReport {
    with_right_to(endpoint, false).await
}

async fn with_right_to(endpoint: &Net2Endpoint, events: bool) -> CheckReport {
    let mut report = CheckReport::default();
    let complete = async {
        reach(endpoint, &mut report).await?;
        sign_in(endpoint, &mut report).await?;
        version(endpoint, &mut report).await?;
        rights(endpoint, events, &mut report).await
    }
    .await;
    if complete.is_none() {
        report.skip_rest(&STEPS);
    }
    report
}

async fn reach(endpoint: &Net2Endpoint, report: &mut CheckReport) -> Option<()> {
    let net2 = &endpoint.net2;
    Reach::new(net2.http().base(), net2.http().trust(), endpoint.config.connect_timeout())
        .refused(
            ": it is the wrong port, or the Net2 Local API is switched off",
            "check the port in `url` (8443 for https, 8080 for http, unless changed); in the Net2 Configuration Utility, \
             tab Security, switch the Local API on and restart the services (it is off by default since 6.6 SR5)",
        )
        .open(
            "the connection is not encrypted: the operator's password travels in clear",
            "use the https address of the server, port 8443 unless changed",
        )
        .check(report)
        .await
        .map(drop)
}

async fn sign_in(endpoint: &Net2Endpoint, report: &mut CheckReport) -> Option<()> {
    let Err(error) = endpoint.net2.http().sign_in().await else {
        report.passed("licence", "the client id is accepted");
        report.passed("sign-in", format!("signed in as {}", endpoint.config.operator));
        return Some(());
    };
    let (step, remedy) = match (error.kind(), error.status()) {
        (ErrorKind::Config, Some(StatusCode::NOT_FOUND)) => (
            "port",
            "check that `url` is the address of the Net2 Local API, and that it is switched on in the Net2 Configuration \
             Utility, tab Security",
        ),
        (ErrorKind::Config, _) => (
            "licence",
            "put the licence file into the folder ApiLicences of the Net2 server without renaming it, restart the Net2 \
             service, and set `client_id` to the file's name without its extension",
        ),
        (ErrorKind::MfaRequired, _) => {
            ("sign-in", "use an operator without a second factor: nobody is there to type the code")
        }
        (ErrorKind::Auth, _) => {
            ("sign-in", "check `operator` (exactly as Net2 shows it) and the password that `password` refers to")
        }
        (ErrorKind::RateLimited, _) => (
            "sign-in",
            "wait a little: the server takes about two sign-ins a second from one address; see whether another program \
             signs in from here all the time",
        ),
        _ => ("sign-in", "see whether the Net2 service is running, then try again"),
    };
    if step == "sign-in" && !matches!(error.kind(), ErrorKind::RateLimited | ErrorKind::Unavailable) {
        report.passed("licence", "the client id is accepted");
    }
    report.failed(step, error.to_string(), remedy);
    None
}

async fn version(endpoint: &Net2Endpoint, report: &mut CheckReport) -> Option<()> {
    let oldest = ServerVersion::oldest_supported();
    match endpoint.net2.server().version().await {
        Ok(Some(version)) if version < oldest => {
            report.failed(
                "version",
                format!("the server is Net2 {version}, at least {oldest} is needed"),
                format!("update Net2 to {oldest} or later"),
            );
            None
        }
        Ok(Some(version)) => {
            report.passed("version", format!("Net2 {version}"));
            Some(())
        }
        Ok(None) => {
            report.warning(
                "version",
                "the server does not tell its version",
                format!("make sure that it is Net2 {oldest} or later"),
            );
            Some(())
        }
        Err(error) if matches!(error.kind(), ErrorKind::Permission | ErrorKind::Protocol) => {
            report.warning(
                "version",
                format!("the version cannot be read: {error}"),
                format!("make sure that the server is Net2 {oldest} or later"),
            );
            Some(())
        }
        Err(error) => {
            report.failed("version", error.to_string(), "see whether the Net2 service is running, then try again");
            None
        }
    }
}

async fn rights(endpoint: &Net2Endpoint, events: bool, report: &mut CheckReport) -> Option<()> {
    let net2 = &endpoint.net2;
    let users = allowed(report, "users", net2.users().list().await)?;
    let doors = allowed(report, "doors", net2.doors().list().await)?;
    if events {
        allowed(report, "events", net2.events().newest_cursor().await)?;
    }
    if endpoint.config.querydb {
        allowed(report, "SQL (`querydb = true`)", net2.custom_query().last_event().await)?;
    }
    let what = if events { "users, doors and events" } else { "users and doors" };
    report.passed("right", format!("the operator may read {what}"));
    let (good, bad) = (users.items.len(), users.invalid.len());
    let detail = format!("{good} users, {} doors", doors.len());
    if bad == 0 {
        report.passed("reads", detail);
    } else {
        report.warning(
            "reads",
            format!("{detail}; {bad} users cannot be read"),
            "the report of a run names them; the others are handled",
        );
    }
    Some(())
}

fn allowed<T>(report: &mut CheckReport, what: &str, result: Result<T, Error>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            let (step, remedy) = match error.kind() {
                ErrorKind::Permission => ("right", format!("give the operator the right to read {what}")),
                ErrorKind::NotFound => ("right", format!("this server does not offer {what}; switch its use off")),
                _ => ("reads", "see whether the Net2 service is running, then try again".to_owned()),
            };
            report.failed(step, format!("reading {what}: {error}"), remedy);
            None
        }
    }
}
