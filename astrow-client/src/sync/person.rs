//! Employees of Astrow as people, and back.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use sync_core::connector::{FieldCaps, Record, SyncError};
use sync_core::model::{Canonical, Department, Entity as _, Field, FieldValue, Known, Person, RefKey, Scalar};

use super::badges::{badges_of, credentials, groups_of, policies};
use super::config::AstrowConfig;
use crate::model::{BadgeBase, Employee, EmployeePatch, Lookups, Master, Name, NewEmployee, PacTab, Patch};
use crate::number::{NumberForm, person_badge};

/// How people are read and written at one server.
pub(super) struct Rules<'a> {
    pub(super) config: &'a AstrowConfig,
    pub(super) zone: Tz,
    pub(super) form: NumberForm,
    /// The codes of Astrow, where the driver knows them.
    pub(super) lookups: Option<&'a Lookups>,
}

/// The fields of people, as the driver treats them.
pub(super) fn field_caps(config: &AstrowConfig, files: bool) -> Vec<FieldCaps> {
    let name = Canonical::text(NAME);
    let mut fields = vec![
        FieldCaps::required("first_name", name),
        FieldCaps::full("middle_name", name),
        FieldCaps::full("last_name", name),
        FieldCaps::full("personnel_number", name),
        FieldCaps::full("department", Canonical::exact()),
        FieldCaps::read_only("start_date", Canonical::exact()),
        FieldCaps::read_only("active", Canonical::exact()),
        FieldCaps::full("access_id", Canonical::exact()),
        FieldCaps::read_only("attendance_id", Canonical::exact()),
    ];
    if files {
        fields.push(FieldCaps::read_only("leave_date", Canonical::exact()));
        return fields;
    }
    fields.extend([
        FieldCaps::full("leave_date", Canonical::exact()),
        FieldCaps::full("email", Canonical::text(LONG)),
        FieldCaps::full("policies", Canonical::exact()),
        FieldCaps::full("credentials", Canonical::exact()),
    ]);
    let free = FREE_FIELD_NAMES.iter().filter(|name| config.free_fields.values().any(|own| own == *name));
    fields.extend(free.map(|name| FieldCaps::full(name, Canonical::text(LONG))));
    fields
}

