//! What a server says about a refusal (RFC 9457), at the places that a profile names.

use super::{Profile, values::plain};
use crate::{Error, classify};
use http::response::Parts;
use serde_json::Value;
use std::{collections::BTreeMap, error::Error as StdError, fmt, time::Duration};

/// What a server says about a refusal; the source of the [`Error`] that [`Profile::problem`] makes.
///
/// Its texts are the server's: for people only, with every longer number masked when shown.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// Its name: our word of `[values.problem]`.
    pub name: Option<String>,
    /// The server's title.
    pub title: Option<String>,
    /// The server's explanation.
    pub detail: Option<String>,
    /// The member of the request that is to blame, as the server calls it.
    pub field: Option<String>,
    /// What the server has instead, or who has what was asked for.
    pub current: Option<Value>,
    /// Who holds the record.
    pub held_by: Option<String>,
    /// How long to wait.
    pub retry_after: Option<Duration>,
    /// What else the profile has a pointer for under `[problem]`.
    more: BTreeMap<String, String>,
}

impl Problem {
    /// The problem behind an error, if the server said one.
    pub fn of(error: &Error) -> Option<&Self> {
        let mut cause = StdError::source(error);
        while let Some(inner) = cause {
            if let Some(problem) = inner.downcast_ref() {
                return Some(problem);
            }
            cause = inner.source();
        }
        None
    }

    /// What stands at a pointer of `[problem]` that only this vendor has.
    pub fn more(&self, name: &str) -> Option<&str> {
        self.more.get(name).map(String::as_str)
    }

    /// Whether it has this name.
    pub fn is(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
    }
}

impl Profile {
    /// The error that a refusal is: kind and words by its name, else by its status; what the server said as its source.
    pub fn problem(&self, parts: &Parts, body: &[u8]) -> Error {
        let general = classify(parts, body);
        let Some(problem) = self.read_problem(body) else { return general };
        let known =
            problem.name.as_deref().and_then(|name| self.0.shape.problems.iter().find(|known| known.name == name));
        // Without an excerpt: what the server says stands in the problem, where it is masked.
        let mut error = match known {
            Some(known) => Error::new(known.kind, known.message),
            None => Error::new(general.kind(), general.message().to_owned()),
        }
        .with_status(parts.status);
        if let Some(wait) = general.retry_after().or(problem.retry_after) {
            error = error.with_retry_after(wait);
        }
        error.with_source(problem)
    }

    fn read_problem(&self, body: &[u8]) -> Option<Problem> {
        let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        let value: Value = serde_json::from_slice(body).ok().filter(Value::is_object)?;
        let at = |name: &str| value.pointer(self.text("problem", name)?).filter(|value| !value.is_null());
        let text = |name: &str| at(name).and_then(plain).filter(|text| !text.is_empty());
        let kind = at("type").and_then(|value| self.values("problem")?.read(value));
        Some(Problem {
            name: kind.as_ref().and_then(|word| word.known()).map(str::to_owned),
            title: text("title"),
            detail: text("detail"),
            field: text("field"),
            current: at("current").cloned(),
            held_by: text("held_by"),
            retry_after: at("retry_after_ms").and_then(Value::as_u64).map(Duration::from_millis),
            more: self.keys("problem").filter_map(|name| Some((name.to_owned(), text(name)?))).collect(),
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = match (&self.title, &self.detail) {
            (Some(title), Some(detail)) => format!("{title}: {detail}"),
            (Some(text), None) | (None, Some(text)) => text.clone(),
            (None, None) => self.name.clone().unwrap_or_else(|| "nothing in words".to_owned()),
        };
        write!(f, "the server says: {}", masked(&said))
    }
}

/// Without texts of the server: they may hold names and numbers.
impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem").field("name", &self.name).field("field", &self.field).finish_non_exhaustive()
    }
}

impl StdError for Problem {}

/// At most 200 characters, every run of four or more digits hidden.
fn masked(text: &str) -> String {
    let mut shown = String::new();
    let mut digits = String::new();
    for character in text.chars().take(200).chain(std::iter::once('\0')) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        shown.push_str(if digits.len() < 4 { &digits } else { "****" });
        digits.clear();
        if !character.is_control() {
            shown.push(character);
        }
    }
    shown
}
