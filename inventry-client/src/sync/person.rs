//! Between a person of InVentry and a person of the engine.

use std::collections::BTreeSet;

use sync_core::connector::{FieldCaps, InvalidRecord, Record};
use sync_core::model::{Canonical, Credential, Department, Entity as _, Known, Person, RefKey};

use super::config::{InventryConfig, PersonalField};
use crate::personnel::{self, Gender};

/// What InVentry tells about people under this configuration; a field that is off is not declared, so nobody asks for it.
pub(super) fn field_caps(config: &InventryConfig) -> Vec<FieldCaps> {
    let mut caps = vec![
        FieldCaps::read_only("first_name", Canonical::text(200)),
        FieldCaps::read_only("last_name", Canonical::text(200)),
        FieldCaps::read_only("personnel_number", Canonical::text(200)),
        FieldCaps::read_only("department", Canonical::exact()),
        FieldCaps::read_only("active", Canonical::exact()),
    ];
    if config.take_credentials {
        caps.push(FieldCaps::read_only("credentials", Canonical::exact()));
    }
    caps.extend(config.fields_on.iter().map(|field| FieldCaps::read_only(field.as_str(), canonical(*field))));
    caps
}

fn canonical(field: PersonalField) -> Canonical {
    match field {
        // Its lines are part of it.
        PersonalField::Address => Canonical { max_chars: Some(500), ..Canonical::exact() },
        PersonalField::DateOfBirth => Canonical::exact(),
        _ => Canonical::text(200),
    }
}

/// The record of a person; whoever has no name at all cannot be one.
pub(super) fn record(config: &InventryConfig, person: &personnel::Person) -> Result<Record<Person>, InvalidRecord> {
    let (first, last) = person.names();
    if first.is_empty() && last.is_empty() {
        return Err(InvalidRecord::new(
            person.id.as_str(),
            "name",
            "neither forename, surname nor display name is given",
        ));
    }
    let mut value = Person {
        first_name: Known::from_text(first),
        last_name: Known::from_text(last),
        personnel_number: told(person, "staff_code", text(person.staff_code.as_ref())),
        department: told(person, "departments", Known::from_option(person.department().map(department))),
        active: told(person, "enabled", Known::Value(person.enabled)),
        ..Person::default()
    };
    if config.take_credentials {
        value.credentials = told(person, "credentials", credentials(person));
    }
    for field in &config.fields_on {
        set(&mut value, *field, person);
    }
    Ok(Record::new(person.id.as_str(), value))
}

fn set(value: &mut Person, field: PersonalField, person: &personnel::Person) {
    match field {
        PersonalField::Title => value.title = told(person, "title", text(person.title.as_ref())),
        PersonalField::DateOfBirth => {
            value.date_of_birth = told(person, "date_of_birth", Known::from_option(person.date_of_birth));
        }
        PersonalField::Gender => {
            let gender = person.gender().map(|gender: Gender| gender.as_str().to_owned());
            value.gender = told(person, "gender", Known::from_option(gender));
        }
        PersonalField::VehicleRegistration => {
            let plate = Known::from_option(person.car_registration());
            value.vehicle_registration = told(person, "car_registrations", plate);
        }
        PersonalField::Address => {
            let address = person.address.as_ref().map(personnel::Address::text).unwrap_or_default();
            value.address = told(person, "address", Known::from_text(address));
        }
        PersonalField::PostCode => {
            let code = person.address.as_ref().and_then(|address| address.post_code.as_ref());
            value.post_code = told(person, "post_code", text(code));
        }
        PersonalField::Email => value.email = told(person, "email", text(person.email.as_ref())),
        PersonalField::Mobile => value.mobile = told(person, "mobile", text(person.mobile.as_ref())),
    }
}

/// What the answer left out is not known, whatever stands in the client's record.
fn told<T>(person: &personnel::Person, member: &str, value: Known<T>) -> Known<T> {
    if person.told(member) { value } else { Known::Unknown }
}

fn text(value: Option<&String>) -> Known<String> {
    Known::from_text(value.map(|text| text.trim().to_owned()).unwrap_or_default())
}

fn department(id: &crate::id::DepartmentId) -> RefKey {
    RefKey { entity: Department::KIND, id: id.as_str().into() }
}

fn credentials(person: &personnel::Person) -> Known<BTreeSet<Credential>> {
    Known::from_option(person.primary_card().map(|number| BTreeSet::from([Credential::new("", number)])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::personnel::tests::person;

    fn asha() -> personnel::Person {
        let mut asha = person("318");
        asha.forename = Some("Asha".to_owned());
        asha.surname = Some("de Mello".to_owned());
        asha.title = Some("Mrs".to_owned());
        asha.departments = vec!["12".into(), "13".into()];
        asha.gender = Some("F".to_owned());
        asha.email = Some("a.demello@example.org".to_owned());
        asha.staff_code = Some("ADM".to_owned());
        asha.told = BTreeSet::from(["title", "departments", "gender", "email", "staff_code", "enabled", "mobile"]);
        asha
    }

    fn config(fields: &[PersonalField]) -> InventryConfig {
        let mut config = InventryConfig::new("https://h", "env:K");
        config.fields_on = fields.iter().copied().collect();
        config
    }

    #[test]
    fn personal_fields_are_read_only_when_named() {
        let none = record(&config(&[]), &asha()).unwrap().value;
        assert_eq!((none.title, none.gender, none.email), (Known::Unknown, Known::Unknown, Known::Unknown));
        let all = record(&config(&PersonalField::ALL), &asha()).unwrap().value;
        assert_eq!(all.gender, Known::from_text("Female"));
        assert_eq!(all.email, Known::from_text("a.demello@example.org"));
        assert_eq!(all.mobile, Known::Empty, "told to be nothing");
        assert_eq!(all.date_of_birth, Known::Unknown, "not told");
    }

    #[test]
    fn every_declared_field_is_one_of_the_engines() {
        let mut config = config(&PersonalField::ALL);
        config.take_credentials = true;
        for caps in field_caps(&config) {
            assert!(Person::field(caps.name).is_some(), "{}", caps.name);
        }
    }

    #[test]
    fn the_first_department_counts_and_a_staff_code_is_the_personnel_number() {
        let value = record(&config(&[]), &asha()).unwrap().value;
        assert_eq!(value.department.value().unwrap().id.as_str(), "12");
        assert_eq!(value.personnel_number, Known::from_text("ADM"));
        assert_eq!(value.active, Known::Value(true));
        assert_eq!(value.credentials, Known::Unknown);
    }

    #[test]
    fn whoever_has_no_name_is_held_and_not_made_up() {
        assert_eq!(record(&config(&[]), &person("7")).unwrap_err().field, "name");
    }
}
