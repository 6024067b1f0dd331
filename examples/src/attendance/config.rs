//! Sections of the configuration that every integration with timeware has.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::events::EventSettings;
use sync_core::reconcile::{RemovalPolicy, Removals};
use sync_service::ConfigFault;

/// A section that is on or off.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Switch {
    /// Whether it takes part.
    pub enabled: bool,
}

/// The section `[events]`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Events {
    /// Whether events are read at all.
    pub enabled: bool,
    /// Whether the source tells of new events by itself, where it can; they are read at the interval in any case.
    pub live: bool,
    /// Swipes of a person at a device within this many seconds count once; 0 = each counts.
    pub repeat_seconds: u64,
    /// Older events wait for a decision, in days; 0 = none do.
    pub max_age_days: u64,
    /// Days after which an event whose person never appeared is rejected.
    pub waiting_days: u64,
}

/// What happens to people who go.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
pub struct RemovalsConfig(Removals);

/// The shape of [`RemovalsConfig`].
#[derive(JsonSchema)]
#[expect(dead_code, reason = "names the keys for the schema only")]
pub(crate) struct RemovalsSchema {
    /// Missing at the leading side in two whole readings.
    absence: String,
    /// Inactive at the leading side.
    inactive: String,
    /// The last day at the leading side has passed.
    leaver_date: String,
    /// No longer in the scope.
    scope_exit: String,
}

/// Which side leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leading {
    /// The access or visitor system.
    Source,
    /// timeware.
    Timeware,
    /// Neither: not synchronised.
    Neither,
}

impl Events {
    /// What the engine is told.
    pub(crate) fn settings(&self) -> EventSettings {
        let days = |days: u64| Duration::from_secs(days.saturating_mul(24 * 60 * 60));
        EventSettings {
            repeat_window: Duration::from_secs(self.repeat_seconds),
            max_age: days(self.max_age_days),
            waiting_max: days(self.waiting_days),
            ..EventSettings::default()
        }
    }
}

impl RemovalsConfig {
    /// The policies.
    pub fn get(self) -> Removals {
        self.0
    }

    /// Whether anything would be deleted for good.
    pub fn deletes(self) -> bool {
        let Removals { absence, inactive, leaver_date, scope_exit } = self.0;
        [absence, inactive, leaver_date, scope_exit]
            .into_iter()
            .any(|policy| matches!(policy, RemovalPolicy::Delete { .. } | RemovalPolicy::UnlinkThenDelete { .. }))
    }

    /// timeware deletes nobody, whoever asks.
    pub(crate) fn fault(removals: Option<Self>, leading: Leading) -> Option<ConfigFault> {
        let refused = removals.is_some_and(Self::deletes) && leading != Leading::Timeware;
        refused.then(|| {
            let (what, remedy) = ("people are never deleted in timeware", "Use \"mark_leaver\" or \"disable\"");
            ConfigFault::new("people.removals", what, remedy)
        })
    }
}

impl Default for Switch {
    fn default() -> Self {
        Self { enabled: true }
    }
}

impl Default for Events {
    fn default() -> Self {
        Self { enabled: true, live: true, repeat_seconds: 60, max_age_days: 31, waiting_days: 30 }
    }
}
