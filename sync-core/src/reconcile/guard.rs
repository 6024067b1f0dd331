//! Limits on what may happen without a person's word. A guard stops only what it is about.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::plan::{Action, ActionKind, ActionState, Plan, Reason};

/// The limits of one link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// G-02: a snapshot smaller than this percentage of the median of the last good ones proves no absence.
    pub shrunken_percent: u32,
    /// G-08: removals in the window.
    pub removals: Limit,
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
            removals: Limit::new(5, 5),
            creations: Limit::new(50, 20),
            updates: Limit::new(200, 50),
            breadth: Limit::new(20, 30),
            extensions: Limit::new(20, 10),
            window_hours: 24,
            canaries: Vec::new(),
        }
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

/// Puts plan guards G-08 … G-12 and G-14 over the actions of a plan.
pub(super) fn apply_guards(plan: &mut Plan, guard: &Guard, live_links: u64, used: &Used) {
    if live_links == 0 {
        approve_first_run(plan, guard);
    } else {
        limit_class(plan, GuardClass::Create, "G-09", guard.creations, live_links, used);
    }
    limit_class(plan, GuardClass::Remove, "G-08", guard.removals, live_links, used);
    limit_breadth(plan, guard, live_links);
    limit_class(plan, GuardClass::Update, "G-10", guard.updates, live_links, used);
    limit_extensions(plan, guard, live_links);
}

/// G-12 and the first run of G-09: a person looks before the first records are linked or made in numbers.
fn approve_first_run(plan: &mut Plan, guard: &Guard) {
    let creations = count(plan, GuardClass::Create);
    for action in &mut plan.actions {
        if action.kind == ActionKind::Link {
            action.state = ActionState::NeedsApproval("G-12 first link".to_owned());
        } else if action.kind == ActionKind::Create && creations > guard.creations.count {
            action.state = ActionState::NeedsApproval("G-09 first run".to_owned());
        }
    }
}

fn limit_class(plan: &mut Plan, class: GuardClass, guard: &str, limit: Limit, base: u64, used: &Used) {
    let before = used.get(&class).copied().unwrap_or_default();
    let wanted = count(plan, class);
    let allowed = limit.allows(base);
    if wanted == 0 || before + wanted <= allowed {
        return;
    }
    quarantine(plan, guard, |action| action.class() == Some(class) && !action.finishes_creation());
    plan.trips.push(GuardTrip {
        guard: guard.to_owned(),
        saw: format!("{wanted} records to {} and {before} in the last hours, allowed are {allowed}", class.as_str()),
        stopped: format!("none of them was touched, everything else goes on ({base} links)"),
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
            action.changes.retain(|change| change.field != field || change.reason != Reason::PrimaryChanged);
        }
        plan.actions.retain(|action| action.kind != ActionKind::Update || action.written().next().is_some());
        plan.trips.push(GuardTrip {
            guard: "G-11".to_owned(),
            saw: format!("the field {field:?} changed in {changed} records at once, allowed are {allowed}"),
            stopped: "the field is left alone everywhere".to_owned(),
            remedy: "If the change is right, raise guard.breadth for one run".to_owned(),
        });
    }
}

/// G-14: access that nobody at the primary asked for just now.
fn limit_extensions(plan: &mut Plan, guard: &Guard, base: u64) {
    let extends = |action: &Action| {
        action.kind == ActionKind::Update
            && action.written().any(|c| c.field == "policies" && c.reason == Reason::SecondaryDrifted)
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

fn quarantine(plan: &mut Plan, guard: &str, stopped: impl Fn(&Action) -> bool) {
    for action in plan.actions.iter_mut().filter(|action| stopped(action)) {
        action.state = ActionState::Quarantined(guard.to_owned());
    }
}

/// Later steps of a creation are part of the creation, which was counted.
fn count(plan: &Plan, class: GuardClass) -> u64 {
    let counts = |action: &&Action| action.class() == Some(class) && !action.finishes_creation();
    plan.actions.iter().filter(counts).count() as u64
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
