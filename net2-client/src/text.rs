//! Texts that must not show up in logs by accident.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::json::{FromJson, Shape, readable};

/// The value of a token: a card number or a plate. It opens doors, so `Debug` hides it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenValue(String);

impl TokenValue {
    /// Takes the text as it is.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TokenValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenValue(hidden)")
    }
}

impl From<&str> for TokenValue {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}

impl Serialize for TokenValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl FromJson for TokenValue {
    fn from_json(value: Value) -> Result<Self, Shape> {
        String::from_json(value).map(Self)
    }
}

readable!(TokenValue);

/// A PIN. It opens doors, so `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Pin(String);

impl Pin {
    /// Takes the digits as they are; how many a server wants differs between versions.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(hidden)")
    }
}

impl From<&str> for Pin {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}

impl Serialize for Pin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl FromJson for Pin {
    fn from_json(value: Value) -> Result<Self, Shape> {
        String::from_json(value).map(Self)
    }
}

readable!(Pin);
