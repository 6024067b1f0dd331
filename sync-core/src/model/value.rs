//! Field values as the engine sees them.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{EntityKind, ExternalId, HashKey};

/// One value of one field, in the form that the engine compares, stores and explains.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "connectors and engine match on all of it")]
pub enum FieldValue {
    /// Not delivered; never written, never compared.
    #[default]
    Unknown,
    /// Delivered as nothing.
    Empty,
    /// One scalar.
    Value(Scalar),
    /// A set without order; the empty set is `Empty`.
    Set(BTreeSet<Scalar>),
}

/// One indivisible value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scalar {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text as the source spelled it.
    Text(String),
    /// A day in the site's zone.
    Date(NaiveDate),
    /// An instant, UTC.
    Instant(DateTime<Utc>),
    /// Another record of the same endpoint.
    Ref(RefKey),
    /// A PIN or code in clear, in memory only: it is sealed before anything is stored.
    #[serde(skip)]
    Secret(SecretText),
    /// A sealed secret: keyed hash, hexadecimal.
    Sealed(String),
}

/// A record of the same endpoint that a field points to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RefKey {
    /// The kind of record.
    pub entity: EntityKind,
    /// Its id at that endpoint.
    pub id: ExternalId,
}

/// Text that is wiped from memory when dropped and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

impl FieldValue {
    /// Whether the source delivered the field.
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown)
    }

    /// The same value with every clear secret replaced by its keyed hash.
    pub fn sealed(self, key: &HashKey) -> Self {
        match self {
            Self::Value(scalar) => Self::Value(scalar.sealed(key)),
            Self::Set(set) => Self::Set(set.into_iter().map(|scalar| scalar.sealed(key)).collect()),
            other => other,
        }
    }

    /// All references in the value.
    pub fn refs(&self) -> Vec<&RefKey> {
        match self {
            Self::Value(Scalar::Ref(key)) => vec![key],
            Self::Set(set) => set
                .iter()
                .filter_map(|scalar| match scalar {
                    Scalar::Ref(key) => Some(key),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}

impl Scalar {
    fn sealed(self, key: &HashKey) -> Self {
        match self {
            Self::Secret(text) => Self::Sealed(key.seal(text.expose())),
            other => other,
        }
    }
}

impl SecretText {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The secret, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl PartialOrd for SecretText {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SecretText {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.as_str().cmp(other.0.as_str())
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(***)")
    }
}

/// What a person reads in a plan; secrets are stars.
impl fmt::Display for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("?"),
            Self::Empty => f.write_str("-"),
            Self::Value(scalar) => scalar.fmt(f),
            Self::Set(set) => {
                for (i, scalar) in set.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    scalar.fmt(f)?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(true) => f.write_str("yes"),
            Self::Bool(false) => f.write_str("no"),
            Self::Int(n) => n.fmt(f),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Date(date) => date.fmt(f),
            Self::Instant(at) => f.write_str(&at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
            Self::Ref(key) => write!(f, "{} {}", key.entity, key.id),
            Self::Secret(_) | Self::Sealed(_) => f.write_str("***"),
        }
    }
}

impl fmt::Display for RefKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.entity, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_neither_printed_nor_stored_in_clear() {
        let pin = FieldValue::Value(Scalar::Secret(SecretText::new("4821")));
        assert_eq!(pin.to_string(), "***");
        assert!(!format!("{pin:?}").contains("4821"));
        let stored = serde_json::to_string(&pin.sealed(&HashKey::from_bytes([7; 16]))).unwrap();
        assert!(!stored.contains("4821"));
    }
}
