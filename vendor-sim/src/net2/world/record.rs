//! The records of the site.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A licence for the web API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Licence {
    /// The secret that goes with it, where it has one.
    pub secret: Option<String>,
    /// It was put in place after the last start and does not count yet.
    pub waits_for_restart: bool,
}

/// Somebody who may sign in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Operator {
    /// First name.
    pub first_name: Option<String>,
    /// Surname.
    pub surname: Option<String>,
    /// What is sent as `username`.
    pub display_name: String,
    /// Password.
    pub password: String,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "the record has these flags")]
pub struct User {
    /// Id, given by the server.
    pub id: i64,
    /// Listed by the server; `false` once deleted or retired.
    pub active: bool,
    /// First name.
    pub first_name: Option<String>,
    /// Middle name.
    pub middle_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// End of validity, local time.
    pub expiry: Option<NaiveDateTime>,
    /// Begin of validity, local time.
    pub activation: Option<NaiveDateTime>,
    /// PIN.
    pub pin: Option<String>,
    /// Telephone.
    pub telephone: Option<String>,
    /// Extension.
    pub extension: Option<String>,
    /// Fax.
    pub fax: Option<String>,
    /// Obeys anti-passback.
    pub anti_passback: bool,
    /// May arm the intruder alarm.
    pub alarm_user: bool,
    /// Exempt from lockdown.
    pub lockdown_exempt: bool,
    /// Department, 0 for none.
    pub department: i64,
    /// Access levels.
    pub levels: Vec<i64>,
    /// Permissions beside the levels.
    pub individual: Vec<IndividualPermission>,
    /// Tokens.
    pub tokens: Vec<Token>,
    /// Custom fields by number.
    pub fields: BTreeMap<i64, String>,
    /// Portrait, base64.
    pub image: Option<String>,
    /// Area entered last.
    pub last_area: Option<i64>,
    /// When it was entered.
    pub last_access: Option<DateTime<Utc>>,
    /// Keys put over what the API shows for this user, to make a malformed record.
    pub overlay: Map<String, Value>,
}

impl Default for User {
    fn default() -> Self {
        Self {
            id: 0,
            active: true,
            first_name: None,
            middle_name: None,
            last_name: None,
            expiry: None,
            activation: None,
            pin: None,
            telephone: None,
            extension: None,
            fax: None,
            anti_passback: false,
            alarm_user: false,
            lockdown_exempt: false,
            department: 0,
            levels: Vec::new(),
            individual: Vec::new(),
            tokens: Vec::new(),
            fields: BTreeMap::new(),
            image: None,
            last_area: None,
            last_access: None,
            overlay: Map::new(),
        }
    }
}

impl User {
    /// First and last name with a blank.
    pub fn name(&self) -> String {
        [&self.first_name, &self.last_name].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ")
    }
}

/// A permission for one area.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IndividualPermission {
    /// Area.
    pub area: i64,
    /// Timezone.
    pub timezone: i64,
}

/// A card, fob or number plate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Token {
    /// Id of the record; 0 is valid.
    pub id: i64,
    /// Type name.
    pub token_type: String,
    /// Card number or plate.
    pub token_value: String,
    /// Barred.
    pub is_lost: bool,
}

/// A department.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Department {
    /// Id.
    pub id: i64,
    /// Name.
    pub name: String,
}

/// An access level.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccessLevel {
    /// Id.
    pub id: i64,
    /// Name.
    pub name: String,
    /// Where and when.
    pub rows: Vec<Row>,
}

/// One row of an access level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Row {
    /// Area.
    pub area: i64,
    /// Timezone.
    pub timezone: i64,
}

/// A reader side of a door.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Area {
    /// Id.
    pub id: i64,
    /// Name.
    pub name: String,
}

/// Several areas.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AreaGroup {
    /// Id.
    pub id: i64,
    /// Name.
    pub name: String,
    /// Areas in it.
    pub areas: Vec<i64>,
}

/// A weekly pattern.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timezone {
    /// Id.
    pub id: i64,
    /// Name.
    pub name: String,
    /// Slots of time.
    pub slots: Vec<Slot>,
}

