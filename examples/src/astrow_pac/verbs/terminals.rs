//! The verb `terminals`: controllers, readers, what happened at them, and what became of it.

use std::fmt::Write as _;

use astrow_client::model::{AstrowCapability, ReaderSettings, ShownStatus};
use comfy_table::{Table, presets};
use pac_oem::model::{
    Capability, Controller, Cursor, Definitions, DoorStatus, Event, LogStream, PacSession, Reader, Severity, SiteStatus,
};
use serde::Serialize;
use serde_json::{Value, json};
use sync_core::journal::LedgerEvent;
use sync_service::{Answer, Desk, Failure};

use crate::astrow_pac::config::Bookings;
use crate::astrow_pac::{Sides, view};

/// The verb's place on the command line.
pub(crate) fn command() -> clap::Command {
    clap::Command::new("terminals")
        .about("Shows controllers and readers of PAC, their last events, and what became of each")
        .long_about(
            "Reads PAC and Astrow and shows: every controller and reader with its state; whether its events become \
             bookings ([bookings.readers]); its company site and whether it confirms a roll call, as set in Astrow; the \
             last events with the outcome of each. For a view that follows, repeat it: `watch -n 2.5 astrow-pac terminals`.",
        )
        .arg(
            clap::Arg::new("events")
                .long("events")
                .value_name("N")
                .default_value("20")
                .value_parser(clap::value_parser!(u16).range(0..=500))
                .help("How many of the last events"),
        )
}

/// What was read for the view.
struct Site {
    definitions: Definitions,
    status: Option<SiteStatus>,
    settings: Vec<ReaderSettings>,
    events: Vec<(Event, String, Option<LedgerEvent>)>,
    notices: Vec<Notice>,
}

/// How a part of the service last went.
#[derive(Serialize)]
struct Notice {
    part: String,
    at: Option<String>,
    last_good: Option<String>,
    error: Option<String>,
}

/// Does the verb.
///
/// # Errors
/// PAC or Astrow does not answer; the journal.
pub(crate) async fn run(
    arguments: &clap::ArgMatches,
    sides: &Sides,
    bookings: &Bookings,
    desk: &Desk,
) -> Result<Answer, Failure> {
    let count = arguments.get_one::<u16>("events").copied().unwrap_or_default();
    let site = read(sides, desk, count).await?;
    let mut text = controllers(&site).to_string();
    let _ = write!(text, "\n{}\n{}\n{}", readers(&site, bookings), events(&site), notices(&site));
    Ok(Answer::new(text, as_json(&site, bookings)))
}

async fn read(sides: &Sides, desk: &Desk, count: u16) -> Result<Site, Failure> {
    let pac = sides.pac().await?;
    let astrow = sides.astrow().await?;
    let definitions = pac.definitions(None).await?.ok_or_else(|| Failure::new("PAC shows no definitions"))?;
    let status = if pac.supports(Capability::StatusRead) { Some(pac.status().await?) } else { None };
    let shows = astrow.supports(AstrowCapability::ReadersRead);
    let settings = if shows { astrow.reader_settings().await? } else { Vec::new() };
    let mut events = Vec::new();
    for (event, identity) in last_events(&*pac, count).await? {
        let row = desk.journal().revisions(sides.pac_name(), std::slice::from_ref(&identity)).await?.into_iter().next();
        events.push((event, identity, row));
    }
    Ok(Site { definitions, status, settings, events, notices: last_runs(desk).await? })
}

/// What the service has stored of its parts: people, bookings, heartbeat and all others.
async fn last_runs(desk: &Desk) -> Result<Vec<Notice>, Failure> {
    let text = |value: &Value, path: &str| value.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let runs = desk.journal().documents("run", "").await?.into_iter();
    let notice = |(part, run): (String, Value)| Notice {
        part,
        at: text(&run, "/at"),
        last_good: text(&run, "/last_good"),
        error: text(&run, "/report/error"),
    };
    Ok(runs.map(notice).collect())
}

/// The notices of the service, with the time of its last good run; what has failed since says why.
fn notices(site: &Site) -> Table {
    let mut table = table(["part of the service", "last run", "last good one", "trouble"]);
    let minute = |at: &Option<String>| at.as_deref().map_or("", |at| at.get(..19).unwrap_or(at)).replace('T', " ");
    for notice in &site.notices {
        let trouble = notice.error.clone().unwrap_or_default();
        table.add_row([notice.part.clone(), minute(&notice.at), minute(&notice.last_good), trouble]);
    }
    table
}

/// The last events of the log with their identities, oldest first.
async fn last_events(pac: &dyn PacSession, count: u16) -> Result<Vec<(Event, String)>, Failure> {
    let log = pac.server().log(LogStream::Events).copied();
    let Some(log) = log.filter(|_| count > 0) else { return Ok(Vec::new()) };
    let mut after = Cursor::new(log.epoch, log.head().seq.saturating_sub(u64::from(count)).max(log.start().seq));
    let mut events = Vec::new();
    loop {
        let batch = pac.read_log(LogStream::Events, after, 500).await?;
        events.extend(batch.events().iter().map(|event| (event.clone(), format!("{}:{}", batch.epoch, event.seq))));
        match batch.cursor() {
            Some(cursor) if batch.more => after = cursor,
            _ => break,
        }
    }
    Ok(events.split_off(events.len().saturating_sub(usize::from(count))))
}

