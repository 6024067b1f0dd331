//! The records of a site.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::credential::{Credential, CredentialKey};

/// A closed set of words, as the wire writes them.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum $name { $($(#[$word_doc])* $word),* }

        impl $name {
            /// As the wire writes it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$word => $text),* }
            }

            /// Reads what the wire writes.
            pub fn named(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$word),)* _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}
pub(in crate::pac) use words;

words! {
    /// Which way through a door.
    Direction {
        /// Into the house.
        In = "in",
        /// Out of the house.
        Out = "out",
        /// Neither.
        #[default]
        None = "none",
    }
}

words! {
    /// One of the two logs.
    Stream {
        /// What happened at doors.
        #[default]
        Events = "events",
        /// Which records changed.
        Changes = "changes",
    }
}

words! {
    /// What kind of record changed.
    Entity {
        /// A person.
        #[default]
        Person = "person",
        /// An access group.
        AccessGroup = "access-group",
        /// A controller.
        Controller = "controller",
        /// A reader.
        Reader = "reader",
    }
}

words! {
    /// What became of a record.
    Op {
        /// It is new.
        #[default]
        Created = "created",
        /// It is another now.
        Updated = "updated",
        /// It is gone.
        Deleted = "deleted",
    }
}

/// The life of the logs: another one whenever they are made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Epoch(pub u64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", self.0)
    }
}

impl FromStr for Epoch {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let digits = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
        anyhow::ensure!(digits, "an epoch has sixteen hex digits");
        Ok(Self(u64::from_str_radix(text, 16)?))
    }
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// Given by the server; 0 in a record that is to be added.
    pub id: u32,
    /// Counts effective changes; the server keeps it.
    pub rev: u32,
    /// A client's own key.
    pub ext: Option<String>,
    /// First name, or the only one.
    pub first: String,
    /// Middle name.
    pub middle: Option<String>,
    /// Last name.
    pub last: Option<String>,
    /// Number of the employee.
    pub employee_no: Option<String>,
    /// Department.
    pub department: Option<String>,
    /// Address for mail.
    pub email: Option<String>,
    /// Whether the person may come in at all.
    pub active: bool,
    /// From when.
    pub from: Option<DateTime<Utc>>,
    /// Until when.
    pub until: Option<DateTime<Utc>>,
    /// Who made the record.
    pub created_by: String,
    /// Access groups.
    pub groups: Vec<Grant>,
    /// Credentials.
    pub credentials: Vec<Credential>,
    /// Free fields 1 to 20.
    pub fields: BTreeMap<u8, String>,
    /// Who edits the record now, so that clients cannot write it.
    pub locked_by: Option<String>,
    /// Whether clients can never write it.
    pub read_only: bool,
}

/// A person's access group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Grant {
    /// The group.
    pub group: u32,
    /// From when.
    pub from: Option<DateTime<Utc>>,
    /// Until when.
    pub until: Option<DateTime<Utc>>,
}

impl Grant {
    /// For good.
    pub fn of(group: u32) -> Self {
        Self { group, ..Self::default() }
    }
}

/// An access group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AccessGroup {
    /// Its id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Whether new persons get it; one group has this.
    pub default: bool,
    /// Whether it gives access.
    pub enabled: bool,
    /// Readers that it opens; none named is all of them.
    pub readers: Vec<u32>,
}

/// A controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Controller {
    /// Its id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// What it is.
    pub model: Option<String>,
    /// Its number.
    pub serial: Option<String>,
    /// Whether the server reaches it.
    pub online: bool,
    /// Whether it answers commands.
    pub answers: bool,
    /// Since when it is on or off line.
    pub since: DateTime<Utc>,
}

/// A reader at a door.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Reader {
    /// Its id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// The controller it hangs on.
    pub controller: u32,
    /// The door.
    pub door: u32,
    /// The door's name.
    pub door_name: String,
    /// Which way.
    pub direction: Direction,
}

/// What a door shows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Door {
    /// Whether it stands open.
    pub open: bool,
    /// `none`, `forced`, `held` or `tamper`.
    pub alarm: String,
    /// Released until then.
    pub released_until: Option<DateTime<Utc>>,
    /// Whether commands are refused.
    pub locked_down: bool,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Event {
    /// When, at the controller.
    pub time: DateTime<Utc>,
    /// When the server stored it.
    pub received: DateTime<Utc>,
    /// As `access.granted`; the field `type` of the wire.
    pub kind: String,
    /// As `success`.
    pub severity: String,
    /// Why not.
    pub reason: Option<String>,
    /// Where.
    pub controller: Option<u32>,
    /// Where.
    pub reader: Option<u32>,
    /// Where.
    pub door: Option<u32>,
    /// Which way.
    pub direction: Option<Direction>,
    /// Who, if known.
    pub person: Option<u32>,
    /// The client's key of that person.
    pub ext: Option<String>,
    /// With what.
    pub credential: Option<CredentialKey>,
    /// The command it belongs to.
    pub command: Option<Uuid>,
    /// Who gave the command.
    pub operator: Option<String>,
    /// Code of the source system.
    pub native: Option<String>,
    /// More words.
    pub text: Option<String>,
}

/// A record that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When.
    pub time: DateTime<Utc>,
    /// What kind of record.
    pub entity: Entity,
    /// How.
    pub op: Op,
    /// Which one.
    pub id: u32,
    /// The client's key of a person.
    pub ext: Option<String>,
    /// Revision after the change.
    pub rev: Option<u32>,
    /// By whom, as `operator:sim`.
    pub origin: String,
    /// The operator's name.
    pub operator: Option<String>,
}

/// A booking that a client sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// The client's key of it; each is taken once.
    pub key: String,
    /// Who sent it, as `oem:head-office-bridge`.
    pub origin: String,
    /// Whose it is.
    pub person: u32,
    /// When it was booked.
    pub time: DateTime<Utc>,
    /// Which way.
    pub direction: Direction,
    /// Where.
    pub terminal: Option<String>,
    /// A code of the attendance system.
    pub mc: Option<String>,
    /// A code of the attendance system.
    pub cc: Option<String>,
}

/// A door command that was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoorCommand {
    /// Its number.
    pub id: Uuid,
    /// Who sent it, as `oem:head-office-bridge`.
    pub origin: String,
    /// At which reader.
    pub reader: u32,
    /// For how long.
    pub seconds: u16,
    /// Who asked for it.
    pub operator: String,
    /// Why.
    pub reason: Option<String>,
    /// When it was given.
    pub at: DateTime<Utc>,
    /// Whether the door opened.
    pub done: bool,
}