/// One span of one day kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Slot {
    /// Id.
    pub id: i64,
    /// 1 Sunday to 7 Saturday, above that custom days.
    pub day: i64,
    /// `HH:mm`.
    pub start: String,
    /// `HH:mm`.
    pub end: String,
}

/// A door controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "the status has these flags")]
pub struct Door {
    /// Serial number of the controller.
    pub id: i64,
    /// Name.
    pub name: String,
    /// Group, 0 for none.
    pub group: i64,
    /// Area behind the entry reader.
    pub area_in: i64,
    /// Area behind the exit reader.
    pub area_out: i64,
    /// Entry reader.
    pub reader_in: i64,
    /// Exit reader.
    pub reader_out: i64,
    /// Configured open time in milliseconds.
    pub open_time_ms: i64,
    /// Controller type.
    pub kind: i64,
    /// Relay energised.
    pub relay_open: bool,
    /// Held open until closed.
    pub held: bool,
    /// Contact closed; `None` for locks that cannot tell.
    pub contact_closed: Option<bool>,
    /// Alarm.
    pub alarm_tripped: bool,
    /// Intruder alarm armed.
    pub intruder_armed: bool,
    /// Power supply good.
    pub psu_closed: bool,
    /// No tamper.
    pub tamper_closed: bool,
    /// How often the relay was switched on.
    pub pulses: i64,
}

impl Default for Door {
    fn default() -> Self {
        Self {
            id: 0,
            name: String::new(),
            group: 0,
            area_in: 0,
            area_out: 0,
            reader_in: 0,
            reader_out: 0,
            open_time_ms: 7000,
            kind: 3,
            relay_open: false,
            held: false,
            contact_closed: Some(true),
            alarm_tripped: false,
            intruder_armed: false,
            psu_closed: true,
            tamper_closed: true,
            pulses: 0,
        }
    }
}

/// Several doors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DoorGroup {
    /// Id.
    pub id: i64,
    /// Name.
    pub name: String,
}

/// Definition of a custom field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomField {
    /// Number.
    pub id: i64,
    /// Name as this site calls it.
    pub name: String,
    /// Most characters, 0 for no limit.
    pub max_length: usize,
}

/// One line of the event log.
///
/// `World::put_event` fills in what is left out: id, time, names of user and device, priority.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Event {
    /// Id; 0 asks for the next.
    pub id: i64,
    /// When it happened; the epoch stands for now.
    pub time: DateTime<Utc>,
    /// Type number.
    pub event_type: i64,
    /// Sub-type number.
    pub sub_type: i64,
    /// Text, where it is not the usual one.
    pub description: Option<String>,
    /// Details.
    pub details: Option<String>,
    /// Device.
    pub device_name: Option<String>,
    /// Door.
    pub address: Option<i64>,
    /// Reader.
    pub peripheral: Option<i64>,
    /// Sub-address: 1 entry, 2 exit.
    pub sub_address: Option<i64>,
    /// Card number.
    pub card_no: Option<i64>,
    /// User.
    pub user_id: Option<i64>,
    /// First name at that time.
    pub first_name: Option<String>,
    /// Middle name at that time.
    pub middle_name: Option<String>,
    /// Surname at that time.
    pub surname: Option<String>,
    /// Priority.
    pub priority: Option<i64>,
    /// Event this one belongs to.
    pub linked_event: Option<i64>,
    /// IO board.
    pub io_board: Option<i64>,
    /// Door group.
    pub door_group: Option<i64>,
    /// The device is gone.
    pub device_deleted: bool,
    /// The alarm was acknowledged.
    pub acknowledged: bool,
}

/// A roll call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RollCall {
    /// Id.
    pub id: i64,
    /// Name.
    pub name: String,
    /// Who has to be found.
    pub users: Vec<i64>,
    /// Who is safe, and the number of that mark.
    pub safe: BTreeMap<i64, i64>,
}

/// An IO board.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IoBoard {
    /// Id.
    pub id: i64,
    /// Name.
    pub name: String,
    /// Inputs that are pressed, by number.
    pub inputs: BTreeMap<i64, bool>,
    /// Outputs that are energised, by number.
    pub outputs: BTreeMap<i64, bool>,
}