fn controllers(site: &Site) -> Table {
    let mut table = table(["controller", "name", "model", "state"]);
    for controller in &site.definitions.controllers {
        let model = controller.model.clone().unwrap_or_default();
        table.add_row([controller.id.to_string(), controller.name.clone(), model, line(site, controller)]);
    }
    table
}

fn line(site: &Site, controller: &Controller) -> String {
    let status = site.status.as_ref();
    let found = status.and_then(|status| status.controllers.iter().find(|found| found.id == controller.id));
    match found {
        None => "not known".to_owned(),
        Some(found) if found.online => "on line".to_owned(),
        Some(found) => format!("OFF LINE since {}", found.since.format("%Y-%m-%d %H:%M")),
    }
}

fn readers(site: &Site, bookings: &Bookings) -> Table {
    let mut table = table(["reader", "name", "way", "door", "books", "company site", "roll call"]);
    for reader in &site.definitions.readers {
        let settings = site.settings.iter().find(|settings| settings.reader_id == reader.id.get());
        let books = bookings.enabled && bookings.readers.contains_key(&reader.id.to_string());
        table.add_row([
            reader.id.to_string(),
            reader.name.clone(),
            reader.direction.as_str().to_owned(),
            door(site, reader),
            if books { "yes" } else { "no" }.to_owned(),
            settings.and_then(|settings| settings.company_site.clone()).unwrap_or_default(),
            if settings.is_some_and(|settings| settings.confirm_roll_call) { "confirms" } else { "" }.to_owned(),
        ]);
    }
    table
}

fn door(site: &Site, reader: &Reader) -> String {
    match door_of(site, reader) {
        None => reader.door_name.clone(),
        Some(door) if door.alarm.as_str() != "none" => {
            format!("{} {} {} ALARM {}", reader.door_name, door.position, door.lock, door.alarm)
        }
        Some(door) => format!("{} {} {}", reader.door_name, door.position, door.lock),
    }
}

fn door_of<'a>(site: &'a Site, reader: &Reader) -> Option<&'a DoorStatus> {
    site.status.as_ref()?.doors.iter().find(|door| door.door == reader.door)
}

fn events(site: &Site) -> Table {
    let mut table = table(["event", "time", "row", "what", "reader", "person", "booking"]);
    for (event, _, row) in &site.events {
        let reader = event.reader.and_then(|id| site.definitions.reader(id)).map(|reader| reader.name.clone());
        table.add_row([
            event.seq.to_string(),
            event.time.format("%Y-%m-%d %H:%M:%S").to_string(),
            row_state(event.severity).to_owned(),
            what(event),
            reader.unwrap_or_default(),
            event.person.map(|id| id.to_string()).unwrap_or_default(),
            booking(row.as_ref()),
        ]);
    }
    table
}

/// The four states of a row; plain information has none.
fn row_state(severity: Severity) -> &'static str {
    match severity {
        Severity::Alarm | Severity::Error => "ALARM",
        Severity::Progress => "in progress",
        Severity::Warning => "warning",
        Severity::Success => "done",
        _ => "",
    }
}

fn what(event: &Event) -> String {
    match &event.reason {
        Some(reason) => format!("{} ({reason})", event.kind),
        None => event.kind.to_string(),
    }
}

fn booking(row: Option<&LedgerEvent>) -> String {
    let Some(row) = row else { return String::new() };
    let (status, details) = view::outcome(row);
    match (status, details) {
        (ShownStatus::None, None) => String::new(),
        (ShownStatus::None, Some(details)) => details,
        (status, None) => status.to_string(),
        (status, Some(details)) => format!("{status} {details}"),
    }
}

fn as_json(site: &Site, bookings: &Bookings) -> Value {
    let controllers = site.definitions.controllers.iter().map(|controller| {
        json!({"id": controller.id.get(), "name": controller.name, "model": controller.model, "state": line(site, controller)})
    });
    let readers = site.definitions.readers.iter().map(|reader| {
        let settings = site.settings.iter().find(|settings| settings.reader_id == reader.id.get());
        let door = door_of(site, reader);
        json!({
            "id": reader.id.get(),
            "name": reader.name,
            "direction": reader.direction.as_str(),
            "door": reader.door_name,
            "position": door.map(|door| door.position.as_str().to_owned()),
            "lock": door.map(|door| door.lock.as_str().to_owned()),
            "alarm": door.map(|door| door.alarm.as_str().to_owned()),
            "books": bookings.enabled && bookings.readers.contains_key(&reader.id.to_string()),
            "company_site": settings.and_then(|settings| settings.company_site.clone()),
            "confirms_roll_call": settings.is_some_and(|settings| settings.confirm_roll_call),
        })
    });
    let events = site.events.iter().map(|(event, identity, row)| {
        let (status, details) = row.as_ref().map_or((ShownStatus::None, None), view::outcome);
        json!({
            "event": identity,
            "time": event.time,
            "type": event.kind.as_str(),
            "severity": event.severity.as_str(),
            "row": row_state(event.severity),
            "reason": event.reason,
            "reader": event.reader.map(pac_oem::model::ReaderId::get),
            "person": event.person.map(pac_oem::model::PersonId::get),
            "booking": status.as_str(),
            "details": details,
        })
    });
    json!({
        "command": "terminals",
        "controllers": controllers.collect::<Vec<_>>(),
        "readers": readers.collect::<Vec<_>>(),
        "events": events.collect::<Vec<_>>(),
        "service": site.notices,
    })
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(header);
    table
}
