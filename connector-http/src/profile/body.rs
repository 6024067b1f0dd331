//! A request body, filled by the names of a profile.

use super::{Fields, Profile, pointer};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use std::fmt;

/// A request body in the making.
///
/// Each setter says whether the vendor has the field; where it has not, nothing is written.
#[derive(Clone)]
#[must_use = "a body is made to be sent"]
pub struct Body<'a> {
    profile: &'a Profile,
    fields: Option<&'a Fields>,
    value: Value,
}

impl<'a> Body<'a> {
    pub(super) fn new(profile: &'a Profile, object: &str) -> Self {
        Self { profile, fields: profile.fields(object), value: Value::Object(Map::new()) }
    }

    /// Begins with something that was read, so that members that nobody knows are written back.
    pub fn over(mut self, value: Value) -> Self {
        self.value = value;
        self
    }

    /// Sets a value; null clears it at the vendor.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) -> bool {
        match self.fields.and_then(|fields| fields.pointer(name)) {
            Some(pointer) => pointer::set(&mut self.value, pointer, value.into()),
            None => false,
        }
    }

    /// Sets an instant, or clears it.
    pub fn instant(&mut self, name: &str, at: Option<DateTime<Utc>>) -> bool {
        let value = at.map_or(Value::Null, |at| self.profile.time().write(at));
        self.set(name, value)
    }

    /// Sets one of our words in the vendor's spelling.
    pub fn word(&mut self, name: &str, map: &str, word: &str) -> bool {
        let value = self.profile.values(map).map_or_else(|| word.into(), |map| map.write(word));
        self.set(name, value)
    }

    /// Sets what is the element itself in a list of plain values, or one of its members.
    pub fn element(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        if !self.set(name, value.clone()) {
            self.value = value;
        }
    }

    /// Whether nothing was set.
    pub fn is_empty(&self) -> bool {
        matches!(&self.value, Value::Object(map) if map.is_empty())
    }

    /// The body.
    #[must_use]
    pub fn into_value(self) -> Value {
        self.value
    }
}

impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}
