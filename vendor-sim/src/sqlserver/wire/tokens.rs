//! Answers: a stream of tokens.

use rusqlite::types::Value;

use super::values::{units, write_type, write_value};
use crate::sqlserver::errors::SqlError;
use crate::sqlserver::sql::types::SqlType;

/// More tokens of completion follow.
const MORE: u16 = 1;
const ERROR: u16 = 2;
const COUNT: u16 = 0x10;
const ATTENTION: u16 = 0x20;

/// A part of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    /// Rows, and whether their number is told.
    Rows {
        columns: Vec<Column>,
        rows: Vec<Vec<Value>>,
        counted: bool,
    },
    /// A statement without rows ended; how many rows it touched, if that is told.
    Done(Option<u64>),
    Error(SqlError),
    /// A message that is no error.
    Info(SqlError),
    Change(Change),
    /// What a procedure returned.
    Status(i32),
    /// A parameter that comes back.
    Returned {
        name: String,
        kind: SqlType,
        value: Value,
    },
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: SqlType,
}

/// What changed in the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Database { new: String, old: String },
    Language,
    Collation,
    PacketSize { new: usize, old: usize },
    Begun(u64),
    Committed(u64),
    RolledBack(u64),
}

/// Whether the answer is that of a batch or that of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Batch,
    Call,
}

/// An answer as bytes.
pub(crate) fn answer(parts: &[Part], asked: Asked, server: &str) -> Vec<u8> {
    let mut tokens = Tokens { bytes: Vec::new(), server };
    let ends = match asked {
        Asked::Batch => parts.iter().filter(|part| part.ends()).count(),
        Asked::Call => usize::MAX,
    };
    let mut ended = 0;
    for part in parts {
        ended += usize::from(part.ends());
        let more = if ended < ends { MORE } else { 0 };
        tokens.part(part, asked, more);
    }
    let failed = if parts.iter().any(|part| matches!(part, Part::Error(_))) { ERROR } else { 0 };
    match asked {
        Asked::Call => tokens.done(0xfe, failed, 0),
        Asked::Batch if ends == 0 => tokens.done(0xfd, 0, 0),
        Asked::Batch => {}
    }
    tokens.bytes
}

/// The answer to a login that is right.
pub(crate) fn welcome(version: u32, parts: &[Part], server: &str) -> Vec<u8> {
    let mut tokens = Tokens { bytes: Vec::new(), server };
    for part in parts {
        tokens.part(part, Asked::Batch, MORE);
    }
    let mut body = vec![1];
    body.extend_from_slice(&version.to_be_bytes());
    body.extend(short_text("Microsoft SQL Server"));
    body.extend_from_slice(&[15, 0, 0x10, 0]);
    tokens.token(0xad, &body);
    tokens.done(0xfd, 0, 0);
    tokens.bytes
}

/// The answer to a login that is wrong.
pub(crate) fn refusal(errors: &[SqlError], server: &str) -> Vec<u8> {
    let mut tokens = Tokens { bytes: Vec::new(), server };
    for error in errors {
        tokens.message(0xaa, error);
    }
    tokens.done(0xfd, ERROR, 0);
    tokens.bytes
}

/// The answer to an attention.
pub(crate) fn attention_heard() -> Vec<u8> {
    let mut tokens = Tokens { bytes: Vec::new(), server: "" };
    tokens.done(0xfd, ATTENTION, 0);
    tokens.bytes
}

impl Part {
    fn ends(&self) -> bool {
        matches!(self, Self::Rows { .. } | Self::Done(_) | Self::Error(_))
    }
}

struct Tokens<'a> {
    bytes: Vec<u8>,
    server: &'a str,
}

