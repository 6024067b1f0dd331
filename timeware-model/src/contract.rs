//! The tables and columns that this crate relies on, as data.
//!
//! Mapping, start-up check, length limits and statement texts are all driven by these lists. Where each name comes from
//! and how sure it is stands in `docs/vendors/timeware.md`.

use serde::{Deserialize, Serialize};

/// A table of the timeware side, by its logical name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Table {
    /// Persons.
    Employee,
    /// Employment status.
    EmployeeStatus,
    /// Values of the ten groupings.
    GroupingRef,
    /// Policies.
    TerminalPolicy,
    /// Terminals.
    Terminal,
    /// Terminal groups.
    TerminalGroupRef,
    /// Members of terminal groups.
    TerminalGroup,
    /// Work records.
    Twork,
    /// Bookings of a calculated day; read only.
    TworkSwipe,
    /// Inlet for attendance bookings.
    TworkUnprocessed,
    /// Original bookings, with seconds.
    TworkUnprocessedArchive,
    /// Inlet for access events.
    AccessArchive,
    /// Last place of each person.
    RollCall,
    /// Change queue for hardware.
    EventUpdate,
    /// Version of the database.
    Version,
}

/// The family of a column's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Family {
    /// Whole numbers and bits.
    Integer,
    /// Text.
    Text,
    /// Local date and time.
    DateTime,
}

impl Family {
    /// The name used in messages.
    pub fn name(self) -> &'static str {
        match self {
            Family::Integer => "integer",
            Family::Text => "text",
            Family::DateTime => "date and time",
        }
    }
}

/// A column of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// The name used in settings and in this crate.
    pub logical: &'static str,
    /// The name in the reference schema.
    pub real: &'static str,
    /// The family of its type.
    pub family: Family,
    /// A site without this column cannot be served.
    pub required: bool,
    /// Longest text, in UTF-16 units as SQL Server counts.
    pub length: Option<usize>,
}

impl Table {
    /// Every table.
    pub const ALL: [Table; 15] = [
        Table::Employee,
        Table::EmployeeStatus,
        Table::GroupingRef,
        Table::TerminalPolicy,
        Table::Terminal,
        Table::TerminalGroupRef,
        Table::TerminalGroup,
        Table::Twork,
        Table::TworkSwipe,
        Table::TworkUnprocessed,
        Table::TworkUnprocessedArchive,
        Table::AccessArchive,
        Table::RollCall,
        Table::EventUpdate,
        Table::Version,
    ];

    /// The name used in settings.
    pub fn logical(self) -> &'static str {
        match self {
            Table::Employee => "employee",
            Table::EmployeeStatus => "employee_status",
            Table::GroupingRef => "grouping_ref",
            Table::TerminalPolicy => "terminal_policy",
            Table::Terminal => "terminal",
            Table::TerminalGroupRef => "terminal_group_ref",
            Table::TerminalGroup => "terminal_group",
            Table::Twork => "twork",
            Table::TworkSwipe => "twork_swipe",
            Table::TworkUnprocessed => "twork_unprocessed",
            Table::TworkUnprocessedArchive => "twork_unprocessed_archive",
            Table::AccessArchive => "access_archive",
            Table::RollCall => "roll_call",
            Table::EventUpdate => "event_update",
            Table::Version => "version",
        }
    }

    /// The name in the reference schema, without `dbo.`.
    pub fn real(self) -> &'static str {
        match self {
            Table::Employee => "temployee",
            Table::EmployeeStatus => "temployee_status",
            Table::GroupingRef => "tgrouping_ref",
            Table::TerminalPolicy => "tterminal_policy",
            Table::Terminal => "tterminal",
            Table::TerminalGroupRef => "tterminal_group_ref",
            Table::TerminalGroup => "tterminal_group",
            Table::Twork => "twork",
            Table::TworkSwipe => "twork_swipe",
            Table::TworkUnprocessed => "twork_unprocessed",
            Table::TworkUnprocessedArchive => "twork_unprocessed_archive",
            Table::AccessArchive => "taccess_archive",
            Table::RollCall => "temployee_roll_call",
            Table::EventUpdate => "tevent_update",
            Table::Version => "tversion",
        }
    }

    /// The columns, in the order in which they are read.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Table::Employee => EMPLOYEE,
            Table::EmployeeStatus => EMPLOYEE_STATUS,
            Table::GroupingRef => GROUPING_REF,
            Table::TerminalPolicy => TERMINAL_POLICY,
            Table::Terminal => TERMINAL,
            Table::TerminalGroupRef => TERMINAL_GROUP_REF,
            Table::TerminalGroup => TERMINAL_GROUP,
            Table::Twork => TWORK,
            Table::TworkSwipe => TWORK_SWIPE,
            Table::TworkUnprocessed => TWORK_UNPROCESSED,
            Table::TworkUnprocessedArchive => TWORK_UNPROCESSED_ARCHIVE,
            Table::AccessArchive => ACCESS_ARCHIVE,
            Table::RollCall => ROLL_CALL,
            Table::EventUpdate => EVENT_UPDATE,
            Table::Version => VERSION,
        }
    }

    /// One column by its logical name.
    pub fn column(self, logical: &str) -> Option<&'static Column> {
        self.columns().iter().find(|column| column.logical == logical)
    }
}

/// Cuts a text to `length` UTF-16 units on a character boundary; `None` when it fits.
pub(crate) fn cut(text: &str, length: usize) -> Option<String> {
    let mut units = 0;
    for (at, character) in text.char_indices() {
        units += character.len_utf16();
        if units > length {
            return text.get(..at).map(|kept| kept.trim_end().to_owned());
        }
    }
    None
}

