//! `status`: how things stand.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sync_core::events::EventLink;
use sync_core::journal::{EventState, LinkState};
use sync_core::reconcile::{GuardTrip, Note, SyncLink};

use crate::cycle::{self, LastRun};
use crate::desk::Part;
use crate::report::plain_table;
use crate::{Answer, Chore, Desk, Failure, Interval, Program, Setup, approvals, clocks, service};

/// Held records that are named to people; the JSON has all that were stored.
const NAMED: usize = 20;

#[derive(Debug, Serialize)]
struct Status {
    command: &'static str,
    service: service::Beat,
    data: PathBuf,
    logs: PathBuf,
    decisions: PathBuf,
    links: Vec<LinkStatus>,
    events: Vec<EventStatus>,
    chores: Vec<ChoreStatus>,
    approvals_waiting: Vec<String>,
    warnings: Vec<String>,
}

/// When a part ran and runs.
#[derive(Debug, Serialize)]
struct Times {
    interval: String,
    last_run: Option<DateTime<Utc>>,
    last_good: Option<DateTime<Utc>>,
    next_run: Option<DateTime<Utc>>,
    /// No good run for three intervals.
    late: bool,
}

#[derive(Debug, Serialize)]
struct LinkStatus {
    link: String,
    entity: String,
    direction: String,
    linked: u64,
    held_links: u64,
    open_writes: usize,
    #[serde(flatten)]
    times: Times,
    left: u64,
    needs_approval: bool,
    held: Vec<Note>,
    guards: Vec<GuardTrip>,
    error: Option<String>,
    remedy: Option<String>,
}

#[derive(Debug, Serialize)]
struct EventStatus {
    link: String,
    #[serde(flatten)]
    times: Times,
    ledger: BTreeMap<EventState, u64>,
    failures: Vec<cycle::KeptFailure>,
}

/// When a chore ran; it says itself when it goes on.
#[derive(Debug, Serialize)]
struct Ran {
    last_run: Option<DateTime<Utc>>,
    last_good: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize)]
struct ChoreStatus {
    chore: String,
    #[serde(flatten)]
    times: Ran,
    /// What it did when it last ran.
    counts: BTreeMap<String, u64>,
    error: Option<String>,
    remedy: Option<String>,
    troubles: Vec<cycle::KeptTrouble>,
}

pub(crate) async fn status<P: Program>(program: &P, desk: &Desk) -> Result<Answer, Failure> {
    let beat = service::beat(desk).await?;
    let (mut links, mut events) = (Vec::new(), Vec::new());
    for link in &desk.installation().links {
        links.push(of_link(desk, &**link, &beat).await?);
    }
    for link in &desk.installation().events {
        events.push(of_events(desk, link, &beat).await?);
    }
    let mut chores = Vec::new();
    for chore in program.chores() {
        chores.push(of_chore(desk, &*chore).await?);
    }
    let own = program.status(desk).await?;
    let status = Status {
        command: "status",
        service: beat,
        data: desk.setup().data().to_owned(),
        logs: desk.setup().logs.clone(),
        decisions: desk.setup().decisions(),
        links,
        events,
        chores,
        approvals_waiting: approvals::stored(desk).await?.into_iter().collect(),
        warnings: clocks::warnings(desk).await?,
    };
    let mut json = serde_json::to_value(&status)?;
    if let Some(object) = json.as_object_mut() {
        for (key, value) in own.json {
            object.entry(key).or_insert(value);
        }
    }
    Ok(Answer::new(status.text(desk.setup(), &own.lines), json))
}

async fn of_chore(desk: &Desk, chore: &dyn Chore) -> Result<ChoreStatus, Failure> {
    let run = LastRun::of(desk, &cycle::chore_key(chore)).await?;
    let cycle::Kept { counts, error, remedy, troubles, .. } = run.report;
    let times = Ran { last_run: run.at, last_good: run.last_good };
    Ok(ChoreStatus { chore: chore.name().to_owned(), times, counts, error, remedy, troubles })
}

async fn of_link(desk: &Desk, link: &dyn SyncLink, beat: &service::Beat) -> Result<LinkStatus, Failure> {
    let (pair, part) = (link.pair(), Part::of(link));
    let counts = desk.journal().link_counts(pair).await?;
    let count = |state| counts.get(&state).copied().unwrap_or_default();
    let run = LastRun::of(desk, &pair.to_string()).await?;
    let times = times(desk, &run, part.interval(desk.setup().schedule), &service::part_name(part), beat).await?;
    let report = run.report;
    Ok(LinkStatus {
        link: pair.to_string(),
        entity: pair.entity.to_string(),
        direction: format!("{} → {}", pair.primary, pair.secondary),
        linked: count(LinkState::Live),
        held_links: count(LinkState::Held),
        open_writes: desk.journal().open_intents(pair).await?.len(),
        times,
        left: report.second_plan_actions,
        needs_approval: report.needs_approval,
        held: report.held,
        guards: report.guards,
        error: report.error,
        remedy: report.remedy,
    })
}

async fn of_events(desk: &Desk, link: &EventLink, beat: &service::Beat) -> Result<EventStatus, Failure> {
    let key = cycle::events_key(link);
    let run = LastRun::of(desk, &key).await?;
    let times = times(desk, &run, desk.setup().schedule.events, &key, beat).await?;
    let ledger = match &run.report.source {
        Some(source) => desk.journal().event_counts(source).await?,
        None => BTreeMap::new(),
    };
    let failures = [run.report.intake.failure, run.report.delivery.failure].into_iter().flatten().collect();
    Ok(EventStatus { link: link.name().to_owned(), times, ledger, failures })
}

