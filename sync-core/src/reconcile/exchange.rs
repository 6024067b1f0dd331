//! People who swap cards: a value that only one record may have is freed before another takes it.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{Action, ActionKind, CREDENTIALS, FieldChange, Lane, Plan};
use super::planner::PlanInput;
use crate::model::{FieldValue, Scalar};

/// Orders actions that hand credentials on. Where a record both gives and takes, giving becomes a step of its own.
pub(super) fn free_first(plan: &mut Plan, input: &PlanInput<'_>) {
    let clearable = input.secondary_caps.field(CREDENTIALS).is_some_and(|caps| caps.clearable);
    let (mut givers, mut wanted): (BTreeMap<Scalar, usize>, BTreeSet<Scalar>) = Default::default();
    for (position, action) in plan.actions.iter().enumerate() {
        let Some(change) = change(action) else { continue };
        for freed in members(&change.old).difference(&members(&change.new)) {
            givers.insert((*freed).clone(), position);
        }
        wanted.extend(members(&change.new).difference(&members(&change.old)).map(|taken| (*taken).clone()));
    }
    let asked: BTreeSet<usize> =
        givers.iter().filter(|(freed, _)| wanted.contains(*freed)).map(|(_, position)| *position).collect();
    if asked.is_empty() {
        return;
    }
    let mut first = Vec::new();
    for (position, action) in plan.actions.iter_mut().enumerate() {
        let Some(change) = change(action) else { continue };
        let old = members(&change.old);
        let takes = members(&change.new).difference(&old).any(|taken| givers.contains_key(*taken));
        if takes && asked.contains(&position) && clearable && action.kind == ActionKind::Update {
            first.push(giving(action, change));
        }
        if takes && action.kind == ActionKind::Update {
            action.lane = Lane::Update;
        }
    }
    plan.actions.extend(first);
}

fn change(action: &Action) -> Option<&FieldChange> {
    let writes = matches!(action.kind, ActionKind::Update | ActionKind::Link | ActionKind::Create);
    action.written().find(|change| writes && change.field == CREDENTIALS)
}

fn members(value: &FieldValue) -> BTreeSet<&Scalar> {
    match value {
        FieldValue::Set(set) => set.iter().collect(),
        FieldValue::Value(scalar) => BTreeSet::from([scalar]),
        FieldValue::Empty | FieldValue::Unknown => BTreeSet::new(),
    }
}

/// The step that only gives away.
fn giving(action: &Action, change: &FieldChange) -> Action {
    let kept: BTreeSet<Scalar> =
        members(&change.old).intersection(&members(&change.new)).map(|kept| (*kept).clone()).collect();
    let new = if kept.is_empty() { FieldValue::Empty } else { FieldValue::Set(kept) };
    let mut first = action.clone();
    first.lane = Lane::Restrict;
    first.because = "gives a credential away that another record takes over".into();
    first.changes = vec![FieldChange { new, ..change.clone() }];
    first
}
