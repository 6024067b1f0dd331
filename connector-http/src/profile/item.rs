//! One object of an answer, seen through the names of a profile.

use super::{Fields, ListShape, Profile, Word, values::plain};
use crate::{Error, ErrorKind, Phase};
use chrono::{DateTime, FixedOffset, NaiveDate};
use chrono_tz::Tz;
use serde_json::Value;
use std::fmt;

/// One object of an answer.
///
/// Methods without `opt` are for what must be there. Null, a missing member and a field that the profile does not have are
/// all nothing. Names that the client did not declare are a fault of the client and read as missing.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    profile: &'a Profile,
    object: &'a str,
    fields: Option<&'a Fields>,
    value: &'a Value,
    path: &'a str,
    list: Option<&'static ListShape>,
}

/// Where an answer is not as the profile says. It never holds a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit(Box<Place>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    profile: String,
    section: String,
    name: String,
    pointer: Option<String>,
    path: String,
    expected: &'static str,
    found: &'static str,
}

impl<'a> Item<'a> {
    pub(super) fn new(profile: &'a Profile, object: &'a str, value: &'a Value, path: &'a str) -> Self {
        Self { profile, object, fields: profile.fields(object), value, path, list: None }
    }

    /// The object as it came.
    pub const fn value(&self) -> &'a Value {
        self.value
    }

    /// Whether the profile has a field of this name.
    pub fn has(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    /// What stands there, null counting as nothing.
    pub fn raw(&self, name: &str) -> Option<&'a Value> {
        let found = match self.place(name)? {
            "" => Some(self.value),
            pointer => self.value.pointer(pointer),
        };
        found.filter(|value| !value.is_null())
    }

    /// Whether the member is there, be it null: absent means unchanged or unknown to some vendors, null means nothing.
    pub fn is_present(&self, name: &str) -> bool {
        self.place(name).is_some_and(|pointer| pointer.is_empty() || self.value.pointer(pointer).is_some())
    }

    /// A text that must be there; a number is taken as text.
    ///
    /// # Errors
    /// It is not there, or no text.
    pub fn text(&self, name: &str) -> Result<String, Misfit> {
        self.required(name, "a text", Self::text_opt)
    }

    /// A text; a number is taken as text.
    ///
    /// # Errors
    /// Something else stands there.
    pub fn text_opt(&self, name: &str) -> Result<Option<String>, Misfit> {
        self.read(name, "a text", |value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    }

    /// An id that must be there: number or text, not empty.
    ///
    /// # Errors
    /// It is not there, empty, or neither.
    pub fn id(&self, name: &str) -> Result<String, Misfit> {
        self.required(name, "an id", Self::id_opt)
    }

    /// An id: number or text; an empty one is none.
    ///
    /// # Errors
    /// Something else stands there.
    pub fn id_opt(&self, name: &str) -> Result<Option<String>, Misfit> {
        Ok(self.text_opt(name)?.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()))
    }

    /// A whole number that must be there; digits in a text are one.
    ///
    /// # Errors
    /// It is not there, or no whole number.
    pub fn int(&self, name: &str) -> Result<i64, Misfit> {
        self.required(name, "a whole number", Self::int_opt)
    }

    /// A whole number; digits in a text are one.
    ///
    /// # Errors
    /// Something else stands there.
    pub fn int_opt(&self, name: &str) -> Result<Option<i64>, Misfit> {
        self.read(name, "a whole number", |value| match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        })
    }

    /// Yes or no, also as 1, 0, or text.
    ///
    /// # Errors
    /// Something else stands there.
    pub fn bool_opt(&self, name: &str) -> Result<Option<bool>, Misfit> {
        self.read(name, "yes or no", |value| {
            let text = plain(value)?.to_ascii_lowercase();
            match text.as_str() {
                "true" | "1" | "yes" => Some(true),
                "false" | "0" | "no" => Some(false),
                _ => None,
            }
        })
    }

    /// An instant that must be there; `zone` is for texts without an offset.
    ///
    /// # Errors
    /// It is not there, or no time of the profile's form.
    pub fn instant(&self, name: &str, zone: Option<Tz>) -> Result<DateTime<FixedOffset>, Misfit> {
        self.required(name, "a time", |item, name| item.instant_opt(name, zone))
    }

    /// An instant; `zone` is for texts without an offset. An empty text is none.
    ///
    /// # Errors
    /// Something else stands there.
    pub fn instant_opt(&self, name: &str, zone: Option<Tz>) -> Result<Option<DateTime<FixedOffset>>, Misfit> {
        let Some(value) = self.raw(name).filter(|value| !is_blank(value)) else { return Ok(None) };
        let at = self.profile.time().read(value, zone);
        at.map(Some).map_err(|expected| self.misfit(name, expected, Some(value)))
    }

    /// A day. An empty text is none.
    ///
    /// # Errors
    /// Something else stands there.
    pub fn date_opt(&self, name: &str) -> Result<Option<NaiveDate>, Misfit> {
        let Some(value) = self.raw(name).filter(|value| !is_blank(value)) else { return Ok(None) };
        self.profile.time().read_date(value).map(Some).map_err(|expected| self.misfit(name, expected, Some(value)))
    }

    /// A value of `[values.<map>]` that must be there.
    ///
    /// # Errors
    /// It is not there, or neither text, number nor truth value.
    pub fn word(&self, name: &str, map: &str) -> Result<Word, Misfit> {
        self.required(name, "a word", |item, name| item.word_opt(name, map))
    }

    /// A value of `[values.<map>]`.
    ///
    /// # Errors
    /// Something else stands there.
    pub fn word_opt(&self, name: &str, map: &str) -> Result<Option<Word>, Misfit> {
        self.read(name, "a word", |value| match self.profile.values(map) {
            Some(map) => map.read(value),
            None => plain(value).map(Word::unmapped),
        })
    }

    /// The elements of a list, to be read by the names of its members; `None` where there is no list.
    ///
    /// # Errors
    /// Something else stands there.
    pub fn list(&self, name: &str) -> Result<Option<Vec<Self>>, Misfit> {
        let list = self.profile.shape_of(self.object).and_then(|shape| shape.lists.iter().find(|l| l.list == name));
        let Some(value) = self.raw(name) else { return Ok(None) };
        let Value::Array(elements) = value else { return Err(self.misfit(name, "a list", Some(value))) };
        let element = |value| Self { value, list, ..*self };
        Ok(Some(elements.iter().filter(|value| !value.is_null()).map(element).collect()))
    }

    /// A list of plain texts; none where there is no list.
    ///
    /// # Errors
    /// Something else stands there.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, Misfit> {
        let read = self.read(name, "a list of texts", |value| match value {
            Value::Array(items) => items.iter().filter(|item| !item.is_null()).map(plain).collect(),
            other => plain(other).map(|one| vec![one]),
        });
        Ok(read?.unwrap_or_default())
    }

    /// Our word for a text of the vendor, by `[values.<map>]`; nothing where there is no such map.
    pub fn mapped(&self, map: &str, text: &str) -> Option<Word> {
        self.profile.values(map)?.read(&Value::String(text.to_owned()))
    }

    /// A misfit of a field that only the client can see.
    pub fn misfit_of(&self, name: &str, expected: &'static str) -> Misfit {
        self.misfit(name, expected, self.raw(name))
    }

    fn required<T>(
        &self,
        name: &str,
        expected: &'static str,
        read: impl FnOnce(&Self, &str) -> Result<Option<T>, Misfit>,
    ) -> Result<T, Misfit> {
        read(self, name)?.ok_or_else(|| self.misfit(name, expected, self.raw(name)))
    }

    fn read<T>(
        &self,
        name: &str,
        expected: &'static str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, Misfit> {
        let Some(value) = self.raw(name) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| self.misfit(name, expected, Some(value)))
    }

    /// The pointer of a field; an empty one is the element of a list itself.
    fn place(&self, name: &str) -> Option<&'a str> {
        let pointer = self.fields?.pointer(name);
        pointer.or_else(|| self.list.is_some_and(|list| list.element == name).then_some(""))
    }

    fn misfit(&self, name: &str, expected: &'static str, found: Option<&Value>) -> Misfit {
        Misfit(Box::new(Place {
            profile: self.profile.file_name().to_owned(),
            section: format!("fields.{}", self.object),
            name: name.to_owned(),
            pointer: self.place(name).map(str::to_owned),
            path: self.path.to_owned(),
            expected,
            found: found.map_or("nothing", kind),
        }))
    }
}

