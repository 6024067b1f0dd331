//! One run of one link, with what surrounds it: approvals, the stored report, the log.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sync_core::connector::ErrorClass;
use sync_core::events::{EventLink, EventReport, EventTotals};
use sync_core::journal::{Durability, Write};
use sync_core::model::{EndpointName, ExternalId};
use sync_core::reconcile::{Approval, GuardTrip, LinkReport, Note, RunError, SyncLink};

use crate::report::{Report, Trouble};
use crate::{Answer, Chore, Desk, Failure, Program, Stage, approvals, chore, clocks, decisions, orders};

/// Kind of the documents that say how a link last ran.
const RUN: &str = "run";
/// Held records that a stored report names.
const NAMED: usize = 100;

/// Who ordered the runs, and with which approvals.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    /// A person, rather than the schedule.
    pub(crate) by_person: bool,
    /// Hashes that were given with the order.
    pub(crate) approved: Vec<String>,
}

/// How a run went, as far as the schedule has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Health {
    Good,
    /// Tried again soon, then ever less often.
    Failing,
    /// A person has to act; trying often would only make it worse.
    Stuck,
}

/// One cycle of everything.
pub(crate) async fn everything<P: Program>(
    program: &P,
    desk: &Desk,
    order: &Order,
    command: &str,
) -> Result<Answer, Failure> {
    Ok(whole_report(program, desk, order, command).await?.answer(String::new()))
}

/// One cycle of everything, as a report.
pub(crate) async fn whole_report<P: Program>(
    program: &P,
    desk: &Desk,
    order: &Order,
    command: &str,
) -> Result<Report, Failure> {
    let mut report = Report::of(command);
    report.warnings = desk.setup().warnings();
    decisions::take_up(desk).await?;
    let chores = program.chores();
    chore::do_all(&chores, Stage::BeforeLinks, false, desk, &mut report).await?;
    for link in desk.links() {
        report.links.push(run_link(desk, link, order).await?.0);
    }
    let held = report.links.iter().flat_map(|link| &link.held);
    report.undecided = held.filter(|note| !note.candidates.is_empty()).count() as u64;
    if desk.is_demo() {
        report.said.push("approved the first plan".to_owned());
        report.said.extend(program.administer(desk).await?);
    }
    if desk.reads_events() {
        for link in &desk.installation().events {
            match run_events(desk, link).await {
                Ok((events, _)) => {
                    report.events.add(&events.totals());
                    report.errors.extend(troubles(&events));
                    report.event_links.push(events);
                }
                Err(failure) => report.fail(link.name(), failure.message(), None),
            }
        }
    }
    for stage in [Stage::AfterLinks, Stage::Beside] {
        chore::do_all(&chores, stage, false, desk, &mut report).await?;
    }
    report.warnings.extend(clocks::warnings(desk).await?);
    if desk.is_demo() {
        let mut left = 0;
        for link in desk.links() {
            left += link.plan(&desk.context()).await?.visible().count() as u64;
        }
        report.fresh_plan_actions = Some(left);
    }
    Ok(report)
}

/// Recovers, plans and applies one link; a failing endpoint is in the report.
pub(crate) async fn run_link(desk: &Desk, link: &dyn SyncLink, order: &Order) -> Result<(LinkReport, Health), Failure> {
    orders::carry_out_all(desk).await?;
    let approval = approvals::approvals(desk, &order.approved).await?;
    let begun = desk.clock().uptime();
    let (report, health) = match attempt(desk, link, order, &approval).await? {
        Ok(report) => (report, Health::Good),
        Err(error) => {
            let remedy = error.remedy().map(str::to_owned);
            (LinkReport::failed(link.pair(), error.chain(), remedy), health_of(&error))
        }
    };
    let seconds = desk.clock().uptime().saturating_sub(begun).as_secs_f64();
    log_link(link, &report, "run", seconds);
    let mut kept = report.clone();
    kept.held.truncate(NAMED);
    store_run(desk, link.pair().to_string(), health == Health::Good, seconds, serde_json::to_value(kept)?).await?;
    clocks::look(desk).await?;
    Ok((report, health))
}

