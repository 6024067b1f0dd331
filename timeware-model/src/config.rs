//! The section `[timeware]` of a configuration file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::contract::Table;
use crate::employee::EmployeeField;
use crate::server::SqlServerConfig;
use crate::transform::TransformSpec;

/// The section `[timeware]`; every key may be left out.
///
/// Names and codes of a site are given here too (`tables`, `columns`, `enums` …), so that the same section describes a
/// database whose columns are called otherwise. [`crate::Settings::new`] checks it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a line of its own in the file, or says what a program does")]
pub struct TimewareConfig {
    /// Which store: `embedded` (a SQLite file) or `sqlserver`.
    pub store: StoreKind,
    /// File of the embedded store.
    pub path: PathBuf,
    /// How bookings are written; default `twork` for the embedded store, `staged` for SQL Server.
    pub profile: Option<Profile>,
    /// Allows profile `twork` on a live timeware database.
    pub allow_direct_twork: bool,
    /// Profile `staged`: also writes the original booking with seconds.
    pub archive: bool,
    /// Zone of terminals that have none of their own, as IANA name.
    pub time_zone: String,
    /// Grouping that takes the department, 1 to 10; 0 = off.
    pub department_grouping: u8,
    /// Whether the program moves bookings in the inlet whose events were changed afterwards: it needs the right to. No key of
    /// a file, since the source's section says it.
    #[serde(skip)]
    pub moves_bookings: bool,
    /// Name of the status of current people.
    pub status_current: String,
    /// Name of the status of leavers.
    pub status_leaver: String,
    /// First number for new terminals, at least 10000.
    pub terminal_number_from: i64,
    /// Last number for new terminals.
    pub terminal_number_to: i64,
    /// Kind of a new, suspended terminal.
    pub default_kind: DefaultKind,
    /// How changes of people are found.
    pub change_feed: ChangeFeed,
    /// Minutes between full scans where `change_feed` is `tevent_update`.
    pub full_scan_minutes: u32,
    /// Tells the site's own terminals about changed people; default on in `staged`, off in `twork`.
    pub notify_hardware: Option<bool>,
    /// Releases of the database that may be written.
    pub supported_versions: String,
    /// A release outside `supported_versions` that somebody has confirmed.
    pub confirmed_version: Option<u32>,
    /// Prefix of the tables of ours.
    pub own_prefix: String,
    /// Events older than this many days wait for a decision.
    pub max_age_days: u32,
    /// Minutes within which a repeated direction is only reported; 0 = off.
    pub direction_gap_minutes: u32,
    /// Fills the rights text of policies that are made here.
    pub write_policy_data: bool,
    /// Value of `source` in bookings.
    pub booking_source: i64,
    /// Particles that belong to the last name.
    pub name_particles: Option<Vec<String>>,
    /// Personal fields that are switched on; all of them are off otherwise.
    pub personal_fields: BTreeSet<EmployeeField>,
    /// Personal fields that an empty source value clears.
    pub authoritative: BTreeSet<EmployeeField>,
    /// Logical table name = real name.
    pub tables: BTreeMap<Table, String>,
    /// Logical column name = real name, per table; `""` = this site has no such column.
    pub columns: BTreeMap<Table, BTreeMap<String, String>>,
    /// Where SQL Server is, for `store = "sqlserver"`.
    pub sqlserver: SqlServerConfig,
    /// Where the values of the groupings stand.
    pub groupings: GroupingsConfig,
    /// Codes.
    pub enums: EnumsConfig,
    /// Values written on insert besides the mapped columns, per table.
    pub constants: BTreeMap<Table, BTreeMap<String, Constant>>,
    /// Functions between a value and its column, per table; only `employee` has any.
    pub transform: BTreeMap<Table, BTreeMap<String, Vec<TransformSpec>>>,
}

