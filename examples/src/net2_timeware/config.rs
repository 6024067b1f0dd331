//! The program's own sections of the configuration file.

use net2_client::sync::Net2Config;
use schemars::JsonSchema;
use serde::Deserialize;
use timeware_model::{EmployeeField, TimewareConfig};

use crate::attendance::config::{Events, Leading, RemovalsConfig, RemovalsSchema, Switch};

/// Everything but the shared sections.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The Net2 server.
    pub net2: Net2Config,
    /// The timeware database.
    #[serde(default)]
    pub timeware: TimewareConfig,
    /// People.
    #[serde(default)]
    pub people: People,
    /// Departments of Net2 and values of a timeware grouping.
    #[serde(default)]
    pub departments: Departments,
    /// Access levels of Net2 and terminal policies of timeware.
    #[serde(default)]
    pub policies: Policies,
    /// Doors of Net2, which become suspended terminals.
    #[serde(default)]
    pub doors: Switch,
    /// Door groups of Net2, which become terminal groups.
    #[serde(default)]
    pub door_groups: Switch,
    /// Events of Net2, which become bookings.
    #[serde(default)]
    pub events: Events,
}

/// The section `[people]`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct People {
    /// Which side leads.
    pub direction: Direction,
    /// Personal fields to take over besides name, number, department, policy and cards.
    pub fields: Vec<PersonalField>,
    /// What happens to people who are gone, inactive or have left; the usual for the direction if left out.
    #[schemars(with = "Option<RemovalsSchema>")]
    pub removals: Option<RemovalsConfig>,
}

/// The section `[departments]`.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Departments {
    /// Which side leads.
    pub direction: DepartmentDirection,
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
    /// Net2 leads, timeware follows.
    #[default]
    #[serde(rename = "net2-to-timeware")]
    Net2ToTimeware,
    /// timeware leads, Net2 follows.
    #[serde(rename = "timeware-to-net2")]
    TimewareToNet2,
    /// Not synchronised.
    Off,
}

/// Which side leads for departments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "there are two sides")]
pub enum DepartmentDirection {
    /// Whichever side changed a name wins, Net2 if both did; nothing is deleted.
    #[default]
    Both,
    /// Net2 leads.
    #[serde(rename = "net2-to-timeware")]
    Net2ToTimeware,
    /// timeware leads.
    #[serde(rename = "timeware-to-net2")]
    TimewareToNet2,
    /// Not synchronised.
    Off,
}

/// A personal field that nobody's attendance needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "the fields that both sides have")]
pub enum PersonalField {
    /// E-mail address.
    Email,
    /// Mobile telephone.
    Mobile,
    /// Post code.
    PostCode,
    /// Car registration.
    VehicleRegistration,
    /// PIN for keypads.
    Pin,
}

impl Config {
    /// timeware's section with the personal fields that the section `[people]` asks for.
    pub fn timeware(&self) -> TimewareConfig {
        let mut timeware = self.timeware.clone();
        timeware.personal_fields.extend(self.people.fields.iter().filter_map(|field| field.employee_field()));
        timeware
    }
}

impl Direction {
    pub(super) fn leading(self) -> Leading {
        match self {
            Self::Net2ToTimeware => Leading::Source,
            Self::TimewareToNet2 => Leading::Timeware,
            Self::Off => Leading::Neither,
        }
    }
}

impl PersonalField {
    /// Its name in the engine's table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Mobile => "mobile",
            Self::PostCode => "post_code",
            Self::VehicleRegistration => "vehicle_registration",
            Self::Pin => "pin",
        }
    }

    fn employee_field(self) -> Option<EmployeeField> {
        match self {
            Self::Email => Some(EmployeeField::EmailAddress),
            Self::Mobile => Some(EmployeeField::MobileNumber),
            Self::PostCode => Some(EmployeeField::PostCode),
            Self::VehicleRegistration => Some(EmployeeField::VehicleRegistration),
            Self::Pin => None,
        }
    }
}
