use std::fmt;

use connector_http::{Error, ErrorKind, Phase};
use serde_json::{Map, Value};

use crate::json::{FromJson, Object, Shape, readable};
use crate::time::ServerTime;

/// One row of an answer; columns are found whatever their case. Its values stay out of `Debug`.
#[derive(Clone, Default, PartialEq)]
pub struct Row(Map<String, Value>);

impl Row {
    /// A whole number; `None` for null.
    ///
    /// # Errors
    /// `Protocol` if the column is missing or something else.
    pub fn number(&self, column: &'static str) -> Result<Option<i64>, Error> {
        self.get(column)
    }

    /// A text; `None` for null.
    ///
    /// # Errors
    /// `Protocol` if the column is missing or something else.
    pub fn text(&self, column: &'static str) -> Result<Option<String>, Error> {
        self.get(column)
    }

    /// A truth value; `None` for null.
    ///
    /// # Errors
    /// `Protocol` if the column is missing or something else.
    pub fn truth(&self, column: &'static str) -> Result<Option<bool>, Error> {
        self.get(column)
    }

    /// A time in the server's local time; `None` for null.
    ///
    /// # Errors
    /// `Protocol` if the column is missing or something else.
    pub fn time(&self, column: &'static str) -> Result<Option<ServerTime>, Error> {
        self.get(column)
    }

    /// The columns as they came.
    pub const fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    fn get<T: FromJson>(&self, column: &'static str) -> Result<Option<T>, Error> {
        let found = self
            .0
            .get(column)
            .or_else(|| self.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(column)).map(|(_, value)| value));
        let value = found.ok_or_else(|| misfit(format!("column `{column}` is missing"), None))?;
        if value.is_null() {
            return Ok(None);
        }
        let misread = |shape| misfit(format!("column `{column}` has an unexpected value"), Some(shape));
        T::from_json(value.clone()).map(Some).map_err(misread)
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Row").field(&self.0.keys().collect::<Vec<_>>()).finish()
    }
}

impl FromJson for Row {
    fn from_json(value: Value) -> Result<Self, Shape> {
        Object::from_json(value).map(|object| Self(object.rest()))
    }
}

readable!(Row);

fn misfit(text: String, shape: Option<Shape>) -> Error {
    let error = Error::new(ErrorKind::Protocol, text).with_phase(Phase::Answered);
    match shape {
        Some(shape) => error.with_source(shape),
        None => error,
    }
}
