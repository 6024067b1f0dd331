//! Identifiers: one type per kind, so that a door never stands where a user is wanted.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::json::{FromJson, Shape};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        ///
        /// Zero is an ordinary value. Reading accepts a number or its text; writing gives a number.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// Takes the number as it is.
            pub const fn new(value: i64) -> Self {
                Self(value)
            }

            /// The number.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl From<i64> for $name {
            fn from(value: i64) -> Self {
                Self(value)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, ParseIntError> {
                text.trim().parse().map(Self)
            }
        }

        impl FromJson for $name {
            fn from_json(value: Value) -> Result<Self, Shape> {
                i64::from_json(value).map(Self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::json::deserialize(deserializer)
            }
        }
    )+};
}

ids! {
    /// A user of Net2; operators are users too, and 0 is the built-in System engineer.
    UserId
    /// A door, which is the serial number of its control unit (`address` and `deviceId` in events).
    DoorId
    /// A group of doors.
    DoorGroupId
    /// A department; 0 means none.
    DepartmentId
    /// An access level; 0 means no access.
    AccessLevelId
    /// An area: the space that one reader of a door leads to.
    AreaId
    /// A group of areas.
    AreaGroupId
    /// A timezone: a weekly pattern of hours.
    TimezoneId
    /// One slot of a timezone.
    TimeslotId
    /// A kind of day in timezones; see [`crate::timezones::DayKind`].
    DayId
    /// The record of a token (card, fob, plate); real servers issue 0 as well.
    TokenId
    /// One of the custom fields of users.
    CustomFieldId
    /// An event in the log; grows with every event the server receives.
    EventId
    /// A reader or another peripheral.
    PeripheralId
    /// A roll call report.
    RollCallId
    /// A record of somebody being marked safe in a roll call.
    SafeRecordId
    /// An input and output board.
    IoBoardId
}

impl DepartmentId {
    /// "In no department".
    pub const NONE: Self = Self(0);
}

impl UserId {
    /// The built-in operator `System engineer`; never created, changed or removed.
    pub const SYSTEM_ENGINEER: Self = Self(0);
}

impl AccessLevelId {
    /// "No access".
    pub const NONE: Self = Self(0);

    /// Whether the level is the private one of a single user and so never a choice for others.
    pub const fn is_private(self) -> bool {
        self.0 > 10_000_000
    }
}

impl TimezoneId {
    /// No hours at all; on a row of an access level it takes the area away.
    pub const NONE: Self = Self(0);
    /// Every hour of every day.
    pub const ALWAYS: Self = Self(1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_survives_json_and_text(number: i64) {
            let id = UserId::new(number);
            let json = serde_json::to_string(&id).unwrap();
            prop_assert_eq!(serde_json::from_str::<UserId>(&json).unwrap(), id);
            prop_assert_eq!(serde_json::from_str::<UserId>(&format!("\"{number}\"")).unwrap(), id);
            prop_assert_eq!(id.to_string().parse::<UserId>().unwrap(), id);
        }
    }

    #[test]
    fn a_private_level_is_told_from_a_shared_one() {
        assert!(!AccessLevelId::new(10_000_000).is_private());
        assert!(AccessLevelId::new(10_000_001).is_private());
    }
}
