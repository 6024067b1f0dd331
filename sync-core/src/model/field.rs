//! One table of fields per entity, and values by field name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{Entity, FieldValue, Fingerprint, HashKey, Known, RefKey, Scalar, SecretText};

/// One row of an entity's field table.
pub struct Field<T> {
    /// Name in configuration, plans and stores.
    pub name: &'static str,
    /// Whether it is personal data that `Debug` and bundles hide.
    pub personal: bool,
    /// Whether the field helps to tell that a record is still the same one (I-50).
    pub identity: bool,
    /// Reads it.
    pub get: fn(&T) -> FieldValue,
    /// Writes it.
    pub set: fn(&mut T, FieldValue) -> Result<(), FieldMismatch>,
}

impl<T> fmt::Debug for Field<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({})", self.name)
    }
}

/// A value of another type than the field's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value does not fit the field: expected {expected}")]
pub struct FieldMismatch {
    /// What the field holds.
    pub expected: &'static str,
}

/// Values by field name: a record as it is stored, compared and explained. Unknown fields are left out.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fields(BTreeMap<String, FieldValue>);

/// Some fields of an entity, chosen by name once for many records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldSelection(Vec<bool>);

impl FieldSelection {
    /// The named fields.
    pub fn new<T: Entity>(names: &[&str]) -> Self {
        Self(T::fields().iter().map(|field| names.contains(&field.name)).collect())
    }
}

/// How a side stores a field, so that what it cannot store is not seen as a difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Canonical {
    /// Runs of white space count as one blank, none at the ends.
    pub collapse_space: bool,
    /// Upper and lower case are the same.
    pub ignore_case: bool,
    /// Longest text in characters; the rest is cut when written.
    pub max_chars: Option<usize>,
    /// Only one member of a set can be stored: the first in order.
    pub at_most_one: bool,
}

impl Canonical {
    /// Text compared without regard to case and spacing, at most `max` characters.
    pub const fn name(max: usize) -> Self {
        Self { collapse_space: true, ignore_case: true, max_chars: Some(max), at_most_one: false }
    }

    /// Text compared as it is but for outer and doubled spaces, at most `max` characters.
    pub const fn text(max: usize) -> Self {
        Self { collapse_space: true, ignore_case: false, max_chars: Some(max), at_most_one: false }
    }

    /// Any value, compared as it is.
    pub const fn exact() -> Self {
        Self { collapse_space: false, ignore_case: false, max_chars: None, at_most_one: false }
    }

    /// A set of which only the first member can be stored.
    pub const fn single() -> Self {
        Self { collapse_space: false, ignore_case: false, max_chars: None, at_most_one: true }
    }

    /// The form in which two values are compared.
    pub fn compare_form(&self, value: &FieldValue) -> FieldValue {
        self.on_text(value, |text| {
            let text = self.storable_text(text);
            if self.ignore_case { text.to_lowercase() } else { text }
        })
    }

    /// The form that is written: cut and trimmed, but not folded.
    pub fn stored_form(&self, value: &FieldValue) -> FieldValue {
        self.on_text(value, |text| self.storable_text(text))
    }

    fn storable_text(&self, text: &str) -> String {
        let text =
            if self.collapse_space { text.split_whitespace().collect::<Vec<_>>().join(" ") } else { text.to_owned() };
        match self.max_chars {
            Some(max) if text.chars().count() > max => text.chars().take(max).collect::<String>().trim_end().to_owned(),
            _ => text,
        }
    }

    fn on_text(&self, value: &FieldValue, f: impl Fn(&str) -> String) -> FieldValue {
        let on_scalar = |scalar: &Scalar| match scalar {
            Scalar::Text(text) => Scalar::Text(f(text)),
            other => other.clone(),
        };
        match value {
            FieldValue::Value(Scalar::Text(text)) => {
                let text = f(text);
                if text.is_empty() { FieldValue::Empty } else { FieldValue::Value(Scalar::Text(text)) }
            }
            FieldValue::Set(set) => {
                let kept = if self.at_most_one { 1 } else { set.len() };
                let set: BTreeSet<Scalar> = set.iter().take(kept).map(on_scalar).collect();
                if set.is_empty() { FieldValue::Empty } else { FieldValue::Set(set) }
            }
            other => other.clone(),
        }
    }
}

