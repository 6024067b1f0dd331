use std::fmt;

use serde_json::Value;

use crate::event_types::{EventSubType, EventType};
use crate::id::{DoorGroupId, DoorId, EventId, IoBoardId, PeripheralId, UserId};
use crate::json::{FromJson, Object, Shape, readable};
use crate::text::TokenValue;
use crate::time::ServerTime;

/// An event of the log.
///
/// Events get their number when the server receives them: one that a controller delivers late has a new number and an
/// old time.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// Its number.
    pub id: EventId,
    /// When it happened.
    pub time: ServerTime,
    /// What happened.
    pub event_type: EventType,
    /// More about it.
    pub sub_type: EventSubType,
    /// The text for people, in the server's language.
    pub description: Option<String>,
    /// Details for people, in the server's language.
    pub details: Option<String>,
    /// Name of the device.
    pub device_name: Option<String>,
    /// The door.
    pub door: Option<DoorId>,
    /// The reader.
    pub peripheral: Option<PeripheralId>,
    /// The token; there may be one although a PIN was used.
    pub card: Option<TokenValue>,
    /// The user; `None` for nobody.
    pub user: Option<UserId>,
    /// First name of the user at that time.
    pub first_name: Option<String>,
    /// Middle name of the user at that time.
    pub middle_name: Option<String>,
    /// Last name of the user at that time.
    pub surname: Option<String>,
    /// Priority.
    pub priority: Option<i64>,
    /// The event it belongs to.
    pub linked_event: Option<EventId>,
    /// The board.
    pub io_board: Option<IoBoardId>,
    /// The door group.
    pub door_group: Option<DoorGroupId>,
    /// The device has been deleted since.
    pub device_deleted: bool,
}

impl Event {
    /// Whether somebody who guesses leaves this behind: see [`EventType::is_guess`].
    pub const fn is_guess(&self) -> bool {
        self.event_type.is_guess(self.sub_type, self.user.is_some())
    }

    /// The token that was shown and that nobody owns.
    pub fn unknown_token(&self) -> Option<&TokenValue> {
        let token = matches!(self.event_type, EventType::DENIED_TOKEN | EventType::TOKEN_NOT_VALID);
        let unknown = self.sub_type == EventSubType::TOKEN_UNKNOWN || (token && self.user.is_none() && self.is_guess());
        self.card.as_ref().filter(|_| unknown)
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("id", &self.id)
            .field("time", &self.time)
            .field("event_type", &self.event_type)
            .field("sub_type", &self.sub_type)
            .field("door", &self.door)
            .finish_non_exhaustive()
    }
}

impl FromJson for Event {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        Ok(Self {
            id: object.required("id")?,
            time: object.required("eventTime")?,
            event_type: object.required("eventType")?,
            sub_type: object.or_default("eventSubType")?,
            description: object.optional("eventDescription")?,
            details: object.optional("eventDetails")?,
            device_name: object.optional("deviceName")?,
            door: object.optional::<DoorId>("address")?.filter(|door| door.get() != 0),
            peripheral: object.optional("peripheralID")?,
            card: object.optional::<TokenValue>("cardNo")?.filter(|card| !matches!(card.as_str(), "" | "0")),
            user: object.optional::<UserId>("userID")?.filter(|user| user.get() != 0),
            first_name: object.optional("firstName")?,
            middle_name: object.optional("middleName")?,
            surname: object.optional("surname")?,
            priority: object.optional("priority")?,
            linked_event: object.optional("linkedEvent")?,
            io_board: object.optional("ioBoardID")?,
            door_group: object.optional("doorGroupID")?,
            device_deleted: object.or_default("deviceDeleted")?,
        })
    }
}

/// A token shown to a reader that nobody owns.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownToken {
    /// The token.
    pub token: TokenValue,
    /// When it was shown.
    pub time: Option<ServerTime>,
    /// Where: the name of the reader or device.
    pub place: Option<String>,
}

impl FromJson for UnknownToken {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        let token = object.first_of(&["tokenNumber", "cardNo"])?;
        Ok(Self {
            token: token.map_or_else(|| object.required("tokenNumber"), Ok)?,
            time: object.first_of(&["eventDate", "eventTime"])?,
            place: object.first_of(&["where", "deviceName"])?,
        })
    }
}

readable!(Event, UnknownToken);
