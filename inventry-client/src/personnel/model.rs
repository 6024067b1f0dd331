//! A person, and what the rules make of one.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};

use super::address::Address;
use super::name;
use crate::id::{DepartmentId, PersonId, SiteId};
use crate::words::{CredentialType, PersonOrigin, PersonType};

/// A person as the server describes them.
///
/// A member that the answer left out is empty here and not [told](Person::told): nothing may be concluded from it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Person {
    /// Id of the record.
    pub id: PersonId,
    /// What kind of person it is.
    pub person_type: PersonType,
    /// Form of address.
    pub title: Option<String>,
    /// Given name.
    pub forename: Option<String>,
    /// Family name.
    pub surname: Option<String>,
    /// The name as it is shown.
    pub display_name: Option<String>,
    /// Departments, the main one first.
    pub departments: Vec<DepartmentId>,
    /// Birthday.
    pub date_of_birth: Option<NaiveDate>,
    /// Gender in the server's words.
    pub gender: Option<String>,
    /// Number plates.
    pub car_registrations: Vec<String>,
    /// Where the person lives.
    pub address: Option<Address>,
    /// Mail address.
    pub email: Option<String>,
    /// Mobile telephone.
    pub mobile: Option<String>,
    /// Number or initials at the employer.
    pub staff_code: Option<String>,
    /// Cards and barcodes.
    pub credentials: Vec<Credential>,
    /// Whether the record is enabled; whoever is not is a leaver.
    pub enabled: bool,
    /// The sites where the person works.
    pub sites: Vec<SiteId>,
    /// Where the record comes from.
    pub source: Option<PersonOrigin>,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was last changed.
    pub updated_at: Option<DateTime<Utc>>,
    pub(crate) told: BTreeSet<&'static str>,
}

/// A card or barcode. The number of a PIN is never read.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credential {
    /// What it is.
    pub kind: CredentialType,
    /// Its number.
    pub number: Option<String>,
    /// Whether it is the one that counts.
    pub primary: bool,
}

/// Gender as attendance systems keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Gender {
    /// Male.
    Male,
    /// Female.
    Female,
    /// Any other word.
    Other,
}

impl Person {
    /// Whether the server told a member at all, by the logical name that it has in a profile, such as `email`.
    pub fn told(&self, member: &str) -> bool {
        self.told.contains(member)
    }

    /// First and last name: the parts as they are, or split from the name that is shown.
    pub fn names(&self) -> (String, String) {
        let text = |part: &Option<String>| part.as_deref().unwrap_or_default().trim().to_owned();
        let (first, last) = (text(&self.forename), text(&self.surname));
        if first.is_empty() && last.is_empty() {
            return name::split(self.display_name.as_deref().unwrap_or_default());
        }
        (first, last)
    }

    /// The name to show to people who may see it.
    pub fn full_name(&self) -> String {
        let (first, last) = self.names();
        name::join(&first, &last)
    }

    /// The main department.
    pub fn department(&self) -> Option<&DepartmentId> {
        self.departments.first()
    }

    /// The number plate that counts: the first, in capitals, with single blanks.
    pub fn car_registration(&self) -> Option<String> {
        let plate = |text: &String| text.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase();
        self.car_registrations.iter().map(plate).find(|plate| !plate.is_empty())
    }

    /// The gender as attendance systems keep it; nothing where nothing is said.
    pub fn gender(&self) -> Option<Gender> {
        let text = self.gender.as_deref()?.trim().to_lowercase();
        match text.as_str() {
            "" => None,
            "m" | "male" => Some(Gender::Male),
            "f" | "female" => Some(Gender::Female),
            _ => Some(Gender::Other),
        }
    }

    /// The card that counts: the first primary one.
    pub fn primary_card(&self) -> Option<&str> {
        let counts = |credential: &&Credential| credential.primary && credential.kind == CredentialType::Card;
        self.credentials
            .iter()
            .filter(counts)
            .find_map(|credential| credential.number.as_deref().map(str::trim).filter(|number| !number.is_empty()))
    }
}

impl Gender {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Male => "Male",
            Self::Female => "Female",
            Self::Other => "Other",
        }
    }
}

/// Hides who it is.
impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("id", &self.id)
            .field("person_type", &self.person_type)
            .field("departments", &self.departments)
            .field("enabled", &self.enabled)
            .field("updated_at", &self.updated_at)
            .finish_non_exhaustive()
    }
}

/// Hides the number.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("kind", &self.kind).field("primary", &self.primary).finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn person(id: &str) -> Person {
        Person {
            id: id.into(),
            person_type: PersonType::Personnel,
            title: None,
            forename: None,
            surname: None,
            display_name: None,
            departments: Vec::new(),
            date_of_birth: None,
            gender: None,
            car_registrations: Vec::new(),
            address: None,
            email: None,
            mobile: None,
            staff_code: None,
            credentials: Vec::new(),
            enabled: true,
            sites: Vec::new(),
            source: None,
            created_at: None,
            updated_at: None,
            told: BTreeSet::new(),
        }
    }

    #[test]
    fn parts_of_a_name_win_over_the_name_that_is_shown() {
        let mut asha = person("318");
        asha.display_name = Some("Asha de Mello".to_owned());
        assert_eq!(asha.names(), ("Asha".to_owned(), "de Mello".to_owned()));
        asha.surname = Some("Mello".to_owned());
        assert_eq!(asha.names(), (String::new(), "Mello".to_owned()));
        asha.forename = Some(" Asha ".to_owned());
        assert_eq!(asha.full_name(), "Asha Mello");
    }

    #[test]
    fn the_first_number_plate_counts_in_capitals() {
        let mut person = person("1");
        assert_eq!(person.car_registration(), None);
        person.car_registrations = vec![" ".to_owned(), "zz19  xyz".to_owned(), "AB1".to_owned()];
        assert_eq!(person.car_registration().as_deref(), Some("ZZ19 XYZ"));
    }

    #[test]
    fn words_for_gender_become_three() {
        let gender = |text: &str| {
            let mut person = person("1");
            person.gender = Some(text.to_owned());
            person.gender().map(Gender::as_str)
        };
        assert_eq!(gender("F"), Some("Female"));
        assert_eq!(gender("female "), Some("Female"));
        assert_eq!(gender("M"), Some("Male"));
        assert_eq!(gender("X"), Some("Other"));
        assert_eq!(gender(" "), None);
    }

    #[test]
    fn only_a_primary_card_with_a_number_counts() {
        let credential =
            |kind: CredentialType, number: &str, primary| Credential { kind, number: Some(number.to_owned()), primary };
        let mut person = person("1");
        person.credentials = vec![
            credential(CredentialType::Barcode, "1", true),
            credential(CredentialType::Card, "2", false),
            credential(CredentialType::Card, " ", true),
            credential(CredentialType::Card, "3", true),
        ];
        assert_eq!(person.primary_card(), Some("3"));
        assert!(!format!("{person:?}").contains('3'));
    }
}
