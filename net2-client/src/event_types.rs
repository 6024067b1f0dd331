//! What happened, by number: texts of events are in the server's language and never decide anything.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::json::{FromJson, Shape, readable};

macro_rules! numbers {
    ($(#[$type_doc:meta])* $type:ident { $($(#[$doc:meta])* $name:ident = $number:literal),+ $(,)? }) => {
        $(#[$type_doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $type(i32);

        impl $type {
            $($(#[$doc])* pub const $name: Self = Self($number);)+

            /// Takes the number as it is; any number is one.
            pub const fn new(number: i32) -> Self {
                Self(number)
            }

            /// The number.
            pub const fn get(self) -> i32 {
                self.0
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let name = match self.0 {
                    $($number => stringify!($name),)+
                    _ => "unnamed",
                };
                write!(f, "{}({name})", self.0)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromJson for $type {
            fn from_json(value: Value) -> Result<Self, Shape> {
                let number = i64::from_json(value)?;
                i32::try_from(number).map(Self).map_err(|_| Shape::malformed("a number of 32 bits"))
            }
        }

        readable!($type);
    };
}

numbers! {
    /// The kind of an event. Numbers without a name here are ordinary.
    EventType {
        /// None.
        NONE = 0,
        /// A controller was reset.
        CONTROLLER_RESET = 1,
        /// A token was shown to a reader.
        TOKEN_SHOWN = 10,
        /// Access permitted.
        PERMITTED = 15,
        /// Access denied, first form.
        DENIED = 16,
        /// Access denied, second form.
        DENIED_SECOND = 17,
        /// Permitted by token.
        PERMITTED_TOKEN = 20,
        /// Permitted by token and PIN.
        PERMITTED_TOKEN_AND_PIN = 21,
        /// Permitted by token and code.
        PERMITTED_TOKEN_AND_CODE = 22,
        /// Denied, invalid token.
        DENIED_TOKEN = 23,
        /// Denied, invalid PIN.
        DENIED_PIN = 24,
        /// Denied, invalid code.
        DENIED_CODE = 25,
        /// Permitted by PIN.
        PERMITTED_PIN = 26,
        /// Permitted by code.
        PERMITTED_CODE = 27,
        /// The door opened, by its relay.
        DOOR_OPENED = 28,
        /// The door locked again.
        DOOR_RELOCKED = 29,
        /// A number plate was permitted.
        PERMITTED_PLATE = 30,
        /// A number plate was denied.
        DENIED_PLATE = 31,
        /// The door opened, second form.
        DOOR_OPENED_SECOND = 46,
        /// The door closed.
        DOOR_CLOSED = 47,
        /// The lock opened.
        LOCK_OPENED = 48,
        /// The lock closed.
        LOCK_CLOSED = 49,
        /// Permitted, but nobody opened the door.
        PERMITTED_NOT_OPENED = 61,
        /// Time and attendance.
        TIME_AND_ATTENDANCE = 70,
        /// The PIN is not valid.
        PIN_NOT_VALID = 87,
        /// The token is not valid.
        TOKEN_NOT_VALID = 88,
        /// Tamper.
        TAMPER = 90,
        /// Mains failed.
        MAINS_FAILED = 91,
        /// The door was forced.
        DOOR_FORCED = 92,
        /// The door was left open.
        DOOR_LEFT_OPEN = 93,
        /// Too many wrong codes in a row at one keypad.
        TOO_MANY_WRONG_CODES = 96,
        /// Permitted, further form.
        PERMITTED_FURTHER = 110,
        /// Denied, further form.
        DENIED_FURTHER = 111,
        /// Denied, lockdown in progress.
        DENIED_LOCKDOWN = 112,
        /// Denied, battery critical.
        DENIED_BATTERY = 114,
        /// Clocks went forward.
        CLOCKS_FORWARD = 137,
        /// Clocks went back.
        CLOCKS_BACK = 138,
        /// A controller does not answer.
        CONTROLLER_SILENT = 500,
        /// A controller is back.
        CONTROLLER_BACK = 501,
        /// A user record was changed; see the sub-type.
        USER_CHANGED = 570,
        /// Somebody asked over the network to open a door.
        OPEN_REQUESTED = 580,
    }
}

numbers! {
    /// More about an event. Numbers without a name here are ordinary.
    EventSubType {
        /// None.
        NONE = 0,
        /// The access level is not valid here and now.
        LEVEL_NOT_VALID = 20,
        /// The individual rights are not valid here and now.
        RIGHTS_NOT_VALID = 21,
        /// Nobody has this token.
        TOKEN_UNKNOWN = 22,
        /// Clocked in.
        CLOCK_IN = 30,
        /// Clocked out.
        CLOCK_OUT = 31,
        /// Anti-passback by logic.
        ANTI_PASSBACK_LOGICAL = 40,
        /// Anti-passback by time.
        ANTI_PASSBACK_TIMED = 41,
        /// Anti-passback by both.
        ANTI_PASSBACK_BOTH = 42,
        /// Anti-passback lost contact.
        ANTI_PASSBACK_LOST = 43,
        /// By an order from the network.
        NETWORK = 61,
        /// By the exit button.
        EXIT_BUTTON = 62,
        /// The token is reported lost.
        TOKEN_LOST = 72,
        /// It happened while the controller was offline.
        OFFLINE = 120,
        /// Something was added.
        ADDED = 590,
        /// Something was modified.
        MODIFIED = 591,
        /// Something was deleted.
        DELETED = 592,
    }
}

/// What an event means for access, whatever its exact number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum EventGroup {
    /// Somebody was let in.
    Granted,
    /// Somebody was refused.
    Denied,
    /// A door or lock opened.
    Opened,
    /// A door or lock closed.
    Closed,
    /// Alarms, forced doors, silent controllers, batteries.
    Trouble,
    /// Everything else.
    Other,
}

impl EventType {
    /// Which group it belongs to.
    pub const fn group(self) -> EventGroup {
        match self.0 {
            15 | 20..=22 | 26 | 27 | 30 | 110 => EventGroup::Granted,
            16 | 17 | 23..=25 | 31 | 87 | 88 | 111 | 112 | 114 => EventGroup::Denied,
            28 | 46 | 48 => EventGroup::Opened,
            29 | 47 | 49 => EventGroup::Closed,
            90..=99 | 500 | 510 | 720..=723 => EventGroup::Trouble,
            _ => EventGroup::Other,
        }
    }

    /// Whether somebody who guesses PINs, codes or token numbers leaves this behind: what was typed or shown is nobody's, or
    /// does not go with the token. Not so where the reason is the place, the time or a token that is out of use.
    ///
    /// `known` if the event names a user.
    pub const fn is_guess(self, sub_type: EventSubType, known: bool) -> bool {
        if sub_type.is_about_rights() {
            return false;
        }
        match self.0 {
            24 | 25 | 87 | 96 => true,
            16 | 17 | 23 | 88 | 111 => !known || sub_type.0 == EventSubType::TOKEN_UNKNOWN.0,
            _ => false,
        }
    }
}

impl EventSubType {
    /// Whether anti-passback was the reason.
    pub const fn is_anti_passback(self) -> bool {
        matches!(self.0, 40..=43)
    }

    /// Whether somebody who is known was refused here and now: by level, rights, anti-passback, holiday, a token that is out of
    /// use, a lockdown.
    const fn is_about_rights(self) -> bool {
        self.is_anti_passback() || matches!(self.0, 20 | 21 | 70..=72 | 131..=133)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_is_what_nobody_has_and_not_what_is_shown_at_the_wrong_time() {
        let guess = |kind, sub, known| EventType::new(kind).is_guess(EventSubType::new(sub), known);
        for kind in [24, 25, 87, 96] {
            assert!(guess(kind, 0, false) && guess(kind, 0, true), "{kind}");
        }
        for kind in [16, 17, 23, 88, 111] {
            assert!(guess(kind, 0, false) && guess(kind, 22, false) && !guess(kind, 0, true), "{kind}");
        }
        for sub in [20, 21, 40, 43, 70, 71, 72, 131] {
            assert!(!guess(23, sub, true) && !guess(24, sub, true), "{sub}");
        }
        for kind in [20, 26, 28, 31, 92, 112, 114, 570] {
            assert!(!guess(kind, 0, false), "{kind}");
        }
    }

    #[test]
    fn a_code_that_opens_is_granted_and_unknown_numbers_pass_through() {
        assert_eq!(EventType::PERMITTED_CODE.group(), EventGroup::Granted);
        let unknown: EventType = serde_json::from_str("4711").unwrap();
        assert_eq!((unknown.get(), unknown.group()), (4711, EventGroup::Other));
        assert_eq!(format!("{:?} {unknown:?}", EventType::DOOR_FORCED), "92(DOOR_FORCED) 4711(unnamed)");
    }
}