impl Tokens<'_> {
    fn part(&mut self, part: &Part, asked: Asked, more: u16) {
        let (end, more) = match asked {
            Asked::Batch => (0xfd, more),
            Asked::Call => (0xff, MORE),
        };
        match part {
            Part::Rows { columns, rows, counted } => {
                self.rows(columns, rows);
                let count = if *counted { COUNT } else { 0 };
                self.done(end, more | count, rows.len() as u64);
            }
            Part::Done(Some(count)) => self.done(end, more | COUNT, *count),
            Part::Done(None) => self.done(end, more, 0),
            Part::Error(error) => {
                self.message(0xaa, error);
                self.done(end, more | ERROR, 0);
            }
            Part::Info(info) => self.message(0xab, info),
            Part::Change(change) => self.change(change),
            Part::Status(status) => {
                self.bytes.push(0x79);
                self.bytes.extend_from_slice(&status.to_le_bytes());
            }
            Part::Returned { name, kind, value } => self.returned(name, *kind, value),
        }
    }

    fn rows(&mut self, columns: &[Column], rows: &[Vec<Value>]) {
        self.bytes.push(0x81);
        self.bytes.extend_from_slice(&u16::try_from(columns.len()).unwrap_or_default().to_le_bytes());
        for column in columns {
            // User type, and flags: may be null, perhaps updatable.
            self.bytes.extend_from_slice(&[0, 0, 0, 0, 0x09, 0x00]);
            write_type(column.kind, &mut self.bytes);
            self.bytes.extend(short_text(&column.name));
        }
        for row in rows {
            let empty = columns.len() > 3 && row.contains(&Value::Null);
            if empty { self.sparse_row(columns, row) } else { self.row(columns, row) }
        }
    }

    fn row(&mut self, columns: &[Column], row: &[Value]) {
        self.bytes.push(0xd1);
        for (column, value) in columns.iter().zip(row) {
            write_value(column.kind, value, &mut self.bytes);
        }
    }

    /// A row that says first which values are NULL.
    fn sparse_row(&mut self, columns: &[Column], row: &[Value]) {
        self.bytes.push(0xd2);
        for eight in row.chunks(8) {
            let bits = eight.iter().rev().fold(0_u8, |bits, value| bits << 1 | u8::from(*value == Value::Null));
            self.bytes.push(bits);
        }
        for (column, value) in columns.iter().zip(row).filter(|(_, value)| **value != Value::Null) {
            write_value(column.kind, value, &mut self.bytes);
        }
    }

    fn done(&mut self, token: u8, status: u16, rows: u64) {
        self.bytes.push(token);
        self.bytes.extend_from_slice(&status.to_le_bytes());
        self.bytes.extend_from_slice(&0xc1_u16.to_le_bytes());
        self.bytes.extend_from_slice(&rows.to_le_bytes());
    }

    fn message(&mut self, token: u8, error: &SqlError) {
        let mut body = Vec::new();
        body.extend_from_slice(&error.number.to_le_bytes());
        body.push(error.state);
        body.push(error.class);
        let text: String = error.message.chars().take(4000).collect();
        let text = units(&text);
        body.extend_from_slice(&u16::try_from(text.len() / 2).unwrap_or_default().to_le_bytes());
        body.extend(text);
        body.extend(short_text(self.server));
        body.extend(short_text(""));
        body.extend_from_slice(&error.line.to_le_bytes());
        self.token(token, &body);
    }

    fn change(&mut self, change: &Change) {
        let mut body = Vec::new();
        match change {
            Change::Database { new, old } => {
                body.push(1);
                body.extend(short_text(new));
                body.extend(short_text(old));
            }
            Change::Language => {
                body.push(2);
                body.extend(short_text("us_english"));
                body.extend(short_text(""));
            }
            Change::PacketSize { new, old } => {
                body.push(4);
                body.extend(short_text(&new.to_string()));
                body.extend(short_text(&old.to_string()));
            }
            Change::Collation => body.extend_from_slice(&[7, 5, 0x09, 0x04, 0xd0, 0x00, 0x34, 0]),
            Change::Begun(number) => {
                body.extend_from_slice(&[8, 8]);
                body.extend_from_slice(&number.to_le_bytes());
                body.push(0);
            }
            Change::Committed(number) => {
                body.extend_from_slice(&[9, 0, 8]);
                body.extend_from_slice(&number.to_le_bytes());
            }
            Change::RolledBack(number) => {
                body.extend_from_slice(&[10, 0, 8]);
                body.extend_from_slice(&number.to_le_bytes());
            }
        }
        self.token(0xe3, &body);
    }

    fn returned(&mut self, name: &str, kind: SqlType, value: &Value) {
        self.bytes.push(0xac);
        self.bytes.extend_from_slice(&[0, 0]);
        self.bytes.extend(short_text(name));
        self.bytes.push(1);
        self.bytes.extend_from_slice(&[0, 0, 0, 0, 0x01, 0x00]);
        write_type(kind, &mut self.bytes);
        write_value(kind, value, &mut self.bytes);
    }

    /// A token that says how long it is.
    fn token(&mut self, token: u8, body: &[u8]) {
        self.bytes.push(token);
        self.bytes.extend_from_slice(&u16::try_from(body.len()).unwrap_or_default().to_le_bytes());
        self.bytes.extend_from_slice(body);
    }
}

/// Text with its length in one byte before it.
fn short_text(text: &str) -> Vec<u8> {
    let text: String = text.chars().take(120).collect();
    let text = units(&text);
    let mut out = vec![u8::try_from(text.len() / 2).unwrap_or_default()];
    out.extend(text);
    out
}
