//! People: rows of `temployee`, and what may be written to them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};

use crate::badge::{Credential, Credentials};
use crate::error::{Error, Result};
use crate::grouping::GroupingNumber;
use crate::ids::{EmployeeId, GroupingRefId, PolicyId, StatusId};
use crate::name::{self, NameParts};
use crate::receipts::ReceiptKey;

/// A person as stored.
///
/// A field that the site does not have, or a personal field that is switched off, reads as `None`;
/// [`crate::Settings::reads`] tells the two apart from an empty one.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Employee {
    /// The id, also the person's PIN on terminals.
    pub id: EmployeeId,
    /// Employment status.
    pub status_id: StatusId,
    /// The status takes the person out of the calculation.
    pub leaver: bool,
    /// Title.
    pub title: Option<String>,
    /// First name; `-` where there is none.
    pub first_name: String,
    /// Last name; `-` where there is none.
    pub last_name: String,
    /// Date of birth.
    pub date_of_birth: Option<NaiveDate>,
    /// Gender.
    pub gender: Option<String>,
    /// Address, lines joined by CRLF.
    pub address: Option<String>,
    /// Post code.
    pub post_code: Option<String>,
    /// E-mail address.
    pub email_address: Option<String>,
    /// Mobile number.
    pub mobile_number: Option<String>,
    /// Vehicle registration.
    pub vehicle_registration: Option<String>,
    /// The current numeric credential.
    pub badge: Option<i64>,
    /// Local time from which the badge counts.
    pub badge_activation: Option<NaiveDateTime>,
    /// Local time up to which the badge counts.
    pub badge_expiry: Option<NaiveDateTime>,
    /// PIN at terminals.
    pub security_pin: Option<Pin>,
    /// Payroll reference.
    pub paylink: Option<String>,
    /// First day.
    pub date_started: Option<NaiveDate>,
    /// Last day.
    pub date_left: Option<NaiveDate>,
    /// Policy.
    pub policy_id: Option<PolicyId>,
    /// Values of the groupings that are set.
    pub groupings: BTreeMap<GroupingNumber, GroupingRefId>,
    /// Receipt of the source that the reader asked about.
    pub receipt: Option<ReceiptKey>,
    /// Credentials held now: the badge first, then those that the source asked about has registered.
    pub credentials: Vec<Credential>,
}

impl Employee {
    /// The name as one text.
    pub fn name(&self) -> String {
        name::join(&self.first_name, &self.last_name)
    }
}

impl fmt::Debug for Employee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Employee")
            .field("id", &self.id)
            .field("status_id", &self.status_id)
            .field("leaver", &self.leaver)
            .field("policy_id", &self.policy_id)
            .field("groupings", &self.groupings)
            .finish_non_exhaustive()
    }
}

/// A PIN; never shown, leading zeros count.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(String);

impl Pin {
    /// Wraps a PIN.
    pub fn new(pin: impl Into<String>) -> Self {
        Self(pin.into())
    }

    /// The PIN itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(…)")
    }
}

/// What a write does to one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field<T> {
    /// Leaves it as it is; on create, empty.
    #[default]
    Keep,
    /// Empties it.
    Clear,
    /// Sets it.
    Set(T),
}

impl<T> Field<T> {
    /// Whether the write touches the field.
    pub fn is_keep(&self) -> bool {
        matches!(self, Field::Keep)
    }

    /// The value to set.
    pub fn value(&self) -> Option<&T> {
        match self {
            Field::Set(value) => Some(value),
            Field::Keep | Field::Clear => None,
        }
    }
}

impl<T> From<Option<T>> for Field<T> {
    /// `None` clears.
    fn from(value: Option<T>) -> Self {
        value.map_or(Field::Clear, Field::Set)
    }
}

/// The fields of a person to create or to update; what is not named stays.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PersonFields {
    /// First name; a create needs one of both.
    pub first_name: Field<String>,
    /// Last name with its particles; a create needs one of both.
    pub last_name: Field<String>,
    /// Title.
    pub title: Field<String>,
    /// Date of birth.
    pub date_of_birth: Field<NaiveDate>,
    /// Gender.
    pub gender: Field<String>,
    /// Address, lines joined by CRLF.
    pub address: Field<String>,
    /// Post code.
    pub post_code: Field<String>,
    /// E-mail address.
    pub email_address: Field<String>,
    /// Mobile number.
    pub mobile_number: Field<String>,
    /// Vehicle registration.
    pub vehicle_registration: Field<String>,
    /// Local time from which the badge counts.
    pub badge_activation: Field<NaiveDateTime>,
    /// Local time up to which the badge counts.
    pub badge_expiry: Field<NaiveDateTime>,
    /// PIN at terminals.
    pub security_pin: Field<Pin>,
    /// Payroll reference.
    pub paylink: Field<String>,
    /// First day; a create without one takes today.
    pub date_started: Field<NaiveDate>,
    /// Policy.
    pub policy: Field<PolicyId>,
    /// Groupings.
    pub groupings: BTreeMap<GroupingNumber, Field<GroupingRefId>>,
    /// All credentials of the person as one source knows them.
    pub credentials: Option<Credentials>,
}