impl fmt::Debug for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Item").field("object", &self.object).field("path", &self.path).finish_non_exhaustive()
    }
}

impl Misfit {
    pub(super) fn of_setting(
        profile: &Profile,
        section: &str,
        name: &str,
        pointer: &str,
        path: &str,
        (expected, found): (&'static str, Option<&Value>),
    ) -> Self {
        Self(Box::new(Place {
            profile: profile.file_name().to_owned(),
            section: section.to_owned(),
            name: name.to_owned(),
            pointer: Some(pointer.to_owned()),
            path: path.to_owned(),
            expected,
            found: found.map_or("nothing", kind),
        }))
    }

    /// Section of the profile, such as `fields.badge`.
    pub fn section(&self) -> &str {
        &self.0.section
    }

    /// Logical name of the field.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Where the profile says it is.
    pub fn pointer(&self) -> Option<&str> {
        self.0.pointer.as_deref()
    }

    /// What was asked for.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// What was expected and what was found, in kinds.
    pub fn reason(&self) -> String {
        format!("{} instead of {}", self.0.found, self.0.expected)
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { profile, section, name, pointer, path, expected, found } = &*self.0;
        let place = match pointer {
            Some(pointer) if pointer.is_empty() => "in an element".to_owned(),
            Some(pointer) => format!("at {pointer}"),
            None => "without a pointer".to_owned(),
        };
        write!(
            f,
            "the answer of {path} has {found} instead of {expected} {place}: [{section}] {name} of profile {profile}"
        )
    }
}

impl std::error::Error for Misfit {}

/// Its words are the message: as the source they would be told a second time.
impl From<Misfit> for Error {
    fn from(misfit: Misfit) -> Self {
        Self::new(ErrorKind::Protocol, misfit.to_string()).with_phase(Phase::Answered)
    }
}

fn is_blank(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(text) if text.trim().is_empty() => "an empty text",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
