//! Carrying out a plan: lanes in order, the same record never twice at once, then verifying.

use std::collections::BTreeSet;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use super::execute::{APPROVED_ACTIONS, BEFORE_A_CALL, Job, OwnWrites, note_agreed};
use super::finish::Finished;
use super::outcome::Outcome;
use super::plan::{Action, ActionKind, ActionState, Lane, Plan};
use super::reconciler::{Approval, Context, Extent, Observation, Reconciler, RunError};
use super::report::{LinkReport, Overwritten};
use crate::journal::{Durability, Link, LinkState, Side, Stream, Write};
use crate::model::{Entity, SyncKey};

/// Steps that a record made of several calls may take within one run.
const MAX_ROUNDS: usize = 4;
/// Our own notes per commit.
const NOTES_PER_COMMIT: usize = 1_000;
const LANES: [Lane; 5] = [Lane::Restrict, Lane::Record, Lane::Create, Lane::Update, Lane::Delete];

/// A plan on its way.
struct Execution<'a> {
    /// Hash of the plan.
    plan: &'a str,
    /// Whether a person has approved what needs it.
    approved: bool,
    report: &'a mut LinkReport,
    touched: BTreeSet<SyncKey>,
    own: OwnWrites,
    progress: bool,
    endpoint_stopped: bool,
}

impl<T: Entity> Reconciler<T> {
    /// Carries out a plan that was made of everything.
    pub(super) async fn apply_whole(
        &self,
        plan: Plan,
        approval: &Approval,
        context: &Context<'_>,
    ) -> Result<LinkReport, RunError> {
        let stop = plan.trips.iter().any(|trip| stops_run(&trip.guard));
        self.remember_approval(&plan, approval.covers(&plan), context).await?;
        let extent = if stop { Extent::Nothing } else { Extent::Whole };
        let report = self.apply_plan(plan, approval, extent, context).await?;
        self.remember_settings(&report, stop, context).await?;
        Ok(report)
    }

    pub(super) async fn apply_plan(
        &self,
        plan: Plan,
        approval: &Approval,
        extent: Extent,
        context: &Context<'_>,
    ) -> Result<LinkReport, RunError> {
        let began = context.clock.uptime();
        let mut report = LinkReport::of_plan(&plan);
        let approved = approval.covers(&plan);
        if approved {
            // What a person has approved is no longer stopped by anything.
            report.guards.retain(|trip| !stops_actions(&trip.guard));
            report.needs_approval = false;
        }
        let read = (plan.primary_records, plan.secondary_records);
        let hash = plan.hash.clone();
        let mut execution = Execution::of(&hash, approved, &mut report);
        self.execute(plan.actions, &mut execution, context).await?;
        let mut touched = std::mem::take(&mut execution.touched);
        let (mut progress, mut stopped) = (execution.progress, execution.endpoint_stopped);
        let observed = Observation { read, trips: Vec::new(), extent };
        let mut last = self.plan_from_store(context, &observed).await?;
        for _ in 1..MAX_ROUNDS {
            let follow_ups = follow_ups(&last, &touched);
            if !progress || stopped || context.progress.stopped() || follow_ups.is_empty() {
                break;
            }
            let mut later = LinkReport::of_plan(&last);
            let mut execution = Execution::of(&hash, true, &mut later);
            self.execute(follow_ups, &mut execution, context).await?;
            touched.append(&mut execution.touched);
            (progress, stopped) = (execution.progress, execution.endpoint_stopped);
            report.outcomes.add_trouble(later.outcomes);
            report.overwritten.append(&mut later.overwritten);
            report.stopped = report.stopped.take().or(later.stopped);
            last = self.plan_from_store(context, &observed).await?;
        }
        report.second_plan_actions = last.visible().count() as u64;
        report.unchanged = last.unchanged;
        report.held = last.notes.iter().filter(|note| note.held).cloned().collect();
        report.actions.hold = report.held.len() as u64;
        report.needs_approval = last.needs_approval();
        tell(&report, stopped, context.clock.uptime().saturating_sub(began));
        Ok(report)
    }

    /// Before the first call of an approved plan: what was approved outlives a crash, and so do the settings that were
    /// seen with it (G-12, G-13).
    async fn remember_approval(&self, plan: &Plan, approved: bool, context: &Context<'_>) -> Result<(), RunError> {
        let waits = |action: &&Action| !matches!(action.state, ActionState::Ready | ActionState::Approved);
        let covered: BTreeSet<String> =
            plan.actions.iter().filter(|action| approved && waits(action)).map(Action::id).collect();
        if covered.is_empty() {
            return Ok(());
        }
        let key = self.pair.to_string();
        let value = serde_json::json!((context.clock.now(), covered));
        let writes = vec![
            Write::Put { kind: APPROVED_ACTIONS, key: key.clone(), value },
            Write::Put { kind: "settings", key, value: self.guarded_settings() },
        ];
        context.journal.commit(Durability::D1, writes).await?;
        Ok(())
    }

