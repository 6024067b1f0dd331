//! What the bookers of a Net2 server are, in a configuration file.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::DoorId;
use crate::sync::ConfigFault;
use crate::token_types::TokenType;

/// The bookers of a Net2 server in a configuration file: what they carry, and how doors are opened for them.
///
/// Everything has a default. Names are those of the site, as Net2 shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct BookersConfig {
    /// Department that new bookers are put under.
    pub department: String,
    /// Field of a user that carries the marker, by name or number. Never the memo.
    pub marker_field: FieldChoice,
    /// The word in that field by which a user is ours; other words beside it are kept.
    pub marker_text: String,
    /// Field for our key and the stored bookings, by name or number. It is ours alone.
    pub memo_field: FieldChoice,
    /// Field with the mail address, by name or number.
    pub email_field: FieldChoice,
    /// Access level of a booker for whom no door is to open now.
    pub fallback_level: String,
    /// Areas that belong to a door, by the serial number of its control unit. For doors named here the database is not
    /// asked; all doors have to be here where it may not be (`querydb = false`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub areas: BTreeMap<String, Vec<i64>>,
    /// Access levels that open a door instead of individual rights, by the serial number of its control unit: only for
    /// servers that do not keep individual rights. Doors with the same level open together.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub levels: BTreeMap<String, String>,
    /// Kind of token that carries a booker's code; all tokens of this kind that a booker has are ours. Empty where codes
    /// are PINs, or where staff hand out cards: then no token is read or written.
    pub code_token_type: String,
}

/// A custom field of Net2, by its number or by the name that the site gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "a field has a number and a name, nothing else")]
pub enum FieldChoice {
    /// Its number, 1 to 14.
    Number(u8),
    /// Its name at this site.
    Name(String),
}

impl Default for BookersConfig {
    fn default() -> Self {
        Self {
            department: "Booking".to_owned(),
            marker_field: FieldChoice::Name("Position".to_owned()),
            marker_text: "BOOKINGSYNC".to_owned(),
            memo_field: FieldChoice::Number(13),
            email_field: FieldChoice::Number(9),
            fallback_level: NO_ACCESS.to_owned(),
            areas: BTreeMap::new(),
            levels: BTreeMap::new(),
            code_token_type: TokenType::Unspecified.as_str().to_owned(),
        }
    }
}

impl BookersConfig {
    /// Checks everything that needs no network, and returns each fault as setting, reason and remedy.
    pub fn faults(&self) -> Vec<ConfigFault> {
        let mut faults = Vec::new();
        let mut fault = |setting: &'static str, reason: &str, remedy: &str| {
            faults.push(ConfigFault::new(setting, reason, remedy));
        };
        if self.department.trim().is_empty() {
            fault("department", "is empty", "write the name of a department as Net2 shows it");
        }
        if self.fallback_level.trim().is_empty() {
            fault("fallback_level", "is empty", "write the name of an access level as Net2 shows it");
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.marker_text.is_empty() || self.marker_text.len() > 50 || !self.marker_text.chars().all(plain) {
            fault("marker_text", "is not one short word", "use 1 to 50 letters, digits, - or _");
        }
        let fields = [
            ("marker_field", &self.marker_field),
            ("memo_field", &self.memo_field),
            ("email_field", &self.email_field),
        ];
        for (setting, field) in fields {
            if !field.is_possible() {
                fault(setting, "is no field of Net2", "write its name, or its number from 1 to 14");
            }
        }
        if self.marker_field == self.memo_field {
            fault("marker_field", "is the memo, which is reserved", "choose an ordinary field, such as Position");
        }
        if self.email_field == self.marker_field || self.email_field == self.memo_field {
            fault("email_field", "is also the field of something else", "choose the field with the mail address");
        }
        let is_serial = |serial: &String| serial.parse::<DoorId>().is_ok_and(|door| door.get() > 0);
        if !self.areas.keys().all(is_serial) {
            fault("areas", "has a key that is no door", "write serial numbers of control units, such as \"7000123\"");
        }
        if self.areas.values().any(|areas| areas.is_empty() || areas.iter().any(|area| *area <= 0)) {
            fault("areas", "has a door without areas", "write the numbers of the areas that the door leads to");
        }
        if !self.levels.keys().all(is_serial) {
            fault("levels", "has a key that is no door", "write serial numbers of control units, such as \"7000123\"");
        }
        if self.levels.values().any(|level| level.trim().is_empty() || level == &self.fallback_level) {
            fault("levels", "has a door without a level of its own", "name a level other than `fallback_level`");
        }
        faults
    }

    /// The kind of token that carries codes; none where no token is ours.
    pub(super) fn code_kind(&self) -> Option<TokenType> {
        let kind = self.code_token_type.trim();
        (!kind.is_empty()).then(|| kind.into())
    }
}

impl FieldChoice {
    fn is_possible(&self) -> bool {
        match self {
            Self::Number(number) => (1..=14).contains(number),
            Self::Name(name) => !name.trim().is_empty(),
        }
    }
}

impl fmt::Display for FieldChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// What Net2 calls access level 0 in English; elsewhere the number decides.
pub(super) const NO_ACCESS: &str = "No access";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_section_has_the_defaults_of_the_manual_and_no_fault() {
        let read: BookersConfig = serde_json::from_str("{}").unwrap();
        assert_eq!(read, BookersConfig::default());
        assert!(read.faults().is_empty());
        assert_eq!((read.department.as_str(), read.marker_text.as_str()), ("Booking", "BOOKINGSYNC"));
        assert!(serde_json::from_str::<BookersConfig>(r#"{"departement":"Booking"}"#).is_err());
    }

    #[test]
    fn fields_are_named_or_numbered() {
        let read: BookersConfig = serde_json::from_str(r#"{"marker_field":10,"memo_field":"Notes"}"#).unwrap();
        assert_eq!(read.marker_field, FieldChoice::Number(10));
        assert_eq!(read.memo_field, FieldChoice::Name("Notes".to_owned()));
    }

    #[test]
    fn each_fault_names_its_setting() {
        let text = r#"{"department":" ","marker_field":13,"marker_text":"two words","email_field":15,
            "areas":{"front":[12],"7000123":[]},"levels":{"7000123":"No access"}}"#;
        let wrong: BookersConfig = serde_json::from_str(text).unwrap();
        let settings: Vec<_> = wrong.faults().into_iter().map(|fault| fault.setting).collect();
        assert_eq!(settings, ["department", "marker_text", "email_field", "marker_field", "areas", "areas", "levels"]);
    }
}