impl PersonFields {
    /// The fields of a person with this name and nothing else.
    pub fn named(name: NameParts) -> Self {
        Self { first_name: Field::Set(name.first), last_name: Field::Set(name.last), ..Self::default() }
    }

    /// The text fields with their columns.
    pub(crate) fn texts(&self) -> [(EmployeeField, &Field<String>); 10] {
        [
            (EmployeeField::FirstName, &self.first_name),
            (EmployeeField::LastName, &self.last_name),
            (EmployeeField::Title, &self.title),
            (EmployeeField::Gender, &self.gender),
            (EmployeeField::Address, &self.address),
            (EmployeeField::PostCode, &self.post_code),
            (EmployeeField::EmailAddress, &self.email_address),
            (EmployeeField::MobileNumber, &self.mobile_number),
            (EmployeeField::VehicleRegistration, &self.vehicle_registration),
            (EmployeeField::Paylink, &self.paylink),
        ]
    }
}

impl fmt::Debug for PersonFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set: Vec<_> =
            self.texts().into_iter().filter(|(_, field)| !field.is_keep()).map(|(name, _)| name).collect();
        f.debug_struct("PersonFields").field("texts", &set).field("policy", &self.policy).finish_non_exhaustive()
    }
}

macro_rules! employee_fields {
    ($($(#[$doc:meta])* $variant:ident = $logical:literal,)+) => {
        /// A field of a person, by its logical name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        #[non_exhaustive]
        pub enum EmployeeField {
            $($(#[$doc])* #[serde(rename = $logical)] $variant,)+
        }

        impl EmployeeField {
            /// The name used in settings.
            pub fn logical(self) -> &'static str {
                match self { $(EmployeeField::$variant => $logical,)+ }
            }
        }
    };
}

employee_fields!(
    /// Title.
    Title = "title",
    /// First name.
    FirstName = "first_name",
    /// Last name.
    LastName = "last_name",
    /// Date of birth (personal).
    DateOfBirth = "date_of_birth",
    /// Gender (personal).
    Gender = "gender",
    /// Address (personal).
    Address = "address",
    /// Post code (personal).
    PostCode = "post_code",
    /// E-mail address.
    EmailAddress = "email_address",
    /// Mobile number (personal).
    MobileNumber = "mobile_number",
    /// Vehicle registration (personal).
    VehicleRegistration = "vehicle_registration",
    /// Badge.
    Badge = "badge",
    /// Start of the badge.
    BadgeActivation = "badge_activation",
    /// End of the badge.
    BadgeExpiry = "badge_expiry",
    /// PIN.
    SecurityPin = "security_pin",
    /// Payroll reference.
    Paylink = "paylink",
    /// First day.
    DateStarted = "date_started",
    /// Last day.
    DateLeft = "date_left",
    /// Policy.
    Policy = "policy",
);

impl EmployeeField {
    /// Personal fields are off until somebody switches them on (rule W14).
    pub fn is_personal(self) -> bool {
        use EmployeeField as F;
        matches!(self, F::DateOfBirth | F::Gender | F::Address | F::PostCode | F::MobileNumber | F::VehicleRegistration)
    }
}

impl FromStr for EmployeeField {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let known = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(text);
        Self::deserialize(known).map_err(|_| Error::rejected("field", format!("`{text}` is not a field of a person")))
    }
}

/// A key by which people are found.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PersonKey {
    /// Payroll reference, exact.
    Paylink(String),
    /// The current badge.
    Badge(i64),
    /// E-mail address, case ignored.
    Email(String),
    /// Both parts of the name, case ignored.
    Name(NameParts),
    /// A receipt.
    Receipt(ReceiptKey),
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PersonKey::Paylink(_) => "Paylink(…)",
            PersonKey::Badge(_) => "Badge(…)",
            PersonKey::Email(_) => "Email(…)",
            PersonKey::Name(_) => "Name(…)",
            PersonKey::Receipt(_) => "Receipt(…)",
        })
    }
}

/// People read, and those that cannot be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct People {
    /// The people.
    pub people: Vec<Employee>,
    /// Rows that are there but hold something that cannot be read.
    pub unreadable: Vec<Unreadable>,
    /// The last id of this page, readable or not; `None` when there was nothing.
    pub last: Option<EmployeeId>,
}

/// A person whose row holds something that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unreadable {
    /// Who.
    pub id: EmployeeId,
    /// Logical name of the column at fault.
    pub field: &'static str,
}

/// One page of people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeoplePage {
    /// Begins behind this person.
    pub after: Option<EmployeeId>,
    /// At most so many.
    pub limit: usize,
    /// Also reads receipts and credentials of this source.
    pub source: Option<String>,
}

impl Default for PeoplePage {
    fn default() -> Self {
        Self { after: None, limit: 500, source: None }
    }
}

impl PeoplePage {
    /// The first page, with receipts and credentials of `source`.
    pub fn of(source: impl Into<String>) -> Self {
        Self { source: Some(source.into()), ..Self::default() }
    }

    /// Begins behind this person.
    pub fn after(mut self, after: EmployeeId) -> Self {
        self.after = Some(after);
        self
    }

    /// At most so many.
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }
}
