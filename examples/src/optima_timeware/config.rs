//! The program's own sections of the configuration file.

use optima_client::sync::OptimaConfig;
use schemars::JsonSchema;
use serde::Deserialize;
use timeware_model::TimewareConfig;

use crate::attendance::config::{Events, Leading, RemovalsConfig, RemovalsSchema, Switch};

/// Everything but the shared sections.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The Optima server.
    pub optima: OptimaConfig,
    /// The timeware database.
    #[serde(default)]
    pub timeware: TimewareConfig,
    /// Badges of Optima and people of timeware.
    #[serde(default)]
    pub people: People,
    /// Access groups of Optima and terminal policies of timeware.
    #[serde(default)]
    pub policies: Policies,
    /// Readers of Optima, which become suspended terminals.
    #[serde(default)]
    pub readers: Switch,
    /// Events of Optima, which become bookings.
    #[serde(default)]
    pub events: Events,
}

/// The section `[people]`.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct People {
    /// Which side leads.
    pub direction: Direction,
    /// What happens to people who are gone, disabled or have left; the usual for the direction if left out.
    #[schemars(with = "Option<RemovalsSchema>")]
    pub removals: Option<RemovalsConfig>,
}

/// The section `[policies]`.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Policies {
    /// Which side leads.
    pub direction: Direction,
}

/// Which side leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "there are two sides")]
pub enum Direction {
    /// Optima leads, timeware follows.
    #[default]
    OptimaToTimeware,
    /// timeware leads, Optima follows.
    TimewareToOptima,
    /// Not synchronised.
    Off,
}

impl Direction {
    pub(super) fn leading(self) -> Leading {
        match self {
            Self::OptimaToTimeware => Leading::Source,
            Self::TimewareToOptima => Leading::Timeware,
            Self::Off => Leading::Neither,
        }
    }
}