    /// G-13: a plan under these settings was carried out. An approval that was used up is forgotten.
    async fn remember_settings(&self, report: &LinkReport, stop: bool, context: &Context<'_>) -> Result<(), RunError> {
        let (key, value) = (self.pair.to_string(), self.guarded_settings());
        let mut writes = self.forget_decided(context).await?;
        let outcomes = &report.outcomes;
        let ended = outcomes.failed + outcomes.in_doubt == 0 && !context.progress.stopped();
        if ended && context.journal.document(APPROVED_ACTIONS, &key).await?.is_some() {
            writes.push(Write::Delete { kind: APPROVED_ACTIONS, key: key.clone() });
        }
        let known = context.journal.document("settings", &key).await?;
        if !report.needs_approval && !stop && known.as_ref() != Some(&value) {
            writes.push(Write::Put { kind: "settings", key, value });
        }
        if !writes.is_empty() {
            context.journal.commit(Durability::D1, writes).await?;
        }
        Ok(())
    }

    async fn execute(
        &self,
        actions: Vec<Action>,
        execution: &mut Execution<'_>,
        context: &Context<'_>,
    ) -> Result<(), RunError> {
        let total = actions.len() as u64;
        let mut done = 0;
        let mut lanes: Vec<Vec<Action>> = LANES.iter().map(|_| Vec::new()).collect();
        for action in actions {
            let position = LANES.iter().position(|lane| *lane == action.lane).unwrap_or_default();
            match &action.state {
                ActionState::NeedsApproval(_) | ActionState::Quarantined(_) if !execution.approved => {
                    execution.report.outcomes.add(Outcome::Skipped);
                }
                _ => lanes.get_mut(position).into_iter().for_each(|lane| lane.push(action.clone())),
            }
        }
        for lane in lanes {
            let (sent, noted): (Vec<_>, Vec<_>) = lane.into_iter().partition(action_sends);
            for chunk in noted.chunks(NOTES_PER_COMMIT) {
                self.note(chunk, execution, context).await?;
            }
            for chunk in sent.chunks(self.secondary.writes().parallel.max(1)) {
                if context.progress.stopped() {
                    execution.report.outcomes.skipped += chunk.len() as u64;
                    continue;
                }
                if execution.endpoint_stopped {
                    execution.report.outcomes.failed += chunk.len() as u64;
                    continue;
                }
                self.send_together(chunk, execution, context).await?;
                done += chunk.len() as u64;
                context.progress.step("applying", done, Some(total));
            }
        }
        Ok(())
    }

    /// Intents of several actions in one D1 batch, then their calls side by side, each outcome stored as it comes.
    async fn send_together(
        &self,
        chunk: &[Action],
        execution: &mut Execution<'_>,
        context: &Context<'_>,
    ) -> Result<(), RunError> {
        let (mut jobs, mut before): (Vec<Job>, Vec<Write>) = (Vec::new(), Vec::new());
        for action in chunk {
            if !self.still_true(action, &execution.own, context).await? {
                execution.report.outcomes.add(Outcome::Superseded);
                context.journal.commit(Durability::D2, vec![Write::Due(action.key)]).await?;
                continue;
            }
            let approved = action.state != ActionState::Ready;
            let (job, writes) = self.prepare_job(action.clone(), approved, execution.plan, context).await?;
            before.extend(writes);
            jobs.push(job);
        }
        if jobs.is_empty() {
            return Ok(());
        }
        context.journal.commit(BEFORE_A_CALL, before).await?;
        let mut calls: FuturesUnordered<_> =
            jobs.iter().map(|job| async move { (job, self.send(job, context).await) }).collect();
        while let Some((job, answer)) = calls.next().await {
            let Finished { writes, outcome, stopped } = self.finish(job, answer, context).await?;
            execution.remember_own(&writes, job.action.side);
            context.journal.commit(Durability::D1, writes).await?;
            execution.report.outcomes.add(outcome);
            if outcome == Outcome::Done {
                execution.report.overwritten.extend(Overwritten::of(&job.action));
            }
            if let Some(stopped) = stopped {
                execution.endpoint_stopped = true;
                execution.report.stopped.get_or_insert(stopped);
            }
            execution.progress |= outcome == Outcome::Done;
            execution.touched.insert(job.action.key);
        }
        Ok(())
    }

    /// Actions that send nothing: links, baselines, holds.
    async fn note(
        &self,
        actions: &[Action],
        execution: &mut Execution<'_>,
        context: &Context<'_>,
    ) -> Result<(), RunError> {
        let mut writes = Vec::new();
        for action in actions {
            if !self.still_true(action, &execution.own, context).await? {
                execution.report.outcomes.add(Outcome::Superseded);
                continue;
            }
            let outcome = self.note_one(action, &mut writes, context).await?;
            if outcome != Outcome::Recorded {
                writes.extend(self.audit(action, None, Some(execution.plan), context));
            }
            execution.report.outcomes.add(outcome);
            execution.touched.insert(action.key);
        }
        context.journal.commit(Durability::D2, writes).await?;
        Ok(())
    }