impl Default for TimewareConfig {
    fn default() -> Self {
        Self {
            store: StoreKind::Embedded,
            path: PathBuf::from("timeware.db"),
            profile: None,
            allow_direct_twork: false,
            archive: true,
            time_zone: "Europe/London".to_owned(),
            department_grouping: 1,
            moves_bookings: false,
            status_current: "Current".to_owned(),
            status_leaver: "Leaver".to_owned(),
            terminal_number_from: 20_000,
            terminal_number_to: 29_999,
            default_kind: DefaultKind::Access,
            change_feed: ChangeFeed::Scan,
            full_scan_minutes: 60,
            notify_hardware: None,
            supported_versions: ">=18, <=27".to_owned(),
            confirmed_version: None,
            own_prefix: "bridge_".to_owned(),
            max_age_days: 31,
            direction_gap_minutes: 0,
            write_policy_data: false,
            booking_source: 0,
            name_particles: None,
            personal_fields: BTreeSet::new(),
            authoritative: BTreeSet::new(),
            tables: BTreeMap::new(),
            columns: BTreeMap::new(),
            sqlserver: SqlServerConfig::default(),
            groupings: GroupingsConfig::default(),
            enums: EnumsConfig::default(),
            constants: BTreeMap::new(),
            transform: BTreeMap::new(),
        }
    }
}

/// Where the data stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum StoreKind {
    /// A SQLite file of this crate.
    Embedded,
    /// The product's own database.
    SqlServer,
}

/// How bookings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Profile {
    /// Into the inlets that the product reads.
    Staged,
    /// Straight into `twork`, the data sheets taken literally.
    Twork,
}

/// Kind of a new terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DefaultKind {
    /// Access control device.
    Access,
    /// Attendance device.
    Attendance,
    /// Fire alarm monitor.
    FireAlarm,
}

/// How changes of people are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChangeFeed {
    /// All people are read and compared.
    Scan,
    /// The queue that the product keeps for its terminals says who changed.
    TeventUpdate,
}

/// Where the values of the groupings stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct GroupingsConfig {
    /// The shape.
    pub kind: GroupingsKind,
    /// One table: its name. A table per grouping: its name with `{n}` where the number goes.
    pub table: Option<String>,
}

/// The shape of the groupings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GroupingsKind {
    /// One look-up table for all ten.
    #[default]
    OneTable,
    /// Ten look-up tables.
    TablePerGrouping,
    /// The person's column holds the text itself.
    TextColumn,
}

/// A value written on every insert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Constant {
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(String),
}

/// The codes of a site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct EnumsConfig {
    /// `tterminal.configuration`.
    pub configuration: ConfigurationCodes,
    /// `[type]` of bookings.
    #[serde(rename = "type")]
    pub booking_type: TypeCodes,
    /// `flag` of access rows.
    pub flag: FlagCodes,
    /// `r1_direction` and `reader_direction`.
    pub direction: DirectionCodes,
}

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident = $value:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$field_doc])* pub $field: i64,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $value,)+ }
            }
        }

        impl $name {
            pub(crate) fn all(&self) -> Vec<(&'static str, i64)> {
                vec![$((stringify!($field), self.$field),)+]
            }
        }
    };
}

codes!(
    /// Codes of the kind of a terminal.
    ConfigurationCodes {
        /// Access control device.
        access = 4,
        /// Attendance device.
        attendance = 10,
        /// Fire alarm monitor.
        fire_alarm = 14,
    }
);
codes!(
    /// Codes of the type of a booking.
    TypeCodes {
        /// Attendance.
        attendance = 1000,
        /// Access, profile `twork` only.
        access = 2000,
    }
);
codes!(
    /// Codes of the flag of an access row.
    FlagCodes {
        /// The door opened.
        granted = 1,
        /// Refused.
        denied = 3,
        /// Refused by anti-passback.
        antipassback = 5,
        /// Push button.
        exit_button = 8,
    }
);
codes!(
    /// Codes of a direction.
    DirectionCodes {
        /// None.
        none = 0,
        /// In.
        inward = 1,
        /// Out.
        outward = 2,
    }
);
