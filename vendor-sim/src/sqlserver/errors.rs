//! Errors as SQL Server numbers them.

use rusqlite::ffi::ErrorCode;

use super::sql::catalogue::{Catalogue, Table};

/// An error, or a message that is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SqlError {
    pub(crate) number: i32,
    pub(crate) class: u8,
    pub(crate) state: u8,
    pub(crate) line: i32,
    pub(crate) message: String,
}

/// What an error does to the batch and the transaction it occurs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The statement alone, unless the session aborts transactions.
    Statement,
    /// The batch ends; an open transaction stays open, unless the session aborts transactions.
    Batch,
    /// The batch ends and an open transaction is rolled back, whatever the session says.
    Transaction,
}

/// Before the message of an error that one of our own functions in SQLite raised.
const RAISED: &str = "tsql:";

impl SqlError {
    pub(crate) fn new(number: i32, message: impl Into<String>) -> Self {
        Self { number, class: class(number), state: 1, line: 1, message: message.into() }
    }

    pub(crate) fn syntax(near: &str) -> Self {
        let near: String = near.chars().take(120).collect();
        Self { class: 15, ..Self::new(102, format!("Incorrect syntax near '{near}'.")) }
    }

    /// What an operator asked for, with a text of ours.
    pub(crate) fn injected(number: i32) -> Self {
        let text = match number {
            1205 => "this transaction was chosen as the deadlock victim",
            1222 => "the lock time-out was exceeded",
            40613 => "the database is not available at the moment",
            40197 => "the service met an error while processing the request",
            40501 => "the service is busy",
            49918..=49920 => "not enough resources to process the request",
            18456 => "the login failed",
            4060 => "the database cannot be opened",
            _ => "an error that the simulator was told to give",
        };
        Self::new(number, text)
    }

    pub(crate) fn reach(&self) -> Reach {
        match self.number {
            1205 | 241 | 242 | 245 | 8114 | 8115 | 220 | 3930 => Reach::Transaction,
            102 | 137 | 156 | 207 | 208 | 209 | 195 | 257 | 334 | 2812 => Reach::Batch,
            number if number >= 50_000 && self.class > 16 => Reach::Batch,
            _ => Reach::Statement,
        }
    }

    /// Whether the server ends the connection after it.
    pub(crate) fn ends_session(&self) -> bool {
        self.class >= 20
    }

    /// The text by which a function in SQLite raises it.
    pub(crate) fn raised(&self) -> String {
        format!("{RAISED}{}:{}", self.number, self.message)
    }

    /// From what SQLite says.
    pub(crate) fn from_sqlite(error: &rusqlite::Error, catalogue: &Catalogue, table: Option<&str>) -> Self {
        let (code, text) = match error {
            rusqlite::Error::SqliteFailure(failure, text) => (Some(failure.code), text.clone().unwrap_or_default()),
            rusqlite::Error::SqlInputError { error, msg, .. } => (Some(error.code), msg.clone()),
            other => (None, other.to_string()),
        };
        if let Some(raised) = text.strip_prefix(RAISED).and_then(|rest| rest.split_once(':')) {
            return Self::new(raised.0.parse().unwrap_or(50_000), raised.1);
        }
        match code {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => return Self::injected(1222),
            Some(ErrorCode::OperationInterrupted) => return Self::new(3617, "the query was cancelled"),
            _ => {}
        }
        constraint(&text, catalogue, table)
            .or_else(|| missing(&text))
            .unwrap_or_else(|| Self::new(50_000, format!("this simulator cannot run the statement: {text}")))
    }
}

/// How grave an error of this number is.
fn class(number: i32) -> u8 {
    match number {
        0 => 0,
        5701 | 5703 => 10,
        102 | 105 | 137 | 156 => 15,
        4060 => 11,
        1205 => 13,
        229 | 2627 | 2601 | 18456 => 14,
        40613 => 17,
        _ => 16,
    }
}

fn constraint(text: &str, catalogue: &Catalogue, table: Option<&str>) -> Option<SqlError> {
    if let Some(columns) = text.strip_prefix("UNIQUE constraint failed: ") {
        return Some(duplicate(columns, catalogue));
    }
    if let Some(column) = text.strip_prefix("NOT NULL constraint failed: ") {
        let (table, column) = column.split_once('.').unwrap_or(("", column));
        return Some(SqlError::new(
            515,
            format!(
                "Cannot insert the value NULL into column '{column}', table 'dbo.{table}'; column does not allow nulls."
            ),
        ));
    }
    if text.starts_with("FOREIGN KEY constraint failed") {
        let table = table.unwrap_or("");
        let names = catalogue.table(table).map(Table::foreign_names).unwrap_or_default();
        return Some(SqlError::new(
            547,
            format!("The statement conflicted with a FOREIGN KEY constraint of 'dbo.{table}' ({names})."),
        ));
    }
    let check = text.strip_prefix("CHECK constraint failed: ")?;
    Some(SqlError::new(547, format!("The statement conflicted with the CHECK constraint \"{check}\".")))
}

fn duplicate(columns: &str, catalogue: &Catalogue) -> SqlError {
    let pairs: Vec<(&str, &str)> = columns.split(", ").filter_map(|pair| pair.split_once('.')).collect();
    let table = pairs.first().map(|(table, _)| *table).unwrap_or_default();
    let columns: Vec<String> = pairs.iter().map(|(_, column)| column.to_lowercase()).collect();
    let key = catalogue.table(table).and_then(|found| found.key_of(&columns));
    match key {
        Some(key) if key.index => SqlError::new(
            2601,
            format!("Cannot insert duplicate key row in object 'dbo.{table}' with unique index '{}'.", key.name),
        ),
        key => {
            let name = key.map(|key| key.name.clone()).unwrap_or_default();
            SqlError::new(
                2627,
                format!("Violation of constraint '{name}'. Cannot insert duplicate key in object 'dbo.{table}'."),
            )
        }
    }
}

fn missing(text: &str) -> Option<SqlError> {
    if let Some(name) = text.strip_prefix("no such table: ") {
        return Some(SqlError::new(208, format!("Invalid object name '{name}'.")));
    }
    if let Some(name) = text.strip_prefix("no such column: ") {
        return Some(SqlError::new(207, format!("Invalid column name '{name}'.")));
    }
    if let Some((_, name)) = text.split_once(" has no column named ") {
        return Some(SqlError::new(207, format!("Invalid column name '{name}'.")));
    }
    if let Some(name) = text.strip_prefix("no such function: ") {
        return Some(SqlError::new(195, format!("'{name}' is not a recognized function name.")));
    }
    if let Some(name) = text.strip_prefix("ambiguous column name: ") {
        return Some(SqlError::new(209, format!("Ambiguous column name '{name}'.")));
    }
    if text == "datatype mismatch" {
        return Some(SqlError::new(1060, "The number of rows provided for a TOP or FETCH clause must be an integer."));
    }
    text.contains("syntax error").then(|| SqlError::syntax(text))
}
