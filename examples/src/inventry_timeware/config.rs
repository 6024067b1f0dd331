//! The program's own sections of the configuration file.

use inventry_client::sync::{FollowCorrections, InventryConfig, PersonalField};
use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::events::EventSettings;
use sync_service::ConfigFault;
use timeware_model::{EmployeeField, Profile, Settings, TimewareConfig};

use crate::attendance::config::{Events, RemovalsConfig, RemovalsSchema, Switch};

/// Everything but the shared sections.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The InVentry installation.
    pub inventry: InventryConfig,
    /// The timeware database.
    #[serde(default)]
    pub timeware: TimewareConfig,
    /// Personnel of InVentry, who become people of timeware. InVentry leads, always.
    #[serde(default)]
    pub people: People,
    /// Departments of InVentry, which become values of a timeware grouping.
    #[serde(default)]
    pub departments: Switch,
    /// Devices of InVentry, which become suspended terminals.
    #[serde(default)]
    pub devices: Switch,
    /// Sign-ins and sign-outs, which become bookings.
    #[serde(default)]
    pub events: Events,
}

/// The section `[people]`. Personal fields are named by `fields_on` of `[inventry]`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct People {
    /// Whether people take part.
    pub enabled: bool,
    /// What happens to people who are gone, not enabled or have left; they become leavers if left out.
    #[schemars(with = "Option<RemovalsSchema>")]
    pub removals: Option<RemovalsConfig>,
}

impl Config {
    /// timeware's section with the personal fields that are switched on for InVentry.
    pub fn timeware(&self) -> TimewareConfig {
        let mut timeware = self.timeware.clone();
        timeware.personal_fields.extend(self.inventry.fields_on.iter().filter_map(|field| employee_field(*field)));
        timeware.moves_bookings = self.follows_corrections();
        timeware
    }

    /// Bookings can be replaced in the inlet alone, which one of timeware's profiles has.
    pub(super) fn corrections_fault(&self) -> Option<ConfigFault> {
        let staged = Settings::new(self.timeware()).is_ok_and(|settings| settings.profile() == Profile::Staged);
        (self.follows_corrections() && !staged).then(|| {
            let what = "needs the inlet for bookings, which profile twork does without";
            ConfigFault::new("inventry.follow_corrections", what, "Write profile = \"staged\" in [timeware], or report")
        })
    }

    fn follows_corrections(&self) -> bool {
        self.inventry.follow_corrections == FollowCorrections::WhileUnprocessed
    }

    /// What the engine is told about events: InVentry's rules of what counts, and the limits of `[events]`.
    pub(super) fn event_settings(&self) -> EventSettings {
        let limits = self.events.settings();
        EventSettings {
            repeat_window: limits.repeat_window,
            max_age: limits.max_age,
            waiting_max: limits.waiting_max,
            ..self.inventry.event_settings()
        }
    }
}

fn employee_field(field: PersonalField) -> Option<EmployeeField> {
    match field {
        PersonalField::Title => Some(EmployeeField::Title),
        PersonalField::DateOfBirth => Some(EmployeeField::DateOfBirth),
        PersonalField::Gender => Some(EmployeeField::Gender),
        PersonalField::VehicleRegistration => Some(EmployeeField::VehicleRegistration),
        PersonalField::Address => Some(EmployeeField::Address),
        PersonalField::PostCode => Some(EmployeeField::PostCode),
        PersonalField::Email => Some(EmployeeField::EmailAddress),
        PersonalField::Mobile => Some(EmployeeField::MobileNumber),
        // A field that this version does not know cannot be mapped.
        _ => None,
    }
}

impl Default for People {
    fn default() -> Self {
        Self { enabled: true, removals: None }
    }
}
