//! What the school is made of.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::clock::Zone;

/// One of the sites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Id.
    pub id: u32,
    /// Name.
    pub name: String,
    /// Time zone, where it is not that of the installation.
    pub zone: Option<Zone>,
}

/// A department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Department {
    /// Id.
    pub id: u32,
    /// Name.
    pub name: String,
    /// Whether it is in use.
    pub enabled: bool,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// Somebody who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Id.
    pub id: u32,
    /// Staff or something else.
    pub person_type: PersonType,
    /// Title.
    pub title: Option<String>,
    /// First name.
    pub forename: String,
    /// Last name.
    pub surname: String,
    /// Shown name.
    pub display_name: String,
    /// Departments, the main one first.
    pub departments: Vec<u32>,
    /// Date of birth.
    pub date_of_birth: Option<NaiveDate>,
    /// Gender, any text.
    pub gender: Option<String>,
    /// Car registrations.
    pub cars: Vec<String>,
    /// Address.
    pub address: Option<Address>,
    /// E-mail address.
    pub email: Option<String>,
    /// Mobile number.
    pub mobile: Option<String>,
    /// Code of the staff.
    pub staff_code: Option<String>,
    /// Cards and what else there is.
    pub credentials: Vec<Credential>,
    /// Whether the record is enabled.
    pub enabled: bool,
    /// Sites.
    pub sites: Vec<u32>,
    /// Where the record comes from: `manual` or `mis`.
    pub source: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// An address in parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// House name or number.
    pub house_name_number: Option<String>,
    /// First line.
    pub line1: Option<String>,
    /// Second line.
    pub line2: Option<String>,
    /// Town.
    pub town: Option<String>,
    /// County.
    pub county: Option<String>,
    /// Post code.
    pub post_code: Option<String>,
    /// Country.
    pub country: Option<String>,
}

/// One credential of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// `card`, `barcode` or `pin`.
    pub kind: String,
    /// Number.
    pub number: Option<String>,
    /// Whether it is the first choice.
    pub primary: bool,
}

/// A device on which people sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Id.
    pub id: u32,
    /// Name.
    pub name: String,
    /// Its site.
    pub site: u32,
    /// What it is.
    pub kind: DeviceKind,
    /// Which way one signs.
    pub direction: Direction,
    /// Whether it is in use.
    pub enabled: bool,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

impl Device {
    /// App, web and console are no devices that one can stand in front of.
    pub fn is_virtual(&self) -> bool {
        matches!(self.kind, DeviceKind::App | DeviceKind::Web | DeviceKind::Console)
    }
}

/// One event, in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Number in the id; a later version keeps it.
    pub id: u64,
    /// Arrival order.
    pub seq: u64,
    /// Version.
    pub rev: u32,
    /// What happened.
    pub event_type: EventType,
    /// Who.
    pub person: u32,
    /// What they are.
    pub person_type: PersonType,
    /// Where.
    pub device: Option<u32>,
    /// At which site.
    pub site: u32,
    /// When they did it.
    pub at: DateTime<Utc>,
    /// When the server stored it.
    pub recorded_at: DateTime<Utc>,
    /// How.
    pub method: Method,
    /// Made by the system.
    pub automatic: bool,
    /// Number of the visit.
    pub visit: Option<u64>,
    /// Chosen reason.
    pub reason: Option<Arc<str>>,
    /// Taken back.
    pub voided: bool,
}

/// In and out of one visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Number in the id.
    pub id: u64,
    /// Arrival order of its last change.
    pub seq: u64,
    /// Version.
    pub rev: u32,
    /// Who.
    pub person: u32,
    /// What they are.
    pub person_type: PersonType,
    /// At which site.
    pub site: u32,
    /// Where they came in.
    pub device: Option<u32>,
    /// Where they went out.
    pub out_device: Option<u32>,
    /// When they came in.
    pub in_at: DateTime<Utc>,
    /// When they went out; `None`: still there.
    pub out_at: Option<DateTime<Utc>>,
    /// When the server stored the last change.
    pub recorded_at: DateTime<Utc>,
    /// How the last change came about.
    pub method: Method,
    /// Whether the system made the end.
    pub automatic: bool,
    /// Taken back.
    pub voided: bool,
}

/// A line of the list of deletions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// Number in the cursor.
    pub cursor: u64,
    /// What was deleted.
    pub entity: Deleted,
    /// Its id.
    pub id: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// The person that took over.
    pub merged_into: Option<u32>,
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
    /// What somebody is.
    PersonType {
        /// Staff.
        Personnel = "personnel",
        /// A student.
        Student = "student",
        /// A visitor.
        Visitor = "visitor",
        /// A contractor.
        Contractor = "contractor",
        /// A governor.
        Governor = "governor",
        /// Anybody else.
        Other = "other",
    }
}

words! {
    /// What a device is.
    DeviceKind {
        /// A kiosk in the reception.
        Kiosk = "kiosk",
        /// A tablet.
        Tablet = "tablet",
        /// A turnstile.
        Turnstile = "turnstile",
        /// A card reader.
        CardReader = "card-reader",
        /// The app on a telephone.
        App = "app",
        /// A web page.
        Web = "web",
        /// The operator's console.
        Console = "console",
    }
}

words! {
    /// Which way one signs on a device.
    Direction {
        /// In.
        In = "in",
        /// Out.
        Out = "out",
        /// Both.
        Both = "both",
    }
}

words! {
    /// What happened.
    EventType {
        /// Came.
        SignIn = "sign_in",
        /// Went.
        SignOut = "sign_out",
        /// Went for a break.
        BreakOut = "break_out",
        /// Came back.
        BreakIn = "break_in",
        /// Was marked safe.
        Safe = "safe",
        /// Something that the contract does not name.
        Drill = "fire_drill",
    }
}

words! {
    /// How somebody signed.
    Method {
        /// On the screen.
        Touch = "touch",
        /// With a card.
        Card = "card",
        /// With a barcode.
        Barcode = "barcode",
        /// In the app.
        App = "app",
        /// On a web page.
        Web = "web",
        /// By an operator.
        Operator = "operator",
        /// By the system.
        Automatic = "automatic",
        /// From a file.
        Import = "import",
    }
}

words! {
    /// What was deleted.
    Deleted {
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
