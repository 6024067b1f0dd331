//! Events and the rows made from them (rules W8 to W12).

use std::fmt;

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::ids::{EmployeeId, TerminalId};
use crate::receipts::ReceiptKey;
use crate::terminal::word;

word!(
    /// What kind of event a device recorded.
    EventClass, "event_class" {
        /// Somebody was let in.
        Granted = "granted",
        /// Somebody was refused.
        Denied = "denied",
        /// Refused by anti-passback.
        AntiPassback = "antipassback",
        /// Opened by a push button.
        ExitButton = "exit_button",
        /// A door changed its state.
        DoorState = "door_state",
        /// Signed in.
        SignIn = "sign_in",
        /// Signed out.
        SignOut = "sign_out",
        /// Anything else.
        Other = "other",
    }
);
word!(
    /// Which way an event went.
    EventDirection, "direction" {
        /// In.
        In = "I",
        /// Out.
        Out = "O",
        /// Not known.
        Unknown = "U",
    }
);
word!(
    /// How an event ended.
    Outcome, "outcome" {
        /// A row was made.
        Booked = "booked",
        /// It was booked before, or its row stands already.
        Duplicate = "duplicate",
        /// Dropped by the repeat rule.
        Suppressed = "suppressed",
        /// Waits for a person or a decision.
        Held = "held",
        /// Not to be booked.
        Ignored = "ignored",
        /// Cannot be booked.
        Rejected = "rejected",
    }
);

/// An event to book.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The key; the same key is never booked twice.
    pub key: ReceiptKey,
    /// The instant.
    pub occurred: DateTime<Utc>,
    /// When it reached us.
    pub received: DateTime<Utc>,
    /// The terminal.
    pub terminal_id: TerminalId,
    /// The person; `None` = the holder of the badge at that instant, or nobody.
    pub employee_id: Option<EmployeeId>,
    /// The person's id at the source.
    pub external_person: Option<String>,
    /// The device's id at the source.
    pub external_device: Option<String>,
    /// The number shown at the reader.
    pub badge_number: Option<String>,
    /// Which way.
    pub direction: EventDirection,
    /// Class.
    pub class: EventClass,
    /// Somebody has decided that its age does not matter (rule W12).
    pub age_accepted: bool,
}

impl Event {
    /// A granted event of nobody in particular; the setters say the rest.
    pub fn new(key: ReceiptKey, terminal_id: TerminalId, occurred: DateTime<Utc>) -> Self {
        Self {
            key,
            occurred,
            received: occurred,
            terminal_id,
            employee_id: None,
            external_person: None,
            external_device: None,
            badge_number: None,
            direction: EventDirection::Unknown,
            class: EventClass::Granted,
            age_accepted: false,
        }
    }

    /// Says who.
    pub fn person(mut self, employee_id: EmployeeId) -> Self {
        self.employee_id = Some(employee_id);
        self
    }

    /// Says which number was shown.
    pub fn badge(mut self, number: impl Into<String>) -> Self {
        self.badge_number = Some(number.into());
        self
    }

    /// Says which way.
    pub fn direction(mut self, direction: EventDirection) -> Self {
        self.direction = direction;
        self
    }

    /// Says what happened.
    pub fn class(mut self, class: EventClass) -> Self {
        self.class = class;
        self
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("key", &self.key)
            .field("occurred", &self.occurred)
            .field("terminal_id", &self.terminal_id)
            .field("employee_id", &self.employee_id)
            .field("direction", &self.direction)
            .field("class", &self.class)
            .finish_non_exhaustive()
    }
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Booked {
    /// How it ended.
    pub outcome: Outcome,
    /// Why, where it was not simply booked.
    pub reason: Option<Reason>,
    /// The row made, or the one that stood already.
    pub target: Option<Target>,
    /// The local time written.
    pub local: Option<NaiveDateTime>,
}

/// Why an event was not simply booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The receipt of this key exists.
    SameEvent,
    /// A row of the same person, terminal, time and type exists.
    SameRow,
    /// The person went this way already.
    SameDirection,
    /// Older than the settings allow; somebody must decide.
    TooOld,
    /// Nobody is known who held the badge.
    UnknownPerson,
    /// The terminal does not exist.
    UnknownTerminal,
    /// The terminal is suspended.
    Suspended,
    /// Before the time from which the terminal's events count.
    BeforeTakeFrom,
    /// Events of this class are not booked at this terminal.
    Class,
    /// Terminals of this role, or of a kind that the settings do not name, book nothing.
    Role,
    /// The person named does not exist.
    NoSuchPerson,
    /// The database refused the row.
    Refused,
}

impl Reason {
    /// A stable word for logs and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::SameEvent => "same-event",
            Reason::SameRow => "same-row",
            Reason::SameDirection => "same-direction",
            Reason::TooOld => "too-old",
            Reason::UnknownPerson => "unknown-person",
            Reason::UnknownTerminal => "unknown-terminal",
            Reason::Suspended => "suspended",
            Reason::BeforeTakeFrom => "before-take-from",
            Reason::Class => "class",
            Reason::Role => "role",
            Reason::NoSuchPerson => "no-such-person",
            Reason::Refused => "refused",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A row in one of the booking tables.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// The real name of the table.
    pub table: String,
    /// The id of the row.
    pub id: i64,
}

/// A booking as stored in `twork`, `twork_unprocessed` or its archive.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkRow {
    /// The id.
    pub id: i64,
    /// The person.
    pub employee_id: EmployeeId,
    /// The terminal.
    pub terminal_id: TerminalId,
    /// Local time.
    pub date_and_time: NaiveDateTime,
    /// Type, 1000 = attendance.
    pub booking_type: i64,
    /// Flag.
    pub flag: i64,
}

/// An access event as stored in `taccess_archive`.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessRow {
    /// The id.
    pub id: i64,
    /// The person; `None` = nobody.
    pub employee_id: Option<EmployeeId>,
    /// The terminal.
    pub terminal_id: TerminalId,
    /// Local time.
    pub date_and_time: NaiveDateTime,
    /// What happened.
    pub flag: i64,
    /// The number shown; 0 = not known.
    pub badge: i64,
}

impl fmt::Debug for AccessRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessRow")
            .field("id", &self.id)
            .field("employee_id", &self.employee_id)
            .field("terminal_id", &self.terminal_id)
            .field("date_and_time", &self.date_and_time)
            .field("flag", &self.flag)
            .finish_non_exhaustive()
    }
}

/// The last place of a person, a row of `temployee_roll_call`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RollCall {
    /// The person.
    pub employee_id: EmployeeId,
    /// The terminal.
    pub terminal_id: TerminalId,
    /// Which way.
    pub direction: EventDirection,
    /// Name of the reader.
    pub reader: Option<String>,
    /// Zone.
    pub zone: Option<i64>,
    /// Local time.
    pub date_and_time: NaiveDateTime,
}