/// The quick way for some records of a link, by the schedule's order; how the link last ran as a whole stays stored.
pub(crate) async fn run_for(desk: &Desk, link: &dyn SyncLink, ids: &[ExternalId]) -> Result<LinkReport, Failure> {
    let approval = approvals::approvals(desk, &[]).await?;
    let begun = desk.clock().uptime();
    let report = match link.run_for(ids, &approval, &desk.context()).await {
        Ok(report) => report,
        Err(error) => LinkReport::failed(link.pair(), error.chain(), error.remedy().map(str::to_owned)),
    };
    if report.error.is_none() {
        approvals::used(desk, &report.plan).await?;
    }
    let seconds = desk.clock().uptime().saturating_sub(begun).as_secs_f64();
    if report.error.is_none() && report.guards.is_empty() && report.second_plan_actions + report.outcomes.done == 0 {
        tracing::debug!(link = %link.pair(), records = ids.len(), seconds, "nothing to do for some records");
    } else {
        log_link(link, &report, "run for some records", seconds);
    }
    clocks::look(desk).await?;
    Ok(report)
}

async fn attempt(
    desk: &Desk,
    link: &dyn SyncLink,
    order: &Order,
    approval: &Approval,
) -> Result<Result<LinkReport, RunError>, Failure> {
    let context = desk.context();
    let report = match link.run(approval, &context).await {
        Ok(report) => report,
        Err(error) => return Ok(Err(error)),
    };
    approvals::used(desk, &report.plan).await?;
    if !(order.by_person && report.needs_approval) {
        return Ok(Ok(report));
    }
    // What this person was shown within the last day needs no hash, if it only creates what was shown.
    let plan = match link.plan(&context).await {
        Ok(plan) => plan,
        Err(error) => return Ok(Err(error)),
    };
    if !approvals::was_shown(desk, &plan).await? {
        return Ok(Ok(report));
    }
    let approval = Approval::of(plan.hash.clone());
    Ok(link.apply(plan, &approval, &context).await)
}

/// Reads events and delivers them.
pub(crate) async fn run_events(desk: &Desk, link: &EventLink) -> Result<(EventReport, Health), Failure> {
    let begun = desk.clock().uptime();
    let report = link.run(desk.journal(), desk.clock()).await?;
    let seconds = desk.clock().uptime().saturating_sub(begun).as_secs_f64();
    let failures = [&report.intake.failure, &report.delivery.failure];
    let mut health = Health::Good;
    for failure in failures.into_iter().flatten() {
        tracing::error!(link = link.name(), class = failure.class, "events stopped early: {}", failure.message);
        let stuck = [ErrorClass::Auth, ErrorClass::Config].iter().any(|class| class.as_str() == failure.class);
        health = if stuck { Health::Stuck } else { Health::Failing };
    }
    let EventTotals { read, delivered, waiting, held, .. } = report.totals();
    tracing::info!(link = link.name(), new = report.intake.new, read, delivered, waiting, held, seconds, "events");
    for alarm in report.intake.alarms.iter().chain(&report.delivery.alarms) {
        tracing::warn!(link = link.name(), "{alarm}");
    }
    let mut kept = serde_json::to_value(&report)?;
    if let Some(delivery) = kept.get_mut("delivery").and_then(Value::as_object_mut) {
        delivery.remove("late_events");
        delivery.remove("planned");
    }
    store_run(desk, events_key(link), health == Health::Good, seconds, kept).await?;
    clocks::look(desk).await?;
    Ok((report, health))
}

/// Under which key the runs of a link of events are stored.
pub(crate) fn events_key(link: &EventLink) -> String {
    format!("events/{}", link.name())
}

