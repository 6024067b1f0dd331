//! Words of the interface. Every list is open: a word that nobody knows is kept as it came.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use connector_http::profile::Word;

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

        impl From<Word> for $name {
            fn from(word: Word) -> Self {
                word.as_str().into()
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
    )+};
}

words! {
    /// Whether a badge opens anything.
    BadgeState {
        /// It does.
        Enabled = "enabled",
        /// It does not.
        Disabled = "disabled",
    }
    /// What a person shows to a reader.
    CredentialKind {
        /// A card or fob.
        Card = "card",
        /// A PIN; only that there is one is ever shown.
        Pin = "pin",
        /// A finger, face or vein; only that there is one is ever shown.
        Biometric = "biometric",
        /// A telephone.
        Mobile = "mobile",
    }
    /// Whether a credential works.
    CredentialState {
        /// It does.
        Active = "active",
        /// Its owner lost it.
        Lost = "lost",
        /// It was stolen.
        Stolen = "stolen",
        /// It is taken out of use for a while.
        Suspended = "suspended",
        /// Its time is over.
        Expired = "expired",
    }
    /// Which of Optima's names an access group has.
    GroupKind {
        /// An access group.
        AccessGroup = "access-group",
        /// A cardholder policy.
        CardholderPolicy = "cardholder-policy",
        /// A cardholder group.
        CardholderGroup = "cardholder-group",
    }
    /// Which way people pass a reader.
    ReaderDirection {
        /// In.
        In = "in",
        /// Out.
        Out = "out",
        /// It is not said.
        None = "none",
    }
    /// What a reader reads.
    Technology {
        /// Cards.
        Card = "card",
        /// PINs.
        Pin = "pin",
        /// Fingers.
        Fingerprint = "fingerprint",
        /// Faces.
        Face = "face",
        /// Veins.
        Vein = "vein",
        /// Telephones.
        Mobile = "mobile",
    }
    /// What changed.
    ChangedEntity {
        /// A badge.
        Badge = "badge",
        /// An access group.
        AccessGroup = "access-group",
        /// A reader.
        Reader = "reader",
    }
    /// How it changed.
    ChangeKind {
        /// It is new.
        Add = "add",
        /// It is different.
        Edit = "edit",
        /// It is gone.
        Delete = "delete",
    }
    /// What an event is.
    EventClass {
        /// Somebody was admitted.
        Granted = "access.granted",
        /// Somebody was refused.
        Denied = "access.denied",
        /// Refused or flagged, since the person did not leave or enter before.
        AntiPassback = "access.antipassback",
        /// Somebody pressed the button to leave.
        ExitButton = "door.exit-button",
        /// A door was forced.
        DoorForced = "door.forced",
        /// A door stayed open.
        DoorHeld = "door.held",
        /// A door closed.
        DoorClosed = "door.closed",
        /// An operator opened a door.
        OpenedByOperator = "door.opened-by-operator",
    }
    /// A part of the interface that a server may lack.
    Capability {
        /// Signing in by user and password.
        Session = "session",
        /// Reading access groups.
        AccessGroups = "access-groups",
        /// Writing access groups.
        WriteAccessGroups = "access-groups.write",
        /// Reading readers.
        Readers = "readers",
        /// Reading badges.
        Badges = "badges",
        /// Writing badges.
        WriteBadges = "badges.write",
        /// Deleting badges.
        DeleteBadges = "badges.delete",
        /// Following changes.
        Changes = "changes",
        /// Reading events.
        Events = "events",
        /// Waiting for events.
        FollowEvents = "events.follow",
    }
    /// What a server says about a refusal.
    ProblemKind {
        /// The sign-in is not accepted.
        Unauthorised = "unauthorised",
        /// The right is missing.
        Forbidden = "forbidden",
        /// The server's licence is missing or over.
        LicenceMissing = "licence-missing",
        /// There is no such record.
        NotFound = "not-found",
        /// Some conflict.
        Conflict = "conflict",
        /// Another badge has this credential.
        DuplicateCredential = "duplicate-credential",
        /// Somebody is editing the record.
        RecordLocked = "record-locked",
        /// The key of the attempt was used for another request.
        IdempotencyMismatch = "idempotency-mismatch",
        /// The position is older than what the server keeps.
        CursorExpired = "cursor-expired",
        /// The record changed meanwhile.
        PreconditionFailed = "precondition-failed",
        /// A value was refused.
        Validation = "validation",
        /// Too many calls.
        TooManyRequests = "too-many-requests",
        /// Out of order at the moment.
        Unavailable = "unavailable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_nobody_knows_is_kept() {
        assert_eq!(EventClass::from("system.tamper").as_str(), "system.tamper");
        assert_eq!(EventClass::from("access.granted"), EventClass::Granted);
        assert_eq!("badges.write".parse(), Ok(Capability::WriteBadges));
    }
}