const fn must(logical: &'static str, real: &'static str) -> Column {
    Column { logical, real, family: Family::Integer, required: true, length: None }
}

const fn int(logical: &'static str, real: &'static str) -> Column {
    Column { logical, real, family: Family::Integer, required: false, length: None }
}

const fn text(logical: &'static str, length: usize) -> Column {
    Column { logical, real: logical, family: Family::Text, required: false, length: Some(length) }
}

const fn must_text(logical: &'static str, length: usize) -> Column {
    Column { logical, real: logical, family: Family::Text, required: true, length: Some(length) }
}

const fn long_text(logical: &'static str) -> Column {
    Column { logical, real: logical, family: Family::Text, required: false, length: None }
}

const fn time(logical: &'static str, real: &'static str) -> Column {
    Column { logical, real, family: Family::DateTime, required: false, length: None }
}

const fn must_time() -> Column {
    Column { logical: "date_and_time", real: "date_and_time", family: Family::DateTime, required: true, length: None }
}

const EMPLOYEE: &[Column] = &[
    must("id", "employee_id"),
    must("status", "employee_status_id"),
    text("title", 20),
    must_text("first_name", 50),
    must_text("last_name", 50),
    time("date_of_birth", "date_of_birth"),
    text("gender", 20),
    text("address", 500),
    text("post_code", 12),
    text("email_address", 254),
    text("mobile_number", 30),
    text("vehicle_registration", 20),
    int("badge", "badge"),
    time("badge_activation", "badge_activation"),
    time("badge_expiry", "badge_expiry"),
    text("security_pin", 16),
    text("paylink", 30),
    time("date_started", "date_started_with_company"),
    time("date_left", "date_left_company"),
    int("policy", "terminal_policy_id"),
    int("grouping_1", "grouping_1_ref_id"),
    int("grouping_2", "grouping_2_ref_id"),
    int("grouping_3", "grouping_3_ref_id"),
    int("grouping_4", "grouping_4_ref_id"),
    int("grouping_5", "grouping_5_ref_id"),
    int("grouping_6", "grouping_6_ref_id"),
    int("grouping_7", "grouping_7_ref_id"),
    int("grouping_8", "grouping_8_ref_id"),
    int("grouping_9", "grouping_9_ref_id"),
    int("grouping_10", "grouping_10_ref_id"),
];
const EMPLOYEE_STATUS: &[Column] = &[
    must("id", "employee_status_id"),
    must_text("description", 50),
    must("exclude_from_calculation", "exclude_from_calculation"),
];
const GROUPING_REF: &[Column] =
    &[must("id", "grouping_ref_id"), int("number", "grouping_number"), must_text("description", 50)];
const TERMINAL_POLICY: &[Column] = &[must("id", "terminal_policy_id"), must_text("description", 50), long_text("data")];
const TERMINAL: &[Column] = &[
    must("id", "terminal_id"),
    must("number", "number"),
    must_text("description", 100),
    must("configuration", "configuration"),
    must("suspended", "suspended"),
    text("ip_address", 64),
    long_text("notepad"),
    int("roll_call_enabled", "roll_call_enabled"),
    int("r1_direction", "r1_direction"),
    text("r1_description", 50),
    int("r1_zone", "r1_zone_id"),
    time("poll_success", "poll_success"),
    time("poll_failed", "poll_failed"),
];
const TERMINAL_GROUP_REF: &[Column] = &[must("id", "terminal_group_ref_id"), must_text("description", 50)];
const TERMINAL_GROUP: &[Column] = &[must("group", "terminal_group_ref_id"), must("terminal", "terminal_id")];
const TWORK_SWIPE: &[Column] = &[int("id", "work_swipe_id"), must("work", "work_id"), must_time()];
const ACCESS_ARCHIVE: &[Column] = &[
    int("id", "access_archive_id"),
    int("user", "user_id"),
    must("employee", "employee_id"),
    must("terminal", "terminal_id"),
    must_time(),
    must("flag", "flag"),
    int("badge", "badge"),
];
const ROLL_CALL: &[Column] = &[
    must("employee", "employee_id"),
    int("reader", "reader"),
    int("reader_direction", "reader_direction"),
    text("reader_description", 50),
    must("terminal", "terminal_id"),
    int("zone", "zone_id"),
    must_time(),
];
const EVENT_UPDATE: &[Column] =
    &[int("id", "event_update_id"), must("command", "event_update_command_ref_id"), must_text("find_key", 50)];
const VERSION: &[Column] = &[must_text("property", 100), must_text("data", 400)];

macro_rules! booking_columns {
    ($id:literal) => {
        &[
            int("id", $id),
            must("employee", "employee_id"),
            must("terminal", "terminal_id"),
            must_time(),
            must("type", "type"),
            int("flag", "flag"),
            int("key", "key"),
            text("memo", 400),
            int("authorisation", "authorisation"),
            int("authorisation_finalised", "authorisation_finalised"),
            int("source", "source"),
        ]
    };
}
const TWORK: &[Column] = booking_columns!("work_id");
const TWORK_UNPROCESSED: &[Column] = booking_columns!("work_unprocessed_id");
const TWORK_UNPROCESSED_ARCHIVE: &[Column] = booking_columns!("work_unprocessed_archive_id");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_counts_utf16_units_and_keeps_characters_whole() {
        assert_eq!(cut("abc", 3), None);
        assert_eq!(cut("abcd", 3).as_deref(), Some("abc"));
        assert_eq!(cut("ab😀", 3).as_deref(), Some("ab"));
        assert_eq!(cut("äöüß", 4), None);
    }
}
