//! Doors and what they report about themselves.

use connector_http::{Error, get};
use serde::Serialize;
use serde_json::Value;

use crate::answer;
use crate::client::Net2Client;
use crate::commands::{DoorCommand, OpenRelay};
use crate::id::DoorId;
use crate::json::{FromJson, Object, Shape, readable};
use crate::operation::operation;
use crate::route::api;

/// A door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Door {
    /// The serial number of its control unit.
    pub id: DoorId,
    /// The name an administrator gave it.
    pub name: String,
}

/// What a door reports, with its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DoorState {
    /// The door.
    pub id: DoorId,
    /// What it reports; `None` where the server knows nothing.
    pub status: Option<DoorStatus>,
}

/// The contacts and alarms of a door; `None` where it has no such contact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DoorStatus {
    /// The relay is unlocked. No proof that a lock moved: wireless locks report this and stay shut.
    pub door_relay_open: Option<bool>,
    /// The door leaf is closed.
    pub door_contact_closed: Option<bool>,
    /// An alarm sounds.
    pub alarm_tripped: Option<bool>,
    /// The intruder alarm is armed.
    pub intruder_alarm_armed: Option<bool>,
    /// The power supply is good.
    pub psu_contact_closed: Option<bool>,
    /// Nobody tampers with it.
    pub tamper_contact_closed: Option<bool>,
}

/// All doors.
#[derive(Clone, Debug)]
pub struct Doors(pub(crate) Net2Client);

impl Doors {
    /// Lists all doors.
    ///
    /// # Errors
    /// As any read: see [`crate::ErrorKind`].
    pub async fn list(&self) -> Result<Vec<Door>, Error> {
        self.0.send(&ListDoors::new()).await
    }

    /// Reads the state of all doors.
    ///
    /// # Errors
    /// As any read: see [`crate::ErrorKind`].
    pub async fn status(&self) -> Result<Vec<DoorState>, Error> {
        self.0.send(&ListDoorStatus::new()).await
    }
}

/// One door.
#[derive(Clone, Debug)]
pub struct DoorHandle {
    pub(crate) client: Net2Client,
    pub(crate) id: DoorId,
}

impl DoorHandle {
    /// Reads the door.
    ///
    /// # Errors
    /// `NotFound` if there is no such door; else as any read.
    pub async fn get(&self) -> Result<Door, Error> {
        self.client.send(&GetDoor::new(self.id)).await
    }

    /// Opens the door for the time configured at the door itself.
    pub fn open_momentarily(&self) -> DoorCommand {
        DoorCommand::open(self.client.clone(), self.id)
    }

    /// Opens the door until it is closed by another command.
    pub fn hold_open(&self) -> DoorCommand {
        DoorCommand::hold_open(self.client.clone(), self.id)
    }

    /// Closes the door and ends a hold.
    pub fn close(&self) -> DoorCommand {
        DoorCommand::close(self.client.clone(), self.id)
    }

    /// Works one relay of the door for a given time.
    pub fn control(&self, relay: OpenRelay) -> DoorCommand {
        DoorCommand::control(self.client.clone(), self.id, relay)
    }
}

operation! {
    /// `GET /doors`.
    ListDoors {} = "net2.list_doors", Safe -> Vec<Door>;
    request(op, base) => get(api(base, &["doors"])?);
    response(parts, body) => answer::list(parts, body);
}

operation! {
    /// `GET /doors/{id}`.
    GetDoor { id: DoorId } = "net2.get_door", Safe -> Door;
    request(op, base) => get(api(base, &["doors", &op.id.to_string()])?);
    response(parts, body) => answer::record(parts, body);
}

operation! {
    /// `GET /doors/status`.
    ListDoorStatus {} = "net2.list_door_status", Safe -> Vec<DoorState>;
    request(op, base) => get(api(base, &["doors", "status"])?);
    response(parts, body) => answer::list(parts, body);
}

impl FromJson for Door {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        Ok(Self { id: object.required("id")?, name: object.or_default("name")? })
    }
}

impl FromJson for DoorState {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        Ok(Self { id: object.required("id")?, status: object.optional("status")? })
    }
}

impl FromJson for DoorStatus {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        Ok(Self {
            door_relay_open: object.optional("doorRelayOpen")?,
            door_contact_closed: object.optional("doorContactClosed")?,
            alarm_tripped: object.optional("alarmTripped")?,
            intruder_alarm_armed: object.optional("intruderAlarmArmed")?,
            psu_contact_closed: object.optional("psuContactClosed")?,
            tamper_contact_closed: object.optional("tamperContactClosed")?,
        })
    }
}

readable!(Door, DoorState, DoorStatus);
