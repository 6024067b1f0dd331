//! What a run did, for people and for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::plan::{Action, ActionKind, Note, Plan, Reason};
use super::{GuardTrip, Outcome};
use crate::connector::SyncError;
use crate::model::{ExternalId, Pair};

/// The report of one link.
#[derive(Clone, Debug, Serialize)]
pub struct LinkReport {
    /// Kind of record.
    pub entity: String,
    /// `net2 → timeware`.
    pub direction: String,
    /// Records read.
    pub read: ReadCounts,
    /// Planned actions by kind.
    pub actions: ActionCounts,
    /// What became of them.
    pub outcomes: OutcomeCounts,
    /// Actions that a second plan right after would hold for the touched records.
    pub second_plan_actions: u64,
    /// Links that agree.
    pub unchanged: u64,
    /// Hash of the plan.
    pub plan: String,
    /// Whether a person has to approve something.
    pub needs_approval: bool,
    /// Guards that stopped something.
    pub guards: Vec<GuardTrip>,
    /// Records by situation.
    pub situations: BTreeMap<String, u64>,
    /// Records for a person to look at.
    pub held: Vec<Note>,
    /// What somebody had changed at the written side and was set back.
    pub overwritten: Vec<Overwritten>,
    /// Why an endpoint answered nobody any more, so that the rest was left to the next run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// What went wrong, if the run could not finish.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What a person can do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// Why an endpoint answers nobody for now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stopped {
    /// What it said.
    pub why: String,
    /// What a person can do about it.
    pub remedy: Option<String>,
}

/// A value that somebody had changed at the written side and that was set back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overwritten {
    /// The record at the written side.
    pub record: ExternalId,
    /// What a person calls it.
    pub title: String,
    /// The field.
    pub field: String,
    /// What it was set to there; secrets as stars.
    pub old: String,
    /// What it is now.
    pub new: String,
    /// Whether only that side had changed it, or both.
    pub reason: Reason,
}

/// Records read at each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReadCounts {
    /// At the primary.
    pub primary: u64,
    /// At the secondary.
    pub secondary: u64,
}

/// Planned actions by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ActionCounts {
    /// New records.
    pub create: u64,
    /// Changed records.
    pub update: u64,
    /// Existing records found to be the same.
    pub link: u64,
    /// Withdrawn records.
    pub remove: u64,
    /// Records left to a person.
    pub hold: u64,
}

/// What became of planned actions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OutcomeCounts {
    /// Confirmed.
    pub done: u64,
    /// Noted by us alone.
    pub recorded: u64,
    /// Stopped by a guard, or not approved.
    pub skipped: u64,
    /// The record changed meanwhile.
    pub superseded: u64,
    /// Refused for good.
    pub rejected: u64,
    /// No clear answer yet.
    pub in_doubt: u64,
    /// For a person.
    pub held: u64,
    /// Could not be sent.
    pub failed: u64,
}

impl Stopped {
    /// Nothing, unless the error concerns everybody.
    pub(super) fn by(error: &SyncError) -> Option<Self> {
        let remedy = error.remedy().map(str::to_owned);
        error.stops_endpoint().then(|| Self { why: error.chain(), remedy })
    }
}

impl LinkReport {
    /// The report of a plan that has not been carried out.
    pub fn of_plan(plan: &Plan) -> Self {
        let mut report = Self::empty(&plan.pair);
        report.read = ReadCounts { primary: plan.primary_records, secondary: plan.secondary_records };
        for action in &plan.actions {
            report.actions.add(action);
        }
        report.situations.clone_from(&plan.situations);
        for note in &plan.notes {
            *report.situations.entry(note.situation.clone()).or_default() += 1;
        }
        report.held = plan.notes.iter().filter(|note| note.held).cloned().collect();
        report.actions.hold = report.held.len() as u64;
        report.unchanged = plan.unchanged;
        report.plan.clone_from(&plan.hash);
        report.needs_approval = plan.needs_approval();
        report.guards.clone_from(&plan.trips);
        report.second_plan_actions = plan.visible().count() as u64;
        report
    }

    /// The report of a run that could not start.
    pub fn failed(pair: &Pair, error: impl Into<String>, remedy: Option<String>) -> Self {
        Self { error: Some(error.into()), remedy, ..Self::empty(pair) }
    }

    /// Whether a guard stopped something or the run failed.
    pub fn is_failure(&self) -> bool {
        self.error.is_some() || !self.guards.is_empty()
    }

    /// Whether something is left to do or to approve.
    pub fn is_open(&self) -> bool {
        let outcomes = &self.outcomes;
        self.second_plan_actions + outcomes.in_doubt + outcomes.failed + outcomes.superseded + outcomes.skipped > 0
    }

    fn empty(pair: &Pair) -> Self {
        Self {
            entity: pair.entity.to_string(),
            direction: format!("{} → {}", pair.primary, pair.secondary),
            read: ReadCounts::default(),
            actions: ActionCounts::default(),
            outcomes: OutcomeCounts::default(),
            second_plan_actions: 0,
            unchanged: 0,
            plan: String::new(),
            needs_approval: false,
            guards: Vec::new(),
            situations: BTreeMap::new(),
            held: Vec::new(),
            overwritten: Vec::new(),
            stopped: None,
            error: None,
            remedy: None,
        }
    }
}

impl Overwritten {
    /// What an action sets back.
    pub(super) fn of(action: &Action) -> impl Iterator<Item = Self> {
        let set_back =
            action.written().filter(|change| matches!(change.reason, Reason::SecondaryDrifted | Reason::BothChanged));
        set_back.filter_map(|change| {
            Some(Self {
                record: action.record()?.clone(),
                title: action.title.clone(),
                field: change.field.clone(),
                old: change.shown(&change.old),
                new: change.shown(&change.new),
                reason: change.reason,
            })
        })
    }
}

impl ActionCounts {
    fn add(&mut self, action: &Action) {
        match action.kind {
            ActionKind::Create => self.create += 1,
            ActionKind::Update => self.update += 1,
            ActionKind::Link => self.link += 1,
            ActionKind::Remove => self.remove += 1,
            ActionKind::Record | ActionKind::Bury | ActionKind::Hold => {}
        }
    }
}

impl OutcomeCounts {
    /// Takes over what did not go well elsewhere; what went well is counted once only.
    pub(super) fn add_trouble(&mut self, other: Self) {
        self.superseded += other.superseded;
        self.rejected += other.rejected;
        self.in_doubt += other.in_doubt;
        self.held += other.held;
        self.failed += other.failed;
    }

    /// Counts one.
    pub fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Done => self.done += 1,
            Outcome::Recorded => self.recorded += 1,
            Outcome::Skipped => self.skipped += 1,
            Outcome::Superseded => self.superseded += 1,
            Outcome::Rejected => self.rejected += 1,
            Outcome::InDoubt => self.in_doubt += 1,
            Outcome::Held => self.held += 1,
            Outcome::Failed => self.failed += 1,
        }
    }
}
