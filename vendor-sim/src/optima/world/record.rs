//! What the site is made of.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A badge: a person with credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    /// Number in the id.
    pub id: u32,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Shown text.
    pub name: String,
    /// Free text that the link owns.
    pub reference: Option<String>,
    /// Whether the badge is enabled.
    pub enabled: bool,
    /// Not valid before.
    pub valid_from: Option<DateTime<Utc>>,
    /// Not valid after.
    pub valid_until: Option<DateTime<Utc>>,
    /// Memberships in access groups.
    pub groups: Vec<Membership>,
    /// Cards and what else there is.
    pub credentials: Vec<Credential>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
    /// Version, as in the tag.
    pub revision: u64,
    /// Who has it open at a workstation.
    pub locked_by: Option<String>,
}

/// A membership in an access group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The group.
    pub group: u32,
    /// From when.
    pub from: Option<DateTime<Utc>>,
    /// Until when.
    pub until: Option<DateTime<Utc>>,
}

impl Membership {
    /// Without limits in time.
    pub fn of(group: u32) -> Self {
        Self { group, from: None, until: None }
    }
}

/// One credential of a badge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Number in the id.
    pub id: u32,
    /// What it is.
    pub kind: CredentialKind,
    /// Number of a card.
    pub number: Option<Arc<str>>,
    /// Facility code of a card.
    pub facility: Option<String>,
    /// State.
    pub state: CredentialState,
    /// Whether it is the first choice.
    pub primary: bool,
    /// From when.
    pub from: Option<DateTime<Utc>>,
    /// Until when.
    pub until: Option<DateTime<Utc>>,
}

/// An access group or one of the two other things that say where somebody may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Number in the id.
    pub id: u32,
    /// Name.
    pub name: String,
    /// What it is called in Optima.
    pub kind: GroupKind,
    /// Whether it is in use.
    pub enabled: bool,
    /// Free text that the link owns.
    pub reference: Option<String>,
    /// Readers that it opens.
    pub readers: Vec<u32>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
    /// Version, as in the tag.
    pub revision: u64,
}

/// A reader at one side of a door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// Number in the id.
    pub id: u32,
    /// Name.
    pub name: String,
    /// Its door.
    pub door: Option<Door>,
    /// Which way one goes.
    pub direction: Direction,
    /// Its controller.
    pub controller: Option<Controller>,
    /// What it reads, as `card`, `fingerprint`.
    pub technology: Vec<String>,
    /// Whether it is in use.
    pub enabled: bool,
    /// Whether it is reached.
    pub online: Option<bool>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
    /// Version, as in the tag.
    pub revision: u64,
}

/// A door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// Number in the id.
    pub id: u32,
    /// Name.
    pub name: String,
}

/// A controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Controller {
    /// Number in the id.
    pub id: u32,
    /// Name.
    pub name: String,
}

/// A line of the record of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Number in the cursor.
    pub cursor: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// What was changed.
    pub entity: Entity,
    /// How.
    pub op: Op,
    /// Number in the id of what was changed.
    pub id: u32,
    /// Members that differ.
    pub fields: Vec<String>,
    /// `user:NAME` or `api:KEY NAME`.
    pub origin: String,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Number in the id; never given twice.
    pub id: u64,
    /// Arrival order.
    pub seq: u64,
    /// Time at the reader.
    pub at: DateTime<Utc>,
    /// Time at the server.
    pub received_at: DateTime<Utc>,
    /// What happened.
    pub class: Class,
    /// The maker's own code.
    pub code: Option<u32>,
    /// Whose badge.
    pub badge: Option<u32>,
    /// What was shown.
    pub credential: Option<Shown>,
    /// Where.
    pub reader: Option<u32>,
    /// Which way.
    pub direction: Direction,
    /// Why it was refused.
    pub reason: Option<Box<str>>,
}

/// What was shown at a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// What it is.
    pub kind: CredentialKind,
    /// Number of a card.
    pub number: Option<Arc<str>>,
}

/// An enum whose values are words of the wire.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $value:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$of])* #[serde(rename = $word)] $value,)*
        }

        impl $name {
            /// The word on the wire.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)*
                }
            }

            /// The value with this word.
            pub fn of(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$value),)*
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// What a credential is.
    CredentialKind {
        /// A card.
        Card = "card",
        /// A PIN; its value never crosses the interface.
        Pin = "pin",
        /// A finger, face or vein; no template ever crosses the interface.
        Biometric = "biometric",
        /// A telephone.
        Mobile = "mobile",
    }
}

words! {
    /// State of a credential.
    CredentialState {
        /// Opens.
        Active = "active",
        /// Lost.
        Lost = "lost",
        /// Stolen.
        Stolen = "stolen",
        /// Out of use for now.
        Suspended = "suspended",
        /// Over.
        Expired = "expired",
    }
}

words! {
    /// What a group is called in Optima.
    GroupKind {
        /// Access group.
        AccessGroup = "access-group",
        /// Cardholder policy.
        CardholderPolicy = "cardholder-policy",
        /// Cardholder group.
        CardholderGroup = "cardholder-group",
    }
}

words! {
    /// Which way one goes at a reader.
    Direction {
        /// In.
        In = "in",
        /// Out.
        Out = "out",
        /// Neither.
        None = "none",
    }
}

words! {
    /// What a change is about.
    Entity {
        /// A badge.
        Badge = "badge",
        /// An access group.
        AccessGroup = "access-group",
        /// A reader.
        Reader = "reader",
    }
}

words! {
    /// What was done.
    Op {
        /// Made.
        Add = "add",
        /// Changed.
        Edit = "edit",
        /// Deleted.
        Delete = "delete",
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Class {
    /// Admitted.
    Granted,
    /// Refused.
    Denied,
    /// Anti-passback.
    AntiPassback,
    /// The button inside was pressed.
    ExitButton,
    /// The door was forced.
    Forced,
    /// The door was held open.
    Held,
    /// The door was closed.
    Closed,
    /// An operator opened the door.
    OpenedByOperator,
    /// Anything else, as `system.power`.
    Other(Box<str>),
}

impl Class {
    /// The word on the wire.
    pub fn word(&self) -> &str {
        match self {
            Self::Granted => "access.granted",
            Self::Denied => "access.denied",
            Self::AntiPassback => "access.antipassback",
            Self::ExitButton => "door.exit-button",
            Self::Forced => "door.forced",
            Self::Held => "door.held",
            Self::Closed => "door.closed",
            Self::OpenedByOperator => "door.opened-by-operator",
            Self::Other(word) => word,
        }
    }

    /// The class with this word.
    pub fn of(word: &str) -> Self {
        let known = [
            Self::Granted,
            Self::Denied,
            Self::AntiPassback,
            Self::ExitButton,
            Self::Forced,
            Self::Held,
            Self::Closed,
            Self::OpenedByOperator,
        ];
        known.into_iter().find(|class| class.word() == word).unwrap_or_else(|| Self::Other(word.into()))
    }

    /// The maker's own code for it.
    pub(crate) fn code(&self) -> Option<u32> {
        match self {
            Self::Granted => Some(101),
            Self::Denied => Some(201),
            Self::AntiPassback => Some(205),
            Self::ExitButton => Some(301),
            Self::Forced => Some(302),
            Self::Held => Some(303),
            Self::Closed => Some(304),
            Self::OpenedByOperator => Some(305),
            Self::Other(_) => None,
        }
    }
}
