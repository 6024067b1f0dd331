//! Limits on what may happen without a person's word. A guard stops only what it is about.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::plan::{Action, ActionKind, ActionState, FieldChange, Plan, Reason};
use crate::model::{FieldValue, Scalar};

/// The limits of one link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// G-02: a snapshot smaller than this percentage of the median of the last good ones proves no absence.
    pub shrunken_percent: u32,
    /// G-05: a list that its source calls older than this proves no absence.
    pub max_age_hours: u32,
    /// G-08: removals in the window.
    pub removals: Limit,
    /// The looser limit of G-08 for leavers whose last day has passed: it catches a spoilt column of dates.
    #[serde(default = "Guard::default_leavers")]
    pub leavers: Limit,
    /// G-09: creations in the window.
    pub creations: Limit,
    /// G-10: records changed in the window.
    pub updates: Limit,
    /// G-11: one field changed in this many records at once.
    pub breadth: Limit,
    /// G-14: access given to people whom the primary did not change.
    pub extensions: Limit,
    /// The rolling window in hours.
    pub window_hours: u32,
    /// G-04: ids that must always be there; one missing stops the run.
    pub canaries: Vec<String>,
}

/// A limit: the larger of a count and a percentage of the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Allowed in any case.
    pub count: u64,
    /// Allowed as a part of all live links.
    pub percent: u64,
}

/// What guards count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GuardClass {
    /// Restricting or removing.
    Remove,
    /// Ending what the primary ended on a day that has passed.
    Leave,
    /// Creating.
    Create,
    /// Changing.
    Update,
    /// Linking existing records.
    Link,
}

/// A guard that stopped something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardTrip {
    /// Its number, such as `G-08`.
    pub guard: String,
    /// What it saw.
    pub saw: String,
    /// What it stopped.
    pub stopped: String,
    /// What a person can do.
    pub remedy: String,
}

/// What was done in the window without approval, by class.
pub(super) type Used = BTreeMap<GuardClass, u64>;

impl Default for Guard {
    fn default() -> Self {
        Self {
            shrunken_percent: 50,
            max_age_hours: 24,
            removals: Limit::new(5, 5),
            leavers: Self::default_leavers(),
            creations: Limit::new(50, 20),
            updates: Limit::new(200, 50),
            breadth: Limit::new(20, 30),
            extensions: Limit::new(20, 10),
            window_hours: 24,
            canaries: Vec::new(),
        }
    }
}

impl Guard {
    const fn default_leavers() -> Limit {
        Limit::new(25, 10)
    }
}

impl Limit {
    /// A limit.
    pub const fn new(count: u64, percent: u64) -> Self {
        Self { count, percent }
    }

    /// No limit at all.
    pub const fn none() -> Self {
        Self { count: u64::MAX, percent: 0 }
    }

    /// How many are allowed of a base.
    pub fn allows(&self, base: u64) -> u64 {
        self.count.max(base.saturating_mul(self.percent) / 100)
    }
}

impl GuardClass {
    /// Its name in stores and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Remove => "remove",
            Self::Leave => "leave",
            Self::Create => "create",
            Self::Update => "update",
            Self::Link => "link",
        }
    }
}

impl fmt::Display for GuardTrip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "guard {}: {}; {}. {}", self.guard, self.saw, self.stopped, self.remedy)
    }
}

/// What the plan guards compare with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base<'a> {
    /// Live links of the pair.
    pub(super) live_links: u64,
    /// No plan has been carried out as a whole yet.
    pub(super) first_run: bool,
    /// What was done unapproved in the window.
    pub(super) used: &'a Used,
}

/// Puts plan guards G-08 … G-12 and G-14 over the actions of a plan. What a person has approved is not counted.
pub(super) fn apply_guards(plan: &mut Plan, guard: &Guard, base: Base<'_>) {
    if base.first_run {
        approve_first_run(plan, guard, base.used);
    } else {
        limit_class(plan, GuardClass::Create, "G-09", guard.creations, base);
    }
    limit_class(plan, GuardClass::Remove, "G-08", guard.removals, base);
    limit_class(plan, GuardClass::Leave, "G-08", guard.leavers, base);
    limit_breadth(plan, guard, base.live_links);
    limit_class(plan, GuardClass::Update, "G-10", guard.updates, base);
    limit_extensions(plan, guard, base.live_links);
}

/// G-12 and the first run of G-09: a person looks before the first records are linked or made in numbers.
fn approve_first_run(plan: &mut Plan, guard: &Guard, used: &Used) {
    let creations = count(plan, GuardClass::Create) + used.get(&GuardClass::Create).copied().unwrap_or_default();
    for action in plan.actions.iter_mut().filter(|action| action.state == ActionState::Ready) {
        if action.kind == ActionKind::Link {
            action.state = ActionState::NeedsApproval("G-12 first link".to_owned());
        } else if action.kind == ActionKind::Create && creations > guard.creations.count {
            action.state = ActionState::NeedsApproval("G-09 first run".to_owned());
        }
    }
}

