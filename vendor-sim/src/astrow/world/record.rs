//! Employees and their tab for PAC, as the wire spells them.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A name in up to three parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// First name, or the whole name.
    pub first: String,
    /// Middle name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub middle: Option<String>,
    /// Last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

/// How a badge number is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum BadgeBase {
    /// With decimal digits.
    #[default]
    Dec,
    /// With hexadecimal digits.
    Hex,
}

impl BadgeBase {
    /// The number that a text stands for.
    pub(crate) fn value(self, text: &str) -> Option<u128> {
        let radix = if self == Self::Hex { 16 } else { 10 };
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        plain.then(|| u128::from_str_radix(text, radix).ok()).flatten()
    }
}

/// Which application is the master of the persons.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Master {
    /// PAC.
    #[default]
    Pac,
    /// Astrow.
    Astrow,
}

/// A reference to an access group of PAC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRef {
    /// PAC's number of the group.
    pub id: u32,
    /// In force from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<FixedOffset>>,
    /// In force until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<FixedOffset>>,
}

/// A badge on the tab for PAC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Badge {
    /// `pac-prox`, `wiegand26` or `oneprox`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Number.
    pub number: String,
    /// Facility code of `wiegand26`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility: Option<u8>,
    /// `active`, `suspended` or `lost`.
    #[serde(default = "active")]
    pub state: String,
    /// In force from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<FixedOffset>>,
    /// In force until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<FixedOffset>>,
}

fn active() -> String {
    "active".to_owned()
}

impl Badge {
    /// The member that is wrong, if one is.
    fn fault(&self) -> Option<&'static str> {
        let number = self.number.as_str();
        let wrong = match self.kind.as_str() {
            "pac-prox" => number.len() != 8 || !number.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()),
            "wiegand26" => {
                number.parse::<u16>().is_ok_and(|value| value.to_string() != number) || number.parse::<u16>().is_err()
            }
            "oneprox" => {
                let hex = number.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
                !hex || !(4..=32).contains(&number.len()) || number.len() % 2 == 1
            }
            _ => return Some("type"),
        };
        if wrong {
            return Some("number");
        }
        if self.facility.is_some() != (self.kind == "wiegand26") {
            return Some("facility");
        }
        (!["active", "suspended", "lost"].contains(&self.state.as_str())).then_some("state")
    }
}

/// The tab of an employee that belongs to PAC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PacTab {
    /// PAC's number of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person_id: Option<u32>,
    /// Which application is the master.
    pub master: Master,
    /// Access groups.
    pub access_groups: Vec<GroupRef>,
    /// Badges.
    pub badges: Vec<Badge>,
}

impl PacTab {
    /// The path of the first member that is wrong, if one is.
    pub(crate) fn fault(&self) -> Option<String> {
        if self.access_groups.len() > 32 {
            return Some("accessGroups".to_owned());
        }
        if self.badges.len() > 16 {
            return Some("badges".to_owned());
        }
        let mut faults = self.badges.iter().map(Badge::fault).enumerate();
        faults.find_map(|(at, fault)| fault.map(|name| format!("badges[{at}].{name}")))
    }
}

/// An employee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Employee {
    /// Number given by Astrow.
    pub pers_no: u32,
    /// The employer's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employee_no: Option<String>,
    /// Number in the register of staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub register_no: Option<String>,
    /// Name.
    pub name: Name,
    /// Badge number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub badge_no: Option<String>,
    /// How it is written.
    pub badge_base: BadgeBase,
    /// First day of the contract.
    pub start_contract: NaiveDate,
    /// First day of calculation.
    pub start_calculation: NaiveDate,
    /// Last day of calculation; none: the contract is active.
    pub end_calculation: Option<NaiveDate>,
    /// Code of the cycle.
    pub cycle: String,
    /// Code of the pay group.
    pub pay_group: String,
    /// Code of the department.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Code of the terminal group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal_group: Option<String>,
    /// Code of the company site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_site: Option<String>,
    /// Mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Free fields 1 to 20.
    pub free_fields: BTreeMap<u8, String>,
    /// The tab for PAC.
    pub pac: PacTab,
    /// Counts the changes of this record, for its tag.
    #[serde(skip)]
    pub version: u64,
}

impl Employee {
    /// Whether the employee is active on this day.
    pub fn active_on(&self, day: NaiveDate) -> bool {
        self.end_calculation.is_none_or(|end| day <= end)
    }

    /// The entity tag with its quotes.
    pub fn etag(&self) -> String {
        format!("\"{}\"", self.version)
    }

    /// The number on the badge.
    pub(crate) fn badge_value(&self) -> Option<u128> {
        self.badge_base.value(self.badge_no.as_deref()?)
    }

    /// As the wire shows it.
    pub(crate) fn json(&self, today: NaiveDate) -> Value {
        let mut shown = json!(self);
        if let Some(members) = shown.as_object_mut() {
            members.insert("active".to_owned(), json!(self.active_on(today)));
            members.insert("etag".to_owned(), json!(self.etag()));
        }
        shown
    }

    /// The members in which two records differ, in the wire's words.
    pub(crate) fn differing(&self, other: &Self) -> Vec<String> {
        let (mine, theirs) = (json!(self), json!(other));
        let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
        let (mine, theirs) = (members(&mine), members(&theirs));
        let names: std::collections::BTreeSet<&String> = mine.keys().chain(theirs.keys()).collect();
        names.into_iter().filter(|name| mine.get(*name) != theirs.get(*name)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn badges_of_the_three_kinds_are_looked_at() {
        let fault = |kind: &str, number: &str, facility| {
            let (kind, number) = (kind.to_owned(), number.to_owned());
            Badge { kind, number, facility, state: active(), from: None, until: None }.fault()
        };
        assert_eq!(fault("pac-prox", "8E4C0B77", None), None);
        assert_eq!(fault("pac-prox", "CARD0123", None), None);
        assert_eq!(fault("pac-prox", "8e4c0b77", None), Some("number"));
        assert_eq!(fault("wiegand26", "40377", Some(77)), None);
        assert_eq!(fault("wiegand26", "40377", None), Some("facility"));
        assert_eq!(fault("wiegand26", "040377", Some(77)), Some("number"));
        assert_eq!(fault("wiegand26", "70000", Some(77)), Some("number"));
        assert_eq!(fault("oneprox", "04A1B2C3D4E580", None), None);
        assert_eq!(fault("oneprox", "04A", None), Some("number"));
        assert_eq!(fault("magnet", "1", None), Some("type"));
    }

    #[test]
    fn signs_are_no_part_of_a_number() {
        assert_eq!(BadgeBase::Dec.value("0101"), Some(101));
        assert_eq!(BadgeBase::Hex.value("d5"), Some(213));
        assert_eq!(
            (BadgeBase::Dec.value("+1"), BadgeBase::Dec.value(""), BadgeBase::Dec.value("D5")),
            (None, None, None)
        );
    }
}