impl Fields {
    /// The named fields of a record, secrets sealed; unknown ones are left out.
    pub fn of<T: Entity>(record: &T, names: &[&str], key: &HashKey) -> Self {
        T::fields()
            .iter()
            .filter(|field| names.contains(&field.name))
            .map(|field| (field.name.to_owned(), (field.get)(record).sealed(key)))
            .filter(|(_, value)| value.is_known())
            .collect()
    }

    /// The value of a field; `Unknown` if it is not there.
    pub fn get(&self, name: &str) -> &FieldValue {
        self.0.get(name).unwrap_or(&FieldValue::Unknown)
    }

    /// Sets a field; `Unknown` takes it out.
    pub fn set(&mut self, name: impl Into<String>, value: FieldValue) {
        let name = name.into();
        if value.is_known() {
            self.0.insert(name, value);
        } else {
            self.0.remove(&name);
        }
    }

    /// All known fields in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &FieldValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A typed record with these fields; everything else is unknown.
    ///
    /// # Errors
    /// A value of the wrong type: the store was written by another version of the field table.
    pub fn to_record<T: Entity>(&self) -> Result<T, FieldMismatch> {
        let mut record = T::default();
        for field in T::fields() {
            if let Some(value) = self.0.get(field.name) {
                (field.set)(&mut record, value.clone())?;
            }
        }
        Ok(record)
    }

    /// The fingerprint of the named fields of a record.
    pub fn fingerprint<T: Entity>(record: &T, names: &[&str], key: &HashKey) -> Fingerprint {
        Self::fingerprint_of(record, &FieldSelection::new::<T>(names), key)
    }

    /// The fingerprint of the selected fields of a record, without building a map: this runs for every record read.
    pub fn fingerprint_of<T: Entity>(record: &T, selection: &FieldSelection, key: &HashKey) -> Fingerprint {
        let mut hasher = key.hasher();
        let selected = T::fields().iter().enumerate().zip(&selection.0).filter(|(_, selected)| **selected);
        for ((position, field), _) in selected {
            let value = (field.get)(record);
            if value.is_known() {
                hasher.number(position as u64);
                hash_value(&mut hasher, &value);
            }
        }
        hasher.finish()
    }

    /// The fingerprint of these fields of an entity; equal to [`Fields::fingerprint`] of the same record.
    pub fn stored_fingerprint<T: Entity>(&self, key: &HashKey) -> Fingerprint {
        let mut hasher = key.hasher();
        for (position, field) in T::fields().iter().enumerate() {
            if let Some(value) = self.0.get(field.name) {
                hasher.number(position as u64);
                hash_value(&mut hasher, value);
            }
        }
        hasher.finish()
    }
}

impl FromIterator<(String, FieldValue)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, FieldValue)>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}

/// Names only: the values are people's data.
impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn hash_value(hasher: &mut super::Hasher128, value: &FieldValue) {
    match value {
        FieldValue::Unknown => {}
        FieldValue::Empty => hasher.number(0),
        FieldValue::Value(scalar) => {
            hasher.number(1);
            hash_scalar(hasher, scalar);
        }
        FieldValue::Set(set) => {
            hasher.number(2 + set.len() as u64);
            for scalar in set {
                hash_scalar(hasher, scalar);
            }
        }
    }
}