fn limit_class(plan: &mut Plan, class: GuardClass, guard: &str, limit: Limit, base: Base<'_>) {
    let before = base.used.get(&class).copied().unwrap_or_default();
    let wanted = count(plan, class);
    let allowed = limit.allows(base.live_links);
    if wanted == 0 || before.saturating_add(wanted) <= allowed {
        return;
    }
    quarantine(plan, guard, |action| action.class() == Some(class) && !action.finishes_creation());
    plan.trips.push(GuardTrip {
        guard: guard.to_owned(),
        saw: format!("{wanted} records to {} and {before} in the last hours, allowed are {allowed}", class.as_str()),
        stopped: format!("none of them was touched, everything else goes on ({} links)", base.live_links),
        remedy: "Look at the plan; if it is right, approve it by its hash".to_owned(),
    });
}

/// G-11: a field that changes almost everywhere at once is more likely a fault of the source than the truth.
fn limit_breadth(plan: &mut Plan, guard: &Guard, base: u64) {
    let mut by_field: BTreeMap<String, u64> = BTreeMap::new();
    for action in plan.actions.iter().filter(|action| action.kind == ActionKind::Update) {
        for change in action.written().filter(|change| change.reason == Reason::PrimaryChanged) {
            *by_field.entry(change.field.clone()).or_default() += 1;
        }
    }
    for (field, changed) in by_field {
        let allowed = guard.breadth.allows(base);
        if changed <= allowed {
            continue;
        }
        for action in plan.actions.iter_mut().filter(|action| action.kind == ActionKind::Update) {
            let before = action.changes.len();
            action.changes.retain(|change| change.field != field || change.reason != Reason::PrimaryChanged);
            // The rest of the record goes on; the field must come back with the next plan.
            action.waits_for_reference |= action.changes.len() < before;
        }
        plan.actions.retain(|action| action.kind != ActionKind::Update || action.written().next().is_some());
        plan.trips.push(GuardTrip {
            guard: "G-11".to_owned(),
            saw: format!("the field {field:?} changed in {changed} records at once, allowed are {allowed}"),
            stopped: "the field is left alone everywhere".to_owned(),
            remedy: "If the change is right, raise `breadth` in the section [guards] for one run".to_owned(),
        });
    }
}

/// G-14: access that nobody at the primary asked for just now.
fn limit_extensions(plan: &mut Plan, guard: &Guard, base: u64) {
    let extends = |action: &Action| match action.kind {
        _ if action.state != ActionState::Ready => false,
        ActionKind::Update => action.written().any(|change| {
            matches!(change.reason, Reason::SecondaryDrifted | Reason::MappingChanged) && gives_access(change)
        }),
        // Somebody removed the record at the other side; making it again gives everything back.
        ActionKind::Create => action.cause.is_some() && action.written().any(gives_access),
        _ => false,
    };
    let wanted = plan.actions.iter().filter(|action| extends(action)).count() as u64;
    let allowed = guard.extensions.allows(base);
    if wanted <= allowed {
        return;
    }
    quarantine(plan, "G-14", extends);
    plan.trips.push(GuardTrip {
        guard: "G-14".to_owned(),
        saw: format!("{wanted} people would get access back that was taken at the other side, allowed are {allowed}"),
        stopped: "none of them was touched".to_owned(),
        remedy: "Look at the plan; if it is right, approve it by its hash".to_owned(),
    });
}

/// Whether a change gives doors that were not there before.
fn gives_access(change: &FieldChange) -> bool {
    match (change.field.as_str(), &change.old, &change.new) {
        ("policies" | "devices" | "doors", FieldValue::Set(old), FieldValue::Set(new)) => !new.is_subset(old),
        ("policies" | "devices" | "doors", _, FieldValue::Set(_) | FieldValue::Value(_))
        | ("active", FieldValue::Value(Scalar::Bool(false)), FieldValue::Value(Scalar::Bool(true))) => true,
        _ => false,
    }
}

fn quarantine(plan: &mut Plan, guard: &str, stopped: impl Fn(&Action) -> bool) {
    let open = |action: &&mut Action| action.state != ActionState::Approved && stopped(action);
    for action in plan.actions.iter_mut().filter(open) {
        action.state = ActionState::Quarantined(guard.to_owned());
    }
}

/// Later steps of a creation are part of the creation, which was counted.
fn count(plan: &Plan, class: GuardClass) -> u64 {
    let counts = |action: &&Action| {
        action.class() == Some(class) && action.state != ActionState::Approved && !action.finishes_creation()
    };
    // A record whose change takes two steps is one record.
    plan.actions.iter().filter(counts).map(|action| action.key).collect::<BTreeSet<_>>().len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_allowance_counts() {
        let limit = Limit::new(5, 5);
        assert_eq!(limit.allows(10), 5);
        assert_eq!(limit.allows(1_000), 50);
        assert_eq!(Limit::none().allows(0), u64::MAX);
    }
}
