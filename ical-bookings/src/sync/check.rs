//! The connection test: what works, what does not, why, and what to do.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use connector_http::{ConnectFailure, Probe, probe};
use sync_core::connector::CheckReport;

use super::merge::unknown_rooms;
use super::site::{IcalSite, Link};
use crate::http::{Answer, Failure, FeedBody, Fetched};
use crate::{Problem, ProblemKind, RejectedKind, Snapshot, read};

const STEPS: [&str; 5] = ["name", "port", "TLS", "answer", "calendar"];

/// Each feed by itself: a dead one says nothing about the others. Nothing that is known changes.
pub(super) async fn run(site: &IcalSite) -> CheckReport {
    let mut report = CheckReport::default();
    if site.links.is_empty() {
        report.failed("feeds", "no feed is configured", "add one with its name and the reference of its link");
    }
    let several = site.links.len() > 1;
    for link in &site.links {
        let mut steps = CheckReport::default();
        let whole = one(link, &site.resources, &mut steps).await;
        if whole.is_none() {
            let made: Vec<_> = steps.steps.iter().map(|step| step.name.clone()).collect();
            let left: Vec<_> = STEPS.into_iter().filter(|step| !made.iter().any(|name| name == step)).collect();
            steps.skipped(&left);
        }
        for mut step in steps.steps {
            if several {
                step.name = format!("{}: {}", link.feed.name(), step.name);
            }
            report.steps.push(step);
        }
    }
    report
}

async fn one(link: &Link, resources: &[String], report: &mut CheckReport) -> Option<()> {
    settings(link, report);
    reach(link, report).await?;
    let now = Utc::now();
    let body = answer(link, now, report).await?;
    let snapshot = calendar(link, &body, now, report)?;
    contents(&snapshot, resources, report);
    Some(())
}

fn settings(link: &Link, report: &mut CheckReport) {
    let minutes = link.config.interval_minutes;
    if minutes < SHORT_MINUTES {
        report.warning(
            "interval",
            format!("the feed is read every {minutes} minutes"),
            "booking systems slow down or block who asks too often: 10 minutes is what they expect",
        );
    }
    if link.feed.link().is_plain() && link.config.allow_http {
        report.warning(
            "http",
            "the connection is not encrypted: whoever sits between can read the link and open doors",
            "use the https link of the booking system",
        );
    }
}

/// Name, port and certificate of the first host. `None` ends the test.
async fn reach(link: &Link, report: &mut CheckReport) -> Option<()> {
    let server = link.feed.link().server();
    let host = server.host_str().unwrap_or_default();
    let port = server.port_or_known_default().unwrap_or_default();
    if link.feed.link().is_plain() && !link.config.allow_http {
        report.failed("TLS", Failure::PlainHttp.to_string(), Failure::PlainHttp.remedy());
        return None;
    }
    if let Err(failure) = link.feed.address().await {
        report.failed("name", format!("{host}: {failure}"), failure.remedy());
        return None;
    }
    let settings = link.feed.settings();
    match probe(&server, &settings.trust, settings.connect_timeout).await {
        Ok(found) => {
            report.passed("name", format!("{host} is {}", found.address.ip()));
            report.passed("port", format!("port {port} answers"));
            certificate(&found, report)
        }
        Err(error) => {
            let failure = error.failure().unwrap_or(ConnectFailure::Other);
            let step = match &failure {
                ConnectFailure::Dns => "name",
                ConnectFailure::Tls(_) => "TLS",
                _ => "port",
            };
            report.failed(step, format!("{host}, port {port}: {failure}"), failure.remedy());
            None
        }
    }
}

fn certificate(found: &Probe, report: &mut CheckReport) -> Option<()> {
    let Some(shown) = &found.certificate else {
        report.passed("TLS", "none: the connection is not encrypted");
        return Some(());
    };
    let detail = format!("certificate of {}, SHA-256 {}", shown.subject, shown.fingerprint);
    let Some(failure) = &found.failure else {
        report.passed("TLS", detail);
        return Some(());
    };
    report.failed(
        "TLS",
        format!("{failure} ({detail})"),
        format!(
            "compare the fingerprint with the one at the server; if it is the same, trust it: \
             trust = {{ pinned_sha256 = [\"{}\"] }}",
            shown.fingerprint
        ),
    );
    None
}

