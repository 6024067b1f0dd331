//! Carrying out a plan: lanes in order, the same record never twice at once, then verifying.

use std::collections::BTreeSet;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use super::execute::{BEFORE_A_CALL, Finished, Job, note_agreed};
use super::outcome::Outcome;
use super::plan::{Action, ActionKind, ActionState, Lane, Plan};
use super::reconciler::{Approval, Context, Reconciler, RunError};
use super::report::LinkReport;
use crate::journal::{Durability, Link, LinkState, Write};
use crate::model::{Entity, SyncKey};

/// Steps that a record made of several calls may take within one run.
const MAX_ROUNDS: usize = 4;
/// Our own notes per commit.
const NOTES_PER_COMMIT: usize = 1_000;
const LANES: [Lane; 5] = [Lane::Restrict, Lane::Record, Lane::Create, Lane::Update, Lane::Delete];

/// What came of a round.
#[derive(Debug, Default)]
struct Round {
    touched: BTreeSet<SyncKey>,
    progress: bool,
    endpoint_stopped: bool,
}

impl<T: Entity> Reconciler<T> {
    pub(super) async fn apply_plan(
        &self,
        plan: Plan,
        approval: &Approval,
        context: &Context<'_>,
    ) -> Result<LinkReport, RunError> {
        let mut report = LinkReport::of_plan(&plan);
        let approved = approval.covers(&plan);
        if approved {
            // What a person has approved is no longer stopped by anything.
            report.guards.retain(|trip| plan.trips.contains(trip) && !stops_actions(&trip.guard));
            report.needs_approval = false;
        }
        let read = (plan.primary_records, plan.secondary_records);
        let trips = plan.trips.clone();
        let stopped = trips.iter().any(|trip| trip.guard.starts_with("G-01") || trip.guard.starts_with("G-04"));
        let mut round = self.execute(plan.actions, approved, &mut report, context).await?;
        let mut touched = round.touched.clone();
        let mut rounds = 1;
        let mut last = self.plan_from_store(context, read, &[], stopped).await?;
        while round.progress && !round.endpoint_stopped && rounds < MAX_ROUNDS {
            let follow_ups = follow_ups(&last, &touched);
            if follow_ups.is_empty() {
                break;
            }
            round = self.execute(follow_ups, true, &mut LinkReport::of_plan(&last), context).await?;
            touched.extend(round.touched.iter().copied());
            last = self.plan_from_store(context, read, &[], stopped).await?;
            rounds += 1;
        }
        report.second_plan_actions = last.visible().count() as u64;
        report.unchanged = last.unchanged;
        report.held = last.notes.iter().filter(|note| note.held).cloned().collect();
        report.actions.hold = report.held.len() as u64;
        report.needs_approval = last.needs_approval();
        self.remember_settings(&report, context).await?;
        Ok(report)
    }

    /// G-13: a plan under these settings was carried out.
    async fn remember_settings(&self, report: &LinkReport, context: &Context<'_>) -> Result<(), RunError> {
        let (key, value) = (self.pair.to_string(), self.guarded_settings());
        if report.needs_approval || context.journal.document("settings", &key).await?.as_ref() == Some(&value) {
            return Ok(());
        }
        context.journal.commit(Durability::D1, vec![Write::Put { kind: "settings", key, value }]).await?;
        Ok(())
    }

    async fn execute(
        &self,
        actions: Vec<Action>,
        approved: bool,
        report: &mut LinkReport,
        context: &Context<'_>,
    ) -> Result<Round, RunError> {
        let mut round = Round::default();
        let total = actions.len() as u64;
        let mut done = 0;
        let mut lanes: Vec<Vec<Action>> = LANES.iter().map(|_| Vec::new()).collect();
        for action in actions {
            let position = LANES.iter().position(|lane| *lane == action.lane).unwrap_or_default();
            match &action.state {
                ActionState::NeedsApproval(_) | ActionState::Quarantined(_) if !approved => {
                    report.outcomes.add(Outcome::Skipped);
                }
                _ => lanes.get_mut(position).into_iter().for_each(|lane| lane.push(action.clone())),
            }
        }
        for lane in lanes {
            let (sent, noted): (Vec<_>, Vec<_>) = lane.into_iter().partition(|action| action_sends(action));
            for chunk in noted.chunks(NOTES_PER_COMMIT) {
                self.note(chunk, &mut round, report, context).await?;
            }
            for chunk in sent.chunks(self.secondary.writes().parallel.max(1)) {
                if round.endpoint_stopped {
                    report.outcomes.failed += chunk.len() as u64;
                    continue;
                }
                self.send_together(chunk, approved, &mut round, report, context).await?;
                done += chunk.len() as u64;
                context.progress.step("applying", done, Some(total));
            }
        }
        Ok(round)
    }

