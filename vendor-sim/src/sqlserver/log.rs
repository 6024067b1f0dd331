//! What clients asked.

use rusqlite::types::Value;

use super::sql::types::SqlType;

/// How a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A batch of statements.
    Batch,
    /// A call of a procedure, mostly a text with parameters.
    Call,
    /// A step of a transaction without a text.
    Transaction,
}

/// A request.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LoggedStatement {
    /// The session, as `@@SPID` gives it.
    pub session: i32,
    /// How it came.
    pub kind: Kind,
    /// The text, or the procedure's name.
    pub text: String,
    /// Parameters of a call.
    pub parameters: Vec<LoggedParameter>,
    /// The number of the first error in the answer.
    pub error: Option<i32>,
    /// Whether the connection was cut instead of an answer.
    pub cut: bool,
    /// Whether it has been answered.
    pub finished: bool,
}

/// A parameter; its value is kept but not shown.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct LoggedParameter {
    /// The name, as `@P1`.
    pub name: String,
    /// The type in which it came; `null` for a NULL without a type.
    pub sent_as: String,
    /// Whether it is NULL.
    pub is_null: bool,
    value: Value,
}

impl LoggedParameter {
    pub(crate) fn new(name: &str, kind: SqlType, value: &Value) -> Self {
        Self { name: name.to_owned(), sent_as: kind.to_string(), is_null: *value == Value::Null, value: value.clone() }
    }

    /// The value as text; `None` is NULL.
    pub fn value(&self) -> Option<String> {
        text_of(&self.value)
    }
}

impl std::fmt::Debug for LoggedParameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoggedParameter")
            .field("name", &self.name)
            .field("sent_as", &self.sent_as)
            .field("is_null", &self.is_null)
            .finish_non_exhaustive()
    }
}

/// A value as text.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Integer(number) => Some(number.to_string()),
        Value::Real(number) => Some(number.to_string()),
        Value::Text(text) => Some(text.clone()),
        Value::Blob(bytes) => Some(format!("0x{}", hex::encode_upper(bytes))),
    }
}

/// A request that is to be logged.
pub(crate) type Entry = LoggedStatement;

impl LoggedStatement {
    pub(crate) fn new(session: i32, kind: Kind, text: String, parameters: Vec<LoggedParameter>) -> Self {
        Self { session, kind, text, parameters, error: None, cut: false, finished: false }
    }
}

/// Most requests that are kept.
const MOST: usize = 100_000;

/// The requests so far.
#[derive(Debug, Default)]
pub(crate) struct Log {
    entries: Vec<LoggedStatement>,
    /// How many were forgotten before the first that is kept.
    forgotten: usize,
    pub(crate) off: bool,
}

impl Log {
    /// Adds a request; its number.
    pub(crate) fn add(&mut self, entry: LoggedStatement) -> usize {
        if self.off || self.entries.len() >= MOST {
            return usize::MAX;
        }
        self.entries.push(entry);
        self.forgotten + self.entries.len() - 1
    }

    pub(crate) fn finish(&mut self, number: usize, error: Option<i32>, cut: bool) {
        let index = number.checked_sub(self.forgotten);
        if let Some(entry) = index.and_then(|index| self.entries.get_mut(index)) {
            entry.error = error;
            entry.cut = cut;
            entry.finished = true;
        }
    }

    pub(crate) fn entries(&self) -> &[LoggedStatement] {
        &self.entries
    }

    pub(crate) fn clear(&mut self) {
        self.forgotten += self.entries.len();
        self.entries.clear();
    }
}
