//! Reading JSON as Net2 servers write it: any key case, missing and null keys, single-item wrappers.
//!
//! Errors name the place and the kind of value found, never the value: it may be a name, a PIN or a card number.

use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// What did not fit, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    path: String,
    expected: &'static str,
    found: &'static str,
}

impl Shape {
    pub(crate) fn new(expected: &'static str, found: &Value) -> Self {
        Self { path: String::new(), expected, found: kind(found) }
    }

    /// A value of the right JSON kind with impossible content.
    pub(crate) fn malformed(expected: &'static str) -> Self {
        Self { path: String::new(), expected, found: "malformed text" }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    fn missing() -> Self {
        Self { path: String::new(), expected: "a value", found: "nothing" }
    }

    fn below(mut self, key: &str) -> Self {
        self.path = if self.path.is_empty() { key.to_owned() } else { format!("{key}.{}", self.path) };
        self
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "`{}`: ", self.path)?;
        }
        write!(f, "{} instead of {}", self.found, self.expected)
    }
}

impl std::error::Error for Shape {}

/// A value that can be read from JSON with the tolerance this vendor needs.
pub(crate) trait FromJson: Sized {
    fn from_json(value: Value) -> Result<Self, Shape>;
}

/// One JSON object; its keys are found whatever their case.
#[derive(Debug, Default)]
pub(crate) struct Object(Vec<(String, Value)>);

impl Object {
    /// Takes a key that must be there.
    pub(crate) fn required<T: FromJson>(&mut self, key: &'static str) -> Result<T, Shape> {
        let value = self.take(key).ok_or_else(|| Shape::missing().below(key))?;
        T::from_json(value).map_err(|error| error.below(key))
    }

    /// Takes a key that may be missing or null.
    pub(crate) fn optional<T: FromJson>(&mut self, key: &'static str) -> Result<Option<T>, Shape> {
        self.take(key).map(|value| T::from_json(value).map_err(|error| error.below(key))).transpose()
    }

    /// Takes a key; missing or null gives the default.
    pub(crate) fn or_default<T: FromJson + Default>(&mut self, key: &'static str) -> Result<T, Shape> {
        Ok(self.optional(key)?.unwrap_or_default())
    }

    /// Takes the first of several names for one thing.
    pub(crate) fn first_of<T: FromJson>(&mut self, keys: &[&'static str]) -> Result<Option<T>, Shape> {
        for key in keys {
            if let Some(value) = self.optional(key)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// Takes a value by name, null counting as nothing; the exact spelling wins over others.
    pub(crate) fn take(&mut self, key: &str) -> Option<Value> {
        let exact = self.0.iter().position(|(name, _)| name == key);
        let place = exact.or_else(|| self.0.iter().position(|(name, _)| name.eq_ignore_ascii_case(key)))?;
        let (_, value) = self.0.swap_remove(place);
        self.0.retain(|(name, _)| !name.eq_ignore_ascii_case(key));
        (!value.is_null()).then_some(value)
    }

    /// What nobody took, as it came.
    pub(crate) fn rest(self) -> Map<String, Value> {
        self.0.into_iter().collect()
    }
}

impl FromJson for Object {
    fn from_json(value: Value) -> Result<Self, Shape> {
        match value {
            Value::Object(map) => Ok(Self(map.into_iter().collect())),
            other => Err(Shape::new("an object", &other)),
        }
    }
}

impl FromJson for Value {
    fn from_json(value: Value) -> Result<Self, Shape> {
        Ok(value)
    }
}

impl FromJson for String {
    fn from_json(value: Value) -> Result<Self, Shape> {
        match value {
            Value::String(text) => Ok(text),
            Value::Number(number) => Ok(number.to_string()),
            other => Err(Shape::new("a text", &other)),
        }
    }
}

impl FromJson for i64 {
    fn from_json(value: Value) -> Result<Self, Shape> {
        match &value {
            Value::Number(number) => number.as_i64().ok_or_else(|| Shape::new("a whole number", &value)),
            Value::String(text) => text.trim().parse().map_err(|_| Shape::new("a whole number", &value)),
            other => Err(Shape::new("a whole number", other)),
        }
    }
}

impl FromJson for bool {
    fn from_json(value: Value) -> Result<Self, Shape> {
        match &value {
            Value::Bool(truth) => Ok(*truth),
            Value::Number(number) => number.as_i64().map(|n| n != 0).ok_or_else(|| Shape::new("yes or no", &value)),
            Value::String(text) if text.eq_ignore_ascii_case("true") || text == "1" => Ok(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") || text == "0" => Ok(false),
            other => Err(Shape::new("yes or no", other)),
        }
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let item = |(place, value)| T::from_json(value).map_err(|error: Shape| error.below(&format!("[{place}]")));
        items(value)?.into_iter().enumerate().map(item).collect()
    }
}

/// The items of a list: bare, in an object around it under any single key, or null for none.
pub(crate) fn items(value: Value) -> Result<Vec<Value>, Shape> {
    match value {
        Value::Array(items) => Ok(items),
        Value::Null => Ok(Vec::new()),
        Value::Object(map) if map.len() == 1 => match map.into_iter().next() {
            Some((_, Value::Array(items))) => Ok(items),
            Some((_, Value::Null)) | None => Ok(Vec::new()),
            Some((_, other)) => Err(Shape::new("a list", &other)),
        },
        other => Err(Shape::new("a list", &other)),
    }
}

/// Lets a type that reads itself [`FromJson`] take part in serde.
pub(crate) fn deserialize<'de, T: FromJson, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::from_json(Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// Implements `Deserialize` for types that read themselves.
macro_rules! readable {
    ($($name:ty),+ $(,)?) => {$(
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::json::deserialize(deserializer)
            }
        }
    )+};
}
pub(crate) use readable;

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn object(value: Value) -> Object {
        Object::from_json(value).unwrap()
    }

    #[test]
    fn the_exact_key_wins_over_one_in_another_case() {
        let mut keys = object(json!({ "USERID": 1, "userId": 2, "other": 3 }));
        assert_eq!(keys.required::<i64>("userId"), Ok(2));
        assert_eq!(keys.rest(), *json!({ "other": 3 }).as_object().unwrap());
    }

    #[test]
    fn errors_name_the_place_and_never_the_value() {
        let mut keys = object(json!({ "pin": { "secret": "4821" } }));
        let error = keys.required::<String>("pin").unwrap_err().to_string();
        assert_eq!(error, "`pin`: an object instead of a text");
    }

    #[test]
    fn a_list_may_stand_bare_or_in_a_wrapper() {
        for value in [json!([1, "2"]), json!({ "items": [1, 2] }), json!({ "Doors": ["1", 2] })] {
            assert_eq!(Vec::<i64>::from_json(value), Ok(vec![1, 2]));
        }
        assert!(Vec::<i64>::from_json(json!({ "a": [1], "b": [2] })).is_err());
    }

    proptest! {
        #[test]
        fn any_json_reads_without_panic(text in ".{0,200}") {
            if let Ok(value) = serde_json::from_str::<Value>(&text) {
                let _ = Vec::<Object>::from_json(value);
            }
        }
    }
}
