//! A batch, read.

use std::sync::Arc;

use sqlparser::ast::{Expr, Statement};

use super::types::SqlType;

/// Statements in order.
pub(crate) type Script = Vec<Step>;

/// A statement with its text.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) text: String,
    pub(crate) line: i32,
    pub(crate) does: Does,
}

/// What a statement does.
#[derive(Debug, Clone)]
pub(crate) enum Does {
    Nothing,
    Sql(Arc<Statement>),
    /// `DECLARE @a int = 1, @b …`
    Declare(Vec<(String, SqlType, Option<Expr>)>),
    /// `SET @a = …`
    SetVariable(String, Box<Expr>),
    /// `SET NOCOUNT ON`: what, and what it becomes.
    SetOption(String, String),
    If {
        condition: Box<Expr>,
        then: Box<Step>,
        otherwise: Option<Box<Step>>,
    },
    While {
        condition: Box<Expr>,
        body: Box<Step>,
    },
    Block(Script),
    Try {
        body: Script,
        catch: Script,
    },
    Begin,
    Commit,
    Rollback(Option<String>),
    Save(String),
    Execute(Execute),
    Print(Box<Expr>),
    /// `RAISERROR (text, class, state)`
    Raise(Vec<Expr>),
    /// `THROW`, or `THROW number, text, state`
    Throw(Vec<Expr>),
    Return(Option<Box<Expr>>),
    Break,
    Continue,
    Use(String),
    /// `CREATE TRIGGER name ON table …`, `DROP TRIGGER name`: marks, no more.
    Trigger {
        name: String,
        table: Option<String>,
    },
}

/// A call of a procedure.
#[derive(Debug, Clone)]
pub(crate) struct Execute {
    /// The variable that takes what it returns.
    pub(crate) into: Option<String>,
    pub(crate) procedure: String,
    pub(crate) arguments: Vec<Argument>,
}

/// An argument of a call.
#[derive(Debug, Clone)]
pub(crate) struct Argument {
    pub(crate) name: Option<String>,
    pub(crate) value: Expr,
    pub(crate) output: bool,
}
