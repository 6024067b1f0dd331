//! What stands around the employees: lookups, PAC's definitions, users, commands, roll call, the service.

use std::collections::BTreeSet;

use chrono::{DateTime, FixedOffset, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A code with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
}

impl Item {
    /// An item.
    pub fn new(code: &str, name: &str) -> Self {
        Self { code: code.to_owned(), name: name.to_owned() }
    }
}

/// A terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Terminal {
    /// Serial.
    pub serial: String,
    /// Number given by Astrow.
    pub number: u32,
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// `file` for terminals that exist for files and the API only.
    #[serde(rename = "type")]
    pub kind: String,
    /// Terminal groups that it belongs to.
    pub group_codes: Vec<String>,
}

/// The lists that employees and bookings refer to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lookups {
    /// Work cycles.
    pub cycles: Vec<Item>,
    /// Pay groups.
    pub pay_groups: Vec<Item>,
    /// Departments.
    pub departments: Vec<Item>,
    /// Groups of terminals.
    pub terminal_groups: Vec<Item>,
    /// Company sites.
    pub company_sites: Vec<Item>,
    /// Master codes.
    pub master_codes: Vec<Item>,
    /// Cost centres.
    pub cost_centres: Vec<Item>,
    /// Terminals.
    pub terminals: Vec<Terminal>,
}

impl Lookups {
    /// The terminal with this serial.
    pub fn terminal(&self, serial: &str) -> Option<&Terminal> {
        self.terminals.iter().find(|terminal| terminal.serial == serial)
    }
}

/// Whether a list has this code.
pub(crate) fn has(list: &[Item], code: &str) -> bool {
    list.iter().any(|item| item.code == code)
}

/// A user of Astrow.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Password.
    pub password: String,
    /// Permissions; `api.connect` lets the user connect by API.
    pub permissions: BTreeSet<String>,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("permissions", &self.permissions).finish_non_exhaustive()
    }
}

/// An access group of PAC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessGroup {
    /// PAC's number.
    pub id: u32,
    /// Name.
    pub name: String,
    /// Whether new persons get it.
    #[serde(default)]
    pub default: bool,
    /// Whether it is in use.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn yes() -> bool {
    true
}

/// A controller of PAC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Controller {
    /// PAC's number.
    pub id: u32,
    /// Name.
    pub name: String,
    /// Model.
    #[serde(default)]
    pub model: Option<String>,
    /// Serial.
    #[serde(default)]
    pub serial: Option<String>,
}

/// A reader of PAC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reader {
    /// PAC's number.
    pub id: u32,
    /// Name.
    pub name: String,
    /// Number of its controller.
    #[serde(default)]
    pub controller: Option<u32>,
    /// Number of its door.
    #[serde(default)]
    pub door: Option<u32>,
    /// Name of its door.
    #[serde(default)]
    pub door_name: Option<String>,
    /// `in`, `out` or `none`.
    #[serde(default)]
    pub direction: Option<String>,
}

/// What PAC told of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Definitions {
    /// PAC's mark of this state.
    #[serde(default)]
    pub etag: Option<String>,
    /// Access groups.
    pub access_groups: Vec<AccessGroup>,
    /// Controllers.
    pub controllers: Vec<Controller>,
    /// Readers.
    pub readers: Vec<Reader>,
}

/// What Astrow knows of a reader beyond PAC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReaderSettings {
    /// PAC's number of the reader.
    pub reader_id: u32,
    /// Code of the company site.
    pub company_site: Option<String>,
    /// Whether a swipe confirms a person as safe while a roll call runs.
    pub confirm_roll_call: bool,
    /// Serials of the terminals that stand for the reader.
    pub terminal_serials: Vec<String>,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CommandState {
    /// Nobody fetched it so far.
    #[default]
    Waiting,
    /// Handed out.
    Fetched,
    /// Being carried out.
    InProgress,
    /// Carried out.
    Done,
    /// Not carried out.
    Failed,
}

/// A command for PAC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Command {
    /// Id.
    pub id: Uuid,
    /// `door-open`.
    pub kind: String,
    /// PAC's number of the reader.
    pub reader_id: u32,
    /// Who wants it.
    pub requested_by: String,
    /// Since when.
    pub requested_at: DateTime<Utc>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
    /// What became of it.
    pub state: CommandState,
    /// All states that were reported, with their messages.
    pub reports: Vec<(CommandState, Option<String>)>,
}

/// A running roll call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RollCall {
    /// Id.
    pub id: String,
    /// Since when.
    pub started_at: DateTime<Utc>,
    /// Company sites; none: all.
    pub sites: Vec<String>,
}

/// Somebody was seen safe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SafeConfirmation {
    /// Roll call.
    pub roll_call_id: String,
    /// Employee.
    pub pers_no: u32,
    /// Reader.
    pub reader_id: u32,
    /// When.
    pub at: DateTime<FixedOffset>,
}

/// A sign of life of the bridge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Heartbeat {
    /// Which bridge.
    pub instance: String,
    /// Its version.
    pub version: String,
    /// Since when it runs.
    pub started_at: DateTime<FixedOffset>,
    /// Whether it reaches PAC.
    pub pac_connected: bool,
    /// Last answer of PAC.
    #[serde(default)]
    pub last_pac_contact: Option<DateTime<FixedOffset>>,
    /// Last run.
    #[serde(default)]
    pub last_sync: Option<DateTime<FixedOffset>>,
    /// `ok`, `warning` or `error`.
    pub state: String,
    /// More words.
    #[serde(default)]
    pub message: Option<String>,
    /// When it came.
    #[serde(skip)]
    pub received: DateTime<Utc>,
}
