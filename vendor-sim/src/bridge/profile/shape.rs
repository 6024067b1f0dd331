//! Moves members between where the contract has them and where a profile has them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::time::instant_text;
use super::{Kind, TimeForm, What};

/// Words of a profile for words of the contract, the one that is written first.
#[derive(Debug, Clone, Default)]
pub(super) struct Spellings(pub(super) BTreeMap<String, Vec<Value>>);

/// One member: where from, where to.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) contract: &'static str,
    /// `None`: not there.
    pub(super) place: Option<String>,
    pub(super) what: What,
    pub(super) spellings: Option<Spellings>,
}

/// All members of one kind.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) fields: Vec<Placed>,
    /// The member that is the whole object, when lists hold plain values.
    pub(super) plain: Option<&'static str>,
    /// Whether the file changed anything here or inside.
    pub(super) changed: bool,
}

impl Shape {
    pub(super) fn of(kind: &Kind) -> Self {
        let named = kind.fields.iter().filter(|field| !matches!(field.what, What::Object));
        let fields = named.map(|field| Placed {
            contract: field.pointer,
            place: Some(field.pointer.to_owned()),
            what: field.what,
            spellings: None,
        });
        Self { fields: fields.collect(), plain: None, changed: false }
    }

    /// Its members, to be moved.
    pub(super) fn moved(&mut self) -> &mut [Placed] {
        self.changed = true;
        &mut self.fields
    }

    pub(super) fn is_contract(&self) -> bool {
        !self.changed
    }

    pub(super) fn shows(&self, pointer: &str) -> bool {
        self.fields.iter().any(|field| field.contract == pointer && field.place.is_some())
    }

    pub(super) fn word(&self, pointer: &str, text: &str) -> String {
        let spellings =
            self.fields.iter().find(|field| field.contract == pointer).and_then(|field| field.spellings.as_ref());
        spellings.map_or_else(|| text.to_owned(), |spellings| words(spellings.taken(&text.into())))
    }

    /// From the contract's form into the profile's.
    pub(super) fn show(
        &self,
        shapes: &BTreeMap<&'static str, Self>,
        mut object: Value,
        time: &TimeForm,
        date: Option<&str>,
    ) -> Value {
        if let Some(plain) = self.plain {
            return object.pointer_mut(plain).map(Value::take).unwrap_or_default();
        }
        let mut shown = Value::Object(Map::new());
        for field in &self.fields {
            let Some(value) = object.pointer_mut(field.contract).map(Value::take) else { continue };
            let Some(place) = &field.place else { continue };
            let value = match (field.what, value) {
                (_, Value::Null) => Value::Null,
                (What::Instant, value) => contract_instant(&value).map_or(value, |at| time.write(at)),
                (What::Date, value) => dated(value, date),
                (What::Inner(kind, _), Value::Array(items)) => match shapes.get(kind) {
                    Some(shape) => items.into_iter().map(|item| shape.show(shapes, item, time, date)).collect(),
                    None => Value::Array(items),
                },
                (_, value) => match &field.spellings {
                    Some(spellings) => spellings.shown(value),
                    None => value,
                },
            };
            put(&mut shown, place, value);
        }
        shown
    }

    /// From the profile's form into the contract's; what is not there stays away.
    pub(super) fn take(
        &self,
        shapes: &BTreeMap<&'static str, Self>,
        object: &Value,
        time: &TimeForm,
    ) -> Result<Value, &'static str> {
        let mut taken = Value::Object(Map::new());
        if let Some(plain) = self.plain {
            put(&mut taken, plain, object.clone());
            return Ok(taken);
        }
        for field in &self.fields {
            let Some(place) = &field.place else { continue };
            let Some(value) = object.pointer(place) else { continue };
            let value = match (field.what, value) {
                (_, Value::Null) => Value::Null,
                (What::Instant, value) => time.read(value).map(instant_text).ok_or(field.contract)?.into(),
                (What::Inner(kind, _), Value::Array(items)) => match shapes.get(kind) {
                    Some(shape) => items.iter().map(|item| shape.take(shapes, item, time)).collect::<Result<_, _>>()?,
                    None => value.clone(),
                },
                (_, value) => match &field.spellings {
                    Some(spellings) => spellings.taken(value),
                    None => value.clone(),
                },
            };
            put(&mut taken, field.contract, value);
        }
        Ok(taken)
    }
}

impl Spellings {
    /// The word of the contract for a spelling.
    pub(super) fn contract_word(&self, text: &str) -> String {
        words(self.taken(&text.into()))
    }

    /// The spelling of a word, or else this value; lines and underlines are the same.
    pub(super) fn spelled(&self, word: &str, otherwise: Value) -> Value {
        let same = |known: &str| known.replace('_', "-") == word.replace('_', "-");
        let found = self.0.iter().find(|(known, _)| same(known)).and_then(|(_, spellings)| spellings.first());
        found.cloned().unwrap_or(otherwise)
    }

    fn shown(&self, value: Value) -> Value {
        match value {
            Value::Array(items) => items.into_iter().map(|item| self.spelled(&words(item.clone()), item)).collect(),
            other => self.one_shown(other),
        }
    }

    fn one_shown(&self, value: Value) -> Value {
        self.0.get(&words(value.clone())).and_then(|spellings| spellings.first()).cloned().unwrap_or(value)
    }

    fn taken(&self, value: &Value) -> Value {
        let text = words(value.clone());
        let fits = |spellings: &[Value]| spellings.iter().any(|spelling| words(spelling.clone()) == text);
        let found = self.0.iter().find(|(_, spellings)| fits(spellings)).map(|(word, _)| word.as_str());
        match found {
            Some("true") => Value::Bool(true),
            Some("false") => Value::Bool(false),
            Some(word) => word.into(),
            None => value.clone(),
        }
    }
}

/// A value as a word: text as it is, numbers and flags as they are written.
pub(super) fn words(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// A day of the contract in a pattern.
fn dated(value: Value, pattern: Option<&str>) -> Value {
    let day: Option<NaiveDate> = value.as_str().and_then(|text| text.parse().ok());
    match (day, pattern) {
        (Some(day), Some(pattern)) => day.format(pattern).to_string().into(),
        _ => value,
    }
}

fn contract_instant(value: &Value) -> Option<chrono::DateTime<chrono::Utc>> {
    TimeForm::Rfc3339.read(value)
}

/// Puts a value where a pointer says; objects on the way are made.
pub(crate) fn put(target: &mut Value, pointer: &str, value: Value) {
    let mut at = target;
    for piece in pointer.split('/').skip(1) {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Some(object) = at.as_object_mut() else { return };
        at = object.entry(piece.replace("~1", "/").replace("~0", "~")).or_insert(Value::Null);
    }
    *at = value;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_on_the_way_are_made() {
        let mut target = json!({});
        put(&mut target, "/a/b~1c/d", json!(1));
        put(&mut target, "/a/e", json!(null));
        assert_eq!(target, json!({ "a": { "b/c": { "d": 1 }, "e": null } }));
        put(&mut target, "", json!([1]));
        assert_eq!(target, json!([1]));
    }
}
