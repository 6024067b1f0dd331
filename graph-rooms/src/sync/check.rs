//! The connection test: the way to Graph, the sign-in, one permission after the other, the rooms, one calendar.

use std::collections::BTreeSet;

use chrono::{TimeDelta, Utc};
use connector_http::{ConnectFailure, Error, Probe, probe};
use futures::future::FutureExt as _;
use futures::stream::{self, StreamExt as _};
use std::time::Duration;
use sync_core::connector::CheckReport;
use url::Url;

use super::judge::told;
use super::rooms::{GraphRooms, Room};
use crate::address::Address;
use crate::calendar::Window;
use crate::cloud::Cloud;
use crate::fault::{Fault, FaultKind};
use crate::rooms::{Found, Warning};

const STEPS: [&str; 8] = ["name", "port", "TLS", "sign-in", PLACES, "rooms", CALENDARS, "calendar"];
const PLACES: &str = "Place.Read.All";
const CALENDARS: &str = "Calendars.ReadBasic.All";

/// Nothing that is known changes.
pub(super) async fn run(rooms: &GraphRooms) -> CheckReport {
    let mut report = CheckReport::default();
    if walk(rooms, &mut report).await.is_none() {
        report.skip_rest(&STEPS);
    }
    report
}

async fn walk(rooms: &GraphRooms, report: &mut CheckReport) -> Option<()> {
    reach(rooms, rooms.client.token_url(), report).await?;
    sign_in(rooms, report).await?;
    places(rooms, report).await;
    calendars(rooms, report).await
}

/// Name, port and certificate of the sign-in, and of Graph itself only where that is in the way.
async fn reach(rooms: &GraphRooms, url: &Url, report: &mut CheckReport) -> Option<()> {
    for url in [url, rooms.client.base()] {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        let found = match probe(url, rooms.client.trust(), Duration::from_secs(10)).await {
            Ok(found) => found,
            Err(error) => {
                let failure = error.failure().unwrap_or(ConnectFailure::Other);
                let step = match &failure {
                    ConnectFailure::Dns => "name",
                    ConnectFailure::Tls(_) => "TLS",
                    _ => "port",
                };
                report.failed(step, format!("{host}, port {port}: {failure}"), failure.remedy());
                return None;
            }
        };
        if url == rooms.client.base() {
            report.passed("name", format!("{host} is {}", found.address.ip()));
            report.passed("port", format!("port {port} answers"));
        }
        certificate(host, &found, url == rooms.client.base(), report)?;
    }
    Some(())
}

fn certificate(host: &str, found: &Probe, last: bool, report: &mut CheckReport) -> Option<()> {
    let detail = match &found.certificate {
        None => "none: the connection is not encrypted".to_owned(),
        Some(shown) => format!("certificate of {}, SHA-256 {}", shown.subject, shown.fingerprint),
    };
    if let Some(failure) = &found.failure {
        report.failed("TLS", format!("{host}: {failure} ({detail})"), failure.remedy());
        return None;
    }
    if last {
        report.passed("TLS", detail);
    }
    Some(())
}

async fn sign_in(rooms: &GraphRooms, report: &mut CheckReport) -> Option<()> {
    match rooms.client.prove().await {
        Ok(()) => {
            let client = &rooms.client;
            report.passed("sign-in", format!("tenant {} accepts application {}", client.tenant(), client.client_id()));
            Some(())
        }
        Err(error) => {
            failed(report, "sign-in", &error);
            None
        }
    }
}

/// The list of rooms helps to choose rooms; reading calendars does without.
async fn places(rooms: &GraphRooms, report: &mut CheckReport) {
    if !rooms.config.cloud.parse::<Cloud>().unwrap_or_default().lists_rooms() {
        report.passed(PLACES, "not needed: this cloud has no list of rooms");
        return;
    }
    match rooms.client.rooms().list().await {
        Ok(found) => {
            report.passed(PLACES, "granted");
            listed(rooms, &found, report);
        }
        Err(error) if Fault::of(&error).kind == FaultKind::Forbidden => report.failed(
            PLACES,
            told(&error),
            "in Entra, App registrations, API permissions: add the application permission Place.Read.All and grant admin \
             consent; until then rooms cannot be listed, those in the settings are read all the same",
        ),
        Err(error) => failed(report, PLACES, &error),
    }
}

