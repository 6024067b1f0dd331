use std::fmt;

use serde_json::Value;

use crate::doors::DoorStatus;
use crate::event_types::{EventSubType, EventType};
use crate::events::Event;
use crate::id::{DoorId, RollCallId, UserId};
use crate::json::{FromJson, Object, Shape, readable};
use crate::text::TokenValue;
use crate::time::{self, ServerTime};

/// Something happened. It has no number: [`LiveEvent::is_about`] finds it again in the event log.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct LiveEvent {
    /// When.
    pub time: Option<ServerTime>,
    /// What.
    pub event_type: EventType,
    /// More about it.
    pub sub_type: EventSubType,
    /// Kind of token.
    pub token_type: Option<LiveTokenType>,
    /// The token.
    pub token: Option<TokenValue>,
    /// The user; `None` for nobody.
    pub user: Option<UserId>,
    /// The user's name in whatever order the server likes: never take it apart, look the user up.
    pub user_name: Option<String>,
    /// The door.
    pub door: Option<DoorId>,
    /// The area.
    pub area_name: Option<String>,
    /// Details, in the server's language.
    pub details: Option<String>,
    /// A word of the server's own.
    pub notification_type: Option<String>,
}

/// The kind of a token, by number or by name as the server likes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LiveTokenType {
    /// By number.
    Number(i64),
    /// By name.
    Name(String),
}

/// A door was locked or unlocked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DoorEvent {
    /// The door.
    pub door: DoorId,
    /// It is locked now.
    pub locked: Option<bool>,
    /// A word of the server's own.
    pub state: Option<String>,
}

/// A door reports its contacts and alarms.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DoorStatusEvent {
    /// The door.
    pub door: DoorId,
    /// A word of the server's own.
    pub notification_type: Option<String>,
    /// What it reports.
    pub status: Option<DoorStatus>,
}

/// Something about a roll call.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RollCallEvent {
    /// The roll call.
    pub roll_call: Option<RollCallId>,
    /// A word of the server's own.
    pub kind: Option<String>,
    /// Somebody who arrived at the muster point.
    pub mustered: Option<UserId>,
    /// Somebody who was marked safe.
    pub marked_safe: Option<UserId>,
}

impl LiveEvent {
    /// Whether an event of the log is this one: same second, kind, user and door.
    pub fn is_about(&self, event: &Event) -> bool {
        let second = |time: ServerTime| time.naive().and_utc().timestamp();
        self.time.is_some_and(|time| second(time) == second(event.time))
            && (self.event_type, self.user, self.door) == (event.event_type, event.user, event.door)
    }
}

impl fmt::Debug for LiveEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveEvent")
            .field("time", &self.time)
            .field("event_type", &self.event_type)
            .field("sub_type", &self.sub_type)
            .field("door", &self.door)
            .finish_non_exhaustive()
    }
}

impl FromJson for LiveEvent {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        Ok(Self {
            time: time::optional(&mut object, "eventTime")?,
            event_type: object.required("eventType")?,
            sub_type: object.or_default("eventSubType")?,
            token_type: object.optional("tokenType")?,
            token: object.optional::<TokenValue>("tokenNumber")?.filter(|token| !matches!(token.as_str(), "" | "0")),
            user: object.optional::<UserId>("userId")?.filter(|user| user.get() != 0),
            user_name: object.optional("userName")?,
            door: object.optional::<DoorId>("deviceId")?.filter(|door| door.get() != 0),
            area_name: object.optional("areaName")?,
            details: object.optional("details")?,
            notification_type: object.optional("notificationType")?,
        })
    }
}

impl FromJson for LiveTokenType {
    fn from_json(value: Value) -> Result<Self, Shape> {
        match value.as_i64() {
            Some(number) => Ok(Self::Number(number)),
            None => String::from_json(value).map(Self::Name),
        }
    }
}

impl FromJson for DoorEvent {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        Ok(Self {
            door: object.required("doorId")?,
            locked: object.optional("locked")?,
            state: object.optional("state")?,
        })
    }
}

impl FromJson for DoorStatusEvent {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        Ok(Self {
            door: object.required("doorId")?,
            notification_type: object.optional("notificationType")?,
            status: object.optional("status")?,
        })
    }
}

impl FromJson for RollCallEvent {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        let user = |object: &mut Object, key| -> Result<Option<UserId>, Shape> {
            let inner = object.optional::<Object>(key)?;
            inner.map(|mut inner| inner.optional("userId")).transpose().map(Option::flatten)
        };
        Ok(Self {
            mustered: user(&mut object, "musterEventData")?,
            marked_safe: user(&mut object, "markedSafeRecordEventData")?,
            roll_call: object.optional("rollCallReportId")?,
            kind: object.optional("rollCallEventType")?,
        })
    }
}

readable!(LiveEvent, LiveTokenType, DoorEvent, DoorStatusEvent, RollCallEvent);