    async fn note_one(
        &self,
        action: &Action,
        writes: &mut Vec<Write>,
        context: &Context<'_>,
    ) -> Result<Outcome, RunError> {
        match action.kind {
            ActionKind::Link => {
                writes.extend(self.end_former_direction(action, context).await?);
                writes.push(Write::Link(Box::new(self.linked(action, LinkState::Live))));
                writes.extend(self.decision_carried_out(action));
                return Ok(Outcome::Done);
            }
            ActionKind::Hold => {
                self.change_link(action, writes, context, |link| {
                    link.state = LinkState::Held;
                    link.held_because = Some(action.because.clone());
                })
                .await?;
                return Ok(Outcome::Held);
            }
            ActionKind::Bury => {
                self.change_link(action, writes, context, |link| link.state = LinkState::Dead).await?;
            }
            _ => {
                let revision = self.settings.revision();
                self.change_link(action, writes, context, |link| {
                    note_agreed(link, action);
                    link.primary_seen = action.primary_seen;
                    link.secondary_seen = action.secondary_seen;
                    link.revision = revision;
                    link.due = action.waits_for_reference;
                    link.retry_at = None;
                    link.attempts = 0;
                    link.held_because = None;
                    link.removed = None;
                })
                .await?;
            }
        }
        Ok(Outcome::Recorded)
    }

    async fn change_link(
        &self,
        action: &Action,
        writes: &mut Vec<Write>,
        context: &Context<'_>,
        change: impl FnOnce(&mut Link),
    ) -> Result<(), RunError> {
        if let Some(mut link) = self.link_by_key(action.key, context).await? {
            change(&mut link);
            writes.push(Write::Link(Box::new(link)));
        }
        Ok(())
    }
}

impl<'a> Execution<'a> {
    fn of(plan: &'a str, approved: bool, report: &'a mut LinkReport) -> Self {
        Self {
            plan,
            approved,
            report,
            touched: BTreeSet::new(),
            own: OwnWrites::new(),
            progress: false,
            endpoint_stopped: false,
        }
    }

    fn remember_own(&mut self, writes: &[Write], side: Side) {
        for write in writes {
            if let Write::See(Stream { .. }, rows) = write {
                self.own.extend(rows.iter().map(|seen| ((side, seen.id.clone()), seen.fingerprint)));
            }
        }
    }
}

fn action_sends(action: &Action) -> bool {
    match action.kind {
        ActionKind::Create | ActionKind::Update | ActionKind::Remove => true,
        ActionKind::Link => action.written().next().is_some(),
        ActionKind::Record | ActionKind::Bury | ActionKind::Hold => false,
    }
}

/// Later steps of the records that this run has touched; nothing that needs an approval of its own.
fn follow_ups(plan: &Plan, touched: &BTreeSet<SyncKey>) -> Vec<Action> {
    let wanted = |action: &&Action| {
        let allowed = action.state == ActionState::Ready || action.finishes_creation();
        allowed && touched.contains(&action.key) && matches!(action.kind, ActionKind::Update | ActionKind::Record)
    };
    let actions: Vec<Action> = plan.actions.iter().filter(wanted).cloned().collect();
    let sends = actions.iter().any(|action| action.kind == ActionKind::Update);
    if sends { actions } else { Vec::new() }
}

fn stops_actions(guard: &str) -> bool {
    ["G-08", "G-09", "G-10", "G-14"].iter().any(|number| guard.starts_with(number))
}

/// Guards after which nothing at all is planned.
fn stops_run(guard: &str) -> bool {
    ["G-01", "G-04", "G-07"].iter().any(|number| guard.starts_with(number))
}

/// One line per run; a warning only where a person should look. No names: they are in the report.
fn tell(report: &LinkReport, endpoint_stopped: bool, took: std::time::Duration) {
    let plan = report.plan.get(..12).unwrap_or_default();
    let (actions, outcomes) = (&report.actions, &report.outcomes);
    tracing::info!(
        plan,
        read_primary = report.read.primary,
        read_secondary = report.read.secondary,
        create = actions.create,
        update = actions.update,
        link = actions.link,
        remove = actions.remove,
        done = outcomes.done,
        skipped = outcomes.skipped,
        superseded = outcomes.superseded,
        rejected = outcomes.rejected,
        in_doubt = outcomes.in_doubt,
        failed = outcomes.failed,
        held = report.held.len(),
        overwritten = report.overwritten.len(),
        left = report.second_plan_actions,
        millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "a plan was carried out"
    );
    for trip in &report.guards {
        tracing::warn!(plan, guard = %trip.guard, saw = %trip.saw, "a guard stopped something");
    }
    if !report.held.is_empty() {
        tracing::warn!(plan, held = report.held.len(), "records are held; the report and `explain` name them");
    }
    if report.needs_approval {
        tracing::warn!(plan, "a plan waits for approval");
    }
    if endpoint_stopped {
        tracing::warn!(plan, "an endpoint stopped answering; the rest is left to the next run");
    }
}