fn hash_scalar(hasher: &mut super::Hasher128, scalar: &Scalar) {
    match scalar {
        Scalar::Bool(b) => hasher.part(&[b'b', u8::from(*b)]),
        Scalar::Int(n) => hasher.part(&n.to_le_bytes()),
        Scalar::Text(text) => hasher.part(text.as_bytes()),
        Scalar::Date(date) => hasher.part(&chrono::Datelike::num_days_from_ce(date).to_le_bytes()),
        Scalar::Instant(at) => hasher.part(&at.timestamp_millis().to_le_bytes()),
        Scalar::Ref(key) => {
            hasher.part(key.entity.as_str().as_bytes());
            hasher.part(key.id.as_str().as_bytes());
        }
        // Only a keyed hash of a secret may leave memory, and a fingerprint is stored.
        Scalar::Secret(secret) => hasher.part(secret.expose().as_bytes()),
        Scalar::Sealed(seal) => hasher.part(seal.as_bytes()),
    }
}

/// A typed field that can turn into an engine value and back.
pub(super) trait AsField: Sized {
    fn to_field(&self) -> FieldValue;
    fn from_field(value: FieldValue) -> Result<Self, FieldMismatch>;
}

macro_rules! scalar_field {
    ($type:ty, $variant:ident, $expected:literal) => {
        impl AsField for Known<$type> {
            fn to_field(&self) -> FieldValue {
                match self {
                    Known::Unknown => FieldValue::Unknown,
                    Known::Empty => FieldValue::Empty,
                    Known::Value(value) => FieldValue::Value(Scalar::$variant(value.clone())),
                }
            }

            fn from_field(value: FieldValue) -> Result<Self, FieldMismatch> {
                match value {
                    FieldValue::Unknown => Ok(Known::Unknown),
                    FieldValue::Empty => Ok(Known::Empty),
                    FieldValue::Value(Scalar::$variant(value)) => Ok(Known::Value(value)),
                    _ => Err(FieldMismatch { expected: $expected }),
                }
            }
        }
    };
}

scalar_field!(String, Text, "text");
scalar_field!(bool, Bool, "yes or no");
scalar_field!(NaiveDate, Date, "a date");
scalar_field!(DateTime<Utc>, Instant, "an instant");
scalar_field!(RefKey, Ref, "a reference");

impl AsField for Known<SecretText> {
    fn to_field(&self) -> FieldValue {
        match self {
            Known::Unknown => FieldValue::Unknown,
            Known::Empty => FieldValue::Empty,
            Known::Value(secret) => FieldValue::Value(Scalar::Secret(secret.clone())),
        }
    }

    fn from_field(value: FieldValue) -> Result<Self, FieldMismatch> {
        match value {
            FieldValue::Empty => Ok(Known::Empty),
            FieldValue::Value(Scalar::Secret(secret)) => Ok(Known::Value(secret)),
            // The seal cannot be opened: whoever needs the secret asks the primary again.
            FieldValue::Unknown | FieldValue::Value(Scalar::Sealed(_)) => Ok(Known::Unknown),
            _ => Err(FieldMismatch { expected: "a secret" }),
        }
    }
}

impl AsField for Known<BTreeSet<RefKey>> {
    fn to_field(&self) -> FieldValue {
        set_to_field(self, |key| Scalar::Ref(key.clone()))
    }

    fn from_field(value: FieldValue) -> Result<Self, FieldMismatch> {
        set_from_field(value, |scalar| match scalar {
            Scalar::Ref(key) => Ok(key),
            _ => Err(FieldMismatch { expected: "references" }),
        })
    }
}

impl AsField for Known<BTreeSet<String>> {
    fn to_field(&self) -> FieldValue {
        set_to_field(self, |text| Scalar::Text(text.clone()))
    }

    fn from_field(value: FieldValue) -> Result<Self, FieldMismatch> {
        set_from_field(value, |scalar| match scalar {
            Scalar::Text(text) => Ok(text),
            _ => Err(FieldMismatch { expected: "texts" }),
        })
    }
}

impl AsField for Known<BTreeSet<super::Credential>> {
    fn to_field(&self) -> FieldValue {
        set_to_field(self, |credential| Scalar::Text(credential.to_string()))
    }

    fn from_field(value: FieldValue) -> Result<Self, FieldMismatch> {
        set_from_field(value, |scalar| match scalar {
            Scalar::Text(text) => Ok(super::Credential::from_text(&text)),
            _ => Err(FieldMismatch { expected: "credentials" }),
        })
    }
}

