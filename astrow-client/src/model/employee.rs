//! Employees, and what is written of them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};

use super::hidden::shows;
use super::id::{Etag, PersNo};
use super::pac_tab::PacTab;
use super::patch::Patch;
use super::words::BadgeBase;

/// An employee.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Employee {
    /// Astrow's own number: unique, never changed.
    pub pers_no: PersNo,
    /// The employee number of the company; not always unique.
    pub employee_no: Option<String>,
    /// The number in the register.
    pub register_no: Option<String>,
    /// The name.
    pub name: Name,
    /// The badge number by which bookings find the employee.
    pub badge_no: Option<String>,
    /// How the badge number is written.
    pub badge_base: Option<BadgeBase>,
    /// Whether there is an active contract.
    pub active: bool,
    /// First day of the contract.
    pub start_contract: Option<NaiveDate>,
    /// First day that counts.
    pub start_calculation: Option<NaiveDate>,
    /// Last day that counts; none for an active contract.
    pub end_calculation: Option<NaiveDate>,
    /// Code of the work cycle.
    pub cycle: Option<String>,
    /// Code of the pay group.
    pub pay_group: Option<String>,
    /// Code of the department.
    pub department: Option<String>,
    /// Code of the terminal group.
    pub terminal_group: Option<String>,
    /// Code of the company site.
    pub company_site: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Free fields, 1 to 20.
    #[serde(default)]
    pub free_fields: BTreeMap<u8, String>,
    /// What Astrow keeps of PAC.
    #[serde(default)]
    pub pac: PacTab,
    /// The revision of the record; none where the driver has none.
    pub etag: Option<Etag>,
}

/// A name. Who does not split it puts all of it into `first`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Name {
    /// The mandatory part.
    pub first: String,
    /// What stands between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub middle: Option<String>,
    /// The family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

/// An employee to be made.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NewEmployee {
    /// The name.
    pub name: Name,
    /// The employee number of the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employee_no: Option<String>,
    /// The number in the register.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub register_no: Option<String>,
    /// The badge number by which bookings find the employee.
    pub badge_no: String,
    /// How the badge number is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub badge_base: Option<BadgeBase>,
    /// First day of the contract.
    pub start_contract: NaiveDate,
    /// First day that counts; the contract's unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_calculation: Option<NaiveDate>,
    /// Last day that counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_calculation: Option<NaiveDate>,
    /// Code of the work cycle.
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
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Free fields, 1 to 20.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub free_fields: BTreeMap<u8, String>,
    /// What Astrow is to keep of PAC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pac: Option<PacTab>,
}

/// A change of an employee: what is not named stays as it is.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EmployeePatch {
    /// The employee number of the company.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub employee_no: Patch<String>,
    /// The whole name; parts that it does not have are cleared.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "whole_name")]
    pub name: Option<Name>,
    /// The badge number by which bookings find the employee.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub badge_no: Patch<String>,
    /// Code of the department.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub department: Patch<String>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub email: Patch<String>,
    /// Last day that counts.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub end_calculation: Patch<NaiveDate>,
    /// Free fields that are set, or cleared where there is no text; the others stay.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub free_fields: BTreeMap<u8, Option<String>>,
}

impl Name {
    /// A name of one part.
    pub fn single(name: impl Into<String>) -> Self {
        Self { first: name.into(), ..Self::default() }
    }

    /// First and family name.
    pub fn new(first: impl Into<String>, last: impl Into<String>) -> Self {
        Self { first: first.into(), middle: None, last: Some(last.into()) }
    }

    /// The same with a middle name.
    pub fn with_middle(mut self, middle: impl Into<String>) -> Self {
        self.middle = Some(middle.into());
        self
    }
}

impl Employee {
    /// An employee of whom only number, name and state are known.
    pub fn new(pers_no: PersNo, name: Name, active: bool) -> Self {
        Self {
            pers_no,
            employee_no: None,
            register_no: None,
            name,
            badge_no: None,
            badge_base: None,
            active,
            start_contract: None,
            start_calculation: None,
            end_calculation: None,
            cycle: None,
            pay_group: None,
            department: None,
            terminal_group: None,
            company_site: None,
            email: None,
            free_fields: BTreeMap::new(),
            pac: PacTab::default(),
            etag: None,
        }
    }
}

impl NewEmployee {
    /// What Astrow needs at least; the other members can be set afterwards.
    pub fn new(
        name: Name,
        badge_no: impl Into<String>,
        start: NaiveDate,
        cycle: impl Into<String>,
        pay_group: impl Into<String>,
    ) -> Self {
        Self {
            name,
            employee_no: None,
            register_no: None,
            badge_no: badge_no.into(),
            badge_base: None,
            start_contract: start,
            start_calculation: Some(start),
            end_calculation: None,
            cycle: cycle.into(),
            pay_group: pay_group.into(),
            department: None,
            terminal_group: None,
            company_site: None,
            email: None,
            free_fields: BTreeMap::new(),
            pac: None,
        }
    }

    /// Sets further members.
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }
}

impl EmployeePatch {
    /// A change that does nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Sets what is to change.
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }
}

/// Parts that are not there are sent as `null`, so that an old middle name does not stay.
#[expect(clippy::ref_option, reason = "serde hands it over so")]
fn whole_name<S: Serializer>(name: &Option<Name>, serializer: S) -> Result<S::Ok, S::Error> {
    let Some(name) = name else { return serializer.serialize_none() };
    let mut parts = serializer.serialize_struct("Name", 3)?;
    parts.serialize_field("first", &name.first)?;
    parts.serialize_field("middle", &name.middle)?;
    parts.serialize_field("last", &name.last)?;
    parts.end()
}

shows! { Employee: pers_no, active, start_contract, end_calculation, etag }
shows! { NewEmployee: start_contract, cycle, pay_group, department }

/// Who it is stays out.
impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Name").finish_non_exhaustive()
    }
}

/// The members that change, without their values.
impl std::fmt::Debug for EmployeePatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmployeePatch")
            .field("employee_no", &!self.employee_no.is_keep())
            .field("name", &self.name.is_some())
            .field("badge_no", &!self.badge_no.is_keep())
            .field("department", &!self.department.is_keep())
            .field("email", &!self.email.is_keep())
            .field("end_calculation", &self.end_calculation)
            .field("free_fields", &self.free_fields.keys())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_change_says_unchanged_set_and_cleared_apart() {
        let patch = EmployeePatch::new().with(|patch| {
            patch.department = Patch::Clear;
            patch.email = "teo@example.com".to_owned().into();
            patch.free_fields.insert(3, None);
        });
        let sent = serde_json::to_value(&patch).unwrap();
        assert_eq!(sent, json!({"department": null, "email": "teo@example.com", "freeFields": {"3": null}}));
        assert!(!patch.is_empty() && EmployeePatch::new().is_empty());
        assert!(!format!("{patch:?}").contains("teo@"), "{patch:?}");
    }

    #[test]
    fn a_changed_name_clears_the_parts_that_it_does_not_have() {
        let patch = EmployeePatch::new().with(|patch| patch.name = Some(Name::single("Cher")));
        let sent = serde_json::to_value(&patch).unwrap();
        assert_eq!(sent, json!({"name": {"first": "Cher", "middle": null, "last": null}}));
    }
}
