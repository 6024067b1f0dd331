//! The small part of SQL that a Net2 server lets its clients use: conditions on events and plain `SELECT`.

mod condition;
mod datum;
mod lexer;
mod parser;
mod select;
mod views;

pub(crate) use condition::{Condition, Order, Record, lower_bound, parse_condition, parse_order};
pub(crate) use datum::{ColumnRef, Datum, Kind};
pub(crate) use select::run_select;
pub(crate) use views::{EVENT_CONDITION_COLUMNS, event_condition_datum};

/// Why a text was refused, in words for the person who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SqlError(pub(crate) String);

impl SqlError {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

pub(crate) type SqlResult<T> = Result<T, SqlError>;
