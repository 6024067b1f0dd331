//! Words of the interface that may grow: the known ones, and any other as text.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$word_doc])* $word,)*
            /// A word that this crate does not know.
            Unknown(String),
        }

        impl $name {
            /// The word as it is written.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$word => $text,)*
                    Self::Unknown(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$word,)*
                    other => Self::Unknown(other.to_owned()),
                }
            }
        }

        impl FromStr for $name {
            type Err = Infallible;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    )*};
}

words! {
    /// What kind of person it is. Only personnel takes part in attendance.
    PersonType {
        /// Staff.
        Personnel = "personnel",
        /// Student.
        Student = "student",
        /// Visitor.
        Visitor = "visitor",
        /// Contractor.
        Contractor = "contractor",
        /// Governor.
        Governor = "governor",
        /// Anybody else.
        Other = "other",
    }

    /// What a device is.
    DeviceKind {
        /// A stand-alone kiosk.
        Kiosk = "kiosk",
        /// A tablet.
        Tablet = "tablet",
        /// A turnstile.
        Turnstile = "turnstile",
        /// A card reader.
        CardReader = "card-reader",
        /// The app of the people themselves.
        App = "app",
        /// A page in a browser.
        Web = "web",
        /// The operators' console.
        Console = "console",
    }

    /// Which way people pass a device.
    DeviceDirection {
        /// In only.
        In = "in",
        /// Out only.
        Out = "out",
        /// Both.
        Both = "both",
    }

    /// What happened.
    EventType {
        /// Signed in.
        SignIn = "sign_in",
        /// Signed out.
        SignOut = "sign_out",
        /// Went on a break.
        BreakOut = "break_out",
        /// Came back from a break.
        BreakIn = "break_in",
        /// Marked safe during a roll call.
        Safe = "safe",
    }

    /// How an event came about.
    Method {
        /// Touched a screen.
        Touch = "touch",
        /// Showed a card.
        Card = "card",
        /// Showed a barcode.
        Barcode = "barcode",
        /// By the app.
        App = "app",
        /// By a page.
        Web = "web",
        /// Entered by an operator.
        Operator = "operator",
        /// Made by the system.
        Automatic = "automatic",
        /// Came with an import.
        Import = "import",
    }

    /// What a credential is.
    CredentialType {
        /// A card or fob.
        Card = "card",
        /// A barcode.
        Barcode = "barcode",
        /// A PIN; its number is never read.
        Pin = "pin",
    }

    /// Where a person's record comes from.
    PersonOrigin {
        /// Entered by hand.
        Manual = "manual",
        /// From the records system of the school.
        Mis = "mis",
    }

    /// What a deletion is about.
    DeletedEntity {
        /// A person.
        Person = "person",
        /// A department.
        Department = "department",
        /// A device.
        Device = "device",
        /// An event.
        Event = "event",
    }
}

impl DeviceKind {
    /// Whether it is nothing that stands at a door.
    pub fn is_virtual(&self) -> bool {
        matches!(self, Self::App | Self::Web | Self::Console)
    }
}

impl EventType {
    /// Whether it brings a person in.
    pub fn is_in(&self) -> bool {
        matches!(self, Self::SignIn | Self::BreakIn)
    }

    /// Whether it takes a person out.
    pub fn is_out(&self) -> bool {
        matches!(self, Self::SignOut | Self::BreakOut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_words_are_known_and_others_are_kept() {
        assert_eq!(PersonType::from("personnel"), PersonType::Personnel);
        assert_eq!(DeviceKind::from("card-reader"), DeviceKind::CardReader);
        assert_eq!(EventType::from("Sign_In"), EventType::Unknown("Sign_In".to_owned()));
        assert!(DeviceKind::from("app").is_virtual() && !DeviceKind::Kiosk.is_virtual());
    }

    proptest! {
        #[test]
        fn every_word_comes_back_as_it_was(text in ".{0,20}") {
            prop_assert_eq!(EventType::from(text.as_str()).to_string(), text.clone());
            prop_assert_eq!(Method::from(text.as_str()).to_string(), text);
        }
    }
}