fn set_to_field<T>(set: &Known<BTreeSet<T>>, f: impl Fn(&T) -> Scalar) -> FieldValue {
    match set {
        Known::Unknown => FieldValue::Unknown,
        Known::Value(set) if !set.is_empty() => FieldValue::Set(set.iter().map(f).collect()),
        Known::Empty | Known::Value(_) => FieldValue::Empty,
    }
}

fn set_from_field<T: Ord>(
    value: FieldValue,
    f: impl Fn(Scalar) -> Result<T, FieldMismatch>,
) -> Result<Known<BTreeSet<T>>, FieldMismatch> {
    match value {
        FieldValue::Unknown => Ok(Known::Unknown),
        FieldValue::Empty => Ok(Known::Empty),
        FieldValue::Set(set) => Ok(Known::Value(set.into_iter().map(f).collect::<Result<_, _>>()?)),
        FieldValue::Value(scalar) => Ok(Known::Value(BTreeSet::from([f(scalar)?]))),
    }
}

/// Writes an entity's field table: one line per field, flags in brackets.
macro_rules! field_table {
    ($type:ty { $($name:ident [$($flag:ident)*]),* $(,)? }) => {
        const { &[$($crate::model::Field {
            name: stringify!($name),
            personal: $crate::model::field::has_flag(&[$(stringify!($flag)),*], "personal"),
            identity: $crate::model::field::has_flag(&[$(stringify!($flag)),*], "identity"),
            get: |record: &$type| $crate::model::field::AsField::to_field(&record.$name),
            set: |record: &mut $type, value| {
                record.$name = $crate::model::field::AsField::from_field(value)?;
                Ok(())
            },
        }),*] }
    };
}
pub(super) use field_table;

pub(super) const fn has_flag(flags: &[&str], wanted: &str) -> bool {
    let mut i = 0;
    while i < flags.len() {
        #[expect(clippy::indexing_slicing, reason = "i < len; iterators are not const")]
        if same(flags[i].as_bytes(), wanted.as_bytes()) {
            return true;
        }
        i += 1;
    }
    false
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        #[expect(clippy::indexing_slicing, reason = "i < both lengths; iterators are not const")]
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Person;

    fn text(text: &str) -> FieldValue {
        FieldValue::Value(Scalar::Text(text.to_owned()))
    }

    #[test]
    fn a_name_that_changes_only_in_spacing_or_case_is_the_same_name() {
        let name = Canonical::name(50);
        assert_eq!(name.compare_form(&text("  Anna  MARIA ")), name.compare_form(&text("anna maria")));
        assert_eq!(name.stored_form(&text("  Anna  MARIA ")), text("Anna MARIA"));
    }

    #[test]
    fn what_a_side_cannot_store_is_no_difference() {
        let short = Canonical::text(4);
        assert_eq!(short.compare_form(&text("abcdef")), short.compare_form(&text("abcd")));
        assert_eq!(short.stored_form(&text("abc def")), text("abc"));
    }

    #[test]
    fn a_stored_record_has_the_fingerprint_of_the_record() {
        let key = HashKey::from_bytes([3; 16]);
        let person = Person {
            first_name: Known::from_text("Maya"),
            last_name: Known::from_text("Okonkwo"),
            credentials: Known::Empty,
            ..Person::default()
        };
        let names: Vec<_> = Person::fields().iter().map(|field| field.name).collect();
        let stored = Fields::of(&person, &names, &key);
        assert_eq!(stored.stored_fingerprint::<Person>(&key), Fields::fingerprint(&person, &names, &key));
        assert_eq!(stored.to_record::<Person>().unwrap(), person);
    }

    #[test]
    fn flags_of_a_table_are_read() {
        assert!(Person::field("first_name").is_some_and(|field| field.personal && field.identity));
        assert!(Person::field("active").is_some_and(|field| !field.personal));
    }
}