    /// Intents of several actions in one D1 batch, then their calls side by side, each outcome stored as it comes.
    async fn send_together(
        &self,
        chunk: &[Action],
        approved: bool,
        round: &mut Round,
        report: &mut LinkReport,
        context: &Context<'_>,
    ) -> Result<(), RunError> {
        let (mut jobs, mut before): (Vec<Job>, Vec<Write>) = (Vec::new(), Vec::new());
        for action in chunk {
            let key = action.key;
            match self.prepare_job(action.clone(), approved && action.state != ActionState::Ready, context).await? {
                Some((job, writes)) => {
                    before.extend(writes);
                    jobs.push(job);
                }
                None => {
                    report.outcomes.add(Outcome::Superseded);
                    context.journal.commit(Durability::D2, vec![Write::Due(key)]).await?;
                }
            }
        }
        if jobs.is_empty() {
            return Ok(());
        }
        context.journal.commit(BEFORE_A_CALL, before).await?;
        let mut calls: FuturesUnordered<_> =
            jobs.iter().map(|job| async move { (job, self.send(job, context).await) }).collect();
        while let Some((job, answer)) = calls.next().await {
            let Finished { writes, outcome, endpoint_stopped } = self.finish(job, answer, context).await?;
            context.journal.commit(Durability::D1, writes).await?;
            report.outcomes.add(outcome);
            round.endpoint_stopped |= endpoint_stopped;
            round.progress |= outcome == Outcome::Done;
            round.touched.insert(job.action.key);
        }
        Ok(())
    }

    /// Actions that send nothing: links, baselines, holds.
    async fn note(
        &self,
        actions: &[Action],
        round: &mut Round,
        report: &mut LinkReport,
        context: &Context<'_>,
    ) -> Result<(), RunError> {
        let mut writes = Vec::new();
        for action in actions {
            if !self.still_true(action, context).await? {
                report.outcomes.add(Outcome::Superseded);
                continue;
            }
            let outcome = match action.kind {
                ActionKind::Link => {
                    writes.extend(self.end_former_direction(action, context).await?);
                    writes.push(Write::Link(Box::new(self.linked(action, LinkState::Live))));
                    Outcome::Done
                }
                ActionKind::Hold => {
                    self.change_link(action, &mut writes, context, |link| {
                        link.state = LinkState::Held;
                        link.held_because = Some(action.because.clone());
                    })
                    .await?;
                    Outcome::Held
                }
                ActionKind::Bury => {
                    self.change_link(action, &mut writes, context, |link| link.state = LinkState::Dead).await?;
                    Outcome::Recorded
                }
                _ => {
                    let revision = self.settings.revision();
                    self.change_link(action, &mut writes, context, |link| {
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
                    Outcome::Recorded
                }
            };
            report.outcomes.add(outcome);
            round.touched.insert(action.key);
        }
        context.journal.commit(Durability::D2, writes).await?;
        Ok(())
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

fn action_sends(action: &Action) -> bool {
    match action.kind {
        ActionKind::Create | ActionKind::Update | ActionKind::Remove => true,
        ActionKind::Link => action.written().next().is_some(),
        ActionKind::Record | ActionKind::Bury | ActionKind::Hold => false,
    }
}

/// Later steps of the records that this run has touched; nothing that the approved plan did not show.
fn follow_ups(plan: &Plan, touched: &BTreeSet<SyncKey>) -> Vec<Action> {
    let wanted = |action: &&Action| {
        touched.contains(&action.key) && matches!(action.kind, ActionKind::Update | ActionKind::Record)
    };
    let actions: Vec<Action> = plan.actions.iter().filter(wanted).cloned().collect();
    let sends = actions.iter().any(|action| action.kind == ActionKind::Update);
    if sends { actions } else { Vec::new() }
}

fn stops_actions(guard: &str) -> bool {
    ["G-08", "G-09", "G-10", "G-14"].iter().any(|number| guard.starts_with(number))
}
