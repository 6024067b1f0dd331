//! What makes a type an entity of the engine.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Field;

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EntityKind {
    /// What a person may enter: access level, access group, terminal policy.
    AccessPolicy,
    /// A booking of a room or desk.
    Booking,
    /// A department or grouping.
    Department,
    /// A door, reader, terminal or kiosk.
    Device,
    /// A group of devices.
    DeviceGroup,
    /// A user, badge holder, cardholder or employee.
    Person,
}

/// A record type whose fields the engine can compare, map and explain through one static table.
pub trait Entity: Clone + fmt::Debug + Default + Send + Sync + 'static {
    /// The kind.
    const KIND: EntityKind;
    /// Whether the record gives anybody access, so that nothing is given back on a doubt.
    const CARRIES_RIGHTS: bool;

    /// The table of its fields; the order is the order of plans and reports.
    fn fields() -> &'static [Field<Self>];

    /// What a report calls this record, such as a person's name.
    fn title(&self) -> String;

    /// The field of that name.
    fn field(name: &str) -> Option<&'static Field<Self>> {
        Self::fields().iter().find(|field| field.name == name)
    }
}

impl EntityKind {
    /// Its name in configuration, reports and stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessPolicy => "access_policy",
            Self::Booking => "booking",
            Self::Department => "department",
            Self::Device => "device",
            Self::DeviceGroup => "device_group",
            Self::Person => "person",
        }
    }
}

impl fmt::Display for EntityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EntityKind {
    type Err = UnknownEntity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::AccessPolicy, Self::Booking, Self::Department, Self::Device, Self::DeviceGroup, Self::Person]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownEntity(text.to_owned()))
    }
}

/// The text names no kind of record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no kind of record is called {0:?}")]
pub struct UnknownEntity(String);
