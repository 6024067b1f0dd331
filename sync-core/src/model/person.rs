//! People and what they carry.

use std::collections::BTreeSet;
use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::field::field_table;
use super::{Entity, EntityKind, Field, Known, RefKey, SecretText};

/// A user, badge holder, cardholder or employee, as far as any of the joined systems knows one.
///
/// A connector fills what its system has; everything else stays `Unknown` and is never written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// Given name.
    pub first_name: Known<String>,
    /// Middle name or names.
    pub middle_name: Known<String>,
    /// Family name with its particles.
    pub last_name: Known<String>,
    /// Form of address.
    pub title: Known<String>,
    /// Number at the employer or payroll.
    pub personnel_number: Known<String>,
    /// Mail address.
    pub email: Known<String>,
    /// Fixed telephone.
    pub telephone: Known<String>,
    /// Mobile telephone.
    pub mobile: Known<String>,
    /// Postal address, lines separated by CR LF.
    pub address: Known<String>,
    /// Post code.
    pub post_code: Known<String>,
    /// Number plate.
    pub vehicle_registration: Known<String>,
    /// Birthday.
    pub date_of_birth: Known<NaiveDate>,
    /// Gender as the source words it.
    pub gender: Known<String>,
    /// The department, of the same endpoint.
    pub department: Known<RefKey>,
    /// What the person may enter, of the same endpoint.
    pub policies: Known<BTreeSet<RefKey>>,
    /// Cards, fobs, plates.
    pub credentials: Known<BTreeSet<Credential>>,
    /// Doors that open for the person now, by the ids of the system that has them.
    pub doors: Known<BTreeSet<String>>,
    /// PIN for keypads.
    pub pin: Known<SecretText>,
    /// Number issued to the person as a card or picture; other credentials stand beside it.
    pub code: Known<SecretText>,
    /// What we keep about the person in a field that is ours alone.
    pub notes: Known<String>,
    /// First day of validity.
    pub valid_from: Known<NaiveDate>,
    /// Last day of validity.
    pub valid_until: Known<NaiveDate>,
    /// First day of employment.
    pub start_date: Known<NaiveDate>,
    /// Last day of employment.
    pub leave_date: Known<NaiveDate>,
    /// Whether the person takes part: not a leaver, not barred.
    pub active: Known<bool>,
    /// Id that an access system gave the person: its own, or the one that the other side has noted.
    pub access_id: Known<String>,
    /// Id that an attendance system gave the person: its own, or the one that the other side has noted.
    pub attendance_id: Known<String>,
}

/// A card, fob or plate: kind and number. The number is a credential and is masked wherever people read it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Credential {
    /// Kind in the words of its system, such as `Keyfob`; empty if the system has no kinds.
    pub kind: String,
    /// Number or plate as text.
    pub number: String,
}

impl Entity for Person {
    const KIND: EntityKind = EntityKind::Person;
    const CARRIES_RIGHTS: bool = true;

    fn fields() -> &'static [Field<Self>] {
        field_table!(Person {
            first_name [personal identity],
            middle_name [personal],
            last_name [personal identity],
            title [personal],
            personnel_number [personal identity],
            email [personal identity],
            telephone [personal],
            mobile [personal],
            address [personal],
            post_code [personal],
            vehicle_registration [personal],
            date_of_birth [personal],
            gender [personal],
            department [],
            policies [],
            credentials [personal identity],
            doors [],
            pin [personal],
            code [personal],
            notes [personal],
            valid_from [],
            valid_until [],
            start_date [],
            leave_date [],
            active [],
            access_id [identity],
            attendance_id [identity],
        })
    }

    fn title(&self) -> String {
        let parts = [&self.first_name, &self.last_name];
        let name: Vec<_> = parts.iter().filter_map(|part| part.value().map(|text| text.trim())).collect();
        if name.is_empty() { "(no name)".to_owned() } else { name.join(" ") }
    }
}

/// Hides everything that is personal.
impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").field("active", &self.active).field("policies", &self.policies).finish_non_exhaustive()
    }
}

impl Credential {
    /// A credential of a kind.
    pub fn new(kind: impl Into<String>, number: impl Into<String>) -> Self {
        Self { kind: kind.into(), number: number.into() }
    }

    /// Back from its stored text; text without a kind is a bare number.
    pub fn from_text(text: &str) -> Self {
        match text.split_once(':') {
            Some((kind, number)) => Self::new(kind, number),
            None => Self::new("", text),
        }
    }

    /// The number with all but its last three characters hidden.
    pub fn masked(&self) -> String {
        mask(&self.number)
    }
}

/// The stored text, `kind:number`.
impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind.is_empty() && !self.number.contains(':') {
            f.write_str(&self.number)
        } else {
            write!(f, "{}:{}", self.kind, self.number)
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({} {})", self.kind, self.masked())
    }
}

/// Hides all but the last three characters; short numbers are hidden whole.
fn mask(number: &str) -> String {
    let length = number.chars().count();
    let shown = if length > 5 { 3 } else { 0 };
    number.chars().enumerate().map(|(i, c)| if i + shown < length { '*' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_survive_their_text_and_hide_their_number() {
        for credential in
            [Credential::new("Keyfob", "12345678"), Credential::new("", "12345"), Credential::new("", "a:b")]
        {
            assert_eq!(Credential::from_text(&credential.to_string()), credential);
            assert!(!format!("{credential:?}").contains(&credential.number));
        }
        assert_eq!(Credential::new("", "12345678").masked(), "*****678");
    }

    #[test]
    fn debug_shows_no_personal_data() {
        let person = Person { first_name: Known::from_text("Maya"), ..Person::default() };
        assert!(!format!("{person:?}").contains("Maya"));
        assert_eq!(person.title(), "Maya");
    }
}
