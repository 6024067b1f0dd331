//! The section `[guards]`: limits on what may happen without a person's word.

use chrono::Duration;
use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::reconcile::{Limit, Settings};

use crate::Interval;

/// Limits on what may happen without a person's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Limits {
    /// Records that may be withdrawn within 24 hours: 5, or 5 % if that is more.
    pub removals: Allowance,
    /// Records that may be created within 24 hours: 50, or 20 % if that is more.
    pub creations: Allowance,
    /// Records that may be changed within 24 hours: 200, or 50 % if that is more.
    pub updates: Allowance,
    /// Records in which one field may change at once: 20, or 30 % if that is more; otherwise the field is left alone.
    pub breadth: Allowance,
    /// People who may get access back that was taken at the other side: 20, or 10 % if that is more.
    pub extensions: Allowance,
    /// Complete readings in a row that must lack a record before it counts as gone.
    pub removal_confirmations: u32,
    /// Added to the longest life of a request before a lost one is looked for.
    pub settle_margin: Interval,
    /// Least distance between two readings that count as confirmations; the interval of people by default.
    pub min_absence: Option<Interval>,
}

/// The larger of a count and a percentage of all linked records is allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Allowance {
    /// Allowed in any case.
    pub count: Option<u64>,
    /// Allowed as a percentage of all linked records.
    pub percent: Option<u64>,
}

impl Limits {
    /// Puts these limits into the settings of a link. `people` is the interval of people.
    pub fn put_into(&self, settings: &mut Settings, people: Interval) {
        settings.guard.removals = self.removals.over(settings.guard.removals);
        settings.guard.creations = self.creations.over(settings.guard.creations);
        settings.guard.updates = self.updates.over(settings.guard.updates);
        settings.guard.breadth = self.breadth.over(settings.guard.breadth);
        settings.guard.extensions = self.extensions.over(settings.guard.extensions);
        settings.removal_confirmations = self.removal_confirmations;
        let span = |interval: Interval| interval.get().and_then(|distance| Duration::from_std(distance).ok());
        settings.settle_margin = span(self.settle_margin).unwrap_or_default();
        if let Some(distance) = span(self.min_absence.unwrap_or(people)) {
            settings.min_absence = distance;
        }
    }
}

impl Allowance {
    /// This limit; what it leaves open is that of another.
    fn over(self, other: Limit) -> Limit {
        Limit::new(self.count.unwrap_or(other.count), self.percent.unwrap_or(other.percent))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            removals: Allowance::default(),
            creations: Allowance::default(),
            updates: Allowance::default(),
            breadth: Allowance::default(),
            extensions: Allowance::default(),
            removal_confirmations: 2,
            settle_margin: Interval::every(std::time::Duration::from_secs(5)),
            min_absence: None,
        }
    }
}
