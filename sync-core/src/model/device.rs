//! Doors, readers and terminals.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::field::field_table;
use super::{Direction, Entity, EntityKind, Field, Known, RefKey};

/// A door, reader, terminal or kiosk.
///
/// The name follows its source. Kind, direction, suspension and the time from which events count belong to the
/// administrator of the attendance side: a source of doors leaves them `Unknown`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// Its name.
    pub name: Known<String>,
    /// What its events become.
    pub kind: Known<DeviceKind>,
    /// Which way people pass it.
    pub direction: Known<Direction>,
    /// A suspended device gives no events.
    pub suspended: Known<bool>,
    /// Events before this instant do not count.
    pub take_from: Known<DateTime<Utc>>,
}

/// A named set of devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceGroup {
    /// Its name.
    pub name: Known<String>,
    /// Its members, of the same endpoint.
    pub devices: Known<BTreeSet<RefKey>>,
}

/// What the events of a device become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeviceKind {
    /// Access records only.
    Access,
    /// Attendance bookings.
    Attendance,
    /// Watches a fire alarm; gives no bookings.
    FireAlarm,
    /// Marks people safe during a roll call; gives no bookings.
    Muster,
    /// A kind we do not know: listed, never read, never changed.
    Other,
}

impl Entity for Device {
    const KIND: EntityKind = EntityKind::Device;
    const CARRIES_RIGHTS: bool = false;

    /// Only what one side may take over from the other; the administrator's settings are not synchronised.
    fn fields() -> &'static [Field<Self>] {
        field_table!(Device { name [identity] })
    }

    fn title(&self) -> String {
        self.name.value().cloned().unwrap_or_default()
    }
}

impl Entity for DeviceGroup {
    const KIND: EntityKind = EntityKind::DeviceGroup;
    const CARRIES_RIGHTS: bool = false;

    fn fields() -> &'static [Field<Self>] {
        field_table!(DeviceGroup { name [identity], devices [] })
    }

    fn title(&self) -> String {
        self.name.value().cloned().unwrap_or_default()
    }
}

impl DeviceKind {
    /// Its name in configuration and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Attendance => "attendance",
            Self::FireAlarm => "fire_alarm",
            Self::Muster => "muster",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for DeviceKind {
    type Err = UnknownDeviceKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Access, Self::Attendance, Self::FireAlarm, Self::Muster]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownDeviceKind(text.to_owned()))
    }
}

/// The text names no kind of device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no kind of device is called {0:?}; there are access, attendance, fire_alarm and muster")]
pub struct UnknownDeviceKind(String);