async fn times(
    desk: &Desk,
    run: &LastRun,
    interval: Interval,
    job: &str,
    beat: &service::Beat,
) -> Result<Times, Failure> {
    let distance = interval.get().and_then(|distance| chrono::Duration::from_std(distance * 3).ok());
    let since_good = run.last_good.or(run.at).map(|at| desk.clock().now() - at);
    Ok(Times {
        interval: interval.to_string(),
        last_run: run.at,
        last_good: run.last_good,
        next_run: if beat.running { service::next_of(desk, job).await? } else { None },
        late: distance.zip(since_good).is_some_and(|(distance, since)| since > distance),
    })
}

impl Status {
    fn text(&self, setup: &Setup, own: &[String]) -> String {
        let mut text = match self.service.since {
            Some(since) if self.service.running => format!("The service runs since {}.\n", setup.local(since)),
            _ => "The service does not run.\n".to_owned(),
        };
        let mut table = plain_table(&["link", "linked", "held", "open", "left", "last run", "last good", "next run"]);
        for link in &self.links {
            let mut row = vec![format!("{} {}", link.entity, link.direction), link.linked.to_string()];
            row.extend([link.held.len().to_string(), link.open_writes.to_string(), link.left.to_string()]);
            row.extend(link.times.cells(setup));
            table.add_row(row);
        }
        for link in &self.events {
            let mut row =
                vec![format!("events {}", link.link), String::new(), String::new(), String::new(), String::new()];
            row.extend(link.times.cells(setup));
            table.add_row(row);
        }
        for chore in &self.chores {
            let empty = [(); 4].map(|()| String::new());
            let row = [vec![chore.chore.clone()], empty.to_vec(), chore.times.cells(setup)].concat();
            table.add_row(row);
        }
        let _ = writeln!(text, "{table}");
        self.links.iter().for_each(|link| link.tell(&mut text));
        self.events.iter().for_each(|link| link.tell(&mut text));
        self.chores.iter().for_each(|chore| chore.tell(&mut text));
        for warning in &self.warnings {
            let _ = writeln!(text, "Note: {warning}");
        }
        for line in own {
            let _ = writeln!(text, "{line}");
        }
        for hash in &self.approvals_waiting {
            let _ = writeln!(text, "Approved, not yet carried out: plan {}", hash.get(..12).unwrap_or(hash));
        }
        let _ = writeln!(text, "State: {}\nLog:   {}", self.data.display(), self.logs.display());
        text
    }
}

impl Times {
    fn cells(&self, setup: &Setup) -> [String; 3] {
        let short = |at: Option<DateTime<Utc>>| at.map_or_else(|| "-".to_owned(), |at| setup.local(at));
        let next = if self.interval == "off" { "off".to_owned() } else { short(self.next_run) };
        [short(self.last_run), short(self.last_good), next]
    }

    fn tell_late(&self, name: &str, text: &mut String) {
        if self.late {
            let _ = writeln!(text, "{name}: no good run for three intervals");
        }
    }
}

impl LinkStatus {
    fn tell(&self, text: &mut String) {
        let name = format!("{} {}", self.entity, self.direction);
        self.times.tell_late(&name, text);
        if let Some(error) = &self.error {
            let _ = writeln!(text, "{name}: {error}. {}", self.remedy.as_deref().unwrap_or_default());
        }
        if self.needs_approval {
            let _ = writeln!(text, "{name}: something waits for approval; `plan` shows it");
        }
        for trip in &self.guards {
            let _ = writeln!(text, "{name}: {trip}");
        }
        for note in self.held.iter().take(NAMED) {
            let _ = writeln!(text, "{name}: held {:?} ({}): {}", note.title, note.record, note.why);
        }
    }
}

impl Ran {
    fn cells(&self, setup: &Setup) -> Vec<String> {
        let short = |at: Option<DateTime<Utc>>| at.map_or_else(|| "-".to_owned(), |at| setup.local(at));
        vec![short(self.last_run), short(self.last_good), String::new()]
    }
}

impl ChoreStatus {
    fn tell(&self, text: &mut String) {
        let remedy = |remedy: &Option<String>| remedy.clone().unwrap_or_default();
        if let Some(error) = &self.error {
            let _ = writeln!(text, "{}: {error}. {}", self.chore, remedy(&self.remedy));
        }
        for trouble in &self.troubles {
            let _ = writeln!(text, "{}: {}: {}. {}", self.chore, trouble.what, trouble.error, remedy(&trouble.remedy));
        }
    }
}

impl EventStatus {
    fn tell(&self, text: &mut String) {
        self.times.tell_late(&self.link, text);
        let counts: Vec<String> =
            self.ledger.iter().map(|(state, count)| format!("{count} {}", state.as_str())).collect();
        if !counts.is_empty() {
            let _ = writeln!(text, "{}: {}", self.link, counts.join(", "));
        }
        for failure in &self.failures {
            let remedy = failure.remedy.as_deref().unwrap_or_default();
            let _ = writeln!(text, "{}: {}. {remedy}", self.link, failure.message);
        }
    }
}