pub(crate) fn troubles(report: &EventReport) -> Vec<Trouble> {
    let stages = [("reading events", &report.intake.failure), ("delivering events", &report.delivery.failure)];
    let trouble = |(what, failure): (&str, &Option<sync_core::events::Failure>)| {
        failure.as_ref().map(|failure| Trouble {
            what: format!("{}: {what}", report.link),
            error: failure.message.clone(),
            remedy: failure.remedy.clone(),
        })
    };
    stages.into_iter().filter_map(trouble).collect()
}

fn health_of(error: &RunError) -> Health {
    match error {
        RunError::Endpoint { error, .. } if matches!(error.class(), ErrorClass::Auth | ErrorClass::Config) => {
            Health::Stuck
        }
        _ => Health::Failing,
    }
}

/// No names and values of records: the log is no place for people's data.
pub(crate) fn log_link(link: &dyn SyncLink, report: &LinkReport, what: &str, seconds: f64) {
    let pair = link.pair().to_string();
    if let Some(error) = &report.error {
        tracing::error!(link = pair, "{what} failed: {error}");
        return;
    }
    if let Some(stopped) = &report.stopped {
        tracing::error!(link = pair, "{what} stopped early: {}", stopped.why);
    }
    for trip in &report.guards {
        tracing::warn!(link = pair, guard = trip.guard, "{}; {}", trip.saw, trip.stopped);
    }
    tracing::info!(
        link = pair,
        plan = report.plan.get(..12).unwrap_or_default(),
        read_primary = report.read.primary,
        read_secondary = report.read.secondary,
        create = report.actions.create,
        update = report.actions.update,
        linked = report.actions.link,
        remove = report.actions.remove,
        held = report.actions.hold,
        done = report.outcomes.done,
        failed = report.outcomes.failed + report.outcomes.rejected + report.outcomes.in_doubt,
        left = report.second_plan_actions,
        needs_approval = report.needs_approval,
        seconds,
        "{what}"
    );
}

/// Under which key the runs of a chore are stored.
pub(crate) fn chore_key(chore: &dyn Chore) -> String {
    format!("chore/{}", chore.name())
}

pub(crate) async fn store_run(
    desk: &Desk,
    key: String,
    good: bool,
    seconds: f64,
    report: Value,
) -> Result<(), Failure> {
    let now = desk.clock().now();
    let last_good = if good { Some(now) } else { LastRun::of(desk, &key).await?.last_good };
    let value = json!({"at": now, "last_good": last_good, "seconds": seconds, "report": report});
    desk.journal().commit(Durability::D2, vec![Write::Put { kind: RUN, key, value }]).await?;
    Ok(())
}

/// How a link last ran, as far as it was stored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LastRun {
    pub(crate) at: Option<DateTime<Utc>>,
    pub(crate) last_good: Option<DateTime<Utc>>,
    pub(crate) report: Kept,
}

/// What is told again of a stored report, of records or of events.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Kept {
    pub(crate) second_plan_actions: u64,
    pub(crate) needs_approval: bool,
    pub(crate) guards: Vec<GuardTrip>,
    pub(crate) held: Vec<Note>,
    pub(crate) error: Option<String>,
    pub(crate) remedy: Option<String>,
    pub(crate) source: Option<EndpointName>,
    pub(crate) counts: BTreeMap<String, u64>,
    pub(crate) troubles: Vec<KeptTrouble>,
    pub(crate) intake: KeptStage,
    pub(crate) delivery: KeptStage,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct KeptStage {
    pub(crate) failure: Option<KeptFailure>,
}

/// What failed of a chore.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct KeptTrouble {
    pub(crate) what: String,
    pub(crate) error: String,
    pub(crate) remedy: Option<String>,
}

/// Why a stage of events ended early.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct KeptFailure {
    pub(crate) message: String,
    pub(crate) remedy: Option<String>,
}

impl LastRun {
    /// Nothing if it never ran.
    pub(crate) async fn of(desk: &Desk, key: &str) -> Result<Self, Failure> {
        Ok(desk.journal().stored(RUN, key).await?.unwrap_or_default())
    }
}