async fn answer(link: &Link, now: DateTime<Utc>, report: &mut CheckReport) -> Option<FeedBody> {
    let Fetched { answer, status, moved } = link.feed.fetch(None, now).await;
    if let Some(to) = moved {
        report.warning(
            "moved",
            format!("the feed has moved for good to {to}"),
            "get its new link from the booking system",
        );
    }
    let status = status.unwrap_or_default();
    let (detail, remedy) = match answer {
        Answer::Body(body) => {
            report.passed("answer", format!("{} bytes", body.bytes.len()));
            return Some(body);
        }
        Answer::Failed(failure) => (failure.to_string(), failure.remedy()),
        Answer::NotModified { .. } => {
            ("the server says that nothing changed, but was not asked".to_owned(), "look at what stands between")
        }
        Answer::Status { .. } => (format!("status {status}"), status_remedy(status)),
    };
    report.failed("answer", detail, remedy);
    None
}

fn status_remedy(status: u16) -> &'static str {
    match status {
        401 | 403 => "the link is not accepted: get a new one from the booking system",
        404 | 410 => "there is no such feed: get the present link from the booking system",
        429 | 503 => "the server asks for fewer requests: wait, and see who else asks it from here",
        400..=499 => "check the link; some servers only answer to a `user_agent` they know",
        _ => "see whether the booking system is running, then try again",
    }
}

fn calendar(link: &Link, body: &FeedBody, now: DateTime<Utc>, report: &mut CheckReport) -> Option<Snapshot> {
    match read(&body.bytes, &link.feed.options(now)) {
        Ok(snapshot) if snapshot.complete => {
            let bookings = snapshot.bookings.len();
            let detail = format!("{}: {} events, {bookings} bookings to come", snapshot.dialect, snapshot.events);
            if snapshot.events == 0 {
                report.warning(
                    "calendar",
                    detail,
                    "if there should be bookings, check the link: LibreBooking answers a wrong key with an empty calendar",
                );
            } else {
                report.passed("calendar", detail);
            }
            Some(snapshot)
        }
        Ok(_) => {
            report.failed(
                "calendar",
                "the calendar ends before it is whole",
                "try again; then look at what stands between",
            );
            None
        }
        Err(rejected) => {
            let remedy = match rejected.kind() {
                RejectedKind::NotACalendar => "open the link in a browser: it may show a sign-in page or an error",
                RejectedKind::TooLarge => "use one link per room, or one that covers less time",
                _ => "check that the link is the one of a booking feed",
            };
            report.failed("calendar", format!("not readable: {}", rejected.kind()), remedy);
            None
        }
    }
}

fn contents(snapshot: &Snapshot, resources: &[String], report: &mut CheckReport) {
    let of = |kind: ProblemKind| snapshot.problems.iter().filter(move |problem| problem.kind == kind);
    let unknown = unknown_rooms(&snapshot.bookings, resources);
    if !unknown.is_empty() {
        let names: Vec<_> = unknown.keys().take(SHOWN).map(|name| format!("{name:?}")).collect();
        report.warning(
            "resources",
            format!("{} names are not configured: {}", unknown.len(), names.join(", ")),
            "add these resources to the settings, spelt like this, or their bookings open no door",
        );
    }
    if let Some(problem) = of(ProblemKind::Type2ScheduleLink).next() {
        report.warning("rooms", problem.text.clone(), "use one link per room, each with its `resource`");
    }
    if of(ProblemKind::InjectionSuspect).next().is_some() {
        report.warning(
            "titles",
            "an event looks as if a title was used to write bookings of one's own",
            "look at the titles in the booking system, and set `resource` for each link",
        );
    }
    let nobody = of(ProblemKind::NoAddress).count();
    if nobody > 0 {
        report.warning(
            "addresses",
            format!("{nobody} people have no mail address that could be used"),
            "let the booking system show addresses in its feed; without one nobody gets a code",
        );
    }
    costs(&snapshot.problems, report);
}

fn costs(problems: &[Problem], report: &mut CheckReport) {
    let lost = problems.iter().filter(|p| p.kind.costs_the_booking() && p.kind != ProblemKind::InjectionSuspect);
    let kinds: BTreeSet<_> = lost.clone().map(|problem| problem.kind.as_str()).collect();
    let count = lost.count();
    if count > 0 {
        let kinds = kinds.into_iter().collect::<Vec<_>>().join(", ");
        report.warning(
            "events",
            format!("{count} events cannot be used ({kinds})"),
            "the problems of a run name them; the others are handled",
        );
    }
}

/// Shorter intervals are warned about.
const SHORT_MINUTES: u32 = 5;
/// Unknown names that are shown.
const SHOWN: usize = 20;
