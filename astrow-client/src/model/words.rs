//! Words of the contract. Every list is open: a word that nobody knows is kept as it came.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident = $text:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$item])* $variant,)+
            /// Something else, as it came.
            Unknown(String),
        }

        impl $name {
            /// The words that are known.
            pub const KNOWN: &[Self] = &[$(Self::$variant),+];

            /// The word.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unknown(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    other => Self::Unknown(other.to_owned()),
                }
            }
        }

        impl FromStr for $name {
            type Err = Infallible;

            fn from_str(text: &str) -> Result<Self, Infallible> {
                Ok(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Ok(text.as_ref().into())
            }
        }
    )+};
}

words! {
    /// What Astrow is licensed for.
    Licence {
        /// Bookings from outside.
        FileTerminal = "file-terminal",
        /// Employees from outside.
        EmployeesImport = "employees-import",
        /// Roll calls.
        RollCall = "roll-call",
    }
    /// How badge numbers are written.
    BadgeBase {
        /// In decimal digits.
        Decimal = "dec",
        /// In hexadecimal digits.
        Hexadecimal = "hex",
    }
    /// The system in which employees are kept.
    Master {
        /// PAC.
        Pac = "pac",
        /// Astrow.
        Astrow = "astrow",
    }
    /// The kind of a badge that PAC knows.
    BadgeKind {
        /// PAC's proximity card: eight characters.
        PacProx = "pac-prox",
        /// Wiegand with 26 bits (format 2601): facility and number.
        Wiegand26 = "wiegand26",
        /// `OneProx` smart card: hexadecimal digits.
        OneProx = "oneprox",
    }
    /// Whether a badge opens anything.
    BadgeState {
        /// It does.
        Active = "active",
        /// Barred for a time.
        Suspended = "suspended",
        /// Lost: barred, and its number stays taken.
        Lost = "lost",
    }
    /// Which way a booking goes.
    BookingDirection {
        /// In.
        In = "in",
        /// Out.
        Out = "out",
        /// Astrow finds out by the order of the day.
        Auto = "auto",
    }
    /// Which way a reader leads.
    ReaderDirection {
        /// In.
        In = "in",
        /// Out.
        Out = "out",
        /// Neither.
        None = "none",
    }
    /// What became of a booking.
    BookingStatus {
        /// It counts.
        Processed = "processed",
        /// It does not; the code says why.
        Rejected = "rejected",
        /// It waits for somebody to say whose it is.
        Queued = "queued",
        /// Astrow has it already.
        Duplicate = "duplicate",
    }
    /// Why a booking was rejected.
    RejectionCode {
        /// Astrow has it already.
        Duplicate = "duplicate",
        /// There is no such terminal.
        UnknownTerminal = "unknown-terminal",
        /// The terminal does not belong to the employee's terminal group.
        TerminalNotInGroup = "terminal-not-in-group",
        /// The employee is not active.
        InactiveEmployee = "inactive-employee",
        /// The day is closed.
        FrozenPeriod = "frozen-period",
        /// A roll call is running.
        RollCall = "roll-call",
        /// The same swipe once more.
        RepeatSwipe = "repeat-swipe",
        /// A time that makes no sense.
        OutOfRange = "out-of-range",
        /// The person is not known in Astrow.
        NotLinked = "not-linked",
        /// The licence for bookings is missing.
        LicenceMissing = "licence-missing",
    }
    /// What a change is about.
    ChangedEntity {
        /// An employee.
        Employee = "employee",
        /// A roll call.
        RollCall = "rollcall",
        /// What Astrow adds to a reader.
        Reader = "reader",
    }
    /// What was done.
    ChangeOp {
        /// Made.
        Add = "add",
        /// Changed.
        Edit = "edit",
        /// Removed.
        Delete = "delete",
    }
    /// How a row of the terminal view is coloured.
    Severity {
        /// All is well.
        Success = "success",
        /// To be known.
        Info = "info",
        /// A command is under way.
        Progress = "progress",
        /// To be looked at.
        Warning = "warning",
        /// Somebody must look at once.
        Alarm = "alarm",
        /// Something does not work.
        Error = "error",
    }
    /// What the terminal view says of an event's booking.
    ShownStatus {
        /// It counts.
        Processed = "PROCESSED",
        /// It does not.
        Rejected = "REJECTED",
        /// It waits in the booking queue.
        Queued = "QUEUED",
        /// There is none.
        None = "NONE",
    }
    /// What a command asks for.
    CommandKind {
        /// Open the door of a reader for a moment.
        DoorOpen = "door-open",
    }
    /// How far a command is.
    CommandWord {
        /// Under way.
        InProgress = "in-progress",
        /// Done.
        Done = "done",
        /// It did not work.
        Failed = "failed",
    }
    /// How a bridge is.
    Health {
        /// All is well.
        Ok = "ok",
        /// To be looked at.
        Warning = "warning",
        /// Something does not work.
        Error = "error",
    }
}

/// Which employees to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ActiveFilter {
    /// All of them.
    #[default]
    All,
    /// Those with an active contract.
    Active,
    /// Those without one.
    Inactive,
}

impl ActiveFilter {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Active => "true",
            Self::Inactive => "false",
        }
    }

    /// Whether an employee belongs to the list.
    pub const fn admits(self, active: bool) -> bool {
        match self {
            Self::All => true,
            Self::Active => active,
            Self::Inactive => !active,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_word_comes_back_as_it_was(text in ".{0,20}") {
            let word = RejectionCode::from(text.as_str());
            prop_assert_eq!(word.as_str(), text.as_str());
            let json = serde_json::to_string(&BookingStatus::from(text.as_str())).unwrap();
            let read: BookingStatus = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read.as_str(), text.as_str());
        }
    }

    #[test]
    fn known_words_are_no_unknown_ones() {
        for word in RejectionCode::KNOWN {
            assert_eq!(&RejectionCode::from(word.as_str()), word);
        }
    }
}