fn listed(rooms: &GraphRooms, found: &Found<crate::rooms::Room>, report: &mut CheckReport) {
    let known: BTreeSet<Address> = found.items.iter().filter_map(crate::rooms::Room::key).collect();
    let hidden: Vec<&str> =
        rooms.rooms.iter().filter(|room| !known.contains(&room.address)).map(|room| &*room.config.resource).collect();
    let detail = format!("{} in the tenant's list, {} in the settings", found.items.len(), rooms.rooms.len());
    let mut odd: Vec<String> = found.warnings.iter().map(ToString::to_string).take(SHOWN).collect();
    if !hidden.is_empty() {
        let names: Vec<_> = hidden.iter().take(SHOWN).copied().collect();
        odd.push(format!("{} of the settings are not in the list: {}", hidden.len(), names.join(", ")));
    }
    if odd.is_empty() {
        report.passed("rooms", detail);
    } else {
        let remedy =
            format!("they are read all the same; why they may be missing: {}", Warning::WHY_MISSING.join("; or "));
        report.warning("rooms", format!("{detail}; {}", odd.join("; ")), remedy);
    }
}

/// Each room's calendar, by the first event of the next day.
async fn calendars(rooms: &GraphRooms, report: &mut CheckReport) -> Option<()> {
    let now = Utc::now();
    let window = Window::new(now, now + TimeDelta::days(1));
    let tries: Vec<_> = rooms.rooms.iter().map(|room| look(rooms, room, window).boxed()).collect();
    let mut looks = stream::iter(tries).buffered(rooms.client.max_in_flight());
    let (mut good, mut bad): (Option<&Room>, Vec<(&Room, Error)>) = (None, Vec::new());
    let mut count = 0;
    while let Some((room, result)) = looks.next().await {
        match result {
            Ok(()) => {
                good = good.or(Some(room));
                count += 1;
            }
            Err(error) => bad.push((room, error)),
        }
        let all_forbidden = good.is_none()
            && bad.len() >= ENOUGH
            && bad.iter().all(|(_, error)| Fault::of(error).kind == FaultKind::Forbidden);
        if all_forbidden {
            break;
        }
    }
    drop(looks);
    let denied = bad.iter().all(|(_, error)| Fault::of(error).kind == FaultKind::Forbidden);
    if let (None, true, Some((_, error))) = (good, denied, bad.first()) {
        report.failed(
            CALENDARS,
            format!("no calendar may be read: {}", told(error)),
            "in Entra, App registrations, API permissions: add the application permission Calendars.ReadBasic.All (or \
             Calendars.Read) and grant admin consent; if a policy limits the application, put the rooms among its mailboxes \
             (that may take an hour or two to work)",
        );
        return None;
    }
    if good.is_some() {
        report.passed(CALENDARS, format!("{count} of {} calendars can be read", rooms.rooms.len()));
    }
    for (room, error) in &bad {
        failed(report, &format!("room {}", room.config.resource), error);
    }
    calendar(rooms, good?, report).await
}

async fn look<'a>(rooms: &'a GraphRooms, room: &'a Room, window: Window) -> (&'a Room, Result<(), Error>) {
    let call = crate::calendar::CalendarView::new(room.config.user(), window, 1);
    (room, rooms.client.send(&call).await.map(drop))
}

async fn calendar(rooms: &GraphRooms, room: &Room, report: &mut CheckReport) -> Option<()> {
    let window = rooms.window(Utc::now());
    let handle = rooms.client.room(room.config.user());
    match handle.events_by(window.widened(), rooms.config.page_size).await {
        Ok(calendar) => {
            let events = calendar.events.len();
            let found = calendar.judged(Some(&room.address), window, &rooms.rules);
            let detail = format!("{}: {events} events, {} give access", room.config.resource, found.granted.len());
            if found.invalid.is_empty() {
                report.passed("calendar", detail);
            } else {
                let detail = format!("{detail}, {} cannot be read", found.invalid.len());
                report.warning("calendar", detail, "the problems of a run name them; the others are handled");
            }
            Some(())
        }
        Err(error) => {
            failed(report, "calendar", &error);
            None
        }
    }
}

fn failed(report: &mut CheckReport, step: &str, error: &Error) {
    let remedy = match error.failure() {
        Some(failure) => failure.remedy().to_owned(),
        None => Fault::of(error).remedy().into_owned(),
    };
    report.failed(step, told(error), remedy);
}

const SHOWN: usize = 10;
/// So many refusals, and nothing else, are the application's fault and not the rooms'.
const ENOUGH: usize = 5;