impl Rules<'_> {
    /// An employee as a record.
    pub(super) fn record(&self, employee: &Employee, files: bool) -> Record<Person> {
        let mut person = Person {
            first_name: Known::from_text(&*employee.name.first),
            middle_name: text(employee.name.middle.as_ref()),
            last_name: text(employee.name.last.as_ref()),
            personnel_number: text(employee.employee_no.as_ref()),
            department: self.department(employee.department.as_deref()),
            start_date: Known::from_option(employee.start_contract.or(employee.start_calculation)),
            leave_date: Known::from_option(employee.end_calculation),
            active: Known::Value(employee.active),
            access_id: Known::from_option(employee.pac.person_id.map(|id| id.to_string())),
            attendance_id: Known::Value(employee.pers_no.to_string()),
            ..Person::default()
        };
        if !files {
            person.email = text(employee.email.as_ref());
            person.policies = policies(&employee.pac.access_groups);
            person.credentials = credentials(&employee.pac.badges);
            for (number, field) in self.free_fields() {
                let value = match employee.free_fields.get(&number).filter(|text| !text.trim().is_empty()) {
                    Some(text) => FieldValue::Value(Scalar::Text(text.clone())),
                    None => FieldValue::Empty,
                };
                // All of them are texts, which a text fits.
                let _ = (field.set)(&mut person, value);
            }
        }
        let mut record = Record::new(i64::from(employee.pers_no.get()), person);
        record.revision = employee.etag.as_ref().map(|etag| etag.as_str().to_owned());
        record
    }

    /// A new employee: the defaults of the settings, PAC's id as badge number, and today as first day unless one is given.
    pub(super) fn new_employee(&self, person: &Person, today: NaiveDate) -> Result<NewEmployee, SyncError> {
        let id = access_id(person)?.ok_or_else(|| {
            SyncError::wrong("access_id", "is missing: the id at the access system becomes the badge number")
        })?;
        let start = person.start_date.value().copied().unwrap_or(today);
        let default = |value: &Option<String>, setting: &str| match value.as_deref().map(str::trim) {
            Some(code) if !code.is_empty() => Ok(code.to_owned()),
            _ if self.lookups.is_none() => Ok(String::new()),
            _ => Err(SyncError::new(
                sync_core::connector::ErrorClass::Config,
                format!("{setting} is missing: a new employee needs it"),
            )
            .with_remedy("write the code in the section of Astrow; the connection test lists what there is")),
        };
        let cycle = default(&self.config.default_cycle, "default_cycle")?;
        let pay_group = default(&self.config.default_paygroup, "default_paygroup")?;
        let new = NewEmployee::new(name_of(None, person)?, person_badge(id, self.form), start, cycle, pay_group);
        let mut tab = PacTab::new(Some(id), Master::Pac);
        tab.access_groups = groups_of(&person.policies, self.zone)?;
        tab.badges = badges_of(&person.credentials, self.zone)?;
        let mut free: BTreeMap<_, _> = BTreeMap::from([(1, format!("pac:{id}"))]);
        for (number, field) in self.free_fields() {
            free.remove(&number);
            if let FieldValue::Value(Scalar::Text(text)) = (field.get)(person) {
                free.insert(number, text);
            }
        }
        let base = if self.form == NumberForm::Hexadecimal { BadgeBase::Hexadecimal } else { BadgeBase::Decimal };
        Ok(new.with(|new| {
            new.badge_base = Some(base);
            new.employee_no = person.personnel_number.value().cloned();
            new.email = person.email.value().cloned();
            new.end_calculation = person.leave_date.value().copied();
            new.department = self.department_code(&person.department);
            new.terminal_group.clone_from(&self.config.terminal_group);
            new.company_site.clone_from(&self.config.company_site);
            new.free_fields = free;
            new.pac = Some(tab);
        }))
    }

    /// What changes of an employee, without the tab.
    pub(super) fn patch(&self, current: &Employee, person: &Person) -> Result<EmployeePatch, SyncError> {
        let name = name_of(Some(&current.name), person)?;
        let mut patch = EmployeePatch::new().with(|patch| {
            patch.name = Some(name).filter(|name| *name != current.name);
            patch.employee_no = changed(&person.personnel_number, current.employee_no.as_ref());
            patch.email = changed(&person.email, current.email.as_ref());
            patch.end_calculation = changed(&person.leave_date, current.end_calculation.as_ref());
        });
        patch.department = match &person.department {
            Known::Unknown => Patch::Keep,
            Known::Empty => changed(&Known::Empty, current.department.as_ref()),
            Known::Value(_) => match self.department_code(&person.department) {
                Some(code) => changed(&Known::Value(code), current.department.as_ref()),
                None => Patch::Keep,
            },
        };
        for (number, field) in self.free_fields() {
            let old = current.free_fields.get(&number).filter(|text| !text.is_empty());
            let new = match (field.get)(person) {
                FieldValue::Value(Scalar::Text(text)) => Some(text),
                FieldValue::Empty => None,
                _ => continue,
            };
            if old != new.as_ref() {
                patch.free_fields.insert(number, new);
            }
        }
        Ok(patch)
    }

    /// The tab as it is to be, if it is to be another one.
    pub(super) fn tab(&self, current: &Employee, person: &Person) -> Result<Option<PacTab>, SyncError> {
        let mut tab = current.pac.clone();
        if person.policies.is_known() && policies(&tab.access_groups) != person.policies {
            tab.access_groups = groups_of(&person.policies, self.zone)?;
        }
        if person.credentials.is_known() && credentials(&tab.badges) != person.credentials {
            tab.badges = badges_of(&person.credentials, self.zone)?;
        }
        if person.access_id.is_known() {
            tab.person_id = access_id(person)?;
        }
        Ok(Some(tab).filter(|tab| *tab != current.pac))
    }

    /// A department goes by its name, and by its code where it has none.
    fn department(&self, code: Option<&str>) -> Known<RefKey> {
        let Some(code) = code.map(str::trim).filter(|code| !code.is_empty()) else { return Known::Empty };
        let found = self.lookups.and_then(|all| all.departments.iter().find(|one| one.code == code));
        let name = found.map(|one| one.name.trim()).filter(|name| !name.is_empty()).unwrap_or(code);
        Known::Value(RefKey { entity: Department::KIND, id: name.into() })
    }

    /// The code of a department by code or name. One that Astrow does not know is left out, never made.
    fn department_code(&self, department: &Known<RefKey>) -> Option<String> {
        let name = department.value()?.id.as_str();
        let Some(lookups) = self.lookups else { return Some(name.to_owned()) };
        let code = Lookups::code_of(&lookups.departments, name).map(str::to_owned);
        if code.is_none() {
            tracing::warn!(department = name, "Astrow does not know this department: it is left out");
        }
        code
    }

    fn free_fields(&self) -> impl Iterator<Item = (u8, &'static Field<Person>)> {
        let known = self.config.free_fields.iter();
        known.filter_map(|(number, name)| Some((*number, Person::field(name)?)))
    }
}

fn access_id(person: &Person) -> Result<Option<u32>, SyncError> {
    let wrong = |_| SyncError::wrong("access_id", "is no number that PAC gives");
    person.access_id.value().map(|text| text.parse().map_err(wrong)).transpose()
}

/// The name as it is to be. Whoever has one part only has it in the part that must be there.
fn name_of(current: Option<&Name>, person: &Person) -> Result<Name, SyncError> {
    let mut name = current.cloned().unwrap_or_default();
    match &person.first_name {
        Known::Value(text) => name.first.clone_from(text),
        Known::Empty => name.first.clear(),
        Known::Unknown => {}
    }
    for (known, part) in [(&person.middle_name, &mut name.middle), (&person.last_name, &mut name.last)] {
        match known {
            Known::Value(text) => *part = Some(text.clone()),
            Known::Empty => *part = None,
            Known::Unknown => {}
        }
    }
    if name.first.trim().is_empty() {
        name.first = name.last.take().unwrap_or_default();
    }
    if name.first.trim().is_empty() {
        return Err(SyncError::wrong("first_name", "is missing: Astrow needs a name"));
    }
    Ok(name)
}

/// Sets or clears what is to be another value.
fn changed<T: Clone + PartialEq>(wanted: &Known<T>, current: Option<&T>) -> Patch<T> {
    match wanted {
        Known::Value(value) if current != Some(value) => Patch::Set(value.clone()),
        Known::Empty if current.is_some() => Patch::Clear,
        _ => Patch::Keep,
    }
}

fn text(value: Option<&String>) -> Known<String> {
    value.map_or(Known::Empty, Known::from_text)
}

/// Texts of a person for which neither system has a field of its own.
pub(super) const FREE_FIELD_NAMES: [&str; 7] =
    ["title", "telephone", "mobile", "address", "post_code", "vehicle_registration", "gender"];
/// Longest name, number or department.
const NAME: usize = 64;
/// Longest mail address or free field.
const LONG: usize = 256;
