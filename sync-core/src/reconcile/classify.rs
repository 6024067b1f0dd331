//! Which situation a record is in, and what follows from it. The numbers are those of the situations' table.

use std::collections::BTreeMap;

use super::plan::{Action, ActionKind, ActionState, FieldChange, Lane, Note, Plan, Reason};
use super::planner::PlanInput;
use super::settings::Cause;
use crate::connector::CompleteSignal;
use crate::journal::{Candidate, Link, LinkState, Ownership, Seen, Side};
use crate::model::{ExternalId, FieldValue, Scalar, SyncKey};

pub(super) struct Classifier<'a> {
    pub(super) input: &'a PlanInput<'a>,
    /// Unlinked secondary records that carry one of our keys.
    pub(super) orphans: BTreeMap<SyncKey, Vec<&'a Seen>>,
    pub(super) unlinked: BTreeMap<&'a ExternalId, &'a Seen>,
}

impl<'a> Classifier<'a> {
    pub(super) fn new(input: &'a PlanInput<'a>) -> Self {
        let mut orphans: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for seen in input.unlinked {
            if let Some(key) = seen.sync_key() {
                orphans.entry(key).or_default().push(seen);
            }
        }
        for records in orphans.values_mut() {
            records.sort_by(|a, b| oldest_first(&a.id, &b.id));
        }
        Self { input, orphans, unlinked: input.unlinked.iter().map(|seen| (&seen.id, seen)).collect() }
    }

    /// Fills the plan; returns how many live links do not simply agree.
    pub(super) fn classify_all(&self, plan: &mut Plan) -> u64 {
        let mut unlinked = Vec::new();
        let mut disturbed = 0;
        for candidate in self.input.candidates {
            match &candidate.link {
                Some(link) if link.state != LinkState::Dead => {
                    let before = (plan.actions.len(), plan.notes.len());
                    self.linked(candidate, link, plan);
                    let live = link.state == LinkState::Live;
                    disturbed += u64::from(live && disturbs(plan, before));
                }
                _ => unlinked.push(candidate),
            }
        }
        self.all_unlinked(&unlinked, plan);
        disturbed
    }

    /// Lists in a row that must lack a record: one more where nothing tells that a list is whole.
    pub(super) fn confirmations(&self, side: Side) -> u32 {
        let caps = match side {
            Side::Primary => self.input.primary_caps,
            Side::Secondary => self.input.secondary_caps,
        };
        self.input.settings.removal_confirmations + u32::from(caps.complete_signal == CompleteSignal::None)
    }

    pub(super) fn cause_to_go(&self, primary: &Seen) -> Option<Cause> {
        let settings = self.input.settings;
        if settings.scope.as_ref().is_some_and(|scope| !scope.holds(&primary.fields)) {
            return Some(Cause::ScopeExit);
        }
        if !settings.mapping.writes("active") {
            return None;
        }
        if *primary.fields.get("active") == FieldValue::Value(Scalar::Bool(false)) {
            return Some(Cause::Inactive);
        }
        match primary.fields.get("leave_date") {
            FieldValue::Value(Scalar::Date(date)) if *date < self.input.today => Some(Cause::LeaverDate),
            _ => None,
        }
    }

    pub(super) fn unlinked_action(&self, kind: ActionKind, primary: &Seen, secondary: Option<&Seen>) -> Action {
        Action {
            lane: if kind == ActionKind::Create { Lane::Create } else { Lane::Update },
            kind,
            side: Side::Secondary,
            key: SyncKey::new(self.input.pair, &self.input.pair.primary, &primary.id, 0),
            generation: 0,
            primary: Some(primary.id.clone()),
            secondary: secondary.map(|seen| seen.id.clone()),
            title: primary.title.clone(),
            changes: Vec::new(),
            removal: None,
            cause: None,
            because: String::new(),
            primary_seen: primary.fingerprint,
            secondary_seen: secondary.map(|seen| seen.fingerprint).unwrap_or_default(),
            ownership: Ownership::Owned,
            state: ActionState::Ready,
            waits_for_reference: false,
        }
    }
}

/// An action on a linked record.
pub(super) fn linked_action(kind: ActionKind, lane: Lane, link: &Link, candidate: &Candidate) -> Action {
    let fingerprint = |seen: Option<&Seen>| seen.map(|seen| seen.fingerprint).unwrap_or_default();
    let named = candidate.primary.as_ref().filter(|seen| seen.invalid.is_none()).or(candidate.secondary.as_ref());
    Action {
        lane,
        kind,
        side: Side::Secondary,
        key: link.key,
        generation: link.generation,
        primary: link.primary.clone(),
        secondary: link.secondary.clone(),
        title: named.map_or_else(String::new, |seen| seen.title.clone()),
        changes: Vec::new(),
        removal: None,
        cause: None,
        because: String::new(),
        primary_seen: fingerprint(candidate.primary.as_ref()),
        secondary_seen: fingerprint(candidate.secondary.as_ref()),
        ownership: link.ownership,
        state: ActionState::Ready,
        waits_for_reference: false,
    }
}

/// Notes what somebody should know about a record that goes on.
pub(super) fn remark(primary: &Seen, remarks: &[String], plan: &mut Plan) {
    for remark in remarks {
        plan.notes.push(Note::new("S1", &primary.id, &primary.title, remark.clone(), false));
    }
}

/// Whether what was added to the plan means more than that both sides agree.
fn disturbs(plan: &Plan, (actions, notes): (usize, usize)) -> bool {
    let acted = plan.actions.iter().skip(actions).any(|action| action.kind != ActionKind::Record);
    acted || plan.notes.iter().skip(notes).any(|note| note.situation != "S1")
}

/// Ids are opaque, but counted up nearly everywhere: a shorter number is an earlier one.
pub(super) fn oldest_first(a: &ExternalId, b: &ExternalId) -> std::cmp::Ordering {
    (a.as_str().len(), a).cmp(&(b.as_str().len(), b))
}

/// A write that takes doors away goes first.
pub(super) fn update_lane(changes: &[FieldChange]) -> Lane {
    let takes = changes.iter().any(|change| {
        let restricts = matches!(change.field.as_str(), "policies" | "devices" | "doors" | "credentials" | "active");
        restricts && change.reason != Reason::Agreed && takes_away(&change.old, &change.new)
    });
    if takes { Lane::Restrict } else { Lane::Update }
}

fn takes_away(old: &FieldValue, new: &FieldValue) -> bool {
    match (old, new) {
        (FieldValue::Set(old), FieldValue::Set(new)) => !old.is_subset(new),
        (FieldValue::Set(_) | FieldValue::Value(_), FieldValue::Empty)
        | (FieldValue::Value(Scalar::Bool(true)), FieldValue::Value(Scalar::Bool(false))) => true,
        _ => false,
    }
}
